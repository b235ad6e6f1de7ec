//! No room is left: bookings are refused and nothing is half done; once there is room, all goes on by itself.

use crate::common::*;
use crate::post::{Post, Treatment};
use crate::world::*;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What PostgreSQL says where it cannot write: of whatever table, whatever it is that is written.
const FULL: &str = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
     DO $$ DECLARE name text; BEGIN
         FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations' LOOP
             EXECUTE format('CREATE TRIGGER no_room BEFORE INSERT OR UPDATE OR DELETE ON %I EXECUTE FUNCTION no_room()', name);
         END LOOP;
     END $$";
const ROOM: &str = "DROP FUNCTION no_room() CASCADE";

/// Asks for the hour `n` after `start`; asked again, for the same.
fn book(server: &Server, start: DateTime<Utc>, n: i64) -> Reply {
    let body = wish("ann", "talk", start + TimeDelta::hours(n), &format!("guest-{n}"));
    let key = format!("key-{n}");
    ask(server.port, "POST", "/api/v1/bookings", &[("Idempotency-Key", key.as_str())], &body).unwrap()
}

#[test]
fn a_full_disk_refuses_bookings_and_all_goes_on_by_itself_when_there_is_room() {
    let (database, post) = (database(), Post::start(|_, _| Treatment::Take));
    post.refuse_passwords(true);
    let place = on(&database).with("SMTP_URL", post.url.replace("smtp://", "smtp://user:a-password@"));
    let server = place.serve();
    Mentor::new(&server, "ann").offer(&server, "talk", 30, 30);
    let start = tomorrow(&server);
    let book = |n| book(&server, start, n);
    // Mail waits.
    assert_eq!(book(0).status, 201);
    let failed = || number(&database.owner_url, "SELECT count(*) FROM jobs WHERE last_error IS NOT NULL");
    assert!(waited(|| failed() == 2), "{}", place.log());

    execute(&database.owner_url, FULL);
    let rows = || {
        ["bookings", "booking_events", "idempotency_keys", "jobs"]
            .map(|table| number(&database.owner_url, &format!("SELECT count(*) FROM {table}")))
    };
    let before = rows();
    for n in 0..4 {
        let refused = book(n % 2 + 1);
        assert_eq!(refused.status, 503, "{}", refused.body);
        assert!(refused.head.contains("retry-after") && refused.body.contains("\"unavailable\""), "{}", refused.body);
    }
    assert_eq!(server.get("/ann", "").status, 200, "looking needs no room");
    assert!(waited(|| place.log().contains("jobs cannot be read")), "{}", place.log());
    assert_eq!(rows(), before, "nothing is half done");
    assert!(post.letters().is_empty());

    post.refuse_passwords(false);
    execute(&database.owner_url, ROOM);
    for n in [1, 2] {
        assert_eq!(book(n).status, 201, "the same key again");
    }
    let ids = || post.letters().iter().map(|letter| letter.id().to_owned()).collect::<BTreeSet<_>>();
    assert!(waited(|| ids().len() == 6), "{}", place.log());
    assert!(waited(|| number(&database.owner_url, "SELECT count(*) FROM jobs") == 0), "{}", place.log());
    assert_eq!(post.letters().len(), 6, "each once");
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let place = Place::new().without_limits();
    let (port, full) = (free_port(), fs::File::options().write(true).open("/dev/full").unwrap());
    let mut command = place.yaksok(&["serve"]);
    command.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}")).env("RUST_LOG", "debug");
    let mut server = Server { child: command.stdout(Stdio::null()).stderr(full).spawn().unwrap(), port };
    place.wait_for(&mut server);
    Mentor::new(&server, "ann").offer(&server, "talk", 30, 30);
    let body = wish("ann", "talk", tomorrow(&server), "guest");
    assert_eq!(server.send("POST", "/api/v1/bookings", "", &body).status, 201);
    let (url, _) = store::embedded::running(place.data.path()).unwrap().unwrap();
    assert!(waited(|| number(&url, "SELECT count(*) FROM jobs") == 0), "jobs run");
    server.signal("-TERM");
    assert!(server.child.wait().unwrap().success());
}

/// A file system of its own, so small that it can be filled.
struct Small(PathBuf);

impl Small {
    /// None, where we may not mount anything.
    fn mount(at: &Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size},mode=0711"), "tmpfs"]).arg(at).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }

    /// Takes all the room that there is.
    fn fill(&self) {
        let mut ballast = fs::File::create(self.0.join("ballast")).unwrap();
        while ballast.write_all(&[0; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// With a real one, which also holds the embedded database, mail in files and the log: only where we may mount.
#[test]
fn a_disk_that_is_really_full_does_no_lasting_harm() {
    let place = Place::new().without_limits();
    let Some(small) = Small::mount(place.data.path(), "160m") else {
        measured("a really full disk: not tried, because this machine lets us mount nothing");
        return;
    };
    let server = place.serve();
    Mentor::new(&server, "ann").offer(&server, "talk", 30, 30);
    let start = tomorrow(&server);
    let book = |n| book(&server, start, n).status;
    assert_eq!(book(0), 201);
    small.fill();
    let (mut asked, mut refused) = (1, Vec::new());
    while refused.len() < 5 {
        assert!(asked < 1000, "it was never full");
        match book(asked) {
            201 => {}
            503 => refused.push(asked),
            other => panic!("{other}: {}", place.log()),
        }
        asked += 1;
    }
    let begin = Instant::now();
    small.make_room();
    assert!(waited(|| server.is_ready()), "{}", place.log());
    assert!(refused.iter().all(|n| waited(|| book(*n) == 201)), "{}", place.log());
    measured(&format!(
        "a full disk: {asked} bookings, of which 5 were refused and taken {:.1?} after there was room",
        begin.elapsed()
    ));
    let (url, _) = store::embedded::running(place.data.path()).unwrap().unwrap();
    assert_eq!(number(&url, "SELECT count(*) FROM bookings"), asked, "each once");
    assert_eq!(number(&url, "SELECT count(*) FROM booking_events"), asked);
    execute(&url, "UPDATE jobs SET locked_until = NULL, run_at = created_at");
    assert!(waited(|| number(&url, "SELECT count(*) FROM jobs") == 0), "{}", place.log());
    let letters = fs::read_dir(place.data.path().join("mail")).unwrap().flatten();
    let whole = letters.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "eml"));
    assert_eq!(whole.count() as i64, 2 * asked, "every letter is there, and whole");
}
