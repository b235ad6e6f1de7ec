//! What a mentor does to the event of a booking in a connected calendar that cannot be followed as it is: series, lengths,
//! copies, deletions while a write is on its way, and events that were left behind in a calendar.

use crate::calendars::{ANN, BOTH, ELEVEN, TEN, World, half, hour, switch_on};
use crate::common::*;
use booking::bookings::{self, Key};
use booking::calendar::{self, Choice};
use booking::jobs;
use calendars::fakes::{Fake, Fault};
use calendars::remote::Provider;
use scheduling::{Actor, Status};

const TWELVE: &str = "2026-11-24T12:00:00Z";

/// Subjects of the letters to the mentor, up to the colon.
async fn told(world: &World) -> Vec<String> {
    let letters = world.app.mail().await.into_iter().filter(|letter| letter.to == ANN);
    letters.map(|letter| letter.subject.split(':').next().unwrap().to_owned()).collect()
}

async fn healthy(world: &World) {
    let connection = world.connection().await;
    assert_eq!((connection.status.as_str(), connection.error.as_deref()), ("active", None));
    assert_eq!(jobs::state(world.context()).await.unwrap().1, 0, "nothing was given up");
}

#[tokio::test]
async fn a_booking_whose_event_was_made_a_series_is_moved_and_cancelled() {
    for provider in BOTH {
        for masters in [true, false] {
            let world = World::new(provider).await;
            world.fake.tell_masters(masters);
            world.connect().await;
            let (_, key) = world.app.booked("ann", "session", TEN).await;
            world.settle().await;
            let id = world.ours()[0].id.clone();

            // Before anybody has looked.
            world.fake.repeat_event(&id, 4);
            bookings::reschedule(world.context(), &key, at(ELEVEN)).await.unwrap();
            world.settle().await;
            let [event] = &world.ours()[..] else { panic!("{provider:?} {:?}", world.ours()) };
            assert_eq!((world.when(event), &event.id), (half(ELEVEN), &id), "nothing is left at the old time");
            world.look().await;
            healthy(&world).await;
            assert_eq!(world.app.number("SELECT count(*) FROM calendar_busy").await, 0);

            world.fake.repeat_event(&id, 4);
            bookings::cancel(world.context(), &key, None).await.unwrap();
            world.settle().await;
            assert!(world.ours().is_empty(), "{provider:?}: no occurrence is left");
            world.look().await;
            healthy(&world).await;
        }
    }
}

#[tokio::test]
async fn a_series_becomes_a_single_event_again_and_the_mentor_is_told() {
    for provider in BOTH {
        for masters in [true, false] {
            let world = World::new(provider).await;
            world.fake.tell_masters(masters);
            world.connect().await;
            let (_, key) = world.app.booked("ann", "session", TEN).await;
            world.settle().await;
            world.app.mail().await;
            let id = world.ours()[0].id.clone();
            world.fake.repeat_event(&id, 4);
            world.look().await;
            assert_eq!(world.ours().len(), 1, "{provider:?}");
            assert_eq!(world.status(&key).await, (Status::Confirmed, at(TEN), 0));
            assert_eq!(told(&world).await, ["Not repeated"], "{provider:?}");
            world.look().await;
            assert!(told(&world).await.is_empty(), "once");
            assert_eq!(world.app.number("SELECT count(*) FROM calendar_busy").await, 0);

            // Moved and repeated: the start is followed.
            world.fake.repeat_event(&id, 4);
            world.fake.move_event(&id, half(ELEVEN));
            world.look().await;
            assert_eq!(world.status(&key).await, (Status::Confirmed, at(ELEVEN), 1), "{provider:?}");
            let [event] = &world.ours()[..] else { panic!("{provider:?} {:?}", world.ours()) };
            assert_eq!(world.when(event), half(ELEVEN));
            let mut letters = told(&world).await;
            letters.sort();
            assert_eq!(letters.len(), 2, "{letters:?}");
            assert_eq!(letters[1], "Not repeated");

            // A series that is deleted is a deleted event.
            world.fake.repeat_event(&id, 4);
            world.fake.delete_event(&id);
            world.look().await;
            assert_eq!(world.status(&key).await.0, Status::Cancelled);
            healthy(&world).await;
        }
    }
}

