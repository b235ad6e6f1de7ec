//! `GET /fn/live/{handle}`: tells a page, as server-sent events, when something about a mentor's slots has changed. It says
//! that much and no more; the page reads again.

use crate::limits::Client;
use app::AppError;
use app::api::server::{status, wire};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use booking::{Context, listing};
use futures_util::stream;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// So many pages may look on at once.
const MOST: usize = 5_000;
/// As many of them may be one client's.
const MOST_OF_ONE: usize = 20;
/// Proxies close what is silent for longer.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The route. Streams end once `stopped` says so: a server that stops waits for what is in flight.
pub(crate) fn routes(context: Context, stopped: watch::Receiver<bool>) -> Router {
    let live = Live { context, stopped, open: Arc::default() };
    Router::new().route("/fn/live/{handle}", get(follow)).with_state(live)
}

#[derive(Clone)]
struct Live {
    context: Context,
    stopped: watch::Receiver<bool>,
    open: Arc<Open>,
}

/// How many streams are open, by client address.
#[derive(Default)]
struct Open(Mutex<(usize, HashMap<String, usize>)>);

impl Open {
    fn lock(&self) -> MutexGuard<'_, (usize, HashMap<String, usize>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more, unless there are too many.
    fn enter(self: &Arc<Self>, client: String) -> Option<Place> {
        let mut open = self.lock();
        let (all, by_client) = &mut *open;
        if *all >= MOST || by_client.get(&client).is_some_and(|count| *count >= MOST_OF_ONE) {
            return None;
        }
        *all += 1;
        *by_client.entry(client.clone()).or_default() += 1;
        drop(open);
        Some(Place { open: self.clone(), client })
    }
}

/// A stream that is open; dropped, it is not any more.
struct Place {
    open: Arc<Open>,
    client: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        let (all, by_client) = &mut *open;
        *all -= 1;
        if let Some(count) = by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                by_client.remove(&self.client);
            }
        }
    }
}

async fn follow(State(live): State<Live>, Path(handle): Path<String>, Client(client): Client) -> Response {
    let Some(place) = live.open.enter(client) else {
        return (StatusCode::TOO_MANY_REQUESTS, Json(AppError::RateLimited)).into_response();
    };
    let changes = match listing::changes(&live.context, &handle).await {
        Ok(changes) => changes,
        Err(error) => {
            let error = wire(error);
            return (status(&error), Json(error)).into_response();
        }
    };
    // The place is given up with the stream: when the client leaves, or the server.
    let events = stream::unfold((changes, live.stopped, place), |(mut changes, mut stopped, place)| async move {
        tokio::select! {
            changed = changes.changed() => changed.ok()?,
            _ = stopped.wait_for(|stopped| *stopped) => return None,
        }
        let event = Event::default().event("changed").data("slots");
        Some((Ok::<_, Infallible>(event), (changes, stopped, place)))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    // Some proxies collect answers before they pass them on, unless they are told not to.
    headers.insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_given_back() {
        let open = Arc::new(Open::default());
        let mut places: Vec<Place> = (0..MOST_OF_ONE).filter_map(|_| open.enter("192.0.2.1".into())).collect();
        assert_eq!(places.len(), MOST_OF_ONE);
        assert!(open.enter("192.0.2.1".into()).is_none());
        assert!(open.enter("192.0.2.2".into()).is_some(), "each client has its own");
        places.pop();
        assert!(open.enter("192.0.2.1".into()).is_some());
        drop(places);
        assert!(open.lock().1.is_empty(), "nobody is remembered");
        assert_eq!(open.lock().0, 0);
    }
}
