//! Making a booking: what comes of it, and what is refused.

use crate::common::*;
use booking::bookings::{self, Key, Request};
use booking::secrets::Kind;
use booking::{Error, accounts, schedule};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{Actor, FieldError, Language, Location, LocationKind, SessionType, Status};

pub(crate) fn unavailable<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    match result {
        Ok(_) => false,
        Err(Error::SlotUnavailable) => true,
        Err(error) => panic!("another refusal: {error:?}"),
    }
}

#[tokio::test]
async fn a_booking_is_made_and_both_are_told() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    let kim = booking::accounts::NewAccount {
        name: "김멘토".into(),
        language: Language::Ko,
        ..account("kim-mentor", "Asia/Seoul")
    };
    let (mentor, _) = accounts::create(&app.context, &kim).await.unwrap();
    app.open(mentor.id(), every_day("Asia/Seoul", "09:00", "17:00")).await;
    let location = Some(Location { kind: LocationKind::Link, value: "https://meet.example/kim".into() });
    app.offer(mentor.id(), SessionType { location: location.clone(), ..SessionType::first() }).await;

    let start = at("2026-12-01T00:00:00Z");
    let request = Request {
        name: " Ada ".into(),
        timezone: "America/New_York".into(),
        notes: Some("  My portfolio  ".into()),
        ..request("kim-mentor", "session", start)
    };
    let (made, token) = bookings::book(&app.context, request).await.unwrap();
    assert_eq!((made.status, made.start, made.end), (Status::Confirmed, start, start + minutes(30)));
    assert_eq!(made.timezone, "America/New_York");
    assert_eq!(
        (&*made.mentor.handle, &*made.mentor.name, &*made.mentor.timezone),
        ("kim-mentor", "김멘토", "Asia/Seoul")
    );
    assert_eq!((&*made.session_type.slug, made.session_type.duration_minutes), ("session", 30));
    assert!(token.reveal().starts_with(Kind::Manage.prefix()) && token.reveal().len() == 4 + 43);

    // The same booking for both, by token and by id.
    for key in [Key::Token(token.clone()), Key::Mentor(mentor.id(), made.id)] {
        let booking = bookings::get(&app.context, &key).await.unwrap().booking;
        assert_eq!((booking.id, booking.status, booking.sequence), (made.id, Status::Confirmed, 0));
        assert_eq!((&*booking.name, &*booking.email, booking.notes.as_deref()), ("Ada", ADA, Some("My portfolio")));
        assert_eq!((booking.start, booking.end, &booking.location), (start, made.end, &location));
        assert_eq!((booking.created_at, booking.cancelled_at, booking.cancelled_by), (app.now(), None, None));
    }

    let (mentee, mentor) = app.letters(ADA, "kim-mentor@example.com").await;
    assert!(mentee.subject.starts_with("Booked: Session with 김멘토 on"), "{}", mentee.subject);
    assert!(mentor.subject.starts_with("[새 예약]"), "{}", mentor.subject);
    assert_eq!(mentee.reply_to.as_deref(), Some("kim-mentor@example.com"));
    assert_eq!(mentor.reply_to.as_deref(), Some(ADA));
    let manage_url = format!("{BASE_URL}/b/{}", token.reveal());
    assert!(mentee.text.contains(&manage_url) && mentee.html.contains(&manage_url));
    assert!(!mentor.mentions(token.reveal()) && !mentor.mentions("/b/"), "the manage link is the mentee's alone");
    assert!(mentor.mentions("/dashboard/bookings/"));
    for letter in [&mentee, &mentor] {
        let invite = letter.invite();
        assert_eq!(invite.state(), ("REQUEST", "0", "CONFIRMED"));
        assert_eq!(invite.get("UID"), mentee.invite().get("UID"));
        assert_eq!((invite.get("DTSTART"), invite.get("DTEND")), ("20261201T000000Z", "20261201T003000Z"));
        assert_eq!(invite.get("ORGANIZER"), "mailto:bookings@yaksok.example");
        let mut attendees = invite.all("ATTENDEE");
        attendees.sort_unstable();
        assert_eq!(attendees, ["mailto:ada@example.org", "mailto:kim-mentor@example.com"]);
        for zone in ["Asia/Seoul", "America/New_York"] {
            assert!(letter.text.contains(zone), "{}", letter.text);
        }
        assert!(letter.mentions("My portfolio"));
    }
    assert_ne!(mentee.message_id, mentor.message_id);
    assert_eq!(app.mail().await.len(), 0, "nobody is told twice");

    let file = bookings::invite(&app.context, &Key::Token(token)).await.unwrap();
    assert_eq!(Calendar::parse(&file.ics).get("UID"), mentee.invite().get("UID"));
}