#[tokio::test]
async fn a_session_keeps_its_length_and_follows_the_start() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        world.app.mail().await;
        let id = world.ours()[0].id.clone();

        // Longer at its end: nothing moves.
        world.fake.move_event(&id, hour(TEN));
        world.look().await;
        assert_eq!(world.status(&key).await, (Status::Confirmed, at(TEN), 0));
        assert_eq!(told(&world).await, ["Length unchanged"]);
        // Longer at its front: the start is followed.
        world.fake.move_event(&id, at("2026-11-24T09:30:00Z")..at("2026-11-24T10:30:00Z"));
        world.look().await;
        assert_eq!(world.status(&key).await, (Status::Confirmed, at("2026-11-24T09:30:00Z"), 1));
        let letters = told(&world).await;
        assert!(letters.len() == 2 && letters.contains(&"Length unchanged".to_owned()), "{letters:?}");
        // Longer at its front, to where it cannot be: nothing is followed.
        world.fake.move_event(&id, at("2026-11-20T08:00:00Z")..at("2026-11-20T10:00:00Z"));
        world.look().await;
        assert_eq!(world.status(&key).await, (Status::Confirmed, at("2026-11-24T09:30:00Z"), 1));
        assert_eq!(told(&world).await, ["Not moved"]);
        let [event] = &world.ours()[..] else { panic!("{:?}", world.ours()) };
        assert_eq!(world.when(event), half("2026-11-24T09:30:00Z"));
        healthy(&world).await;
    }
}

/// The mentor moves the event, the booking follows, and the write that says so there does not get through.
async fn followed_and_not_written(provider: Provider) -> (World, Key, String) {
    let world = World::new(provider).await;
    world.connect().await;
    let (_, key) = world.app.booked("ann", "session", TEN).await;
    world.settle().await;
    world.app.mail().await;
    let id = world.ours()[0].id.clone();
    world.fake.fail("PATCH /", 1000, Fault::Status(500));
    world.fake.move_event(&id, half(ELEVEN));
    world.look().await;
    assert_eq!(world.status(&key).await, (Status::Confirmed, at(ELEVEN), 1));
    assert!(world.app.number("SELECT count(*) FROM jobs WHERE kind = 'event'").await > 0, "a write is on its way");
    world.app.mail().await;
    (world, key, id)
}

#[tokio::test]
async fn a_deletion_after_a_move_wins_over_the_write_that_repeats_the_move() {
    for provider in BOTH {
        for look_first in [true, false] {
            let (world, key, id) = followed_and_not_written(provider).await;
            world.fake.delete_event(&id);
            if look_first {
                world.look().await;
                assert_eq!(world.status(&key).await.0, Status::Cancelled, "{provider:?}");
            }
            world.fake.clear_faults();
            world.app.pass(minutes(10));
            world.settle().await;
            let booking = bookings::get(world.context(), &key).await.unwrap().booking;
            assert_eq!((booking.status, booking.cancelled_by), (Status::Cancelled, Some(Actor::Calendar)));
            assert!(world.ours().is_empty(), "{provider:?}: it does not come back");
            world.look().await;
            assert!(world.ours().is_empty());
            healthy(&world).await;
        }
    }
}

#[tokio::test]
async fn a_deletion_after_a_move_that_cannot_be_wins_as_well() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        let id = world.ours()[0].id.clone();
        world.fake.fail("PATCH /", 1000, Fault::Status(500));
        world.fake.move_event(&id, half("2026-11-24T03:00:00Z"));
        world.look().await;
        world.fake.delete_event(&id);
        world.fake.clear_faults();
        world.app.pass(minutes(10));
        world.settle().await;
        assert_eq!(world.status(&key).await.0, Status::Cancelled);
        assert!(world.ours().is_empty());
    }
}

