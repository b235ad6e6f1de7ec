//! What is written down of who changed what, and that it goes with the change.

use crate::calendars::{BOTH, ELEVEN, TEN, World};
use crate::common::*;
use booking::accounts::{self, NewAccount};
use booking::activity::{self, Author};
use booking::bookings::{self, Key};
use booking::calendar::{self, Choice};
use booking::secrets::Secret;
use booking::store::{Happened, Profile};
use booking::{Error, schedule};
use scheduling::{ApiKeyId, Availability, Change, MentorId, SessionType, Way};

/// Who did what, newest first: `mentor with Laptop: {"kind":…}` or `mentee: booked Ada`.
pub(crate) async fn lines(app: &TestApp, mentor: MentorId) -> Vec<String> {
    let (found, _) = activity::list(&app.context, mentor, None).await.unwrap();
    let line = |happened: booking::store::Activity| {
        let with = happened.api_key.map(|key| format!(" with {key}")).unwrap_or_default();
        let what = match happened.what {
            Happened::Booking { kind, name, .. } => format!("{} {}", kind.as_str(), name.unwrap_or_default()),
            Happened::Change { change, key } => {
                let key = key.map(|key| format!(" {key}")).unwrap_or_default();
                format!("{}{key}", serde_json::to_string(&change).unwrap())
            }
        };
        format!("{}{with}: {what}", happened.actor.as_str())
    };
    found.into_iter().map(line).collect()
}

/// What was written down since there were `before` lines, oldest first.
pub(crate) async fn since(app: &TestApp, mentor: MentorId, before: usize) -> Vec<String> {
    let mut lines = lines(app, mentor).await;
    lines.truncate(lines.len() - before);
    lines.reverse();
    lines
}

async fn key_of(app: &TestApp, mentor: MentorId) -> Author {
    let (_, secret) = accounts::create_api_key(&app.context, mentor, "Laptop").await.unwrap();
    accounts::mentor_of_api_key(&app.context, &secret).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_happens_to_a_booking_says_at_whose_hand() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.offer(ann, SessionType { requires_approval: true, ..session("ask", 30, 30) }).await;
    let key = key_of(&app, ann).await;
    let before = lines(&app, ann).await.len();

    let (made, token) = app.booked("ann", "session", TEN).await;
    bookings::reschedule(&app.context, &token, at(ELEVEN)).await.unwrap();
    bookings::reschedule(&app.context, &Key::Mentor(ann, made.id), at(TEN)).await.unwrap();
    bookings::cancel(&app.context, &key.booking(made.id), None).await.unwrap();
    let (first, _) = app.booked("ann", "ask", TEN).await;
    bookings::confirm(&app.context, key, first.id).await.unwrap();
    let (second, _) = app.booked("ann", "ask", ELEVEN).await;
    bookings::decline(&app.context, ann, second.id, None).await.unwrap();
    app.book("ann", "ask", ELEVEN).await.unwrap();
    app.set_now(at(ELEVEN));
    app.run_jobs().await;
    assert_eq!(
        since(&app, ann, before).await,
        [
            "mentee: booked Ada",
            "mentee: moved Ada",
            "mentor: moved Ada",
            "mentor with Laptop: cancelled Ada",
            "mentee: requested Ada",
            "mentor with Laptop: confirmed Ada",
            "mentee: requested Ada",
            "mentor: declined Ada",
            "mentee: requested Ada",
            "expiry: cancelled Ada",
        ]
    );
}

#[tokio::test]
async fn hours_and_session_types_say_what_there_is_now() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let key = key_of(&app, ann).await;
    let before = lines(&app, ann).await.len();

    let hours = Availability {
        overrides: vec![on_date("2026-12-24", vec![])],
        blocked: vec![blocked("2026-12-28", "2027-01-02")],
        ..every_day("Asia/Seoul", "09:00", "17:00")
    };
    schedule::save_availability(&app.context, key, hours.clone(), None).await.unwrap();
    // The same once more is no change.
    schedule::save_availability(&app.context, ann, hours.clone(), None).await.unwrap();
    let wrong = Availability { timezone: "Mars/Base".into(), ..hours.clone() };
    assert!(matches!(schedule::save_availability(&app.context, ann, wrong, None).await, Err(Error::Invalid(_))));
    schedule::put_session_type(&app.context, ann, session("long", 60, 60)).await.unwrap();
    schedule::put_session_type(&app.context, key, session("long", 90, 60)).await.unwrap();
    schedule::put_session_type(&app.context, key, session("long", 90, 60)).await.unwrap();
    let times = schedule::Times {
        slug: "long".into(),
        duration_minutes: 60,
        start_interval_minutes: 60,
        buffer_before_minutes: 0,
        buffer_after_minutes: 0,
    };
    schedule::save_availability(&app.context, ann, hours, Some(times)).await.unwrap();
    schedule::delete_session_type(&app.context, key, "long").await.unwrap();
    assert!(schedule::delete_session_type(&app.context, key, "long").await.is_err());
    let hours_changed =
        r#"{"kind":"hours_changed","windows":7,"overrides":1,"blocked":1,"timezone":["UTC","Asia/Seoul"]}"#;
    assert_eq!(
        since(&app, ann, before).await,
        [
            format!("mentor with Laptop: {hours_changed}"),
            r#"mentor: {"kind":"session_type_added","slug":"long"}"#.into(),
            r#"mentor with Laptop: {"kind":"session_type_changed","slug":"long"}"#.into(),
            r#"mentor: {"kind":"session_type_changed","slug":"long"}"#.into(),
            r#"mentor with Laptop: {"kind":"session_type_deleted","slug":"long"}"#.into(),
        ]
    );
    assert_eq!(app.number("SELECT count(*) FROM account_events WHERE what::text LIKE '%secret reason%'").await, 0);
}

