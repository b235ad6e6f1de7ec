//! The HTTP API, version 1: each handler authenticates, reads the request, calls one use case, writes the answer.

pub(crate) mod cors;
mod credential;
mod docs;
mod handlers;
mod input;
mod openapi;
mod rows;
mod schemas;
mod together;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

use crate::problem::Problem;
use axum::Router;
use axum::extract::Extension;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use booking::Context;
use credential::Doorkeeper;
use rows::{HEALTH, ROWS, Row};
use std::sync::Arc;

/// The rows of the API, its description, and a refusal for every other path below `/api/`.
pub(crate) fn routes(context: Context, platform: Option<[u8; 32]>) -> Router {
    of(ROWS)
        .route(scheduling::urls::API_DOCS, get(docs::page))
        .route(docs::STYLE, get(docs::style))
        .route("/api/{*rest}", any(async || Problem::not_found()))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This path does not take that method.")
        })
        .layer(Extension(Arc::<handlers::AskedSlots>::default()))
        .layer(from_fn_with_state(Doorkeeper { context: context.clone(), platform }, credential::know))
        .layer(from_fn(never_cached))
        .with_state(context)
}

/// What whoever runs the server asks.
pub(crate) fn health(context: Context) -> Router {
    of(HEALTH).layer(from_fn(never_cached)).with_state(context)
}

fn of(rows: &[Row]) -> Router<Context> {
    rows.iter().fold(Router::new(), |router, row| router.route(row.path, (row.handler)()))
}

async fn never_cached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
