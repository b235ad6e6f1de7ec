//! One function for each row of the API.

use super::credential::Credential;
use super::input::{Body, Fields, Name, Query};
use super::together::Together;
use super::wire;
use crate::forms::calendar_file;
use crate::limits::Client;
use crate::problem::Problem;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use booking::accounts::{self, NewAccount};
use booking::activity::Author;
use booking::bookings::{self, Idempotency, Limits, List, Receipt, Request};
use booking::listing::Search;
use booking::recent::Recent;
use booking::schedule::Changes;
use booking::secrets::{Secret, sha256};
use booking::version::Expected;
use booking::{Context, Error, calendar, holds, listing, schedule, version};
use chrono::NaiveDate;
use scheduling::{Availability, BookingId, Language, RegionalFormat, SessionType, Status, rules};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Answer = Result<Json<Value>, Problem>;

fn created(value: Value) -> Response {
    (StatusCode::CREATED, Json(value)).into_response()
}

fn booking_id(text: &str) -> Result<BookingId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

fn accepted_languages(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok())
}

fn language(headers: &HeaderMap) -> Language {
    Language::negotiate(accepted_languages(headers).unwrap_or_default())
}

pub(super) async fn mentors(State(context): State<Context>, Query(mut asked): Query) -> Answer {
    let query = asked.optional_text("query").unwrap_or_default();
    let cursor = asked.cursor();
    if cursor.as_deref().is_some_and(|cursor| rules::check_handle("cursor", cursor).is_some()) {
        asked.wrong("cursor", "invalid", "Use next_cursor of the page before.");
    }
    let limit = asked.optional_count("limit", listing::MOST_MENTORS);
    let free = match (asked.optional_instant("free_from"), asked.optional_instant("free_to")) {
        (None, None) => None,
        (Some(from), Some(to)) if from < to => Some(from..to),
        _ => {
            asked.wrong("free_to", "out_of_range", "Send both ends of the span, the end after the beginning.");
            None
        }
    };
    asked.finish()?;
    let usual = Search::default();
    let search = Search { query, cursor, free, limit: limit.unwrap_or(usual.limit) };
    let (mentors, next) = listing::mentors(&context, &search).await?;
    Ok(Json(wire::page(mentors.iter().map(wire::listed).collect(), next)))
}

pub(super) async fn create_mentor(
    State(context): State<Context>,
    credential: Credential,
    headers: HeaderMap,
    body: Result<Body, Problem>,
) -> Result<Response, Problem> {
    credential.platform()?;
    let mut fields = body?.required()?;
    let new = NewAccount {
        handle: fields.text("handle"),
        name: fields.text("name"),
        email: fields.text("email"),
        timezone: fields.text("timezone"),
        headline: fields.optional_text("headline"),
        bio: fields.optional_text("bio"),
        photo_url: fields.optional_text("photo_url"),
        language: language(&headers),
        format: accepted_languages(&headers).and_then(RegionalFormat::preferred),
    };
    fields.finish()?;
    let (account, key) = accounts::create(&context, &new).await?;
    let mut answer = wire::account(&account);
    answer["api_key"] = json!(key.reveal());
    Ok(created(answer))
}

pub(super) async fn mentor(State(context): State<Context>, Name(handle): Name) -> Answer {
    let (mentor, session_types) = listing::mentor(&context, &handle).await?;
    let mut answer = wire::mentor(&mentor);
    answer["session_types"] = json!(session_types);
    Ok(Json(answer))
}

pub(super) async fn create_login_link(
    State(context): State<Context>,
    credential: Credential,
    Name(handle): Name,
    body: Result<Body, Problem>,
) -> Result<Response, Problem> {
    credential.platform()?;
    body?.optional()?;
    let (url, expires_at) = accounts::login_link(&context, &handle).await?;
    Ok(created(json!({ "url": url, "expires_at": wire::utc(expires_at) })))
}

/// Mentor, session type, first and last day, time zone.
type SlotsQuestion = (String, String, NaiveDate, NaiveDate, Option<String>);

/// Everybody looks at a popular mentor's slots at the same time.
pub(super) struct AskedSlots {
    together: Together<SlotsQuestion, Tagged>,
    recent: Recent<SlotsQuestion, Tagged>,
}

impl AskedSlots {
    async fn ask(&self, context: &Context, question: SlotsQuestion) -> Result<Tagged, Problem> {
        let read = |question: &SlotsQuestion| read_slots(context.clone(), question.clone());
        self.recent.ask(context, question, async |question| self.together.ask(question, || read(question)).await).await
    }
}

