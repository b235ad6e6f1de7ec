//! Cross-origin requests (<https://fetch.spec.whatwg.org/#http-cors-protocol>): what a page of another site may ask of the API.
//!
//! The rows that anybody or a booking's party may use are open to every origin. They know a caller by the `Authorization`
//! header, which no browser adds by itself, so no origin gains anything from a visitor's cookies: credentials are never
//! allowed. Rows of the platform and of mentors are not open: their keys do not belong into a page.

use super::rows::{ROWS, Row, Who};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What a page may send besides what every page may.
const ALLOWED: &str = "authorization, content-type, idempotency-key, if-match, if-none-match";
/// What a page may read besides what every page may.
const EXPOSED: &str = "etag, retry-after, www-authenticate, allow";
/// How long a browser may remember the answer to a preflight request, in seconds. Chromium forgets after two hours.
const REMEMBERED: &str = "86400";

/// Answers preflight requests, and marks the answers of open rows, refusals included. Outside of everything that refuses.
pub(crate) async fn answer(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    if let Some(preflight) = preflight(&request, &path) {
        return preflight;
    }
    let open = is_open(&path, request.method());
    let mut response = next.run(request).await;
    if open {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
    response
}

/// The answer to a preflight request for an open row.
fn preflight(request: &Request, path: &str) -> Option<Response> {
    if request.method() != Method::OPTIONS || !request.headers().contains_key(header::ORIGIN) {
        return None;
    }
    let wanted = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    if !is_open(path, &Method::from_bytes(wanted.as_bytes()).ok()?) {
        return None;
    }
    let methods: Vec<String> = open_rows(path).map(|row| row.method.to_uppercase()).collect();
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_str(&methods.join(", ")).ok()?);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(REMEMBERED));
    Some(response)
}

fn open_rows(path: &str) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.path == path && matches!(row.who, Who::All | Who::Party))
}

fn is_open(path: &str, method: &Method) -> bool {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    open_rows(path).any(|row| row.method.eq_ignore_ascii_case(method))
}
