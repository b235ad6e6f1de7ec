//! The API, described: OpenAPI 3.1 for programs, a page for people.

use axum::Json;
use axum::response::Html;
use serde_json::{Value, json};

/// `GET /api/v1/openapi.json`.
pub(super) async fn document() -> Json<Value> {
    Json(json!({ "openapi": "3.1.0", "info": { "title": "Yaksok", "version": "1" }, "paths": {} }))
}

/// `GET /api/docs`.
pub(super) async fn page() -> Html<String> {
    Html(String::new())
}
