//! Two servers that begin together on one empty database, and share all of it.

use crate::cluster::Database;
use crate::common::*;
use crate::post::{Post, Treatment};
use crate::world::*;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

const KEY: &str = "CALENDAR_TOKEN_ENCRYPTION_KEY";

fn with_other_key(database: &Database) -> Place {
    on(database).with(KEY, "YSBzZWNvbmQga2V5LCBvZiAzMiBieXRlcyBhcyB3ZWw=").with("RUST_LOG", "error")
}

#[test]
fn of_two_servers_with_different_keys_one_starts_on_an_empty_database() {
    for _ in 0..amount(2, 10) {
        let database = database();
        let places = [on(&database), with_other_key(&database)];
        let mut servers = places.each_ref().map(Place::begin);
        let ended = |server: &mut Server| server.child.try_wait().unwrap();
        assert!(waited(|| servers.iter_mut().any(|server| ended(server).is_some())), "both started");
        let second = servers.iter_mut().position(|server| ended(server).is_some()).unwrap();
        assert_eq!(ended(&mut servers[second]).unwrap().code(), Some(2), "{}", places[second].log());
        assert!(places[second].log().contains(KEY), "{}", places[second].log());
        let first = 1 - second;
        places[first].wait_for(&mut servers[first]);

        // Nothing else is sealed, and it stays so.
        servers[first].kill();
        assert_eq!(places[second].run(&["serve"]).status.code(), Some(2));
        places[first].serve();
    }
}

