//! The fakes themselves: what the vendors refuse, they refuse.

use crate::{Connected, browser, draft, google, graph, window};
use calendars::remote::{Remote, RemoteError};
use serde_json::{Value, json};

const IMMUTABLE: &str = r#"IdType="ImmutableId", outlook.timezone="UTC""#;

/// Asks as `METHOD path?query` says, below the API's address; `{calendar}` is the primary one.
async fn ask(c: &Connected, line: &str, headers: &[(&str, &str)], body: Option<Value>) -> (u16, Value) {
    let (method, path) = line.split_once(' ').unwrap();
    let path = path.replace("{calendar}", &c.primary);
    let method = method.parse().unwrap();
    let mut request = browser().request(method, format!("{}/{path}", c.fake.api_url()));
    if !headers.iter().any(|(name, _)| *name == "authorization") {
        request = request.bearer_auth(c.fake.token().as_str());
    }
    request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn google_is_strict() {
    let c = google().await;
    let cursor = c.look(None).await.cursor.unwrap();
    let list = "GET calendars/{calendar}/events?singleEvents=true&showDeleted=true&maxResults=2500";
    for (more, status) in [
        (format!("&syncToken={cursor}"), 400),
        (format!("&syncToken={cursor}&timeMin=2026-12-01T00:00:00Z"), 400),
        ("&syncToken=nobodys".into(), 410),
        ("&timeMin=2026-12-01&timeMax=2026-12-02".into(), 400),
        ("&pageToken=nobodys".into(), 400),
        ("&maxresults=1".into(), 400),
        (String::new(), 200),
    ] {
        assert_eq!(ask(&c, &format!("{list}{more}"), &[], None).await.0, status, "{more}");
    }
    assert_eq!(ask(&c, list, &[("authorization", "Bearer nobodys")], None).await.0, 401);
    let event = |id: &str| {
        json!({
            "id": id, "start": { "dateTime": "2026-12-01T09:00:00+09:00" }, "end": { "dateTime": "2026-12-01T10:00:00+09:00" },
        })
    };
    let with = |name: &str, value: Value| {
        let mut event = event("abcde");
        event[name] = value;
        event
    };
    for (body, status) in [
        (event("wxyz0"), 400),
        (event("abc"), 400),
        (with("start", json!({ "date": "2026-12-01" })), 400),
        (with("start", json!({ "dateTime": "2026-12-01T09:00:00" })), 400),
        (with("colour", json!("red")), 400),
        (with("status", json!("certain")), 400),
        (with("conferenceData", json!({ "createRequest": { "requestId": "1" } })), 400),
        (event("abcde"), 200),
        (event("abcde"), 409),
    ] {
        assert_eq!(ask(&c, "POST calendars/{calendar}/events", &[], Some(body.clone())).await.0, status, "{body}");
    }
    let patch = "PATCH calendars/{calendar}/events/abcde";
    let (_, now) = ask(&c, "GET calendars/{calendar}/events/abcde", &[], None).await;
    let etag = now["etag"].as_str().unwrap();
    assert_eq!(ask(&c, patch, &[("if-match", etag)], Some(json!({ "summary": "x" }))).await.0, 200);
    assert_eq!(ask(&c, patch, &[("if-match", etag)], Some(json!({ "summary": "y" }))).await.0, 412);
    assert_eq!(ask(&c, patch, &[], Some(json!({ "start": { "date": "2026-12-01" } }))).await.0, 400);
    assert_eq!(ask(&c, "DELETE calendars/{calendar}/events/abcde?sendUpdates=maybe", &[], None).await.0, 400);
    assert_eq!(ask(&c, "DELETE calendars/{calendar}/events/abcde", &[], None).await.0, 204);
    assert_eq!(ask(&c, "DELETE calendars/{calendar}/events/abcde", &[], None).await.0, 410);
}

#[tokio::test]
async fn graph_is_strict() {
    let c = graph().await;
    let prefer = [("prefer", IMMUTABLE)];
    let delta = "GET me/calendars/{calendar}/calendarView/delta";
    let span = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-02T00:00:00Z";
    for (line, status) in [
        (delta.to_owned(), 400),
        (format!("{delta}?{span}&$select=id"), 400),
        (format!("{delta}?$deltatoken=nobodys"), 410),
        (format!("{delta}?{span}"), 200),
        ("GET me/calendars/{calendar}/events?$filter=subject eq 'x'".into(), 400),
        ("GET me/calendars/nobodys".into(), 404),
    ] {
        assert_eq!(ask(&c, &line, &prefer, None).await.0, status, "{line}");
    }
    assert_eq!(ask(&c, &format!("{delta}?{span}"), &[], None).await.0, 400, "ids that do not last");
    let time = |hour: u32| json!({ "dateTime": format!("2026-12-01T{hour:02}:00:00"), "timeZone": "UTC" });
    let event = |name: &str, value: Value| {
        let mut event = json!({ "subject": "x", "start": time(9), "end": time(10), "transactionId": "1" });
        event[name] = value;
        event
    };
    for (body, status) in [
        (event("end", time(8)), 400),
        (event("colour", json!("red")), 400),
        (event("showAs", json!("engaged")), 400),
        (event("isOnlineMeeting", json!(true)), 400),
        (event("subject", json!("y")), 201),
    ] {
        assert_eq!(
            ask(&c, "POST me/calendars/{calendar}/events", &prefer, Some(body.clone())).await.0,
            status,
            "{body}"
        );
    }
    let (_, again) = ask(&c, "POST me/calendars/{calendar}/events", &prefer, Some(event("subject", json!("z")))).await;
    assert_eq!((again["subject"].as_str(), c.fake.events().len()), (Some("y"), 1));
    let patch = format!("PATCH me/calendars/{{calendar}}/events/{}", again["id"].as_str().unwrap());
    let matching = |etag: &'static str| [("prefer", IMMUTABLE), ("if-match", etag)];
    assert_eq!(ask(&c, &patch, &matching("W/\"0\""), Some(json!({}))).await.0, 412);
    assert_eq!(ask(&c, &patch, &matching("*"), Some(json!({}))).await.0, 200);
}

#[tokio::test]
async fn a_browser_test_can_drive_them() {
    for c in [google().await, graph().await] {
        let control = async |what: &str, body: Value| {
            let url = format!("{}/control/{what}", c.fake.origin());
            let answer = browser().post(url).json(&body).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{what}");
            answer.json::<Value>().await.unwrap()
        };
        let times = json!({ "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T10:00:00Z" });
        let added = control("add", times.clone()).await;
        control("add", json!({ "title": "Away", "start": "2026-12-03", "end": "2026-12-05", "free": true })).await;
        control(
            "add",
            json!({ "start": "2026-12-02T11:00:00Z", "end": "2026-12-02T12:00:00Z", "weekly": 2, "declined": true }),
        )
        .await;
        assert_eq!(control("events", json!({})).await.as_array().unwrap().len(), 4);
        control("page-size", json!({ "size": 1 })).await;
        let first = c.look(None).await;
        control("move", json!({ "id": added["id"], "start": "2026-12-09T09:00:00Z", "end": "2026-12-09T10:00:00Z" }))
            .await;
        control("delete", added).await;
        assert_eq!(c.look(first.cursor.as_deref()).await.changes.len(), 1);
        control("expire-cursors", json!({})).await;
        let lost = c.client.changes(&c.primary, &window(), first.cursor.as_deref()).await;
        assert_eq!(lost, Err(RemoteError::CursorGone));
        control("fail", json!({ "fault": { "throttled": 5 } })).await;
        assert!(matches!(c.client.account().await, Err(RemoteError::Throttled(Some(_)))));
        control("fail", json!({ "matching": "POST", "times": 2, "fault": "drop" })).await;
        assert!(c.client.put(&c.primary, &draft(1), None).await.is_err());
        assert_eq!(control("notify", json!({})).await, json!([]));
        assert!(!control("requests", json!({})).await.as_array().unwrap().is_empty());
        control("withdraw", json!({})).await;
        assert_eq!(c.client.account().await, Err(RemoteError::Unauthorized));
        control("reset", json!({})).await;
        assert!(c.fake.events().is_empty());
    }
}
