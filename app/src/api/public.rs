//! What visitors read, and booking itself.

#![allow(missing_docs, reason = "`#[server]` makes structs whose fields are the documented arguments")]

use super::Page;
use crate::AppError;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json, PostUrl};
use scheduling::{OffsetTable, SessionType};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A mentor in the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentorCard {
    pub handle: String,
    pub name: String,
    pub headline: Option<String>,
    pub bio: Option<String>,
    pub photo_url: Option<String>,
    pub timezone: String,
    /// In the directory: minutes until the first start that is offered, when this was answered.
    #[serde(default)]
    pub free_in_minutes: Option<u32>,
}

/// A mentor's public page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentorPage {
    /// Who.
    pub mentor: MentorCard,
    /// The active ones, in the mentor's order.
    pub session_types: Vec<SessionType>,
}

/// The offered starts of one month, and the rules to write them down in both zones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// First day of the month that is shown, in `zone`.
    pub first_day: chrono::NaiveDate,
    /// The mentee's zone (the mentor's, where none was asked for, or an unknown one).
    pub zone: OffsetTable,
    /// The mentor's zone.
    pub mentor_zone: OffsetTable,
    /// When this was computed.
    pub now: DateTime<Utc>,
    /// Offered starts whose date in `zone` is in this month, ascending.
    pub starts: Vec<DateTime<Utc>>,
    /// The earliest offered start of all, wherever it is.
    pub next_free: Option<DateTime<Utc>>,
    /// No start is offered from this instant on (end of the horizon).
    pub horizon_end: DateTime<Utc>,
    /// Length of the session.
    pub duration_minutes: u16,
    /// The start that is held for this very browser: it is not offered, and yet not gone.
    #[serde(default)]
    pub held: Option<DateTime<Utc>>,
    /// What this browser has booked with the mentor, as far as it is not offered any more.
    #[serde(default)]
    pub booked: Vec<BookedHere>,
}

/// A booking that was made with this browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedHere {
    /// Its start.
    pub start: DateTime<Utc>,
    /// Path of the booking's own page.
    pub manage_path: String,
}

/// A booking that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booked {
    /// Path of the booking's own page.
    pub manage_path: String,
}

/// What the booking form holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookForm {
    pub mentor: String,
    pub session_type: String,
    pub start: DateTime<Utc>,
    pub name: String,
    pub email: String,
    pub timezone: String,
    pub notes: String,
    /// Made by the server for each form that it renders, so that however often it is sent, one booking comes of it.
    pub idempotency_key: String,
    /// The hold that keeps the start, where there is one.
    #[serde(default)]
    pub hold: Option<Uuid>,
}

/// A time that is kept for this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldView {
    /// Whoever shows it may book the time.
    pub id: Uuid,
    /// From then on the time is everybody's again.
    pub expires_at: DateTime<Utc>,
    /// When this was answered.
    pub now: DateTime<Utc>,
}

/// The directory, a page; `query` searches names, handles and headlines.
#[server(prefix = "/fn", endpoint = "mentors", input = GetUrl)]
pub async fn mentors(query: Option<String>, cursor: Option<String>) -> Result<Page<MentorCard>, AppError> {
    super::server::mentors(query, cursor).await
}

/// A mentor and what can be booked. [`AppError::NotFound`] where there is none.
#[server(prefix = "/fn", endpoint = "mentor", input = GetUrl)]
pub async fn mentor(handle: String) -> Result<MentorPage, AppError> {
    super::server::mentor(handle).await
}

/// The offered starts of a month (`YYYY-MM`; `None` or unreadable: the month of the next free start).
#[server(name = ReadMonth, prefix = "/fn", endpoint = "month", input = GetUrl)]
pub async fn month(
    handle: String,
    session_type: String,
    month: Option<String>,
    timezone: Option<String>,
) -> Result<Month, AppError> {
    super::server::month(handle, session_type, month, timezone).await
}

/// The offered starts nearest to `start`, at most six, ascending.
#[server(prefix = "/fn", endpoint = "nearest", input = GetUrl)]
pub async fn nearest(
    handle: String,
    session_type: String,
    start: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, AppError> {
    super::server::nearest(handle, session_type, start).await
}

/// Books. [`AppError::SlotUnavailable`] where the start is not offered (any more).
#[server(prefix = "/fn", endpoint = "book", input = Json)]
pub async fn book(form: BookForm) -> Result<Booked, AppError> {
    super::server::book(form).await
}

/// Keeps a start for a few minutes under the random `id`, in place of the hold `before`. [`AppError::SlotUnavailable`] where it is not offered
/// (any more).
#[server(name = TakeHold, prefix = "/fn", endpoint = "hold", input = Json)]
pub async fn hold(
    mentor: String,
    session_type: String,
    start: DateTime<Utc>,
    before: Option<Uuid>,
    id: Option<Uuid>,
) -> Result<HoldView, AppError> {
    super::server::hold(mentor, session_type, start, before, id).await
}

/// Gives a time back that was kept. By a form's encoding, which a page that is being left can still send.
#[server(name = ReleaseHold, prefix = "/fn", endpoint = "release_hold", input = PostUrl)]
pub async fn release_hold(mentor: String, id: Uuid) -> Result<(), AppError> {
    super::server::release_hold(mentor, id).await
}

/// Time zones that a field offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneChoices {
    /// The server's clock.
    pub now: DateTime<Utc>,
    /// The likeliest first; a dozen or two.
    pub choices: Vec<ZoneChoice>,
}

/// One of them, in the visitor's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneChoice {
    /// IANA name.
    pub zone: String,
    /// `Munich`
    pub place: String,
    /// A country, or what the zone is called; may be empty.
    pub detail: String,
    /// Seconds east of UTC now.
    pub offset: i32,
}

/// The zones that `typed` may mean: a city, a country, an offset, an abbreviation. Where nothing is typed, those that
/// `known` names, separated by commas, and usual ones.
#[server(prefix = "/fn", endpoint = "find_zones", input = GetUrl)]
pub async fn find_zones(typed: String, known: String) -> Result<ZoneChoices, AppError> {
    super::server::find_zones(&typed, &known).await
}

/// The rules of a zone from a month ago to 800 days ahead. [`AppError::Invalid`] for an unknown name.
#[server(prefix = "/fn", endpoint = "zone", input = GetUrl)]
pub async fn zone(name: String) -> Result<OffsetTable, AppError> {
    super::server::zone(name).await
}
