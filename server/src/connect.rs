//! Where mentors go to connect a calendar and come back from, and where providers tell of changes.

use crate::forms::see;
use crate::pages::{Site, Visitor, percent_encode};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Extension, Path, Query, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use booking::calendar::{self, ConnectError};
use booking::secrets::Secret;
use booking::{Context, Error};
use calendars::remote::Provider;
use scheduling::urls;
use serde::Deserialize;

/// The mentor's way to a provider and back.
pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/calendar/{provider}/connect", get(connect))
        .route("/calendar/{provider}/callback", get(callback))
}

/// What providers send. No cookies, no pages.
pub(crate) fn notifications() -> Router<Context> {
    Router::new().route("/calendar/google/notify", post(google)).route("/calendar/microsoft/notify", post(microsoft))
}

async fn connect(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    let (Some(mentor), Some(session)) = (visitor.mentor, &visitor.session) else {
        return see(&format!("{}?next={}", urls::LOGIN, percent_encode(&urls::calendar_connect(&provider))));
    };
    let begun = match Provider::from_word(&provider) {
        Some(provider) => calendar::begin(&site.context, mentor, session, provider).await,
        None => Err(Error::NotFound),
    };
    match begun {
        Ok(url) => (StatusCode::SEE_OTHER, [(header::LOCATION, url)]).into_response(),
        Err(Error::NotFound) => missing(&site, visitor, request).await,
        Err(error) => failed(&error),
    }
}

/// What comes back (RFC 6749, 4.1.2).
#[derive(Deserialize)]
struct Returned {
    state: Option<String>,
    code: Option<String>,
}

async fn callback(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Path(provider): Path<String>,
    query: Result<Query<Returned>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Response {
    let (Some(mentor), Some(session)) = (visitor.mentor, &visitor.session) else {
        // A login would not help: what was begun belongs to the session that is over.
        return see(&format!("{}?next={}", urls::LOGIN, percent_encode(urls::CALENDARS)));
    };
    let Some(provider) = Provider::from_word(&provider) else { return missing(&site, visitor, request).await };
    let Query(Returned { state, code }) = query.unwrap_or(Query(Returned { state: None, code: None }));
    let state = state.unwrap_or_default();
    let done = calendar::finish(&site.context, mentor, session, provider, &state, code.map(Secret::new)).await;
    match done {
        Ok(_) => see(&format!("{}?connected={}", urls::CALENDARS, provider.as_str())),
        Err(Error::Connect(error)) => see(&format!("{}?problem={}", urls::CALENDARS, word(error))),
        Err(Error::NotFound) => missing(&site, visitor, request).await,
        Err(error) => failed(&error),
    }
}

/// For the page that says what to do.
fn word(error: ConnectError) -> &'static str {
    match error {
        ConnectError::Denied => "denied",
        ConnectError::Stale => "stale",
        ConnectError::ScopeMissing => "scope",
        ConnectError::Unreachable => "unreachable",
        ConnectError::Refused => "refused",
        ConnectError::TooMany => "too_many",
    }
}

/// The page that says so.
async fn missing(site: &Site, visitor: Visitor, request: Request) -> Response {
    let mut response = site.render(request, visitor, None).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn failed(error: &Error) -> Response {
    tracing::error!(%error, "a calendar could not be connected");
    see(&format!("{}?problem=unreachable", urls::CALENDARS))
}

/// Google names the channel and shows its token in headers.
/// <https://developers.google.com/workspace/calendar/api/guides/push>
async fn google(State(context): State<Context>, headers: HeaderMap) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // The channel's first message says that it is there, and may come before we know it.
    if header("x-goog-resource-state") == "sync" {
        return StatusCode::ACCEPTED;
    }
    told(&context, header("x-goog-channel-id"), header("x-goog-channel-token")).await
}

#[derive(Deserialize)]
struct Notifications {
    value: Vec<Notification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    subscription_id: String,
    #[serde(default)]
    client_state: String,
}

/// Graph first asks whether we are there, and wants its question back as plain text; then it names the subscription, and
/// shows its secret, in the body. <https://learn.microsoft.com/graph/change-notifications-delivery-webhooks>
async fn microsoft(State(context): State<Context>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let query = query.unwrap_or_default();
    let question = query.split('&').find_map(|pair| pair.strip_prefix("validationToken="));
    if let Some(question) = question {
        let Some(question) = decoded(question) else { return StatusCode::BAD_REQUEST.into_response() };
        return ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], question).into_response();
    }
    let Ok(notifications) = serde_json::from_slice::<Notifications>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut status = StatusCode::ACCEPTED;
    for of in notifications.value.iter().take(100) {
        let told = told(&context, &of.subscription_id, &of.client_state).await;
        if !told.is_success() {
            status = told;
        }
    }
    status.into_response()
}

/// A value of a query, decoded; `None` if it is longer than any question, or no text.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| text.len() <= 2000)
}

async fn told(context: &Context, watch: &str, secret: &str) -> StatusCode {
    match calendar::notify(context, watch, &Secret::new(secret)).await {
        Ok(true) => StatusCode::ACCEPTED,
        Ok(false) | Err(Error::Invalid(_)) => StatusCode::NOT_FOUND,
        Err(error) => {
            tracing::error!(%error, "a notification could not be taken");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
