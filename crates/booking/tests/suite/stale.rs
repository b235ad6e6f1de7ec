//! A save that began with something older is refused, for everything that is saved as a whole; handles that are given up;
//! times outside the hours.

use crate::calendars::World;
use crate::common::*;
use booking::bookings::{self, Idempotency, Key, Limits};
use booking::calendar::{self, Choice};
use booking::schedule::{self, Changes, Times};
use booking::version::{self, Expected};
use booking::{Error, accounts, activity::Author, holds, listing};
use calendars::remote::Provider;
use chrono::TimeDelta;
use scheduling::{Location, LocationKind, SessionType, Status};
use store::Profile;

fn stale<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Stale))
}

#[tokio::test]
async fn hours_saved_from_an_old_page_are_refused() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let page = schedule::editing(&app.context, ann).await.unwrap();
    let mut holiday = page.availability.clone();
    holiday.blocked = vec![blocked("2026-12-24", "2026-12-26")];
    let save = |hours, version: &str| {
        let hours = Some((hours, Expected::is(version)));
        schedule::save(&app.context, ann, Changes { hours, times: Vec::new() })
    };
    let saved = save(holiday.clone(), &page.version).await.unwrap();
    assert_ne!(saved.version, page.version);
    assert!(stale(save(page.availability.clone(), &page.version).await));
    assert_eq!(schedule::availability(&app.context, ann).await.unwrap(), holiday, "nothing is overwritten");
    // What was opened afterwards may.
    save(page.availability.clone(), &saved.version).await.unwrap();
}

#[tokio::test]
async fn times_from_an_old_page_leave_the_hours_alone() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let page = schedule::editing(&app.context, ann).await.unwrap();
    let mut holiday = page.availability.clone();
    holiday.blocked = vec![blocked("2026-12-24", "2026-12-26")];
    app.open(ann, holiday.clone()).await;

    let before = Times::from(&page.session_types[0]);
    let longer = Times { duration_minutes: 45, ..before.clone() };
    let save = |times: &Times, before: &Times| {
        let times = vec![(times.clone(), Some(before.clone()))];
        schedule::save(&app.context, ann, Changes { hours: None, times })
    };
    let saved = save(&longer, &before).await.unwrap();
    assert_eq!((saved.availability, saved.session_types[0].duration_minutes), (holiday, 45));
    assert!(stale(save(&Times { duration_minutes: 60, ..before.clone() }, &before).await));
    assert_eq!(schedule::session_types(&app.context, ann).await.unwrap()[0].duration_minutes, 45);
}

/// One that fails saves nothing of the others.
#[tokio::test]
async fn a_stale_part_saves_no_part() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let page = schedule::editing(&app.context, ann).await.unwrap();
    let times = Times { duration_minutes: 45, ..Times::from(&page.session_types[0]) };
    let hours = Some((every_day("UTC", "10:00", "11:00"), Expected::is("another")));
    assert!(stale(schedule::save(&app.context, ann, Changes { hours, times: vec![(times, None)] }).await));
    assert_eq!(schedule::session_types(&app.context, ann).await.unwrap()[0].duration_minutes, 30);
}

#[tokio::test]
async fn every_settings_form_refuses_a_stale_save() {
    let world = World::new(Provider::Google).await;
    let (context, ann) = (world.context(), world.ann);
    // A session type.
    let before = schedule::session_types(context, ann).await.unwrap().remove(0);
    let expected = Expected::is(version::of(&before).unwrap());
    let put = |name: &str, expected: Expected| {
        let session_type = SessionType { name: name.into(), ..before.clone() };
        async move { schedule::put_expected_session_type(context, ann, session_type, &expected).await }
    };
    put("First", expected.clone()).await.unwrap();
    assert!(stale(put("Second", expected).await) && stale(put("Third", Expected::Nothing).await));
    assert_eq!(schedule::session_types(context, ann).await.unwrap()[0].name, "First");
    // The profile.
    let account = accounts::account(context, ann).await.unwrap();
    let expected = Expected::is(accounts::profile_version(&account).unwrap());
    let save = |name: &str| {
        let profile = Profile {
            handle: "ann".into(),
            name: name.into(),
            headline: None,
            bio: None,
            photo_url: None,
            timezone: "UTC".into(),
            language: "en".into(),
            clock: None,
            week_start: None,
        };
        let expected = expected.clone();
        async move { accounts::update_expected_profile(context, ann, profile, &expected).await }
    };
    save("Ann First").await.unwrap();
    assert!(stale(save("Ann Second").await));
    // Which calendars block.
    world.connect().await;
    let connections = calendar::list(context, ann).await.unwrap();
    let version = calendar::choice_version(&connections).unwrap();
    let none = Choice::default();
    calendar::choose_expected(context, ann, &none, Some(&version)).await.unwrap();
    let all = Choice { receiving: Some(connections[0].calendars[0].id), ..Choice::default() };
    assert!(stale(calendar::choose_expected(context, ann, &all, Some(&version)).await));
}

