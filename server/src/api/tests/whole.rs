//! What replaces something as a whole: every member must be there, and what is replaced must be what was read.

use super::*;
use crate::api::rows::Takes;

/// A complete body of each `PUT`. A row that is missing here fails.
fn complete(row: &Row) -> Value {
    let session_type = json!({
        "slug": "session", "name": "Session", "description": "Half an hour.", "duration_minutes": 30,
        "start_interval_minutes": 30, "buffer_before_minutes": 0, "buffer_after_minutes": 15,
        "minimum_notice_minutes": 0, "horizon_days": 60, "daily_limit": 4, "requires_approval": false,
        "cancel_notice_minutes": 0, "price": { "amount": 3000, "currency": "USD" },
        "location": { "kind": "link", "value": "https://example.com/room" }, "active": true,
    });
    match row.id {
        "putAvailability" => json!({
            "timezone": "Asia/Seoul",
            "weekly": [{ "day_of_week": 1, "start_time": "09:00", "end_time": "17:00" }],
            "overrides": [{ "date": "2026-12-24", "windows": [{ "start_time": "09:00", "end_time": "12:00" }] }],
            "blocked": [{ "starts_on": "2026-12-28", "ends_on": "2027-01-03", "note": "New Year" }],
        }),
        "putSessionType" => {
            let mut body = session_type;
            body.as_object_mut().unwrap().remove("slug");
            body
        }
        "putSessionTypeBySlug" => session_type,
        id => panic!("{id}: give a complete body here"),
    }
}

/// Every member of a body, with the way to it, as an error names it; and the body without it.
fn without_each(body: &Value, at: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                let way = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                let mut rest = members.clone();
                rest.remove(name);
                found.push((way.clone(), Value::Object(rest)));
                for (way, changed) in without_each(value, &way) {
                    let mut with = members.clone();
                    with.insert(name.clone(), changed);
                    found.push((way, Value::Object(with)));
                }
            }
        }
        Value::Array(entries) => {
            for (nth, entry) in entries.iter().enumerate() {
                for (way, changed) in without_each(entry, &format!("{at}[{nth}]")) {
                    let mut with = entries.clone();
                    with[nth] = changed;
                    found.push((way, Value::Array(with)));
                }
            }
        }
        _ => {}
    }
    found
}

#[tokio::test]
async fn a_member_that_is_left_out_is_named_and_erases_nothing() {
    let api = Api::new().await;
    let rows = ROWS.iter().filter(|row| row.method == "put");
    let mut tried = 0;
    for row in rows {
        assert!(matches!(row.body, Takes::Body(_)), "{}", row.id);
        let path = row.path.replace("{slug}", "session");
        let body = complete(row);
        let whole = api.put(&path, &api.kim.key, body.clone()).await;
        assert_eq!(whole.status, 200, "{whole:?}");
        let before = api.app.fingerprint().await;
        for (way, body) in without_each(&body, "") {
            let reply = api.put(&path, &api.kim.key, body).await;
            assert!(reply.errors().contains(&format!("{way} required")), "{}: {way}: {reply:?}", row.id);
            tried += 1;
        }
        assert_eq!(api.app.fingerprint().await, before, "{}", row.id);
    }
    assert!(tried > 40, "{tried}");
}

async fn put_if(api: &Api, path: &str, header: (&str, &str), body: &Value) -> Reply {
    let request = Request::put(path).header("content-type", "application/json").header(header.0, header.1);
    let request = request.header("authorization", format!("Bearer {}", api.kim.key));
    api.send(request.body(body.to_string().into()).unwrap()).await
}