#[tokio::test]
async fn what_is_not_offered_is_not_booked() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, session("half", 30, 30)).await;
    app.offer(ann, SessionType { minimum_notice_minutes: 120, ..session("later", 30, 5) }).await;
    let mut hours = every_day("UTC", "09:00", "17:00");
    hours.blocked = vec![blocked("2026-11-25", "2026-11-26")];
    hours.overrides = vec![
        on_date("2026-11-26", vec![window("08:00", "20:00")]),
        on_date("2026-11-27", vec![]),
        on_date("2026-11-28", vec![window("19:10", "20:20")]),
    ];
    app.open(ann, hours).await;

    for (why, slug, start) in [
        ("between the steps of the grid", "half", "2026-11-23T09:10:00Z"),
        ("a second off the grid", "half", "2026-11-23T09:00:01Z"),
        ("a nanosecond off the grid", "half", "2026-11-23T09:00:00.000000001Z"),
        ("yesterday", "half", "2026-11-21T10:00:00Z"),
        ("today, and over", "half", "2026-11-22T08:30:00Z"),
        ("before hours", "half", "2026-11-23T08:30:00Z"),
        ("after hours", "half", "2026-11-23T17:00:00Z"),
        ("hours end in the middle of it", "later", "2026-11-23T16:35:00Z"),
        ("beyond the horizon", "half", "2027-01-22T10:00:00Z"),
        ("beyond the notice", "later", "2026-11-22T10:55:00Z"),
        ("blocked", "half", "2026-11-25T10:00:00Z"),
        ("blocked, whatever the override says", "half", "2026-11-26T10:00:00Z"),
        ("closed by an override", "half", "2026-11-27T10:00:00Z"),
        ("hours of the week, but not of that date", "half", "2026-11-28T10:00:00Z"),
        ("the grid begins with the window", "half", "2026-11-28T19:30:00Z"),
        ("the year 9999", "half", "9999-12-31T23:59:59Z"),
        ("long ago", "half", "1700-01-01T10:00:00Z"),
    ] {
        assert!(unavailable(app.book("ann", slug, start).await), "{why}");
    }
    for extreme in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert!(unavailable(bookings::book(&app.context, request("ann", "half", extreme)).await));
    }

    for (why, slug, start) in [
        ("this very moment", "half", "2026-11-22T09:00:00Z"),
        ("just within the notice", "later", "2026-11-22T11:00:00Z"),
        ("just before hours end", "later", "2026-11-23T16:30:00Z"),
        ("the last day of the horizon", "half", "2027-01-21T10:00:00Z"),
        ("hours of that date", "half", "2026-11-28T19:40:00Z"),
    ] {
        app.book("ann", slug, start).await.unwrap_or_else(|error| panic!("{why}: {error}"));
    }
    app.pass(TimeDelta::microseconds(1));
    assert!(unavailable(app.book("ann", "half", "2026-11-22T09:00:00Z").await), "a microsecond ago");
    assert!(unavailable(app.book("ann", "later", "2026-11-22T11:00:00Z").await));
}

