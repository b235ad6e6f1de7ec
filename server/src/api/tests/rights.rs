//! Who may do what: each row as each kind of caller, from the table in `rights.txt`.

use super::*;
use crate::api::docs::compact;
use crate::api::rows::{Takes, Who};
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::SessionType;
use std::collections::BTreeSet;

const CALLERS: [&str; 8] = ["nobody", "other", "owner", "token", "stranger", "platform", "unknown", "revoked"];

/// The lines of the table: method, path, and a status for each caller.
fn table() -> Vec<(&'static str, &'static str, Vec<u16>)> {
    let lines = include_str!("rights.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &'static str| {
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        (method, path, words.map(|word| word.parse().unwrap()).collect())
    };
    lines.map(read).collect()
}

#[test]
fn every_row_is_in_the_table() {
    let known: BTreeSet<_> = ROWS.iter().chain(HEALTH).map(|row| (row.method, row.path)).collect();
    let listed: BTreeSet<_> = table().into_iter().map(|(method, path, _)| (method, path)).collect();
    assert_eq!(known, listed);
    assert!(table().iter().all(|(_, _, cells)| cells.len() == CALLERS.len()));
    assert_eq!(table().len(), listed.len(), "a row stands there twice");
}

/// What the table grants is what the document says.
#[test]
fn the_document_agrees_with_the_table() {
    for (method, path, cells) in table() {
        let granted: Vec<&str> = CALLERS
            .into_iter()
            .zip(cells)
            .filter(|(_, cell)| *cell < 300 || *cell == 422)
            .map(|(who, _)| who)
            .collect();
        let (_, row) = (method, row(method, path).unwrap());
        let expected: &[&str] = match row.who {
            Who::Anyone => &CALLERS,
            Who::All => &CALLERS[..6],
            Who::Platform => &["platform"],
            Who::Mentor if row.path.contains("{id}") || method == "delete" => &["owner"],
            Who::Mentor => &["other", "owner"],
            Who::Party => &["owner", "token"],
        };
        assert_eq!(granted, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn every_row_as_every_caller() {
    let api = Api::new().await;
    let spare = api.app.context.clone();
    let (revoked, revoked_key) = accounts::create_api_key(&spare, api.kim.id, "Old").await.unwrap();
    accounts::revoke_api_key(&spare, api.kim.id, scheduling::ApiKeyId(revoked.id)).await.unwrap();
    // Each booking has an hour of its own, seven a day, far from that which the examples use.
    let first: DateTime<Utc> = "2026-12-05T01:00:00Z".parse().unwrap();
    let mut starts = (0..).map(|n| first + TimeDelta::days(n / 7) + TimeDelta::hours(n % 7));
    let mut next = || starts.next().unwrap().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let stranger = api.book(&next()).await;
    let mut wrong = Vec::new();
    let mut spent = Vec::new();
    for (method, path, cells) in table() {
        for (caller, expected) in CALLERS.into_iter().zip(cells) {
            // Something that can be cancelled, confirmed, deleted, anew for each caller.
            api.app.open(api.kim.id, every_day("Asia/Seoul", "09:00", "17:00")).await;
            api.app
                .offer(
                    api.kim.id,
                    SessionType {
                        requires_approval: path.ends_with("confirm") || path.ends_with("decline"),
                        ..SessionType::first()
                    },
                )
                .await;
            api.app.offer(api.kim.id, SessionType { slug: "spare".into(), ..SessionType::first() }).await;
            let booking = match path.contains("{id}") || caller == "token" {
                true => api.book(&next()).await,
                false => Value::Null,
            };
            let token = match caller {
                "nobody" => "",
                "other" => &api.other.key,
                "owner" => &api.kim.key,
                "token" => text(&booking["manage_token"]),
                "stranger" => text(&stranger["manage_token"]),
                "platform" => PLATFORM_KEY,
                "revoked" => revoked_key.reveal(),
                _ if spent.len() % 2 == 0 => "ysk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                _ => "ysm_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            };
            spent.push(token.to_owned());
            let row = row(method, path).unwrap();
            let body = match row.body {
                Takes::Nothing => None,
                Takes::Maybe(name) | Takes::Body(name) => {
                    let schema = &DOCUMENT["components"]["schemas"][name];
                    let mut body: Value = serde_json::from_str(&compact(schema)).unwrap();
                    if body.get("start").is_some() {
                        body["start"] = next().into();
                    }
                    if row.id == "connectCaldav" {
                        body["url"] = "http://127.0.0.1:9/".into();
                    }
                    if row.id == "createHold" {
                        // The next caller holds another.
                        api.app.sql("DELETE FROM bookings WHERE status = 'held'").await;
                    }
                    if row.id == "createMentor" {
                        body["handle"] = "fresh-mentor".into();
                    }
                    Some(body)
                }
            };
            if row.id == "disconnectCalendar" {
                api.app
                    .sql(&format!(
                        "INSERT INTO mentor_calendar_tokens (id, mentor_id, provider, account, created_at)
                         VALUES ('{}', '{}', 'caldav', '{caller}', now())",
                        text(&booking["id"]),
                        api.kim.id
                    ))
                    .await;
            }
            let query = if row.id == "listSlots" { "?session_type=session&from=2026-12-01&to=2026-12-02" } else { "" };
            let slug = if method == "delete" { "spare" } else { "session" };
            let path = path.replace("{handle}", "kim-mentor").replace("{slug}", slug);
            let path = path.replace("{id}", booking["id"].as_str().unwrap_or_default()) + query;
            let reply = api.ask(method, &path, token, body).await;
            if reply.status != expected {
                wrong.push(format!(
                    "{method} {path} as {caller}: {} instead of {expected}: {}",
                    reply.status,
                    String::from_utf8_lossy(&reply.bytes)
                ));
            }
            match reply.status {
                401 => assert_eq!(reply.refused().1, "unauthenticated"),
                404 => assert_eq!(reply.refused().1, "not_found"),
                422 => assert_eq!(row.id, "connectCaldav"),
                status => assert!(StatusCode::from_u16(status).unwrap().is_success(), "{reply:?}"),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Refused as if it were not there: the same words for another's booking and for none.
#[tokio::test]
async fn nothing_is_told_of_what_is_somebody_elses() {
    let api = Api::new().await;
    let booking = api.book("2026-12-01T00:00:00Z").await;
    let (id, token) = (text(&booking["id"]), text(&booking["manage_token"]));
    let other = api.book("2026-12-01T01:00:00Z").await;
    for asker in [api.other.key.as_str(), text(&other["manage_token"])] {
        let theirs = api.get(&format!("/api/v1/bookings/{id}"), asker).await;
        let none = api.get("/api/v1/bookings/0193a5f2-7c1e-7b3a-9d54-2f0c8e6b1a77", asker).await;
        assert_eq!((theirs.status, theirs.text()), (404, none.text()));
    }
    for no_id in ["x", "%00", "%FF", "..", "0193", "%7B%7D"] {
        assert_eq!(api.get(&format!("/api/v1/bookings/{no_id}"), "").await.refused().0, 401, "{no_id}");
        assert_eq!(api.get(&format!("/api/v1/bookings/{no_id}"), &api.kim.key).await.refused().0, 404, "{no_id}");
        assert_eq!(api.get(&format!("/api/v1/bookings/{no_id}"), token).await.refused().0, 404, "{no_id}");
    }
}

#[tokio::test]
async fn a_token_comes_in_one_header_and_is_known() {
    let api = Api::new().await;
    let ask = async |values: &[&str]| {
        let mut request = Request::builder().uri("/api/v1/mentors");
        for value in values {
            request = request.header("authorization", *value);
        }
        api.send(request.body(Body::empty()).unwrap()).await.status
    };
    let good = format!("Bearer {}", api.kim.key);
    assert_eq!(ask(&[&good]).await, 200);
    assert_eq!(ask(&[&good.replacen("Bearer", "bEARER", 1)]).await, 200, "schemes have no letter case");
    let cut = &good[..good.len() - 1];
    for refused in
        ["", "Bearer", "Bearer ", "Basic eWFrOnNvaw==", "ysk_x", cut, "Bearer yss_x", "Bearer \u{e9}", "Bearer a b"]
    {
        assert_eq!(ask(&[refused]).await, 401, "{refused}");
    }
    assert_eq!(ask(&[&good, &good]).await, 401, "two of them");
    for ignored in [format!("/api/v1/availability?access_token={}", api.kim.key), "/api/v1/availability".into()] {
        assert_eq!(api.get(&ignored, "").await.status, 401);
    }
    // Whatever the path: an unknown token comes first.
    for path in ["/api/v1/nothing", "/api/v1/mentors/nobody", "/api/docs", "/api/v1/bookings/x"] {
        assert_eq!(api.get(path, "ysk_unknown").await.refused().0, 401, "{path}");
    }
    assert_eq!(api.ask("patch", "/api/v1/mentors", "ysk_unknown", None).await.status, 401);
}
