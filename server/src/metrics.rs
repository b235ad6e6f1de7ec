//! Figures for Prometheus, on a listener of their own (`METRICS_ADDR`): it is for whoever runs the server, not for the
//! public. No figure has a label that comes from a person.

use crate::edge::StartError;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use booking::{Context, calendar, jobs};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

const SECONDS: &str = "yaksok_http_request_seconds";
/// From half a millisecond to ten seconds.
const BUCKETS: [f64; 13] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Counts from here on, and answers `GET /metrics` at `address`.
pub(crate) async fn serve(address: SocketAddr, context: Context) -> Result<(), StartError> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(SECONDS.into()), &BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| StartError::Other(format!("metrics cannot be counted: {error}")))?;
    describe();
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| StartError::File(format!("listening for metrics on {address}"), error))?;
    tracing::info!(%address, "metrics are served");
    tokio::spawn(upkeep(recorder.clone()));
    let router = Router::new().route("/metrics", get(show)).with_state((recorder, context));
    tokio::spawn(axum::serve(listener, router).into_future());
    Ok(())
}

fn describe() {
    describe_counter!("yaksok_http_requests_total", "Requests answered, by route, method and status.");
    describe_histogram!(SECONDS, "How long answers took, by route; slots are /api/v1/mentors/{handle}/slots.");
    describe_counter!("yaksok_jobs_total", "Jobs that ran, by kind and result: done, failed, postponed, given_up.");
    describe_gauge!("yaksok_jobs_waiting", "Jobs that wait, those of the future included.");
    describe_gauge!("yaksok_jobs_given_up", "Jobs that were given up: dead letters.");
    describe_gauge!("yaksok_jobs_oldest_seconds", "For how long the oldest job has been due.");
    describe_gauge!(
        "yaksok_mail_failing",
        "1 while mail waits for the operator, by this server's last attempt; else 0."
    );
    describe_counter!(
        "yaksok_mail_refused_total",
        "Messages that were not sent, by cause: temporary, operator, final."
    );
    describe_gauge!("yaksok_calendars_lagging", "Connected calendars that should have been looked at, and were not.");
    describe_gauge!("yaksok_database_connections", "Connections to the database, by state: used, idle.");
    describe_gauge!("yaksok_database_up", "Whether the database answers: 1 or 0.");
}

async fn upkeep(recorder: PrometheusHandle) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        recorder.run_upkeep();
    }
}

async fn show(State((recorder, context)): State<(PrometheusHandle, Context)>) -> Response {
    let (used, idle) = context.store.connections();
    gauge!("yaksok_database_connections", "state" => "used").set(used);
    gauge!("yaksok_database_connections", "state" => "idle").set(idle);
    gauge!("yaksok_mail_failing").set(if context.mailer.failing().is_some() { 1 } else { 0 });
    let queue = jobs::queue(&context).await;
    gauge!("yaksok_database_up").set(if queue.is_ok() { 1 } else { 0 });
    if let Ok(queue) = queue {
        gauge!("yaksok_jobs_waiting").set(queue.waiting as f64);
        gauge!("yaksok_jobs_given_up").set(queue.given_up as f64);
        gauge!("yaksok_jobs_oldest_seconds").set(queue.oldest.as_seconds_f64());
    }
    if let Ok(lagging) = calendar::lagging(&context).await {
        gauge!("yaksok_calendars_lagging").set(lagging as f64);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder.render()).into_response()
}

/// Counts an answer and how long it took. Does nothing where metrics are not served.
pub(crate) async fn count(request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let matched = request.extensions().get::<MatchedPath>();
    // What no route knows is one: paths that somebody makes up would fill the memory.
    let route = matched.map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    counter!("yaksok_http_requests_total", "route" => route.clone(), "method" => method, "status" => status)
        .increment(1);
    histogram!(SECONDS, "route" => route).record(begin.elapsed().as_secs_f64());
    response
}
