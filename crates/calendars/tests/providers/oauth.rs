//! Letting us in, and taking it back.

use crate::{browser, http};
use calendars::fakes::{Fake, Fault};
use calendars::oauth::{App, Started, Tokens};
use calendars::remote::{Provider, RemoteError};
use chrono::TimeDelta;
use reqwest::Url;
use std::collections::HashMap;

const BACK: &str = "http://localhost:3000/calendar/callback";

async fn fakes() -> [Fake; 2] {
    [Fake::google().await, Fake::graph().await]
}

/// The link of this name on the consent page.
async fn choose(started: &Started, name: &str) -> HashMap<String, String> {
    let page = browser().get(&started.url).send().await.unwrap();
    assert_eq!(page.status(), 200, "{}", page.text().await.unwrap());
    let html = page.text().await.unwrap().replace("&amp;", "&");
    let link = html
        .split("<a href=\"")
        .find_map(|link| link.split_once("\">").filter(|(_, rest)| rest.starts_with(&format!("{name}<"))));
    let url = Url::parse(link.unwrap().0).unwrap();
    assert!(url.as_str().starts_with(BACK));
    url.query_pairs().into_owned().collect()
}

async fn granted(app: &App) -> Tokens {
    let started = app.start("a state", BACK).unwrap();
    let back = choose(&started, "Allow").await;
    assert_eq!(back["state"], "a state");
    app.exchange(&http(), &back["code"], &started.verifier, BACK).await.unwrap()
}

#[tokio::test]
async fn a_grant_and_its_renewal() {
    for fake in fakes().await {
        let app = fake.app();
        let tokens = granted(&app).await;
        assert_eq!(tokens.expires_in, TimeDelta::hours(1));
        let refresh = tokens.refresh.unwrap();
        let renewed = app.refresh(&http(), &refresh).await.unwrap();
        assert_ne!(*renewed.access, *tokens.access);
        // Microsoft gives a new one, and the old one is spent; Google gives none, and the old one stays.
        assert_eq!(renewed.refresh.is_some(), app.provider == Provider::Microsoft);
        let again = app.refresh(&http(), &refresh).await;
        assert_eq!(again.is_ok(), app.provider == Provider::Google);
        let newest = renewed.refresh.unwrap_or(refresh);
        app.refresh(&http(), &newest).await.unwrap();
        fake.withdraw();
        assert_eq!(app.refresh(&http(), &newest).await.unwrap_err(), RemoteError::GrantRefused);
    }
}

#[tokio::test]
async fn a_code_belongs_to_one_verifier_one_address_and_one_time() {
    for fake in fakes().await {
        let app = fake.app();
        let started = app.start("s", BACK).unwrap();
        let other = app.start("s", BACK).unwrap();
        assert_ne!(*started.verifier, *other.verifier);
        for (verifier, back) in [(&other.verifier, BACK), (&started.verifier, "http://localhost:3000/other")] {
            let code = choose(&started, "Allow").await.remove("code").unwrap();
            let refused = app.exchange(&http(), &code, verifier, back).await.unwrap_err();
            assert_eq!(refused, RemoteError::GrantRefused);
            let spent = app.exchange(&http(), &code, &started.verifier, BACK).await.unwrap_err();
            assert_eq!(spent, RemoteError::GrantRefused);
        }
    }
}

#[tokio::test]
async fn what_the_person_is_asked() {
    for fake in fakes().await {
        let app = fake.app();
        let started = app.start("s", BACK).unwrap();
        let query: HashMap<_, _> = Url::parse(&started.url).unwrap().query_pairs().into_owned().collect();
        assert_eq!(query["code_challenge_method"], "S256");
        match app.provider {
            Provider::Google => {
                assert_eq!((query["access_type"].as_str(), query["prompt"].as_str()), ("offline", "consent"));
                assert_eq!(query["include_granted_scopes"], "true");
            }
            _ => assert_eq!(
                (query["prompt"].as_str(), query["scope"].as_str()),
                ("select_account", "offline_access Calendars.ReadWrite")
            ),
        }
        assert!(!started.url.contains("sesame") && !started.url.contains(started.verifier.as_str()));
        let denied = choose(&started, "Deny").await;
        assert_eq!((denied["error"].as_str(), denied["state"].as_str()), ("access_denied", "s"));
    }
}

#[tokio::test]
async fn less_than_needed_is_said_to_be_so() {
    for fake in fakes().await {
        let app = fake.app();
        let started = app.start("s", BACK).unwrap();
        let code = choose(&started, "Allow only some").await.remove("code").unwrap();
        let refused = app.exchange(&http(), &code, &started.verifier, BACK).await.unwrap_err();
        assert_eq!(refused, RemoteError::ScopeMissing);
    }
}

#[tokio::test]
async fn giving_back() {
    let [google, graph] = fakes().await;
    let app = google.app();
    let refresh = granted(&app).await.refresh.unwrap();
    app.revoke(&http(), &refresh).await.unwrap();
    assert_eq!(app.refresh(&http(), &refresh).await.unwrap_err(), RemoteError::GrantRefused);
    app.revoke(&http(), &refresh).await.unwrap();
    graph.app().revoke(&http(), "anything").await.unwrap();
    google.fail("revoke", 1, Fault::Status(503));
    assert!(matches!(app.revoke(&http(), &refresh).await, Err(RemoteError::Unavailable(_))));
}

#[tokio::test]
async fn faults_of_the_token_endpoint() {
    for fake in fakes().await {
        let app = fake.app();
        let refresh = granted(&app).await.refresh.unwrap();
        let cases = [
            (Fault::Throttled(9), RemoteError::Throttled(Some(TimeDelta::seconds(9)))),
            (Fault::Status(500), RemoteError::Unavailable("500 backendError".into())),
            (Fault::Garbage, RemoteError::Unavailable("an answer is broken".into())),
            (Fault::Hang, RemoteError::Unavailable("no answer in time".into())),
            (Fault::Drop, RemoteError::Unavailable("the connection broke".into())),
            (Fault::Code(404, "x".into()), RemoteError::Refused("404 x".into())),
            (Fault::Redirect("http://127.0.0.1:1/".into()), RemoteError::Refused("302".into())),
        ];
        for (fault, error) in cases {
            fake.fail("/token", 1, fault.clone());
            assert_eq!(app.refresh(&http(), &refresh).await.unwrap_err(), error, "{fault:?}");
        }
        let wrong = App { client_secret: "wrong".to_owned().into(), ..fake.app() };
        let refused = wrong.refresh(&http(), &refresh).await.unwrap_err();
        assert_eq!(refused, RemoteError::Refused("401 invalid_client".into()), "not the mentor's fault");
        app.refresh(&http(), &refresh).await.unwrap();
    }
}

#[tokio::test]
async fn secrets_do_not_print() {
    let fake = Fake::google().await;
    let app = fake.app();
    let (started, tokens) = (app.start("s", BACK).unwrap(), granted(&app).await);
    let printed = format!("{app:?} {started:?} {tokens:?}");
    for secret in ["sesame", started.verifier.as_str(), "access-", "refresh-"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn the_futures_may_travel() {
    fn travels<T: Send>(_: &T) {}
    let fake = Fake::google().await;
    let (app, http) = (fake.app(), http());
    travels(&app.exchange(&http, "", "", BACK));
    travels(&app.refresh(&http, ""));
    travels(&app.revoke(&http, ""));
}
