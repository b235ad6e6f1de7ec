//! What people do with it, from end to end.

use super::*;
use chrono::TimeDelta;

#[tokio::test]
async fn a_platform_adds_a_mentor_who_then_is_there() {
    let api = Api::new().await;
    let new = json!({
        "handle": "lee-mentor", "name": " 이멘토 ", "email": "Lee@Example.com", "timezone": "Asia/Calcutta", "headline": "Data",
        "bio": "", "photo_url": "https://example.com/lee.jpg", "unknown": { "members": ["are", "ignored"] },
    });
    let reply = api.post("/api/v1/mentors", PLATFORM_KEY, new.clone()).await;
    assert_eq!(reply.status, 201);
    let made = reply.json();
    assert_eq!(
        [&made["handle"], &made["name"], &made["email"], &made["timezone"], &made["headline"], &made["bio"]],
        [
            &json!("lee-mentor"),
            &json!("이멘토"),
            &json!("Lee@Example.com"),
            &json!("Asia/Calcutta"),
            &json!("Data"),
            &Value::Null
        ],
    );
    let key = text(&made["api_key"]);
    assert!(key.starts_with("ysk_"));

    let profile = api.get("/api/v1/mentors/lee-mentor", "").await.json();
    let session = json!({
        "slug": "session", "name": "Session", "description": null, "duration_minutes": 30, "start_interval_minutes": 30,
        "buffer_before_minutes": 0, "buffer_after_minutes": 15, "minimum_notice_minutes": 0, "horizon_days": 60,
        "daily_limit": null, "requires_approval": false, "cancel_notice_minutes": 0, "price": null, "location": null,
        "active": true,
    });
    assert_eq!(profile["session_types"], json!([session]));
    assert_eq!(api.get("/api/v1/session-types", key).await.json(), json!([session]));
    assert_eq!(
        api.get("/api/v1/availability", key).await.json(),
        json!({ "timezone": "Asia/Calcutta", "weekly": [], "overrides": [], "blocked": [] })
    );

    // The link logs in, once.
    let link = api.post("/api/v1/mentors/lee-mentor/login-links", PLATFORM_KEY, json!({})).await;
    assert_eq!(link.status, 201);
    assert_eq!(link.json()["expires_at"], "2026-11-22T09:15:00Z");
    let url = text(&link.json()["url"]).to_owned();
    let token = url.strip_prefix("https://yaksok.example/enter?token=").unwrap();
    let token = booking::secrets::Secret::new(token);
    assert!(accounts::enter(&api.app.context, &token).await.is_ok());
    assert!(accounts::enter(&api.app.context, &token).await.is_err());
    assert_eq!(api.post("/api/v1/mentors/nobody/login-links", PLATFORM_KEY, json!({})).await.refused().0, 404);

    // Taken: the handle by somebody or by ourselves, the address in any letter case.
    let with = |member: &str, value: &str| {
        let mut body = new.clone();
        body["handle"] = "another".into();
        body["email"] = "another@example.com".into();
        body[member] = value.into();
        body
    };
    for handle in ["lee-mentor", "dashboard", "api", "login", "healthz", "calendar"] {
        let refused = api.post("/api/v1/mentors", PLATFORM_KEY, with("handle", handle)).await.refused();
        assert_eq!(refused, (409, "handle_taken".into()), "{handle}");
    }
    for (member, value, error) in [
        ("email", "lee@example.COM", "email taken"),
        ("email", "Lee <lee@example.com>", "email invalid"),
        ("handle", "7even", "handle invalid"),
        ("handle", "Lee", "handle invalid"),
        ("timezone", "asia/seoul", "timezone invalid"),
        ("timezone", "", "timezone required"),
        ("name", " ", "name required"),
        ("name", "a\tb", "name invalid"),
        ("photo_url", "javascript:alert(1)", "photo_url invalid"),
        ("bio", &"x".repeat(4001), "bio too_long"),
        ("headline", &"x".repeat(201), "headline too_long"),
    ] {
        assert_eq!(
            api.post("/api/v1/mentors", PLATFORM_KEY, with(member, value)).await.errors(),
            [error],
            "{value:.20}"
        );
    }
    let all = api.post("/api/v1/mentors", PLATFORM_KEY, json!({ "bio": 5 })).await.errors();
    assert_eq!(all, ["handle required", "name required", "email required", "timezone required", "bio invalid"]);
}

