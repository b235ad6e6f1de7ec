//! What a logged-in mentor does. Every function here answers [`AppError::Unauthenticated`] without a session.

#![allow(missing_docs, reason = "`#[server]` makes structs whose fields are the documented arguments")]

use super::Page;
use super::manage::BookingView;
use crate::AppError;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use scheduling::{
    Actor, ApiKeyId, Availability, BookingId, Busy, CalendarId, Change, ClockFormat, ConnectionId, EventKind, Language,
    OffsetTable, SessionType,
};
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
    /// The next bookings, soonest first, to compare with changed hours.
    pub upcoming: Vec<Upcoming>,
    /// The version of the hours, which a save sends back.
    pub version: String,
    /// When this was read.
    pub now: DateTime<Utc>,
}

/// A booking to come, as far as hours are concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upcoming {
    pub id: BookingId,
    /// The mentee's; empty once it is erased.
    pub name: String,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

/// Hours to save, with the version that they were made from; none: whatever is saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoursToSave {
    pub availability: Availability,
    pub version: Option<String>,
}

/// Times of a session type to save, with what they were made from; none: whatever is saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimesToSave {
    pub times: SessionTimes,
    pub before: Option<SessionTimes>,
}

/// What the page of session types shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTypesView {
    /// All of them, active or not, in order.
    pub types: Vec<SessionType>,
    /// The provider whose calendar receives bookings, if one works: `google`, `microsoft` or `caldav`.
    pub receiving: Option<String>,
}

/// What deleting the account will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// So many sessions to come are cancelled.
    pub upcoming: usize,
    /// Events are removed from connected calendars.
    pub calendars: bool,
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
    pub clock: ClockFormat,
    /// 0 (Sunday) to 6 (Saturday).
    pub week_start: u8,
    /// The version of all this, which a save sends back; empty: whatever is saved.
    #[serde(default)]
    pub version: String,
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

/// Who changed what, a page, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    pub lines: Page<ActivityLine>,
    /// Rules of the mentor's time zone, for every instant in it.
    pub zone: OffsetTable,
    /// When this was read.
    pub now: DateTime<Utc>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityLine {
    pub at: DateTime<Utc>,
    pub by: Actor,
    /// The name of the API key with which the mentor did it.
    pub api_key: Option<String>,
    pub what: ActivityOf,
}

/// What it happened to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActivityOf {
    /// A booking.
    Booking {
        id: BookingId,
        kind: EventKind,
        /// The mentee's, if it is kept.
        name: Option<String>,
        session_name: String,
        start: DateTime<Utc>,
        /// When it was to start before, or was wanted to.
        other_start: Option<DateTime<Utc>>,
    },
    /// The rest; with the name of the API key that it is about.
    Account { change: Change, key: Option<String> },
}

/// Connected calendars, and what can be connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendars {
    /// Google Calendar is switched on here.
    pub google: bool,
    /// Outlook is switched on here.
    pub microsoft: bool,
    pub connections: Vec<ConnectionView>,
    /// The version of which calendars block and which one receives, which a choice sends back.
    pub version: String,
    /// When this was read.
    pub now: DateTime<Utc>,
    /// Rules of the mentor's time zone, around now.
    pub zone: OffsetTable,
}

/// A mentor's account at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionView {
    pub id: ConnectionId,
    /// `google`, `microsoft` or `caldav`.
    pub provider: String,
    /// By what the mentor knows it.
    pub account: String,
    /// `active`, `expired` or `error`.
    pub status: String,
    pub last_synced_at: Option<DateTime<Utc>>,
    pub next_sync_at: Option<DateTime<Utc>>,
    /// `unreachable`, `throttled`, `refused`, `calendar_gone` or `grant_refused`.
    pub error: Option<String>,
    /// Of a CalDAV connection that has expired: address and user name, to connect it again.
    pub login: Option<(String, String)>,
    pub calendars: Vec<CalendarView>,
}

/// One calendar of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarView {
    pub id: CalendarId,
    pub name: String,
    /// Bookings can be written into it.
    pub writable: bool,
    pub primary: bool,
    /// Its busy time blocks slots.
    pub blocks: bool,
    /// Bookings are written into it. One calendar of all connections at most.
    pub receives: bool,
}

/// Connected calendars.
#[server(name = ReadCalendars, prefix = "/fn", endpoint = "calendars", input = Json)]
pub async fn calendars() -> Result<Calendars, AppError> {
    super::server::calendars().await
}

/// Connects a CalDAV calendar.
#[server(prefix = "/fn", endpoint = "connect_caldav", input = Json)]
pub async fn connect_caldav(url: String, username: String, password: String) -> Result<Calendars, AppError> {
    super::server::connect_caldav(url, username, password).await
}

/// Chooses which calendars block, and which one receives bookings: of all connections at once.
#[server(prefix = "/fn", endpoint = "choose_calendars", input = Json)]
pub async fn choose_calendars(
    blocking: Vec<CalendarId>,
    receiving: Option<CalendarId>,
    version: Option<String>,
) -> Result<Calendars, AppError> {
    super::server::choose_calendars(blocking, receiving, version).await
}

/// Looks at the provider as soon as can be; the answer does not wait for it.
#[server(prefix = "/fn", endpoint = "sync_calendar", input = Json)]
pub async fn sync_calendar(id: ConnectionId) -> Result<Calendars, AppError> {
    super::server::sync_calendar(id).await
}

/// Forgets a connection with all that was kept of it.
#[server(prefix = "/fn", endpoint = "disconnect_calendar", input = Json)]
pub async fn disconnect_calendar(id: ConnectionId) -> Result<Calendars, AppError> {
    super::server::disconnect_calendar(id).await
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

/// Saves hours and times of session types, in one transaction; what is not sent stays as it is. Answers what is now saved, or
/// [`AppError::Stale`] where something else was saved since the editor was opened.
#[server(prefix = "/fn", endpoint = "save_availability", input = Json)]
pub async fn save_availability(hours: Option<HoursToSave>, times: Vec<TimesToSave>) -> Result<Editor, AppError> {
    super::server::save_availability(hours, times).await
}

/// All session types, and what makes their meeting links.
#[server(prefix = "/fn", endpoint = "session_types", input = Json)]
pub async fn session_types() -> Result<SessionTypesView, AppError> {
    super::server::session_types().await
}

/// Replaces a session type, if it is still as it was `before`; without that, creates one where there is none of this slug.
#[server(prefix = "/fn", endpoint = "put_session_type", input = Json)]
pub async fn put_session_type(session_type: SessionType, before: Option<SessionType>) -> Result<SessionType, AppError> {
    super::server::put_session_type(session_type, before).await
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

/// Who changed what, before the end of another page.
#[server(name = ReadActivity, prefix = "/fn", endpoint = "activity", input = Json)]
pub async fn activity(before: Option<String>) -> Result<Activity, AppError> {
    super::server::activity(before).await
}

/// Messages and calendar writes that were given up are tried again.
#[server(prefix = "/fn", endpoint = "try_again", input = Json)]
pub async fn try_again() -> Result<(), AppError> {
    super::server::try_again().await
}

/// What deleting the account will do.
#[server(name = ReadDeletion, prefix = "/fn", endpoint = "deletion", input = Json)]
pub async fn deletion() -> Result<Deletion, AppError> {
    super::server::deletion().await
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
