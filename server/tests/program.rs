//! The program itself: it starts, serves, stops, and says what is wrong.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::*;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

fn created(output: &Output) -> Value {
    assert!(output.status.success(), "{}", said(output));
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1, "one line of JSON and nothing else");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn it_serves_and_leaves_nothing_behind() {
    let place = Place::new();
    let lee = [
        "mentor",
        "create",
        "--handle",
        "lee",
        "--name",
        "이멘토",
        "--email",
        "lee@example.com",
        "--timezone",
        "Asia/Seoul",
    ];

    // Nothing runs yet: the command starts the database, and stops it.
    let new = place.run(&["migrate"]);
    let expected = format!("a new database was made in {}\nthe database is up to date\n", place.data.path().display());
    assert_eq!(String::from_utf8_lossy(&new.stdout), expected, "{}", said(&new));
    assert_eq!(String::from_utf8_lossy(&place.run(&["migrate"]).stdout), "the database is up to date\n");
    let made = created(&place.run(&[&lee[..], &["--json"]].concat()));
    assert_eq!(
        (&made["handle"], &made["name"], &made["timezone"]),
        (&"lee".into(), &"이멘토".into(), &"Asia/Seoul".into())
    );
    assert_eq!(place.postgres(), None);

    let mut server = place.serve();
    let postgres = place.postgres().unwrap();
    assert!(runs(&postgres));
    assert_eq!(server.get("/healthz", "").body, "ok");
    assert_eq!(server.get("/robots.txt", "").status, 200, "files of the site");
    assert_eq!(server.get("/api/v1/mentors/lee", "").status, 200);

    // What the command printed works.
    let key = made["api_key"].as_str().unwrap();
    assert_eq!(server.get("/api/v1/availability", key).status, 200);
    let login = made["login_url"].as_str().unwrap();
    let path = login.strip_prefix("http://127.0.0.1:3000").unwrap();
    let entered = server.get(path, "");
    assert!(
        entered.head.contains("location: /dashboard") && entered.head.contains("set-cookie: yaksok=yss_"),
        "{}",
        entered.head
    );

    // A command beside the server; what it says no to is said in a line.
    let kim = [
        "mentor",
        "create",
        "--json",
        "--handle",
        "kim",
        "--name=Kim",
        "--email",
        "kim@example.com",
        "--timezone",
        "UTC",
    ];
    let second = created(&place.run(&kim));
    assert_eq!(server.get("/api/v1/session-types", second["api_key"].as_str().unwrap()).status, 200);
    let again = place.run(&kim);
    assert_eq!(again.status.code(), Some(1));
    assert!(again.stdout.is_empty() && said(&again).contains("taken"), "{}", said(&again));

    // Made-up data is refused where there are mentors, and wherever people are served.
    let seeded = place.run(&["seed", "--mentors", "1"]);
    assert_eq!(seeded.status.code(), Some(1));
    assert!(said(&seeded).contains("mentors already"), "{}", said(&seeded));
    let mut served = place.yaksok(&["seed", "--force"]);
    served.env("BASE_URL", "https://book.example.com").env("SMTP_URL", "smtp://localhost");
    served.env("MAIL_FROM", "bookings@example.com");
    let served = served.output().unwrap();
    assert_eq!(served.status.code(), Some(1));
    assert!(said(&served).contains("https BASE_URL"), "{}", said(&served));

    // A second server is refused, and harms nobody.
    let refused =
        place.yaksok(&["serve"]).env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{}", free_port())).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("another yaksok server already uses"), "{}", said(&refused));
    assert_eq!(server.get("/readyz", "").status, 200);

    // Over a real connection: a body that is too large is read to its end, so that the sender gets to read the answer.
    let large = server.send("POST", "/api/v1/bookings", "", &"x".repeat(10_000_000));
    assert_eq!(large.status, 413);
    assert!(large.head.contains("application/problem+json"));
    let made = server.send(
        "POST",
        "/api/v1/mentors",
        PLATFORM_KEY,
        r#"{"handle":"park","name":"Park","email":"park@example.com","timezone":"UTC"}"#,
    );
    assert_eq!(made.status, 201, "{}", made.body);

    // A request that has begun is finished; then everything ends.
    let mut slow = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    slow.write_all(b"POST /api/v1/bookings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let begin = Instant::now();
    server.signal("-TERM");
    std::thread::sleep(Duration::from_millis(200));
    slow.write_all(b"}").unwrap();
    let mut text = String::new();
    slow.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 422"), "{text}");
    let status = server.child.wait().unwrap();
    assert!(status.success() && begin.elapsed() < Duration::from_secs(9), "{status} after {:?}", begin.elapsed());
    assert!(!runs(&postgres) && place.postgres().is_none(), "PostgreSQL was left behind");
    assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err());
}