fn profile(handle: &str) -> Profile {
    Profile {
        handle: handle.into(),
        name: "Ann".into(),
        headline: None,
        bio: None,
        photo_url: None,
        timezone: "UTC".into(),
        language: "en".into(),
        clock: None,
        week_start: None,
    }
}

#[tokio::test]
async fn an_old_handle_leads_to_its_owner_and_to_nobody_else() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let ben = app.mentor("ben", "UTC").await;
    let (_, key) = app.booked("ann", "session", "2026-11-24T10:00:00Z").await;
    accounts::update_profile(&app.context, ann, profile("anna")).await.unwrap();
    // Whatever asks by the old handle finds her, under the new one.
    assert_eq!(listing::mentor(&app.context, "ann").await.unwrap().0.handle, "anna");
    let start = at("2026-11-24T12:00:00Z");
    let hold = holds::hold(&app.context, "192.0.2.1", "ann", "session", start).await.unwrap();
    let mut wish = request("ann", "session", start);
    wish.hold = Some(hold.id);
    let (made, _) = bookings::book(&app.context, wish).await.unwrap();
    assert_eq!(made.mentor.handle, "anna");
    assert_eq!(bookings::get(&app.context, &key).await.unwrap().mentor.handle, "anna");
    listing::changes(&app.context, "ann").await.unwrap();
    // Nobody else gets it.
    let refused = |result: Result<_, Error>| matches!(result, Err(Error::HandleTaken));
    assert!(refused(accounts::update_profile(&app.context, ben, profile("ann")).await.map(|_| ())));
    let mut new = account("ann", "UTC");
    new.email = "other@example.com".into();
    assert!(refused(accounts::create(&app.context, &new).await.map(|_| ())));
    assert!(refused(accounts::sign_up(&app.context, &new, booking::secrets::Secret::new("a long password")).await));
    // She may take it back, and then the other one leads to her.
    accounts::update_profile(&app.context, ann, profile("ann")).await.unwrap();
    assert_eq!(listing::mentor(&app.context, "anna").await.unwrap().0.handle, "ann");
    assert!(refused(accounts::update_profile(&app.context, ben, profile("anna")).await.map(|_| ())));
}

#[tokio::test]
async fn a_mentor_cannot_reserve_handles_without_end() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    for n in 0..10 {
        accounts::update_profile(&app.context, ann, profile(&format!("ann-{n}"))).await.unwrap();
    }
    let refused = accounts::update_profile(&app.context, ann, profile("ann-10")).await;
    assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].code == "too_many"));
    accounts::update_profile(&app.context, ann, profile("ann-3")).await.expect("one of her own");
}

#[tokio::test]
async fn a_mentor_moves_and_books_outside_their_hours() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let ben = app.mentor("ben", "UTC").await;
    app.offer(ann, SessionType { daily_limit: Some(1), minimum_notice_minutes: 60, ..session("session", 30, 30) })
        .await;
    let (made, token) = app.booked("ann", "session", "2026-11-24T10:00:00Z").await;
    let own = Key::Mentor(ann, made.id);
    let move_to = |key: &Key, start: &str| {
        let (key, start) = (key.clone(), at(start));
        let context = &app.context;
        async move { bookings::reschedule_within(context, &key, start, Limits::OutsideHours).await }
    };
    // A mentee never may.
    let refused = move_to(&token, "2026-11-24T21:07:00Z").await;
    assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].field == "outside_hours"));
    // Not listed, off the grid, at night, and far beyond the horizon.
    for start in ["2026-11-24T21:07:00Z", "2027-11-24T03:00:00Z", "2026-11-22T09:01:00Z"] {
        assert!(matches!(bookings::reschedule(&app.context, &own, at(start)).await, Err(Error::SlotUnavailable)));
        assert_eq!(move_to(&own, start).await.unwrap().booking.start, at(start));
    }
    for never in ["2026-11-21T10:00:00Z", "2029-01-01T00:00:00Z"] {
        assert!(matches!(move_to(&own, never).await, Err(Error::SlotUnavailable)), "{never}");
    }
    // Never over another session, its buffers included, nor over a hold.
    move_to(&own, "2026-11-25T20:00:00Z").await.unwrap();
    let mut wish = request("ann", "session", at("2026-11-25T20:15:00Z"));
    let host = Some(Author::from(ann));
    assert!(matches!(bookings::book_with_receipt(&app.context, wish.clone(), host).await, Err(Error::SlotUnavailable)));
    wish.start = at("2026-11-25T20:30:00Z");
    wish.idempotency = Some(Idempotency { key: "one".into(), request_hash: [1; 32] });
    let first = bookings::book_with_receipt(&app.context, wish.clone(), host).await.unwrap();
    let again = bookings::book_with_receipt(&app.context, wish.clone(), host).await.unwrap();
    assert_eq!((first.made.id, first.made.status), (again.made.id, Status::Confirmed));
    let by = app.texts("SELECT actor FROM booking_events ORDER BY created_at, id").await;
    assert_eq!(by.last().unwrap(), "mentor");
    let hold = holds::hold(&app.context, "192.0.2.1", "ann", "session", at("2026-11-26T10:00:00Z")).await.unwrap();
    assert!(matches!(move_to(&own, "2026-11-26T10:10:00Z").await, Err(Error::SlotUnavailable)));
    app.set_now(hold.expires_at);
    move_to(&own, "2026-11-26T10:10:00Z").await.unwrap();
    // Another mentor's key opens nothing.
    let refused = bookings::book_with_receipt(
        &app.context,
        request("ann", "session", at("2026-12-01T22:00:00Z")),
        Some(ben.into()),
    );
    assert!(matches!(refused.await, Err(Error::NotFound)));
}

