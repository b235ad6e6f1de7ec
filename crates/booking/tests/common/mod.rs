//! A whole Yaksok without its pages: a database of its own, a clock that stands still, and mail that can be read.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

#[path = "../../../store/tests/common/cluster.rs"]
mod cluster;
#[path = "../../../mailer/tests/common/mod.rs"]
mod mailer_tests;

use booking::accounts::{self, NewAccount};
use booking::bookings::{self, Key, Made, Request};
use booking::calendar::Settings;
use booking::context::{Clock, Inner, Random};
use booking::secrets::Secret;
use booking::zones::Zones;
use booking::{Context, Error, jobs, schedule};
use calendars::http::Http;
use calendars::seal::{SealKey, Sealer};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
pub use cluster::Database;
use mailer::{Mailer, Transport};
use mailer_tests::Part;
use scheduling::{
    Availability, BlockedRange, ClockFormat, DateOverride, Language, MentorId, SessionType, WeeklyWindow, Window,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::fs;
use std::sync::{Arc, Mutex};
use store::Store;
use tempfile::TempDir;
use tokio::sync::Notify;

pub const BASE_URL: &str = "https://yaksok.example";
pub const FROM: &str = "Yaksok <bookings@yaksok.example>";

/// A Sunday morning, when every test begins.
pub const BEGINNING: &str = "2026-11-22T09:00:00Z";

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

/// A clock that goes when it is told to.
#[derive(Clone)]
struct SetClock(Arc<Mutex<DateTime<Utc>>>);

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Everybody could foretell it: SplitMix64.
struct Foretold(Mutex<u64>);

impl Random for Foretold {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A server, but for its pages.
pub struct TestApp {
    pub context: Context,
    database: Database,
    clock: SetClock,
    mail: TempDir,
    servers: Mutex<u64>,
    leaves_no_jobs: bool,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With some parts of the context other than usual.
    pub async fn with(change: impl FnOnce(&mut Inner)) -> Self {
        Self::on(cluster::database().await, change).await
    }

    /// On a database that is migrated already.
    pub async fn on(database: Database, change: impl FnOnce(&mut Inner)) -> Self {
        let clock = SetClock(Arc::new(Mutex::new(at(BEGINNING))));
        let mail = tempfile::tempdir().unwrap();
        let context = server(&database, &clock, &mail, 1, change).await;
        Self { context, database, clock, mail, servers: Mutex::new(1), leaves_no_jobs: false }
    }

    /// Another server on the same database, with connections and randomness of its own.
    pub async fn another_server(&self, change: impl FnOnce(&mut Inner)) -> Context {
        let number = {
            let mut servers = self.servers.lock().unwrap();
            *servers += 1;
            *servers
        };
        server(&self.database, &self.clock, &self.mail, number, change).await
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn set_now(&self, now: DateTime<Utc>) {
        *self.clock.0.lock().unwrap() = now;
    }

    pub fn pass(&self, time: TimeDelta) {
        self.set_now(self.now() + time);
    }

    /// From here on the test fails if it ends with jobs that wait or were given up.
    pub fn leaves_no_jobs(&mut self) {
        self.leaves_no_jobs = true;
    }

    /// Runs the jobs that are due.
    pub async fn run_jobs(&self) -> usize {
        jobs::run_due(&self.context).await.unwrap()
    }

    /// Runs the jobs that are due, and takes out what mail there is since the last time, by recipient.
    pub async fn mail(&self) -> Vec<Letter> {
        self.run_jobs().await;
        let mut letters = Vec::new();
        for entry in fs::read_dir(self.mail.path()).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(path.extension().unwrap(), "eml");
            letters.push(Letter::parse(&fs::read(&path).unwrap()));
            fs::remove_file(path).unwrap();
        }
        letters.sort_by(|a, b| a.to.cmp(&b.to));
        letters
    }

    /// The two letters about one thing that happened: the mentee's and the mentor's.
    pub async fn letters(&self, mentee: &str, mentor: &str) -> (Letter, Letter) {
        let mut letters = self.mail().await;
        assert_eq!(letters.len(), 2, "{:?}", letters.iter().map(|l| (&l.to, &l.subject)).collect::<Vec<_>>());
        let mut take = |to: &str| {
            let found = letters.iter().position(|letter| letter.to == to);
            letters.remove(found.unwrap_or_else(|| panic!("no letter to {to}")))
        };
        (take(mentee), take(mentor))
    }

    /// Where mail goes, to stand in its way.
    pub fn mail_directory(&self) -> &std::path::Path {
        self.mail.path()
    }

    /// A mentor who is open every day from nine to five in `zone`.
    pub async fn mentor(&self, handle: &str, zone: &str) -> MentorId {
        let (account, _) = accounts::create(&self.context, &account(handle, zone)).await.unwrap();
        self.open(account.id(), every_day(zone, "09:00", "17:00")).await;
        account.id()
    }

    pub async fn open(&self, mentor: MentorId, hours: Availability) {
        schedule::save_availability(&self.context, mentor, hours, None).await.unwrap();
    }

    pub async fn offer(&self, mentor: MentorId, session_type: SessionType) {
        schedule::put_session_type(&self.context, mentor, session_type).await.unwrap();
    }

    /// Books as Ada.
    pub async fn book(&self, mentor: &str, session_type: &str, start: &str) -> Result<Made, Error> {
        let (made, _) = bookings::book(&self.context, request(mentor, session_type, at(start))).await?;
        Ok(made)
    }

    /// Books as Ada, and answers what opens the booking.
    pub async fn booked(&self, mentor: &str, session_type: &str, start: &str) -> (Made, Key) {
        let (made, token) = bookings::book(&self.context, request(mentor, session_type, at(start))).await.unwrap();
        (made, Key::Token(token))
    }

    /// SQL as the database's owner, past every right.
    pub async fn sql(&self, sql: &str) {
        let mut owner = PgConnection::connect(&self.database.owner_url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
        owner.close().await.unwrap();
    }

    /// The same, where the database refuses changes by default.
    pub async fn sql_that_writes(&self, sql: &str) {
        let mut owner = PgConnection::connect(&self.database.owner_url).await.unwrap();
        sqlx::raw_sql("SET default_transaction_read_only = off").execute(&mut owner).await.unwrap();
        for statement in sql.split(';') {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut owner).await.unwrap();
        }
        owner.close().await.unwrap();
    }

    pub fn owner_url(&self) -> &str {
        &self.database.owner_url
    }

    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let mut owner = PgConnection::connect(&self.database.owner_url).await.unwrap();
        let texts = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut owner).await.unwrap();
        owner.close().await.unwrap();
        texts
    }

    /// A line for each table, which tells all that is in it, but for when keys were last used.
    pub async fn fingerprint(&self) -> Vec<String> {
        let tables = self
            .texts(
                "SELECT tablename::text FROM pg_tables
                 WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations' ORDER BY 1",
            )
            .await;
        let of = |table: String| {
            format!(
                "SELECT '{table} ' || count(*) || ' ' || coalesce(md5(string_agg(line, '\n' ORDER BY line)), '')
                 FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS line FROM \"{table}\" t) AS lines"
            )
        };
        self.texts(&tables.into_iter().map(of).collect::<Vec<_>>().join(" UNION ALL ")).await
    }

    pub async fn number(&self, sql: &str) -> i64 {
        let mut owner = PgConnection::connect(&self.database.owner_url).await.unwrap();
        let number = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut owner).await.unwrap();
        owner.close().await.unwrap();
        number
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !self.leaves_no_jobs || std::thread::panicking() {
            return;
        }
        // The test's own runtime is busy with dropping this.
        let url = self.database.owner_url.clone();
        let count = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut owner = PgConnection::connect(&url).await.unwrap();
                sqlx::query_scalar::<_, i64>("SELECT count(*) FROM jobs").fetch_one(&mut owner).await.unwrap()
            })
        });
        assert_eq!(count.join().unwrap(), 0, "jobs are left over");
    }
}

