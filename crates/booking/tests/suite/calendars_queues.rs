//! Calendar providers are asked side by side, none for too much at once, and what one refuses once is not believed.

use crate::calendars::{ANN, BOTH, TEN, World, switch_on};
use crate::common::*;
use crate::server::{Kind, Server};
use booking::calendar::{self, Choice};
use booking::secrets::Secret;
use booking::{accounts, jobs};
use calendars::fakes::{Fake, Fault};
use calendars::http::Http;
use calendars::remote::Provider;
use std::time::Duration;

/// Nobody is given up before the test ends.
fn patient() -> Http {
    Http::with_timeout(Duration::from_secs(24 * 3600)).unwrap()
}

async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_hangs_delays_no_other() {
    let outlook = Fake::graph().await;
    let world = World::with(Provider::Google, |inner| {
        switch_on(inner, &outlook, Provider::Microsoft);
        inner.calendars.http = patient();
    })
    .await;
    outlook.set_now(world.app.now());
    world.connect_to(Provider::Microsoft, &outlook).await;
    let context = world.context();
    for n in 0..30 {
        let handle = format!("mentor-{n}");
        let mentor = world.app.mentor(&handle, "UTC").await;
        world.app.offer(mentor, session("session", 30, 30)).await;
        let (url, _) = accounts::login_link(context, &handle).await.unwrap();
        let session = accounts::enter(context, &Secret::new(url.split_once("token=").unwrap().1)).await.unwrap();
        let url = calendar::begin(context, mentor, &session, Provider::Google).await.unwrap();
        let (state, code) = world.fake.follow(&url, "Allow").await.unwrap();
        let code = code.map(Secret::new);
        calendar::finish(context, mentor, &session, Provider::Google, &state, code).await.unwrap();
    }
    // The fake has one account, and these are thirty.
    world.app.sql("UPDATE mentor_calendar_tokens SET account = account || ' ' || id WHERE provider = 'google'").await;
    world.settle().await;

    world.fake.fail("/", 1_000_000, Fault::Gate);
    for n in 0..30 {
        world.app.booked(&format!("mentor-{n}"), "session", TEN).await;
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(jobs::run(context.clone(), async move { drop(stopped.await) }));
    until(|| world.fake.at_once() == 12).await;
    // All that Google is asked with hangs by now.
    world.app.booked("ann", "session", TEN).await;
    until(|| outlook.events().len() == 1).await;
    let connection = calendar::list(context, world.ann).await.unwrap().remove(0);
    calendar::sync_now(context, world.ann, connection.id).await.unwrap();
    outlook.forget_requests();
    until(|| outlook.requests().iter().any(|seen| seen.path.contains("calendarView"))).await;
    assert_eq!(world.fake.abandoned(), 0, "nothing had to be given up at Google for that");
    assert_eq!(world.fake.at_once(), 12);

    world.fake.release();
    until(|| world.fake.events().len() == 30).await;
    stop.send(()).unwrap();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_asked_four_things_at_once_by_all_servers_together() {
    for provider in BOTH {
        let world = World::with(provider, |inner| inner.calendars.http = patient()).await;
        let id = world.connect().await;
        let other = world
            .app
            .another_server(|inner| {
                switch_on(inner, &world.fake, provider);
                inner.calendars.http = patient();
            })
            .await;
        for day in ["24", "25", "26"] {
            for hour in 9..17 {
                world.app.booked("ann", "session", &format!("2026-11-{day}T{hour:02}:00:00Z")).await;
            }
        }
        world.fake.fail("/", 1_000_000, Fault::Gate);
        calendar::sync_now(world.context(), world.ann, id).await.unwrap();
        let servers = [world.context().clone(), other].map(|context| {
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            (stop, tokio::spawn(jobs::run(context, async move { drop(stopped.await) })))
        });
        until(|| world.fake.at_once() == 4).await;
        world.fake.release();
        until(|| world.ours().len() == 24).await;
        for (stop, running) in servers {
            stop.send(()).unwrap();
            running.await.unwrap();
        }
        assert_eq!(world.fake.most_at_once(), 4, "{provider:?}");
    }
}

#[tokio::test]
async fn jobs_of_the_release_before_get_their_queue() {
    let world = World::new(Provider::Google).await;
    world.connect().await;
    world.app.booked("ann", "session", TEN).await;
    world.app.sql("UPDATE jobs SET queue = NULL, mailbox = NULL").await;
    assert_eq!(world.app.mail().await.len(), 2);
    assert_eq!(world.ours().len(), 1);
}

#[tokio::test]
async fn a_job_follows_its_booking_to_another_provider() {
    let outlook = Fake::graph().await;
    let world = World::with(Provider::Google, |inner| switch_on(inner, &outlook, Provider::Microsoft)).await;
    outlook.set_now(world.app.now());
    world.connect().await;
    world.fake.fail("POST /calendar", 1, Fault::Status(500));
    world.app.booked("ann", "session", TEN).await;
    world.app.run_jobs().await;
    assert_eq!(world.app.number("SELECT count(*) FROM jobs WHERE queue = 'google'").await, 1);
    // Its calendar goes before it is tried again, and another one receives.
    let google = world.connection().await.id;
    calendar::disconnect(world.context(), world.ann, google).await.unwrap();
    world.app.pass(minutes(1));
    world.connect_to(Provider::Microsoft, &outlook).await;
    assert_eq!((outlook.events().len(), world.ours().len()), (1, 0));
    assert_eq!(world.app.number("SELECT count(*) FROM jobs WHERE kind = 'event'").await, 0);
}

#[tokio::test]
async fn one_refusal_of_a_grant_is_not_believed() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        world.fake.expire_access_tokens();
        world.fake.fail("/token", 1, Fault::Code(400, "invalid_grant".into()));
        world.look().await;
        world.look().await;
        assert_eq!(world.connection().await.status, "active", "{provider:?}");
        world.fake.forget_requests();
        world.app.booked("ann", "session", TEN).await;
        world.settle().await;
        assert!(world.fake.requests().is_empty(), "nothing is asked until then");
        world.app.pass(minutes(1));
        world.look().await;
        let connection = world.connection().await;
        assert_eq!((connection.status.as_str(), connection.error), ("active", None));
        assert_eq!(world.ours().len(), 1);
        assert!(world.app.mail().await.iter().all(|letter| !letter.subject.contains("reconnect")));
    }
}

