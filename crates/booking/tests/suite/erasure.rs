//! Details of bookers are erased, on request or in time: from everywhere, once, and without holding anything up.

use crate::calendars::{ANN, BOTH, TEN, World, half};
use crate::common::*;
use booking::bookings::{self, Idempotency, Key, List, Request};
use booking::secrets::{Secret, sha256};
use booking::{Context, Error, accounts, activity, erasure, jobs, rotation};
use chrono::TimeDelta;
use scheduling::{Actor, EventKind, MentorId, SessionType, Status};
use std::fs;

const NAME: &str = "Augusta Ada Byron";
const EMAIL: &str = "byron@guests.example";
const WORDS: &str = "On the Analytical Engine";
const REASON: &str = "Byron is ill";

fn byron(start: &str) -> Request {
    Request {
        name: NAME.into(),
        email: EMAIL.into(),
        notes: Some(WORDS.into()),
        timezone: "Europe/London".into(),
        idempotency: Some(Idempotency {
            key: format!("a key of {EMAIL} {start}"),
            request_hash: sha256(EMAIL.as_bytes()),
        }),
        ..request("ann", "session", at(start))
    }
}

async fn booked(context: &Context, start: &str) -> (scheduling::BookingId, Secret) {
    let (made, token) = bookings::book(context, byron(start)).await.unwrap();
    (made.id, token)
}

/// In which tables any of it stands, as text or as bytes, in whatever column.
async fn stands_in(app: &TestApp) -> Vec<String> {
    let tables = app
        .texts(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1",
        )
        .await;
    let mut found = Vec::new();
    for table in tables {
        for what in [NAME, EMAIL, WORDS, REASON, "Byron", "Europe/London"] {
            let bytes: String = what.bytes().map(|byte| format!("{byte:02x}")).collect();
            let hash: String = sha256(what.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            let sql = format!(
                "SELECT count(*) FROM {table} t
                 WHERE t::text ILIKE '%{what}%' OR t::text ILIKE '%{bytes}%' OR t::text ILIKE '%{hash}%'"
            );
            if app.number(&sql).await > 0 && found.last() != Some(&table) {
                found.push(table.clone());
            }
        }
    }
    found
}

/// What was erased, at whose hand.
async fn erasures(app: &TestApp, mentor: MentorId) -> Vec<Actor> {
    let (found, _) = activity::list(&app.context, mentor, None).await.unwrap();
    let of = |happened: booking::store::Activity| match happened.what {
        booking::store::Happened::Booking { kind: EventKind::Erased, name: None, .. } => Some(happened.actor),
        _ => None,
    };
    found.into_iter().filter_map(of).collect()
}

fn too_late<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::TooLate))
}

#[tokio::test]
async fn what_is_erased_stands_nowhere_any_more() {
    let mut app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let (id, token) = booked(&app.context, TEN).await;
    let key = Key::Token(token.clone());
    bookings::reschedule(&app.context, &key, at("2026-11-25T10:00:00Z")).await.unwrap();
    bookings::cancel(&app.context, &key, Some(REASON.into())).await.unwrap();
    // Messages that fail leave behind why.
    fs::remove_dir_all(app.mail_directory()).unwrap();
    fs::write(app.mail_directory(), "in the way").unwrap();
    app.run_jobs().await;
    app.sql(&format!("UPDATE jobs SET last_error = 'refused: {EMAIL}'")).await;
    assert_eq!(stands_in(&app).await, ["booking_events", "bookings", "idempotency_keys", "jobs"]);

    let erased = erasure::erase(&app.context, &token).await.unwrap().booking;
    assert_eq!(stands_in(&app).await, [""; 0]);
    assert_eq!((erased.erased_at, erased.status, erased.id), (Some(app.now()), Status::Cancelled, id));
    assert_eq!((&*erased.name, &*erased.email, &*erased.timezone), ("", "", "UTC"));
    assert_eq!((erased.notes, erased.reason, erased.manage_token_sealed.len()), (None, None, 0));
    assert_eq!(app.number("SELECT count(*) FROM idempotency_keys").await, 0);

    // Nor in anything that goes out.
    let export = serde_json::to_string(&accounts::export(&app.context, ann).await.unwrap()).unwrap();
    assert!(export.contains(&id.to_string()) && !export.contains("Byron") && !export.contains(EMAIL), "{export}");
    for key in [&key, &Key::Mentor(ann, id)] {
        let invite = bookings::invite(&app.context, key).await.unwrap().ics;
        assert!(!invite.contains("Byron") && !invite.contains(EMAIL) && !invite.contains("mailto:\r\n"), "{invite}");
        assert!(invite.contains("details erased"), "{invite}");
    }
    assert_eq!(erasures(&app, ann).await, [Actor::Mentee]);

    // The mentor's list has it still, for whoever does not look for the name.
    let found = async |query: &str| {
        let list = List { query: query.into(), ..List::default() };
        bookings::list(&app.context, ann, list).await.unwrap().0.len()
    };
    assert_eq!((found("").await, found("Byron").await, found(EMAIL).await), (1, 0, 0));
    assert_eq!(rotation::rotate(&app.context).await.unwrap(), 0);

    // What is left of the mail goes out: to the mentor, without the details.
    fs::remove_file(app.mail_directory()).unwrap();
    fs::create_dir(app.mail_directory()).unwrap();
    app.pass(minutes(10));
    let letters = app.mail().await;
    assert!(!letters.is_empty() && letters.iter().all(|letter| letter.to == ANN && letter.reply_to.is_none()));
    for letter in &letters {
        assert!(!letter.mentions("Byron") && !letter.mentions(EMAIL), "{letter:?}");
        assert!(letter.mentions("Someone (details erased)"), "{letter:?}");
    }
    app.leaves_no_jobs();
}

