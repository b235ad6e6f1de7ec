//! Every path of ours, defined once: for pages, mail and API alike.

use crate::BookingId;

/// The directory.
pub const HOME: &str = "/";
/// Mentors sign up.
pub const SIGNUP: &str = "/signup";
/// Mentors log in.
pub const LOGIN: &str = "/login";
/// Logs out, by POST.
pub const LOGOUT: &str = "/logout";
/// Asks for a link that sets a new password; with `?token=`, sets it.
pub const FORGOT: &str = "/forgot";
/// Confirms an e-mail address, with `?token=`.
pub const VERIFY: &str = "/verify";
/// Logs in with a link from the platform or the command line, with `?token=`.
pub const ENTER: &str = "/enter";
/// Chooses the language, by POST.
pub const LANGUAGE: &str = "/language";
/// Upcoming bookings.
pub const DASHBOARD: &str = "/dashboard";
/// The weekly grid.
pub const AVAILABILITY: &str = "/dashboard/availability";
/// Session types.
pub const SESSION_TYPES: &str = "/dashboard/session-types";
/// Connected calendars.
pub const CALENDARS: &str = "/dashboard/calendars";
/// Account settings and API keys.
pub const SETTINGS: &str = "/dashboard/settings";
/// Who changed what.
pub const ACTIVITY: &str = "/dashboard/activity";
/// The mentor's data as JSON.
pub const EXPORT: &str = "/dashboard/export.json";
/// The HTTP API, version 1.
pub const API: &str = "/api/v1";
/// The API, described for people.
pub const API_DOCS: &str = "/api/docs";

/// First segments of paths that are ours, so no mentor's handle can be one.
pub const RESERVED: &[&str] = &[
    "api",
    "assets",
    "availability",
    "b",
    "calendar",
    "calendars",
    "dashboard",
    "docs",
    "enter",
    "favicon",
    "fn",
    "forgot",
    "healthz",
    "language",
    "login",
    "logout",
    "mentors",
    "metrics",
    "pkg",
    "public",
    "readyz",
    "robots",
    "settings",
    "signup",
    "static",
    "verify",
    "well-known",
];

/// A mentor's page.
pub fn mentor(handle: &str) -> String {
    format!("/{handle}")
}

/// The page that books one session type of a mentor.
pub fn book(handle: &str, session_type: &str) -> String {
    format!("/{handle}/{session_type}")
}

/// The booking's own page.
pub fn manage(manage_token: &str) -> String {
    format!("/b/{manage_token}")
}

/// The booking as a file for a calendar, from its own page.
pub fn manage_invite(manage_token: &str) -> String {
    format!("/b/{manage_token}/invite.ics")
}

/// One booking on the mentor's dashboard.
pub fn dashboard_booking(id: BookingId) -> String {
    format!("/dashboard/bookings/{id}")
}

/// Where a mentor sets out to connect a calendar: `provider` is `google` or `microsoft`.
pub fn calendar_connect(provider: &str) -> String {
    format!("/calendar/{provider}/connect")
}

/// Where the provider sends the mentor back to.
pub fn calendar_callback(provider: &str) -> String {
    format!("/calendar/{provider}/callback")
}

/// Where the provider tells of changes.
pub fn calendar_notify(provider: &str) -> String {
    format!("/calendar/{provider}/notify")
}

/// `path` with a single-use token from mail.
pub fn with_token(path: &str, token: &str) -> String {
    format!("{path}?token={token}")
}
