//! Nobody waits long: who meets a database that does not answer is told so (503, and when to come again), and who does not
//! send what was begun to be sent, too (408).

use crate::problem::Problem;
use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

/// How long an answer may take, the request's body included.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same, where a calendar's provider is asked.
const PATIENCE_WITH_OTHERS: Duration = Duration::from_secs(30);

/// How much of a body that nothing has asked for is read all the same, and for how long. As much as the shipped configurations
/// let proxies pass: Caddy answers an empty 200 where the connection ends while it still sends.
const REST: usize = 1024 * 1024;
const REST_WITHIN: Duration = Duration::from_secs(2);

/// Answers in time, and says when to come again to whom it says that it cannot answer now.
pub(crate) async fn answer(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let asks_others = path.contains("calendar") || path.contains("caldav");
    let (request, sent) = watched(request);
    let answered = timeout(if asks_others { PATIENCE_WITH_OTHERS } else { PATIENCE }, next.run(request)).await;
    let mut response = match answered {
        Err(_) if sent.trickles.load(Ordering::Relaxed) => too_slow(&path),
        Err(_) if path.starts_with("/api/") => Problem::unavailable().into_response(),
        Err(_) => busy(),
        Ok(response) => response,
    };
    // A connection that is closed in the middle of a body, without a word, breaks a proxy's next request on it.
    if !response.headers().contains_key(header::CONNECTION) && !sent.read_to_end().await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("5"));
    }
    response
}

/// The body of a request, while it is read.
struct Sent {
    /// Whether somebody waits for the rest of it at the moment.
    trickles: AtomicBool,
    data: Mutex<Option<BodyDataStream>>,
}

impl Sent {
    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stream) = data.as_mut() else { return Poll::Ready(None) };
        let polled = stream.poll_next_unpin(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            *data = None;
        }
        self.trickles.store(polled.is_pending(), Ordering::Relaxed);
        polled
    }

    /// Reads what is left, within bounds; whether that was all of it.
    async fn read_to_end(&self) -> bool {
        let read = async {
            let mut length = 0;
            while let Some(piece) = poll_fn(|context| self.poll(context)).await {
                length += piece.map_or(REST, |piece| piece.len());
                if length >= REST {
                    return false;
                }
            }
            true
        };
        timeout(REST_WITHIN, read).await.unwrap_or(false)
    }
}

/// The request, and its body while it is read.
fn watched(request: Request) -> (Request, Arc<Sent>) {
    let whole = request.body().is_end_stream();
    let (parts, body) = request.into_parts();
    let (body, data) = if whole { (body, None) } else { (Body::empty(), Some(body.into_data_stream())) };
    let sent = Arc::new(Sent { trickles: AtomicBool::new(false), data: Mutex::new(data) });
    let reader = sent.clone();
    let body = if whole { body } else { Body::from_stream(stream::poll_fn(move |context| reader.poll(context))) };
    (Request::from_parts(parts, body), sent)
}

fn too_slow(path: &str) -> Response {
    const SENTENCE: &str = "The request took too long to arrive. Send it again.";
    let mut response = match path.starts_with("/api/") {
        true => Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", SENTENCE).into_response(),
        false => (StatusCode::REQUEST_TIMEOUT, SENTENCE).into_response(),
    };
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// 503, in a sentence.
pub(crate) fn busy() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "The server is busy. Please try again in a moment.").into_response()
}
