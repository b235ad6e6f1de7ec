//! Mentors' accounts: signing up, links that work once, sessions, keys, and leaving.

use crate::common::*;
use booking::accounts::{self, NewAccount};
use booking::bookings::{self, Key};
use booking::secrets::{Kind, Secret};
use booking::{Error, jobs, listing};
use chrono::TimeDelta;
use scheduling::{ApiKeyId, MentorId, SessionType, urls};
use store::Profile;

const PASSWORD: &str = "correct horse";

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

fn wrong<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::WrongCredentials))
}

async fn sign_up(app: &TestApp, new: &NewAccount, password: &str) -> Result<(), Error> {
    accounts::sign_up(&app.context, new, secret(password)).await
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> Result<Secret, Error> {
    accounts::log_in(&app.context, email, secret(password)).await
}

/// Whose session it is.
async fn who(app: &TestApp, session: &Secret) -> Option<String> {
    accounts::session(&app.context, session).await.unwrap().map(|account| account.handle)
}

/// The one letter there is.
async fn letter(app: &TestApp) -> Letter {
    let mut letters = app.mail().await;
    assert_eq!(letters.len(), 1, "{:?}", letters.iter().map(|letter| &letter.subject).collect::<Vec<_>>());
    letters.remove(0)
}

/// Signs up and confirms the address.
async fn member(app: &TestApp, handle: &str) -> MentorId {
    sign_up(app, &account(handle, "UTC"), PASSWORD).await.unwrap();
    let session = accounts::verify_email(&app.context, &letter(app).await.token()).await.unwrap();
    accounts::session(&app.context, &session).await.unwrap().unwrap().id()
}

async fn is_public(app: &TestApp, handle: &str) -> bool {
    let (listed, _) = listing::mentors(&app.context, &listing::Search::default()).await.unwrap();
    let listed = listed.iter().any(|listed| listed.mentor.handle == handle);
    let shown = match listing::mentor(&app.context, handle).await {
        // One who gave this handle up is found under another.
        Ok((mentor, _)) => mentor.handle == handle,
        Err(Error::NotFound) => false,
        Err(error) => panic!("{error:?}"),
    };
    assert_eq!(listed, shown);
    shown
}

#[tokio::test]
async fn signing_up_is_confirmed_by_mail() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    sign_up(&app, &account("ann", "Asia/Seoul"), PASSWORD).await.unwrap();
    let mail = letter(&app).await;
    assert_eq!((&*mail.to, &*mail.subject), ("ann@example.com", "Confirm your email address"));
    assert!(mail.text.contains(&format!("{BASE_URL}{}?token=", urls::VERIFY)));
    assert!(mail.token().reveal().starts_with(Kind::SingleUse.prefix()) && mail.invite.is_none());

    assert!(!is_public(&app, "ann").await);
    assert!(wrong(log_in(&app, "ann@example.com", PASSWORD).await), "not before the address is confirmed");
    let refused = app.book("ann", "session", "2026-11-23T10:00:00Z").await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");

    let session = accounts::verify_email(&app.context, &mail.token()).await.unwrap();
    assert!(session.reveal().starts_with(Kind::Session.prefix()));
    assert_eq!(who(&app, &session).await.as_deref(), Some("ann"));
    assert!(is_public(&app, "ann").await);
    assert!(wrong(accounts::verify_email(&app.context, &mail.token()).await), "a link works once");
    let (_, types) = listing::mentor(&app.context, "ann").await.unwrap();
    assert_eq!(types, [SessionType::first()]);
    let account = accounts::session(&app.context, &session).await.unwrap().unwrap();
    assert_eq!((&*account.timezone, account.email_verified_at), ("Asia/Seoul", Some(app.now())));
}

