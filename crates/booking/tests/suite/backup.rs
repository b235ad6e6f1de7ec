//! Everything is copied while servers run, and put back as it was.

use crate::common::*;
use booking::bookings::{self, Key};
use booking::context::Inner;
use booking::secrets::{Secret, sha256};
use booking::store::backup::{self, BackupError};
use booking::{accounts, holds, rotation};
use calendars::seal::{SealKey, Sealer};
use std::fs;
use std::path::Path;

/// A line for each row of each table.
async fn everything(app: &TestApp) -> Vec<String> {
    let tables = app
        .texts(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
             AND relname <> '_sqlx_migrations' ORDER BY 1",
        )
        .await;
    let mut rows = Vec::new();
    for table in tables {
        rows.extend(app.texts(&format!("SELECT '{table} ' || t::text FROM {table} t ORDER BY 1")).await);
    }
    rows
}

async fn lived_in() -> (TestApp, Key) {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "Asia/Seoul").await;
    let awkward = "tab\there, a \\ backslash, \"quotes\", 약속, and\nanother line";
    let hours = scheduling::Availability {
        blocked: vec![scheduling::BlockedRange { note: Some(awkward.into()), ..blocked("2027-01-01", "2027-01-05") }],
        ..every_day("Asia/Seoul", "09:00", "17:00")
    };
    app.open(ann, hours).await;
    accounts::create_api_key(&app.context, ann, "A key").await.unwrap();
    let (_, key) = app.booked("ann", "session", "2026-11-24T01:00:00Z").await;
    let (_, gone) = app.booked("ann", "session", "2026-11-24T03:00:00Z").await;
    bookings::cancel(&app.context, &gone, Some(awkward.into())).await.unwrap();
    holds::hold(&app.context, "1.1.1.1", "ann", "session", at("2026-11-25T01:00:00Z")).await.unwrap();
    accounts::login_link(&app.context, "ann").await.unwrap();
    app.sql(&format!(
        "INSERT INTO mentor_calendar_tokens (id, mentor_id, provider, account, refresh_token, status, created_at)
             VALUES ('{ann}', '{ann}', 'google', 'x', '\\xdeadbeef', 'expired', now());
         INSERT INTO calendars (id, connection_id, mentor_id, remote_id, name, writable, is_primary, blocks, receives)
             VALUES ('{ann}', '{ann}', '{ann}', 'x', 'x', true, true, true, true);
         INSERT INTO calendar_busy VALUES ('{ann}', 'x', '{ann}', tstzrange(now(), now() + interval '1 hour'))"
    ))
    .await;
    (app, key)
}

async fn copied(app: &TestApp, to: &Path) {
    let mut file = fs::File::create(to).unwrap();
    backup::write(app.owner_url(), Some("a key".into()), app.now(), &mut file).await.unwrap();
}

#[tokio::test]
async fn what_was_copied_is_put_back_row_by_row() {
    let (app, key) = lived_in().await;
    let before = everything(&app).await;
    assert!(before.len() > 20);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    copied(&app, &file).await;
    assert_eq!(backup::check(&file).unwrap().as_deref(), Some("a key"));

    let mut other = TestApp::new().await;
    // With randomness of its own: what can be foretold makes the same ids once more.
    other.context = other.another_server(|_| {}).await;
    backup::restore(other.owner_url(), &file, false).await.unwrap();
    // The migration tool's own table is the owner's to read.
    let forced = "SELECT count(*) FROM pg_class
        WHERE relrowsecurity AND NOT relforcerowsecurity AND relname <> '_sqlx_migrations'";
    assert_eq!(other.number(forced).await, 0, "row level security is as before");
    assert_eq!(everything(&other).await, before);
    // And it works: the booking's link, and whatever has a number of its own.
    bookings::cancel(&other.context, &key, None).await.unwrap();
    assert!(other.app_goes_on().await);

    let again = backup::restore(other.owner_url(), &file, false).await;
    assert!(matches!(again, Err(BackupError::NotEmpty)), "{again:?}");
    backup::restore(other.owner_url(), &file, true).await.unwrap();
    assert_eq!(everything(&other).await, before);
}