#[tokio::test]
async fn what_was_changed_in_the_meantime_is_not_overwritten() {
    let api = Api::new().await;
    for (path, member) in [("/api/v1/availability", "blocked"), ("/api/v1/session-types/session", "description")] {
        let read = api.get(path, &api.kim.key).await;
        let (tag, mut body) = (read.header("etag").to_owned(), read.json());
        assert!(tag.starts_with('"') && tag.ends_with('"'), "a strong tag: {tag}");
        body[member] = match member {
            "blocked" => json!([{ "starts_on": "2026-12-28", "ends_on": "2026-12-28", "note": null }]),
            _ => "Changed".into(),
        };
        let first = put_if(&api, path, ("if-match", &tag), &body).await;
        assert_eq!(first.status, 200, "{first:?}");
        let newer = first.header("etag").to_owned();
        assert_ne!(newer, tag);
        assert_eq!(api.get(path, &api.kim.key).await.header("etag"), newer, "what is answered is what is read");
        let before = api.app.fingerprint().await;
        body[member] = read.json()[member].take();
        for stale in [tag.as_str(), "\"another\"", &format!("W/{newer}"), "nonsense", ""] {
            let reply = put_if(&api, path, ("if-match", stale), &body).await;
            assert_eq!(reply.refused(), (412, "precondition_failed".into()), "{path} {stale}");
        }
        let exists = put_if(&api, path, ("if-none-match", "*"), &body).await;
        assert_eq!(exists.refused().0, 412, "{path} is there already");
        assert_eq!(api.app.fingerprint().await, before);
        for good in [format!("\"another\", {newer}"), "*".into()] {
            let reply = put_if(&api, path, ("if-match", &good), &body).await;
            assert_eq!(reply.status, 200, "{path} {good}: {reply:?}");
            body[member] = first.json()[member].take();
            // Back to what the first tag of the round was of.
            assert_eq!(put_if(&api, path, ("if-match", "*"), &body).await.header("etag"), newer);
            body[member] = read.json()[member].take();
        }
        assert_eq!(api.put(path, &api.kim.key, body).await.status, 200, "without the header: as before");
    }
    let new = SessionBody::named("fresh");
    let none = put_if(&api, "/api/v1/session-types/fresh", ("if-match", "*"), &new).await;
    assert_eq!(none.refused().0, 412, "there is none yet");
    let made = put_if(&api, "/api/v1/session-types/fresh", ("if-none-match", "*"), &new).await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(api.get("/api/v1/session-types/none", &api.kim.key).await.refused().0, 404);
}

struct SessionBody;

impl SessionBody {
    fn named(slug: &str) -> Value {
        json!(scheduling::SessionType { slug: slug.into(), ..scheduling::SessionType::first() })
    }
}

#[tokio::test]
async fn a_promised_link_that_nothing_makes_is_a_warning() {
    let api = Api::new().await;
    let mut body = SessionBody::named("session");
    let path = "/api/v1/session-types/session";
    assert_eq!(api.put(path, &api.kim.key, body.clone()).await.json()["warnings"], json!([]));
    body["location"] = json!({ "kind": "meet", "value": "" });
    let reply = api.put(path, &api.kim.key, body.clone()).await;
    assert_eq!(reply.json()["warnings"][0]["code"], "no_meeting_link", "{reply:?}");
    body["minimum_notice_minutes"] = json!(61 * 1440);
    assert_eq!(api.put(path, &api.kim.key, body).await.errors(), ["minimum_notice_minutes beyond_horizon"]);
}

#[tokio::test]
async fn only_the_mentor_chooses_a_time_outside_their_hours() {
    let api = Api::new().await;
    let night = "2026-12-01T14:00:00Z";
    let mut body = ada(night);
    assert_eq!(api.post("/api/v1/bookings", "", body.clone()).await.refused(), (409, "slot_unavailable".into()));
    body["outside_hours"] = json!(true);
    let booked = api.book("2026-12-01T00:00:00Z").await;
    let manage = text(&booked["manage_token"]).to_owned();
    for (token, status) in [("", 401), (manage.as_str(), 401), (PLATFORM_KEY, 401), (api.other.key.as_str(), 404)] {
        let reply = api.post("/api/v1/bookings", token, body.clone()).await;
        assert_eq!(reply.refused().0, status, "{token}");
    }
    let reply = api.post("/api/v1/bookings", &api.kim.key, body.clone()).await;
    assert_eq!((reply.status, reply.json()["status"].clone()), (201, json!("confirmed")), "{reply:?}");
    let taken = api.post("/api/v1/bookings", &api.kim.key, body).await;
    assert_eq!(taken.refused(), (409, "slot_unavailable".into()), "never over another session");
    // Moving.
    let path = format!("/api/v1/bookings/{}/reschedule", text(&booked["id"]));
    let there = json!({ "start": "2026-12-02T14:07:00Z", "outside_hours": true });
    assert_eq!(api.post(&path, &manage, there.clone()).await.errors(), ["outside_hours invalid"]);
    let plain = json!({ "start": "2026-12-02T14:07:00Z" });
    assert_eq!(api.post(&path, &api.kim.key, plain).await.refused().1, "slot_unavailable");
    assert_eq!(api.post(&path, &api.kim.key, there).await.json()["start"], "2026-12-02T14:07:00Z");
}

