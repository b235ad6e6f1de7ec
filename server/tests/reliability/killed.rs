//! The server and its database are killed at random moments, under a load of bookings. What was answered stays true.

use crate::common::*;
use crate::post::{Post, Treatment};
use crate::world::*;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 4;
/// Longer than any recovery may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A booking, as its client knows it.
struct Known {
    key: String,
    asked: String,
    /// The first answer, to the letter.
    answer: String,
    id: String,
    token: String,
    status: &'static str,
    start: DateTime<Utc>,
    sequence: i64,
}

/// The clients, and what was answered to them.
struct Load {
    port: AtomicU16,
    over: AtomicBool,
    next: AtomicUsize,
    first_day: DateTime<Utc>,
    known: Mutex<Vec<Known>>,
    answers: Mutex<BTreeMap<String, usize>>,
    slowest: Mutex<Duration>,
}

impl Load {
    /// Asks, as often as it takes to get an answer that is not the server's own trouble.
    fn insist(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let begin = Instant::now();
        loop {
            let asked = Instant::now();
            let reply = ask(self.port.load(Ordering::Relaxed), method, path, headers, body);
            let what = reply.as_ref().map_or("none".to_owned(), |reply| reply.status.to_string());
            *self.answers.lock().unwrap().entry(what).or_default() += 1;
            let mut slowest = self.slowest.lock().unwrap();
            *slowest = asked.elapsed().max(*slowest);
            drop(slowest);
            match reply {
                Ok(reply) if reply.status < 500 => return reply,
                _ => assert!(begin.elapsed() < PATIENCE, "{method} {path} has no answer"),
            }
            thread::sleep(Duration::from_millis(30));
        }
    }

    fn as_mentee(&self, token: &str, method: &str, path: &str, body: &str) -> Reply {
        self.insist(method, path, &[("Authorization", &format!("Bearer {token}"))], body)
    }

    /// The next hour that nobody wants.
    fn hour(&self) -> (usize, DateTime<Utc>) {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        (n, self.first_day + TimeDelta::hours(n as i64 / 2))
    }

    /// Books, and perhaps moves and cancels, until it is over.
    fn client(&self) {
        let mut dice = Dice::new();
        while !self.over.load(Ordering::Relaxed) {
            let (n, start) = self.hour();
            let asked = wish(["ann", "ben"][n % 2], "talk", start, &format!("guest-{n}"));
            let key = format!("key-{n}");
            let made = self.insist("POST", "/api/v1/bookings", &[("Idempotency-Key", &key)], &asked);
            assert_eq!(made.status, 201, "{}", made.body);
            let made_json = made.json();
            let text = |name: &str| made_json[name].as_str().unwrap().to_owned();
            let (id, token) = (text("id"), text("manage_token"));
            let mut known = Known { key, asked, answer: made.body, id, token, status: "confirmed", start, sequence: 0 };
            let path = format!("/api/v1/bookings/{}", known.id);
            if dice.below(3) == 0 {
                let (m, to) = self.hour();
                // The other mentor's hours are other hours.
                if m % 2 == n % 2 {
                    let body = json!({"start": instant(to)}).to_string();
                    let moved = self.as_mentee(&known.token, "POST", &format!("{path}/reschedule"), &body);
                    assert_eq!(moved.status, 200, "{}", moved.body);
                    (known.start, known.sequence) = (to, known.sequence + 1);
                }
            }
            if dice.below(3) == 0 {
                let cancelled = self.as_mentee(&known.token, "POST", &format!("{path}/cancel"), "{}");
                // One that was cancelled by a request that had no answer is cancelled.
                let fine = cancelled.status == 200
                    || (cancelled.status == 409 && cancelled.json()["code"] == "already_cancelled");
                assert!(fine, "{} {}", cancelled.status, cancelled.body);
                (known.status, known.sequence) = ("cancelled", known.sequence + 1);
            }
            self.known.lock().unwrap().push(known);
        }
    }

    fn check(&self, known: &Known) {
        let found = self.as_mentee(&known.token, "GET", &format!("/api/v1/bookings/{}", known.id), "");
        assert_eq!(found.status, 200, "a booking was lost: {}", found.body);
        let found = found.json();
        let state = (&found["status"], &found["start"], &found["sequence"]);
        assert_eq!(state, (&json!(known.status), &json!(instant(known.start)), &json!(known.sequence)), "{found}");
    }

    fn check_last(&self, count: usize) {
        let known = self.known.lock().unwrap();
        for known in known.iter().rev().take(count) {
            self.check(known);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Server,
    /// The server, and the next one while it starts.
    Starting,
    /// The database's first process.
    Postmaster,
    /// One of its connections, which makes it recover from a crash.
    Backend,
}

/// How long each of some recoveries took.
#[derive(Default)]
struct Recoveries(Vec<Duration>);

impl fmt::Display for Recoveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort();
        let (median, most) = (sorted[sorted.len() / 2], sorted[sorted.len() - 1]);
        write!(f, "{} times, back after {:.1?} (median), {:.1?} (most)", sorted.len(), median, most)
    }
}