#[tokio::test]
async fn who_logs_in_has_a_session_until_it_ends() {
    let app = TestApp::new().await;
    member(&app, "ann").await;
    let session = log_in(&app, " ANN@example.com ", PASSWORD).await.unwrap();
    let other = log_in(&app, "ann@example.com", PASSWORD).await.unwrap();
    assert_ne!(session.reveal(), other.reveal());
    assert_eq!(who(&app, &session).await.as_deref(), Some("ann"));
    accounts::log_out(&app.context, &session).await.unwrap();
    assert_eq!(who(&app, &session).await, None);
    assert_eq!(who(&app, &other).await.as_deref(), Some("ann"), "the other one goes on");
    assert_eq!(who(&app, &secret("yss_none")).await, None);

    app.pass(accounts::SESSION - TimeDelta::seconds(1));
    assert!(who(&app, &other).await.is_some());
    app.pass(TimeDelta::seconds(1));
    assert_eq!(who(&app, &other).await, None);
}

#[tokio::test]
async fn known_and_unknown_addresses_hear_the_same() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    member(&app, "ann").await;
    sign_up(&app, &account("unconfirmed", "UTC"), PASSWORD).await.unwrap();
    app.mail().await;
    for (email, password) in [
        ("ann@example.com", "wrong password"),
        ("ann@example.com", ""),
        ("nobody@example.com", PASSWORD),
        ("unconfirmed@example.com", PASSWORD),
        ("not an address", PASSWORD),
        ("%", PASSWORD),
    ] {
        assert!(wrong(log_in(&app, email, password).await), "{email}");
    }
    // Who comes from the platform has no password.
    app.mentor("platform", "UTC").await;
    assert!(wrong(log_in(&app, "platform@example.com", "").await));

    accounts::forgot(&app.context, "nobody@example.com").await.unwrap();
    assert_eq!(app.mail().await.len(), 0);
    accounts::forgot(&app.context, "ann@example.com").await.unwrap();
    assert_eq!(letter(&app).await.to, "ann@example.com");
    assert!(matches!(accounts::forgot(&app.context, "nonsense").await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_with_a_link() {
    let app = TestApp::new().await;
    member(&app, "ann").await;
    let session = log_in(&app, "ann@example.com", PASSWORD).await.unwrap();
    accounts::forgot(&app.context, " Ann@example.com").await.unwrap();
    let mail = letter(&app).await;
    assert!(mail.text.contains(&format!("{BASE_URL}{}?token=", urls::FORGOT)));

    for short in ["", "too short", &"a".repeat(1001)] {
        let refused = accounts::reset_password(&app.context, &mail.token(), secret(short)).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    accounts::reset_password(&app.context, &mail.token(), secret("a new password")).await.unwrap();
    assert_eq!(who(&app, &session).await, None, "every session ends");
    assert!(wrong(log_in(&app, "ann@example.com", PASSWORD).await));
    log_in(&app, "ann@example.com", "a new password").await.unwrap();
    assert!(wrong(accounts::reset_password(&app.context, &mail.token(), secret("another password")).await));

    // A link works for an hour, and the newest use ends all others.
    accounts::forgot(&app.context, "ann@example.com").await.unwrap();
    let expired = letter(&app).await.token();
    app.pass(TimeDelta::hours(1));
    assert!(wrong(accounts::reset_password(&app.context, &expired, secret("another password")).await));
    let mut tokens = Vec::new();
    for _ in 0..2 {
        accounts::forgot(&app.context, "ann@example.com").await.unwrap();
        tokens.push(letter(&app).await.token());
    }
    accounts::reset_password(&app.context, &tokens[1], secret("another password")).await.unwrap();
    assert!(wrong(accounts::reset_password(&app.context, &tokens[0], secret("one more password")).await));
}

#[tokio::test]
async fn a_link_is_for_one_purpose_and_for_a_time() {
    let app = TestApp::new().await;
    sign_up(&app, &account("ann", "UTC"), PASSWORD).await.unwrap();
    let verify = letter(&app).await.token();
    assert!(wrong(accounts::reset_password(&app.context, &verify, secret("another password")).await));
    assert!(wrong(accounts::enter(&app.context, &verify).await));
    accounts::forgot(&app.context, "ann@example.com").await.unwrap();
    let reset = letter(&app).await.token();
    assert!(wrong(accounts::verify_email(&app.context, &reset).await));
    // Whoever reads the mail owns the address.
    accounts::reset_password(&app.context, &reset, secret("another password")).await.unwrap();
    log_in(&app, "ann@example.com", "another password").await.unwrap();

    sign_up(&app, &account("ben", "UTC"), PASSWORD).await.unwrap();
    let late = letter(&app).await.token();
    app.pass(TimeDelta::days(3));
    assert!(wrong(accounts::verify_email(&app.context, &late).await));
}

#[tokio::test]
async fn signing_up_with_a_known_address_tells_its_owner_and_nobody_else() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    member(&app, "ann").await;
    let eve = NewAccount { email: "Ann@Example.com".into(), ..account("eve", "UTC") };
    sign_up(&app, &eve, "eve's password").await.expect("the answer is the same");
    let mail = letter(&app).await;
    assert_eq!((&*mail.to, &*mail.subject), ("ann@example.com", "You already have a Yaksok account"));
    assert!(!mail.mentions("token=") && !mail.mentions("eve"));
    assert!(wrong(log_in(&app, "ann@example.com", "eve's password").await));
    let session = log_in(&app, "ann@example.com", PASSWORD).await.unwrap();
    assert_eq!(who(&app, &session).await.as_deref(), Some("ann"));
    assert!(!is_public(&app, "eve").await);
    assert_eq!(app.number("SELECT count(*) FROM mentors").await, 1);
    sign_up(&app, &account("eve", "UTC"), PASSWORD).await.expect("the handle is free");
    app.mail().await;
}

#[tokio::test]
async fn the_newest_attempt_to_sign_up_counts() {
    let app = TestApp::new().await;
    sign_up(&app, &account("first", "UTC"), PASSWORD).await.unwrap();
    let first = letter(&app).await.token();
    let second = NewAccount { email: "first@example.com".into(), ..account("second", "UTC") };
    sign_up(&app, &second, "another password").await.unwrap();
    let token = letter(&app).await.token();
    assert!(wrong(accounts::verify_email(&app.context, &first).await));
    accounts::verify_email(&app.context, &token).await.unwrap();
    assert!(wrong(log_in(&app, "first@example.com", PASSWORD).await));
    let session = log_in(&app, "first@example.com", "another password").await.unwrap();
    assert_eq!(who(&app, &session).await.as_deref(), Some("second"));
    assert_eq!(app.number("SELECT count(*) FROM mentors").await, 1);

    // With the same handle, too.
    sign_up(&app, &account("again", "UTC"), PASSWORD).await.unwrap();
    sign_up(&app, &account("again", "UTC"), PASSWORD).await.unwrap();
    app.mail().await;
}

/// Were there a difference, two requests at once would tell whether an address is known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_once_they_hear_the_same_too() {
    let app = TestApp::new().await;
    member(&app, "ann").await;
    for (email, handle) in [("ann@example.com", "eve"), ("new@example.com", "new"), ("double@example.com", "")] {
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                // With a handle each, or all with one, as by a double click.
                let handle = if handle.is_empty() { "double".into() } else { format!("{handle}-{n}") };
                let new = NewAccount { email: email.into(), ..account(&handle, "UTC") };
                let context = app.context.clone();
                tokio::spawn(async move { accounts::sign_up(&context, &new, secret(PASSWORD)).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap_or_else(|error| panic!("{email}: {error:?}"));
        }
        assert_eq!(app.number(&format!("SELECT count(*) FROM mentors WHERE email = '{email}'")).await, 1);
    }
    let mail = app.mail().await;
    let verify: Vec<_> = mail.iter().filter(|letter| letter.to == "new@example.com").collect();
    assert_eq!(verify.len(), 1, "of the one that counts");
    accounts::verify_email(&app.context, &verify[0].token()).await.unwrap();
}

/// Between the question who has an address and the answer, its owner may confirm it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmed_account_is_not_replaced() {
    let app = TestApp::new().await;
    for n in 0..10 {
        let new = account(&format!("ann-{n}"), "UTC");
        sign_up(&app, &new, PASSWORD).await.unwrap();
        let token = letter(&app).await.token();
        let context = app.context.clone();
        let other = NewAccount { handle: format!("eve-{n}"), ..new };
        let again = tokio::spawn(async move { accounts::sign_up(&context, &other, secret("eve's password")).await });
        tokio::time::sleep(std::time::Duration::from_millis(n * 8)).await;
        let confirmed = accounts::verify_email(&app.context, &token).await;
        again.await.unwrap().unwrap();
        match confirmed {
            Ok(session) => assert_eq!(who(&app, &session).await, Some(format!("ann-{n}"))),
            refused => assert!(wrong(refused), "replaced before"),
        }
        app.mail().await;
    }
}

#[tokio::test]
async fn a_handle_is_taken_once_and_paths_of_ours_never() {
    let app = TestApp::new().await;
    member(&app, "ann").await;
    sign_up(&app, &account("unconfirmed", "UTC"), PASSWORD).await.unwrap();
    app.mail().await;
    let taken = ["ann", "unconfirmed"].into_iter().chain(urls::RESERVED.iter().copied().filter(|path| path.len() > 2));
    for handle in taken {
        let new = NewAccount { email: "new@example.com".into(), ..account(handle, "UTC") };
        let refused = sign_up(&app, &new, PASSWORD).await;
        assert!(matches!(refused, Err(Error::HandleTaken)), "{handle}: {refused:?}");
        let refused = accounts::create(&app.context, &new).await.map(|_| ());
        assert!(matches!(refused, Err(Error::HandleTaken)), "{handle}: {refused:?}");
    }
    // A known address hears of a taken handle what an unknown one does.
    let known = NewAccount { email: "ann@example.com".into(), ..account("ann", "UTC") };
    assert!(matches!(sign_up(&app, &known, PASSWORD).await, Err(Error::HandleTaken)));
    assert_eq!(app.run_jobs().await, 0);
    let two = NewAccount { email: "ANN@example.com".into(), ..account("another", "UTC") };
    assert!(
        matches!(accounts::create(&app.context, &two).await, Err(Error::Invalid(errors)) if errors[0].code == "taken")
    );
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let app = TestApp::new().await;
    let new = NewAccount {
        handle: "7".into(),
        name: "\u{202e}".into(),
        email: "ann".into(),
        timezone: "Mars/Base".into(),
        headline: Some("a".repeat(201)),
        bio: Some("a".repeat(4001)),
        photo_url: Some("javascript:alert(1)".into()),
        ..account("ann", "UTC")
    };
    let Err(Error::Invalid(errors)) = sign_up(&app, &new, "short").await else { panic!("refused") };
    let mut fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["bio", "email", "handle", "headline", "name", "password", "photo_url", "timezone"]);
    assert_eq!(app.number("SELECT count(*) FROM mentors").await, 0);
}

