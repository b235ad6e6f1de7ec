//! One function for each row of the API.

use super::body::Body;
use super::credential::Credential;
use super::wire;
use crate::forms::calendar_file;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use booking::accounts::{self, NewAccount};
use booking::bookings::{self, Idempotency, List, Request};
use booking::secrets::sha256;
use booking::{Context, listing, schedule};
use scheduling::{Availability, BookingId, FieldError, Language, SessionType, Status};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Answer = Result<Json<Value>, Problem>;
type Asked = Query<BTreeMap<String, String>>;

fn created(value: Value) -> Response {
    (StatusCode::CREATED, Json(value)).into_response()
}

fn booking_id(text: &str) -> Result<BookingId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Language::negotiate(accepted.unwrap_or_default())
}

pub(super) async fn mentors(State(context): State<Context>, Query(asked): Asked) -> Answer {
    let query = asked.get("query").map(String::as_str).unwrap_or_default();
    let (mentors, next) = listing::mentors(&context, query, asked.get("cursor").map(String::as_str)).await?;
    Ok(Json(wire::page(mentors.iter().map(wire::mentor).collect(), next)))
}

pub(super) async fn create_mentor(
    State(context): State<Context>,
    credential: Credential,
    headers: HeaderMap,
    body: Result<Body, Problem>,
) -> Result<Response, Problem> {
    credential.platform()?;
    let mut fields = body?.fields();
    let new = NewAccount {
        handle: fields.text("handle"),
        name: fields.text("name"),
        email: fields.text("email"),
        timezone: fields.text("timezone"),
        headline: fields.optional_text("headline"),
        bio: fields.optional_text("bio"),
        photo_url: fields.optional_text("photo_url"),
        language: language(&headers),
    };
    fields.finish()?;
    let (account, key) = accounts::create(&context, &new).await?;
    let mut answer = wire::account(&account);
    answer["api_key"] = json!(key.reveal());
    Ok(created(answer))
}

pub(super) async fn mentor(State(context): State<Context>, Path(handle): Path<String>) -> Answer {
    let (mentor, session_types) = listing::mentor(&context, &handle).await?;
    let mut answer = wire::mentor(&mentor);
    answer["session_types"] = json!(session_types);
    Ok(Json(answer))
}

pub(super) async fn create_login_link(
    State(context): State<Context>,
    credential: Credential,
    Path(handle): Path<String>,
) -> Result<Response, Problem> {
    credential.platform()?;
    let (url, expires_at) = accounts::login_link(&context, &handle).await?;
    Ok(created(json!({ "url": url, "expires_at": wire::utc(expires_at) })))
}

pub(super) async fn slots(State(context): State<Context>, Path(handle): Path<String>, Query(asked): Asked) -> Answer {
    let mut errors = Vec::new();
    let session_type = asked.get("session_type").cloned().unwrap_or_else(|| {
        errors.push(FieldError::new("session_type", "required", "Say which session type, by its slug."));
        String::new()
    });
    let mut date = |field: &str| match asked.get(field).map(|text| wire::date(text)) {
        Some(Some(date)) => date,
        Some(None) => {
            errors.push(FieldError::new(field, "invalid", "Send a date YYYY-MM-DD."));
            chrono::NaiveDate::MIN
        }
        None => {
            errors.push(FieldError::new(field, "required", "Send a date YYYY-MM-DD."));
            chrono::NaiveDate::MIN
        }
    };
    let (from, to) = (date("from"), date("to"));
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let timezone = asked.get("timezone").map(String::as_str);
    let slots = listing::slots(&context, &handle, &session_type, from, to, timezone).await?;
    Ok(Json(wire::slots(&slots)))
}

pub(super) async fn availability(State(context): State<Context>, credential: Credential) -> Answer {
    let availability = schedule::availability(&context, credential.mentor()?).await?;
    Ok(Json(json!(availability)))
}

pub(super) async fn put_availability(
    State(context): State<Context>,
    credential: Credential,
    body: Result<Body, Problem>,
) -> Answer {
    let mentor = credential.mentor()?;
    let availability: Availability = body?.read()?;
    let saved = schedule::save_availability(&context, mentor, availability, None).await?;
    Ok(Json(json!(saved)))
}

pub(super) async fn session_types(State(context): State<Context>, credential: Credential) -> Answer {
    let types = schedule::session_types(&context, credential.mentor()?).await?;
    Ok(Json(json!(types)))
}

pub(super) async fn put_session_type(
    State(context): State<Context>,
    credential: Credential,
    body: Result<Body, Problem>,
) -> Answer {
    let mentor = credential.mentor()?;
    let session_type: SessionType = body?.read()?;
    Ok(Json(json!(schedule::put_session_type(&context, mentor, session_type).await?)))
}

