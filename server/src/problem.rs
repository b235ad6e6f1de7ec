//! Errors of the HTTP API: RFC 9457 problem details.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use booking::Error;
use booking::calendar::ConnectError;
use scheduling::FieldError;
use serde::Serialize;

/// An error, as the API answers it.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{}#{code}", scheduling::urls::API_DOCS),
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Send a token that this row takes, in the header Authorization: Bearer.",
        )
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing here.")
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let detail =
            errors.first().map_or_else(|| "The request is not valid.".to_owned(), |error| error.message.clone());
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail) }
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "The database is away, too slow or full. Try again in a few seconds, a booking with the same \
                      Idempotency-Key.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    pub(crate) fn rate_limited(seconds: u64) -> Self {
        let detail = format!("Too many requests; try again in {seconds} s.");
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail) }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let conflict = |code, detail: &str| Self::new(StatusCode::CONFLICT, code, detail);
        match error {
            Error::NotFound | Error::SignupsClosed => Self::not_found(),
            Error::WrongCredentials => Self::unauthenticated(),
            Error::SlotUnavailable => {
                conflict("slot_unavailable", "That start is taken, or was never offered. Read the slots again.")
            }
            Error::HoldExpired => conflict(
                "hold_expired",
                "The hold is expired, spent, unknown, or for another start. Hold the start again, or book without a hold.",
            ),
            Error::TooManyHolds(wait) => Self::rate_limited(u64::try_from(wait.num_seconds()).unwrap_or_default() + 1),
            Error::AlreadyCancelled => conflict("already_cancelled", "The booking is cancelled already."),
            Error::NotPending => conflict("not_pending", "The booking does not wait for approval."),
            Error::TooLate => {
                conflict("too_late", "It is too late to change this booking; the mentor can still cancel it.")
            }
            Error::StillUpcoming => conflict("still_upcoming", "The booking is still to come. Cancel it first."),
            Error::Stale => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "precondition_failed",
                "Something else is saved than the header If-Match or If-None-Match says. Read it again.",
            ),
            Error::AccountClosed => Self::new(
                StatusCode::GONE,
                "account_closed",
                "The mentor has closed the account; this session is cancelled.",
            ),
            Error::HandleTaken => conflict("handle_taken", "That handle is taken. Choose another."),
            Error::IdempotencyKeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "This Idempotency-Key came with another body before. Use a new key for a new booking.",
            ),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Connect(error) => Self::invalid(vec![FieldError::new("url", "refused", connect_error(error))]),
            Error::Unavailable(what) => {
                tracing::warn!(error = what, "a request has to come again");
                Self::unavailable()
            }
            Error::Internal(what) => {
                tracing::error!(error = what, "a request failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "Something went wrong here. Try again, a booking with the same Idempotency-Key.",
                )
            }
        }
    }
}

/// What to do where a calendar was not connected.
fn connect_error(error: ConnectError) -> &'static str {
    match error {
        ConnectError::Denied | ConnectError::ScopeMissing => "Give every permission that is asked for.",
        ConnectError::Stale => "Begin again: the way back from the calendar is not known any more.",
        ConnectError::Unreachable => "The calendar does not answer. Try again in a few minutes.",
        ConnectError::Refused => "The calendar refused. Try again, or choose another account.",
        ConnectError::TooMany => "Disconnect a calendar first: there can be 20 connections at most.",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status, self.retry_after);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