#[tokio::test]
async fn the_database_lets_no_detail_stay_behind() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let (_, token) = booked(&app.context, TEN).await;
    app.set_now(at("2026-11-25T10:00:00Z"));
    let refused = async |change: &str| {
        app.sql(&format!(
            "DO $$ BEGIN
                 UPDATE bookings SET {change};
                 RAISE 'it was let in';
             EXCEPTION WHEN check_violation THEN NULL; END $$"
        ))
        .await;
    };
    for change in ["erased_at = now()", "booker_name = NULL", "manage_token_sealed = NULL"] {
        refused(change).await;
    }
    erasure::erase(&app.context, &token).await.unwrap();
    for column in ["booker_name", "booker_email", "booker_timezone", "booker_language", "notes", "reason"] {
        refused(&format!("{column} = 'back'")).await;
    }
    refused("manage_token_sealed = 'back'").await;
    refused("erased_at = NULL").await;
}

#[tokio::test]
async fn what_is_still_to_come_is_cancelled_first() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let upcoming = async |token: &Secret| {
        let refused = erasure::erase(&app.context, token).await;
        assert!(matches!(refused, Err(Error::StillUpcoming)), "{refused:?}");
    };
    let (id, token) = booked(&app.context, TEN).await;
    upcoming(&token).await;
    assert!(matches!(erasure::erase(&app.context, &Secret::new("ysm_unknown")).await, Err(Error::NotFound)));
    app.set_now(at(TEN) + minutes(29));
    upcoming(&token).await;
    app.pass(minutes(1));
    let erased = erasure::erase(&app.context, &token).await.unwrap().booking;
    assert_eq!((erased.status, erased.erased_at), (Status::Confirmed, Some(app.now())));

    // Erasing it once more changes nothing; and nobody can change what nobody could be told of.
    app.pass(minutes(1));
    assert_eq!(erasure::erase(&app.context, &token).await.unwrap().booking.erased_at, erased.erased_at);
    assert_eq!(erasures(&app, ann).await, [Actor::Mentee]);
    for key in [Key::Token(token), Key::Mentor(ann, id)] {
        assert!(too_late(bookings::cancel(&app.context, &key, Some("x".into())).await));
        assert!(too_late(bookings::reschedule(&app.context, &key, at("2026-11-26T10:00:00Z")).await));
        let booking = bookings::get(&app.context, &key).await.unwrap().booking;
        assert_eq!(bookings::rights(&booking, Actor::Mentor, app.now()), (false, false));
    }

    // The mentor's no is enough, too.
    app.offer(ann, SessionType { requires_approval: true, ..session("session", 30, 30) }).await;
    let (id, token) = booked(&app.context, "2026-11-25T10:00:00Z").await;
    upcoming(&token).await;
    bookings::decline(&app.context, ann, id, Some(REASON.into())).await.unwrap();
    erasure::erase(&app.context, &token).await.unwrap();
    assert_eq!(stands_in(&app).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_erase_at_once_one_does() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let (_, token) = booked(&app.context, TEN).await;
    let other = app.another_server(|_| {}).await;
    app.set_now(at("2026-11-25T10:00:00Z"));
    let tasks: Vec<_> = (0..10)
        .map(|n| {
            let (context, token) = (if n % 2 == 0 { &app.context } else { &other }.clone(), token.clone());
            tokio::spawn(async move { erasure::erase(&context, &token).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().unwrap().booking.erased_at.is_some());
    }
    assert_eq!(erasures(&app, ann).await, [Actor::Mentee]);
}

#[tokio::test]
async fn mail_that_waits_goes_to_the_mentor_only() {
    let mut app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let (_, token) = booked(&app.context, TEN).await;
    app.mail().await;
    bookings::cancel(&app.context, &Key::Token(token.clone()), Some(REASON.into())).await.unwrap();
    assert_eq!(app.number("SELECT count(*) FROM jobs WHERE kind = 'notice'").await, 2);
    erasure::erase(&app.context, &token).await.unwrap();
    let letters = app.mail().await;
    assert_eq!(letters.iter().map(|letter| &*letter.to).collect::<Vec<_>>(), [ANN]);
    let letter = &letters[0];
    assert!(letter.subject.contains("with Someone (details erased)"), "{}", letter.subject);
    assert!(!letter.mentions("Byron") && !letter.mentions(EMAIL) && !letter.mentions(WORDS), "{letter:?}");
    assert_eq!(letter.invite().state(), ("CANCEL", "1", "CANCELLED"));
    assert_eq!(letter.invite().all("ATTENDEE").len(), 1);
    app.leaves_no_jobs();
}

#[tokio::test]
async fn a_request_nobody_answered_ends_after_its_details_are_gone() {
    let mut app = TestApp::with(|inner| inner.details_kept = Some(TimeDelta::days(1))).await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, SessionType { requires_approval: true, ..session("session", 30, 30) }).await;
    let (_, token) = booked(&app.context, TEN).await;
    app.mail().await;
    // No server ran for two days.
    app.set_now(at("2026-11-26T10:00:00Z"));
    assert_eq!(erasure::erase_old(&app.context).await.unwrap(), 1);
    let letters = app.mail().await;
    assert_eq!(letters.iter().map(|letter| &*letter.to).collect::<Vec<_>>(), [ANN]);
    let booking = bookings::get(&app.context, &Key::Token(token)).await.unwrap().booking;
    assert_eq!((booking.status, booking.cancelled_by), (Status::Cancelled, Some(Actor::Expiry)));
    app.leaves_no_jobs();
}

#[tokio::test]
async fn details_are_kept_as_long_as_is_set_and_no_longer() {
    let app = TestApp::with(|inner| inner.details_kept = Some(TimeDelta::days(30))).await;
    let (ann, ben) = (app.mentor("ann", "UTC").await, app.mentor("ben", "UTC").await);
    let (_, old) = booked(&app.context, TEN).await;
    let (_, newer) = booked(&app.context, "2026-11-24T11:00:00Z").await;
    app.book("ben", "session", TEN).await.unwrap();
    assert_eq!(erasure::erase_old(&app.context).await.unwrap(), 0);

    // To the instant at which both ended thirty days ago: not longer ago.
    app.set_now(at(TEN) + minutes(30) + TimeDelta::days(30));
    assert_eq!(erasure::erase_old(&app.context).await.unwrap(), 0);
    app.pass(TimeDelta::seconds(1));
    // Where nothing is set, they are kept.
    let keeps = app.another_server(|_| {}).await;
    assert_eq!(erasure::erase_old(&keeps).await.unwrap(), 0);
    assert_eq!(erasure::erase_old(&app.context).await.unwrap(), 2);
    assert_eq!(erasure::erase_old(&app.context).await.unwrap(), 0);
    for mentor in [ann, ben] {
        assert_eq!(erasures(&app, mentor).await, [Actor::Retention]);
    }
    let name =
        async |token: &Secret| bookings::get(&app.context, &Key::Token(token.clone())).await.unwrap().booking.name;
    assert_eq!((&*name(&old).await, &*name(&newer).await), ("", NAME));
    app.pass(TimeDelta::hours(1));
    assert_eq!(erasure::erase_old(&app.context).await.unwrap(), 1);
    assert_eq!(stands_in(&app).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_erase_each_booking_once() {
    let keep = |inner: &mut booking::context::Inner| inner.details_kept = Some(TimeDelta::days(1));
    let app = TestApp::with(keep).await;
    let ann = app.mentor("ann", "UTC").await;
    app.sql(&format!(
        "INSERT INTO bookings (id, mentor_id, session_slug, session_name, status, during, buffer_before_minutes,
             buffer_after_minutes, cancel_notice_minutes, booker_name, booker_email, booker_timezone, booker_language,
             manage_token_hash, manage_token_sealed, created_at)
         SELECT md5('booking ' || n)::uuid, '{ann}', 'session', 'Session', 'confirmed',
             tstzrange('2025-01-01 10:00Z'::timestamptz + n * interval '1 hour',
                 '2025-01-01 10:30Z'::timestamptz + n * interval '1 hour'),
             0, 0, 0, '{NAME}', '{EMAIL}', 'UTC', 'en', sha256(n::text::bytea), 'sealed', now()
         FROM generate_series(1, 250) n"
    ))
    .await;
    let tasks = [app.another_server(keep).await, app.another_server(keep).await, app.context.clone()]
        .map(|context| tokio::spawn(async move { erasure::erase_old(&context).await.unwrap() }));
    let mut erased = 0;
    for task in tasks {
        erased += task.await.unwrap();
    }
    assert_eq!(erased, 250);
    assert_eq!(app.number("SELECT count(*) FROM booking_events WHERE kind = 'erased'").await, 250);
    assert_eq!(stands_in(&app).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_runs_erases_by_itself() {
    let app = TestApp::with(|inner| inner.details_kept = Some(TimeDelta::days(1))).await;
    app.mentor("ann", "UTC").await;
    let (_, token) = booked(&app.context, TEN).await;
    app.set_now(at("2026-12-24T10:00:00Z"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(jobs::run(app.context.clone(), async move { drop(stopped.await) }));
    let key = Key::Token(token);
    let erased = async {
        while bookings::get(&app.context, &key).await.unwrap().booking.erased_at.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), erased).await.unwrap();
    drop(stop);
    running.await.unwrap();
}

#[tokio::test]
async fn the_event_in_the_calendar_loses_the_details_and_stays() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, token) = booked(world.context(), TEN).await;
        let (_, second) = booked(world.context(), "2026-11-24T12:00:00Z").await;
        world.settle().await;
        let events = world.fake.events();
        assert_eq!(events.iter().filter(|event| event.body.to_string().contains("Byron")).count(), 2);
        world.app.set_now(at("2026-11-25T10:00:00Z"));
        world.fake.set_now(world.app.now());

        // The mentor has taken the second one out of the calendar: it does not come back.
        let gone = events.iter().find(|event| world.when(event) == half("2026-11-24T12:00:00Z")).unwrap();
        world.fake.delete_event(&gone.id);
        for token in [&token, &second] {
            erasure::erase(world.context(), token).await.unwrap();
        }
        world.settle().await;
        let left: Vec<_> = world.fake.events();
        assert!(left.iter().all(|event| !event.body.to_string().contains("Byron")), "{left:?}");
        assert!(left.iter().all(|event| !event.body.to_string().contains(EMAIL)), "{left:?}");
        let ours: Vec<_> = left.iter().filter(|event| event.body.to_string().contains("details erased")).collect();
        assert_eq!(ours.len(), 1, "{left:?}");
        assert_eq!(world.when(ours[0]), half(TEN));
        assert_eq!(jobs::state(world.context()).await.unwrap().1, 0);
        world.look().await;
        let booking = bookings::get(world.context(), &Key::Token(token.clone())).await.unwrap().booking;
        assert_eq!((booking.status, booking.start), (Status::Confirmed, at(TEN)));
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_reached_loses_them_once_it_can() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, token) = booked(world.context(), TEN).await;
        world.settle().await;
        world.fake.withdraw();
        world.app.set_now(at("2026-11-25T10:00:00Z"));
        world.fake.set_now(world.app.now());
        erasure::erase(world.context(), &token).await.unwrap();
        world.look().await;
        let holds = |what: &str| world.fake.events().iter().any(|event| event.body.to_string().contains(what));
        assert!(holds("Byron"), "nobody lets us in");
        world.connect().await;
        assert!(!holds("Byron") && holds("details erased"));
    }
}