#[tokio::test]
async fn the_account_says_who_came_in_and_how() {
    let mut app = TestApp::new().await;
    let password = "correct horse battery";
    let new = NewAccount { ..account("ann", "UTC") };
    accounts::sign_up(&app.context, &new, Secret::new(password)).await.unwrap();
    let session = accounts::verify_email(&app.context, &app.mail().await[0].token()).await.unwrap();
    let ann = accounts::session(&app.context, &session).await.unwrap().unwrap().id();
    assert!(accounts::log_in(&app.context, "ann@example.com", Secret::new("wrong")).await.is_err());
    accounts::log_in(&app.context, "ann@example.com", Secret::new(password)).await.unwrap();
    let (url, _) = accounts::login_link(&app.context, "ann").await.unwrap();
    accounts::enter(&app.context, &Secret::new(url.split_once("token=").unwrap().1)).await.unwrap();
    accounts::forgot(&app.context, "ann@example.com").await.unwrap();
    let token = app.mail().await[0].token();
    accounts::reset_password(&app.context, &token, Secret::new("another long one")).await.unwrap();
    let (key, _) = accounts::create_api_key(&app.context, ann, "Laptop").await.unwrap();
    accounts::revoke_api_key(&app.context, ann, ApiKeyId(key.id)).await.unwrap();
    let profile = Profile {
        handle: "ann".into(),
        name: "Ann".into(),
        headline: None,
        bio: None,
        photo_url: None,
        timezone: "Asia/Seoul".into(),
        language: "ko".into(),
        clock: Some("24h".into()),
        week_start: Some(1),
    };
    for _ in 0..2 {
        accounts::update_profile(&app.context, ann, profile.clone()).await.unwrap();
    }
    let key = key.id;
    assert_eq!(
        since(&app, ann, 0).await,
        [
            r#"mentor: {"kind":"account_created"}"#.to_owned(),
            r#"mentor: {"kind":"email_confirmed"}"#.into(),
            r#"mentor: {"kind":"signed_in","way":"password"}"#.into(),
            r#"platform: {"kind":"login_link_made"}"#.into(),
            r#"mentor: {"kind":"signed_in","way":"link"}"#.into(),
            r#"mentor: {"kind":"password_changed"}"#.into(),
            format!(r#"mentor: {{"kind":"api_key_created","key":"{key}"}} Laptop"#),
            format!(r#"mentor: {{"kind":"api_key_revoked","key":"{key}"}} Laptop"#),
            r#"mentor: {"kind":"profile_changed","timezone":["UTC","Asia/Seoul"]}"#.into(),
        ]
    );

    let (ben, _) = accounts::create(&app.context, &account("ben", "UTC")).await.unwrap();
    let of_ben = since(&app, ben.id(), 0).await;
    assert_eq!(of_ben[0], r#"platform: {"kind":"account_created"}"#);
    assert!(of_ben[1].starts_with(r#"platform: {"kind":"api_key_created""#) && of_ben.len() == 2, "{of_ben:?}");
    app.leaves_no_jobs();
}

#[tokio::test]
async fn calendars_say_what_was_connected_and_what_they_did() {
    for provider in BOTH {
        let world = World::new(provider).await;
        let (app, ann) = (&world.app, world.ann);
        let before = lines(app, ann).await.len();
        let id = world.connect().await;
        let first = world.connection().await.calendars.remove(0).id;
        let choice = Choice { blocking: vec![first], receiving: None };
        for _ in 0..2 {
            calendar::choose(&app.context, ann, &choice).await.unwrap();
        }
        calendar::choose(&app.context, ann, &Choice { receiving: Some(first), ..choice }).await.unwrap();
        app.book("ann", "session", TEN).await.unwrap();
        world.settle().await;
        world.fake.delete_event(&world.ours()[0].id);
        world.look().await;
        world.fake.withdraw();
        app.pass(minutes(61));
        world.look().await;
        app.pass(minutes(1));
        world.look().await;
        calendar::disconnect(&app.context, ann, id).await.unwrap();

        let about = format!(r#""provider":"{}","account":"mentor@example.com""#, provider.as_str());
        let found = since(app, ann, before).await;
        let chosen: Vec<_> = found.iter().filter(|line| line.contains("calendars_chosen")).collect();
        assert!(chosen.last().unwrap().contains(r#""blocking":1,"receiving":true"#), "{chosen:?}");
        assert_eq!(chosen.len(), 2, "a choice of the same is no change: {chosen:?}");
        let found: Vec<_> = found.into_iter().filter(|line| !line.contains("calendars_chosen")).collect();
        assert_eq!(
            found,
            [
                format!(r#"mentor: {{"kind":"calendar_connected",{about}}}"#),
                "mentee: booked Ada".into(),
                "calendar: cancelled Ada".into(),
                format!(r#"calendar: {{"kind":"calendar_expired",{about}}}"#),
                format!(r#"mentor: {{"kind":"calendar_disconnected",{about}}}"#),
            ]
        );
    }
}

#[tokio::test]
async fn pages_of_it_lose_nothing_and_show_nothing_of_anybody_else() {
    let app = TestApp::new().await;
    let (ann, ben) = (app.mentor("ann", "UTC").await, app.mentor("ben", "UTC").await);
    app.book("ben", "session", TEN).await.unwrap();
    let mine = lines(&app, ann).await.len();
    // A hundred changes and fifty events of one booking, many of one moment.
    let (made, _) = app.booked("ann", "session", TEN).await;
    app.sql(&format!(
        "INSERT INTO account_events SELECT gen_random_uuid(), '{ann}', 'mentor', NULL, '{{\"kind\":\"password_changed\"}}',
             timestamptz '2026-11-22 10:00Z' + n % 3 * interval '1 hour' FROM generate_series(1, 100) n;
         INSERT INTO booking_events (id, booking_id, mentor_id, kind, actor, sequence, during, created_at)
             SELECT gen_random_uuid(), '{}', '{ann}', 'moved', 'mentee', n, tstzrange('{TEN}', '{ELEVEN}'),
                 timestamptz '2026-11-22 10:00Z' + n % 3 * interval '1 hour' FROM generate_series(1, 50) n",
        made.id
    ))
    .await;
    let (mut all, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let (page, next) = activity::list(&app.context, ann, cursor.as_deref()).await.unwrap();
        pages += 1;
        all.extend(page.into_iter().map(|happened| (happened.at, happened.id)));
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((all.len(), pages), (mine + 1 + 150, 4));
    assert!(all.is_sorted_by(|a, b| a > b), "newest first, each once");
    assert_eq!(lines(&app, ben).await[0], "mentee: booked Ada");
    assert!(matches!(activity::list(&app.context, ann, Some("x")).await, Err(Error::Invalid(_))));

    // What goes with an account is its own.
    accounts::delete(&app.context, ann, Secret::new("ann")).await.unwrap();
    for _ in 0..2 {
        app.run_jobs().await;
        app.pass(chrono::TimeDelta::seconds(3));
    }
    assert_eq!(app.number(&format!("SELECT count(*) FROM account_events WHERE mentor_id = '{ann}'")).await, 0);
    assert!(!lines(&app, ben).await.is_empty());
}

#[tokio::test]
async fn what_is_refused_is_not_written_down() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    // The change and what is written down of it are one: without the one there is not the other.
    app.sql(
        "ALTER TABLE account_events ADD CONSTRAINT refused CHECK (what ->> 'kind' <> 'session_type_added') NOT VALID",
    )
    .await;
    let before = lines(&app, ann).await;
    assert!(schedule::put_session_type(&app.context, ann, session("long", 60, 60)).await.is_err());
    assert_eq!(schedule::session_types(&app.context, ann).await.unwrap().len(), 1);
    assert_eq!(lines(&app, ann).await, before);
}

#[test]
fn a_change_is_read_as_it_was_written() {
    for (change, text) in [
        (Change::SignedIn { way: Way::Link }, r#"{"kind":"signed_in","way":"link"}"#),
        (
            Change::HoursChanged { windows: 1, overrides: 2, blocked: 3, timezone: None },
            r#"{"kind":"hours_changed","windows":1,"overrides":2,"blocked":3,"timezone":null}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&change).unwrap(), text);
        assert_eq!(serde_json::from_str::<Change>(text).unwrap(), change);
    }
}
