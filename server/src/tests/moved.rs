//! Addresses that have changed: old handles, links of closed accounts; and saves from old pages.

use super::*;
use serde_json::{Value, json};

impl World {
    async fn page(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A server function, as Kim calls it.
    async fn call(&self, name: &str, body: Value) -> Reply {
        let request = Request::post(format!("/fn/{name}")).header("host", "yaksok.example");
        let request = request.header("content-type", "application/json");
        let request = request.header("cookie", format!("__Host-yaksok={}", self.people.kim.session));
        self.send(request.body(body.to_string().into()).unwrap()).await
    }
}

fn location(reply: &Reply) -> &str {
    reply.headers.get("location").map(|value| value.to_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn an_old_address_leads_to_the_new_one() {
    let world = World::new().await;
    let settings: Value = serde_json::from_str(&world.call("settings", json!({})).await.text).unwrap();
    let mut renamed = settings.clone();
    renamed["handle"] = "kim".into();
    assert_eq!(world.call("save_settings", json!({ "settings": renamed })).await.status, 200);
    for (old, new) in [
        ("/kim-mentor", "/kim"),
        ("/kim-mentor/session", "/kim/session"),
        ("/kim-mentor/session?month=2026-12&timezone=UTC", "/kim/session?month=2026-12&timezone=UTC"),
    ] {
        let reply = world.page(old).await;
        assert_eq!((reply.status, location(&reply)), (308, new), "{old}");
        assert_eq!(world.page(new).await.status, 200, "{new}");
    }
    assert_eq!(world.page("/kim-ment").await.status, 404);
    // The page of a booking that was made before.
    assert_eq!(world.page(&format!("/b/{}", world.people.ada.token)).await.status, 200);
}

#[tokio::test]
async fn a_link_says_that_the_account_is_closed() {
    let world = World::new().await;
    let deletion: Value = serde_json::from_str(&world.call("deletion", json!({})).await.text).unwrap();
    assert_eq!(deletion, json!({ "upcoming": 3, "calendars": true }), "said before anything is asked for");
    assert_eq!(world.call("delete_account", json!({ "confirmation": "kim-mentor" })).await.status, 200);
    let reply = world.page(&format!("/b/{}", world.people.ada.token)).await;
    assert_eq!(reply.status, 410);
    assert!(reply.text.contains("The mentor has closed the account"), "{}", reply.text);
    assert_eq!(world.page("/kim-mentor").await.status, 404);
    assert_eq!(world.call("settings", json!({})).await.status, 401, "logged out at once");
    let invite = world.page(&format!("/b/{}/invite.ics", world.people.ada.token)).await;
    assert_eq!(invite.status, 410);
}

#[tokio::test]
async fn a_save_from_an_old_page_is_refused() {
    let world = World::new().await;
    let read = async |name: &str| -> Value { serde_json::from_str(&world.call(name, json!({})).await.text).unwrap() };
    let (editor, settings, types) = (read("editor").await, read("settings").await, read("session_types").await);
    let choice = read("calendars").await;
    let hours = |from: &Value, zone: &str| {
        let mut availability = editor["availability"].clone();
        availability["timezone"] = zone.into();
        json!({ "hours": { "availability": availability, "version": from["version"] }, "times": [] })
    };
    let renamed = |from: &Value, name: &str| {
        let mut settings = from.clone();
        settings["name"] = name.into();
        json!({ "settings": settings })
    };
    let described = |from: &Value, text: &str| {
        let mut session_type = from.clone();
        session_type["description"] = text.into();
        json!({ "session_type": session_type, "before": from })
    };
    let chosen = |receives: bool| {
        let receiving = if receives { json!(CALENDAR) } else { Value::Null };
        json!({ "blocking": [CALENDAR], "receiving": receiving, "version": choice["version"] })
    };
    let session_type = &types["types"][0];
    for (name, first, second) in [
        ("save_settings", renamed(&settings, "Kim the First"), renamed(&settings, "Kim the Second")),
        ("save_availability", hours(&editor, "UTC"), hours(&editor, "Europe/Berlin")),
        ("put_session_type", described(session_type, "One"), described(session_type, "Two")),
        ("choose_calendars", chosen(true), chosen(false)),
    ] {
        // Each of the others has been read before any was saved.
        let reply = world.call(name, first).await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text);
        let before = world.app.fingerprint().await;
        let reply = world.call(name, second).await;
        assert_eq!((reply.status, reply.text.contains("Stale")), (412, true), "{name}: {}", reply.text);
        assert_eq!(world.app.fingerprint().await, before, "{name}");
    }
}