#[test]
fn it_comes_back_after_being_killed() {
    let place = Place::new();
    let server = place.serve();
    let body = r#"{"handle":"park","name":"Park","email":"park@example.com","timezone":"UTC"}"#;
    assert_eq!(server.send("POST", "/api/v1/mentors", PLATFORM_KEY, body).status, 201);
    server.signal("-KILL");
    drop(server);
    let mut server = place.serve();
    assert_eq!(server.get("/api/v1/mentors/park", "").status, 200, "what was answered is kept");
    let postgres = place.postgres().unwrap();
    server.signal("-INT");
    assert!(server.child.wait().unwrap().success());
    assert!(!runs(&postgres), "SIGINT stops it as well");
}

#[test]
fn every_bad_variable_is_named() {
    let place = Place::new();
    let bad = [
        ("LEPTOS_SITE_ADDR", "nowhere"),
        ("BASE_URL", "ftp://x"),
        ("SIGNUPS", "perhaps"),
        ("PLATFORM_API_KEY", "short"),
        ("TRUSTED_PROXY_HOPS", "-1"),
        ("RATE_LIMIT_READS_PER_MINUTE", "many"),
        ("CALENDAR_TOKEN_ENCRYPTION_KEY", "no key"),
        ("DATABASE_URL", "mysql://x"),
        ("MAIL_FROM", "nobody"),
    ];
    for command in [&["serve"][..], &["migrate"]] {
        let output = place.yaksok(command).envs(bad).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let lines: Vec<String> = said(&output).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), bad.len(), "{lines:#?}");
        for (name, _) in bad {
            assert!(lines.iter().any(|line| line.starts_with(name)), "{name}: {lines:#?}");
        }
    }
    assert!(!Path::new(&place.data.path().join("postgres")).exists(), "nothing is half started");
    let https = place.yaksok(&["serve"]).env("BASE_URL", "https://book.example.com").output().unwrap();
    assert_eq!(https.status.code(), Some(2));
    assert!(said(&https).contains("SMTP_URL") && said(&https).contains("MAIL_FROM"), "{}", said(&https));
    let certificates = place.yaksok(&["serve"]).env("SSL_CERT_FILE", "/nowhere.pem").output().unwrap();
    assert_eq!(certificates.status.code(), Some(2));
    assert!(said(&certificates).starts_with("SSL_CERT_FILE leads to no certificate"), "{}", said(&certificates));
}

