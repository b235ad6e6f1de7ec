//! A time that is kept for whoever fills in the form.

use super::common::*;
use booking::bookings::{self, Request};
use booking::store::Actor;
use booking::{Error, holds, listing, schedule};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

const START: &str = "2026-12-01T09:00:00Z";

async fn hold(app: &TestApp, client: &str, start: &str) -> Result<holds::Hold, Error> {
    holds::hold(&app.context, client, "ann", "session", at(start)).await
}

fn with(hold: Uuid, start: &str) -> Request {
    Request { hold: Some(hold), ..request("ann", "session", at(start)) }
}

async fn is_listed(app: &TestApp, start: &str) -> bool {
    let day = at(start).date_naive();
    let slots = listing::slots(&app.context, "ann", "session", day, day, None).await.unwrap();
    slots.starts.contains(&at(start))
}

async fn ann() -> TestApp {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, session("session", 30, 30)).await;
    app
}

#[tokio::test]
async fn it_keeps_the_time_for_whoever_shows_it() {
    let app = ann().await;
    assert!(is_listed(&app, START).await);
    let kept = hold(&app, "1.1.1.1", START).await.unwrap();
    assert_eq!(kept.expires_at, app.now() + TimeDelta::minutes(5));
    assert!(!is_listed(&app, START).await, "nobody else is offered it");
    assert!(matches!(app.book("ann", "session", START).await, Err(Error::SlotUnavailable)));
    assert!(matches!(hold(&app, "2.2.2.2", START).await, Err(Error::SlotUnavailable)));
    let (made, _) = bookings::book(&app.context, with(kept.id, START)).await.unwrap();
    assert_eq!(made.start, at(START));
    let spent = bookings::book(&app.context, with(kept.id, START)).await;
    assert!(matches!(spent, Err(Error::HoldExpired)), "it is spent: {spent:?}");
    assert_eq!(app.number("SELECT count(*) FROM bookings WHERE status = 'held'").await, 0);
}

#[tokio::test]
async fn it_is_good_for_five_minutes_and_one_start() {
    let app = ann().await;
    let kept = hold(&app, "1.1.1.1", START).await.unwrap();
    for (id, start) in [(Uuid::nil(), START), (kept.id, "2026-12-01T10:00:00Z")] {
        let refused = bookings::book(&app.context, with(id, start)).await;
        assert!(matches!(refused, Err(Error::HoldExpired)), "{refused:?}");
    }
    assert!(!is_listed(&app, START).await, "a refused booking leaves the hold as it was");
    app.pass(TimeDelta::minutes(5));
    assert!(is_listed(&app, START).await);
    assert!(matches!(bookings::book(&app.context, with(kept.id, START)).await, Err(Error::HoldExpired)));
    // Its row is in nobody's way.
    assert!(app.book("ann", "session", START).await.is_ok());
}

#[tokio::test]
async fn with_its_session_type_it_is_no_good_any_more() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let kept = hold(&app, "1.1.1.1", START).await.unwrap();
    schedule::delete_session_type(&app.context, ann, "session").await.unwrap();
    // One of the same name is another one.
    app.offer(ann, session("session", 30, 30)).await;
    let refused = bookings::book(&app.context, with(kept.id, START)).await;
    assert!(matches!(refused, Err(Error::HoldExpired)), "{refused:?}");
    let next = "2026-12-01T10:00:00Z";
    holds::exchange(&app.context, "1.1.1.1", "ann", "session", at(next), Some(kept.id), None).await.unwrap();
    assert!(is_listed(&app, START).await, "given up for another");
    let again = hold(&app, "1.1.1.1", START).await.unwrap();
    schedule::delete_session_type(&app.context, ann, "session").await.unwrap();
    holds::release(&app.context, "ann", again.id).await.unwrap();
}

#[tokio::test]
async fn a_booking_moves_to_where_a_hold_has_expired_and_not_before() {
    let app = ann().await;
    let (_, key) = app.booked("ann", "session", "2026-12-02T09:00:00Z").await;
    hold(&app, "1.1.1.1", START).await.unwrap();
    assert!(matches!(bookings::reschedule(&app.context, &key, at(START)).await, Err(Error::SlotUnavailable)));
    app.pass(TimeDelta::minutes(6));
    assert!(bookings::reschedule(&app.context, &key, at(START)).await.is_ok());
}

#[tokio::test]
async fn it_counts_as_a_booking_of_its_session_type() {
    let app = ann().await;
    let ann = app.mentor("bea", "UTC").await;
    let buffered = scheduling::SessionType {
        buffer_before_minutes: 30,
        buffer_after_minutes: 60,
        daily_limit: Some(2),
        ..session("session", 30, 30)
    };
    app.offer(ann, buffered).await;
    let held = |start: &'static str| async {
        holds::hold(&app.context, "1.1.1.1", "bea", "session", start.parse::<DateTime<Utc>>().unwrap()).await
    };
    held("2026-12-01T12:00:00Z").await.unwrap();
    for near in ["2026-12-01T11:00:00Z", "2026-12-01T11:30:00Z", "2026-12-01T12:30:00Z", "2026-12-01T13:00:00Z"] {
        assert!(matches!(held(near).await, Err(Error::SlotUnavailable)), "{near} meets its buffers");
    }
    held("2026-12-01T14:00:00Z").await.unwrap();
    assert!(matches!(held("2026-12-01T09:00:00Z").await, Err(Error::SlotUnavailable)), "the day is full");
}