/// The gap between two sessions is the larger of the buffers that face each other, whichever was booked first.
#[tokio::test]
async fn buffers_keep_sessions_apart() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let buffered = |slug: &str, before, after| SessionType {
        buffer_before_minutes: before,
        buffer_after_minutes: after,
        ..session(slug, 30, 5)
    };
    app.offer(ann, buffered("middle", 10, 20)).await;
    app.offer(ann, buffered("wide", 5, 30)).await;
    app.offer(ann, buffered("narrow", 0, 0)).await;
    for (day, slug, before, refused_before, after, refused_after) in [
        // Before it the larger of 30 and 10, after it the larger of 20 and 5.
        (23, "wide", "11:00", "11:05", "12:50", "12:45"),
        // The buffers of the one that is there: 10 before, 20 after.
        (24, "narrow", "11:20", "11:25", "12:50", "12:45"),
    ] {
        let on = |time: &str| format!("2026-11-{day}T{time}:00Z");
        app.book("ann", "middle", &on("12:00")).await.unwrap();
        assert!(unavailable(app.book("ann", slug, &on(refused_before)).await), "{slug} at {refused_before}");
        assert!(unavailable(app.book("ann", slug, &on(refused_after)).await), "{slug} at {refused_after}");
        app.book("ann", slug, &on(before)).await.unwrap();
        app.book("ann", slug, &on(after)).await.unwrap();
    }
    // And the other way: what is there has none, what comes has.
    app.book("ann", "narrow", "2026-11-25T12:00:00Z").await.unwrap();
    assert!(unavailable(app.book("ann", "middle", "2026-11-25T11:15:00Z").await));
    assert!(unavailable(app.book("ann", "middle", "2026-11-25T12:35:00Z").await));
    app.book("ann", "middle", "2026-11-25T11:10:00Z").await.unwrap();
    app.book("ann", "middle", "2026-11-25T12:40:00Z").await.unwrap();
}

#[tokio::test]
async fn a_day_holds_so_many_sessions_of_a_kind() {
    let app = TestApp::new().await;
    // 22:00 UTC is seven o'clock of the next day in Seoul.
    let kim = app.mentor("kim", "Asia/Seoul").await;
    app.open(kim, every_day("Asia/Seoul", "00:00", "24:00")).await;
    app.offer(kim, SessionType { daily_limit: Some(2), ..session("few", 30, 30) }).await;
    app.offer(kim, SessionType { requires_approval: true, ..session("many", 30, 30) }).await;

    let (first, first_key) = app.booked("kim", "few", "2026-11-23T15:00:00Z").await;
    app.book("kim", "few", "2026-11-24T14:30:00Z").await.unwrap();
    assert!(unavailable(app.book("kim", "few", "2026-11-24T01:00:00Z").await), "the third of that day in Seoul");
    app.book("kim", "few", "2026-11-23T14:30:00Z").await.expect("the day before");
    app.book("kim", "few", "2026-11-24T15:00:00Z").await.expect("the day after");

    // Another kind is busy time, and no more.
    app.book("kim", "many", "2026-11-24T01:00:00Z").await.unwrap();
    assert!(unavailable(app.book("kim", "many", "2026-11-24T14:30:00Z").await), "taken by one of the few");

    // What is off does not count, and its time is free.
    bookings::cancel(&app.context, &first_key, None).await.unwrap();
    let (again, _) = app.booked("kim", "few", "2026-11-23T15:00:00Z").await;
    assert_ne!(again.id, first.id);
    assert!(unavailable(app.book("kim", "few", "2026-11-24T02:00:00Z").await));

    // What waits for approval counts, what was declined does not.
    app.offer(kim, SessionType { daily_limit: Some(1), requires_approval: true, ..session("one", 30, 30) }).await;
    let (pending, _) = app.booked("kim", "one", "2026-11-24T03:00:00Z").await;
    assert!(unavailable(app.book("kim", "one", "2026-11-24T04:00:00Z").await));
    bookings::decline(&app.context, kim, pending.id, None).await.unwrap();
    app.book("kim", "one", "2026-11-24T04:00:00Z").await.unwrap();
}