impl Default for AskedSlots {
    /// At most four megabytes are kept.
    fn default() -> Self {
        Self { together: Together::default(), recent: Recent::new(64, |answer| answer.body.len() <= 64 * 1024) }
    }
}

/// [`RECENT`](booking::recent::RECENT), for whoever keeps answers between us and a client, or is one.
const KEPT: &str = "public, max-age=1, must-revalidate";

/// An answer as bytes, and a strong entity tag that is made from them.
#[derive(Clone)]
pub(super) struct Tagged {
    body: Bytes,
    tag: HeaderValue,
}

impl Tagged {
    fn new(answer: &impl Serialize) -> Result<Self, Problem> {
        let unwritten = |error: &dyn std::error::Error| Error::Internal(error.to_string());
        let body = serde_json::to_vec(answer).map_err(|error| unwritten(&error))?;
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&sha256(&body)[..16]));
        let tag = HeaderValue::from_str(&tag).map_err(|error| unwritten(&error))?;
        Ok(Self { body: body.into(), tag })
    }

    /// The answer, or 304 to whoever has it already. It may be kept for as long as we do, and then asked for again: somebody
    /// may have booked.
    fn to(&self, headers: &HeaderMap) -> Response {
        let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut known = known.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
        let same = known.any(|tag| tag == "*" || tag.as_bytes() == self.tag.as_bytes());
        let kept = [(header::ETAG, self.tag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static(KEPT))];
        if same {
            return (StatusCode::NOT_MODIFIED, kept).into_response();
        }
        (kept, [(header::CONTENT_TYPE, "application/json")], self.body.clone()).into_response()
    }
}

pub(super) async fn slots(
    State(context): State<Context>,
    Extension(asked_slots): Extension<Arc<AskedSlots>>,
    Name(handle): Name,
    headers: HeaderMap,
    Query(mut asked): Query,
) -> Result<Response, Problem> {
    let session_type = asked.text("session_type");
    let (from, to) = (asked.date("from"), asked.date("to"));
    let timezone = asked.optional_text("timezone");
    asked.finish()?;
    Ok(asked_slots.ask(&context, (handle, session_type, from, to, timezone)).await?.to(&headers))
}

async fn read_slots(context: Context, question: SlotsQuestion) -> Result<Tagged, Problem> {
    let (handle, session_type, from, to, timezone) = question;
    let slots = listing::slots(&context, &handle, &session_type, from, to, timezone.as_deref()).await?;
    Tagged::new(&wire::slots(&slots))
}

/// What a change expects to be saved (RFC 9110, sections 13.1.1 and 13.1.2). Without the headers: anything.
fn expected(headers: &HeaderMap) -> Expected {
    let tags = |name: header::HeaderName| -> Option<Vec<String>> {
        let sent: Vec<_> = headers.get_all(name).iter().collect();
        let listed = sent.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        (!sent.is_empty()).then(|| listed.map(|tag| tag.trim().to_owned()).collect())
    };
    // A weak tag is the tag of no version; one that cannot be read neither.
    let strong = |tag: &String| tag.strip_prefix('"')?.strip_suffix('"').map(str::to_owned);
    match (tags(header::IF_MATCH), tags(header::IF_NONE_MATCH)) {
        (Some(tags), _) if tags.iter().any(|tag| tag == "*") => Expected::Something,
        (Some(tags), _) => Expected::OneOf(tags.iter().filter_map(strong).collect()),
        (None, Some(tags)) if tags.iter().any(|tag| tag == "*") => Expected::Nothing,
        (None, _) => Expected::Anything,
    }
}

/// An answer with the strong entity tag of its version, which [`expected`] takes.
fn versioned(version: &str, answer: Value) -> Result<Response, Problem> {
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(([(header::ETAG, tag)], Json(answer)).into_response())
}

pub(super) async fn availability(State(context): State<Context>, credential: Credential) -> Result<Response, Problem> {
    let availability = schedule::availability(&context, credential.mentor()?.mentor).await?;
    versioned(&version::of(&availability)?, json!(availability))
}

pub(super) async fn put_availability(
    State(context): State<Context>,
    credential: Credential,
    headers: HeaderMap,
    body: Result<Body, Problem>,
) -> Result<Response, Problem> {
    let author = credential.mentor()?;
    let mut fields = body?.required()?;
    fields.dates_of("overrides", &["date"]);
    fields.dates_of("blocked", &["starts_on", "ends_on"]);
    let availability: Availability = fields.read_whole(&[])?;
    let hours = Some((availability, expected(&headers)));
    let saved = schedule::save(&context, author, Changes { hours, times: Vec::new() }).await?;
    versioned(&saved.version, json!(saved.availability))
}

