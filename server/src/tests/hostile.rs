//! What no page sends: every argument of every server function, form and query, replaced by what it cannot be.

use super::rights::{Sent, arguments, asked, named, table};
use super::*;
use crate::api::tests::input::{pointers, strange};
use app::AppError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::Duration;

/// What is asked by Kim, who is logged in and holds Ada's link.
struct Kim<'a> {
    world: &'a World,
    method: &'static str,
    path: &'static str,
}

impl Kim<'_> {
    /// Told to come again, Kim does: on a machine that is busy enough, nobody is served in time.
    async fn sends(&self, sent: &Sent) -> Reply {
        let mut patience = 20;
        loop {
            let (request, body) = self.request(sent);
            let reply = self.world.send(request.body(body.into()).unwrap()).await;
            if reply.status != 503 || !reply.headers.contains_key("retry-after") || patience == 0 {
                return reply;
            }
            patience -= 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    fn request(&self, sent: &Sent) -> (http::request::Builder, String) {
        let people = &self.world.people;
        let (request, body) = asked(self.method, &named(self.path, &people.ada.token, people), sent);
        (request.header("cookie", format!("__Host-yaksok={}", people.kim.session)), body)
    }

    /// Refused or done, but never a failure of ours; refused by a server function, with a sentence.
    fn check(&self, reply: &Reply, what: &str) {
        let Self { method, path, .. } = self;
        assert!(reply.status < 500 && reply.status != 403, "{method} {path} {what}: {} {}", reply.status, reply.text);
        if path.starts_with("/fn/") && reply.status >= 400 && reply.status != 413 {
            let error: AppError = serde_json::from_str(&reply.text)
                .unwrap_or_else(|error| panic!("{method} {path} {what}: {error}: {} {}", reply.status, reply.text));
            if let AppError::Invalid(errors) = error {
                assert!(!errors.is_empty() && errors.iter().all(|error| error.message.ends_with('.')), "{errors:?}");
            }
        }
    }

    /// All of them; what is refused changes nothing.
    async fn sends_all(&self, wishes: Vec<(String, Sent)>) -> usize {
        let before = self.world.app.fingerprint().await;
        let (tried, mut refused) = (wishes.len(), Vec::new());
        for (what, sent) in wishes {
            let reply = self.sends(&sent).await;
            self.check(&reply, &what);
            if reply.status >= 400 {
                refused.push((what, sent));
            }
        }
        // Some were done: those that were refused once more, by themselves.
        let again = refused.len() < tried && (self.method == "post" || self.path == "/enter");
        let before = if again { self.world.app.fingerprint().await } else { before };
        for (what, sent) in refused.iter().filter(|_| again) {
            assert!(self.sends(sent).await.status >= 400, "{} {what}", self.path);
        }
        assert_eq!(self.world.app.fingerprint().await, before, "{} {}: refused, and yet done", self.method, self.path);
        tried
    }
}

/// Every variant of what is sent: one member replaced, or left out.
fn variants(sent: &Sent) -> Vec<Vec<(String, Sent)>> {
    let of_pairs = |pairs: &[(&'static str, String)], wrap: fn(Vec<(&'static str, String)>) -> Sent| {
        let texts = strange().into_iter().filter_map(|value| value.as_str().map(str::to_owned));
        let texts: Vec<String> = texts.chain(["-1".into(), "99999999999999999999".into(), "[]".into()]).collect();
        let of = |at: usize| {
            let with = |text: &String| {
                let mut pairs = pairs.to_vec();
                pairs[at].1.clone_from(text);
                (format!("{} = {text:.40}", pairs[at].0), wrap(pairs))
            };
            let mut without = pairs.to_vec();
            let (name, _) = without.remove(at);
            let twice = [pairs, &pairs[at..=at]].concat();
            let others = [(format!("without {name}"), wrap(without)), (format!("{name} twice"), wrap(twice))];
            texts.iter().map(with).chain(others).collect()
        };
        (0..pairs.len()).map(of).collect::<Vec<Vec<_>>>()
    };
    match sent {
        Sent::Query(pairs) => of_pairs(pairs, Sent::Query),
        Sent::Form(pairs) => of_pairs(pairs, Sent::Form),
        Sent::Json(whole) => pointers(whole, "").into_iter().map(|pointer| of_member(whole, &pointer)).collect(),
    }
}

fn of_member(whole: &Value, pointer: &str) -> Vec<(String, Sent)> {
    let with = |value: Value| {
        let mut body = whole.clone();
        let what = format!("{pointer} = {value:.40}");
        *body.pointer_mut(pointer).unwrap() = value;
        (what, Sent::Json(body))
    };
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let mut without = whole.clone();
    let removed = without.pointer_mut(parent).and_then(Value::as_object_mut).and_then(|members| members.remove(name));
    let without = removed.map(|_| (format!("without {pointer}"), Sent::Json(without)));
    strange().into_iter().map(with).chain(without).collect()
}

/// Tries the rows of the table that `of` takes, and answers how many requests that were.
async fn every_argument_is_checked(of: impl Fn(&str) -> bool) -> usize {
    let mut world = World::new().await;
    let mut tried = 0;
    for (method, path, _) in table().into_iter().filter(|(method, path, _)| *method != "any" && of(path)) {
        let sent = arguments(method, path, &json!({ "Own": world.people.ada.id }), &world.people);
        for wishes in variants(&sent) {
            let before = world.app.fingerprint().await;
            tried += Kim { world: &world, method, path }.sends_all(wishes).await;
            if world.app.fingerprint().await != before {
                world.begin_again().await;
            }
        }
    }
    tried
}

#[tokio::test]
async fn every_argument_of_every_function_is_checked() {
    let tried = every_argument_is_checked(|path| path.starts_with("/fn/")).await;
    assert!(tried > 2000, "{tried}");
}

#[tokio::test]
async fn every_field_of_every_form_is_checked() {
    let tried = every_argument_is_checked(|path| !path.starts_with("/fn/")).await;
    assert!(tried > 1000, "{tried}");
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused_with_a_sentence() {
    let world = World::new().await;
    let deep = "[".repeat(60_000);
    let nested = format!("{{\"form\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let bodies: [&[u8]; 16] = [
        b"",
        b"{",
        b"nonsense",
        b"{}{}",
        b"null",
        b"[]",
        b"7",
        b"\"text\"",
        b"{\"form\":\"\xff\"}",
        b"\xef\xbb\xbf{}",
        b"{\"reason\":\"\\ud800\"}",
        b"\0",
        b"{\"x\":1e999}",
        b"{\"id\":\"x\",\"id\":\"x\"}",
        deep.as_bytes(),
        nested.as_bytes(),
    ];
    let before = world.app.fingerprint().await;
    let mut functions = 0;
    for (method, path, _) in
        table().into_iter().filter(|(method, path, _)| *method == "post" && path.starts_with("/fn/"))
    {
        let kim = Kim { world: &world, method, path };
        let sent = arguments(method, path, &json!({ "Own": world.people.ada.id }), &world.people);
        // Where nothing is asked for, nothing can be wrong with it; but it must be text, and JSON.
        let takes_nothing = matches!(&sent, Sent::Json(body) if body.as_object().is_some_and(|body| body.is_empty()));
        for body in bodies {
            let (request, _) = kim.request(&sent);
            let reply = world.send(request.body(body.to_vec().into()).unwrap()).await;
            let what = String::from_utf8_lossy(&body[..body.len().min(30)]).into_owned();
            kim.check(&reply, &what);
            assert!(reply.status >= 400 || takes_nothing, "{path} {what}: {}", reply.status);
        }
        let (request, _) = kim.request(&sent);
        let reply = world.send(request.body(vec![b' '; 10_000_000].into()).unwrap()).await;
        assert_eq!(reply.status, if path == "/fn/{*name}" { 404 } else { 413 }, "{path}");
        functions += 1;
    }
    assert!(functions > 25, "{functions}");
    assert_eq!(world.app.fingerprint().await, before);
}

/// What is wrong only as a whole: ends before beginnings, one date twice, too much of something.
#[tokio::test]
async fn hours_that_contradict_themselves_are_refused() {
    let world = World::new().await;
    let before = world.app.fingerprint().await;
    let week = |start: &str, end: &str| json!([{ "day_of_week": 1, "start_time": start, "end_time": end }]);
    let day = json!({ "date": "2026-12-01", "windows": [] });
    for (weekly, overrides, blocked) in [
        (week("10:00", "09:00"), json!([]), json!([])),
        (week("10:00", "10:00"), json!([]), json!([])),
        (week("10:00", "25:00"), json!([]), json!([])),
        (week("24:00", "24:00"), json!([]), json!([])),
        (json!([]), json!([day, day]), json!([])),
        (json!([]), json!([{ "date": "2026-02-30", "windows": [] }]), json!([])),
        (json!([]), json!([]), json!([{ "starts_on": "2026-12-02", "ends_on": "2026-12-01", "note": null }])),
        (
            json!([]),
            json!([]),
            json!(vec![json!({ "starts_on": "2026-12-01", "ends_on": "2026-12-01", "note": null }); 2000]),
        ),
    ] {
        let hours = json!({ "timezone": "UTC", "weekly": weekly, "overrides": overrides, "blocked": blocked });
        let kim = Kim { world: &world, method: "post", path: "/fn/save_availability" };
        let reply =
            kim.sends(&Sent::Json(json!({ "hours": { "availability": hours, "version": null }, "times": [] }))).await;
        kim.check(&reply, &hours.to_string());
        assert!(matches!(reply.status, 413 | 422), "{hours:.200}: {} {}", reply.status, reply.text);
        let request = Request::put("/api/v1/availability").header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {}", world.people.kim.api_key));
        let reply = world.send(request.body(hours.to_string().into()).unwrap()).await;
        assert!(matches!(reply.status, 413 | 422), "{hours:.200}: {} {}", reply.status, reply.text);
    }
    assert_eq!(world.app.fingerprint().await, before);
}

#[tokio::test]
async fn a_cursor_that_was_made_up_is_refused() {
    let world = World::new().await;
    for micros in [i64::MIN, -8_000_000_000_000_000_000, -210_866_803_200_000_001, 8_000_000_000_000_000_000, i64::MAX]
    {
        let cursor = URL_SAFE_NO_PAD.encode(format!("{micros}:{}", uuid::Uuid::nil()));
        let request = Request::get(format!("/api/v1/bookings?cursor={cursor}"));
        let request = request.header("authorization", format!("Bearer {}", world.people.kim.api_key));
        let reply = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, 422, "{micros}: {}", reply.text);
    }
}

#[tokio::test]
async fn nobody_sees_of_the_dashboard_without_logging_in() {
    let world = World::new().await;
    for path in ["/dashboard", "/dashboard/settings?x=1"] {
        for method in ["GET", "HEAD"] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            let reply = world.send(request).await;
            let to = reply.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
            assert_eq!((reply.status, to.split('=').next()), (303, Some("/login?next")), "{method} {path}");
        }
    }
}