/// The same, as a program wrote it that knew nothing of `keys` (schema 8).
fn older(file: &Path) -> Vec<u8> {
    let whole = fs::read(file).unwrap();
    let head_ends = whole.iter().position(|byte| *byte == b'\n').unwrap();
    let head = std::str::from_utf8(&whole[..head_ends]).unwrap();
    let (before, schema) = head.split_once("\"schema\":").unwrap();
    let head = format!("{before}\"schema\":8{}", schema.trim_start_matches(|c: char| c.is_ascii_digit()));
    let mark = b"{\"table\":\"keys\"";
    let end = whole.windows(mark.len()).position(|bytes| bytes == mark).unwrap();
    let mut older = [head.as_bytes(), &whole[head_ends..end]].concat();
    older.extend(sha256(&older));
    older
}

#[tokio::test]
async fn the_key_that_it_was_used_with_goes_with_it() {
    let (app, _) = lived_in().await;
    // A made-up one, which no key opens.
    app.sql("UPDATE mentor_calendar_tokens SET refresh_token = NULL").await;
    assert!(rotation::key_fits(&app.context).await.unwrap());
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    copied(&app, &file).await;
    let other_key = |inner: &mut Inner| inner.sealer = Sealer::new(SealKey::new(&[2; 32]), None);

    // A server was started there, with a key of its own, and nothing else has happened.
    let other = TestApp::with(other_key).await;
    assert!(rotation::key_fits(&other.context).await.unwrap());
    backup::restore(other.owner_url(), &file, false).await.unwrap();
    assert!(!rotation::key_fits(&other.context).await.unwrap(), "what was put back is sealed under another");
    let same = other.another_server(|_| {}).await;
    assert!(rotation::key_fits(&same).await.unwrap());

    // The schema before had none.
    fs::write(&file, older(&file)).unwrap();
    backup::restore(other.owner_url(), &file, true).await.unwrap();
    assert_eq!(other.number("SELECT count(*) FROM keys").await, 0);
    assert!(!rotation::key_fits(&other.context).await.unwrap(), "the bookings' tokens are sealed under another");
    assert_eq!(other.number("SELECT count(*) FROM keys").await, 0, "whoever does not start leaves nothing");
    assert!(rotation::key_fits(&same).await.unwrap());
    assert_eq!(other.number("SELECT count(*) FROM keys").await, 1);
}

#[tokio::test]
async fn what_is_not_a_whole_backup_changes_nothing() {
    let (app, _) = lived_in().await;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    copied(&app, &file).await;
    let whole = fs::read(&file).unwrap();
    let before = everything(&app).await;
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    for damaged in [
        &whole[..whole.len() - 1],
        &whole[..whole.len() / 2],
        &whole[..20],
        b"",
        &changed,
        b"PK something else entirely, of some length",
    ] {
        fs::write(&file, damaged).unwrap();
        let refused = backup::restore(app.owner_url(), &file, true).await;
        assert!(matches!(refused, Err(BackupError::Damaged(_))), "{refused:?}");
    }
    assert_eq!(everything(&app).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_of_one_moment() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.open(ann, every_day("UTC", "00:00", "24:00")).await;
    app.offer(ann, session("short", 5, 5)).await;
    let context = app.context.clone();
    let booking = tokio::spawn(async move {
        for n in 0..60 {
            let start = at("2026-11-24T00:00:00Z") + minutes(5 * n);
            bookings::book(&context, request("ann", "short", start)).await.unwrap();
        }
    });
    let place = tempfile::tempdir().unwrap();
    let mut copies = 0;
    while !booking.is_finished() {
        let file = place.path().join(copies.to_string());
        copied(&app, &file).await;
        copies += 1;
    }
    booking.await.unwrap();
    let other = TestApp::new().await;
    for copy in 0..copies {
        backup::restore(other.owner_url(), &place.path().join(copy.to_string()), true).await.unwrap();
        let torn = "SELECT (SELECT count(*) FROM bookings b WHERE NOT EXISTS
                        (SELECT FROM booking_events e WHERE e.booking_id = b.id))
                    + (SELECT abs((SELECT count(*) FROM bookings) * 3 - (SELECT count(*) FROM jobs)))";
        assert_eq!(other.number(torn).await, 0);
    }
}

impl TestApp {
    /// Signs somebody up and blocks a date: rows whose number the database gives.
    async fn app_goes_on(&self) -> bool {
        let bea = self.mentor("bea", "UTC").await;
        let hours = scheduling::Availability {
            blocked: vec![blocked("2027-01-01", "2027-01-05")],
            ..every_day("UTC", "09:00", "17:00")
        };
        self.open(bea, hours).await;
        let link = accounts::login_link(&self.context, "bea").await.unwrap().0;
        accounts::enter(&self.context, &Secret::new(link.split_once("token=").unwrap().1)).await.is_ok()
    }
}