pub(super) async fn session_types(State(context): State<Context>, credential: Credential) -> Answer {
    let types = schedule::session_types(&context, credential.mentor()?.mentor).await?;
    Ok(Json(json!(types)))
}

pub(super) async fn session_type(
    State(context): State<Context>,
    credential: Credential,
    Name(slug): Name,
) -> Result<Response, Problem> {
    let session_type = schedule::session_type(&context, credential.mentor()?.mentor, &slug).await?;
    versioned(&version::of(&session_type)?, json!(session_type))
}

pub(super) async fn put_session_type(
    State(context): State<Context>,
    credential: Credential,
    Name(slug): Name,
    headers: HeaderMap,
    body: Result<Body, Problem>,
) -> Result<Response, Problem> {
    let author = credential.mentor()?;
    // The slug is that of the path, whatever the body says.
    let session_type = SessionType { slug, ..body?.required()?.read_whole(&["slug"])? };
    save_session_type(&context, author, session_type, &headers).await
}

/// The same, with the slug in the body.
pub(super) async fn put_session_type_by_slug(
    State(context): State<Context>,
    credential: Credential,
    headers: HeaderMap,
    body: Result<Body, Problem>,
) -> Result<Response, Problem> {
    let author = credential.mentor()?;
    save_session_type(&context, author, body?.required()?.read_whole(&[])?, &headers).await
}

async fn save_session_type(
    context: &Context,
    author: Author,
    session_type: SessionType,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    // Asked before: what fails after a commit must not turn it into an error.
    let provider = schedule::receiving_provider(context, author.mentor).await?;
    let saved = schedule::put_expected_session_type(context, author, session_type, &expected(headers)).await?;
    let mut answer = json!(saved);
    answer["warnings"] = wire::warnings(&saved, provider.as_deref());
    versioned(&version::of(&saved)?, answer)
}

pub(super) async fn delete_session_type(
    State(context): State<Context>,
    credential: Credential,
    Name(slug): Name,
) -> Result<StatusCode, Problem> {
    schedule::delete_session_type(&context, credential.mentor()?, &slug).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The key that was sent, with what it was sent for.
fn idempotency(headers: &HeaderMap, fields: &mut Fields) -> Option<Idempotency> {
    let mut sent = headers.get_all("idempotency-key").iter();
    let key = sent.next()?.to_str().ok().filter(|_| sent.next().is_none());
    if key.is_none() {
        fields.wrong("Idempotency-Key", "invalid", "Send one Idempotency-Key, of visible ASCII characters.");
    }
    Some(Idempotency { key: key?.to_owned(), request_hash: fields.hash() })
}

pub(super) async fn create_hold(
    State(context): State<Context>,
    Client(client): Client,
    body: Result<Body, Problem>,
) -> Result<Response, Problem> {
    let mut fields = body?.required()?;
    let (mentor, session_type) = (fields.text("mentor"), fields.text("session_type"));
    let start = fields.instant("start");
    fields.finish()?;
    let hold = holds::hold(&context, &client, &mentor, &session_type, start).await?;
    Ok(created(json!({ "id": hold.id, "expires_at": wire::utc(hold.expires_at) })))
}

pub(super) async fn create_booking(
    State(context): State<Context>,
    credential: Credential,
    headers: HeaderMap,
    body: Result<Body, Problem>,
) -> Result<Response, Problem> {
    let mut fields = body?.required()?;
    let outside_hours = fields.optional_flag("outside_hours");
    // What is no id is the id of no hold.
    let hold = fields.optional_text("hold");
    let clock = fields.optional_clock("clock");
    let request = Request {
        idempotency: idempotency(&headers, &mut fields),
        mentor: fields.text("mentor"),
        session_type: fields.text("session_type"),
        start: fields.instant("start"),
        name: fields.text("name"),
        email: fields.text("email"),
        timezone: fields.text("timezone"),
        notes: fields.optional_text("notes"),
        language: language(&headers),
        clock: clock
            .unwrap_or_else(|| RegionalFormat::negotiate(accepted_languages(&headers).unwrap_or_default()).clock),
        hold: hold.map(|id| id.parse().unwrap_or_default()),
    };
    fields.finish()?;
    // Only the mentor may choose a time that is not offered.
    let host = if outside_hours { Some(credential.mentor()?) } else { None };
    let Receipt { made, token, booked } = bookings::book_with_receipt(&context, request, host).await?;
    let url = context.link(&bookings::manage_path(&token));
    Ok(created(wire::made(&made, &booked, url, token.reveal())))
}

pub(super) async fn bookings(
    State(context): State<Context>,
    credential: Credential,
    Query(mut asked): Query,
) -> Answer {
    let mentor = credential.mentor()?.mentor;
    let (from, to) = (asked.optional_instant("from"), asked.optional_instant("to"));
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        asked.wrong("to", "out_of_range", "Choose an end that is not before the beginning.");
    }
    let status = asked.optional_text("status");
    let statuses: Vec<Status> = status.as_deref().and_then(Status::from_word).into_iter().collect();
    if status.is_some() && statuses.is_empty() {
        asked.wrong("status", "invalid", "Send pending, confirmed, declined or cancelled.");
    }
    let cursor = asked.cursor();
    asked.finish()?;
    let list = List { from, to, statuses, cursor, ..List::default() };
    let (items, next) = bookings::list(&context, mentor, list).await?;
    Ok(Json(wire::page(items.iter().map(wire::booking).collect(), next)))
}