#[tokio::test]
async fn another_move_while_a_write_is_on_its_way_is_followed() {
    for provider in BOTH {
        // Further, and back to where it was.
        for to in [TWELVE, TEN] {
            for look_first in [true, false] {
                let (world, key, id) = followed_and_not_written(provider).await;
                world.fake.move_event(&id, half(to));
                if look_first {
                    world.look().await;
                    assert_eq!(world.status(&key).await, (Status::Confirmed, at(to), 2), "{provider:?}");
                }
                world.fake.clear_faults();
                world.app.pass(minutes(10));
                world.settle().await;
                world.look().await;
                assert_eq!(world.status(&key).await, (Status::Confirmed, at(to), 2), "{provider:?}");
                let [event] = &world.ours()[..] else { panic!("{:?}", world.ours()) };
                assert_eq!(world.when(event), half(to));
                healthy(&world).await;
            }
        }
    }
}

#[tokio::test]
async fn an_event_that_is_made_again_is_told_of() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        world.app.mail().await;
        // Moved here, and deleted there before that was written.
        bookings::reschedule(world.context(), &key, at(ELEVEN)).await.unwrap();
        world.fake.delete_event(&world.ours()[0].id);
        world.settle().await;
        assert_eq!(world.status(&key).await, (Status::Confirmed, at(ELEVEN), 1));
        let [event] = &world.ours()[..] else { panic!("{:?}", world.ours()) };
        assert_eq!(world.when(event), half(ELEVEN));
        let letters = told(&world).await;
        assert!(letters.contains(&"Still booked".to_owned()), "{provider:?} {letters:?}");
        // Once more, knowing that: the booking ends.
        world.fake.delete_event(&event.id);
        world.look().await;
        assert_eq!(world.status(&key).await.0, Status::Cancelled);
        assert!(world.ours().is_empty());
    }
}

#[tokio::test]
async fn what_was_left_behind_at_another_provider_is_deleted_when_it_is_connected_again() {
    for cancelled in [false, true] {
        let outlook = Fake::graph().await;
        let world = World::with(Provider::Google, |inner| switch_on(inner, &outlook, Provider::Microsoft)).await;
        outlook.set_now(world.app.now());
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        let google = world.connection().await.id;
        calendar::disconnect(world.context(), world.ann, google).await.unwrap();
        world.connect_to(Provider::Microsoft, &outlook).await;
        assert_eq!(outlook.events().len(), 1);
        assert_eq!(world.ours().len(), 1, "it was left behind");
        if cancelled {
            bookings::cancel(world.context(), &key, None).await.unwrap();
        } else {
            bookings::reschedule(world.context(), &key, at(ELEVEN)).await.unwrap();
        }
        world.settle().await;

        world.connect_to(Provider::Google, &world.fake).await;
        assert!(world.ours().is_empty(), "{:?}", world.ours());
        assert_eq!(outlook.events().len(), usize::from(!cancelled));
        assert!(world.offers(TEN).await, "the old time is free");
        assert_eq!(world.app.number("SELECT count(*) FROM calendar_busy").await, 0);
        if !cancelled {
            assert_eq!(world.status(&key).await, (Status::Confirmed, at(ELEVEN), 1));
            bookings::cancel(world.context(), &key, None).await.unwrap();
            world.settle().await;
            assert!(outlook.events().is_empty() && world.offers(ELEVEN).await);
        }
    }
}

#[tokio::test]
async fn what_was_left_behind_in_another_calendar_of_the_account_is_deleted() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        let id = world.connection().await.id;
        calendar::disconnect(world.context(), world.ann, id).await.unwrap();
        // Connected again, and another calendar receives before anything is written.
        world.connect_only().await;
        let connection = world.connection().await;
        let of = |name: &str| connection.calendars.iter().find(|calendar| calendar.name == name).unwrap().id;
        let choice =
            Choice { blocking: connection.calendars.iter().map(|c| c.id).collect(), receiving: Some(of("Team")) };
        calendar::choose(world.context(), world.ann, &choice).await.unwrap();
        world.settle().await;
        world.look().await;
        let [event] = &world.ours()[..] else { panic!("{provider:?} {:?}", world.ours()) };
        assert_ne!(event.calendar, world.fake.primary());
        assert_eq!(world.status(&key).await, (Status::Confirmed, at(TEN), 0), "nothing was cancelled");
        assert_eq!(world.app.number("SELECT count(*) FROM calendar_busy").await, 0);
        bookings::cancel(world.context(), &key, None).await.unwrap();
        world.settle().await;
        assert!(world.ours().is_empty() && world.offers(TEN).await);
        healthy(&world).await;
    }
}
