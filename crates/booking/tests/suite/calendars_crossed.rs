//! Connected calendars where two things happen at once, in the wrong order, or in ways nobody would think of.

use crate::calendars::{BOTH, ELEVEN, TEN, World, half, hour, switch_on};
use crate::common::*;
use booking::bookings::{self, Key};
use booking::calendar::{self, Choice};
use booking::jobs;
use calendars::fakes::{Fault, NewEvent};
use calendars::remote::Provider;
use chrono::TimeDelta;
use scheduling::{SessionType, Status};
use serde_json::json;
use sqlx::{Connection, PgConnection};

fn team(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "team@group.calendar.google.com",
        _ => "AAMkTeam=",
    }
}

#[tokio::test]
async fn an_event_put_into_another_calendar_is_followed_there() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        let id = world.ours()[0].id.clone();
        world.fake.transfer_event(&id, team(provider));
        world.look().await;
        assert_eq!(world.status(&key).await, (Status::Confirmed, at(TEN), 0), "that is no cancellation");

        // It is looked at there, though the calendar neither blocks nor receives.
        world.fake.move_event(&id, half(ELEVEN));
        world.look().await;
        assert_eq!(world.status(&key).await.1, at(ELEVEN));

        // Put back, and moved here before anybody has looked: one event, where it is now.
        world.fake.transfer_event(&id, &world.fake.primary());
        bookings::reschedule(world.context(), &key, at(TEN)).await.unwrap();
        world.settle().await;
        let [event] = &world.ours()[..] else { panic!("{:?}", world.ours()) };
        assert_eq!((event.calendar.clone(), world.when(event)), (world.fake.primary(), half(TEN)));
        world.fake.transfer_event(&id, team(provider));
        bookings::cancel(world.context(), &key, None).await.unwrap();
        world.settle().await;
        assert!(world.ours().is_empty());
    }
}

#[tokio::test]
async fn a_copy_of_an_event_is_the_mentors_own() {
    let world = World::new(Provider::Google).await;
    world.connect().await;
    let (made, key) = world.app.booked("ann", "session", TEN).await;
    world.settle().await;
    let copy = world.fake.add_event(NewEvent::timed("Copy", half(ELEVEN)));
    let mark = json!({ "extendedProperties": { "private": { "yaksokBooking": made.id.to_string() } } });
    world.fake.change_event(&copy, &mark);
    world.look().await;
    assert!(!world.offers(ELEVEN).await, "it is busy time");
    world.fake.delete_event(&copy);
    world.look().await;
    assert_eq!(world.status(&key).await, (Status::Confirmed, at(TEN), 0));
    assert!(world.offers(ELEVEN).await);
}

#[tokio::test]
async fn what_was_cancelled_while_nothing_was_connected_is_taken_away_afterwards() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        let id = world.connection().await.id;
        calendar::disconnect(world.context(), world.ann, id).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        bookings::cancel(world.context(), &key, None).await.unwrap();
        world.settle().await;
        assert_eq!(world.ours().len(), 1);
        world.connect().await;
        assert!(world.ours().is_empty());
        world.look().await;
        assert!(world.offers(TEN).await);
    }
}

#[tokio::test]
async fn a_server_that_dies_before_the_deletion_leaves_no_event() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        world.fake.fail("POST /", 1, Fault::LostAnswer);
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.app.run_jobs().await;
        assert_eq!(world.ours().len(), 1, "it is there, and nobody knows its id");
        bookings::cancel(world.context(), &key, None).await.unwrap();
        world.fake.fail("DELETE /", 1, Fault::Status(500));
        world.app.run_jobs().await;
        assert_eq!(world.ours().len(), 1);
        world.app.pass(minutes(1));
        world.settle().await;
        assert!(world.ours().is_empty());
    }
}

#[tokio::test]
async fn an_event_that_jobs_gave_up_is_written_when_the_provider_answers_again() {
    let world = World::new(Provider::Google).await;
    world.connect().await;
    world.fake.fail("POST /calendar", 1, Fault::Status(500));
    world.app.booked("ann", "session", TEN).await;
    world.app.run_jobs().await;
    world.app.sql("UPDATE jobs SET dead_at = now() WHERE kind = 'event'").await;
    world.look().await;
    assert_eq!(world.ours().len(), 1);
    world.app.sql("DELETE FROM jobs WHERE dead_at IS NOT NULL").await;
    world.look().await;
    assert_eq!(world.app.number("SELECT count(*) FROM jobs WHERE kind = 'event'").await, 0, "once is enough");
}

