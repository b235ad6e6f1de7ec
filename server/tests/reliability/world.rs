//! Mentors, bookings and databases, as the tests need them.

use crate::cluster;
use crate::common::*;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::fs;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use store::embedded::Cluster;
use tokio::runtime::Runtime;

/// One figure for `cargo test`, another for `make soak`.
pub(crate) fn amount<T>(quick: T, long: T) -> T {
    if std::env::var_os("YAKSOK_SOAK").is_some() { long } else { quick }
}

/// What a long run measured goes into its log.
#[expect(clippy::print_stdout, reason = "`make soak` reads it there")]
pub(crate) fn measured(what: &str) {
    println!("measured: {what}");
}

/// Another sequence at every run: SplitMix64.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(RandomState::new().hash_one("dice"))
    }

    /// From 0 up to, and without, `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

pub(crate) struct Mentor {
    pub(crate) key: String,
}

impl Mentor {
    /// A mentor who is open around the clock, in UTC.
    pub(crate) fn new(server: &Server, handle: &str) -> Self {
        let body = json!({"handle": handle, "name": format!("Mentor {handle}"),
            "email": format!("{handle}@mentors.example"), "timezone": "UTC"});
        let made = server.send("POST", "/api/v1/mentors", PLATFORM_KEY, &body.to_string());
        assert_eq!(made.status, 201, "{}", made.body);
        let mentor = Self { key: made.json()["api_key"].as_str().unwrap().to_owned() };
        let windows: Vec<Value> =
            (0..7).map(|day| json!({"day_of_week": day, "start_time": "00:00", "end_time": "24:00"})).collect();
        let hours = json!({"timezone": "UTC", "weekly": windows, "overrides": [], "blocked": []});
        let saved = server.send("PUT", "/api/v1/availability", &mentor.key, &hours.to_string());
        assert_eq!(saved.status, 200, "{}", saved.body);
        mentor
    }

    /// With sessions of another kind, without buffers.
    pub(crate) fn offer(&self, server: &Server, slug: &str, minutes: u16, interval: u16) {
        let body = json!({"name": slug, "description": null, "duration_minutes": minutes,
            "start_interval_minutes": interval, "buffer_before_minutes": 0, "buffer_after_minutes": 0,
            "minimum_notice_minutes": 0, "horizon_days": 730, "daily_limit": null, "requires_approval": false,
            "cancel_notice_minutes": 0, "price": null, "location": null, "active": true});
        let path = format!("/api/v1/session-types/{slug}");
        let saved = server.send("PUT", &path, &self.key, &body.to_string());
        assert_eq!(saved.status, 200, "{}", saved.body);
    }
}

/// Midnight tomorrow, by the server's clock.
pub(crate) fn tomorrow(server: &Server) -> DateTime<Utc> {
    let head = server.get("/healthz", "").head;
    let date = head.lines().find_map(|line| line.strip_prefix("date: ")).unwrap();
    let now = DateTime::parse_from_rfc2822(date).unwrap().to_utc();
    now.date_naive().and_time(NaiveTime::MIN).and_utc() + TimeDelta::days(1)
}

pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The body of `POST /bookings`.
pub(crate) fn wish(mentor: &str, session_type: &str, start: DateTime<Utc>, guest: &str) -> String {
    json!({"mentor": mentor, "session_type": session_type, "start": instant(start), "name": "A guest",
        "email": format!("{guest}@guests.example"), "timezone": "Europe/Berlin"})
    .to_string()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The one text column of what a query finds.
pub(crate) fn column(url: &str, query: &str) -> Vec<String> {
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_all(&mut connection).await.unwrap()
    })
}

pub(crate) fn number(url: &str, query: &str) -> i64 {
    column(url, &format!("SELECT ({query})::text"))[0].parse().unwrap()
}

pub(crate) fn execute(url: &str, statement: &str) {
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    });
}

/// Does something while a transaction with this statement is open; then it is committed.
pub(crate) fn during(url: &str, statement: &str, something: impl FnOnce()) {
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let sql = AssertSqlSafe(format!("BEGIN; {statement}"));
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        something();
        sqlx::raw_sql("COMMIT").execute(&mut connection).await.unwrap();
    });
}

pub(crate) const OVERLAPS: &str = "SELECT count(*) FROM bookings a JOIN bookings b USING (mentor_id)
    WHERE a.id < b.id AND a.during && b.during AND a.status IN ('pending', 'confirmed', 'held')
        AND b.status IN ('pending', 'confirmed', 'held')";

/// A database of its own, on a server that is not the program's.
pub(crate) fn database() -> cluster::Database {
    block_on(cluster::database())
}

/// A server on that database. All of them have one key, as replicas must.
pub(crate) fn on(database: &cluster::Database) -> Place {
    on_urls(&database.owner_url, &database.application_url)
}

pub(crate) fn on_urls(owner_url: &str, application_url: &str) -> Place {
    Place::new()
        .without_limits()
        .with("BASE_URL", "http://yaksok.example")
        .with("DATABASE_URL", application_url)
        .with("DATABASE_MIGRATION_URL", owner_url)
        .with("CALENDAR_TOKEN_ENCRYPTION_KEY", "c2l4dGVlbiBieXRlcywgYW5kIHNpeHRlZW4gbW9yZS4=")
}

/// A database server of one test's own, to be stopped and frozen.
pub(crate) struct OwnCluster {
    pub(crate) directory: PathBuf,
    runtime: Runtime,
    cluster: Option<Cluster>,
}

impl OwnCluster {
    pub(crate) fn start() -> Self {
        let directory = cluster::lasting_directory().join("data");
        let mut own = Self { directory, runtime: Runtime::new().unwrap(), cluster: None };
        own.start_again();
        own
    }

    pub(crate) fn start_again(&mut self) {
        self.cluster = Some(self.runtime.block_on(Cluster::start(&self.directory)).unwrap());
    }

    pub(crate) fn stop(&mut self) {
        self.runtime.block_on(self.cluster.take().unwrap().stop());
    }

    pub(crate) fn owner_url(&self) -> String {
        self.cluster.as_ref().unwrap().owner_url()
    }

    pub(crate) fn application_url(&self) -> String {
        self.cluster.as_ref().unwrap().application_url()
    }

    /// Lets nothing of it run (`-STOP`), or run on (`-CONT`): its connections stay, and nobody answers.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = fs::read_to_string(self.directory.join("postgres/postmaster.pid")).unwrap();
        signal_database(signal, pid.lines().next().unwrap());
    }
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        if self.cluster.is_some() {
            self.signal("-CONT");
        }
    }
}

/// Sends a signal to PostgreSQL's first process and to all that it has begun.
pub(crate) fn signal_database(signal: &str, postmaster: &str) {
    send_signal(signal, postmaster);
    for process in children(postmaster) {
        // One may have ended in the meantime.
        let _ = Command::new("kill").args([signal, &process]).stderr(Stdio::null()).status();
    }
}

/// The processes that a process has begun.
pub(crate) fn children(process: &str) -> Vec<String> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().unwrap();
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .filter(|(_, parent)| parent.trim() == process)
        .map(|(pid, _)| pid.to_owned())
        .collect()
}
