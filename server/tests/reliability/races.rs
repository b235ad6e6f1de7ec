//! Two servers, one database, a thousand who want the same: one gets it, and everybody else hears so.

use crate::cluster::Database;
use crate::common::*;
use crate::world::*;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

struct Pair {
    servers: [Server; 2],
    nine: DateTime<Utc>,
    database: Database,
    _places: [Place; 2],
}

/// One request of a race.
struct Attempt {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Attempt {
    fn book(session_type: &str, start: DateTime<Utc>, n: usize) -> Self {
        let body = wish("ann", session_type, start, &format!("guest-{n}"));
        Self { path: "/api/v1/bookings".into(), headers: Vec::new(), body }
    }

    fn hold(session_type: &str, start: DateTime<Utc>) -> Self {
        let body = json!({"mentor": "ann", "session_type": session_type, "start": instant(start)}).to_string();
        Self { path: "/api/v1/holds".into(), headers: Vec::new(), body }
    }
}

struct Outcome {
    replies: Vec<Reply>,
    statuses: BTreeMap<u16, usize>,
}

impl Pair {
    fn start() -> Self {
        let database = database();
        let places = [on(&database), on(&database)];
        let mut servers = places.each_ref().map(Place::begin);
        for (place, server) in places.iter().zip(&mut servers) {
            place.wait_for(server);
        }
        let ann = Mentor::new(&servers[0], "ann");
        for (slug, minutes) in [("short", 35), ("middle", 45), ("long", 60)] {
            ann.offer(&servers[0], slug, minutes, 5);
        }
        let nine = tomorrow(&servers[0]) + TimeDelta::hours(9);
        Self { servers, nine, database, _places: places }
    }

    /// All at once, over both servers; meanwhile somebody else looks whether the servers are well.
    fn race(&self, name: &str, attempts: &[Attempt]) -> Outcome {
        let together = Barrier::new(attempts.len());
        let over = AtomicBool::new(false);
        let (mut answers, mut slowest) = (Vec::new(), Duration::ZERO);
        let day = self.nine.format("%Y-%m-%d");
        let slots = format!("/api/v1/mentors/ann/slots?session_type=long&from={day}&to={day}");
        let looked = thread::scope(|scope| {
            let onlooker = scope.spawn(|| {
                let mut slowest = Duration::ZERO;
                while !over.load(Ordering::Relaxed) {
                    for path in ["/healthz", slots.as_str()] {
                        for server in &self.servers {
                            let begin = Instant::now();
                            let reply = insist(server.port, "GET", path, &[], "").unwrap();
                            assert_eq!(reply.status, 200, "{path} in the middle of the race");
                            slowest = slowest.max(begin.elapsed());
                        }
                    }
                    thread::sleep(Duration::from_millis(50));
                }
                slowest
            });
            let racers: Vec<_> = attempts
                .iter()
                .enumerate()
                .map(|(n, attempt)| {
                    let (port, together) = (self.servers[n % 2].port, &together);
                    let run = move || {
                        let headers: Vec<_> = attempt.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
                        together.wait();
                        let begin = Instant::now();
                        let reply = insist(port, "POST", &attempt.path, &headers, &attempt.body);
                        (reply, begin.elapsed())
                    };
                    thread::Builder::new().stack_size(256 * 1024).spawn_scoped(scope, run).unwrap()
                })
                .collect();
            for racer in racers {
                let (reply, waited) = racer.join().unwrap();
                slowest = slowest.max(waited);
                answers.push(reply);
            }
            over.store(true, Ordering::Relaxed);
            onlooker.join().unwrap()
        });
        let replies: Vec<Reply> = answers.into_iter().collect::<Result<_, _>>().unwrap();
        let mut statuses = BTreeMap::new();
        for reply in &replies {
            *statuses.entry(reply.status).or_default() += 1;
        }
        measured(&format!(
            "{name}: {} at once, answers {statuses:?}, the slowest after {slowest:.1?}; others {looked:.1?} at most",
            attempts.len()
        ));
        assert!(statuses.keys().all(|status| [200, 201, 409].contains(status)), "{name}: {statuses:?}");
        assert_eq!(number(&self.database.owner_url, OVERLAPS), 0);
        Outcome { replies, statuses }
    }

