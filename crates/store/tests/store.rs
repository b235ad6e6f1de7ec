//! Transactions, migrations, and what the database refuses whatever the code above it does.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "common/cluster.rs"]
mod cluster;

use chrono::{DateTime, TimeDelta, Utc};
use cluster::database;
use scheduling::{Availability, BookingId, ClockTime, MentorId, SessionType, SessionTypeId, Status, WeeklyWindow};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::task::Poll;
use std::time::Duration;
use store::{Actor, NewBooking, NewMentor, Store, StoreError};
use uuid::Uuid;

const MENTOR: MentorId = MentorId(Uuid::from_u128(1));
const OTHER: MentorId = MentorId(Uuid::from_u128(2));
const SESSION: SessionTypeId = SessionTypeId(Uuid::from_u128(3));

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn start() -> DateTime<Utc> {
    at("2027-01-01T09:00:00Z")
}

fn mentor(id: MentorId, handle: &str) -> NewMentor {
    NewMentor {
        id,
        handle: handle.into(),
        name: "Name".into(),
        email: format!("{handle}@example.com"),
        email_verified_at: Some(start()),
        headline: None,
        bio: None,
        photo_url: None,
        timezone: "UTC".into(),
        language: "en".into(),
        clock: None,
        week_start: None,
        created_at: start(),
    }
}

fn booking(n: u8, mentor: MentorId, start: DateTime<Utc>, minutes: i64) -> NewBooking {
    NewBooking {
        id: BookingId(Uuid::from_u128(100 + u128::from(n))),
        mentor_id: mentor,
        session_type_id: SESSION,
        session_slug: "session".into(),
        session_name: "Session".into(),
        status: Status::Confirmed,
        start,
        end: start + TimeDelta::minutes(minutes),
        buffer_before_minutes: 0,
        buffer_after_minutes: 15,
        cancel_notice_minutes: 0,
        location: None,
        price: None,
        name: "Ada".into(),
        email: "ada@example.com".into(),
        timezone: "UTC".into(),
        language: "en".into(),
        clock: None,
        notes: None,
        manage_token_hash: [n; 32],
        manage_token_sealed: vec![n],
        created_at: start,
    }
}

async fn insert(store: &Store, booking: &NewBooking) -> Result<(), StoreError> {
    let mut tx = store.begin(Actor::Visitor).await?;
    tx.act_for(booking.mentor_id).await?;
    tx.insert_booking(booking).await?;
    tx.commit().await
}

async fn with_mentors(application_url: &str) -> Store {
    let store = Store::connect(application_url, 2).await.unwrap();
    let mut tx = store.begin(Actor::Worker).await.unwrap();
    tx.insert_mentor(&mentor(MENTOR, "ann")).await.unwrap();
    tx.insert_mentor(&mentor(OTHER, "ben")).await.unwrap();
    tx.put_session_type(MENTOR, SESSION, start(), &SessionType::first()).await.unwrap();
    tx.commit().await.unwrap();
    store
}

/// No calendar is locked here and no slot is asked for: the constraint alone stands.
#[tokio::test]
async fn the_database_refuses_sessions_that_overlap() {
    let database = database().await;
    let store = with_mentors(&database.application_url).await;
    let minutes = TimeDelta::minutes;
    insert(&store, &booking(1, MENTOR, start(), 30)).await.unwrap();
    for (n, from, length) in [(2, 0, 30), (3, -29, 30), (4, 29, 30), (5, 10, 5), (6, -60, 240)] {
        let refused = insert(&store, &booking(n, MENTOR, start() + minutes(from), length)).await;
        assert!(matches!(refused, Err(StoreError::Overlap)), "{from} for {length}: {refused:?}");
    }
    insert(&store, &booking(7, MENTOR, start() + minutes(30), 30)).await.expect("one ends, the next begins");
    insert(&store, &booking(8, MENTOR, start() - minutes(30), 30)).await.expect("one ends, the next begins");
    insert(&store, &booking(9, OTHER, start(), 30)).await.expect("another mentor's time");

    // What is moved or comes back may not overlap either; what is off takes no time.
    let mut owner = PgConnection::connect(&database.owner_url).await.unwrap();
    let mut run =
        async |sql: &str| sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.map_err(StoreError::from);
    let [first, second] = [booking(1, MENTOR, start(), 30).id, booking(7, MENTOR, start(), 30).id];
    let moved = format!("UPDATE bookings SET during = '[2027-01-01 09:15Z,2027-01-01 09:45Z)' WHERE id = '{second}'");
    assert!(matches!(run(&moved).await, Err(StoreError::Overlap)));
    for off in ["cancelled", "declined"] {
        run(&format!("UPDATE bookings SET status = '{off}' WHERE id = '{first}'")).await.unwrap();
        run(&moved).await.unwrap();
        for on in ["confirmed", "pending"] {
            let again = run(&format!("UPDATE bookings SET status = '{on}' WHERE id = '{first}'")).await;
            assert!(matches!(again, Err(StoreError::Overlap)), "{on}: {again:?}");
        }
        let held = format!("UPDATE bookings SET status = 'held', hold_expires_at = now() WHERE id = '{first}'");
        assert!(matches!(run(&held).await, Err(StoreError::Overlap)));
        run(&format!("UPDATE bookings SET during = '[2027-01-01 09:30Z,2027-01-01 10:00Z)' WHERE id = '{second}'"))
            .await
            .unwrap();
        run(&format!("UPDATE bookings SET status = 'confirmed' WHERE id = '{first}'")).await.unwrap();
    }
    run(&format!("UPDATE bookings SET status = 'held', hold_expires_at = now() WHERE id = '{first}'")).await.unwrap();
    assert!(matches!(insert(&store, &booking(10, MENTOR, start(), 30)).await, Err(StoreError::Overlap)));
}

