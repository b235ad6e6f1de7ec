//! Mail servers that refuse, hang and break off: each message is tried again, or given up visibly, and none holds up another.

use crate::common::*;
use crate::post::{Post, Treatment};
use crate::world::*;
use chrono::TimeDelta;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    assert!(unhindered < Duration::from_secs(25), "one that hangs is given half a minute: {unhindered:?}");

    // What is given up stays in sight.
    let (url, _) = store::embedded::running(place.data.path()).unwrap().unwrap();
    assert!(waited(|| number(&url, "SELECT count(*) FROM jobs WHERE dead_at IS NOT NULL") == 1));
    let dead = column(&url, "SELECT last_error || ', ' || attempts FROM jobs WHERE dead_at IS NOT NULL");
    assert_eq!(dead, ["mail was not sent: the mail server refused it for good (550 5.1.1 nobody of that name), 1"]);
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
    assert!(place.log().contains("550 5.1.1 nobody of that name"), "the server's own reason is in the log");
    for private in ["guests.example", "mentors.example"] {
        assert!(!place.log().contains(private), "{}", place.log());
    }
}

/// `STARTTLS`, and then nonsense or a certificate that nobody has vouched for, in turns. Counts both, and at last what it is
/// told without good TLS.
fn insecure() -> (String, Arc<[AtomicUsize; 3]>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let certificate = include_bytes!("../../../crates/mailer/tests/untrusted/certificate.der");
    let key = include_bytes!("../../../crates/mailer/tests/untrusted/key.der");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(certificate.as_slice())],
            PrivatePkcs8KeyDer::from(key.as_slice()).into(),
        )
        .unwrap();
    let (config, tried) = (Arc::new(config), Arc::new([const { AtomicUsize::new(0) }; 3]));
    let counts = tried.clone();
    thread::spawn(move || {
        for (n, stream) in listener.incoming().flatten().enumerate() {
            let (config, counts) = (config.clone(), counts.clone());
            thread::spawn(move || {
                let mut answers = stream.try_clone().ok()?;
                answers.write_all(b"220 post\r\n").ok()?;
                let mut lines = BufReader::new(stream).lines();
                loop {
                    match lines.next()?.ok()?.as_str() {
                        "STARTTLS" => break,
                        line if line.starts_with("EHLO") => {
                            answers.write_all(b"250-post\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n").ok()?;
                        }
                        "QUIT" => return None,
                        _ => drop(counts[2].fetch_add(1, Ordering::Relaxed)),
                    }
                }
                counts[n % 2].fetch_add(1, Ordering::Relaxed);
                answers.write_all(b"220 go on\r\n").ok()?;
                if n % 2 == 0 {
                    // Until the client breaks off: whoever hears nothing has no reason to call it insecure.
                    answers.read_exact(&mut [0]).ok()?;
                    answers.write_all(b"this is no TLS\r\n").ok()?;
                    return io::copy(&mut answers, &mut io::sink()).ok().map(drop);
                }
                let mut tls = ServerConnection::new(config).ok()?;
                let mut text = String::new();
                // Whoever trusted it would go on.
                let _ = rustls::Stream::new(&mut tls, &mut answers).read_to_string(&mut text);
                counts[2].fetch_add(usize::from(!text.is_empty()), Ordering::Relaxed);
                Some(())
            });
        }
    });
    (address, tried)
}

/// Waits until all mail has failed more than once and is yet to be tried again, and says why.
fn failing(place: &Place, wanted: i64) -> Vec<String> {
    let (url, _) = store::embedded::running(place.data.path()).unwrap().unwrap();
    let later = "SELECT count(*) FROM jobs WHERE kind = 'notice' AND dead_at IS NULL AND attempts >= 2
        AND last_error IS NOT NULL AND run_at > created_at + interval '10 seconds'";
    assert!(waited_for(Duration::from_secs(60), || number(&url, later) == wanted), "{}", place.log());
    column(&url, "SELECT DISTINCT last_error FROM jobs WHERE kind = 'notice'")
}