#[tokio::test]
async fn where_sign_ups_are_closed_only_the_platform_makes_mentors() {
    let app = TestApp::with(|inner| inner.signups_open = false).await;
    assert!(matches!(sign_up(&app, &account("ann", "UTC"), PASSWORD).await, Err(Error::SignupsClosed)));
    let (made, key) = accounts::create(&app.context, &account("ann", "UTC")).await.unwrap();
    assert!(is_public(&app, "ann").await);
    assert_eq!(accounts::mentor_of_api_key(&app.context, &key).await.unwrap().unwrap().mentor, made.id());
    assert_eq!(app.run_jobs().await, 0);
}

#[tokio::test]
async fn a_login_link_works_once_for_a_quarter_of_an_hour() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let token = async || {
        let (url, expires_at) = accounts::login_link(&app.context, "ann").await.unwrap();
        assert_eq!(expires_at, app.now() + minutes(15));
        let token = url.strip_prefix(&format!("{BASE_URL}{}?token=", urls::ENTER)).unwrap();
        secret(token)
    };
    let link = token().await;
    let session = accounts::enter(&app.context, &link).await.unwrap();
    assert_eq!(who(&app, &session).await.as_deref(), Some("ann"));
    assert!(wrong(accounts::enter(&app.context, &link).await));

    let late = token().await;
    app.pass(minutes(15));
    assert!(wrong(accounts::enter(&app.context, &late).await));
    assert!(matches!(accounts::login_link(&app.context, "nobody").await, Err(Error::NotFound)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_use_a_link_at_once_one_gets_in() {
    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    let (url, _) = accounts::login_link(&app.context, "ann").await.unwrap();
    let token = secret(url.split_once("token=").unwrap().1);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (context, token) = (app.context.clone(), token.clone());
            tokio::spawn(async move { accounts::enter(&context, &token).await })
        })
        .collect();
    let mut entered = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => entered += 1,
            refused => assert!(wrong(refused)),
        }
    }
    assert_eq!(entered, 1);
}