async fn server(
    database: &Database,
    clock: &SetClock,
    mail: &TempDir,
    seed: u64,
    change: impl FnOnce(&mut Inner),
) -> Context {
    let mut inner = Inner {
        store: Store::connect(&database.application_url, 8).await.unwrap(),
        sealer: Sealer::new(SealKey::new(&[1; 32]), None),
        mailer: Mailer::new(Transport::Files(mail.path().to_owned()), FROM).unwrap(),
        zones: Zones::newest(),
        calendars: Settings {
            http: Http::new().unwrap(),
            google: None,
            microsoft: None,
            caldav: true.into(),
            sync_interval: TimeDelta::minutes(5),
            push: false,
        },
        clock: Box::new(clock.clone()),
        random: Box::new(Foretold(Mutex::new(seed))),
        base_url: BASE_URL.into(),
        signups_open: true,
        details_kept: None,
        jobs_left: Notify::new(),
    };
    change(&mut inner);
    Context::new(inner)
}

pub fn account(handle: &str, zone: &str) -> NewAccount {
    NewAccount {
        handle: handle.into(),
        name: format!("Mentor {handle}"),
        email: format!("{handle}@example.com"),
        timezone: zone.into(),
        headline: None,
        bio: None,
        photo_url: None,
        language: Language::En,
        format: None,
    }
}

pub const ADA: &str = "ada@example.org";

pub fn request(mentor: &str, session_type: &str, start: DateTime<Utc>) -> Request {
    Request {
        mentor: mentor.into(),
        session_type: session_type.into(),
        start,
        name: "Ada".into(),
        email: ADA.into(),
        timezone: "UTC".into(),
        notes: None,
        language: Language::En,
        clock: ClockFormat::Twelve,
        hold: None,
        idempotency: None,
    }
}

