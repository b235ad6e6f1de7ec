//! Cancelling and moving: who may, until when, and what the other hears of it.

use crate::book::unavailable;
use crate::common::*;
use booking::bookings::{self, Booked, Key};
use booking::{Context, Error, schedule};
use chrono::TimeDelta;
use scheduling::{Actor, MentorId, SessionType, Status};

async fn reschedule(context: &Context, key: &Key, start: &str) -> Result<Booked, Error> {
    bookings::reschedule(context, key, at(start)).await
}

fn too_late<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    match result {
        Ok(_) => false,
        Err(Error::TooLate) => true,
        Err(error) => panic!("another refusal: {error:?}"),
    }
}

#[tokio::test]
async fn either_may_cancel_once_and_the_time_is_free_again() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    let ann = app.mentor("ann", "UTC").await;
    for (by, subject) in [(Actor::Mentee, "Cancelled:"), (Actor::Mentor, "You cancelled:")] {
        let (made, token) = app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
        let (mentee, _) = app.letters(ADA, "ann@example.com").await;
        let uid = mentee.invite().get("UID").to_owned();
        let key = if by == Actor::Mentee { token } else { Key::Mentor(ann, made.id) };

        app.pass(minutes(1));
        let cancelled = bookings::cancel(&app.context, &key, Some("  I am ill  ".into())).await.unwrap().booking;
        assert_eq!((cancelled.status, cancelled.sequence, cancelled.cancelled_by), (Status::Cancelled, 1, Some(by)));
        assert_eq!((cancelled.cancelled_at, cancelled.reason.as_deref()), (Some(app.now()), Some("I am ill")));

        let (mentee, mentor) = app.letters(ADA, "ann@example.com").await;
        assert!(mentor.subject.starts_with(subject), "{}", mentor.subject);
        for letter in [&mentee, &mentor] {
            assert_eq!(letter.invite().state(), ("CANCEL", "1", "CANCELLED"));
            assert_eq!(letter.invite().get("UID"), uid);
            assert!(letter.text.contains("I am ill"));
        }
        let file = bookings::invite(&app.context, &key).await.unwrap();
        assert_eq!(Calendar::parse(&file.ics).state(), ("CANCEL", "1", "CANCELLED"));

        let again = bookings::cancel(&app.context, &key, None).await;
        assert!(matches!(again, Err(Error::AlreadyCancelled)), "{again:?}");
        for start in ["2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"] {
            let moved = reschedule(&app.context, &key, start).await;
            assert!(matches!(moved, Err(Error::AlreadyCancelled)), "{moved:?}");
        }
        assert_eq!(app.run_jobs().await, 0, "a refusal tells nobody");
    }
}

#[tokio::test]
async fn a_reason_is_text() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let (_, key) = app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    for reason in ["a".repeat(4001), "\u{1b}[2J".into()] {
        assert!(matches!(bookings::cancel(&app.context, &key, Some(reason)).await, Err(Error::Invalid(_))));
    }
    let cancelled = bookings::cancel(&app.context, &key, Some(" \n ".into())).await.unwrap();
    assert_eq!(cancelled.booking.reason, None);
}

#[tokio::test]
async fn a_booking_moves_with_its_links_and_is_told_apart_by_its_sequence() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, session("talk", 30, 15)).await;
    let (made, token) = app.booked("ann", "talk", "2026-11-23T10:00:00Z").await;
    let Key::Token(secret) = token.clone() else { unreachable!("booked by token") };
    let by_id = Key::Mentor(ann, made.id);
    let (mentee, _) = app.letters(ADA, "ann@example.com").await;
    let uid = mentee.invite().get("UID").to_owned();

    // Over itself by half; then by the mentor; then back to where it was.
    for (sequence, key, start) in
        [(1, &token, "2026-11-23T10:15:00Z"), (2, &by_id, "2026-11-24T16:30:00Z"), (3, &token, "2026-11-23T10:00:00Z")]
    {
        app.pass(minutes(1));
        let before = bookings::get(&app.context, key).await.unwrap().booking;
        let moved = reschedule(&app.context, key, start).await.unwrap().booking;
        assert_eq!((moved.id, moved.start, moved.end), (made.id, at(start), at(start) + minutes(30)));
        assert_eq!((moved.status, moved.sequence), (Status::Confirmed, sequence));

        let (mentee, mentor) = app.letters(ADA, "ann@example.com").await;
        let said = sequence.to_string();
        for letter in [&mentee, &mentor] {
            assert!(letter.subject.starts_with("New time:"), "{}", letter.subject);
            assert_eq!(letter.invite().state(), ("REQUEST", said.as_str(), "CONFIRMED"));
            assert_eq!(letter.invite().get("UID"), uid);
            assert_eq!(letter.invite().get("DTSTART"), at(start).format("%Y%m%dT%H%M%SZ").to_string());
            assert!(letter.text.contains(&before.start.format("%-d").to_string()), "the time before is written down");
        }
        assert!(mentee.text.contains(secret.reveal()), "the same link");
        if before.start < moved.start - minutes(30) || before.start > moved.end {
            app.book("ann", "talk", &before.start.to_rfc3339()).await.expect("the old time is free");
            let (mentee, _) = app.letters(ADA, "ann@example.com").await;
            assert_ne!(mentee.invite().get("UID"), uid);
            app.sql(&format!("DELETE FROM bookings WHERE id <> '{}'", made.id)).await;
        }
    }

    for key in [&token, &by_id] {
        let same = reschedule(&app.context, key, "2026-11-23T10:00:00Z").await.unwrap().booking;
        assert_eq!((same.sequence, same.start), (3, made.start));
    }
    assert_eq!(app.run_jobs().await, 0, "nothing has changed, and nobody is told");
    assert_eq!(app.number("SELECT count(*) FROM booking_events WHERE kind = 'moved'").await, 3);
}