#[tokio::test]
async fn the_directory_is_read_page_by_page() {
    let api = Api::new().await;
    for number in 0..52 {
        api.app.mentor(&format!("m-{number:02}"), "UTC").await;
    }
    let (mut path, mut handles) = ("/api/v1/mentors".to_owned(), Vec::new());
    loop {
        let page = api.get(&path, "").await.json();
        handles.extend(page["items"].as_array().unwrap().iter().map(|mentor| text(&mentor["handle"]).to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/mentors?cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(handles.len(), 54);
    assert!(handles.is_sorted());
    let found = async |query: &str| {
        let page = api.get(&format!("/api/v1/mentors?query={query}"), "").await.json();
        page["items"].as_array().unwrap().len()
    };
    for (query, count) in [
        ("KIM-", 1),
        ("mentor%20m-0", 10),
        ("%25", 0),
        ("_", 0),
        ("%5C", 0),
        ("", 50),
        ("%27;--", 0),
        ("%F0%9F%A6%80", 0),
    ] {
        assert_eq!(found(query).await, count, "{query}");
    }
    assert_eq!(api.get("/api/v1/mentors?cursor=", "").await.status, 200, "an empty one is none");
}

#[tokio::test]
async fn hours_are_answered_in_their_normal_form() {
    let api = Api::new().await;
    let window = |start: &str, end: &str| json!({ "start_time": start, "end_time": end });
    let weekly = |day: u8, start: &str, end: &str| json!({ "day_of_week": day, "start_time": start, "end_time": end });
    let sent = json!({
        "timezone": "Europe/Berlin",
        "weekly": [weekly(5, "22:00", "24:00"), weekly(1, "12:00", "17:00"), weekly(1, "09:00", "12:00"), weekly(0, "00:00", "00:05")],
        "overrides": [
            { "date": "2026-12-24", "windows": [window("10:30", "12:00"), window("09:00", "11:00")] },
            { "date": "2026-12-23", "windows": [] },
        ],
        "blocked": [
            { "starts_on": "2027-01-01", "ends_on": "2027-01-05", "note": " New Year " },
            { "starts_on": "2026-12-28", "ends_on": "2027-01-03", "note": null },
        ],
    });
    let normal = json!({
        "timezone": "Europe/Berlin",
        "weekly": [weekly(0, "00:00", "00:05"), weekly(1, "09:00", "17:00"), weekly(5, "22:00", "24:00")],
        "overrides": [{ "date": "2026-12-23", "windows": [] }, { "date": "2026-12-24", "windows": [window("09:00", "12:00")] }],
        "blocked": [
            { "starts_on": "2026-12-28", "ends_on": "2027-01-03", "note": null },
            { "starts_on": "2027-01-01", "ends_on": "2027-01-05", "note": "New Year" },
        ],
    });
    let put = async |body: &Value| api.put("/api/v1/availability", &api.kim.key, body.clone()).await;
    assert_eq!(put(&sent).await.json(), normal);
    assert_eq!(api.get("/api/v1/availability", &api.kim.key).await.json(), normal);
    assert_eq!(put(&normal).await.json(), normal);

    let with = |member: &str, value: Value| {
        let mut body = json!({ "timezone": "UTC", "weekly": [], "overrides": [], "blocked": [] });
        body[member] = value;
        body
    };
    let day = |date: &str| json!({ "date": date, "windows": [] });
    let blocked = |from: &str, to: &str| json!([{ "starts_on": from, "ends_on": to, "note": null }]);
    for (body, errors) in [
        (
            with("weekly", json!([weekly(7, "09:00", "09:00")])),
            vec!["weekly[0].day_of_week out_of_range", "weekly[0].end_time out_of_range"],
        ),
        (with("weekly", json!([weekly(1, "25:00", "10:00")])), vec!["weekly[0].start_time invalid"]),
        (with("weekly", json!([weekly(1, "9:00", "10:00")])), vec!["weekly[0].start_time invalid"]),
        (with("weekly", json!([weekly(1, "24:00", "24:00")])), vec!["weekly[0].end_time out_of_range"]),
        (with("weekly", Value::Null), vec!["weekly invalid"]),
        (with("weekly", json!(vec![weekly(1, "09:00", "10:00"); 501])), vec!["weekly too_many"]),
        (with("overrides", json!([day("2026-12-24"), day("2026-12-24")])), vec!["overrides[1].date duplicate"]),
        (with("overrides", json!([day("2026-02-30")])), vec!["overrides[0].date invalid"]),
        (with("overrides", json!([day("2026-2-3")])), vec!["overrides[0].date invalid"]),
        (with("overrides", json!([day("9999-12-31")])), vec!["overrides[0].date out_of_range"]),
        (with("blocked", blocked("2026-12-24", "2026-12-23")), vec!["blocked[0].ends_on out_of_range"]),
        (with("blocked", blocked("0000-01-01", "+10000-01-01")), vec!["blocked[0].ends_on invalid"]),
        (with("timezone", json!("europe/berlin")), vec!["timezone invalid"]),
        (with("timezone", json!("Mars/Base")), vec!["timezone invalid"]),
        (with("timezone", json!("")), vec!["timezone required"]),
    ] {
        assert_eq!(put(&body).await.errors(), errors, "{body:.100}");
    }
    assert_eq!(api.get("/api/v1/availability", &api.kim.key).await.json(), normal, "a refusal changes nothing");
}

/// A session type that was saved, without warnings.
fn saved(reply: &Reply) -> Value {
    let mut saved = reply.json();
    assert_eq!(saved.as_object_mut().unwrap().remove("warnings"), Some(json!([])));
    saved
}

#[tokio::test]
async fn session_types_are_created_replaced_and_deleted() {
    let api = Api::new().await;
    let full = json!({
        "name": "Portfolio", "description": "An hour.", "duration_minutes": 60, "start_interval_minutes": 15,
        "buffer_before_minutes": 5, "buffer_after_minutes": 10, "minimum_notice_minutes": 120, "horizon_days": 30,
        "daily_limit": 3, "requires_approval": true, "cancel_notice_minutes": 1440,
        "price": { "amount": 3000, "currency": "USD" }, "location": { "kind": "in_person", "value": "Room 7" }, "active": false,
    });
    let named = |slug: &str| {
        let mut body = full.clone();
        body["slug"] = slug.into();
        body
    };
    let put = async |slug: &str, body: &Value| {
        api.put(&format!("/api/v1/session-types/{slug}"), &api.kim.key, body.clone()).await
    };
    let made = put("portfolio", &full).await;
    assert_eq!((made.status, saved(&made)), (200, named("portfolio")));
    // By the slug in the body, and where both are given, by that of the path.
    assert_eq!(saved(&api.put("/api/v1/session-types", &api.kim.key, named("second")).await), named("second"));
    assert_eq!(saved(&put("third", &named("second")).await), named("third"));
    assert_eq!(api.put("/api/v1/session-types", &api.kim.key, full.clone()).await.errors(), ["slug required"]);

    let list = api.get("/api/v1/session-types", &api.kim.key).await.json();
    let slugs: Vec<&str> = list.as_array().unwrap().iter().map(|session| text(&session["slug"])).collect();
    assert_eq!(slugs, ["session", "portfolio", "second", "third"], "oldest first");
    let offered = api.get("/api/v1/mentors/kim-mentor", "").await.json();
    assert_eq!(offered["session_types"].as_array().unwrap().len(), 1, "inactive ones are not offered");
    let hidden = "/api/v1/mentors/kim-mentor/slots?session_type=portfolio&from=2026-12-01&to=2026-12-01";
    assert_eq!(api.get(hidden, "").await.status, 404);

    let with = |member: &str, value: Value| {
        let mut body = full.clone();
        body[member] = value;
        body
    };
    for (body, error) in [
        (with("duration_minutes", json!(4)), "duration_minutes out_of_range"),
        (with("duration_minutes", json!(1441)), "duration_minutes out_of_range"),
        (with("duration_minutes", json!(-30)), "duration_minutes invalid"),
        (with("duration_minutes", json!(1e300)), "duration_minutes invalid"),
        (with("duration_minutes", json!(30.5)), "duration_minutes invalid"),
        (with("duration_minutes", json!("30")), "duration_minutes invalid"),
        (with("start_interval_minutes", json!(0)), "start_interval_minutes out_of_range"),
        (with("buffer_before_minutes", json!(1441)), "buffer_before_minutes out_of_range"),
        (with("minimum_notice_minutes", json!(525_601)), "minimum_notice_minutes out_of_range"),
        (with("cancel_notice_minutes", json!(u64::MAX)), "cancel_notice_minutes invalid"),
        (with("horizon_days", json!(0)), "horizon_days out_of_range"),
        (with("horizon_days", json!(731)), "horizon_days out_of_range"),
        (with("daily_limit", json!(0)), "daily_limit out_of_range"),
        (with("daily_limit", json!(1001)), "daily_limit out_of_range"),
        (with("price", json!({ "amount": -1, "currency": "USD" })), "price.amount out_of_range"),
        (with("price", json!({ "amount": 1, "currency": "usd" })), "price.currency invalid"),
        (with("price", json!({ "amount": 1 })), "price.currency required"),
        (with("price", json!(30)), "price invalid"),
        (with("location", json!({ "kind": "moon", "value": "x" })), "location.kind invalid"),
        (with("location", json!({ "kind": "link", "value": "javascript:x" })), "location.value invalid"),
        (with("name", json!("")), "name required"),
        (with("name", json!("x".repeat(201))), "name too_long"),
        (with("description", json!("x".repeat(4001))), "description too_long"),
        (with("active", json!("yes")), "active invalid"),
        (with("active", Value::Null), "active invalid"),
    ] {
        assert_eq!(put("portfolio", &body).await.errors(), [error], "{body:.60}");
    }
    for slug in ["Session", "-x", "a%20b", "%EB%A9%98", "%00", "%FF", &"x".repeat(41)] {
        assert_eq!(put(slug, &full).await.errors(), ["slug invalid"], "{slug}");
        assert_eq!(api.ask("delete", &format!("/api/v1/session-types/{slug}"), &api.kim.key, None).await.status, 404);
    }
    assert_eq!(
        put("portfolio", &with("duration_minutes", json!(45.0))).await.json()["duration_minutes"],
        45,
        "45.0 is 45"
    );
    let mut nothing_optional = full.clone();
    for member in ["description", "daily_limit", "price", "location"] {
        nothing_optional[member] = Value::Null;
    }
    assert_eq!(put("portfolio", &nothing_optional).await.json()["price"], Value::Null);

    let booking = api.book("2026-12-01T00:00:00Z").await;
    let path = "/api/v1/session-types/session";
    let deleted = api.ask("delete", path, &api.kim.key, None).await;
    assert_eq!((deleted.status, &deleted.bytes[..]), (204, &b""[..]));
    assert_eq!(api.ask("delete", path, &api.kim.key, None).await.status, 404);
    let kept = api.get(&format!("/api/v1/bookings/{}", text(&booking["id"])), &api.kim.key).await.json();
    assert_eq!(
        (&kept["status"], &kept["session_type"]["slug"]),
        (&json!("confirmed"), &json!("session")),
        "bookings stay"
    );
    assert_eq!(
        api.post("/api/v1/bookings", "", ada("2026-12-01T02:00:00Z")).await.refused(),
        (404, "not_found".into())
    );
}

#[tokio::test]
async fn slots_stand_in_the_asked_zone() {
    let api = Api::new().await;
    let slots = async |query: &str| {
        api.get(&format!("/api/v1/mentors/kim-mentor/slots?session_type=session&{query}"), "").await
    };
    let seoul = slots("from=2026-12-01&to=2026-12-01").await.json();
    assert_eq!((&seoul["timezone"], &seoul["session_type"]), (&json!("Asia/Seoul"), &json!("session")));
    assert_eq!(starts(&seoul).len(), 16);
    assert_eq!(
        seoul["days"][0]["slots"][0],
        json!({ "start": "2026-12-01T09:00:00+09:00", "end": "2026-12-01T09:30:00+09:00" })
    );
    // A day of New York holds the evening and the night of two days of Seoul.
    let york = slots("from=2026-11-30&to=2026-12-01&timezone=America/New_York").await.json();
    assert_eq!(york["timezone"], "America/New_York");
    assert_eq!(york["days"][0]["date"], "2026-11-30");
    assert_eq!(starts(&york)[0], "2026-11-30T00:00:00-05:00");
    // Days without a slot are left out.
    assert_eq!(slots("from=2026-11-20&to=2026-11-21").await.json()["days"], json!([]));
    assert_eq!(slots("from=2027-09-01&to=2027-12-01").await.json()["days"], json!([]));
    assert_eq!(slots("from=0001-01-01&to=0001-01-01").await.json()["days"], json!([]));
    assert_eq!(slots("from=9999-12-31&to=9999-12-31&timezone=Pacific/Kiritimati").await.json()["days"], json!([]));
    assert_eq!(slots("from=0000-01-01&to=0000-01-01&timezone=Etc/GMT-14").await.json()["days"], json!([]));
    assert_eq!(slots("from=2026-12-01&to=2027-03-02").await.status, 200, "92 days");
    for (query, errors) in [
        ("from=2026-12-01&to=2027-03-03", vec!["to out_of_range"]),
        ("from=2026-12-02&to=2026-12-01", vec!["to out_of_range"]),
        ("from=0000-01-01&to=9999-12-31", vec!["to out_of_range"]),
        ("from=2026-02-30&to=2026-12-1", vec!["from invalid", "to invalid"]),
        ("from=2026-12-01T00:00:00Z&to=", vec!["from invalid", "to invalid"]),
        ("", vec!["from required", "to required"]),
        ("from=2026-12-01&from=2026-12-01&to=2026-12-01", vec!["from invalid"]),
        ("from=2026-12-01&to=2026-12-01&timezone=america/new_york", vec!["timezone invalid"]),
        ("from=2026-12-01&to=2026-12-01&timezone=", vec!["timezone required"]),
        ("from=2026-12-01&to=2026-12-01&timezone=../../etc/passwd", vec!["timezone invalid"]),
        ("from=2026-12-01&to=2026-12-01&timezone=UTC%00", vec!["timezone invalid"]),
        ("from=2026-12-01&to=2026-12-01&timezone=%FF", vec!["timezone invalid"]),
    ] {
        assert_eq!(slots(query).await.errors(), errors, "{query}");
    }
    let of = async |handle: &str, session: &str| {
        api.get(&format!("/api/v1/mentors/{handle}/slots?{session}&from=2026-12-01&to=2026-12-01"), "").await.status
    };
    assert_eq!(of("nobody", "session_type=session").await, 404);
    assert_eq!(of("kim-mentor", "session_type=other").await, 404);
    assert_eq!(of("KIM-MENTOR", "session_type=session").await, 404);
    assert_eq!(of("kim-mentor", "x=y").await, 422);
}

#[tokio::test]
async fn slots_that_have_not_changed_are_not_sent_again() {
    let api = Api::new().await;
    let path = "/api/v1/mentors/kim-mentor/slots?session_type=session&from=2026-12-01&to=2026-12-01";
    let known = async |tag: &str| {
        let request = Request::builder().uri(path).header("if-none-match", tag);
        api.send(request.body(Body::empty()).unwrap()).await
    };
    let first = api.get(path, "").await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 20, "strong: {tag}");
    assert_eq!(first.header("cache-control"), "public, max-age=1, must-revalidate");
    for same in [tag.clone(), format!("\"other\", {tag}"), format!("W/{tag}"), "*".into()] {
        let reply = known(&same).await;
        assert_eq!((reply.status, reply.bytes.len(), reply.header("etag")), (304, 0, tag.as_str()), "{same}");
    }
    assert_eq!(known("\"other\"").await.status, 200);
    let other_day = api.get(&path.replace("12-01", "12-02"), "").await;
    assert_ne!(other_day.header("etag"), tag);

    let booking = api.book("2026-12-01T00:00:00Z").await;
    let changed = known(&tag).await;
    assert_eq!(changed.status, 200, "what is offered has changed");
    assert_ne!(changed.header("etag"), tag);
    assert_eq!(starts(&changed.json()).len(), 14, "the one that was booked, and the buffer after it");
    let path = format!("/api/v1/bookings/{}/cancel", text(&booking["id"]));
    assert_eq!(api.post(&path, text(&booking["manage_token"]), json!({})).await.status, 200);
    assert_eq!(known(&tag).await.status, 304, "as before");
}

#[tokio::test]
async fn the_directory_tells_who_is_free_when() {
    let api = Api::new().await;
    let list = async |query: &str| api.get(&format!("/api/v1/mentors?{query}"), "").await;
    let all = list("").await.json();
    let of = |page: &Value| -> Vec<(String, Value)> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| (text(&item["handle"]).to_owned(), item["next_free"].clone())).collect()
    };
    // It is Sunday, nine o'clock in the morning in London and six in the afternoon in Seoul.
    let monday = json!("2026-11-23T00:00:00Z");
    assert_eq!(of(&all), [("kim-mentor".into(), monday.clone()), ("other-mentor".into(), monday.clone())]);
    let closed = json!({ "timezone": "Asia/Seoul", "weekly": [], "overrides": [], "blocked": [] });
    assert_eq!(api.put("/api/v1/availability", &api.other.key, closed).await.status, 200);
    assert_eq!(of(&list("").await.json())[1].1, Value::Null);
    let first_hour = "free_from=2026-11-23T00:00:00Z&free_to=2026-11-23T01:00:00Z";
    assert_eq!(of(&list(first_hour).await.json()), [("kim-mentor".into(), monday)]);
    // With the buffer after it, nothing of that hour is left.
    api.book("2026-11-23T00:00:00Z").await;
    assert!(of(&list(first_hour).await.json()).is_empty());
    assert_eq!(of(&list("limit=1").await.json()).len(), 1);
    for (query, error) in [
        ("free_from=2026-11-23T00:00:00Z", "free_to out_of_range"),
        ("free_to=2026-11-23T00:00:00Z", "free_to out_of_range"),
        ("free_from=2026-11-23T00:00:00Z&free_to=2026-11-23T00:00:00Z", "free_to out_of_range"),
        ("free_from=monday&free_to=2026-11-23T00:00:00Z", "free_from invalid"),
        ("limit=0", "limit out_of_range"),
        ("limit=1001", "limit out_of_range"),
        ("limit=many", "limit out_of_range"),
    ] {
        assert_eq!(list(query).await.errors()[0], error, "{query}");
    }
}

