//! Whether the server is alive, and fit to take bookings.

use crate::proxies::Proxies;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
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
pub(crate) async fn ready(
    State(context): State<Context>,
    Extension(proxies): Extension<Proxies>,
) -> (StatusCode, Json<Value>) {
    let (migrated, writable, queue, lagging) = tokio::join!(
        timeout(LONGEST, context.store.is_migrated()),
        timeout(LONGEST, context.store.is_writable()),
        timeout(LONGEST, jobs::state(&context)),
        timeout(LONGEST, calendar::lagging(&context)),
    );
    let migrated = migrated.ok().and_then(Result::ok);
    let writable = writable.ok().and_then(Result::ok);
    let queue = queue.ok().and_then(Result::ok);
    let lagging = lagging.ok().and_then(Result::ok);
    let mail = context.mailer.failing();
    let findings = proxies.findings();
    let (waiting, given_up) = queue.unwrap_or_default();
    let fine = migrated == Some(true) && writable == Some(true) && queue.is_some();
    let body = json!({
        "status": if fine { "ready" } else { "not ready" },
        // A standby, and a primary that was demoted: it answers, and takes no booking.
        "database": match writable { Some(true) => "ok", Some(false) => "read only", None => "not reachable" },
        "migrations": match migrated { Some(true) => "ok", Some(false) => "missing", None => "not known" },
        "time_zones": time_zones(&context),
        "jobs": { "status": if queue.is_some() { "ok" } else { "not readable" }, "waiting": waiting, "given_up": given_up },
        // Bookings are kept, and their mail is sent when the operator has acted: no reason to stop taking them.
        "mail": { "status": if mail.is_some() { "failing" } else { "ok" }, "reason": mail },
        // A provider's bad day is no reason to take this server out of service.
        "calendars": { "lagging": lagging.unwrap_or_default() },
        // Bookings can be taken all the same.
        "proxy": { "status": if findings.is_empty() { "ok" } else { "check" }, "findings": findings },
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