#[tokio::test]
async fn looks_that_find_the_same_leave_one_job() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        let id = world.ours()[0].id.clone();
        let one = if provider == Provider::Google { "/events/b" } else { "/events/AAMk" };
        world.fake.fail(one, 1000, Fault::Status(500));
        for _ in 0..5 {
            world.fake.change_event(&id, &json!({ "location": null }));
            world.fake.move_event(&id, half(ELEVEN));
            world.look().await;
        }
        assert_eq!(world.app.number("SELECT count(*) FROM jobs WHERE kind = 'reconcile'").await, 1);
        world.fake.clear_faults();
        world.app.pass(minutes(60));
        world.settle().await;
        assert_eq!(world.status(&key).await.1, at(ELEVEN));
    }
}

#[tokio::test]
async fn a_connection_made_anew_is_looked_at_at_once_and_in_full() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        // The look sees that the event was moved; before anybody follows, the permission is withdrawn.
        world.fake.move_event(&world.ours()[0].id, half(ELEVEN));
        let id = world.connection().await.id;
        calendar::sync_now(world.context(), world.ann, id).await.unwrap();
        calendar::sync_due(world.context()).await.unwrap();
        world.fake.withdraw();
        world.look().await;
        world.app.pass(minutes(1));
        world.look().await;
        assert_eq!(world.connection().await.status, "expired");
        assert_eq!(world.status(&key).await.1, at(TEN));
        world.connect().await;
        assert_eq!(world.status(&key).await.1, at(ELEVEN));
    }
}

#[tokio::test]
async fn connecting_again_is_not_undone_by_the_farewell() {
    let world = World::new(Provider::Google).await;
    world.connect().await;
    let id = world.connection().await.id;
    calendar::disconnect(world.context(), world.ann, id).await.unwrap();
    world.connect().await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    world.app.pass(minutes(61));
    world.look().await;
    let connection = world.connection().await;
    // Either the farewell came first, and the new permission is another one; or it saw that the account is in use.
    assert_eq!((connection.status.as_str(), connection.error), ("active", None));
}

#[tokio::test]
async fn dates_beyond_reason_harm_nobody() {
    for provider in BOTH {
        let world = World::new(provider).await;
        let (first, last) = (date("1601-01-01"), date("9999-12-31"));
        world.fake.add_event(NewEvent::all_day("For ever", first, last));
        world.fake.add_event(NewEvent::all_day("Backwards", date("2026-11-28"), date("2026-11-27")));
        world.fake.add_event(NewEvent::timed("Long", at("2026-11-25T10:00:00Z")..at("9999-12-31T23:59:59Z")));
        world.connect().await;
        assert_eq!(world.connection().await.status, "active");
        assert!(world.connection().await.error.is_none());
        assert!(!world.offers(TEN).await && !world.offers("2026-11-26T10:00:00Z").await);
    }
}

#[tokio::test]
async fn a_slow_writer_whose_lease_was_taken_has_it_written_once_more() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (made, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        let other = world.app.another_server(|inner| switch_on(inner, &world.fake, provider)).await;
        bookings::reschedule(world.context(), &key, at(ELEVEN)).await.unwrap();
        // The writer is at the provider when the lease goes to somebody else.
        let slow = async {
            jobs::run_due(world.context()).await.unwrap();
        };
        let thief = async {
            let lock = format!(
                "UPDATE booking_calendar_events SET locked_until = '2030-01-01' WHERE booking_id = '{}' AND locked_until IS NOT NULL",
                made.id
            );
            for _ in 0..20 {
                world.app.sql(&lock).await;
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(slow, thief);
        world.app.sql("UPDATE booking_calendar_events SET locked_until = NULL").await;
        world.app.pass(TimeDelta::seconds(10));
        jobs::run_due(&other).await.unwrap();
        world.settle().await;
        let [event] = &world.ours()[..] else { panic!("{:?}", world.ours()) };
        assert_eq!(world.when(event), half(ELEVEN));
        assert_eq!(jobs::state(world.context()).await.unwrap().1, 0);
    }
}

#[tokio::test]
async fn what_is_written_was_read_after_the_lease() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        world.fake.fail("POST /", 1, Fault::Status(500));
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.app.run_jobs().await;
        world.app.pass(minutes(1));
        world.fake.forget_requests();

        // A writer waits for the lease, and the booking moves meanwhile.
        let mut owner = PgConnection::connect(world.app.owner_url()).await.unwrap();
        sqlx::raw_sql("BEGIN; SELECT FROM booking_calendar_events FOR UPDATE").execute(&mut owner).await.unwrap();
        let context = world.context().clone();
        let writer = tokio::spawn(async move { jobs::run_due(&context).await.unwrap() });
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        while world.app.number(waits).await == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        bookings::reschedule(world.context(), &key, at(ELEVEN)).await.unwrap();
        sqlx::raw_sql("COMMIT").execute(&mut owner).await.unwrap();
        writer.await.unwrap();
        let requests = world.fake.requests();
        let written: Vec<_> = requests.iter().filter(|seen| seen.body["start"].is_object()).collect();
        let [once] = &written[..] else { panic!("{written:?}") };
        assert!(once.body["start"]["dateTime"].as_str().unwrap().starts_with("2026-11-24T11:00"), "{:?}", once.body);
    }
}