/// The right to the booking of a path. A manage token opens its own booking only.
async fn own(
    context: &Context,
    credential: &Credential,
    id: &str,
) -> Result<(bookings::Key, bookings::Booked), Problem> {
    let key = credential.booking(id)?;
    let booked = bookings::get(context, &key).await?;
    if booked.booking.id == booking_id(id)? { Ok((key, booked)) } else { Err(Problem::not_found()) }
}

pub(super) async fn booking(State(context): State<Context>, credential: Credential, Name(id): Name) -> Answer {
    let (_, booked) = own(&context, &credential, &id).await?;
    Ok(Json(wire::booking(&booked)))
}

pub(super) async fn cancel(
    State(context): State<Context>,
    credential: Credential,
    Name(id): Name,
    body: Result<Body, Problem>,
) -> Answer {
    let (key, _) = own(&context, &credential, &id).await?;
    let mut fields = body?.optional()?;
    let reason = fields.optional_text("reason");
    fields.finish()?;
    Ok(Json(wire::booking(&bookings::cancel(&context, &key, reason).await?)))
}

pub(super) async fn reschedule(
    State(context): State<Context>,
    credential: Credential,
    Name(id): Name,
    body: Result<Body, Problem>,
) -> Answer {
    let (key, _) = own(&context, &credential, &id).await?;
    let mut fields = body?.required()?;
    let start = fields.instant("start");
    let limits = if fields.optional_flag("outside_hours") { Limits::OutsideHours } else { Limits::Listed };
    fields.finish()?;
    Ok(Json(wire::booking(&bookings::reschedule_within(&context, &key, start, limits).await?)))
}

pub(super) async fn confirm(
    State(context): State<Context>,
    credential: Credential,
    Name(id): Name,
    body: Result<Body, Problem>,
) -> Answer {
    let author = credential.mentor()?;
    body?.optional()?;
    Ok(Json(wire::booking(&bookings::confirm(&context, author, booking_id(&id)?).await?)))
}

pub(super) async fn decline(
    State(context): State<Context>,
    credential: Credential,
    Name(id): Name,
    body: Result<Body, Problem>,
) -> Answer {
    let author = credential.mentor()?;
    let mut fields = body?.optional()?;
    let reason = fields.optional_text("reason");
    fields.finish()?;
    Ok(Json(wire::booking(&bookings::decline(&context, author, booking_id(&id)?, reason).await?)))
}

pub(super) async fn calendars(State(context): State<Context>, credential: Credential) -> Answer {
    let connections = calendar::list(&context, credential.mentor()?.mentor).await?;
    Ok(Json(connections.iter().map(wire::connection).collect()))
}

pub(super) async fn connect_caldav(
    State(context): State<Context>,
    credential: Credential,
    body: Result<Body, Problem>,
) -> Result<Response, Problem> {
    let author = credential.mentor()?;
    let mut fields = body?.required()?;
    let (url, username) = (fields.text("url"), fields.text("username"));
    let password = Secret::new(fields.text("password"));
    fields.finish()?;
    let connection = calendar::connect_caldav(&context, author, &url, &username, password).await?;
    Ok(created(wire::connection(&connection)))
}

pub(super) async fn disconnect(
    State(context): State<Context>,
    credential: Credential,
    Name(id): Name,
) -> Result<StatusCode, Problem> {
    let author = credential.mentor()?;
    calendar::disconnect(&context, author, id.parse().map_err(|_| Problem::not_found())?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn invite(
    State(context): State<Context>,
    credential: Credential,
    Name(id): Name,
) -> Result<Response, Problem> {
    let (key, _) = own(&context, &credential, &id).await?;
    Ok(calendar_file(bookings::invite(&context, &key).await?))
}
