//! What a logged-in mentor does. Every function here answers [`AppError::Unauthenticated`] without a session.

#![allow(missing_docs, reason = "`#[server]` makes structs whose fields are the documented arguments")]

use super::Page;
use super::manage::BookingView;
use crate::AppError;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use scheduling::{ApiKeyId, Availability, BookingId, Busy, Language, OffsetTable, SessionType};
use serde::{Deserialize, Serialize};

/// Which bookings to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BookingFilter {
    /// Confirmed and pending ones that have not ended, soonest first.
    #[default]
    Upcoming,
    /// Waiting for approval, soonest first.
    Pending,
    /// Ended, newest first.
    Past,
    /// Cancelled and declined, newest first.
    Cancelled,
}

/// All that the availability editor needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Editor {
    /// As saved.
    pub availability: Availability,
    /// All of them; the editor changes duration and buffers of one.
    pub session_types: Vec<SessionType>,
    /// Rules of the saved time zone, a month back to 800 days ahead.
    pub zone: OffsetTable,
    /// Busy time of the next three weeks, for the preview.
    pub busy: Vec<Busy>,
    /// When this was read.
    pub now: DateTime<Utc>,
}

/// Duration and buffers of one session type, edited above the grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTimes {
    pub slug: String,
    pub duration_minutes: u16,
    pub start_interval_minutes: u16,
    pub buffer_before_minutes: u16,
    pub buffer_after_minutes: u16,
}

/// The mentor's own settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub name: String,
    pub handle: String,
    pub email: String,
    pub headline: String,
    pub bio: String,
    pub photo_url: String,
    pub timezone: String,
    pub language: Language,
}

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyView {
    pub id: ApiKeyId,
    pub name: String,
    /// The first characters, to recognise it by.
    pub prefix: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Bookings, a page; `query` searches names and e-mail addresses.
#[server(prefix = "/fn", endpoint = "bookings", input = Json)]
pub async fn bookings(
    filter: BookingFilter,
    query: Option<String>,
    cursor: Option<String>,
) -> Result<Page<BookingView>, AppError> {
    super::server::bookings(filter, query, cursor).await
}

/// Confirms a pending booking.
#[server(prefix = "/fn", endpoint = "confirm", input = Json)]
pub async fn confirm(id: BookingId) -> Result<BookingView, AppError> {
    super::server::confirm(id).await
}

/// Declines a pending booking.
#[server(prefix = "/fn", endpoint = "decline", input = Json)]
pub async fn decline(id: BookingId, reason: Option<String>) -> Result<BookingView, AppError> {
    super::server::decline(id, reason).await
}

/// Opens the availability editor.
#[server(name = OpenEditor, prefix = "/fn", endpoint = "editor", input = Json)]
pub async fn editor() -> Result<Editor, AppError> {
    super::server::editor().await
}

/// Saves hours and, in the same transaction, one session type's times. Answers what is now saved.
#[server(prefix = "/fn", endpoint = "save_availability", input = Json)]
pub async fn save_availability(availability: Availability, times: Option<SessionTimes>) -> Result<Editor, AppError> {
    super::server::save_availability(availability, times).await
}

/// All session types, active or not, in order.
#[server(prefix = "/fn", endpoint = "session_types", input = Json)]
pub async fn session_types() -> Result<Vec<SessionType>, AppError> {
    super::server::session_types().await
}

/// Creates or replaces the session type of this slug.
#[server(prefix = "/fn", endpoint = "put_session_type", input = Json)]
pub async fn put_session_type(session_type: SessionType) -> Result<SessionType, AppError> {
    super::server::put_session_type(session_type).await
}

/// Deletes a session type; its bookings stay.
#[server(prefix = "/fn", endpoint = "delete_session_type", input = Json)]
pub async fn delete_session_type(slug: String) -> Result<(), AppError> {
    super::server::delete_session_type(slug).await
}

/// The mentor's settings.
#[server(name = ReadSettings, prefix = "/fn", endpoint = "settings", input = Json)]
pub async fn settings() -> Result<Settings, AppError> {
    super::server::settings().await
}

/// Saves settings. The e-mail address is not changed here.
#[server(prefix = "/fn", endpoint = "save_settings", input = Json)]
pub async fn save_settings(settings: Settings) -> Result<Settings, AppError> {
    super::server::save_settings(settings).await
}

/// Deletes the account with all its data, after the password (the handle, where there is no password) is given once more.
#[server(prefix = "/fn", endpoint = "delete_account", input = Json)]
pub async fn delete_account(confirmation: String) -> Result<(), AppError> {
    super::server::delete_account(confirmation).await
}

/// The API keys that work.
#[server(prefix = "/fn", endpoint = "api_keys", input = Json)]
pub async fn api_keys() -> Result<Vec<ApiKeyView>, AppError> {
    super::server::api_keys().await
}

/// Makes an API key and answers it with its secret, which is shown this once.
#[server(prefix = "/fn", endpoint = "create_api_key", input = Json)]
pub async fn create_api_key(name: String) -> Result<(ApiKeyView, String), AppError> {
    super::server::create_api_key(name).await
}

/// Revokes an API key.
#[server(prefix = "/fn", endpoint = "revoke_api_key", input = Json)]
pub async fn revoke_api_key(id: ApiKeyId) -> Result<(), AppError> {
    super::server::revoke_api_key(id).await
}
