//! Who may do what on pages, forms and server functions: each as each kind of caller, from the table in `rights.txt`.

use super::*;
use crate::api::tests::paths;
use crate::pages::percent_encode;
use leptos_axum::generate_route_list_with_exclusions_and_ssg_and_context;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const CALLERS: [&str; 10] =
    ["nobody", "other", "owner", "token", "stranger", "expired", "forged", "key", "cross", "origin"];
/// Whoever has no part in Ada's booking.
const STRANGERS: [&str; 6] = ["nobody", "other", "stranger", "expired", "forged", "key"];
const NEVER_WAS: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Line = (&'static str, &'static str, Vec<u16>);

/// The lines of the table: method, path, and a status for each caller.
pub(super) fn table() -> Vec<Line> {
    let lines = include_str!("rights.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &'static str| {
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        (method, path, words.map(|word| word.parse().unwrap()).collect())
    };
    lines.map(read).collect()
}

/// Every route of the router: method (or `any`) and path. Axum tells them nowhere but in what it prints for debugging.
pub(super) fn routes(router: &Router) -> BTreeSet<(String, String)> {
    let printed = format!("{router:?}");
    let (printed, _) = printed.split_once("fallback_router").unwrap();
    let (mut paths, mut methods) = (BTreeMap::new(), BTreeMap::new());
    for chunk in printed.split("RouteId(").skip(1) {
        let (id, rest) = chunk.split_once("): ").unwrap();
        if let Some(path) = rest.strip_prefix('"') {
            let path = path.split('"').next().unwrap().replace("__private__axum_nest_tail_param", "rest");
            paths.insert(id, path);
        } else {
            let known = ["get", "post", "put", "patch", "delete"];
            let taken = known.into_iter().filter(|method| rest.contains(&format!("{method}: Route")));
            methods.insert(id, taken.collect::<Vec<_>>());
        }
    }
    assert!(paths.len() > 50 && paths.keys().eq(methods.keys()), "axum prints routes otherwise: {printed}");
    let of = |(id, path): (&&str, &String)| {
        let methods = if methods[id].is_empty() { vec!["any"] } else { methods[id].clone() };
        methods.into_iter().map(|method| (method.to_owned(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

/// What is sent along.
pub(super) enum Sent {
    /// In the query, decoded; or nothing.
    Query(Vec<(&'static str, String)>),
    Form(Vec<(&'static str, String)>),
    Json(Value),
}

/// What somebody sends to a row who does as the pages do. `key`: which booking, for server functions.
pub(super) fn arguments(method: &str, path: &str, key: &Value, people: &People) -> Sent {
    let (json, owned) = (Sent::Json, |pairs: &[(&'static str, &str)]| {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    });
    let form = |pairs: &[(&'static str, &str)]| Sent::Form(owned(pairs));
    let query = |pairs: &[(&'static str, &str)]| Sent::Query(owned(pairs));
    let start = "2026-12-03T00:00:00Z";
    let session_type = |slug: &str| SessionType { slug: slug.into(), ..SessionType::first() };
    let book = [
        ("name", "Cleo"),
        ("email", "cleo@example.org"),
        ("timezone", "UTC"),
        ("notes", ""),
        ("start", start),
        ("idempotency_key", ""),
        ("session_type", "session"),
    ];
    let slots = [("handle", "kim-mentor"), ("session_type", "session"), ("start", start)];
    match (method, path) {
        ("post", "/fn/book") => {
            json(json!({"form": {"mentor": "kim-mentor", "session_type": "session", "start": start,
            "name": "Cleo", "email": "cleo@example.org", "timezone": "UTC", "notes": "", "idempotency_key": "one"}}))
        }
        ("post", "/fn/hold") => {
            json(json!({"mentor": "kim-mentor", "session_type": "session", "start": start, "before": null}))
        }
        ("post", "/fn/release_hold") => form(&[("mentor", "kim-mentor"), ("id", &people.hold)]),
        ("get", "/fn/mentor") => query(&slots[..1]),
        ("get", "/fn/mentors") => query(&[("query", "kim"), ("cursor", "")]),
        ("get", "/fn/month") => query(&[slots[0], slots[1], ("month", "2026-12"), ("timezone", "UTC")]),
        ("get", "/fn/nearest") => query(&slots),
        ("get", "/fn/find_zones") => query(&[("typed", "seoul"), ("known", "")]),
        ("get", "/fn/zone") => query(&[("name", "Asia/Seoul")]),
        ("post", "/fn/booking") => json(json!({ "key": key })),
        ("post", "/fn/erase") => {
            json(json!({ "token": key.get("Token").cloned().unwrap_or(format!("ysm_{NEVER_WAS}").into()) }))
        }
        ("post", "/fn/booking_month") => json(json!({ "key": key, "month": "2026-12", "timezone": "UTC" })),
        ("post", "/fn/cancel") => json(json!({ "key": key, "reason": "" })),
        ("post", "/fn/outside_hours") => json(json!({ "id": people.ada.id, "wall": "2026-12-03T22:00" })),
        ("post", "/fn/move_outside_hours") => json(json!({ "id": people.ada.id, "start": "2026-12-03T13:00:00Z" })),
        ("post", "/fn/reschedule") => json(json!({ "key": key, "start": start })),
        ("post", "/fn/bookings") => json(json!({ "filter": "upcoming", "query": "ada", "cursor": null })),
        ("post", "/fn/confirm" | "/fn/decline") => json(json!({ "id": people.pending.id, "reason": "" })),
        ("post", "/fn/connect_caldav") => {
            json(json!({"url": "http://127.0.0.1:9/", "username": "kim", "password": "a password"}))
        }
        ("post", "/fn/choose_calendars") => json(json!({ "blocking": [CALENDAR], "receiving": CALENDAR })),
        ("post", "/fn/sync_calendar" | "/fn/disconnect_calendar") => json(json!({ "id": CONNECTION })),
        ("post", "/fn/save_availability") => {
            json(json!({"hours": {"availability": every_day("UTC", "10:00", "11:00"), "version": null}, "times": [{
            "times": {"slug": "spare", "duration_minutes": 30, "start_interval_minutes": 30, "buffer_before_minutes": 0,
            "buffer_after_minutes": 0}, "before": null}]}))
        }
        ("post", "/fn/put_session_type") => json(json!({ "session_type": session_type("fresh") })),
        ("post", "/fn/delete_session_type") => json(json!({ "slug": "spare" })),
        ("post", "/fn/save_settings") => json(json!({"settings": {"name": "Kim", "handle": "kim-again", "email": "",
            "headline": "", "bio": "", "photo_url": "", "timezone": "UTC", "language": "en",
            "clock": "24h", "week_start": 1}})),
        ("post", "/fn/delete_account") => json(json!({ "confirmation": "kim-mentor" })),
        ("post", "/fn/create_api_key") => json(json!({ "name": "Another" })),
        ("post", "/fn/revoke_api_key") => json(json!({ "id": people.kim.api_key_id })),
        ("post", path) if path.starts_with("/fn/") => json(json!({})),
        ("post", "/signup") => form(&[
            ("handle", "cleo"),
            ("name", "Cleo"),
            ("email", "cleo@example.org"),
            ("timezone", "UTC"),
            ("password", "a long enough password"),
        ]),
        ("post", "/login") => {
            form(&[("email", "kim-mentor@example.com"), ("password", "not the password"), ("next", "/")])
        }
        ("post", "/forgot") => {
            form(&[("token", RESET_TOKEN), ("password", "a long enough password"), ("email", "kim-mentor@example.com")])
        }
        ("post", "/verify") => form(&[("token", VERIFY_TOKEN)]),
        ("get", "/enter") => query(&[("token", LOGIN_TOKEN)]),
        ("get", "/calendar/{provider}/callback") => query(&[("state", "x"), ("code", "y")]),
        ("post", "/language") => form(&[("language", "ko"), ("next", "/")]),
        ("post", "/b/{token}") => form(&[("action", "cancel"), ("reason", ""), ("start", start)]),
        ("post", "/{handle}" | "/{handle}/{session_type}") => form(&book),
        ("post", "/calendar/microsoft/notify") => json(json!({"value": [{"subscriptionId": "x", "clientState": "y"}]})),
        ("post", _) => form(&[]),
        _ => query(&[]),
    }
}

/// Names and values as they stand in a query or a form.
pub(super) fn encoded(pairs: &[(&'static str, String)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", percent_encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A request to a row with what is sent along.
pub(super) fn asked(method: &str, uri: &str, sent: &Sent) -> (http::request::Builder, String) {
    let verb = if method == "any" { "GET".to_owned() } else { method.to_uppercase() };
    let (query, kind, body) = match sent {
        Sent::Query(pairs) if pairs.is_empty() => (String::new(), "", String::new()),
        Sent::Query(pairs) => (format!("?{}", encoded(pairs)), "", String::new()),
        Sent::Form(pairs) => (String::new(), "application/x-www-form-urlencoded", encoded(pairs)),
        Sent::Json(value) => (String::new(), "application/json", value.to_string()),
    };
    let request =
        Request::builder().method(verb.as_str()).uri(format!("{uri}{query}")).header("host", "yaksok.example");
    (if kind.is_empty() { request } else { request.header("content-type", kind) }, body)
}

/// The path of a row, with names in it.
pub(super) fn named(path: &str, token: &str, people: &People) -> String {
    path.replace("{token}", token)
        .replace("{handle}", "kim-mentor")
        .replace("{session_type}", "session")
        .replace("{id}", &people.ada.id)
        .replace("{provider}", "google")
        .replace("{*name}", "nothing")
        .replace("{*rest}", "yaksok.js")
}

#[tokio::test]
async fn every_route_is_in_the_table() {
    let world = World::new().await;
    let listed: BTreeSet<(String, String)> =
        table().iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(table().len(), listed.len(), "a row stands there twice");
    assert!(table().iter().all(|(_, _, cells)| cells.len() == CALLERS.len()));

    // The API has a table of its own.
    let api: BTreeSet<&str> = paths().collect();
    let mut known: BTreeSet<_> =
        routes(&world.router).into_iter().filter(|(_, path)| !api.contains(path.as_str())).collect();
    let site = world.site.clone();
    let nobody = move || site.provide(&Visitor::nobody(), None);
    let (pages, _) = generate_route_list_with_exclusions_and_ssg_and_context(app::App, None, nobody);
    known.extend(pages.iter().map(|page| ("get".to_owned(), page.path().to_owned())));
    known.extend(
        leptos::server_fn::axum::server_fn_paths()
            .map(|(path, method)| (method.as_str().to_lowercase(), path.to_owned())),
    );
    assert_eq!(known, listed);
}

#[tokio::test]
async fn every_route_as_every_caller() {
    let mut world = World::new().await;
    let mut wrong = Vec::new();
    let (mut answered, mut told) = (Vec::new(), 0);
    let mut before = world.app.fingerprint().await;
    for (method, path, cells) in table() {
        let mut row = Vec::new();
        for (caller, expected) in CALLERS.into_iter().zip(cells) {
            if caller == "expired" {
                world.app.sql("UPDATE sessions SET expires_at = created_at").await;
                before = world.app.fingerprint().await;
            }
            let people = &world.people;
            let session = match caller {
                "other" => people.other.session.clone(),
                "owner" | "expired" | "cross" | "origin" => people.kim.session.clone(),
                "forged" => format!("yss_{NEVER_WAS}"),
                "key" => people.kim.api_key.clone(),
                _ => String::new(),
            };
            let never_was = format!("ysm_{NEVER_WAS}");
            let token = match caller {
                "token" | "cross" | "origin" => &people.ada.token,
                "stranger" => &people.bob.token,
                _ => &never_was,
            };
            let key = match caller {
                "token" | "stranger" => json!({ "Token": token }),
                _ => json!({ "Own": people.ada.id }),
            };
            let sent = arguments(method, path, &key, people);
            let (mut request, body) = asked(method, &named(path, token, people), &sent);
            if !session.is_empty() {
                request = request.header("cookie", format!("__Host-yaksok={session}"));
            }
            request = match caller {
                "cross" => request.header("sec-fetch-site", "cross-site").header("origin", "https://evil.example"),
                "origin" => request.header("origin", "https://evil.example"),
                _ => request,
            };
            let reply = world.send(request.body(body.into()).unwrap()).await;
            row.push(reply.status);
            if reply.status != expected {
                wrong.push(format!(
                    "{method} {path} as {caller}: {} instead of {expected}: {:.300}",
                    reply.status, reply.text
                ));
            }
            told += usize::from(reply.text.contains(ADAS_SECRET));
            assert!(
                !STRANGERS.contains(&caller) || !reply.text.contains(ADAS_SECRET),
                "{method} {path} tells {caller} what is Ada's"
            );
            assert_eq!(reply.headers["x-frame-options"], "DENY", "{method} {path}");
            let after = world.app.fingerprint().await;
            if after != before {
                // Reading changes nothing, and so does what is refused.
                assert!(
                    reply.status < 400 || (method, path) == ("post", "/login"),
                    "{method} {path} as {caller}: {}",
                    reply.status
                );
                assert!(method == "post" || path == "/enter", "{method} {path} as {caller} changes something");
            }
            if caller == "expired" {
                world.app.sql("UPDATE sessions SET expires_at = created_at + interval '30 days'").await;
            }
            if after != before || caller == "expired" {
                if after != before {
                    world.begin_again().await;
                }
                before = world.app.fingerprint().await;
            }
        }
        answered.push(format!(
            "{:<44}{}",
            format!("{method:<5}{path}"),
            row.iter().map(|s| format!("{s:<8}")).collect::<String>()
        ));
    }
    assert!(told >= 6, "Ada's words were shown {told} times: it must be found where it may be");
    assert!(wrong.is_empty(), "{}\n\n{}", wrong.join("\n"), answered.join("\n"));
}
