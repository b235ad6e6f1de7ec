//! The machine's clock is set two hours ahead and back again while the server runs: by libfaketime, which answers the server
//! and PostgreSQL in the system's stead.
#![cfg(target_os = "linux")]

use crate::common::*;
use crate::post::{Post, Treatment};
use crate::world::*;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

/// A clock that can be set, for whoever begins with its variables.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // PostgreSQL may run as another user.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let machine = Self(directory);
        machine.set("+0");
        machine
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("clock")
    }

    /// Away from the true time, in seconds.
    fn set(&self, offset: &str) {
        let fresh = self.0.path().join("fresh");
        fs::write(&fresh, offset).unwrap();
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o644)).unwrap();
        fs::rename(fresh, self.file()).unwrap();
    }

    fn place(&self) -> Place {
        let library = fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path());
        let mut library = library.map(|path| path.join("faketime/libfaketimeMT.so.1")).filter(|path| path.exists());
        let library = library.next().expect("libfaketime, which scripts/setup.sh test installs");
        Place::new()
            .without_limits()
            .with("LD_PRELOAD", library.to_str().unwrap())
            .with("FAKETIME_TIMESTAMP_FILE", self.file().to_str().unwrap())
            .with("FAKETIME_NO_CACHE", "1")
            // Who sets a clock does not set what counts since the start.
            .with("DONT_FAKE_MONOTONIC", "1")
    }
}

/// The first start that is offered in the next two days.
fn first_start(server: &Server, now: DateTime<Utc>) -> DateTime<Utc> {
    let (from, to) = (now.format("%Y-%m-%d"), (now + TimeDelta::days(1)).format("%Y-%m-%d"));
    let path = format!("/api/v1/mentors/ann/slots?session_type=talk&from={from}&to={to}&timezone=UTC");
    let slots = server.get(&path, "").json();
    let days = slots["days"].as_array().unwrap();
    let first = days.iter().find_map(|day| day["slots"].as_array().unwrap().first()).unwrap();
    DateTime::parse_from_rfc3339(first["start"].as_str().unwrap()).unwrap().to_utc()
}

#[test]
fn a_clock_set_two_hours_ahead_and_back_again_breaks_no_rule_and_delays_nothing() {
    let machine = Machine::new();
    let post = Post::start(|recipient, before| match (recipient, before) {
        ("later@guests.example", 0) => Treatment::Refuse("451 later, please"),
        _ => Treatment::Take,
    });
    let place = machine.place().with("BASE_URL", "http://yaksok.example").with("SMTP_URL", post.url.clone());
    let server = place.serve();
    let ann = Mentor::new(&server, "ann");
    ann.offer(&server, "talk", 30, 30);
    let link = server.send("POST", "/api/v1/mentors/ann/login-links", PLATFORM_KEY, "{}").json();
    let link = link["url"].as_str().unwrap().strip_prefix("http://yaksok.example").unwrap().to_owned();
    let session = format!("yaksok={}", server.get(&link, "").cookie());
    let dashboard = || ask(server.port, "GET", "/dashboard", &[("Cookie", &session)], "").unwrap().status;
    let (now, start) = (true_time(), tomorrow(&server) + TimeDelta::hours(3));
    let book = |body: &str| server.send("POST", "/api/v1/bookings", "", body).status;
    let held = json!({"mentor": "ann", "session_type": "talk", "start": instant(start)}).to_string();
    let held = server.send("POST", "/api/v1/holds", "", &held);
    assert_eq!(held.status, 201, "{}", held.body);

    machine.set("+7200");
    let header = |server: &Server| {
        let head = server.get("/healthz", "").head;
        let date = head.lines().find_map(|line| line.strip_prefix("date: ")).unwrap().to_owned();
        DateTime::parse_from_rfc2822(&date).unwrap().to_utc()
    };
    // The answer's head tells what the machine's clock says.
    assert!(waited(|| header(&server) > now + TimeDelta::minutes(100)), "the clock was not set: {}", header(&server));
    assert_eq!(dashboard(), 200, "the session goes on");
    let first = first_start(&server, now);
    assert!(first < now + TimeDelta::minutes(65), "the next hours are offered: {first}, and it is {now}");
    assert_eq!(book(&wish("ann", "talk", start, "another")), 409, "the time is held still");
    assert_eq!(book(&wish("ann", "talk", start + TimeDelta::hours(1), "later")), 201);
    assert!(waited(|| post.attempts("later@guests.example") > 0), "{}", place.log());

    machine.set("+0");
    // What was put off while the clock was wrong comes when it should.
    let got = |to: &str| post.letters().iter().filter(|letter| letter.to == to).count();
    assert!(waited(|| got("later@guests.example") == 1), "{}", place.log());
    assert_eq!(dashboard(), 200);
    let mut spent: serde_json::Value = serde_json::from_str(&wish("ann", "talk", start, "holder")).unwrap();
    spent["hold"] = held.json()["id"].clone();
    assert_eq!(book(&spent.to_string()), 201, "the hold is good");
    assert!(waited(|| got("holder@guests.example") == 1 && got("ann@mentors.example") == 2), "{}", place.log());

    let (url, _) = store::embedded::running(place.data.path()).unwrap().unwrap();
    assert_eq!(number(&url, OVERLAPS), 0);
    assert_eq!(number(&url, "SELECT count(*) FROM bookings WHERE lower(during) <= created_at"), 0);
    let ahead = "SELECT count(*) FROM booking_events WHERE created_at > now() + interval '1 minute'";
    assert_eq!(number(&url, ahead), 0, "nothing happened in the future");
    assert!(waited(|| number(&url, "SELECT count(*) FROM jobs") == 0), "{}", place.log());
    assert_eq!(post.letters().len(), 4, "each once");
    assert!(!place.log().contains("panicked"), "{}", place.log());
}

#[expect(clippy::disallowed_methods, reason = "the test's own clock is right")]
fn true_time() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}
