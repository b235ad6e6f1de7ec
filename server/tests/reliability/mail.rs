//! Mail servers that refuse, hang and break off: each message is tried again, or given up visibly, and none holds up another.

use crate::common::*;
use crate::post::{Post, Treatment};
use crate::world::*;
use chrono::TimeDelta;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn mail_that_is_refused_is_tried_again_or_given_up_and_holds_up_no_other() {
    let post = Post::start(|recipient, before| match (recipient.split('@').next().unwrap(), before) {
        ("later", 0) => Treatment::Refuse("451 4.7.1 later, please"),
        ("never", _) => Treatment::Refuse("550 5.1.1 nobody of that name"),
        ("cut", 0) => Treatment::Cut,
        ("hangs", 0) => Treatment::Hang,
        _ => Treatment::Take,
    });
    let place = Place::new().without_limits().with("SMTP_URL", post.url.clone());
    let server = place.serve();
    let ann = Mentor::new(&server, "ann");
    ann.offer(&server, "talk", 30, 30);
    let start = tomorrow(&server);
    let begin = Instant::now();
    let guests = ["hangs", "later", "never", "cut", "fine-1", "fine-2", "fine-3", "fine-4"];
    for (n, guest) in guests.iter().enumerate() {
        let body = wish("ann", "talk", start + TimeDelta::hours(n as i64), guest);
        assert_eq!(server.send("POST", "/api/v1/bookings", "", &body).status, 201);
    }
    let got = |guest: &str| {
        let address = format!("{guest}@guests.example");
        post.letters().iter().filter(|letter| letter.to == address).count()
    };
    assert!(waited(|| (1..5).all(|n| got(&format!("fine-{n}")) == 1)), "what is fine is not held up");
    let mentors = || post.letters().iter().filter(|letter| letter.to == "ann@mentors.example").count();
    assert!(waited(|| mentors() == guests.len()));
    let unhindered = begin.elapsed();
    assert!(unhindered < Duration::from_secs(5), "{unhindered:?}");

    // What is given up stays in sight.
    let (url, _) = store::embedded::running(place.data.path()).unwrap().unwrap();
    assert!(waited(|| number(&url, "SELECT count(*) FROM jobs WHERE dead_at IS NOT NULL") == 1));
    let dead = column(&url, "SELECT last_error || ', ' || attempts FROM jobs WHERE dead_at IS NOT NULL");
    assert_eq!(dead, ["mail was not sent: the mail server refused it for good (550), 1"]);
    assert_eq!(post.attempts("never@guests.example"), 1);
    let ready = server.get("/readyz", "");
    assert_eq!((ready.status, &ready.json()["jobs"]["given_up"]), (200, &1.into()), "one letter is no reason to stop");

    // The rest comes in the second attempt, five seconds later.
    assert!(waited(|| got("later") == 1 && got("cut") == 1), "{}", place.log());
    let second = begin.elapsed();
    assert!(second >= Duration::from_secs(5), "{second:?}");
    assert_eq!((post.attempts("later@guests.example"), post.attempts("cut@guests.example")), (2, 2));
    measured(&format!("mail: good letters out after {unhindered:.1?}, refused ones after {second:.1?}"));
    // A server that hangs is given half a minute.
    if amount(false, true) {
        assert!(waited_for(Duration::from_secs(60), || got("hangs") == 1), "{}", place.log());
        measured(&format!("mail: the one whose server hung after {:.1?}", begin.elapsed()));
        assert_eq!(number(&url, "SELECT count(*) FROM jobs WHERE kind <> 'expire'"), 1, "the dead one");
    }
    for private in ["guests.example", "mentors.example", "nobody of that name"] {
        assert!(!place.log().contains(private), "{}", place.log());
    }
}

#[test]
fn mail_waits_until_the_servers_tls_is_mended() {
    // It says that it can, and then it cannot.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut answers = stream.try_clone().ok()?;
                answers.write_all(b"220 post\r\n").ok()?;
                for line in BufReader::new(stream).lines() {
                    let answer = match line.ok()?.as_str() {
                        "STARTTLS" => "220 go on\r\nthis is no TLS\r\n",
                        line if line.starts_with("EHLO") => "250-post\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
                        line => panic!("said without TLS: {line}"),
                    };
                    answers.write_all(answer.as_bytes()).ok()?;
                }
                Some(())
            });
        }
    });
    let place =
        Place::new().without_limits().with("SMTP_URL", format!("smtp://user:a-password@{address}?tls=required"));
    let server = place.serve();
    let ann = Mentor::new(&server, "ann");
    ann.offer(&server, "talk", 30, 30);
    let body = wish("ann", "talk", tomorrow(&server), "ada");
    assert_eq!(server.send("POST", "/api/v1/bookings", "", &body).status, 201, "booking does not wait for mail");
    let (url, _) = store::embedded::running(place.data.path()).unwrap().unwrap();
    let failed = "SELECT count(*) FROM jobs WHERE kind = 'notice' AND dead_at IS NULL AND attempts >= 1
        AND last_error LIKE 'mail was not sent: %'";
    assert!(waited(|| number(&url, failed) == 2), "{}", place.log());
    let waits = "SELECT count(*) FROM jobs WHERE kind = 'notice' AND run_at > now() - interval '1 second'";
    assert_eq!(number(&url, waits), 2, "later");
    assert!(!place.log().contains("a-password") && !place.log().contains("ada@"), "{}", place.log());
}
