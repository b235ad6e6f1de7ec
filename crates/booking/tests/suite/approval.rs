//! Session types that ask the mentor first: a yes, a no, or no answer in time.

use crate::book::unavailable;
use crate::common::*;
use booking::Error;
use booking::bookings::{self, Key, Made};
use scheduling::{Actor, MentorId, SessionType, Status};

async fn asks(app: &TestApp) -> MentorId {
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, SessionType { requires_approval: true, ..session("ask", 30, 30) }).await;
    ann
}

async fn not_pending(app: &TestApp, mentor: MentorId, made: &Made) {
    let confirmed = bookings::confirm(&app.context, mentor, made.id).await;
    assert!(matches!(confirmed, Err(Error::NotPending)), "{confirmed:?}");
    let declined = bookings::decline(&app.context, mentor, made.id, None).await;
    assert!(matches!(declined, Err(Error::NotPending)), "{declined:?}");
}

#[tokio::test]
async fn a_request_is_tentative_until_the_mentor_says_yes() {
    let mut app = TestApp::new().await;
    let ann = asks(&app).await;
    let (made, token) = app.booked("ann", "ask", "2026-11-23T10:00:00Z").await;
    assert_eq!(made.status, Status::Pending);
    assert!(unavailable(app.book("ann", "session", "2026-11-23T10:00:00Z").await), "its time is taken");
    let (mentee, mentor) = app.letters(ADA, "ann@example.com").await;
    assert!(mentee.subject.starts_with("Requested:"), "{}", mentee.subject);
    assert!(mentor.subject.starts_with("Please answer:"), "{}", mentor.subject);
    let uid = mentee.invite().get("UID").to_owned();
    for letter in [&mentee, &mentor] {
        assert_eq!(letter.invite().state(), ("REQUEST", "0", "TENTATIVE"));
    }

    let confirmed = bookings::confirm(&app.context, ann, made.id).await.unwrap().booking;
    assert_eq!((confirmed.status, confirmed.sequence), (Status::Confirmed, 1));
    let (mentee, mentor) = app.letters(ADA, "ann@example.com").await;
    assert!(mentee.subject.starts_with("Confirmed:"), "{}", mentee.subject);
    for letter in [&mentee, &mentor] {
        assert_eq!(letter.invite().state(), ("REQUEST", "1", "CONFIRMED"));
        assert_eq!(letter.invite().get("UID"), uid);
    }
    not_pending(&app, ann, &made).await;

    // Asked once: what was confirmed stays so when it is moved.
    let moved = bookings::reschedule(&app.context, &token, at("2026-11-23T11:00:00Z")).await.unwrap().booking;
    assert_eq!((moved.status, moved.sequence), (Status::Confirmed, 2));
    let (mentee, _) = app.letters(ADA, "ann@example.com").await;
    assert_eq!(mentee.invite().state(), ("REQUEST", "2", "CONFIRMED"));

    // The job that waits for its start finds it confirmed.
    app.set_now(at("2026-11-23T12:00:00Z"));
    assert_eq!(app.mail().await.len(), 0);
    assert_eq!(bookings::get(&app.context, &token).await.unwrap().booking.status, Status::Confirmed);
    app.leaves_no_jobs();
}

#[tokio::test]
async fn a_no_cancels_and_frees_the_time() {
    let app = TestApp::new().await;
    let ann = asks(&app).await;
    let (made, token) = app.booked("ann", "ask", "2026-11-23T10:00:00Z").await;
    app.mail().await;
    let declined = bookings::decline(&app.context, ann, made.id, Some("No time".into())).await.unwrap().booking;
    assert_eq!((declined.status, declined.sequence), (Status::Declined, 1));
    assert_eq!((declined.cancelled_by, declined.reason.as_deref()), (Some(Actor::Mentor), Some("No time")));
    assert_eq!(declined.cancelled_at, Some(app.now()));
    let (mentee, mentor) = app.letters(ADA, "ann@example.com").await;
    assert!(mentee.subject.starts_with("Not this time:"), "{}", mentee.subject);
    for letter in [&mentee, &mentor] {
        assert_eq!(letter.invite().state(), ("CANCEL", "1", "CANCELLED"));
        assert!(letter.text.contains("No time"));
    }
    not_pending(&app, ann, &made).await;
    for key in [&token, &Key::Mentor(ann, made.id)] {
        assert!(matches!(bookings::cancel(&app.context, key, None).await, Err(Error::AlreadyCancelled)));
        let moved = bookings::reschedule(&app.context, key, at("2026-11-23T11:00:00Z")).await;
        assert!(matches!(moved, Err(Error::AlreadyCancelled)), "{moved:?}");
    }
    app.book("ann", "session", "2026-11-23T10:00:00Z").await.expect("the time is free");
}

#[tokio::test]
async fn only_what_waits_can_be_answered() {
    let app = TestApp::new().await;
    let ann = asks(&app).await;
    let (confirmed, _) = app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    not_pending(&app, ann, &confirmed).await;
    let (cancelled, key) = app.booked("ann", "ask", "2026-11-23T12:00:00Z").await;
    bookings::cancel(&app.context, &key, None).await.unwrap();
    not_pending(&app, ann, &cancelled).await;
}