#[tokio::test]
async fn an_empty_list_is_believed_after_a_while_and_not_because_it_is_asked_for_twice() {
    let world = World::new(Provider::Google).await;
    world.fake.add_event(NewEvent::timed("Dentist", hour(TEN)));
    world.connect().await;
    world.fake.expire_cursors();
    world.fake.fail("/events?", 10, Fault::Empty);
    for _ in 0..4 {
        world.look().await;
        assert!(!world.offers(TEN).await);
    }
    assert_eq!(world.connection().await.error.as_deref(), Some("unreachable"));
    world.app.pass(minutes(3));
    world.look().await;
    assert!(world.offers(TEN).await);
    assert_eq!(world.connection().await.status, "active");
}

#[tokio::test]
async fn bookings_of_a_calendar_that_no_longer_receives_are_still_followed() {
    let world = World::new(Provider::Google).await;
    world.connect().await;
    let (made, _) = world.app.booked("ann", "session", TEN).await;
    world.settle().await;
    let team = world.connection().await.calendars.iter().find(|c| c.name == "Team").unwrap().id;
    let choice = Choice { blocking: vec![], receiving: Some(team) };
    calendar::choose(world.context(), world.ann, &choice).await.unwrap();
    world.look().await;
    world.fake.move_event(&world.ours()[0].id, half(ELEVEN));
    world.look().await;
    assert_eq!(world.status(&Key::Mentor(world.ann, made.id)).await.1, at(ELEVEN));
}

const TWELVE: &str = "2026-11-24T12:00:00Z";

/// The provider does what it was asked for and never says so. Whatever comes next, the retry or a look that finds the event
/// elsewhere than it is known to be: that was us, not the mentor.
async fn silently_done(provider: Provider, look_first: bool) {
    let world = World::new(provider).await;
    world.connect().await;
    let (_, key) = world.app.booked("ann", "session", TEN).await;
    world.settle().await;

    world.fake.fail("PATCH /", 1, Fault::LostAnswer);
    bookings::reschedule(world.context(), &key, at(ELEVEN)).await.unwrap();
    world.app.run_jobs().await;
    assert_eq!(world.when(&world.ours()[0]), half(ELEVEN), "it was done over there");
    assert_eq!(world.app.number("SELECT written_sequence::bigint FROM booking_calendar_events").await, 0, "who knows?");
    if look_first {
        world.look().await;
        assert_eq!(world.status(&key).await, (Status::Confirmed, at(ELEVEN), 1));
    }
    world.app.pass(minutes(1));
    world.look().await;
    assert_eq!(world.status(&key).await, (Status::Confirmed, at(ELEVEN), 1));
    let [event] = &world.ours()[..] else { panic!("{:?}", world.ours()) };
    assert_eq!(world.when(event), half(ELEVEN));
    assert_eq!(world.app.number("SELECT written_sequence::bigint FROM booking_calendar_events").await, 1);

    // Moved here once more before anybody knew: what is over there is older, and gives way.
    world.fake.fail("PATCH /", 1, Fault::LostAnswer);
    bookings::reschedule(world.context(), &key, at(TEN)).await.unwrap();
    world.app.run_jobs().await;
    bookings::reschedule(world.context(), &key, at(TWELVE)).await.unwrap();
    if look_first {
        world.look().await;
    }
    world.app.pass(minutes(1));
    world.look().await;
    assert_eq!(world.status(&key).await, (Status::Confirmed, at(TWELVE), 3));
    assert_eq!(world.when(&world.ours()[0]), half(TWELVE));

    // What the mentor does now is the mentor's.
    world.fake.move_event(&world.ours()[0].id, half(TEN));
    world.look().await;
    assert_eq!(world.status(&key).await, (Status::Confirmed, at(TEN), 4));
}

