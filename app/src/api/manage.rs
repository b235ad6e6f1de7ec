//! The booking's own page: whoever holds the manage token is the mentee.

#![allow(missing_docs, reason = "`#[server]` makes structs whose fields are the documented arguments")]

use super::public::Month;
use crate::AppError;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use scheduling::{BookingId, Location, OffsetTable};
use serde::{Deserialize, Serialize};

pub use scheduling::Status;

/// A booking, as either side sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingView {
    pub id: BookingId,
    pub status: Status,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub mentee_name: String,
    pub mentee_email: String,
    pub mentee_zone: OffsetTable,
    pub mentor_handle: String,
    pub mentor_name: String,
    pub mentor_zone: OffsetTable,
    /// For the mentee: the zone of the browser, where it is known.
    #[serde(default)]
    pub here: Option<OffsetTable>,
    pub session_slug: String,
    pub session_name: String,
    pub duration_minutes: u16,
    pub notes: Option<String>,
    pub location: Option<Location>,
    /// `mentee`, `mentor`, `calendar` or `expiry`.
    pub cancelled_by: Option<String>,
    pub reason: Option<String>,
    /// The mentee may still cancel and move it; after this instant no more.
    pub change_until: DateTime<Utc>,
    /// Whether the one who asks may cancel it now.
    pub can_cancel: bool,
    /// Whether the one who asks may move it now.
    pub can_move: bool,
    pub cancel_notice_minutes: u32,
    /// Whether the mentee's details were erased. A placeholder stands in for the name, in the page's language.
    pub erased: bool,
    /// How often it was changed; 0 when new.
    pub sequence: i32,
    pub now: DateTime<Utc>,
}

/// Which booking, and by which right.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BookingKey {
    /// The mentee's link.
    Token(String),
    /// The mentor who is logged in.
    Own(BookingId),
}

/// The booking as it is now. [`AppError::NotFound`] for an unknown token.
#[server(prefix = "/fn", endpoint = "booking", input = Json)]
pub async fn booking(key: BookingKey) -> Result<BookingView, AppError> {
    super::server::booking(key).await
}

/// The starts to which the booking could be moved in a month, as [`super::public::month`].
#[server(prefix = "/fn", endpoint = "booking_month", input = Json)]
pub async fn booking_month(
    key: BookingKey,
    month: Option<String>,
    timezone: Option<String>,
) -> Result<Month, AppError> {
    super::server::booking_month(key, month, timezone).await
}

/// Cancels; the other side is told, with the reason.
#[server(prefix = "/fn", endpoint = "cancel", input = Json)]
pub async fn cancel(key: BookingKey, reason: Option<String>) -> Result<BookingView, AppError> {
    super::server::cancel(key, reason).await
}

/// Erases the mentee's details. [`AppError::StillUpcoming`] where the booking is still to come.
#[server(prefix = "/fn", endpoint = "erase", input = Json)]
pub async fn erase(token: String) -> Result<BookingView, AppError> {
    super::server::erase(token).await
}

/// Moves to another offered start; the old time is kept until the new one is sure.
#[server(prefix = "/fn", endpoint = "reschedule", input = Json)]
pub async fn reschedule(key: BookingKey, start: DateTime<Utc>) -> Result<BookingView, AppError> {
    super::server::reschedule(key, start).await
}

/// What stands at a time outside the mentor's hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideView {
    /// The instant that the wall clock means.
    pub start: DateTime<Utc>,
    /// No other session is there.
    pub possible: bool,
    /// It is within the hours anyway.
    pub listed: bool,
    /// A connected calendar is busy then.
    pub busy_in_calendar: bool,
}

/// What would come of moving the mentor's own booking to this time of their wall clock (`YYYY-MM-DDTHH:MM`), whatever their
/// hours say.
#[server(prefix = "/fn", endpoint = "outside_hours", input = Json)]
pub async fn outside_hours(id: BookingId, wall: String) -> Result<OutsideView, AppError> {
    super::server::outside_hours(id, wall).await
}

/// Moves the mentor's own booking to a start that they choose knowingly, whatever their hours say.
#[server(prefix = "/fn", endpoint = "move_outside_hours", input = Json)]
pub async fn move_outside_hours(id: BookingId, start: DateTime<Utc>) -> Result<BookingView, AppError> {
    super::server::move_outside_hours(id, start).await
}
