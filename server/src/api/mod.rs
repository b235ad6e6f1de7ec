//! The HTTP API, version 1: each handler authenticates, reads the request, calls one use case, writes the answer.

mod body;
mod credential;
mod handlers;
mod openapi;
mod wire;

use crate::problem::Problem;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::http::{HeaderValue, StatusCode, header};
use booking::Context;
use credential::Doorkeeper;

/// The rows of the API.
pub(crate) fn routes(context: Context, platform: Option<[u8; 32]>) -> Router {
    let rows = Router::new()
        .route("/mentors", get(handlers::mentors).post(handlers::create_mentor))
        .route("/mentors/{handle}", get(handlers::mentor))
        .route("/mentors/{handle}/login-links", post(handlers::create_login_link))
        .route("/mentors/{handle}/slots", get(handlers::slots))
        .route("/availability", get(handlers::availability).put(handlers::put_availability))
        .route("/session-types", get(handlers::session_types).put(handlers::put_session_type))
        .route("/session-types/{slug}", delete(handlers::delete_session_type))
        .route("/bookings", get(handlers::bookings).post(handlers::create_booking))
        .route("/bookings/{id}", get(handlers::booking))
        .route("/bookings/{id}/cancel", post(handlers::cancel))
        .route("/bookings/{id}/reschedule", post(handlers::reschedule))
        .route("/bookings/{id}/confirm", post(handlers::confirm))
        .route("/bookings/{id}/decline", post(handlers::decline))
        .route("/bookings/{id}/invite.ics", get(handlers::invite))
        .route("/openapi.json", get(openapi::document))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This path does not take that method.")
        })
        .layer(from_fn(never_cached));
    Router::new()
        .nest("/api/v1", rows)
        .route("/api/docs", get(openapi::page))
        .layer(from_fn_with_state(Doorkeeper { context: context.clone(), platform }, credential::know))
        .with_state(context)
}

async fn never_cached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response.into_response()
}
