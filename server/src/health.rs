//! Whether the server is alive, and fit to take bookings.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use booking::zones::Source;
use booking::{Context, calendar, jobs};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// Whoever asks has other servers to ask.
const LONGEST: Duration = Duration::from_secs(2);

/// `GET /healthz`: the process is alive.
pub(crate) async fn alive() -> &'static str {
    "ok"
}

/// `GET /readyz`: 200 where everything that bookings need is fine; 503, and which is not, otherwise.
pub(crate) async fn ready(State(context): State<Context>) -> (StatusCode, Json<Value>) {
    let (migrated, queue, lagging) = tokio::join!(
        timeout(LONGEST, context.store.is_migrated()),
        timeout(LONGEST, jobs::state(&context)),
        timeout(LONGEST, calendar::lagging(&context)),
    );
    let migrated = migrated.ok().and_then(Result::ok);
    let queue = queue.ok().and_then(Result::ok);
    let lagging = lagging.ok().and_then(Result::ok);
    let (waiting, given_up) = queue.unwrap_or_default();
    let fine = migrated == Some(true) && queue.is_some();
    let body = json!({
        "status": if fine { "ready" } else { "not ready" },
        "database": if migrated.is_some() { "ok" } else { "not reachable" },
        "migrations": match migrated { Some(true) => "ok", Some(false) => "missing", None => "not known" },
        "time_zones": time_zones(&context),
        "jobs": { "status": if queue.is_some() { "ok" } else { "not readable" }, "waiting": waiting, "given_up": given_up },
        // A provider's bad day is no reason to take this server out of service.
        "calendars": { "lagging": lagging.unwrap_or_default() },
    });
    (if fine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}

/// Which rules are in use. Old ones are no reason to take the server out of service either: elsewhere they are as old.
fn time_zones(context: &Context) -> Value {
    let zones = &context.zones;
    let stale = zones.is_stale(context.now());
    json!({
        "version": zones.version(),
        "source": match zones.source() { Source::CompiledIn => "compiled in", Source::Host(_) => "host" },
        "released": zones.released(),
        "stale": stale,
        "warning": stale.then_some("over six months old: update the host's tzdata, or Yaksok"),
    })
}