#[tokio::test]
async fn a_booking_keeps_what_it_was_made_with() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let first = SessionType {
        buffer_before_minutes: 10,
        buffer_after_minutes: 20,
        cancel_notice_minutes: 60,
        location: Some(Location { kind: LocationKind::Phone, value: "+82 2 1234".into() }),
        ..session("talk", 30, 5)
    };
    app.offer(ann, first.clone()).await;
    app.offer(ann, session("tight", 10, 5)).await;
    let (made, key) = app.booked("ann", "talk", "2026-11-23T12:00:00Z").await;
    let kept = |booking: &store::Booking| {
        (
            (booking.end - booking.start, booking.buffer_before_minutes, booking.buffer_after_minutes),
            (booking.cancel_notice_minutes, booking.location.clone(), booking.session_name.clone()),
        )
    };
    let before = kept(&bookings::get(&app.context, &key).await.unwrap().booking);
    assert_eq!(before, ((minutes(30), 10, 20), (60, first.location.clone(), "Session talk".into())));

    let changed = SessionType {
        name: "Another name".into(),
        duration_minutes: 60,
        buffer_before_minutes: 45,
        buffer_after_minutes: 45,
        cancel_notice_minutes: 0,
        location: None,
        ..first
    };
    app.offer(ann, changed).await;
    app.open(ann, every_day("UTC", "10:00", "16:00")).await;
    let neighbours = async |start: &str| {
        assert!(unavailable(app.book("ann", "tight", &format!("{start}T11:45:00Z")).await), "its buffer before is 10");
        assert!(unavailable(app.book("ann", "tight", &format!("{start}T12:45:00Z")).await), "its buffer after is 20");
        app.book("ann", "tight", &format!("{start}T11:40:00Z")).await.unwrap();
        app.book("ann", "tight", &format!("{start}T12:50:00Z")).await.unwrap();
    };
    neighbours("2026-11-23").await;
    assert_eq!(kept(&bookings::get(&app.context, &key).await.unwrap().booking), before);

    // Moved, too: also into where an hour with its buffers would not fit.
    app.book("ann", "tight", "2026-11-24T11:40:00Z").await.unwrap();
    let moved = bookings::reschedule(&app.context, &key, at("2026-11-24T12:00:00Z")).await.unwrap().booking;
    assert_eq!(kept(&moved), before);
    assert!(unavailable(app.book("ann", "tight", "2026-11-24T12:45:00Z").await));

    schedule::delete_session_type(&app.context, ann, "talk").await.unwrap();
    for key in [key, Key::Mentor(ann, made.id)] {
        let booked = bookings::get(&app.context, &key).await.unwrap();
        assert_eq!(kept(&booked.booking), before);
        assert_eq!((booked.booking.session_type_id, booked.booking.status), (None, Status::Confirmed));
        let invite = bookings::invite(&app.context, &key).await.unwrap();
        assert!(Calendar::parse(&invite.ics).get("SUMMARY").starts_with("Session talk"));
    }
    let other = session("talk", 15, 5);
    app.offer(ann, SessionType { daily_limit: Some(1), ..other }).await;
    app.book("ann", "talk", "2026-11-24T15:00:00Z").await.expect("one of the new kind: the old one is of another");
}

#[tokio::test]
async fn hours_that_change_leave_bookings_as_they_are() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let (made, key) = app.booked("ann", "session", "2026-11-23T12:00:00Z").await;
    let mut closed = every_day("UTC", "09:00", "10:00");
    closed.blocked = vec![blocked("2026-11-23", "2026-11-23")];
    app.open(ann, closed).await;
    let booking = bookings::get(&app.context, &key).await.unwrap().booking;
    assert_eq!((booking.status, booking.start, booking.end), (Status::Confirmed, made.start, made.end));
}

#[tokio::test]
async fn whom_there_is_not_cannot_be_booked() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, SessionType { active: false, ..session("closed", 30, 30) }).await;
    app.mentor("ben", "UTC").await;
    for (mentor, slug) in
        [("nobody", "session"), ("ann", "nothing"), ("ann", "closed"), ("ben", "closed"), ("Ann", "session")]
    {
        let refused = app.book(mentor, slug, "2026-11-23T10:00:00Z").await;
        assert!(matches!(refused, Err(Error::NotFound)), "{mentor} {slug}: {refused:?}");
    }
}