#[tokio::test]
async fn api_keys_work_until_they_are_revoked() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    let ben = app.mentor("ben", "UTC").await;
    let (row, key) = accounts::create_api_key(&app.context, ann, " Laptop ").await.unwrap();
    assert_eq!((&*row.name, row.last_used_at), ("Laptop", None));
    assert!(key.reveal().starts_with(&row.prefix) && row.prefix.starts_with(Kind::ApiKey.prefix()));
    assert!(matches!(accounts::create_api_key(&app.context, ann, " ").await, Err(Error::Invalid(_))));

    let whose =
        async |key: &Secret| accounts::mentor_of_api_key(&app.context, key).await.unwrap().map(|author| author.mentor);
    assert_eq!(whose(&key).await, Some(ann));
    assert_eq!(whose(&secret("ysk_none")).await, None);
    let names = async |mentor| {
        let keys = accounts::api_keys(&app.context, mentor).await.unwrap();
        keys.into_iter().map(|key| (key.name, key.last_used_at.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(names(ann).await, [("First key".into(), false), ("Laptop".into(), true)]);
    assert_eq!(names(ben).await, [("First key".into(), false)]);

    let id = ApiKeyId(row.id);
    assert!(matches!(accounts::revoke_api_key(&app.context, ben, id).await, Err(Error::NotFound)));
    assert_eq!(whose(&key).await, Some(ann), "another mentor revokes nothing");
    accounts::revoke_api_key(&app.context, ann, id).await.unwrap();
    assert!(matches!(accounts::revoke_api_key(&app.context, ann, id).await, Err(Error::NotFound)));
    assert_eq!(whose(&key).await, None);
    assert_eq!(names(ann).await, [("First key".into(), false)]);
}

#[tokio::test]
async fn a_profile_is_changed_by_its_owner() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.mentor("ben", "UTC").await;
    let profile = Profile {
        handle: "anna".into(),
        name: " Anna ".into(),
        headline: Some(" ".into()),
        bio: Some("Two\nlines".into()),
        photo_url: Some("https://example.com/a.jpg".into()),
        timezone: "Asia/Seoul".into(),
        language: "ko".into(),
        clock: Some("24h".into()),
        week_start: Some(1),
    };
    let changed = accounts::update_profile(&app.context, ann, profile.clone()).await.unwrap();
    assert_eq!((&*changed.handle, &*changed.name, changed.headline.as_deref()), ("anna", "Anna", None));
    assert_eq!((&*changed.email, &*changed.timezone, &*changed.language), ("ann@example.com", "Asia/Seoul", "ko"));
    for (handle, ours) in [("ben", false), ("login", true)] {
        let refused =
            accounts::update_profile(&app.context, ann, Profile { handle: handle.into(), ..profile.clone() }).await;
        assert!(matches!(refused, Err(Error::HandleTaken)), "{ours}: {refused:?}");
    }
    assert!(!is_public(&app, "ann").await && is_public(&app, "anna").await);
}

#[tokio::test]
async fn who_leaves_takes_everything_along() {
    let mut app = TestApp::new().await;
    app.leaves_no_jobs();
    let ann = member(&app, "ann").await;
    app.open(ann, every_day("UTC", "09:00", "17:00")).await;
    let ben = app.mentor("ben", "UTC").await;
    let session = log_in(&app, "ann@example.com", PASSWORD).await.unwrap();
    let (_, api_key) = accounts::create_api_key(&app.context, ann, "Laptop").await.unwrap();
    let mut hours = every_day("UTC", "09:00", "17:00");
    hours.blocked = vec![blocked("2026-12-24", "2026-12-26")];
    hours.overrides = vec![on_date("2026-12-31", vec![])];
    app.open(ann, hours).await;
    let (_, of_ann) = app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    let (_, of_ben) = app.booked("ben", "session", "2026-11-23T10:00:00Z").await;

    assert!(wrong(accounts::delete(&app.context, ann, secret("ann")).await), "the password, not the handle");
    assert!(wrong(accounts::delete(&app.context, ann, secret("wrong password")).await));
    accounts::delete(&app.context, ann, secret(PASSWORD)).await.unwrap();

    assert_eq!(who(&app, &session).await, None);
    assert_eq!(accounts::mentor_of_api_key(&app.context, &api_key).await.unwrap(), None);
    assert!(wrong(log_in(&app, "ann@example.com", PASSWORD).await));
    assert!(!is_public(&app, "ann").await && is_public(&app, "ben").await);
    assert!(matches!(bookings::get(&app.context, &of_ann).await, Err(Error::AccountClosed)));
    bookings::get(&app.context, &of_ben).await.unwrap();
    let mail = app.mail().await;
    app.pass(TimeDelta::seconds(3));
    app.run_jobs().await;
    let tables = "credentials sessions single_use_tokens api_keys mentor_availability availability_overrides blocked_dates \
                  session_types bookings booking_events idempotency_keys mentor_calendar_tokens jobs";
    for table in tables.split_whitespace() {
        let left = app.number(&format!("SELECT count(*) FROM {table} WHERE mentor_id <> '{ben}'")).await;
        assert_eq!(left, 0, "{table}");
    }
    assert!(!mail.is_empty());

    // Who came from the platform has no password, and types the handle.
    assert!(wrong(accounts::delete(&app.context, ben, secret("Ben")).await));
    accounts::delete(&app.context, ben, secret("ben")).await.unwrap();
    app.run_jobs().await;
    app.pass(TimeDelta::seconds(3));
    app.run_jobs().await;
    assert_eq!(app.number("SELECT count(*) FROM mentors").await, 0);
    assert!(
        matches!(sign_up(&app, &account("ann", "UTC"), PASSWORD).await, Err(Error::HandleTaken)),
        "its links must not lead to another"
    );
}

#[tokio::test]
async fn a_mentor_takes_their_data_away() {
    let app = TestApp::new().await;
    let ann = app.mentor("ann", "UTC").await;
    app.mentor("ben", "UTC").await;
    let mut hours = every_day("UTC", "09:00", "17:00");
    hours.blocked = vec![blocked("2026-12-24", "2026-12-26")];
    app.open(ann, hours.clone()).await;
    let (made, key) = app.booked("ann", "session", "2026-11-23T10:00:00Z").await;
    let Key::Token(token) = &key else { unreachable!("booked by token") };
    app.booked("ben", "session", "2026-11-23T10:00:00Z").await;
    bookings::cancel(&app.context, &key, Some("Ill".into())).await.unwrap();
    let export = serde_json::to_value(accounts::export(&app.context, ann).await.unwrap()).unwrap();
    assert_eq!((&export["handle"], &export["email"]), (&"ann".into(), &"ann@example.com".into()));
    assert_eq!(export["availability"], serde_json::to_value(hours.normalise().unwrap()).unwrap());
    assert_eq!(export["session_types"][0]["slug"], "session");
    let bookings = export["bookings"].as_array().unwrap();
    assert_eq!(bookings.len(), 1);
    assert_eq!((&bookings[0]["id"], &bookings[0]["status"]), (&made.id.to_string().into(), &"cancelled".into()));
    assert_eq!((&bookings[0]["email"], &bookings[0]["reason"]), (&ADA.into(), &"Ill".into()));
    assert!(!export.to_string().contains(token.reveal()), "no secrets");
}

#[tokio::test]
async fn the_demo_mentor_comes_to_an_empty_database_only() {
    let app = TestApp::new().await;
    assert!(booking::demo::seed(&app.context).await.unwrap());
    assert!(booking::demo::seed(&app.context).await.unwrap(), "and once");
    assert_eq!(app.number("SELECT count(*) FROM mentors").await, 1);
    let horizon = listing::horizon(&app.context, booking::demo::HANDLE, "session", None).await.unwrap();
    assert!(horizon.starts.len() > 100);
    assert_eq!(jobs::state(&app.context).await.unwrap(), (0, 0));

    let app = TestApp::new().await;
    app.mentor("ann", "UTC").await;
    assert!(!booking::demo::seed(&app.context).await.unwrap());
    assert_eq!(app.number("SELECT count(*) FROM mentors").await, 1);
}
