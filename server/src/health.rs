//! Whether the server is alive, and fit to take bookings.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use booking::{Context, calendar, jobs};
use serde_json::{Value, json};

/// `GET /healthz`: the process is alive.
pub(crate) async fn alive() -> &'static str {
    "ok"
}

/// `GET /readyz`: 200 where everything that bookings need is fine; 503, and which is not, otherwise.
pub(crate) async fn ready(State(context): State<Context>) -> (StatusCode, Json<Value>) {
    let database = context.store.check().await;
    let queue = jobs::state(&context).await;
    let lagging = calendar::lagging(&context).await;
    let stale = context.zones.is_stale(context.now());
    let (waiting, given_up) = queue.as_ref().copied().unwrap_or_default();
    let fine = database.is_ok() && queue.is_ok();
    let body = json!({
        "status": if fine { "ready" } else { "not ready" },
        "database": if database.is_ok() { "ok" } else { "not reachable, or not migrated" },
        "time_zones": { "version": context.zones.version(), "stale": stale },
        "jobs": { "status": if queue.is_ok() { "ok" } else { "not readable" }, "waiting": waiting, "given_up": given_up },
        // A provider's bad day is no reason to take this server out of service.
        "calendars": { "lagging": lagging.unwrap_or_default() },
    });
    (if fine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}