/// What a pending booking comes to when time runs out: cancelled, and both are told.
async fn expires(app: &TestApp, ann: MentorId, made: &Made, start: &str, sequence: &str) {
    app.set_now(at(start) - minutes(1));
    assert_eq!(app.mail().await.len(), 0, "not before its start");
    app.set_now(at(start));
    not_pending(app, ann, made).await;
    let (mentee, mentor) = app.letters(ADA, "ann@example.com").await;
    for letter in [&mentee, &mentor] {
        assert!(letter.subject.starts_with("Lapsed:"), "{}", letter.subject);
        assert_eq!(letter.invite().state(), ("CANCEL", sequence, "CANCELLED"));
    }
    let booking = bookings::get(&app.context, &Key::Mentor(ann, made.id)).await.unwrap().booking;
    assert_eq!((booking.status, booking.cancelled_by), (Status::Cancelled, Some(Actor::Expiry)));
    assert_eq!(booking.cancelled_at, Some(app.now()));
}

#[tokio::test]
async fn without_an_answer_it_expires_at_its_start() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    let ann = asks(&app).await;
    let (made, token) = app.booked("ann", "ask", "2026-11-23T10:00:00Z").await;
    assert_eq!(app.mail().await.len(), 2);
    expires(&app, ann, &made, "2026-11-23T10:00:00Z", "1").await;
    let again = bookings::cancel(&app.context, &token, None).await;
    assert!(matches!(again, Err(Error::AlreadyCancelled)), "{again:?}");
}

#[tokio::test]
async fn moved_it_waits_and_expires_at_the_new_start() {
    for to in ["2026-11-23T15:00:00Z", "2026-11-23T09:00:00Z"] {
        let mut app = TestApp::new().await;
        app.leaves_no_jobs();
        let ann = asks(&app).await;
        let (made, token) = app.booked("ann", "ask", "2026-11-23T10:00:00Z").await;
        app.mail().await;
        let moved = bookings::reschedule(&app.context, &token, at(to)).await.unwrap().booking;
        assert_eq!((moved.status, moved.sequence), (Status::Pending, 1));
        let (mentee, mentor) = app.letters(ADA, "ann@example.com").await;
        for letter in [&mentee, &mentor] {
            assert_eq!(letter.invite().state(), ("REQUEST", "1", "TENTATIVE"));
        }
        if at(to) > made.start {
            app.set_now(made.start);
            assert_eq!(app.mail().await.len(), 0, "the old start means nothing");
            assert_eq!(bookings::get(&app.context, &token).await.unwrap().booking.status, Status::Pending);
        }
        expires(&app, ann, &made, to, "2").await;
        app.set_now(at("2026-11-24T09:00:00Z"));
        assert_eq!(app.mail().await.len(), 0, "and once only");
    }
}

#[tokio::test]
async fn a_message_that_is_late_tells_what_was_then() {
    let app = TestApp::new().await;
    let ann = asks(&app).await;
    let (made, token) = app.booked("ann", "ask", "2026-11-23T10:00:00Z").await;
    bookings::reschedule(&app.context, &token, at("2026-11-23T15:00:00Z")).await.unwrap();
    bookings::confirm(&app.context, ann, made.id).await.unwrap();
    bookings::reschedule(&app.context, &token, at("2026-11-23T16:00:00Z")).await.unwrap();
    let mut told: Vec<_> = app
        .mail()
        .await
        .iter()
        .filter(|letter| letter.to == ADA)
        .map(|letter| {
            let (method, sequence, status) = letter.invite().state();
            (sequence.to_owned(), method.to_owned(), status.to_owned())
        })
        .collect();
    told.sort();
    let request = |sequence: &str, status: &str| (sequence.to_owned(), "REQUEST".to_owned(), status.to_owned());
    let all =
        [request("0", "TENTATIVE"), request("1", "TENTATIVE"), request("2", "CONFIRMED"), request("3", "CONFIRMED")];
    assert_eq!(told, all);
}

#[tokio::test]
async fn confirmed_or_cancelled_in_time_it_does_not_expire() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    let ann = asks(&app).await;
    let (yes, _) = app.booked("ann", "ask", "2026-11-23T10:00:00Z").await;
    let (_, off) = app.booked("ann", "ask", "2026-11-23T11:00:00Z").await;
    app.set_now(at("2026-11-23T09:59:59Z"));
    bookings::confirm(&app.context, ann, yes.id).await.unwrap();
    bookings::cancel(&app.context, &off, None).await.unwrap();
    assert_eq!(app.mail().await.len(), 8);
    app.set_now(at("2026-11-23T12:00:00Z"));
    assert_eq!(app.mail().await.len(), 0);
    let booking = bookings::get(&app.context, &Key::Mentor(ann, yes.id)).await.unwrap().booking;
    assert_eq!((booking.status, booking.sequence), (Status::Confirmed, 1));
    let booking = bookings::get(&app.context, &off).await.unwrap().booking;
    assert_eq!((booking.cancelled_by, booking.sequence), (Some(Actor::Mentee), 1));
}