/// A write that was given up arrives when a later one has been done.
async fn arrives_late(provider: Provider) {
    let world = World::new(provider).await;
    world.connect().await;
    let (_, key) = world.app.booked("ann", "session", TEN).await;
    world.settle().await;
    let overtaken = async |late: &str, then: &str| {
        world.fake.fail("PATCH /", 1, Fault::Late);
        bookings::reschedule(world.context(), &key, at(late)).await.unwrap();
        world.app.run_jobs().await;
        bookings::reschedule(world.context(), &key, at(then)).await.unwrap();
        world.app.pass(minutes(1));
        world.look().await;
        assert_eq!(world.when(&world.ours()[0]), half(then));
        world.fake.land();
        assert_eq!(world.when(&world.ours()[0]), half(late), "older, and later");
    };

    overtaken(ELEVEN, TWELVE).await;
    let told = "SELECT count(*) FROM booking_events";
    let before = world.app.number(told).await;
    world.look().await;
    assert_eq!(world.status(&key).await, (Status::Confirmed, at(TWELVE), 2), "the mentor has done nothing");
    assert_eq!(world.when(&world.ours()[0]), half(TWELVE), "it is put right");
    assert_eq!(world.app.number(told).await, before, "and nobody hears of it");

    // What the mentor does with the late one is the mentor's.
    overtaken(TEN, ELEVEN).await;
    world.fake.move_event(&world.ours()[0].id, half(TWELVE));
    world.look().await;
    assert_eq!(world.status(&key).await, (Status::Confirmed, at(TWELVE), 5));

    // So is what becomes of an event that does not say what it was written as.
    let id = world.ours()[0].id.clone();
    let unmarked = match provider {
        Provider::Google => json!({ "extendedProperties": { "private": { "yaksokRevision": null } } }),
        _ => json!({ "singleValueExtendedProperties": [] }),
    };
    world.fake.change_event(&id, &unmarked);
    world.fake.move_event(&id, half(TEN));
    world.look().await;
    assert_eq!(world.status(&key).await, (Status::Confirmed, at(TEN), 6));
}

#[tokio::test]
async fn a_write_that_arrives_after_a_later_one_is_not_taken_for_the_mentors_own_move() {
    arrives_late(Provider::Microsoft).await;
}

/// Google takes conditions, and a late write has one that does not hold any more.
#[tokio::test]
async fn a_write_that_arrives_after_a_later_one_is_refused_where_the_provider_takes_conditions() {
    let world = World::new(Provider::Google).await;
    world.connect().await;
    let (_, key) = world.app.booked("ann", "session", TEN).await;
    world.settle().await;
    world.fake.fail("PATCH /", 1, Fault::Late);
    bookings::reschedule(world.context(), &key, at(ELEVEN)).await.unwrap();
    world.app.run_jobs().await;
    bookings::reschedule(world.context(), &key, at(TWELVE)).await.unwrap();
    world.app.pass(minutes(1));
    world.look().await;
    world.fake.land();
    assert_eq!(world.when(&world.ours()[0]), half(TWELVE));
    world.look().await;
    assert_eq!(world.status(&key).await, (Status::Confirmed, at(TWELVE), 2));
}

#[tokio::test]
async fn a_request_that_arrives_after_its_confirmation_changes_nothing() {
    let world = World::new(Provider::Google).await;
    world.app.offer(world.ann, SessionType { requires_approval: true, ..session("session", 30, 30) }).await;
    world.connect().await;
    let (made, key) = world.app.booked("ann", "session", TEN).await;
    world.settle().await;
    world.fake.fail("PATCH /", 1, Fault::Late);
    bookings::reschedule(world.context(), &key, at(ELEVEN)).await.unwrap();
    world.app.run_jobs().await;
    bookings::confirm(world.context(), world.ann, made.id).await.unwrap();
    world.app.pass(minutes(1));
    world.look().await;
    assert_eq!(world.ours()[0].body["status"], "confirmed");
    world.fake.land();
    world.look().await;
    assert_eq!(world.ours()[0].body["status"], "confirmed");
    assert_eq!(world.status(&key).await, (Status::Confirmed, at(ELEVEN), 2));
}

#[tokio::test]
async fn a_write_that_nobody_answered_is_not_taken_for_the_mentors_own_move() {
    tokio::join!(
        silently_done(Provider::Google, false),
        silently_done(Provider::Google, true),
        silently_done(Provider::Microsoft, false),
        silently_done(Provider::Microsoft, true),
    );
}