#[tokio::test]
async fn a_booking_moves_to_where_one_could_be_made() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let talk = SessionType { daily_limit: Some(1), buffer_after_minutes: 10, ..session("talk", 30, 15) };
    app.offer(ann, talk).await;
    let (made, key) = app.booked("ann", "talk", "2026-11-23T10:00:00Z").await;
    app.book("ann", "talk", "2026-11-24T10:00:00Z").await.unwrap();
    app.book("ann", "session", "2026-11-23T12:00:00Z").await.unwrap();

    for (why, start) in [
        ("off the grid", "2026-11-23T10:05:00Z"),
        ("after hours", "2026-11-23T17:00:00Z"),
        ("past", "2026-11-21T10:00:00Z"),
        ("beyond the horizon", "2027-02-23T10:00:00Z"),
        ("over another", "2026-11-23T12:15:00Z"),
        ("its buffer over another", "2026-11-23T11:30:00Z"),
        ("a day that is full", "2026-11-24T14:00:00Z"),
    ] {
        for key in [&key, &Key::Mentor(ann, made.id)] {
            assert!(unavailable(reschedule(&app.context, key, start).await), "{why}");
        }
    }
    let booking = bookings::get(&app.context, &key).await.unwrap().booking;
    assert_eq!((booking.start, booking.sequence), (made.start, 0), "a refusal leaves it where it is");

    // Its own day's one booking is itself.
    reschedule(&app.context, &key, "2026-11-23T10:15:00Z").await.unwrap();
    reschedule(&app.context, &key, "2026-11-25T10:15:00Z").await.unwrap();
}

#[tokio::test]
async fn notice_binds_the_mentee_and_not_the_mentor() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, SessionType { minimum_notice_minutes: 24 * 60, ..session("talk", 30, 30) }).await;
    let (made, token) = app.booked("ann", "talk", "2026-11-24T10:00:00Z").await;
    assert!(unavailable(reschedule(&app.context, &token, "2026-11-22T12:00:00Z").await));
    assert!(unavailable(reschedule(&app.context, &token, "2026-11-22T16:30:00Z").await));
    let offered = bookings::horizon_to_move(&app.context, &token, None).await.unwrap().starts;
    assert_eq!(offered[0], at("2026-11-23T09:00:00Z"));
    let by_id = Key::Mentor(ann, made.id);
    let offered = bookings::horizon_to_move(&app.context, &by_id, None).await.unwrap().starts;
    assert_eq!(offered[0], app.now());
    reschedule(&app.context, &by_id, "2026-11-22T12:00:00Z").await.unwrap();
    assert!(unavailable(reschedule(&app.context, &by_id, "2026-11-22T08:30:00Z").await), "nobody moves into the past");
}

