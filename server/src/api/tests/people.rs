//! People's data: what changes by a key says by which, and what was erased is answered as the document says.

use super::*;
use booking::secrets::Secret;
use booking::{activity, erasure};
use scheduling::Actor;

const TEN: &str = "2026-11-24T01:00:00Z";

#[tokio::test]
async fn whatever_a_key_changes_says_which_key_it_was() {
    let api = Api::new().await;
    let key = &*api.kim.key;
    let before = activity::list(&api.app.context, api.kim.id, None).await.unwrap().0.len();

    let mut hours = api.get("/api/v1/availability", key).await.json();
    hours["blocked"] = json!([{ "starts_on": "2027-01-01", "ends_on": "2027-01-02", "note": null }]);
    assert_eq!(api.put("/api/v1/availability", key, hours).await.status, 200);
    let mut session = api.get("/api/v1/session-types", key).await.json()[0].take();
    session["requires_approval"] = json!(true);
    assert_eq!(api.put("/api/v1/session-types", key, session.clone()).await.status, 200);
    session["slug"] = json!("other");
    assert_eq!(api.put("/api/v1/session-types/other", key, session).await.status, 200);
    assert_eq!(api.ask("delete", "/api/v1/session-types/other", key, None).await.status, 204);
    for (start, acts) in [(TEN, &["confirm", "reschedule", "cancel"][..]), ("2026-11-24T02:00:00Z", &["decline"])] {
        let id = text(&api.book(start).await["id"]).to_owned();
        for act in acts {
            let body = json!({ "start": "2026-11-25T01:00:00Z" });
            assert_eq!(api.post(&format!("/api/v1/bookings/{id}/{act}"), key, body).await.status, 200, "{act}");
        }
    }

    let (mut found, _) = activity::list(&api.app.context, api.kim.id, None).await.unwrap();
    found.truncate(found.len() - before);
    let (of_key, others): (Vec<_>, Vec<_>) = found.iter().partition(|happened| happened.api_key.is_some());
    assert_eq!((of_key.len(), others.len()), (8, 2), "{found:#?}");
    assert!(
        of_key.iter().all(|happened| happened.actor == Actor::Mentor && happened.api_key.as_deref() == Some("Test"))
    );
    assert!(others.iter().all(|happened| happened.actor == Actor::Mentee));
}

#[tokio::test]
async fn an_erased_booking_is_answered_with_nobody_in_it() {
    let api = Api::new().await;
    let made = api.book(TEN).await;
    assert_eq!(made["erased_at"], Value::Null);
    let (token, path) = (text(&made["manage_token"]), format!("/api/v1/bookings/{}", text(&made["id"])));
    api.app.set_now("2026-11-25T01:00:00Z".parse().unwrap());
    erasure::erase(&api.app.context, &Secret::new(token)).await.unwrap();
    for key in [token, &*api.kim.key] {
        let booking = api.get(&path, key).await.json();
        let of = |member: &str| booking[member].clone();
        assert_eq!([of("name"), of("email"), of("timezone")], [json!(""), json!(""), json!("UTC")]);
        assert_eq!([of("notes"), of("reason"), of("status")], [Value::Null, Value::Null, json!("confirmed")]);
        assert_eq!(of("erased_at"), "2026-11-25T01:00:00Z");
        let invite = api.get(&format!("{path}/invite.ics"), key).await;
        assert!(invite.status == 200 && !invite.text().contains("ada@example.com"), "{invite:?}");
        assert_eq!(api.post(&format!("{path}/cancel"), key, json!({})).await.refused(), (409, "too_late".into()));
    }
    assert_eq!(api.get("/api/v1/bookings", &api.kim.key).await.json()["items"][0]["name"], "");
}