#[test]
fn a_server_with_another_key_does_not_start() {
    let database = database();
    let place = on(&database);
    let with_other_key = || with_other_key(&database);
    let server = place.serve();
    Mentor::new(&server, "ann").offer(&server, "talk", 30, 30);
    let start = tomorrow(&server);
    assert_eq!(server.send("POST", "/api/v1/bookings", "", &wish("ann", "talk", start, "first")).status, 201);

    let refused = with_other_key().run(&["serve"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert_eq!(said(&refused).lines().count(), 1, "{}", said(&refused));
    assert!(said(&refused).contains(KEY), "{}", said(&refused));

    // While keys are rotated, the one before will do.
    let before = "c2l4dGVlbiBieXRlcywgYW5kIHNpeHRlZW4gbW9yZS4=";
    let rotating = with_other_key().with("CALENDAR_TOKEN_ENCRYPTION_KEY_PREVIOUS", before);
    let server = rotating.serve();
    assert!(rotating.run(&["rotate-keys"]).status.success());
    drop(server);
    with_other_key().serve();
    assert_eq!(place.run(&["serve"]).status.code(), Some(2), "now the first key is the wrong one");
}

#[test]
fn two_servers_share_one_database() {
    // Not even the roles are there.
    let cluster = OwnCluster::start();
    let post = Post::start(|_, _| Treatment::Take);
    let place = || {
        on_urls(&cluster.owner_url(), &cluster.application_url())
            .with("SMTP_URL", post.url.clone())
            .with("RUST_LOG", "warn,booking=debug")
            .with("TRUSTED_PROXY_HOPS", "1")
    };
    // What makes no database makes no schema in somebody else's either.
    let refused = place().run(&["rotate-keys"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not one of Yaksok's"));
    assert!(place().run(&["migrate"]).status.success());
    // Another server grants the same rights at this moment.
    let user = column(&cluster.application_url(), "SELECT current_user::text").remove(0);
    execute(&cluster.owner_url(), &format!("REVOKE yaksok_visitor, yaksok_mentor, yaksok_worker FROM {user}"));
    let mut coming = None;
    during(&cluster.owner_url(), &format!("GRANT yaksok_visitor TO {user}"), || {
        let place = place();
        coming = Some(thread::spawn(move || place.run(&["migrate"])));
        thread::sleep(Duration::from_millis(500));
    });
    let came = coming.unwrap().join().unwrap();
    assert!(came.status.success(), "{}", String::from_utf8_lossy(&came.stderr));

    let places = [place(), place()];
    let mut servers = places.each_ref().map(Place::begin);
    for (place, server) in places.iter().zip(&mut servers) {
        place.wait_for(server);
    }
    let [one, other] = &servers;
    let owner = cluster.owner_url();
    let applied = "SELECT count(*) - count(*) FILTER (WHERE success) FROM _sqlx_migrations";
    assert_eq!(number(&owner, applied), 0, "each migration ran, once");

    // Whoever logs in here is known there; and logged out here, is not known there any more.
    let ann = Mentor::new(one, "ann");
    ann.offer(other, "talk", 30, 30);
    assert_eq!(other.get("/api/v1/session-types", &ann.key).status, 200);
    let link = one.send("POST", "/api/v1/mentors/ann/login-links", PLATFORM_KEY, "{}").json();
    let path = link["url"].as_str().unwrap().strip_prefix("http://yaksok.example").unwrap();
    let session = format!("yaksok={}", one.get(path, "").cookie());
    let dashboard = |server: &Server| ask(server.port, "GET", "/dashboard", &[("Cookie", &session)], "").unwrap();
    assert_eq!((dashboard(other).status, dashboard(one).status), (200, 200));
    assert!(dashboard(other).body.contains("Mentor ann"));
    assert!(!other.get(path, "").head.contains("set-cookie: yaksok=yss"), "a link works once, on whichever server");
    let form = [("Cookie", session.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(ask(one.port, "POST", "/logout", &form, "").unwrap().status, 303);
    assert_eq!(dashboard(other).status, 303, "logged out everywhere");

    // Ten holds for one client, on both servers together.
    let start = tomorrow(one);
    let hold = |n: i64| {
        let body = json!({"mentor": "ann", "session_type": "talk", "start": instant(start + TimeDelta::hours(n))});
        let client = [("X-Forwarded-For", "203.0.113.7")];
        ask(servers[n as usize % 2].port, "POST", "/api/v1/holds", &client, &body.to_string()).unwrap()
    };
    let held: Vec<Reply> = thread::scope(|scope| {
        let hold = &hold;
        let asked: Vec<_> = (0..30).map(|n| scope.spawn(move || hold(n))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let count = |status| held.iter().filter(|reply| reply.status == status).count();
    assert_eq!((count(201), count(429)), (10, 20), "{:?}", held.iter().map(|reply| reply.status).collect::<Vec<_>>());

    // A hold of one server's is spent on the other.
    let taken = held.iter().position(|reply| reply.status == 201).unwrap();
    let at = start + TimeDelta::hours(taken as i64);
    let mut body: serde_json::Value = serde_json::from_str(&wish("ann", "talk", at, "holder")).unwrap();
    assert_eq!(servers[taken % 2].send("POST", "/api/v1/bookings", "", &body.to_string()).status, 409, "it is held");
    body["hold"] = held[taken].json()["id"].clone();
    let booked = servers[(taken + 1) % 2].send("POST", "/api/v1/bookings", "", &body.to_string());
    assert_eq!(booked.status, 201, "{}", booked.body);

    // Each job once, whichever server gets it.
    let bookings = amount(30, 300);
    for n in 0..bookings {
        let body = wish("ann", "talk", start + TimeDelta::hours(48 + n), &format!("guest-{n}"));
        let made = servers[n as usize % 2].send("POST", "/api/v1/bookings", "", &body);
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let wanted = 2 * (bookings as usize + 1);
    assert!(waited(|| post.letters().len() >= wanted), "{} of {wanted}", post.letters().len());
    assert!(waited(|| number(&owner, "SELECT count(*) FROM jobs") == 0));
    let letters = post.letters();
    let different: BTreeSet<&str> = letters.iter().map(|letter| letter.id()).collect();
    assert_eq!((letters.len(), different.len()), (wanted, wanted), "none was sent twice");
    measured(&format!("two servers: {wanted} letters, each once"));
}