#[tokio::test]
async fn a_range_has_both_ends_and_something_between() {
    let database = database().await;
    let store = with_mentors(&database.application_url).await;
    for length in [0, -30] {
        let refused = insert(&store, &booking(1, MENTOR, start(), length)).await;
        assert!(matches!(refused, Err(StoreError::Database(_))), "{length}: {refused:?}");
    }
    insert(&store, &booking(1, MENTOR, start(), 30)).await.unwrap();
    let mut owner = PgConnection::connect(&database.owner_url).await.unwrap();
    for range in ["empty", "(2027-01-01,2027-01-02)", "[2027-01-01,2027-01-02]"] {
        let changed =
            sqlx::query("UPDATE bookings SET during = $1::text::tstzrange").bind(range).execute(&mut owner).await;
        assert!(changed.is_err(), "{range}");
    }
}

#[tokio::test]
async fn what_is_not_committed_has_not_happened_and_roles_end_with_their_transaction() {
    let database = database().await;
    let store = with_mentors(&database.application_url).await;
    let mut tx = store.begin(Actor::Worker).await.unwrap();
    assert!(tx.delete_mentor(MENTOR).await.unwrap());
    drop(tx);
    // Both connections of the pool, again and again, in turn in every role.
    for _ in 0..5 {
        let mut worker = store.begin(Actor::Worker).await.unwrap();
        assert_eq!(worker.count_mentors().await.unwrap(), 2);
        let mut mentor = store.begin(Actor::Mentor(MENTOR)).await.unwrap();
        assert!(mentor.account(MENTOR).await.unwrap().is_some());
        assert!(mentor.account(OTHER).await.unwrap().is_none());
        drop((worker, mentor));
        let mut visitor = store.begin(Actor::Visitor).await.unwrap();
        let mut other = store.begin(Actor::Visitor).await.unwrap();
        for tx in [&mut visitor, &mut other] {
            assert!(tx.hours(MENTOR, "UTC").await.unwrap().weekly.is_empty());
            assert!(tx.account(MENTOR).await.is_err(), "nothing of the mentor's role is left");
        }
    }
    assert!(store.is_migrated().await.unwrap());
}

