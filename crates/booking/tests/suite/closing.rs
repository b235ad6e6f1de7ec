//! Closing an account: who is notified, what is removed where, and what is left.

use crate::calendars::{BOTH, World};
use crate::common::*;
use crate::server::{Kind, Server};
use booking::bookings::{self, Key};
use booking::secrets::Secret;
use booking::{Error, accounts, calendar, jobs, listing};
use calendars::fakes::Fault;
use calendars::remote::Provider;
use chrono::TimeDelta;
use scheduling::Language;

const TEN: &str = "2026-11-24T10:00:00Z";

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

async fn rows_of(app: &TestApp, mentor: scheduling::MentorId) -> i64 {
    app.number(&format!("SELECT count(*) FROM mentors WHERE id = '{mentor}'")).await
}

#[tokio::test]
async fn attendees_are_notified_before_an_account_goes() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.mentor("ben", "UTC").await;
    let mut asked = request("ann", "session", at(TEN));
    (asked.timezone, asked.language) = ("Asia/Seoul".into(), Language::Ko);
    let (made, token) = bookings::book(&app.context, asked).await.unwrap();
    let key = Key::Token(token);
    let (_, past) = app.booked("ann", "session", "2026-11-22T10:00:00Z").await;
    app.mail().await;
    app.set_now(at("2026-11-22T12:00:00Z"));
    let preview = accounts::deletion(&app.context, ann).await.unwrap();
    assert_eq!((preview.upcoming, preview.calendars), (1, false));

    accounts::delete(&app.context, ann, secret("ann")).await.unwrap();
    // Invisible at once, before any job has run.
    assert!(matches!(listing::mentor(&app.context, "ann").await, Err(Error::NotFound)));
    assert!(matches!(app.book("ann", "session", "2026-11-24T12:00:00Z").await, Err(Error::NotFound)));
    assert!(matches!(accounts::login_link(&app.context, "ann").await, Err(Error::NotFound)));
    assert!(matches!(bookings::get(&app.context, &key).await, Err(Error::AccountClosed)));
    assert_eq!(rows_of(&app, ann).await, 1, "the jobs need it");

    let (mentee, mentor) = app.letters(ADA, "ann@example.com").await;
    assert_eq!(mentee.invite().state(), ("CANCEL", "1", "CANCELLED"));
    assert!(mentee.invite().get("UID").starts_with(&made.id.to_string()));
    assert!(mentee.text.contains("19:00") || mentee.text.contains("7:00"), "in their zone: {}", mentee.text);
    assert!(mentee.text.contains("계정을 닫아"), "in their language: {}", mentee.text);
    assert_eq!(mentor.invite().state(), ("CANCEL", "1", "CANCELLED"));

    app.pass(TimeDelta::seconds(3));
    app.run_jobs().await;
    assert_eq!(rows_of(&app, ann).await, 0);
    assert_eq!(jobs::state(&app.context).await.unwrap(), (0, 0));
    assert!(matches!(bookings::get(&app.context, &key).await, Err(Error::AccountClosed)), "the link still says why");
    assert!(matches!(bookings::get(&app.context, &past).await, Err(Error::NotFound)));
    let of_ann = app.number("SELECT count(*) FROM closed_bookings").await;
    assert_eq!(of_ann, 1, "one link, and nothing else");
}

#[tokio::test]
async fn events_are_removed_and_permissions_given_back() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let (_, key) = world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        assert_eq!(world.ours().len(), 1);
        world.app.mail().await;

        // The provider is away: everything waits, and nothing is lost.
        world.fake.fail("/events", 3, Fault::Status(503));
        accounts::delete(world.context(), world.ann, secret("ann")).await.unwrap();
        world.app.run_jobs().await;
        assert_eq!(rows_of(&world.app, world.ann).await, 1, "{provider:?}");
        for _ in 0..8 {
            world.app.pass(TimeDelta::minutes(6));
            world.app.run_jobs().await;
        }
        assert!(world.ours().is_empty(), "{provider:?}: the event is removed");
        assert_eq!(rows_of(&world.app, world.ann).await, 0, "{provider:?}");
        assert!(matches!(bookings::get(world.context(), &key).await, Err(Error::AccountClosed)));
        let revoked = world.fake.requests().iter().any(|seen| format!("{seen:?}").contains("revoke"));
        assert_eq!(revoked, provider == Provider::Google, "Microsoft takes nothing back");
        let left = world.app.number("SELECT count(*) FROM mentor_calendar_tokens").await;
        assert_eq!(left, 0, "tokens are dropped");
    }
}

#[tokio::test]
async fn a_provider_that_never_answers_does_not_keep_an_account() {
    let world = World::new(Provider::Google).await;
    world.connect().await;
    world.app.booked("ann", "session", TEN).await;
    world.settle().await;
    world.fake.fail("", u32::MAX, Fault::Status(503));
    accounts::delete(world.context(), world.ann, secret("ann")).await.unwrap();
    for _ in 0..6 {
        world.app.run_jobs().await;
        world.app.pass(TimeDelta::hours(11));
    }
    assert_eq!(rows_of(&world.app, world.ann).await, 1, "not after 66 hours");
    world.app.pass(TimeDelta::hours(7));
    world.app.run_jobs().await;
    assert_eq!(rows_of(&world.app, world.ann).await, 0, "but after three days");
}

#[tokio::test]
async fn events_are_removed_from_a_caldav_server() {
    let (app, server) = (TestApp::new().await, Server::start(Kind::Radicale));
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, session("session", 30, 30)).await;
    calendar::connect_caldav(&app.context, ann, &server.url("/"), "me", secret("secret")).await.unwrap();
    let (made, _) = app.booked("ann", "session", TEN).await;
    app.run_jobs().await;
    let url = format!("{}{}.ics", server.calendar(), made.id);
    assert_eq!(server.request("GET", &url, "", "").0, 200);
    accounts::delete(&app.context, ann, secret("ann")).await.unwrap();
    for _ in 0..3 {
        app.run_jobs().await;
        app.pass(TimeDelta::seconds(3));
    }
    assert_eq!(server.request("GET", &url, "", "").0, 404);
    assert_eq!(rows_of(&app, ann).await, 0);
}

/// A server that dies between the two steps: another one finishes.
#[tokio::test]
async fn another_server_finishes_what_was_begun() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.booked("ann", "session", TEN).await;
    app.mail().await;
    accounts::delete(&app.context, ann, secret("ann")).await.unwrap();
    accounts::delete(&app.context, ann, secret("ann")).await.unwrap_err();
    let other = app.another_server(|_| {}).await;
    for _ in 0..3 {
        jobs::run_due(&other).await.unwrap();
        app.pass(TimeDelta::seconds(3));
    }
    assert_eq!(rows_of(&app, ann).await, 0);
    assert_eq!(app.mail().await.len(), 2);
}

#[tokio::test]
async fn an_address_is_free_at_once_and_a_handle_later() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    accounts::delete(&app.context, ann, secret("ann")).await.unwrap();
    let taken = accounts::create(&app.context, &account("ann", "UTC")).await;
    assert!(matches!(taken, Err(Error::HandleTaken)), "old links must not lead to somebody else");
    let mut again = account("ann", "UTC");
    again.handle = "ann-again".into();
    accounts::create(&app.context, &again).await.unwrap();
}