/// Hiding or deleting a session type freezes none of its bookings.
#[tokio::test]
async fn bookings_of_a_hidden_session_type_can_be_moved_and_cancelled() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, session("talk", 30, 30)).await;
    let (made, token) = app.booked("ann", "talk", "2026-11-24T10:00:00Z").await;
    let own = Key::Mentor(ann, made.id);
    app.offer(ann, SessionType { active: false, ..session("talk", 30, 30) }).await;
    assert!(matches!(app.book("ann", "talk", "2026-11-24T12:00:00Z").await, Err(Error::NotFound)));
    assert!(!bookings::horizon_to_move(&app.context, &token, None).await.unwrap().starts.is_empty());
    bookings::reschedule(&app.context, &token, at("2026-11-24T11:00:00Z")).await.unwrap();
    bookings::reschedule(&app.context, &own, at("2026-11-24T12:00:00Z")).await.unwrap();
    schedule::delete_session_type(&app.context, ann, "talk").await.unwrap();
    let moved = bookings::reschedule_within(&app.context, &own, at("2026-11-24T13:00:00Z"), Limits::OutsideHours).await;
    assert_eq!(moved.unwrap().booking.start, at("2026-11-24T13:00:00Z"));
    bookings::cancel(&app.context, &token, None).await.unwrap();
}

#[tokio::test]
async fn a_notice_beyond_the_horizon_is_refused_and_an_old_row_keeps_working() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let beyond = SessionType { minimum_notice_minutes: 8 * 1440, horizon_days: 7, ..session("session", 30, 30) };
    let refused = schedule::put_session_type(&app.context, ann, beyond).await;
    assert!(matches!(refused, Err(Error::Invalid(errors))
        if (errors[0].field.as_str(), errors[0].code.as_str()) == ("minimum_notice_minutes", "beyond_horizon")));
    app.sql("UPDATE session_types SET minimum_notice_minutes = 11520, horizon_days = 7").await;
    let before = schedule::session_types(&app.context, ann).await.unwrap().remove(0);
    let times = Times { duration_minutes: 45, ..Times::from(&before) };
    let changes = Changes { hours: None, times: vec![(times, Some(Times::from(&before)))] };
    assert_eq!(schedule::save(&app.context, ann, changes).await.unwrap().session_types[0].duration_minutes, 45);
}

#[tokio::test]
async fn a_place_whose_link_nobody_makes_is_noticed() {
    for (provider, kind, other) in [
        (Provider::Google, LocationKind::Meet, LocationKind::Teams),
        (Provider::Microsoft, LocationKind::Teams, LocationKind::Meet),
    ] {
        let world = World::new(provider).await;
        let at_place = |kind, value: &str| SessionType {
            location: Some(Location { kind, value: value.into() }),
            ..session("session", 30, 30)
        };
        let lacks = async || schedule::any_lacks_link(world.context(), world.ann).await.unwrap();
        assert!(!lacks().await);
        world.app.offer(world.ann, at_place(kind, "")).await;
        assert!(lacks().await, "no calendar is connected");
        world.connect().await;
        assert!(!lacks().await, "{provider:?} makes it");
        world.app.offer(world.ann, at_place(other, "")).await;
        assert!(lacks().await, "not the other one's");
        world.app.offer(world.ann, at_place(other, "https://example.com/room")).await;
        assert!(!lacks().await, "the mentor has given one");
        world.app.pass(TimeDelta::seconds(1));
    }
}
