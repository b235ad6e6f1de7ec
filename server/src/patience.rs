//! Nobody waits long: who meets a database that does not answer is told so (503, and when to come again), and who does not
//! send what was begun to be sent, too (408).

use crate::problem::Problem;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// How long an answer may take, the request's body included.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same, where a calendar's provider is asked.
const PATIENCE_WITH_OTHERS: Duration = Duration::from_secs(30);

/// Answers in time, and says when to come again to whom it says that it cannot answer now.
pub(crate) async fn answer(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let asks_others = path.contains("calendar") || path.contains("caldav");
    let (request, trickles) = watched(request);
    let answered = timeout(if asks_others { PATIENCE_WITH_OTHERS } else { PATIENCE }, next.run(request)).await;
    let mut response = match answered {
        Err(_) if trickles.load(Ordering::Relaxed) => too_slow(&path),
        Err(_) if path.starts_with("/api/") => Problem::unavailable().into_response(),
        Err(_) => busy(),
        Ok(response) => response,
    };
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("5"));
    }
    response
}

/// The request, and whether somebody waits for the rest of its body at the moment.
fn watched(request: Request) -> (Request, Arc<AtomicBool>) {
    let trickles = Arc::new(AtomicBool::new(false));
    if request.body().is_end_stream() {
        return (request, trickles);
    }
    let waits = trickles.clone();
    let request = request.map(|body| {
        let mut data = body.into_data_stream();
        Body::from_stream(stream::poll_fn(move |context| {
            let polled = data.poll_next_unpin(context);
            waits.store(polled.is_pending(), Ordering::Relaxed);
            polled
        }))
    });
    (request, trickles)
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