/// A session type without buffers, notice or limit.
pub fn session(slug: &str, duration_minutes: u16, start_interval_minutes: u16) -> SessionType {
    SessionType {
        slug: slug.into(),
        name: format!("Session {slug}"),
        duration_minutes,
        start_interval_minutes,
        buffer_after_minutes: 0,
        ..SessionType::first()
    }
}

pub fn window(start: &str, end: &str) -> Window {
    Window { start_time: start.parse().unwrap(), end_time: end.parse().unwrap() }
}

pub fn every_day(zone: &str, start: &str, end: &str) -> Availability {
    let Window { start_time, end_time } = window(start, end);
    let weekly = (0..7).map(|day_of_week| WeeklyWindow { day_of_week, start_time, end_time }).collect();
    Availability { timezone: zone.into(), weekly, overrides: vec![], blocked: vec![] }
}

pub fn blocked(from: &str, to: &str) -> BlockedRange {
    BlockedRange { starts_on: date(from), ends_on: date(to), note: Some("a secret reason".into()) }
}

pub fn on_date(day: &str, windows: Vec<Window>) -> DateOverride {
    DateOverride { date: date(day), windows }
}

/// A letter, as far as it matters here.
#[derive(Debug)]
pub struct Letter {
    pub to: String,
    pub reply_to: Option<String>,
    pub subject: String,
    pub message_id: String,
    pub in_reply_to: Option<String>,
    pub references: Option<String>,
    pub text: String,
    pub html: String,
    pub invite: Option<Calendar>,
}

impl Letter {
    fn parse(bytes: &[u8]) -> Self {
        let part = Part::parse(bytes);
        let (alternative, attached) = match part.children.as_slice() {
            [alternative, attached] if part.content_type().starts_with("multipart/mixed") => {
                (alternative, Some(attached))
            }
            _ => (&part, None),
        };
        let of_type = |kind: &str| alternative.children.iter().find(|part| part.content_type().starts_with(kind));
        let invite = of_type("text/calendar").map(|part| {
            assert_eq!(part.body, attached.unwrap().body, "the same bytes are attached");
            let calendar = Calendar::parse(part.text());
            assert_eq!(part.parameter("content-type", "method").as_deref(), Some(calendar.get("METHOD")));
            calendar
        });
        Self {
            to: address(&part.words("to")),
            reply_to: part.header("reply-to").is_some().then(|| address(&part.words("reply-to"))),
            subject: part.words("subject"),
            message_id: part.header("message-id").unwrap().to_owned(),
            in_reply_to: part.header("in-reply-to").map(str::to_owned),
            references: part.header("references").map(str::to_owned),
            text: of_type("text/plain").unwrap().text().to_owned(),
            html: of_type("text/html").unwrap().text().to_owned(),
            invite,
        }
    }

    pub fn invite(&self) -> &Calendar {
        self.invite.as_ref().expect("an invitation")
    }

    /// Whether it stands anywhere in the letter.
    pub fn mentions(&self, what: &str) -> bool {
        let calendar = self.invite.iter().flat_map(|invite| &invite.lines);
        [&self.subject, &self.message_id, &self.text, &self.html]
            .into_iter()
            .chain(calendar)
            .any(|text| text.contains(what))
    }

    /// The secret in its link.
    pub fn token(&self) -> Secret {
        let (_, after) = self.text.split_once("?token=").expect("a link with a token");
        Secret::new(after.split_whitespace().next().unwrap())
    }
}

fn address(mailbox: &str) -> String {
    let address = mailbox.split_once('<').map_or(mailbox, |(_, rest)| rest.trim_end_matches('>'));
    address.trim().to_owned()
}

/// An iCalendar object, as its unfolded lines.
#[derive(Debug)]
pub struct Calendar {
    pub lines: Vec<String>,
}

impl Calendar {
    pub fn parse(text: &str) -> Self {
        Self { lines: text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect() }
    }

    /// The value of a property that stands there once.
    pub fn get(&self, property: &str) -> &str {
        match self.all(property).as_slice() {
            [only] => only,
            other => panic!("{property}: {other:?}"),
        }
    }

    /// The values of a property, without its parameters.
    pub fn all(&self, property: &str) -> Vec<&str> {
        let of_line = |line: &'_ str| -> Option<usize> {
            let rest = line.strip_prefix(property)?;
            let value = match rest.chars().next()? {
                ':' => 1,
                // No parameter of ours has a colon in quotes.
                ';' => rest.find(':')? + 1,
                _ => return None,
            };
            Some(property.len() + value)
        };
        self.lines.iter().filter_map(|line| Some(&line[of_line(line)?..])).collect()
    }

    /// `METHOD`, `SEQUENCE` and `STATUS`.
    pub fn state(&self) -> (&str, &str, &str) {
        (self.get("METHOD"), self.get("SEQUENCE"), self.get("STATUS"))
    }
}
