//! The whole public router, pages and all, on a real database, at a time that stands still.

mod cors;
mod delivery;
mod hostile;
mod moved;
mod rights;
mod unable;

use crate::api::tests::common::{self, TestApp, at, blocked, every_day, request};
use crate::http_server;
use crate::limits::Limits;
use crate::pages::{Site, Visitor};
use crate::proxies::Proxies;
use app::document::Files;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use booking::secrets::{Secret, sha256};
use booking::{accounts, bookings};
use leptos::prelude::LeptosOptions;
use scheduling::SessionType;
use std::fs;
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

const PLATFORM_KEY: &str = "the platform's key, which is long";
/// Links as they come in mail: each works once.
const VERIFY_TOKEN: &str = "ysl_verify";
const RESET_TOKEN: &str = "ysl_reset";
const LOGIN_TOKEN: &str = "ysl_login";
/// What only the parties of Ada's booking may read.
const ADAS_SECRET: &str = "about my portfolio, between us";
const CONNECTION: &str = "0193a5f2-7c1e-7b3a-9d54-000000000001";
const CALENDAR: &str = "0193a5f2-7c1e-7b3a-9d54-000000000002";

/// A server, and the people in it.
struct World {
    app: TestApp,
    site: Site,
    router: Router,
    people: People,
    _folder: TempDir,
    _stop: watch::Sender<bool>,
}

/// Kim is open from nine to five every day, in Seoul; Ada has booked with Kim, and so has Bob.
struct People {
    kim: Login,
    other: Login,
    ada: Booking,
    /// Ada's second booking, which waits for Kim's yes.
    pending: Booking,
    bob: Booking,
    /// What keeps a time of Kim's.
    hold: String,
}

struct Login {
    session: String,
    api_key: String,
    api_key_id: String,
}

struct Booking {
    id: String,
    token: String,
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl World {
    async fn new() -> Self {
        let (folder, app) = (tempfile::tempdir().unwrap(), TestApp::new().await);
        fs::create_dir(folder.path().join("pkg")).unwrap();
        fs::write(folder.path().join("pkg/yaksok.js"), "").unwrap();
        fs::write(folder.path().join("robots.txt"), "User-agent: *\n").unwrap();
        let root = folder.path().to_string_lossy().into_owned();
        let options = LeptosOptions::builder().output_name("yaksok").site_root(root).build();
        let files = Files::listed("");
        let site = Site { context: app.context.clone(), files, options, https: true, mail_in_files: false };
        let platform = Some(sha256(PLATFORM_KEY.as_bytes()));
        let (stop, stopped) = watch::channel(false);
        let router =
            http_server::router(site.clone(), Limits::new(0, 0, Proxies::none(), platform), platform, stopped).unwrap();
        let people = People::come(&app).await;
        Self { app, site, router, people, _folder: folder, _stop: stop }
    }

    /// Everything as it was in the beginning.
    async fn begin_again(&mut self) {
        self.app.sql("TRUNCATE mentors, jobs CASCADE").await;
        self.people = People::come(&self.app).await;
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let kind = parts.headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        // A stream of changes ends with the server.
        let text = if kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            String::new()
        } else {
            String::from_utf8_lossy(&axum::body::to_bytes(body, usize::MAX).await.unwrap()).into_owned()
        };
        Reply { status: parts.status.as_u16(), headers: parts.headers, text }
    }
}

impl People {
    async fn come(app: &TestApp) -> Self {
        let kim = app.mentor("kim-mentor", "Asia/Seoul").await;
        let other = app.mentor("other-mentor", "Asia/Seoul").await;
        let hours = scheduling::Availability {
            blocked: vec![blocked("2027-01-01", "2027-01-01")],
            ..every_day("Asia/Seoul", "09:00", "17:00")
        };
        app.open(kim, hours).await;
        app.offer(kim, SessionType { slug: "spare".into(), ..SessionType::first() }).await;
        app.offer(kim, SessionType { slug: "asked".into(), requires_approval: true, ..SessionType::first() }).await;
        let book = async |session_type: &str, start: &str, name: &str| {
            let wish = bookings::Request {
                name: name.into(),
                notes: (name == "Ada").then(|| ADAS_SECRET.to_owned()),
                ..request("kim-mentor", session_type, at(start))
            };
            let (made, token) = bookings::book(&app.context, wish).await.unwrap();
            Booking { id: made.id.to_string(), token: token.reveal().to_owned() }
        };
        let people = Self {
            ada: book("session", "2026-12-01T00:00:00Z", "Ada").await,
            pending: book("asked", "2026-12-01T02:00:00Z", "Ada").await,
            bob: book("session", "2026-12-01T04:00:00Z", "Bob").await,
            hold: booking::holds::hold(&app.context, "192.0.2.1", "kim-mentor", "session", at("2026-12-02T05:00:00Z"))
                .await
                .unwrap()
                .id
                .to_string(),
            kim: Login::of(app, kim).await,
            other: Login::of(app, other).await,
        };
        let link = |token: &str, purpose: &str| {
            let hash: String = sha256(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            format!(
                "INSERT INTO single_use_tokens (token_hash, mentor_id, purpose, created_at, expires_at)
                 VALUES ('\\x{hash}', '{kim}', '{purpose}', '{now}', '{now}'::timestamptz + interval '1 hour');",
                now = common::BEGINNING
            )
        };
        app.sql(&format!(
            "{}{}{}
             INSERT INTO mentor_calendar_tokens (id, mentor_id, provider, account, created_at)
             VALUES ('{CONNECTION}', '{kim}', 'caldav', 'kim', '{now}');
             INSERT INTO calendars (id, connection_id, mentor_id, remote_id, name, writable, is_primary, blocks, receives)
             VALUES ('{CALENDAR}', '{CONNECTION}', '{kim}', 'x', 'Work', true, true, true, false);",
            link(VERIFY_TOKEN, "verify"),
            link(RESET_TOKEN, "reset"),
            link(LOGIN_TOKEN, "login"),
            now = common::BEGINNING
        ))
        .await;
        people
    }
}

impl Login {
    async fn of(app: &TestApp, mentor: scheduling::MentorId) -> Self {
        let handle = accounts::account(&app.context, mentor).await.unwrap().handle;
        let (link, _) = accounts::login_link(&app.context, &handle).await.unwrap();
        let (_, token) = link.split_once("token=").unwrap();
        let session = accounts::enter(&app.context, &Secret::new(token)).await.unwrap();
        let (key, secret) = accounts::create_api_key(&app.context, mentor, "Test").await.unwrap();
        Self {
            session: session.reveal().to_owned(),
            api_key: secret.reveal().to_owned(),
            api_key_id: key.id.to_string(),
        }
    }
}