#[test]
fn killed_anywhere_it_comes_back_with_all_that_it_answered() {
    let kills = amount(8, 100);
    let post = Post::start(|_, _| Treatment::Take);
    let place =
        Place::new().without_limits().with("BASE_URL", "http://yaksok.example").with("SMTP_URL", post.url.clone());
    let mut server = place.serve();
    for handle in ["ann", "ben"] {
        Mentor::new(&server, handle).offer(&server, "talk", 60, 60);
    }
    let load = Load {
        port: AtomicU16::new(server.port),
        over: AtomicBool::new(false),
        next: AtomicUsize::new(0),
        first_day: tomorrow(&server),
        known: Mutex::default(),
        answers: Mutex::default(),
        slowest: Mutex::default(),
    };
    let mut dice = Dice::new();
    let mut recoveries: BTreeMap<Victim, Recoveries> = BTreeMap::new();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| load.client())).collect();
        for kill in 0..kills {
            thread::sleep(Duration::from_millis(100 + dice.below(1200)));
            let victims = [Victim::Server, Victim::Postmaster, Victim::Backend, Victim::Starting];
            let victim = victims[kill % victims.len()];
            let postgres = place.postgres().unwrap();
            let begin = Instant::now();
            match victim {
                Victim::Server | Victim::Starting => {
                    server.kill();
                    if victim == Victim::Starting {
                        let mut next = place.begin();
                        thread::sleep(Duration::from_millis(dice.below(800)));
                        next.kill();
                    }
                    server = place.serve();
                    load.port.store(server.port, Ordering::Relaxed);
                }
                Victim::Postmaster => {
                    send_signal("-KILL", &postgres);
                    let again = || place.postgres().is_some_and(|now| now != postgres) && server.is_ready();
                    assert!(waited(again), "the database did not come back: {}", place.log());
                }
                Victim::Backend => {
                    let backends = children(&postgres);
                    let backend = &backends[dice.below(backends.len() as u64) as usize];
                    // It may have ended by itself.
                    let _ = std::process::Command::new("kill").args(["-KILL", backend]).output();
                    thread::sleep(Duration::from_millis(20));
                    assert!(waited(|| server.is_ready()), "the database did not come back: {}", place.log());
                }
            }
            recoveries.entry(victim).or_default().0.push(begin.elapsed());
            load.check_last(3);
            assert!(!clients.iter().any(|client| client.is_finished()), "a client was told something wrong");
        }
        load.over.store(true, Ordering::Relaxed);
    });

    let known = std::mem::take(&mut *load.known.lock().unwrap());
    for known in &known {
        load.check(known);
        let again = load.insist("POST", "/api/v1/bookings", &[("Idempotency-Key", &known.key)], &known.asked);
        assert_eq!((again.status, &again.body), (201, &known.answer), "the first answer, to the letter");
    }

    let (url, _) = store::embedded::running(place.data.path()).unwrap().unwrap();
    assert_eq!(number(&url, "SELECT count(*) FROM bookings") as usize, known.len(), "none is doubled");
    assert_eq!(number(&url, OVERLAPS), 0);
    let changes: i64 = known.iter().map(|known| known.sequence + 1).sum();
    assert_eq!(number(&url, "SELECT count(*) FROM booking_events"), changes, "no change happened twice");

    // A job that was begun by a server that is dead is taken up when its lease is over, after four minutes.
    if amount(true, false) {
        execute(&url, "UPDATE jobs SET locked_until = NULL, run_at = created_at");
    }
    let left = || number(&url, "SELECT count(*) FROM jobs WHERE kind <> 'expire'");
    assert!(waited_for(Duration::from_secs(300), || left() == 0), "{} jobs are left: {}", left(), place.log());
    // The first message about a booking is named after the booking, each later one after its event.
    let wanted = "SELECT CASE WHEN kind IN ('booked', 'requested') THEN booking_id ELSE id END || '.' || side
        FROM booking_events, unnest(ARRAY['mentee', 'mentor']) AS side";
    let wanted: BTreeSet<String> = column(&url, wanted).into_iter().collect();
    let letters = post.letters();
    let sent: BTreeSet<String> = letters.iter().map(|letter| letter.id().to_owned()).collect();
    assert_eq!(sent, wanted, "both sides are told of everything");
    for letter in &letters {
        assert!(letter.text.contains("text/calendar") && letter.text.contains("invite.ics"), "{}", letter.text);
        let side = if letter.to.ends_with("@mentors.example") { ".mentor" } else { ".mentee" };
        assert!(letter.id().ends_with(side), "{} got {}", letter.to, letter.id());
    }
    assert_eq!(number(&url, "SELECT count(*) FROM jobs WHERE dead_at IS NOT NULL"), 0);

    for (victim, recoveries) in &recoveries {
        measured(&format!("killed {victim:?} {recoveries}"));
    }
    measured(&format!(
        "{} bookings with {changes} changes, {} letters of which {} were repeats, answers {:?}, the slowest after {:.1?}",
        known.len(),
        letters.len(),
        letters.len() - sent.len(),
        load.answers.lock().unwrap(),
        load.slowest.lock().unwrap(),
    ));
}
