//! What follows a change happens at least once, and no failure holds up another.

use crate::common::*;
use booking::bookings;
use booking::{accounts, jobs};
use chrono::TimeDelta;
use scheduling::{SessionType, Status};
use std::fs;

#[tokio::test]
async fn mail_that_cannot_be_sent_is_tried_again_later_and_later() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    // A file stands where the directory is to be.
    fs::remove_dir_all(app.mail_directory()).unwrap();
    fs::write(app.mail_directory(), "").unwrap();
    for wait in [5, 10, 20, 40] {
        assert_eq!(app.run_jobs().await, 2, "each is tried; the event that no calendar wants is no attempt");
        assert_eq!(app.run_jobs().await, 0, "and not at once again");
        app.pass(TimeDelta::seconds(wait) - TimeDelta::microseconds(1));
        assert_eq!(app.run_jobs().await, 0, "before {wait} seconds are over");
        app.pass(TimeDelta::microseconds(1));
    }
    assert_eq!(jobs::state(&app.context).await.unwrap(), (2, 0));
    fs::remove_file(app.mail_directory()).unwrap();
    app.letters(ADA, "ann@example.com").await;
    assert_eq!(jobs::state(&app.context).await.unwrap(), (0, 0));
}

#[tokio::test]
async fn what_never_succeeds_is_given_up_and_kept() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    fs::remove_dir_all(app.mail_directory()).unwrap();
    fs::write(app.mail_directory(), "").unwrap();
    let mut attempts = 0;
    while jobs::state(&app.context).await.unwrap().0 > 0 {
        attempts += app.run_jobs().await;
        app.pass(TimeDelta::hours(4));
        assert!(attempts < 100);
    }
    assert_eq!(attempts, 48, "24 times each; the event that no calendar wants is no attempt");
    assert_eq!(jobs::state(&app.context).await.unwrap(), (0, 2));
    assert_eq!(app.number("SELECT count(*) FROM jobs WHERE last_error LIKE '%mail directory%'").await, 2);
    fs::remove_file(app.mail_directory()).unwrap();

    // Their mentor sees that, nobody else's; and has them tried again.
    let bea = app.mentor("bea", "UTC").await;
    assert_eq!(jobs::given_up(&app.context, ann).await.unwrap(), 2);
    assert_eq!(jobs::given_up(&app.context, bea).await.unwrap(), 0);
    jobs::try_again(&app.context, bea).await.unwrap();
    assert_eq!(jobs::state(&app.context).await.unwrap(), (0, 2));
    jobs::try_again(&app.context, ann).await.unwrap();
    app.letters(ADA, "ann@example.com").await;
    assert_eq!(jobs::state(&app.context).await.unwrap(), (0, 0));
}

#[tokio::test]
async fn one_that_fails_holds_up_no_other() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, SessionType { requires_approval: true, ..session("ask", 30, 30) }).await;
    app.sql(&format!(
        "INSERT INTO jobs (mentor_id, kind, payload, run_at, created_at)
         VALUES ('{ann}', 'notice', '{{\"kind\":\"nonsense\"}}', '2026-01-01', '2026-01-01'),
             ('{ann}', 'of-tomorrow', '{{}}', '2026-01-01', '2026-01-01')"
    ))
    .await;
    let (_, key) = app.booked("ann", "ask", "2026-11-23T10:00:00Z").await;
    app.letters(ADA, "ann@example.com").await;
    // The request's expiry and the unknown one wait: a newer server that runs beside this one will know it.
    assert_eq!(jobs::state(&app.context).await.unwrap(), (2, 1), "what nobody can read is given up at once");

    // Mail that does not go out does not keep a request from expiring.
    fs::remove_dir_all(app.mail_directory()).unwrap();
    fs::write(app.mail_directory(), "").unwrap();
    app.set_now(at("2026-11-23T10:00:00Z"));
    app.run_jobs().await;
    assert_eq!(bookings::get(&app.context, &key).await.unwrap().booking.status, Status::Cancelled);
    fs::remove_file(app.mail_directory()).unwrap();
}

#[tokio::test]
async fn a_worker_that_dies_lets_another_take_over() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    // Both are leased, as by a worker that was killed since.
    let lease = app.now() + minutes(2);
    app.sql(&format!("UPDATE jobs SET locked_until = '{lease}', attempts = 1")).await;
    assert_eq!(app.run_jobs().await, 0);
    app.pass(minutes(2));
    app.letters(ADA, "ann@example.com").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_do_each_job_once() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, session("talk", 30, 30)).await;
    for hour in 9..17 {
        app.booked("ann", "talk", &format!("2026-11-23T{hour:02}:00:00Z")).await;
    }
    let other = app.another_server(|_| {}).await;
    let tasks: Vec<_> = [&app.context, &other, &app.context, &other]
        .map(|context| {
            let context = context.clone();
            tokio::spawn(async move { jobs::run_due(&context).await.unwrap() })
        })
        .into_iter()
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    assert_eq!(done, 16, "events that no calendar wants are no work");
    assert_eq!(app.mail().await.len(), 16);
}