#[tokio::test]
async fn every_wrong_field_is_named_and_nothing_is_kept() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let good = || request("ann", "session", at("2026-11-23T10:00:00Z"));
    let too_long = "a".repeat(4001);
    let idempotency = |key: &str| Some(bookings::Idempotency { key: key.into(), request_hash: [0; 32] });
    for (request, fields) in [
        (Request { name: " ".into(), ..good() }, vec!["name"]),
        (Request { name: "Ada\r\nBcc: all@example.com".into(), ..good() }, vec!["name"]),
        (Request { email: "ada".into(), timezone: "asia/seoul".into(), ..good() }, vec!["email", "timezone"]),
        (Request { timezone: String::new(), ..good() }, vec!["timezone"]),
        (Request { notes: Some(too_long), ..good() }, vec!["notes"]),
        (Request { notes: Some("\0".into()), ..good() }, vec!["notes"]),
        (Request { idempotency: idempotency(""), ..good() }, vec!["Idempotency-Key"]),
        (Request { idempotency: idempotency(&"k".repeat(256)), ..good() }, vec!["Idempotency-Key"]),
    ] {
        match bookings::book(&app.context, request).await {
            Err(Error::Invalid(errors)) => {
                assert_eq!(errors.iter().map(|FieldError { field, .. }| field).collect::<Vec<_>>(), fields);
            }
            other => panic!("{fields:?}: {other:?}"),
        }
    }
    assert_eq!(app.number("SELECT (SELECT count(*) FROM bookings) + (SELECT count(*) FROM jobs)").await, 0);
}

/// PostgreSQL keeps no NUL in text: it is a name that nobody has, and no failure of ours.
#[tokio::test]
async fn a_name_with_a_nul_is_nobodys() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    for (mentor, slug) in [("ann\0", "session"), ("ann", "session\0")] {
        let refused = app.book(mentor, slug, "2026-11-23T10:00:00Z").await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    let search = booking::listing::Search { query: "\0".into(), cursor: Some("\0".into()), ..Default::default() };
    let (found, _) = booking::listing::mentors(&app.context, &search).await.unwrap();
    assert!(found.is_empty());
    let found = booking::listing::mentor(&app.context, "\0").await;
    assert!(matches!(found, Err(Error::NotFound)));
    let list = bookings::List { query: "\0".into(), ..Default::default() };
    assert!(bookings::list(&app.context, ann, list).await.unwrap().0.is_empty());
    let refused =
        accounts::log_in(&app.context, "ann@example.com\0", booking::secrets::Secret::new("a password")).await;
    assert!(matches!(refused, Err(Error::WrongCredentials)));
    let refused = schedule::delete_session_type(&app.context, ann, "\0").await;
    assert!(matches!(refused, Err(Error::NotFound)));
    let refused = accounts::login_link(&app.context, "\0").await;
    assert!(matches!(refused, Err(Error::NotFound)));
}

/// Who a booking belongs to, the other cannot see.
#[tokio::test]
async fn somebody_elses_booking_is_not_there() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let ben = app.mentor("ben", "UTC").await;
    let (made, _) = app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    let unknown = Key::Token(booking::secrets::Secret::new(format!("ysm_{}", "A".repeat(43))));
    let later = at("2026-11-23T11:00:00Z");
    for key in [Key::Mentor(ben, made.id), unknown] {
        assert!(matches!(bookings::get(&app.context, &key).await, Err(Error::NotFound)));
        assert!(matches!(bookings::cancel(&app.context, &key, None).await, Err(Error::NotFound)));
        assert!(matches!(bookings::reschedule(&app.context, &key, later).await, Err(Error::NotFound)));
        assert!(matches!(bookings::invite(&app.context, &key).await, Err(Error::NotFound)));
        assert!(matches!(bookings::horizon_to_move(&app.context, &key, None).await, Err(Error::NotFound)));
    }
    assert!(matches!(bookings::confirm(&app.context, ben, made.id).await, Err(Error::NotFound)));
    assert!(matches!(bookings::decline(&app.context, ben, made.id, None).await, Err(Error::NotFound)));
    let booking = bookings::get(&app.context, &Key::Mentor(ann, made.id)).await.unwrap().booking;
    assert_eq!((booking.status, booking.sequence, booking.cancelled_by), (Status::Confirmed, 0, None::<Actor>));
}