    /// Of all those who want something of one day, one gets it.
    fn one_wins(&self, name: &str, day: DateTime<Utc>, attempts: &[Attempt]) {
        let Outcome { replies, statuses } = self.race(name, attempts);
        let there = format!("SELECT count(*) FROM bookings WHERE lower(during)::date = '{}'", day.date_naive());
        assert_eq!(number(&self.database.owner_url, &there), 1, "{name}: {statuses:?}");
        let won: usize = [200, 201].iter().filter_map(|status| statuses.get(status)).sum();
        // Whoever was told to come again may have won before, and finds the time taken.
        let unsure = replies.iter().any(|reply| reply.insisted && reply.status == 409);
        assert!(won == 1 || (won == 0 && unsure), "{name}: {statuses:?}");
    }

    /// A time on another day for every race.
    fn day(&self, n: i64) -> DateTime<Utc> {
        self.nine + TimeDelta::days(n)
    }
}

#[test]
fn of_a_thousand_over_two_servers_one_wins() {
    let pair = Pair::start();
    let many = amount(300, 1000);

    let start = pair.day(0);
    let same: Vec<_> = (0..1000).map(|n| Attempt::book("long", start, n)).collect();
    pair.one_wins("one slot", start, &same);
    let letters = "SELECT count(*) FROM booking_events";
    assert_eq!(number(&pair.database.owner_url, letters), 1, "only the winner is told");

    // Each of these overlaps with each other.
    let start = pair.day(1);
    let kinds: Vec<_> = [("long", 0..1), ("middle", 0..4), ("short", 0..6)]
        .into_iter()
        .flat_map(|(slug, steps)| steps.map(move |step| (slug, start + TimeDelta::minutes(5 * step))))
        .collect();
    let overlapping: Vec<_> =
        (0..many).map(|n| Attempt::book(kinds[n % kinds.len()].0, kinds[n % kinds.len()].1, n)).collect();
    // The day is open around the clock, so what overlaps with all must be there before: the hour's middle.
    pair.one_wins("several kinds", start, &overlapping);

    let start = pair.day(2);
    let quarters: Vec<_> =
        (0..many).map(|n| Attempt::book("middle", start + TimeDelta::minutes(15 * (n as i64 / 2 % 2)), n)).collect();
    pair.one_wins("a quarter of an hour apart", start, &quarters);

    // Who holds a time, who moves to it and who books it at once.
    let start = pair.day(3);
    let mut mixed = Vec::new();
    for n in 0..many {
        mixed.push(match n % 8 {
            0 => Attempt::hold("long", start),
            1 if n < 200 => {
                let elsewhere = pair.day(10 + n as i64 / 8);
                let first = Attempt::book("long", elsewhere, n);
                let made = pair.servers[0].send("POST", &first.path, "", &first.body).json();
                let token = made["manage_token"].as_str().unwrap();
                Attempt {
                    path: format!("/api/v1/bookings/{}/reschedule", made["id"].as_str().unwrap()),
                    headers: vec![("Authorization", format!("Bearer {token}"))],
                    body: json!({"start": instant(start)}).to_string(),
                }
            }
            _ => Attempt::book("short", start + TimeDelta::minutes(10), n),
        });
    }
    pair.one_wins("holds and moves joining in", start, &mixed);
}

#[test]
fn one_key_is_one_booking_however_often_it_comes_at_once() {
    let pair = Pair::start();
    let keys = amount(10, 50);
    let attempts: Vec<_> = (0..keys * 20)
        .map(|n| Attempt {
            headers: vec![("Idempotency-Key", format!("key-{}", n / 20))],
            ..Attempt::book("long", pair.day(0) + TimeDelta::hours(n as i64 / 20), n / 20)
        })
        .collect();
    let outcome = pair.race("twenty of each key", &attempts);
    assert_eq!(outcome.statuses.get(&201), Some(&attempts.len()), "{:?}", outcome.statuses);
    for of_one_key in outcome.replies.chunks(20) {
        for reply in of_one_key {
            assert_eq!(reply.body, of_one_key[0].body, "one answer for all");
        }
    }
    assert_eq!(number(&pair.database.owner_url, "SELECT count(*) FROM bookings"), keys as i64);
}
