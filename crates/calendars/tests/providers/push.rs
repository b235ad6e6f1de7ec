//! Being told of changes.

use crate::{at, both, google, graph};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use calendars::remote::{Remote, RemoteError, Watch, WatchRequest};
use chrono::TimeDelta;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

type Heard = (HeaderMap, String);

/// A place that notifications can be sent to, and what arrives there.
async fn listen(confirms: bool) -> (String, mpsc::UnboundedReceiver<Heard>) {
    let (heard, hearing) = mpsc::unbounded_channel();
    let answer = move |State(heard): State<Arc<Mutex<mpsc::UnboundedSender<Heard>>>>,
                       RawQuery(query): RawQuery,
                       headers,
                       body| async move {
        let token = query.unwrap_or_default();
        match token.strip_prefix("validationToken=") {
            Some(token) if confirms => {
                let pairs = reqwest::Url::parse(&format!("http://x/?t={token}")).unwrap();
                pairs.query_pairs().next().unwrap().1.into_owned()
            }
            Some(_) => "no".into(),
            None => {
                heard.lock().unwrap().send((headers, body)).unwrap();
                String::new()
            }
        }
    };
    let app = Router::new().route("/notify", axum::routing::post(answer)).with_state(Arc::new(Mutex::new(heard)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notify", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, hearing)
}

fn request(url: &str, id: &str) -> WatchRequest {
    let now = at("2026-12-01T00:00:00Z");
    WatchRequest { id: id.into(), url: url.into(), secret: "a secret".into(), until: now + TimeDelta::days(30), now }
}

#[tokio::test]
async fn google_tells_with_headers() {
    let c = google().await;
    let (url, mut hearing) = listen(true).await;
    let request = request(&url, "channel-1");
    let watch = c.client.watch(&c.primary, &request).await.unwrap().unwrap();
    assert_eq!((watch.id.as_str(), watch.expires_at), ("channel-1", request.until));
    let (headers, _) = hearing.recv().await.unwrap();
    assert_eq!(headers["x-goog-resource-state"], "sync");
    assert_eq!(c.fake.notify().await, [200]);
    let (headers, body) = hearing.recv().await.unwrap();
    assert_eq!(
        (&headers["x-goog-channel-id"], &headers["x-goog-channel-token"]),
        (&"channel-1".parse().unwrap(), &"a secret".parse().unwrap())
    );
    assert_eq!((headers["x-goog-resource-state"].to_str().unwrap(), body.as_str()), ("exists", ""));
    c.client.unwatch(&watch).await.unwrap();
    assert_eq!(c.fake.watches(), 0);
    c.client.unwatch(&watch).await.unwrap();
    let holidays = c.client.watch("en.holidays#days@group.v.calendar.google.com", &request).await;
    assert_eq!(holidays, Ok(None), "a calendar that cannot tell");
}

#[tokio::test]
async fn graph_asks_first_and_tells_with_a_secret() {
    let c = graph().await;
    c.fake.set_now(at("2026-12-01T00:00:00Z"));
    let (url, mut hearing) = listen(true).await;
    let request = request(&url, "unused");
    let watch = c.client.watch(&c.primary, &request).await.unwrap().unwrap();
    assert!(watch.expires_at < request.until && watch.expires_at > request.now + TimeDelta::days(6), "{watch:?}");
    assert_eq!(c.fake.notify().await, [200]);
    let (_, body) = hearing.recv().await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (body["value"][0]["subscriptionId"].as_str(), body["value"][0]["clientState"].as_str()),
        (Some(watch.id.as_str()), Some("a secret"))
    );
    c.client.unwatch(&watch).await.unwrap();
    assert_eq!(c.fake.watches(), 0);
    c.client.unwatch(&watch).await.unwrap();
    let (url, _hearing) = listen(false).await;
    let unconfirmed = c.client.watch(&c.primary, &WatchRequest { url, ..request }).await;
    assert!(matches!(unconfirmed, Err(RemoteError::Refused(_))), "{unconfirmed:?}");
}

#[tokio::test]
async fn a_watch_that_nobody_knows_is_over() {
    for c in both().await {
        let watch = Watch { id: "none".into(), resource: Some("none".into()), expires_at: at("2026-12-01T00:00:00Z") };
        c.client.unwatch(&watch).await.unwrap();
    }
}
