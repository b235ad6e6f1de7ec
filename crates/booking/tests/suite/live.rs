//! Whoever looks at a mentor's slots is told that they changed, on whichever server that was.

use super::common::*;
use booking::recent::RECENT;
use booking::store::Actor;
use booking::{Context, Error, bookings, holds, listing, schedule};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

const START: &str = "2026-12-01T09:00:00Z";

/// The mentor `ann`, and what another server hears of her.
async fn ann() -> (TestApp, watch::Receiver<u64>) {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    app.mentor("ben", "UTC").await;
    let other = app.another_server(|_| {}).await;
    let mut changes = listing::changes(&other, "ann").await.unwrap();
    other.store.listen(app.owner_url()).unwrap();
    // That listening began is said, too; what was announced before may come after it.
    heard(&mut changes, "listening").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    changes.mark_unchanged();
    // As long as it is needed: the context keeps its store.
    std::mem::forget(other);
    (app, changes)
}

async fn heard(changes: &mut watch::Receiver<u64>, what: &str) {
    timeout(Duration::from_secs(5), changes.changed()).await.unwrap_or_else(|_| panic!("{what} is heard of")).unwrap();
    // One change may be told of twice, by a batch of its own each.
    tokio::time::sleep(Duration::from_millis(150)).await;
    changes.mark_unchanged();
}

#[tokio::test]
async fn what_is_committed_is_heard_of_everywhere() {
    let (app, mut changes) = ann().await;
    let id = listing::mentor(&app.context, "ann").await.unwrap().0.id();
    let (_, key) = app.booked("ann", "session", START).await;
    heard(&mut changes, "a booking").await;
    bookings::cancel(&app.context, &key, None).await.unwrap();
    heard(&mut changes, "its end").await;
    let hold = holds::hold(&app.context, "192.0.2.1", "ann", "session", at(START)).await.unwrap();
    heard(&mut changes, "a hold").await;
    holds::release(&app.context, "ann", hold.id).await.unwrap();
    heard(&mut changes, "its end").await;
    app.open(id, every_day("UTC", "10:00", "12:00")).await;
    heard(&mut changes, "other hours").await;
    app.offer(id, session("long", 90, 30)).await;
    heard(&mut changes, "another session type").await;
    schedule::delete_session_type(&app.context, id, "long").await.unwrap();
    heard(&mut changes, "its end").await;
}

#[tokio::test]
async fn what_is_not_committed_or_another_mentors_is_not() {
    let (app, changes) = ann().await;
    let id = listing::mentor(&app.context, "ann").await.unwrap().0.id();
    let mut tx = app.context.store.begin(Actor::Mentor(id)).await.unwrap();
    tx.lock_calendar(id).await.unwrap();
    tx.replace_hours(id, &every_day("UTC", "10:00", "12:00")).await.unwrap();
    drop(tx);
    app.book("ann", "session", "2026-12-01T03:00:00Z").await.unwrap_err();
    app.book("ben", "session", START).await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!changes.has_changed().unwrap());
}

#[tokio::test]
async fn a_listener_that_is_cut_off_listens_again_and_says_so() {
    let (app, mut changes) = ann().await;
    app.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    )
    .await;
    heard(&mut changes, "that something may have been missed").await;
    app.book("ann", "session", START).await.unwrap();
    heard(&mut changes, "a booking").await;
}

#[tokio::test]
async fn what_is_given_again_is_a_second_old_at_most_and_decides_nothing() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let (deaf, listens) = (app.another_server(|_| {}).await, app.another_server(|_| {}).await);
    let mut changes = listing::changes(&listens, "ann").await.unwrap();
    listens.store.listen(app.owner_url()).unwrap();
    heard(&mut changes, "listening").await;
    let seen = async |context: &Context| {
        let starts = listing::recent_horizon(context, "ann", "session", None).await.unwrap().starts;
        starts.contains(&at(START))
    };
    let everywhere = async || [seen(&app.context).await, seen(&listens).await, seen(&deaf).await];
    assert_eq!(everywhere().await, [true; 3]);

    app.book("ann", "session", START).await.unwrap();
    assert!(!seen(&app.context).await, "whoever changed it knows at once");
    heard(&mut changes, "a booking").await;
    assert_eq!(everywhere().await, [false, false, true], "and whoever listens; the clock has stood still");
    let late = bookings::book(&deaf, request("ann", "session", at(START))).await;
    assert!(matches!(late, Err(Error::SlotUnavailable)), "{late:?}");
    assert!(!listing::horizon(&deaf, "ann", "session", None).await.unwrap().starts.contains(&at(START)));
    app.pass(RECENT);
    assert_eq!(everywhere().await, [false; 3]);

    // The profile follows in the same way.
    app.open(ann, every_day("UTC", "09:00", "10:00")).await;
    let (_, types) = listing::mentor(&app.context, "ann").await.unwrap();
    app.offer(ann, session("long", 30, 30)).await;
    let (_, now) = listing::mentor(&app.context, "ann").await.unwrap();
    assert_eq!((types.len(), now.len()), (1, 2));
}