pub(super) async fn delete_session_type(
    State(context): State<Context>,
    credential: Credential,
    Path(slug): Path<String>,
) -> Result<StatusCode, Problem> {
    schedule::delete_session_type(&context, credential.mentor()?, &slug).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn create_booking(
    State(context): State<Context>,
    headers: HeaderMap,
    body: Result<Body, Problem>,
) -> Result<Response, Problem> {
    let body = body?;
    // serde_json's map is sorted, so the same JSON has one form whatever the order of its members.
    let request_hash = sha256(json!(body.0).to_string().as_bytes());
    let idempotency = match headers.get("idempotency-key").map(|value| value.to_str()) {
        None => None,
        Some(Ok(key)) => Some(Idempotency { key: key.to_owned(), request_hash }),
        Some(Err(_)) => {
            let error = FieldError::new("Idempotency-Key", "invalid", "Send an Idempotency-Key of visible ASCII characters.");
            return Err(Problem::invalid(vec![error]));
        }
    };
    let mut fields = body.fields();
    let request = Request {
        mentor: fields.text("mentor"),
        session_type: fields.text("session_type"),
        start: fields.instant("start"),
        name: fields.text("name"),
        email: fields.text("email"),
        timezone: fields.text("timezone"),
        notes: fields.optional_text("notes"),
        language: language(&headers),
        idempotency,
    };
    fields.finish()?;
    let (made, token) = bookings::book(&context, request).await?;
    let url = context.link(&bookings::manage_path(&token));
    Ok(created(wire::made(&made, url, token.reveal())))
}

pub(super) async fn bookings(State(context): State<Context>, credential: Credential, Query(asked): Asked) -> Answer {
    let mentor = credential.mentor()?;
    let mut errors = Vec::new();
    let mut instant = |field: &str| {
        let text = asked.get(field)?;
        let at = wire::instant(text);
        if at.is_none() {
            errors.push(FieldError::new(field, "invalid", "Send an instant of RFC 3339, such as 2026-12-01T09:00:00Z."));
        }
        at
    };
    let (from, to) = (instant("from"), instant("to"));
    let statuses = match asked.get("status").map(|word| Status::from_word(word)) {
        None => Vec::new(),
        Some(Some(status)) => vec![status],
        Some(None) => {
            errors.push(FieldError::new("status", "invalid", "Send pending, confirmed, declined or cancelled."));
            Vec::new()
        }
    };
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let list = List { from, to, statuses, cursor: asked.get("cursor").cloned(), ..List::default() };
    let (items, next) = bookings::list(&context, mentor, list).await?;
    Ok(Json(wire::page(items.iter().map(wire::booking).collect(), next)))
}

/// The right to the booking of a path. A manage token opens its own booking only.
async fn own(context: &Context, credential: &Credential, id: &str) -> Result<(bookings::Key, bookings::Booked), Problem> {
    // Who asks is settled before what exists.
    let key = credential.booking(BookingId(uuid::Uuid::nil()))?;
    let id = booking_id(id)?;
    let key = match key {
        bookings::Key::Mentor(mentor, _) => bookings::Key::Mentor(mentor, id),
        token => token,
    };
    let booked = bookings::get(context, &key).await?;
    if booked.booking.id == id { Ok((key, booked)) } else { Err(Problem::not_found()) }
}

pub(super) async fn booking(State(context): State<Context>, credential: Credential, Path(id): Path<String>) -> Answer {
    let (_, booked) = own(&context, &credential, &id).await?;
    Ok(Json(wire::booking(&booked)))
}

pub(super) async fn cancel(
    State(context): State<Context>,
    credential: Credential,
    Path(id): Path<String>,
    body: Result<Body, Problem>,
) -> Answer {
    let (key, _) = own(&context, &credential, &id).await?;
    let mut fields = body?.fields();
    let reason = fields.optional_text("reason");
    fields.finish()?;
    Ok(Json(wire::booking(&bookings::cancel(&context, &key, reason).await?)))
}

pub(super) async fn reschedule(
    State(context): State<Context>,
    credential: Credential,
    Path(id): Path<String>,
    body: Result<Body, Problem>,
) -> Answer {
    let (key, _) = own(&context, &credential, &id).await?;
    let mut fields = body?.fields();
    let start = fields.instant("start");
    fields.finish()?;
    Ok(Json(wire::booking(&bookings::reschedule(&context, &key, start).await?)))
}

pub(super) async fn confirm(State(context): State<Context>, credential: Credential, Path(id): Path<String>) -> Answer {
    let mentor = credential.mentor()?;
    Ok(Json(wire::booking(&bookings::confirm(&context, mentor, booking_id(&id)?).await?)))
}

pub(super) async fn decline(
    State(context): State<Context>,
    credential: Credential,
    Path(id): Path<String>,
    body: Result<Body, Problem>,
) -> Answer {
    let mentor = credential.mentor()?;
    let mut fields = body?.fields();
    let reason = fields.optional_text("reason");
    fields.finish()?;
    Ok(Json(wire::booking(&bookings::decline(&context, mentor, booking_id(&id)?, reason).await?)))
}

pub(super) async fn invite(
    State(context): State<Context>,
    credential: Credential,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (key, _) = own(&context, &credential, &id).await?;
    Ok(calendar_file(bookings::invite(&context, &key).await?))
}
