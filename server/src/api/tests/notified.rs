//! Providers tell of changes, over the real routes.

use super::*;
use booking::calendar::{self, Service};
use booking::secrets::Secret;
use calendars::fakes::{Fake, NewEvent};
use calendars::remote::Provider;
use chrono::{DateTime, TimeDelta, Utc};
use std::net::SocketAddr;
use tokio::net::TcpListener;

const TEN: &str = "2026-11-24T10:00:00Z";

/// A mentor in UTC whose calendar is connected to a server that the provider can reach.
struct World {
    app: TestApp,
    fake: Fake,
    ann: MentorId,
    address: SocketAddr,
}

impl World {
    async fn new(provider: Provider) -> Self {
        let fake = match provider {
            Provider::Google => Fake::google().await,
            _ => Fake::graph().await,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = TestApp::with(|inner| {
            let service = Some(Service { app: fake.app(), api_url: fake.api_url() });
            match provider {
                Provider::Google => inner.calendars.google = service,
                _ => inner.calendars.microsoft = service,
            }
            inner.calendars.push = true;
            inner.base_url = format!("http://{address}");
        })
        .await;
        fake.set_now(app.now());
        let router = without_pages(&app.context, Limits::new(1, 600, Proxies::none(), None), None);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(axum::serve(listener, service).into_future());
        let ann = app.mentor("ann", "UTC").await;
        let (url, _) = accounts::login_link(&app.context, "ann").await.unwrap();
        let link = Secret::new(url.split_once("token=").unwrap().1);
        let session = accounts::enter(&app.context, &link).await.unwrap();
        let url = calendar::begin(&app.context, ann, &session, provider).await.unwrap();
        let (state, code) = fake.follow(&url, "Allow").await.unwrap();
        let code = code.map(Secret::new);
        calendar::finish(&app.context, ann, &session, provider, &state, code).await.unwrap();
        let world = Self { app, fake, ann, address };
        assert_eq!(world.due().await, 1);
        world
    }

    async fn due(&self) -> usize {
        calendar::sync_due(&self.app.context).await.unwrap()
    }

    async fn next_look(&self) -> DateTime<Utc> {
        calendar::list(&self.app.context, self.ann).await.unwrap()[0].next_sync_at.unwrap()
    }

    async fn offers(&self, start: &str) -> bool {
        let start: DateTime<Utc> = start.parse().unwrap();
        let day = start.date_naive();
        let slots = booking::listing::slots(&self.app.context, "ann", "session", day, day, None).await.unwrap();
        slots.starts.contains(&start)
    }
}

#[tokio::test]
async fn a_provider_that_can_reach_us_tells_of_changes() {
    for provider in [Provider::Google, Provider::Microsoft] {
        let world = World::new(provider).await;
        assert_eq!(world.fake.watches(), 1, "{provider:?}: it has made sure that we are there");
        assert!(world.next_look().await > world.app.now() + TimeDelta::minutes(10), "we look less often");
        let start = TEN.parse().unwrap();
        world.fake.add_event(NewEvent::timed("Dentist", start..start + TimeDelta::hours(1)));
        assert!(world.offers(TEN).await);
        // More often than anybody may write: providers are not limited so.
        for _ in 0..5 {
            assert_eq!(world.fake.notify().await, [202]);
        }
        assert_eq!(world.due().await, 1);
        assert!(!world.offers(TEN).await);
        assert_eq!(world.due().await, 0);

        // Before it ends it is asked for anew, and the old one is stopped.
        world.app.pass(TimeDelta::days(5) + TimeDelta::hours(12));
        world.fake.set_now(world.app.now());
        assert_eq!(world.due().await, 1);
        assert_eq!(world.fake.watches(), 1);
        assert_eq!(world.fake.notify().await, [202]);
    }
}

#[tokio::test]
async fn one_that_says_nothing_is_asked_anew() {
    for provider in [Provider::Google, Provider::Microsoft] {
        let world = World::new(provider).await;
        let start = TEN.parse().unwrap();
        world.fake.add_event(NewEvent::timed("Dentist", start..start + TimeDelta::hours(1)));
        world.fake.forget_requests();
        world.app.pass(TimeDelta::minutes(16));
        world.fake.set_now(world.app.now());
        assert_eq!(world.due().await, 1, "we look now and then all the same");
        assert!(!world.offers(TEN).await);
        let asked = world.fake.requests().iter().filter(|seen| seen.body.to_string().contains("ysw_")).count();
        assert_eq!((asked, world.fake.watches()), (1, 1), "{provider:?}");
    }
}

#[tokio::test]
async fn nobody_else_can_say_so() {
    for provider in [Provider::Google, Provider::Microsoft] {
        let world = World::new(provider).await;
        let asked = world.fake.requests().into_iter().find(|seen| seen.body.to_string().contains("ysw_")).unwrap().body;
        let secret = text(&asked[if provider == Provider::Google { "token" } else { "clientState" }]).to_owned();
        let client = TcpClient(world.address);
        let watch = world.app.texts("SELECT watch_id FROM calendars WHERE watch_id IS NOT NULL").await.remove(0);
        for (watch, secret, status) in [
            (watch.as_str(), "ysw_guess", 404),
            ("another", secret.as_str(), 404),
            (watch.as_str(), "", 404),
            (watch.as_str(), secret.as_str(), 202),
        ] {
            assert_eq!(world.due().await, 0, "nobody has asked us to look");
            let told = match provider {
                Provider::Google => {
                    let headers = format!("x-goog-channel-id: {watch}\r\nx-goog-channel-token: {secret}\r\n");
                    client.post("/calendar/google/notify", &headers, "").await
                }
                _ => {
                    let body = json!({ "value": [{ "subscriptionId": watch, "clientState": secret }] }).to_string();
                    client.post("/calendar/microsoft/notify", "content-type: application/json\r\n", &body).await
                }
            };
            assert_eq!(told.0, status, "{provider:?} {watch} {secret}");
        }
        assert_eq!(world.due().await, 1);
    }
}

#[tokio::test]
async fn the_question_whether_we_are_there_is_answered_as_plain_text() {
    let world = World::new(Provider::Microsoft).await;
    let client = TcpClient(world.address);
    let path = "/calendar/microsoft/notify?validationToken=";
    for (asked, answer) in [("a%20b+c%3Cscript%3E", "a b c<script>"), ("%EC%95%BD", "약"), ("", "")] {
        let (status, head, body) = client.post(&format!("{path}{asked}"), "", "").await;
        assert_eq!((status, body.as_str()), (200, answer));
        assert!(head.contains("content-type: text/plain; charset=utf-8"), "{head}");
    }
    for wrong in ["%", "%4", "%zz", "%ff", &"x".repeat(2001)] {
        assert_eq!(client.post(&format!("{path}{wrong}"), "", "").await.0, 400, "{wrong}");
    }
    for body in ["", "{", "[]", "{\"value\":1}", "{\"value\":[{}]}"] {
        assert_eq!(client.post("/calendar/microsoft/notify", "", body).await.0, 400, "{body}");
    }
}

/// Sends what it is told, byte by byte.
struct TcpClient(SocketAddr);

impl TcpClient {
    async fn post(&self, path: &str, headers: &str, body: &str) -> (u16, String, String) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(self.0).await.unwrap();
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_lowercase(), body.to_owned())
    }
}