/// A request may be dropped at any await; the connection that it leaves behind is clean.
#[tokio::test]
async fn a_transaction_that_was_given_up_half_begun_leaves_nothing_behind() {
    let database = database().await;
    let store = with_mentors(&database.application_url).await;
    let mut tx = store.begin(Actor::Mentor(MENTOR)).await.unwrap();
    let [start_time, end_time] = [ClockTime::MIDNIGHT, ClockTime::MIDNIGHT_END];
    let weekly = vec![WeeklyWindow { day_of_week: 1, start_time, end_time }];
    let hours = Availability { timezone: "UTC".into(), weekly, overrides: vec![], blocked: vec![] };
    tx.replace_hours(MENTOR, &hours).await.unwrap();
    tx.commit().await.unwrap();
    for steps in 0..20 {
        let mut delete = Box::pin(async {
            let mut tx = store.begin(Actor::Mentor(MENTOR)).await.unwrap();
            tx.delete_mentor(MENTOR).await.unwrap();
            std::future::pending::<()>().await;
        });
        for _ in 0..steps {
            std::future::poll_fn(|context| {
                let _ = delete.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        drop(delete);
        // Both connections of the pool.
        let mut visitors = [store.begin(Actor::Visitor).await.unwrap(), store.begin(Actor::Visitor).await.unwrap()];
        for tx in &mut visitors {
            assert!(tx.mentor_by_id(MENTOR).await.unwrap().is_some(), "given up after {steps} steps");
            let hours = tx.hours(MENTOR, "UTC").await.unwrap();
            assert!(hours.weekly.is_empty(), "a visitor acts for the mentor of before, after {steps} steps");
        }
    }
}

#[tokio::test]
async fn a_calendar_is_one_transactions_at_a_time() {
    let database = database().await;
    let store = with_mentors(&database.application_url).await;
    let mut first = store.begin(Actor::Mentor(MENTOR)).await.unwrap();
    first.lock_calendar(MENTOR).await.unwrap();
    let mut second = store.begin(Actor::Visitor).await.unwrap();
    second.lock_calendar(OTHER).await.expect("another calendar is free");
    let mut waits = Box::pin(second.lock_calendar(MENTOR));
    let soon = Duration::from_millis(100);
    assert!(tokio::time::timeout(soon, &mut waits).await.is_err());
    drop(first);
    waits.await.unwrap();
}

async fn new_database(owner_url: &str, name: &str, options: &str) -> String {
    let mut owner = PgConnection::connect(owner_url).await.unwrap();
    let sql = format!("CREATE DATABASE {name} {options}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
    let (before, after) = owner_url.split_once('?').unwrap();
    format!("{}/{name}?{after}", before.rsplit_once('/').unwrap().0)
}

#[tokio::test]
async fn replicas_that_start_together_migrate_once() {
    let owner_url = new_database(&database().await.owner_url, "together", "TEMPLATE template0").await;
    let application_url = owner_url.replace("yaksok_owner", "yaksok");
    let starts = (0..5).map(|_| {
        let (owner_url, application_url) = (owner_url.clone(), application_url.clone());
        tokio::spawn(async move { Store::migrate(&owner_url, &application_url).await })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap().unwrap();
    }
    assert!(with_mentors(&application_url).await.is_migrated().await.unwrap());
}

/// As with a hosted PostgreSQL: the owner is no superuser, is bound by row level security too, and is who connects.
#[tokio::test]
async fn one_url_whose_owner_is_no_superuser() {
    let owner_url = database().await.owner_url;
    let mut superuser = PgConnection::connect(&owner_url).await.unwrap();
    let role = "CREATE ROLE plain LOGIN CREATEROLE; GRANT yaksok_visitor, yaksok_mentor, yaksok_worker TO plain WITH ADMIN OPTION";
    sqlx::raw_sql(role).execute(&mut superuser).await.unwrap();
    let url =
        new_database(&owner_url, "plain", "OWNER plain TEMPLATE template0").await.replace("yaksok_owner", "plain");
    Store::migrate(&url, &url).await.unwrap();
    Store::migrate(&url, &url).await.expect("a second time there is nothing to do");

    let store = with_mentors(&url).await;
    insert(&store, &booking(1, MENTOR, start(), 30)).await.unwrap();
    insert(&store, &booking(2, OTHER, start(), 30)).await.unwrap();
    let mut tx = store.begin(Actor::Visitor).await.unwrap();
    let span = start()..start() + TimeDelta::days(1);
    let timetables = tx.timetables(&[MENTOR], span, start(), None).await.unwrap();
    assert_eq!(timetables[0].busy(None).len(), 1);
    drop(tx);

    let mut tx = store.begin(Actor::Mentor(MENTOR)).await.unwrap();
    assert!(tx.delete_session_type(MENTOR, "session").await.unwrap(), "its bookings stay, without it");
    assert_eq!(tx.booking(booking(1, MENTOR, start(), 30).id).await.unwrap().unwrap().session_type_id, None);
    assert!(tx.delete_mentor(MENTOR).await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = store.begin(Actor::Worker).await.unwrap();
    assert!(tx.booking(booking(1, MENTOR, start(), 30).id).await.unwrap().is_none());
    assert!(tx.booking(booking(2, OTHER, start(), 30).id).await.unwrap().is_some());
}

#[tokio::test]
async fn taken_handles_and_addresses_are_told_apart() {
    let database = database().await;
    let store = with_mentors(&database.application_url).await;
    let third = MentorId(Uuid::from_u128(9));
    for (handle, email, handle_taken) in [("ann", "new@example.com", true), ("new", "ANN@Example.com", false)] {
        let mut tx = store.begin(Actor::Worker).await.unwrap();
        let refused = tx.insert_mentor(&NewMentor { email: email.into(), ..mentor(third, handle) }).await;
        match refused {
            Err(StoreError::HandleTaken) => assert!(handle_taken, "{handle} {email}"),
            Err(StoreError::EmailTaken) => assert!(!handle_taken, "{handle} {email}"),
            other => panic!("{other:?}"),
        }
    }
}