#[test]
fn it_says_what_it_takes() {
    let place = Place::new();
    let version = place.run(&["--version"]);
    assert_eq!(version.stdout, format!("yaksok {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
    let help = place.run(&["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("yaksok serve [--demo]"));
    for wrong in [&[][..], &["srve"], &["serve", "--demo", "x"], &["mentor", "create"], &["mentor"]] {
        let output = place.run(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty() && said(&output).contains("yaksok --help"), "{wrong:?}");
    }
    assert!(place.run(&["migrate"]).status.success());
    let create = ["mentor", "create", "--handle", "7", "--name", " ", "--email", "x", "--timezone", "asia/seoul"];
    let output = place.run(&create);
    assert_eq!(output.status.code(), Some(1));
    for option in ["--handle", "--name", "--email", "--timezone"] {
        assert!(said(&output).contains(option), "{}", said(&output));
    }
    let no_pages = place.yaksok(&["serve"]).env("LEPTOS_SITE_ROOT", place.data.path()).output().unwrap();
    assert_eq!(no_pages.status.code(), Some(1));
    assert!(said(&no_pages).contains("LEPTOS_SITE_ROOT"), "{}", said(&no_pages));
    assert_eq!(place.postgres(), None, "what was started was stopped");
}

/// A command in the wrong place would otherwise make an empty database, and report on that.
#[test]
fn only_what_is_to_make_a_database_makes_one() {
    let create =
        ["mentor", "create", "--handle", "ann", "--name", "Ann", "--email", "ann@example.com", "--timezone", "UTC"];
    let file = tempfile::tempdir().unwrap();
    let file = file.path().join("backup");
    let commands: [&[&str]; 4] =
        [&["backup", file.to_str().unwrap()], &create, &["rotate-keys"], &["seed", "--mentors", "1"]];
    let place = Place::new();
    // A folder that is there, and one that is not.
    for data in [place.data.path().to_owned(), place.data.path().join("elsewhere")] {
        for command in commands {
            let output = place.yaksok(command).env("DATA_DIR", &data).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{command:?}");
            let said = said(&output);
            assert_eq!(said.lines().count(), 1, "{command:?}: {said}");
            assert!(
                said.contains(&format!("no database in {}", data.display())) && said.contains("DATA_DIR"),
                "{said}"
            );
            assert!(
                output.stdout.is_empty() && !data.join("postgres").exists() && !data.join("encryption.key").exists()
            );
        }
        assert!(!file.exists());
    }
    // Where DATA_DIR is relative, the error names the folder that was looked in.
    let mut relative = place.yaksok(&["rotate-keys"]);
    let output = relative.env("DATA_DIR", "data").current_dir(place.data.path()).output().unwrap();
    assert!(said(&output).contains(place.data.path().join("data").to_str().unwrap()), "{}", said(&output));
}

#[test]
fn a_database_that_cannot_be_reached_is_named() {
    let address = format!("127.0.0.1:{}", free_port());
    let place = Place::new().with("DATABASE_URL", format!("postgres://yaksok:secret@{address}/yaksok"));
    for command in ["serve", "migrate", "rotate-keys"] {
        let output = place.run(&[command]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        let said = said(&output);
        assert!(said.contains(&address) && said.contains("refused"), "{command}: {said}");
        assert!(!said.contains("secret") && !said.contains("timed out"), "{command}: {said}");
    }
}

#[test]
fn what_is_not_utf8_is_named() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let broken = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let argument = place.yaksok(&["backup"]).arg(broken).output().unwrap();
    assert_eq!(argument.status.code(), Some(2));
    assert!(said(&argument).contains("is not UTF-8") && !said(&argument).contains("panicked"), "{}", said(&argument));
    let variable = place.yaksok(&["migrate"]).env("DATA_DIR", broken).output().unwrap();
    assert_eq!(variable.status.code(), Some(2));
    assert!(said(&variable).contains("DATA_DIR is not UTF-8"), "{}", said(&variable));
}

/// A mentor by the platform's hand: the API key.
fn mentor(server: &Server, handle: &str) -> String {
    let body = format!(r#"{{"handle":"{handle}","name":"Name","email":"{handle}@example.com","timezone":"UTC"}}"#);
    let made = server.send("POST", "/api/v1/mentors", PLATFORM_KEY, &body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["api_key"].as_str().unwrap().to_owned()
}

#[test]
fn figures_stand_on_a_listener_of_their_own_and_name_nobody() {
    let port = free_port();
    let place = Place::new().without_limits().with("METRICS_ADDR", format!("127.0.0.1:{port}"));
    let server = place.serve();
    let key = mentor(&server, "ada-lovelace");
    assert_eq!(server.get("/metrics", "").status, 404, "not on the public address");

    // Whatever could get in: paths, queries, forms, headers, methods.
    for path in
        ["/ada-lovelace", "/b/ysm_a-token", "/api/v1/mentors/ada-lovelace?query=private%40example.org", "/made-up/path"]
    {
        server.get(path, "");
    }
    server.get("/api/v1/availability", &key);
    server.send("ADA", "/", "", "");
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("User-Agent", "ada-browser")];
    let new =
        "handle=ada-byron&name=Ada+Byron&email=private%40example.org&timezone=UTC&password=a+long+enough+password";
    assert_eq!(ask(server.port, "POST", "/signup", &form, new).unwrap().status, 303);

    let read = || ask(port, "GET", "/metrics", &[], "").unwrap();
    // The message that follows a sign-up is a job.
    assert!(waited(|| read().body.contains("yaksok_jobs_total")), "{}", read().body);
    let figures = read();
    assert!(figures.head.contains("content-type: text/plain"), "{}", figures.head);
    for name in [
        "yaksok_http_requests_total",
        "yaksok_http_request_seconds_bucket",
        "yaksok_http_request_seconds_sum",
        "yaksok_jobs_total",
        "yaksok_jobs_waiting",
        "yaksok_jobs_given_up",
        "yaksok_jobs_oldest_seconds",
        "yaksok_calendars_lagging",
        "yaksok_database_connections",
        "yaksok_database_up",
    ] {
        assert!(figures.body.lines().any(|line| line.starts_with(name)), "{name} is missing: {}", figures.body);
    }
    assert!(figures.body.contains("yaksok_database_up 1"), "{}", figures.body);
    for private in ["ada", "Ada", "private", "example", "ysm_", "ysk_", "made-up", "127.0.0.1", key.as_str()] {
        assert!(!figures.body.contains(private), "{private}: {}", figures.body);
    }
    let labels: std::collections::BTreeSet<&str> = figures
        .body
        .lines()
        .filter_map(|line| line.split_once('{')?.1.rsplit_once("\"}").map(|(labels, _)| labels))
        .flat_map(|labels| labels.split("\",").filter_map(|label| label.split('=').next()))
        .collect();
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), ["kind", "le", "method", "result", "route", "state", "status"]);

    // And nothing else stands there.
    for path in ["/", "/healthz", "/api/v1/mentors", "/metrics/"] {
        assert_eq!(ask(port, "GET", path, &[], "").unwrap().status, 404, "{path}");
    }
    assert_eq!(ask(port, "POST", "/metrics", &[], "").unwrap().status, 405);
}

#[test]
fn a_backup_is_put_back_as_it_was() {
    let (place, files) = (Place::new(), tempfile::tempdir().unwrap());
    let path = files.path().join("yaksok.backup");
    let file = path.to_str().unwrap();
    let stop = |mut server: Server| {
        server.signal("-TERM");
        assert!(server.child.wait().unwrap().success());
    };
    let refused = |output: Output, why: &str| {
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(output.stdout.is_empty() && said(&output).contains(why), "{}", said(&output));
    };
    let done = |output: Output| assert!(output.status.success(), "{}", said(&output));

    let server = place.serve();
    let key = mentor(&server, "lee");
    let hours = r#"{"timezone":"Asia/Seoul","weekly":[{"day_of_week":1,"start_time":"09:00","end_time":"24:00"}],
        "overrides":[],"blocked":[{"starts_on":"2027-01-01","ends_on":"2027-01-02","note":"설날"}]}"#;
    let saved = server.send("PUT", "/api/v1/availability", &key, hours);
    assert_eq!(saved.status, 200, "{}", saved.body);

    // While a server runs; what is there already is kept.
    done(place.run(&["backup", file]));
    let first = std::fs::read(&path).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "nobody else may read it");
    refused(place.run(&["backup", file]), "--force");
    assert_eq!(std::fs::read(&path).unwrap(), first);
    done(place.run(&["backup", file, "--force"]));

    // Where a server runs, nothing is put back; nor over what is there, unasked.
    refused(place.run(&["restore", file, "--force"]), "another yaksok server already uses");
    mentor(&server, "too-late");
    stop(server);
    refused(place.run(&["restore", file]), "--force");
    let mut damaged = std::fs::read(&path).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let bad = files.path().join("damaged");
    std::fs::write(&bad, damaged).unwrap();
    refused(place.run(&["restore", bad.to_str().unwrap(), "--force"]), "cut off or changed");
    let server = place.serve();
    assert_eq!(server.get("/api/v1/mentors/too-late", "").status, 200, "nothing that was refused was done");
    stop(server);

    // Here, and on a machine of its own.
    let other = Place::new();
    done(place.run(&["restore", file, "--force"]));
    done(other.run(&["restore", file]));
    for place in [&place, &other] {
        let server = place.serve();
        assert_eq!(server.get("/api/v1/availability", &key).body, saved.body);
        assert_eq!(server.get("/api/v1/mentors/too-late", "").status, 404);
        stop(server);
    }
    let kept = |place: &Place| std::fs::read_to_string(place.data.path().join("encryption.key")).unwrap();
    assert_eq!(kept(&place).trim(), kept(&other).trim());
}