#[tokio::test]
async fn a_closed_account_is_told_to_whoever_has_the_link() {
    let api = Api::new().await;
    let booked = api.book("2026-12-01T00:00:00Z").await;
    accounts::delete(&api.app.context, api.kim.id, booking::secrets::Secret::new("kim-mentor")).await.unwrap();
    let path = format!("/api/v1/bookings/{}", text(&booked["id"]));
    let manage = text(&booked["manage_token"]).to_owned();
    assert_eq!(api.get(&path, &manage).await.refused(), (410, "account_closed".into()));
    assert_eq!(api.get(&path, &api.kim.key).await.refused().0, 401);
    assert_eq!(api.get("/api/v1/mentors/kim-mentor", "").await.refused().0, 404);
}

/// Whatever is read after a commit fails: the schema is out of reach from then on.
async fn fail_after_commits(api: &Api) {
    api.app
        .sql(
            "CREATE FUNCTION out_of_reach() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
             DECLARE role_name text;
             BEGIN
                 FOR role_name IN SELECT DISTINCT unnest(roles)::text FROM pg_policies WHERE schemaname = 'public' LOOP
                     EXECUTE format('REVOKE USAGE ON SCHEMA public FROM %I', role_name);
                 END LOOP;
                 RETURN NULL;
             END $$;
             REVOKE USAGE ON SCHEMA public FROM PUBLIC;
             CREATE CONSTRAINT TRIGGER out_of_reach AFTER INSERT ON booking_events DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION out_of_reach();
             CREATE CONSTRAINT TRIGGER out_of_reach AFTER INSERT ON account_events DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION out_of_reach();",
        )
        .await;
}

async fn within_reach(api: &Api) {
    api.app
        .sql(
            "DO $$ DECLARE role_name text; BEGIN
                 FOR role_name IN SELECT DISTINCT unnest(roles)::text FROM pg_policies WHERE schemaname = 'public' LOOP
                     EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role_name);
                 END LOOP;
             END $$",
        )
        .await;
}

#[tokio::test]
async fn a_failure_after_the_commit_is_no_failure_of_what_was_done() {
    let api = Api::new().await;
    let first = api.book("2026-12-01T00:00:00Z").await;
    let (key, manage) = (api.kim.key.clone(), text(&first["manage_token"]).to_owned());
    api.approval(true).await;
    let pending = [api.book("2026-12-01T02:00:00Z").await, api.book("2026-12-01T03:00:00Z").await];
    let of = |booking: &Value, what: &str| format!("/api/v1/bookings/{}/{what}", text(&booking["id"]));
    let mut hours = api.get("/api/v1/availability", &key).await.json();
    hours["blocked"] = json!([{ "starts_on": "2026-12-28", "ends_on": "2026-12-28", "note": null }]);
    fail_after_commits(&api).await;
    let cases = [
        ("post", "/api/v1/bookings".to_owned(), String::new(), Some(ada("2026-12-01T05:00:00Z")), 201),
        ("post", of(&first, "reschedule"), manage.clone(), Some(json!({ "start": "2026-12-01T06:00:00Z" })), 200),
        ("post", of(&first, "cancel"), manage.clone(), Some(json!({})), 200),
        ("post", of(&pending[0], "confirm"), key.clone(), Some(json!({})), 200),
        ("post", of(&pending[1], "decline"), key.clone(), Some(json!({})), 200),
        ("put", "/api/v1/availability".into(), key.clone(), Some(hours), 200),
        ("put", "/api/v1/session-types/fresh".into(), key.clone(), Some(SessionBody::named("fresh")), 200),
        ("delete", "/api/v1/session-types/fresh".into(), key.clone(), None, 204),
        (
            "post",
            "/api/v1/mentors".into(),
            PLATFORM_KEY.into(),
            Some(json!({ "handle": "new-mentor", "name": "New", "email": "new@example.com", "timezone": "UTC" })),
            201,
        ),
        ("post", "/api/v1/mentors/kim-mentor/login-links".into(), PLATFORM_KEY.into(), None, 201),
    ];
    for (method, path, token, body, status) in cases {
        let reply = api.ask(method, &path, &token, body).await;
        assert_eq!(reply.status, status, "{method} {path}: {reply:?}");
        let broken = api.router.clone().oneshot(Request::get("/api/v1/mentors").body(Body::empty()).unwrap()).await;
        assert!(broken.unwrap().status().is_server_error(), "{method} {path}: the database must have failed by now");
        within_reach(&api).await;
    }
}