#[tokio::test]
async fn a_client_keeps_ten_at_once() {
    let app = ann().await;
    let starts: Vec<String> = (0..11).map(|n| (at(START) + TimeDelta::minutes(30 * n)).to_rfc3339()).collect();
    for start in &starts[..10] {
        hold(&app, "1.1.1.1", start).await.unwrap();
        app.pass(TimeDelta::seconds(1));
    }
    let wait = match hold(&app, "1.1.1.1", &starts[10]).await {
        Err(Error::TooManyHolds(wait)) => wait,
        other => panic!("{other:?}"),
    };
    assert_eq!(wait, TimeDelta::minutes(5) - TimeDelta::seconds(10), "until the first one ends");
    assert!(hold(&app, "2.2.2.2", &starts[10]).await.is_ok(), "another client may");
    app.pass(wait);
    assert!(hold(&app, "1.1.1.1", "2026-12-02T09:00:00Z").await.is_ok());
}

#[tokio::test]
async fn ten_are_ten_however_quickly_they_are_asked_for() {
    let app = ann().await;
    let asked = (0..16).map(|n| {
        let context = app.context.clone();
        let start = at(START) + TimeDelta::minutes(30 * n);
        tokio::spawn(async move { holds::hold(&context, "1.1.1.1", "ann", "session", start).await.is_ok() })
    });
    let mut kept = 0;
    for asked in asked.collect::<Vec<_>>() {
        kept += usize::from(asked.await.unwrap());
    }
    assert_eq!(kept, 10);
}

#[tokio::test]
async fn it_is_given_back() {
    let app = ann().await;
    let kept = hold(&app, "1.1.1.1", START).await.unwrap();
    holds::release(&app.context, "ann", Uuid::nil()).await.unwrap();
    assert!(!is_listed(&app, START).await);
    holds::release(&app.context, "ann", kept.id).await.unwrap();
    holds::release(&app.context, "ann", kept.id).await.unwrap();
    assert!(is_listed(&app, START).await);
}

#[tokio::test]
async fn nobody_learns_of_it() {
    let app = ann().await;
    hold(&app, "1.1.1.1", START).await.unwrap();
    let ann = listing::mentor(&app.context, "ann").await.unwrap().0.id();
    let mut tx = app.context.store.begin(Actor::Mentor(ann)).await.unwrap();
    assert!(tx.bookings(ann, &Default::default()).await.unwrap().is_empty());
    assert_eq!(app.number("SELECT count(*) FROM bookings WHERE hold_client = '1.1.1.1'").await, 0, "only its hash");
}

/// Even where the buffers of the one are in the way of the other.
#[tokio::test]
async fn one_is_exchanged_for_another() {
    let app = ann().await;
    let next = "2026-12-01T09:30:00Z";
    let first = hold(&app, "1.1.1.1", START).await.unwrap();
    let again =
        holds::exchange(&app.context, "1.1.1.1", "ann", "session", at(START), Some(first.id), None).await.unwrap();
    assert_ne!(first.id, again.id, "the same time, for as long again");
    let other =
        holds::exchange(&app.context, "1.1.1.1", "ann", "session", at(next), Some(again.id), None).await.unwrap();
    assert_eq!(app.number("SELECT count(*) FROM bookings WHERE status = 'held'").await, 1);
    // One that is unknown or spent is no reason to refuse.
    holds::release(&app.context, "ann", other.id).await.unwrap();
    holds::exchange(&app.context, "1.1.1.1", "ann", "session", at(next), Some(other.id), None).await.unwrap();
    // Refused, everything is as it was.
    let refused = holds::exchange(&app.context, "2.2.2.2", "ann", "session", at(next), None, None).await;
    assert!(matches!(refused, Err(Error::SlotUnavailable)));
    assert_eq!(app.number("SELECT count(*) FROM bookings WHERE status = 'held'").await, 1);
}

/// A page chose the id, was reloaded before the answer came, and asks again: the first hold is not in its way.
#[tokio::test]
async fn a_hold_whose_answer_was_lost_is_given_up_by_the_id_that_was_chosen_for_it() {
    let app = ann().await;
    let chosen =
        [uuid::uuid!("67e55044-10b1-426f-9247-bb680e5fe0c8"), uuid::uuid!("1b671a64-40d5-491e-99b0-da01ff1f3341")];
    let ask = |before, id| holds::exchange(&app.context, "1.1.1.1", "ann", "session", at(START), before, Some(id));
    assert_eq!(ask(None, chosen[0]).await.unwrap().id, chosen[0]);
    assert!(matches!(ask(None, chosen[1]).await, Err(Error::SlotUnavailable)));
    assert_eq!(ask(Some(chosen[0]), chosen[1]).await.unwrap().id, chosen[1]);
    // Sent twice, it is refused like any other; and nobody chooses ids that tell of their time.
    assert!(matches!(ask(None, chosen[1]).await, Err(Error::SlotUnavailable)));
    let next = at(START) + TimeDelta::days(1);
    let same = holds::exchange(&app.context, "1.1.1.1", "ann", "session", next, None, Some(chosen[1])).await;
    assert!(matches!(same, Err(Error::SlotUnavailable)));
    let ordered = app.context.new_id();
    assert!(matches!(ask(Some(chosen[1]), ordered).await.unwrap_err(), Error::Invalid(_)));
}
