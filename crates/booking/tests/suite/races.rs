//! Many at once, through two servers: one wins, and all others hear the same.

use crate::book::unavailable;
use crate::common::*;
use booking::bookings;
use booking::{Context, Error};
use chrono::{DateTime, TimeDelta, Utc};
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// Runs all of them at once, and answers how many won. The others found the time taken, and nobody waited long.
async fn winners<F>(attempts: impl IntoIterator<Item = F>) -> usize
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let begun = Instant::now();
    let tasks: Vec<_> = attempts.into_iter().map(tokio::spawn).collect();
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(!unavailable(task.await.unwrap()));
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    winners
}

type Attempt = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

async fn book(context: Context, slug: &'static str, start: DateTime<Utc>) -> Result<(), Error> {
    bookings::book(&context, request("ann", slug, start)).await.map(|_| ())
}

async fn two_servers() -> (TestApp, [Context; 2]) {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    for (slug, length) in [("short", 35), ("middle", 45), ("long", 60)] {
        app.offer(ann, session(slug, length, 5)).await;
    }
    app.open(ann, every_day("UTC", "09:00", "10:00")).await;
    let other = app.another_server(|_| {}).await;
    let servers = [app.context.clone(), other];
    (app, servers)
}

async fn overlaps(app: &TestApp) -> i64 {
    app.number(
        "SELECT count(*) FROM bookings a JOIN bookings b USING (mentor_id)
         WHERE a.id < b.id AND a.during && b.during
             AND a.status IN ('pending', 'confirmed') AND b.status IN ('pending', 'confirmed')",
    )
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_who_want_one_time_one_gets_it() {
    let (app, servers) = two_servers().await;
    let start = at("2026-11-23T09:00:00Z");
    assert_eq!(winners((0..200).map(|n| book(servers[n % 2].clone(), "long", start))).await, 1);
    assert_eq!(app.number("SELECT count(*) FROM bookings").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM jobs").await, 3, "only the winner's mail and event");
    assert_eq!(app.mail().await.len(), 2);
}

/// Every start of every kind overlaps with every other in this one hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_overlapping_times_of_several_kinds_one_is_taken() {
    let (app, servers) = two_servers().await;
    let starts: Vec<_> = [("long", 0..1), ("middle", 0..4), ("short", 0..6)]
        .into_iter()
        .flat_map(|(slug, steps)| steps.map(move |step| (slug, at("2026-11-23T09:00:00Z") + minutes(5 * step))))
        .collect();
    let attempts = (0..200).map(|n| {
        let (slug, start) = starts[n % starts.len()];
        book(servers[n % 2].clone(), slug, start)
    });
    assert_eq!(winners(attempts).await, 1);
    assert_eq!(app.number("SELECT count(*) FROM bookings").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_starts_a_quarter_of_an_hour_apart_one_is_taken() {
    let (app, servers) = two_servers().await;
    let starts = [at("2026-11-23T09:00:00Z"), at("2026-11-23T09:15:00Z")];
    assert_eq!(winners((0..200).map(|n| book(servers[n / 2 % 2].clone(), "middle", starts[n % 2]))).await, 1);
    assert_eq!(app.number("SELECT count(*) FROM bookings").await, 1);
}

/// Others have bookings on other days, and move them to where new ones are made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_moves_there_races_with_whoever_books() {
    let (app, servers) = two_servers().await;
    let wanted = at("2026-11-23T09:00:00Z");
    let mut attempts: Vec<Attempt> = Vec::new();
    for n in 0..40 {
        let (_, key) = app.booked("ann", "long", &(wanted + TimeDelta::days(n + 1)).to_rfc3339()).await;
        let context = servers[n as usize % 2].clone();
        attempts.push(Box::pin(async move { bookings::reschedule(&context, &key, wanted).await.map(|_| ()) }));
        for (server, (slug, start)) in [("long", wanted), ("short", wanted + minutes(10))].into_iter().enumerate() {
            attempts.push(Box::pin(book(servers[server].clone(), slug, start)));
        }
    }
    assert_eq!(winners(attempts).await, 1);
    assert_eq!(app.number("SELECT count(*) FROM bookings WHERE during && '[2026-11-23,2026-11-24)'").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM booking_events").await, 41);
}

/// Two who swap would each need the other's time first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_free_for_all_leaves_no_overlap_and_no_deadlock() {
    let (app, servers) = two_servers().await;
    let nine = at("2026-11-23T09:00:00Z");
    let (_, first) = app.booked("ann", "short", "2026-11-23T09:00:00Z").await;
    let (_, second) = app.booked("ann", "short", "2026-11-24T09:00:00Z").await;
    let tasks: Vec<_> = (0..120_usize)
        .map(|n| {
            let context = servers[n % 2].clone();
            let key = if n % 3 == 0 { first.clone() } else { second.clone() };
            let start = nine + TimeDelta::days((n % 2) as i64) + minutes(5 * (n % 6) as i64);
            tokio::spawn(async move {
                match n % 5 {
                    0 => book(context, "short", start).await,
                    1 => bookings::cancel(&context, &key, None).await.map(|_| ()),
                    _ => bookings::reschedule(&context, &key, start).await.map(|_| ()),
                }
            })
        })
        .collect();
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) | Err(Error::SlotUnavailable | Error::AlreadyCancelled) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(overlaps(&app).await, 0);
}