#[tokio::test]
async fn a_password_that_is_refused_for_a_moment_ends_nothing() {
    let (app, server) = (TestApp::new().await, Server::start(Kind::Radicale));
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, session("session", 30, 30)).await;
    let url = server.url("/");
    let id = calendar::connect_caldav(&app.context, ann, &url, "me", Secret::new("secret")).await.unwrap().id;
    let look = async || {
        calendar::sync_now(&app.context, ann, id).await.unwrap();
        calendar::sync_due(&app.context).await.unwrap();
        app.run_jobs().await;
    };
    let status = async || calendar::list(&app.context, ann).await.unwrap()[0].status.clone();
    look().await;
    for _ in 0..3 {
        // Twice within ten minutes, and then it is right again.
        server.set_password("other");
        look().await;
        look().await;
        app.pass(minutes(5));
        look().await;
        assert_eq!(status().await, "active");
        server.set_password("secret");
        app.pass(minutes(5));
        look().await;
        assert_eq!(status().await, "active");
    }
    assert!(app.mail().await.is_empty(), "nobody is written to");
    server.set_password("other");
    for _ in 0..2 {
        look().await;
        app.pass(minutes(5));
    }
    assert_eq!(status().await, "active");
    look().await;
    assert_eq!(status().await, "expired");
    let letters = app.mail().await;
    assert!(letters.len() == 1 && letters[0].to == ANN, "{letters:?}");
}

#[tokio::test]
async fn a_calendar_that_is_gone_is_forgotten_after_a_second_look() {
    for provider in BOTH {
        let world = World::new(provider).await;
        world.connect().await;
        let calendars = world.connection().await.calendars;
        let team = calendars.iter().find(|calendar| calendar.name == "Team").unwrap().id;
        let receiving = calendars.iter().find(|calendar| calendar.receives).map(|calendar| calendar.id);
        let choice = Choice { blocking: vec![team], receiving };
        calendar::choose(world.context(), world.ann, &choice).await.unwrap();
        world.look().await;
        let id = if provider == Provider::Google { "team@group.calendar.google.com" } else { "AAMkTeam=" };
        world.fake.remove_calendar(id);
        world.look().await;
        world.look().await;
        let known = "SELECT count(*) FROM calendars WHERE name = 'Team'";
        assert_eq!(world.app.number(known).await, 1, "{provider:?}: not at once");
        world.app.pass(minutes(3));
        world.look().await;
        assert_eq!(world.app.number(known).await, 0);
        world.look().await;
        assert_eq!(world.connection().await.status, "active");
    }
}