#[tokio::test]
async fn a_message_sent_twice_is_recognisable() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    app.sql("CREATE TABLE jobs_before AS SELECT kind, payload, mentor_id, run_at, created_at FROM jobs").await;
    let first = app.mail().await;
    app.sql("INSERT INTO jobs (kind, payload, mentor_id, run_at, created_at) SELECT * FROM jobs_before").await;
    app.pass(minutes(1));
    let second = app.mail().await;
    let ids = |letters: &[Letter]| letters.iter().map(|letter| letter.message_id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&second));
    assert_ne!(first[0].message_id, first[1].message_id);
}

#[tokio::test]
async fn jobs_run_by_themselves_until_they_are_told_to_stop() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    app.mentor("ann", "UTC").await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(jobs::run(app.context.clone(), async move { drop(stopped.await) }));
    app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    let before = std::time::Instant::now();
    while jobs::state(&app.context).await.unwrap().0 > 0 {
        assert!(before.elapsed() < std::time::Duration::from_secs(10));
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    stop.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(app.mail().await.len(), 2);
}

#[tokio::test]
async fn a_burst_of_work_is_done_by_as_many_as_there_are() {
    // Takes every connection, and says nothing.
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", server.local_addr().unwrap());
    let app = TestApp::with(|inner| {
        inner.mailer = mailer::Mailer::new(mailer::Transport::Smtp(url), "bookings@yaksok.example").unwrap();
    })
    .await;
    let ann = app.mentor("ann", "UTC").await;
    for hour in 10..14 {
        app.booked("ann", "session", &format!("2026-11-23T{hour}:00:00Z")).await;
    }
    app.offer(ann, SessionType { requires_approval: true, ..session("ask", 30, 30) }).await;
    let (asked, _) = app.booked("ann", "ask", "2026-11-23T15:00:00Z").await;
    app.set_now(asked.start);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(jobs::run(app.context.clone(), async move { drop(stopped.await) }));
    let mut hanging = Vec::new();
    while hanging.len() < 4 {
        let connection = tokio::time::timeout(std::time::Duration::from_secs(10), server.accept()).await;
        hanging.push(connection.expect("four messages are sent side by side").unwrap());
    }
    let before = std::time::Instant::now();
    while app.number("SELECT count(*) FROM jobs WHERE kind = 'event'").await > 0 {
        assert!(before.elapsed() < std::time::Duration::from_secs(10), "mail that hangs holds up no calendar");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    while app.number("SELECT count(*) FROM bookings WHERE status = 'cancelled'").await == 0 {
        assert!(before.elapsed() < std::time::Duration::from_secs(10), "nor a request whose start has passed");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(app.number("SELECT count(*) FROM jobs WHERE kind = 'notice' AND attempts = 1").await, 4);
    assert_eq!(
        app.number("SELECT count(*) FROM jobs WHERE kind = 'notice' AND attempts = 0").await,
        4 + 2 + 2,
        "the others, what was asked and that it has ended wait for a hand"
    );
    // Whoever hangs up is not spoken to any more, so the server may stop.
    drop((hanging, server));
    stop.send(()).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn what_has_expired_is_forgotten() {
    let app = TestApp::new().await;
    accounts::sign_up(&app.context, &account("ann", "UTC"), booking::secrets::Secret::new("a password")).await.unwrap();
    app.mail().await;
    app.mentor("ben", "UTC").await;
    let (url, _) = accounts::login_link(&app.context, "ben").await.unwrap();
    let token = booking::secrets::Secret::new(url.split_once("token=").unwrap().1);
    accounts::enter(&app.context, &token).await.unwrap();
    app.pass(accounts::SESSION);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(jobs::run(app.context.clone(), async move { drop(stopped.await) }));
    let before = std::time::Instant::now();
    let left = "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM single_use_tokens)
                    + (SELECT count(*) FROM mentors WHERE email_verified_at IS NULL)";
    while app.number(left).await > 0 {
        assert!(before.elapsed() < std::time::Duration::from_secs(10));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(app.number("SELECT count(*) FROM mentors").await, 1, "ben stays");
    stop.send(()).unwrap();
    running.await.unwrap();
}
