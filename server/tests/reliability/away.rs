//! The database is away for a while: whoever asks hears it soon, nothing is half done, and all is well when it is back.

use crate::common::*;
use crate::world::*;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// As long as anybody may wait for an answer, on a machine that does other things too.
const LONGEST: Duration = Duration::from_secs(13);

/// Everything that may be asked: method, path, headers, body.
type Question = (&'static str, String, Vec<(&'static str, String)>, String);

struct Scene {
    server: Server,
    token: String,
    id: String,
    session: String,
    slots: String,
    start: DateTime<Utc>,
}

impl Scene {
    fn questions(&self, n: i64) -> Vec<Question> {
        let bearer = || vec![("Authorization", format!("Bearer {}", self.token))];
        let cookie = || vec![("Cookie", format!("yaksok={}", self.session))];
        let form = || vec![("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        let start = self.start + TimeDelta::hours(n);
        let book = wish("ann", "talk", start, &format!("away-{n}"));
        let booking = format!("/api/v1/bookings/{}", self.id);
        vec![
            ("GET", "/api/v1/mentors".into(), vec![], String::new()),
            ("GET", self.slots.clone(), vec![], String::new()),
            ("GET", booking.clone(), bearer(), String::new()),
            ("POST", "/api/v1/bookings".into(), vec![("Idempotency-Key", format!("away-{n}"))], book),
            ("POST", format!("{booking}/cancel"), bearer(), "{}".into()),
            ("GET", "/".into(), vec![], String::new()),
            ("GET", "/ann".into(), vec![], String::new()),
            ("GET", "/ann/talk".into(), vec![], String::new()),
            ("GET", format!("/b/{}", self.token), vec![], String::new()),
            ("GET", "/dashboard".into(), cookie(), String::new()),
            (
                "POST",
                "/fn/bookings".into(),
                cookie(),
                json!({"filter": "upcoming", "query": null, "cursor": null}).to_string(),
            ),
            ("GET", "/fn/mentors".into(), vec![], String::new()),
            ("POST", "/login".into(), form(), "email=ann%40mentors.example&password=wrong+password".into()),
        ]
    }

    /// All at once. Each hears 503, soon: once the second is over in which what was just read may be given again.
    fn all_hear_it(&self, n: i64) -> Duration {
        thread::sleep(Duration::from_secs(1));
        thread::scope(|scope| {
            let asked: Vec<_> = self
                .questions(n)
                .into_iter()
                .map(|(method, path, headers, body)| {
                    scope.spawn(move || {
                        let begin = Instant::now();
                        let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
                        let reply = ask(self.server.port, method, &path, &headers, &body).unwrap();
                        let waited = begin.elapsed();
                        assert_eq!(reply.status, 503, "{method} {path} after {waited:.1?}: {}", reply.body);
                        assert!(reply.head.contains("retry-after"), "{method} {path}: {}", reply.head);
                        if path.starts_with("/api/") {
                            assert_eq!(reply.json()["code"], "unavailable");
                        }
                        assert!(waited < LONGEST, "{method} {path} took {waited:.1?}");
                        waited
                    })
                })
                .collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).max().unwrap()
        })
    }

    /// Meanwhile the server is alive, and says what it misses.
    fn says_so(&self) {
        let begin = Instant::now();
        assert_eq!(self.server.get("/healthz", "").status, 200);
        assert!(begin.elapsed() < Duration::from_secs(2));
        let ready = self.server.get("/readyz", "");
        assert_eq!(ready.status, 503);
        assert_ne!(ready.json()["database"], "ok");
        assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    }
}

#[test]
fn a_database_that_is_away_is_said_so_soon_and_comes_back_by_itself() {
    let mut cluster = OwnCluster::start();
    let place = on_urls(&cluster.owner_url(), &cluster.application_url()).with("RUST_LOG", "error");
    let server = place.serve();
    let ann = Mentor::new(&server, "ann");
    ann.offer(&server, "talk", 30, 30);
    let start = tomorrow(&server) + TimeDelta::hours(1);
    let made = server.send("POST", "/api/v1/bookings", "", &wish("ann", "talk", start, "first")).json();
    let link = server.send("POST", "/api/v1/mentors/ann/login-links", PLATFORM_KEY, "{}").json();
    let link = link["url"].as_str().unwrap().strip_prefix("http://yaksok.example").unwrap().to_owned();
    let session = server.get(&link, "").cookie();
    let day = start.format("%Y-%m-%d");
    let scene = Scene {
        token: made["manage_token"].as_str().unwrap().to_owned(),
        id: made["id"].as_str().unwrap().to_owned(),
        session,
        slots: format!("/api/v1/mentors/ann/slots?session_type=talk&from={day}&to={day}"),
        start,
        server,
    };
    assert_eq!(
        ask(scene.server.port, "GET", "/dashboard", &[("Cookie", &format!("yaksok={}", scene.session))], "")
            .unwrap()
            .status,
        200
    );

    // Frozen in the middle of bookings: connections stay, and nothing comes over them any more.
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for client in 0..4 {
            let (scene, over, answered) = (&scene, &over, &answered);
            scope.spawn(move || {
                for n in 0.. {
                    let number = 100 + client * 200 + n;
                    let asked = wish("ann", "talk", scene.start + TimeDelta::hours(number), &format!("guest-{number}"));
                    let key = format!("key-{number}");
                    let wanted = Instant::now();
                    loop {
                        let begin = Instant::now();
                        assert!(wanted.elapsed() < Duration::from_secs(150), "no booking for so long");
                        let reply =
                            ask(scene.server.port, "POST", "/api/v1/bookings", &[("Idempotency-Key", &key)], &asked);
                        let reply = reply.unwrap();
                        assert!(begin.elapsed() < LONGEST, "{:?}", begin.elapsed());
                        assert!([201, 503].contains(&reply.status), "{} {}", reply.status, reply.body);
                        if reply.status == 201 {
                            answered.fetch_add(1, Ordering::Relaxed);
                            break;
                        }
                        thread::sleep(Duration::from_millis(100));
                    }
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        thread::sleep(Duration::from_secs(1));
        cluster.signal("-STOP");
        scene.says_so();
        let slowest = scene.all_hear_it(1);
        thread::sleep(Duration::from_secs(amount(0, 60)));
        scene.says_so();
        cluster.signal("-CONT");
        let begin = Instant::now();
        assert!(waited(|| scene.server.is_ready()), "{}", place.log());
        measured(&format!(
            "a frozen database: 503 after {slowest:.1?} at most, ready again after {:.1?}",
            begin.elapsed()
        ));
        over.store(true, Ordering::Relaxed);
    });
    let all_is_well = |bookings: usize, n: i64| {
        let owner = cluster.owner_url();
        assert_eq!(number(&owner, "SELECT count(*) FROM bookings") as usize, bookings, "nothing is half done");
        assert_eq!(number(&owner, "SELECT count(*) FROM booking_events") as usize, bookings);
        for (method, path, headers, body) in scene.questions(n) {
            let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            if !path.ends_with("/cancel") {
                let status = ask(scene.server.port, method, &path, &headers, &body).unwrap().status;
                assert!(status < 500, "{method} {path}: {status}");
            }
        }
    };
    // What was asked while it was frozen may have been done, once: the cancellation was not answered, so it may be, too.
    let owner = cluster.owner_url();
    execute(&owner, "DELETE FROM booking_events WHERE kind = 'cancelled'");
    let asked = number(&owner, "SELECT count(*) FROM bookings WHERE booker_email = 'away-1@guests.example'") as usize;
    assert!(asked <= 1);
    let before = answered.load(Ordering::Relaxed) + 1 + asked;
    all_is_well(before, 1);
    let before = answered.load(Ordering::Relaxed) + 2;

    // Gone altogether: nobody listens.
    cluster.stop();
    scene.says_so();
    let slowest = scene.all_hear_it(2);
    thread::sleep(Duration::from_secs(amount(0, 60)));
    cluster.start_again();
    let begin = Instant::now();
    assert!(waited(|| scene.server.is_ready()), "{}", place.log());
    measured(&format!(
        "a stopped database: 503 after {slowest:.1?} at most, ready again after {:.1?}",
        begin.elapsed()
    ));
    let owner = cluster.owner_url();
    assert_eq!(number(&owner, "SELECT count(*) FROM bookings") as usize, before);
    let again = &scene.questions(2)[3];
    assert_eq!(
        ask(scene.server.port, again.0, &again.1, &[("Idempotency-Key", "away-2")], &again.3).unwrap().status,
        201
    );

    // Told to stop while nothing answers it, it does not wait for ever.
    cluster.signal("-STOP");
    let mut server = scene.server;
    let begin = Instant::now();
    server.signal("-TERM");
    assert!(waited(|| server.child.try_wait().unwrap().is_some()), "it does not stop");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    measured(&format!("stopped beside a frozen database after {:.1?}", begin.elapsed()));
    cluster.signal("-CONT");
}

#[test]
fn told_to_stop_beside_its_own_frozen_database_it_ends_and_the_database_follows() {
    let place = Place::new().without_limits();
    let mut server = place.serve();
    let ann = Mentor::new(&server, "ann");
    ann.offer(&server, "talk", 30, 30);
    let postgres = place.postgres().unwrap();
    let backends = children(&postgres);
    signal_database("-STOP", &postgres);
    // Somebody waits for an answer meanwhile.
    let port = server.port;
    let asked = thread::spawn(move || ask(port, "GET", "/api/v1/mentors", &[], ""));
    thread::sleep(Duration::from_millis(300));
    let begin = Instant::now();
    server.signal("-TERM");
    assert!(waited(|| server.child.try_wait().unwrap().is_some()), "it does not stop");
    let after = begin.elapsed();
    assert!(after < Duration::from_secs(12), "{after:?}");
    measured(&format!("stopped beside its own frozen database after {after:.1?}"));
    assert!(asked.join().unwrap().map_or(true, |reply| reply.status == 503), "no answer, or an honest one");
    signal_database("-CONT", &postgres);
    assert!(waited(|| !runs(&postgres)), "PostgreSQL is left behind");
    assert!(backends.iter().all(|process| !runs(process)), "its processes are left behind");

    // And the next one finds everything.
    let server = place.serve();
    assert_eq!(server.get("/api/v1/mentors/ann", "").status, 200);
}