#[test]
fn mail_waits_until_the_servers_tls_is_mended() {
    let (address, tried) = insecure();
    let post = Post::start(|_, _| Treatment::Take);
    let place =
        Place::new().without_limits().with("SMTP_URL", format!("smtp://user:a-password@{address}?tls=required"));
    let server = place.serve();
    let ann = Mentor::new(&server, "ann");
    ann.offer(&server, "talk", 30, 30);
    let body = wish("ann", "talk", tomorrow(&server), "ada");
    assert_eq!(server.send("POST", "/api/v1/bookings", "", &body).status, 201, "booking does not wait for mail");
    let why = failing(&place, 2);
    let known = [
        "its certificate is self-signed, made for an authority and not for a server",
        "it does not speak TLS on this port",
    ];
    let insecure = |why: &String| {
        why.strip_prefix("mail was not sent: no secure connection to the mail server: ")
            .is_some_and(|why| known.contains(&why))
    };
    assert!(!why.is_empty() && why.iter().all(insecure), "{why:?}");
    let [nonsense, stranger, told] = tried.each_ref().map(|count| count.load(Ordering::Relaxed));
    assert!(nonsense > 0 && stranger > 0 && told == 0, "{tried:?}");

    // The operator names another one: what has waited goes out.
    drop(server);
    let place = place.with("SMTP_URL", post.url.clone());
    let _server = place.serve();
    assert!(waited_for(Duration::from_secs(60), || post.letters().len() == 2), "{}", place.log());
    assert!(!place.log().contains("a-password") && !place.log().contains("ada@"), "{}", place.log());
}

#[test]
fn mail_waits_until_the_password_is_mended_and_is_seen_to_wait() {
    let post = Post::start(|_, _| Treatment::Take);
    post.refuse_passwords(true);
    let port = free_port();
    let place = Place::new()
        .without_limits()
        .with("METRICS_ADDR", format!("127.0.0.1:{port}"))
        .with("SMTP_URL", post.url.replace("smtp://", "smtp://user:a-password@"));
    let server = place.serve();
    Mentor::new(&server, "ann").offer(&server, "talk", 30, 30);
    let body = wish("ann", "talk", tomorrow(&server), "ada");
    assert_eq!(server.send("POST", "/api/v1/bookings", "", &body).status, 201, "booking does not wait for mail");
    let why = failing(&place, 2);
    assert_eq!(
        why,
        ["mail was not sent: the mail server does not accept our credentials (535 5.7.8 not with that password)"]
    );
    let figures = ask(port, "GET", "/metrics", &[], "").unwrap().body;
    let figure = |name: &str| -> f64 {
        let line = figures.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} is missing: {figures}")).trim().parse().unwrap()
    };
    assert!(figure("yaksok_jobs_total{kind=\"notice\",result=\"failed\"}") >= 4.0, "{figures}");
    assert!(figure("yaksok_jobs_waiting") >= 2.0, "{figures}");
    assert!(figure("yaksok_mail_failing") == 1.0, "{figures}");
    assert!(figure("yaksok_mail_refused_total{cause=\"operator\"}") >= 4.0, "{figures}");
    let ready = server.get("/readyz", "");
    let mail = &ready.json()["mail"];
    assert_eq!((ready.status, &mail["status"]), (200, &"failing".into()), "bookings are taken all the same");
    assert_eq!(mail["reason"], "the mail server does not accept our credentials");
    assert!(
        place.log().contains("mail waits until the configuration or the mail server is corrected"),
        "{}",
        place.log()
    );
    assert!(post.letters().is_empty());

    post.refuse_passwords(false);
    assert!(waited_for(Duration::from_secs(60), || post.letters().len() == 2), "{}", place.log());
    assert!(waited(|| server.get("/readyz", "").json()["mail"]["status"] == "ok"), "{}", place.log());
    assert!(!place.log().contains("a-password") && !place.log().contains("ada@"), "{}", place.log());
}