#[tokio::test]
async fn booked_moved_and_cancelled() {
    let api = Api::new().await;
    let free = async || {
        let path = "/api/v1/mentors/kim-mentor/slots?session_type=session&from=2026-12-01&to=2026-12-01&timezone=UTC";
        starts(&api.get(path, "").await.json()).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let before = free().await;
    assert_eq!(before[0], "2026-12-01T00:00:00+00:00");

    let made = api.book("2026-12-01T09:00:00+09:00").await;
    let (id, token) = (text(&made["id"]), text(&made["manage_token"]));
    assert_eq!(
        (&made["status"], &made["start"], &made["end"]),
        (&json!("confirmed"), &json!("2026-12-01T00:00:00Z"), &json!("2026-12-01T00:30:00Z"))
    );
    assert_eq!(made["manage_url"], format!("https://yaksok.example/b/{token}"));
    assert_eq!(
        made["mentor"],
        json!({ "handle": "kim-mentor", "name": "Mentor kim-mentor", "timezone": "Asia/Seoul" })
    );
    assert_eq!(made["session_type"], json!({ "slug": "session", "name": "Session", "duration_minutes": 30 }));

    let path = format!("/api/v1/bookings/{id}");
    let booking = api.get(&path, token).await.json();
    let mut expected = made.clone();
    expected.as_object_mut().unwrap().retain(|member, _| !member.starts_with("manage_"));
    assert_eq!(booking, expected, "the answer to booking is the booking, and its token");
    assert_eq!(booking["created_at"], "2026-11-22T09:00:00Z");
    assert!(!free().await.contains(&before[0]));
    let taken = api.post("/api/v1/bookings", "", ada("2026-12-01T00:00:00Z")).await;
    assert_eq!(taken.refused(), (409, "slot_unavailable".into()));

    let invite = api.get(&format!("{path}/invite.ics"), token).await;
    assert!(invite.header("content-type").starts_with("text/calendar; charset=utf-8; method=REQUEST"), "{invite:?}");
    assert_eq!(invite.text().matches('\n').count(), invite.text().matches("\r\n").count());
    assert!(invite.text().split("\r\n").all(|line| line.len() <= 75));
    let first = common::Calendar::parse(invite.text());
    assert_eq!(first.state(), ("REQUEST", "0", "CONFIRMED"));

    // To the same start: no change. To another: same id, same token, one more in sequence.
    let reschedule = async |start: &str, token: &str| {
        api.post(&format!("{path}/reschedule"), token, json!({ "start": start })).await
    };
    assert_eq!(reschedule("2026-12-01T00:00:00Z", token).await.json(), booking);
    assert_eq!(reschedule("2026-12-01T03:00:00.5Z", token).await.refused(), (409, "slot_unavailable".into()));
    let moved = reschedule("2026-12-01t03:00:00z", token).await.json();
    assert_eq!(
        (&moved["id"], &moved["start"], &moved["sequence"]),
        (&json!(id), &json!("2026-12-01T03:00:00Z"), &json!(1))
    );
    assert!(free().await.contains(&before[0]), "the old time is free again");
    let invite = common::Calendar::parse(api.get(&format!("{path}/invite.ics"), &api.kim.key).await.text());
    assert_eq!(invite.state(), ("REQUEST", "1", "CONFIRMED"));
    assert_eq!(invite.get("UID"), first.get("UID"));
    for (start, refused) in [
        ("2026-12-01T03:07:00Z", 409),
        ("9999-12-31T23:59:59Z", 409),
        ("0000-01-01T00:00:00Z", 409),
        ("2016-12-31T23:59:60Z", 409),
        ("now", 422),
        ("2026-12-01", 422),
    ] {
        assert_eq!(reschedule(start, token).await.refused().0, refused, "{start}");
    }

    let cancel = async |body: Value| api.post(&format!("{path}/cancel"), token, body).await;
    assert_eq!(cancel(json!({ "reason": "a\u{7}b" })).await.errors(), ["reason invalid"]);
    assert_eq!(cancel(json!({ "reason": 7 })).await.errors(), ["reason invalid"]);
    assert_eq!(cancel(json!({ "reason": "x".repeat(4001) })).await.errors(), ["reason too_long"]);
    let cancelled = cancel(json!({ "reason": " I am ill. " })).await.json();
    assert_eq!(
        [
            &cancelled["status"],
            &cancelled["cancelled_by"],
            &cancelled["reason"],
            &cancelled["cancelled_at"],
            &cancelled["sequence"]
        ],
        [&json!("cancelled"), &json!("mentee"), &json!("I am ill."), &json!("2026-11-22T09:00:00Z"), &json!(2)],
    );
    for refused in [cancel(json!({})).await, reschedule("2026-12-01T00:00:00Z", &api.kim.key).await] {
        assert_eq!(refused.refused(), (409, "already_cancelled".into()));
    }
    let invite = common::Calendar::parse(api.get(&format!("{path}/invite.ics"), token).await.text());
    assert_eq!(invite.state(), ("CANCEL", "2", "CANCELLED"));
    assert_eq!(free().await, before);
}

#[tokio::test]
async fn the_notice_binds_the_mentee() {
    let api = Api::new().await;
    let mut session = api.get("/api/v1/session-types", &api.kim.key).await.json()[0].take();
    session["cancel_notice_minutes"] = json!(60);
    api.put("/api/v1/session-types/session", &api.kim.key, session).await;
    let [first, second] = [api.book("2026-11-23T00:00:00Z").await, api.book("2026-11-23T01:00:00Z").await];
    let act = async |booking: &Value, what: &str, token: &str, body: Value| {
        api.post(&format!("/api/v1/bookings/{}/{what}", text(&booking["id"])), token, body).await
    };
    api.app.set_now(common::at("2026-11-22T23:00:01Z"));
    let token = text(&first["manage_token"]);
    let late = (409, "too_late".to_owned());
    assert_eq!(act(&first, "cancel", token, json!({})).await.refused(), late);
    assert_eq!(act(&first, "reschedule", token, json!({ "start": "2026-11-24T00:00:00Z" })).await.refused(), late);
    let moved = act(&first, "reschedule", &api.kim.key, json!({ "start": "2026-11-24T00:00:00Z" })).await.json();
    assert_eq!(moved["start"], "2026-11-24T00:00:00Z");
    api.app.pass(TimeDelta::hours(2));
    assert_eq!(
        act(&second, "reschedule", &api.kim.key, json!({ "start": "2026-11-24T02:00:00Z" })).await.refused(),
        late,
        "it has begun"
    );
    assert_eq!(act(&second, "cancel", &api.kim.key, json!({})).await.json()["cancelled_by"], "mentor");
}

#[tokio::test]
async fn what_waits_is_confirmed_or_declined() {
    let api = Api::new().await;
    api.approval(true).await;
    let [yes, no] = [api.book("2026-12-01T00:00:00Z").await, api.book("2026-12-01T01:00:00Z").await];
    assert_eq!(yes["status"], "pending");
    let act = async |booking: &Value, what: &str| {
        api.post(
            &format!("/api/v1/bookings/{}/{what}", text(&booking["id"])),
            &api.kim.key,
            json!({ "reason": "Sorry" }),
        )
        .await
    };
    let confirmed = act(&yes, "confirm").await.json();
    assert_eq!(
        (&confirmed["status"], &confirmed["sequence"], &confirmed["reason"]),
        (&json!("confirmed"), &json!(1), &Value::Null)
    );
    let declined = act(&no, "decline").await.json();
    assert_eq!(
        (&declined["status"], &declined["cancelled_by"], &declined["reason"]),
        (&json!("declined"), &json!("mentor"), &json!("Sorry"))
    );
    for booking in [&yes, &no] {
        for what in ["confirm", "decline"] {
            assert_eq!(act(booking, what).await.refused(), (409, "not_pending".into()));
        }
    }
    assert_eq!(act(&no, "cancel").await.refused(), (409, "already_cancelled".into()), "declined counts as cancelled");
}

#[tokio::test]
async fn a_mentors_bookings_are_read_page_by_page() {
    let api = Api::new().await;
    let mut made = Vec::new();
    for day in 1..=9 {
        for hour in [0, 1, 2, 3, 4, 5] {
            made.push(api.book(&format!("2026-12-{day:02}T{hour:02}:00:00Z")).await);
        }
    }
    api.post(&format!("/api/v1/bookings/{}/cancel", text(&made[0]["id"])), &api.kim.key, json!({})).await;
    let list = async |query: &str| api.get(&format!("/api/v1/bookings?{query}"), &api.kim.key).await;
    let starts = async |query: &str| -> Vec<String> {
        let page = list(query).await.json();
        page["items"].as_array().unwrap().iter().map(|booking| text(&booking["start"]).to_owned()).collect()
    };
    let first = list("").await.json();
    let cursor = text(&first["next_cursor"]).to_owned();
    let mut all = starts("").await;
    assert_eq!(all.len(), 50);
    all.extend(starts(&format!("cursor={cursor}")).await);
    assert_eq!(all.len(), 54);
    assert!(all.is_sorted());
    assert_eq!(list(&format!("cursor={cursor}")).await.json()["next_cursor"], Value::Null);
    assert_eq!(
        starts("from=2026-12-02T01:00:00Z&to=2026-12-02T03:00:00Z").await,
        ["2026-12-02T01:00:00Z", "2026-12-02T02:00:00Z"]
    );
    assert_eq!(starts("from=2026-12-02T10:00:00%2B09:00&to=2026-12-02T01:00:00Z").await, [""; 0], "an empty range");
    assert_eq!(starts("status=cancelled").await, ["2026-12-01T00:00:00Z"]);
    assert_eq!(starts("status=pending").await.len(), 0);
    assert_eq!(starts("from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:60Z").await.len(), 50);
    for (query, error) in [
        ("from=2026-12-02T00:00:00Z&to=2026-12-01T00:00:00Z", "to out_of_range"),
        ("from=2026-12-02", "from invalid"),
        ("to=", "to invalid"),
        ("from=2026-12-02T00:00:00+09:00", "from invalid"),
        ("status=held", "status invalid"),
        ("status=", "status invalid"),
        ("status=CONFIRMED", "status invalid"),
        ("status=pending&status=confirmed", "status invalid"),
        ("cursor=x", "cursor invalid"),
        ("cursor=%00", "cursor invalid"),
        ("cursor=MTIzOjEyMw", "cursor invalid"),
    ] {
        assert_eq!(list(query).await.errors(), [error], "{query}");
    }
    let other = api.get("/api/v1/bookings", &api.other.key).await.json();
    assert_eq!(other, json!({ "items": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_repeat_gives_the_first_answer() {
    let api = Api::new().await;
    let send = async |key: &str, body: String| {
        let request =
            Request::post("/api/v1/bookings").header("content-type", "application/json").header("idempotency-key", key);
        api.send(request.body(body.into()).unwrap()).await
    };
    let sorted = ada("2026-12-01T00:00:00Z").to_string();
    let first = send("k1", sorted.clone()).await;
    assert_eq!(first.status, 201);
    // Members in another order, other white space, escapes.
    let members: Vec<String> = ada("2026-12-01T00:00:00Z")
        .as_object()
        .unwrap()
        .iter()
        .rev()
        .map(|(name, value)| format!("\"{name}\" : {value}"))
        .collect();
    let shuffled = format!("{{\n{}}}", members.join(",\n").replace("Ada", "\\u0041da"));
    let repeat = send("k1", shuffled).await;
    assert_eq!((repeat.status, repeat.json()), (201, first.json()));
    // Also when it has changed since.
    let (id, token) = (text(&first.json()["id"]).to_owned(), text(&first.json()["manage_token"]).to_owned());
    api.post(&format!("/api/v1/bookings/{id}/reschedule"), &token, json!({ "start": "2026-12-03T00:00:00Z" })).await;
    api.post(&format!("/api/v1/bookings/{id}/cancel"), &token, json!({ "reason": "x" })).await;
    assert_eq!(send("k1", sorted.clone()).await.json(), first.json());
    // Another body, be it only by a member that is ignored otherwise.
    for other in [
        ada("2026-12-01T01:00:00Z").to_string(),
        sorted.replace("\"Ada\"", "\"Bob\""),
        sorted.replacen('{', "{\"x\":1,", 1),
    ] {
        assert_eq!(send("k1", other).await.refused(), (422, "idempotency_key_reused".into()));
    }
    // A refusal is tried afresh.
    let taken = ada("2026-12-04T23:00:00Z");
    assert_eq!(send("k2", taken.to_string()).await.refused().1, "slot_unavailable");
    assert_eq!(send("k2", ada("2026-12-05T00:00:00Z").to_string()).await.status, 201);
    // Remembered for each mentor, for a day.
    let with_other = sorted.replace("kim-mentor", "other-mentor");
    assert_eq!(send("k1", with_other).await.status, 201);
    api.app.pass(TimeDelta::hours(25));
    let later = send("k1", sorted.clone()).await;
    assert_eq!(later.status, 201);
    assert_ne!(later.json()["id"], first.json()["id"]);

    for (key, error) in [
        ("", "Idempotency-Key out_of_range"),
        (&*"x".repeat(256), "Idempotency-Key out_of_range"),
        ("é", "Idempotency-Key invalid"),
    ] {
        assert_eq!(send(key, sorted.clone()).await.errors(), [error]);
    }
    let twice = Request::post("/api/v1/bookings").header("content-type", "application/json");
    let twice = twice.header("idempotency-key", "a").header("idempotency-key", "a").body(sorted.into()).unwrap();
    assert_eq!(api.send(twice).await.errors(), ["Idempotency-Key invalid"]);
}

#[tokio::test]
async fn what_does_not_fit_a_booking_is_said() {
    let api = Api::new().await;
    let with = |member: &str, value: Value| {
        let mut body = ada("2026-12-01T00:00:00Z");
        body[member] = value;
        body
    };
    let send = async |body: Value| api.post("/api/v1/bookings", "", body).await;
    let all = send(json!({})).await.errors();
    assert_eq!(
        all,
        [
            "mentor required",
            "session_type required",
            "start required",
            "name required",
            "email required",
            "timezone required"
        ]
    );
    for (member, value, error) in [
        ("start", json!("tomorrow"), "start invalid"),
        ("start", json!(1_764_579_600), "start invalid"),
        ("start", json!("2026-02-30T00:00:00Z"), "start invalid"),
        ("start", json!("2026-12-01T09:00:00"), "start invalid"),
        ("name", json!(""), "name required"),
        ("name", json!("Ada\r\nBcc: all@example.com"), "name invalid"),
        ("name", json!("\u{202e}Ada"), "name invalid"),
        ("name", json!("x".repeat(201)), "name too_long"),
        ("email", json!("ada"), "email invalid"),
        ("email", json!("a@b"), "email invalid"),
        ("email", json!("ada@-한국.kr"), "email invalid"),
        ("email", json!("ada@example.com\r\nBcc: x@example.com"), "email invalid"),
        ("timezone", json!("utc"), "timezone invalid"),
        ("notes", json!("\u{1b}[31m"), "notes invalid"),
        ("notes", json!("x".repeat(4001)), "notes too_long"),
        ("notes", json!({}), "notes invalid"),
        ("mentor", json!(["kim-mentor"]), "mentor invalid"),
        ("mentor", json!("kim-mentor\0"), "mentor invalid"),
        ("session_type", json!("\0"), "session_type invalid"),
    ] {
        assert_eq!(send(with(member, value.clone())).await.errors(), [error], "{member}: {value:.40}");
    }
    for (member, value) in [("mentor", "nobody"), ("mentor", ""), ("mentor", "' OR 1=1"), ("session_type", "nothing")] {
        assert_eq!(send(with(member, json!(value))).await.refused(), (404, "not_found".into()), "{value}");
    }
    for start in [
        "2026-12-01T00:10:00Z",
        "2020-01-01T00:00:00Z",
        "2026-12-01T17:00:00Z",
        "2030-12-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
    ] {
        assert_eq!(send(with("start", json!(start))).await.refused(), (409, "slot_unavailable".into()), "{start}");
    }
    assert_eq!(api.get("/api/v1/bookings", &api.kim.key).await.json()["items"], json!([]), "refusals change nothing");
    let kept = send(with("notes", json!("\u{202e}<b>\r\n&amp;\t'; DROP TABLE bookings;--"))).await.json();
    assert_eq!(kept["notes"], "\u{202e}<b>\r\n&amp;\t'; DROP TABLE bookings;--");
}