#[tokio::test]
async fn past_the_cancel_notice_only_the_mentor_may() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, SessionType { cancel_notice_minutes: 120, ..session("talk", 30, 30) }).await;
    let (made, token) = app.booked("ann", "talk", "2026-11-24T12:00:00Z").await;
    let by_id = Key::Mentor(ann, made.id);
    let rights = async |by| {
        let booking = bookings::get(&app.context, &by_id).await.unwrap().booking;
        bookings::rights(&booking, by, app.now())
    };

    app.set_now(at("2026-11-24T10:00:00Z"));
    assert_eq!((rights(Actor::Mentee).await, rights(Actor::Mentor).await), ((true, true), (true, true)));
    reschedule(&app.context, &token, "2026-11-24T13:00:00Z").await.expect("two hours before to the second");
    reschedule(&app.context, &by_id, "2026-11-24T12:00:00Z").await.unwrap();
    app.pass(TimeDelta::microseconds(1));
    assert_eq!((rights(Actor::Mentee).await, rights(Actor::Mentor).await), ((false, false), (true, true)));
    assert!(too_late(bookings::cancel(&app.context, &token, None).await));
    assert!(too_late(reschedule(&app.context, &token, "2026-11-25T12:00:00Z").await));
    assert!(too_late(reschedule(&app.context, &token, "2026-11-24T12:00:00Z").await), "and to where it is");
    reschedule(&app.context, &by_id, "2026-11-24T12:30:00Z").await.unwrap();
    bookings::cancel(&app.context, &by_id, None).await.unwrap();

    // As it was when the booking was made.
    let (made, token) = app.booked("ann", "talk", "2026-11-25T12:00:00Z").await;
    app.offer(ann, SessionType { cancel_notice_minutes: 0, ..session("talk", 30, 30) }).await;
    app.set_now(at("2026-11-25T11:00:00Z"));
    assert!(too_late(bookings::cancel(&app.context, &token, None).await));
    bookings::cancel(&app.context, &Key::Mentor(ann, made.id), None).await.unwrap();
}

#[tokio::test]
async fn once_it_has_begun_only_the_mentor_may_cancel_and_nobody_may_move() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    for (now, over) in [("2026-11-23T10:00:00Z", false), ("2026-11-23T11:00:00Z", true)] {
        app.set_now(at(BEGINNING));
        let (made, token) = app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
        let by_id = Key::Mentor(ann, made.id);
        app.set_now(at("2026-11-23T09:59:59.999999Z"));
        let booking = bookings::get(&app.context, &token).await.unwrap().booking;
        assert_eq!(bookings::rights(&booking, Actor::Mentee, app.now()), (true, true));

        app.set_now(at(now));
        assert!(too_late(bookings::cancel(&app.context, &token, None).await), "over: {over}");
        for key in [&token, &by_id] {
            assert!(too_late(reschedule(&app.context, key, "2026-11-24T10:00:00Z").await), "over: {over}");
            assert!(too_late(reschedule(&app.context, key, "2026-11-23T10:00:00Z").await), "over: {over}");
        }
        let booking = bookings::get(&app.context, &token).await.unwrap().booking;
        assert_eq!(bookings::rights(&booking, Actor::Mentee, app.now()), (false, false));
        assert_eq!(bookings::rights(&booking, Actor::Mentor, app.now()), (true, false));
        let cancelled = bookings::cancel(&app.context, &by_id, None).await.unwrap().booking;
        assert_eq!(cancelled.cancelled_by, Some(Actor::Mentor));
    }
}

async fn nowhere_to_go(app: &TestApp, keys: [&Key; 2]) {
    for key in keys {
        assert!(unavailable(reschedule(&app.context, key, "2026-11-23T11:00:00Z").await));
        let horizon = bookings::horizon_to_move(&app.context, key, Some("Asia/Seoul")).await.unwrap();
        assert!(horizon.starts.is_empty());
        assert_eq!((horizon.duration_minutes, &*horizon.zone.name), (30, "Asia/Seoul"));
        reschedule(&app.context, key, "2026-11-23T10:00:00Z").await.expect("to where it is");
    }
}

#[tokio::test]
async fn what_is_not_offered_any_more_cannot_be_moved() {
    let app = TestApp::new().await;
    let ann: MentorId = app.mentor("ann", "UTC").await;
    let (made, token) = app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    let by_id = Key::Mentor(ann, made.id);

    // Hidden, it is no longer booked; what was booked can be moved.
    app.offer(ann, SessionType { active: false, ..SessionType::first() }).await;
    reschedule(&app.context, &token, "2026-11-23T11:00:00Z").await.unwrap();
    reschedule(&app.context, &by_id, "2026-11-23T10:00:00Z").await.unwrap();

    schedule::delete_session_type(&app.context, ann, "session").await.unwrap();
    nowhere_to_go(&app, [&token, &by_id]).await;
    app.offer(ann, SessionType::first()).await;
    nowhere_to_go(&app, [&token, &by_id]).await;
    bookings::cancel(&app.context, &token, None).await.expect("it can still be cancelled");
}

#[tokio::test]
async fn a_mentor_who_moves_house_moves_the_hours() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let (made, key) = app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    app.open(ann, every_day("Asia/Seoul", "09:00", "17:00")).await;
    let booked = bookings::get(&app.context, &key).await.unwrap();
    assert_eq!((booked.booking.start, &*booked.mentor.timezone), (made.start, "Asia/Seoul"));
    assert!(unavailable(reschedule(&app.context, &key, "2026-11-23T11:00:00Z").await));
    reschedule(&app.context, &key, "2026-11-23T00:00:00Z").await.unwrap();
}
