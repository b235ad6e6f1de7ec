//! The rows of the API: the one table that the router, the document and the tests are made from.

use super::handlers as h;
use super::openapi;
use crate::health;
use axum::routing::{MethodRouter, delete, get, post, put};
use booking::Context;

/// One method of one path.
pub(super) struct Row {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) handler: fn() -> MethodRouter<Context>,
    pub(super) who: Who,
    /// Under which heading it stands.
    pub(super) tag: &'static str,
    /// Its name for programs.
    pub(super) id: &'static str,
    /// Its name for people.
    pub(super) title: &'static str,
    pub(super) note: &'static str,
    /// Members of the query, by their names in [`super::schemas`].
    pub(super) query: &'static [&'static str],
    pub(super) body: Takes,
    pub(super) status: u16,
    pub(super) answer: Answer,
    /// Refusals of its own, besides those that follow from the rest; see [`refusals`].
    pub(super) codes: &'static [&'static str],
}

/// Whose row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Everybody; but a token that is shown must be known.
    All,
    /// Everybody; tokens are not looked at.
    Anyone,
    Platform,
    Mentor,
    /// Who has the booking's manage token, and its mentor.
    Party,
}

/// What a row takes as its body, by the schema's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Maybe(&'static str),
    Body(&'static str),
}

/// What a row answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Empty,
    Json(&'static str),
    /// A media type other than JSON, and an example.
    Text(&'static str, &'static str),
    /// Any JSON object.
    Document,
}

/// A row that takes no body, for everybody. The table says what differs.
const ROW: Row = Row {
    method: "get",
    path: "",
    handler: MethodRouter::new,
    who: Who::All,
    tag: "",
    id: "",
    title: "",
    note: "",
    query: &[],
    body: Takes::Nothing,
    status: 200,
    answer: Answer::Empty,
    codes: &[],
};

const INVITE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n…\r\nEND:VCALENDAR\r\n";

pub(super) const ROWS: &[Row] = &[
    Row {
        path: "/api/v1/mentors",
        handler: || get(h::mentors),
        tag: "Mentors",
        id: "listMentors",
        title: "The directory",
        note: "Mentors by handle, a page at a time, each with the first start that can be booked, of whichever session \
               type. With `free_from` and `free_to` only those who can be booked in that span; such a page may hold fewer \
               than `limit` although `next_cursor` is there.",
        query: &["query", "free_from", "free_to", "limit", "cursor"],
        answer: Answer::Json("MentorPage"),
        ..ROW
    },
    Row {
        path: "/api/v1/mentors/{handle}",
        handler: || get(h::mentor),
        tag: "Mentors",
        id: "getMentor",
        title: "A mentor",
        note: "With the session types that are offered.",
        answer: Answer::Json("MentorProfile"),
        ..ROW
    },
    Row {
        path: "/api/v1/mentors/{handle}/slots",
        handler: || get(h::slots),
        tag: "Mentors",
        id: "listSlots",
        title: "Free times",
        note: "Every start that can be booked at this moment, by day of the asked time zone. Days without one are left out. \
               A booking succeeds if and only if its start is listed here.",
        query: &["session_type", "from_date", "to_date", "timezone"],
        answer: Answer::Json("Slots"),
        ..ROW
    },
    Row {
        method: "post",
        path: "/api/v1/mentors",
        handler: || post(h::create_mentor),
        who: Who::Platform,
        tag: "Platform",
        id: "createMentor",
        title: "Add a mentor",
        note: "The platform vouches for the e-mail address. The API key is shown this once. The new mentor has one session \
               type, `session`.",
        body: Takes::Body("NewMentor"),
        status: 201,
        answer: Answer::Json("CreatedMentor"),
        codes: &["handle_taken"],
        ..ROW
    },
    Row {
        method: "post",
        path: "/api/v1/mentors/{handle}/login-links",
        handler: || post(h::create_login_link),
        who: Who::Platform,
        tag: "Platform",
        id: "createLoginLink",
        title: "Log a mentor in",
        note: "Send the mentor's browser to the address; it works once.",
        status: 201,
        answer: Answer::Json("LoginLink"),
        ..ROW
    },
    Row {
        path: "/api/v1/availability",
        handler: || get(h::availability),
        who: Who::Mentor,
        tag: "Availability",
        id: "getAvailability",
        title: "My hours",
        answer: Answer::Json("Availability"),
        ..ROW
    },
    Row {
        method: "put",
        path: "/api/v1/availability",
        handler: || put(h::put_availability),
        who: Who::Mentor,
        tag: "Availability",
        id: "putAvailability",
        title: "Replace my hours",
        note: "All of it at once; every member must be there. Answers the normal form: sorted, windows of a day merged where \
               they overlap or touch, blocked ranges kept apart with their notes. Bookings stay as they are.",
        body: Takes::Body("Availability"),
        answer: Answer::Json("Availability"),
        codes: &["precondition_failed"],
        ..ROW
    },
    Row {
        path: "/api/v1/session-types",
        handler: || get(h::session_types),
        who: Who::Mentor,
        tag: "Availability",
        id: "listSessionTypes",
        title: "My session types",
        note: "All of them, active or not, oldest first.",
        answer: Answer::Json("SessionTypes"),
        ..ROW
    },
    Row {
        path: "/api/v1/session-types/{slug}",
        handler: || get(h::session_type),
        who: Who::Mentor,
        tag: "Availability",
        id: "getSessionType",
        title: "One of my session types",
        answer: Answer::Json("SessionType"),
        ..ROW
    },
    Row {
        method: "put",
        path: "/api/v1/session-types/{slug}",
        handler: || put(h::put_session_type),
        who: Who::Mentor,
        tag: "Availability",
        id: "putSessionType",
        title: "Create or replace a session type",
        note: "Every member must be there, `slug` excepted. Bookings stay as they are. `warnings` says what does not keep \
               it from being saved: `no_meeting_link`, where no connected calendar makes the promised link.",
        body: Takes::Body("SessionTypeInput"),
        answer: Answer::Json("SavedSessionType"),
        codes: &["precondition_failed"],
        ..ROW
    },
    Row {
        method: "put",
        path: "/api/v1/session-types",
        handler: || put(h::put_session_type_by_slug),
        who: Who::Mentor,
        tag: "Availability",
        id: "putSessionTypeBySlug",
        title: "The same, with the slug in the body",
        body: Takes::Body("SessionType"),
        answer: Answer::Json("SavedSessionType"),
        codes: &["precondition_failed"],
        ..ROW
    },
    Row {
        method: "delete",
        path: "/api/v1/session-types/{slug}",
        handler: || delete(h::delete_session_type),
        who: Who::Mentor,
        tag: "Availability",
        id: "deleteSessionType",
        title: "Delete a session type",
        note: "Bookings stay as they are.",
        status: 204,
        ..ROW
    },
    Row {
        method: "post",
        path: "/api/v1/holds",
        handler: || post(h::create_hold),
        tag: "Bookings",
        id: "createHold",
        title: "Keep a time",
        note: "For five minutes the start is offered to nobody else; a booking that shows the hold's id may have it. A client \
               address may have ten live holds; the next is answered `rate_limited`.",
        body: Takes::Body("NewHold"),
        status: 201,
        answer: Answer::Json("Hold"),
        codes: &["not_found", "slot_unavailable"],
        ..ROW
    },
    Row {
        method: "post",
        path: "/api/v1/bookings",
        handler: || post(h::create_booking),
        tag: "Bookings",
        id: "createBooking",
        title: "Book",
        note: "`pending` where the session type requires approval, else `confirmed`. Both sides get mail with an invite. \
               The manage token is shown here and in the mentee's mail only. With `outside_hours` and the mentor's key: at any \
               whole minute that no other session, hold or buffer takes, whatever hours, notice, horizon, daily limit and \
               connected calendars say; hidden session types too, and without approval. Without that key: `unauthenticated`.",
        body: Takes::Body("NewBooking"),
        status: 201,
        answer: Answer::Json("MadeBooking"),
        codes: &["not_found", "slot_unavailable", "hold_expired", "idempotency_key_reused"],
        ..ROW
    },
    Row {
        path: "/api/v1/bookings",
        handler: || get(h::bookings),
        who: Who::Mentor,
        tag: "Bookings",
        id: "listBookings",
        title: "My bookings",
        note: "A page at a time, oldest start first.",
        query: &["from_instant", "to_instant", "status", "cursor"],
        answer: Answer::Json("BookingPage"),
        ..ROW
    },
    Row {
        path: "/api/v1/bookings/{id}",
        handler: || get(h::booking),
        who: Who::Party,
        tag: "Bookings",
        id: "getBooking",
        title: "A booking",
        answer: Answer::Json("Booking"),
        ..ROW
    },
    Row {
        method: "post",
        path: "/api/v1/bookings/{id}/cancel",
        handler: || post(h::cancel),
        who: Who::Party,
        tag: "Bookings",
        id: "cancelBooking",
        title: "Cancel",
        note: "The cancel notice binds the mentee, not the mentor. After the start only the mentor may cancel.",
        body: Takes::Maybe("Reason"),
        answer: Answer::Json("Booking"),
        codes: &["already_cancelled", "too_late"],
        ..ROW
    },
    Row {
        method: "post",
        path: "/api/v1/bookings/{id}/reschedule",
        handler: || post(h::reschedule),
        who: Who::Party,
        tag: "Bookings",
        id: "rescheduleBooking",
        title: "Move",
        note: "Same id, same links. The old time is given up together with taking the new one. Moving to the same start is no \
               change. The cancel notice binds as for cancelling; after the start nobody may move. With `outside_hours` the mentor may \
               choose any whole minute that no other session, hold or buffer takes; from a mentee it is `invalid_request`.",
        body: Takes::Body("NewStart"),
        answer: Answer::Json("Booking"),
        codes: &["slot_unavailable", "already_cancelled", "too_late"],
        ..ROW
    },
    Row {
        method: "post",
        path: "/api/v1/bookings/{id}/confirm",
        handler: || post(h::confirm),
        who: Who::Mentor,
        tag: "Bookings",
        id: "confirmBooking",
        title: "Confirm a pending booking",
        answer: Answer::Json("Booking"),
        codes: &["not_pending"],
        ..ROW
    },
    Row {
        method: "post",
        path: "/api/v1/bookings/{id}/decline",
        handler: || post(h::decline),
        who: Who::Mentor,
        tag: "Bookings",
        id: "declineBooking",
        title: "Decline a pending booking",
        body: Takes::Maybe("Reason"),
        answer: Answer::Json("Booking"),
        codes: &["not_pending"],
        ..ROW
    },
    Row {
        path: "/api/v1/bookings/{id}/invite.ics",
        handler: || get(h::invite),
        who: Who::Party,
        tag: "Bookings",
        id: "getInvite",
        title: "A booking as a calendar file",
        note: "Always its newest state, under one UID for life.",
        answer: Answer::Text("text/calendar", INVITE),
        ..ROW
    },
    Row {
        path: "/api/v1/calendars",
        handler: || get(h::calendars),
        who: Who::Mentor,
        tag: "Calendars",
        id: "listCalendars",
        title: "Connected calendars",
        note: "Oldest first. Google and Outlook are connected in the browser, on the dashboard.",
        answer: Answer::Json("Connections"),
        ..ROW
    },
    Row {
        method: "post",
        path: "/api/v1/calendars/caldav",
        handler: || post(h::connect_caldav),
        who: Who::Mentor,
        tag: "Calendars",
        id: "connectCaldav",
        title: "Connect a CalDAV calendar",
        note: "Nextcloud, Fastmail, iCloud and others, by address, user name and (app) password. The same account again \
               renews its password.",
        body: Takes::Body("NewCaldav"),
        status: 201,
        answer: Answer::Json("Connection"),
        ..ROW
    },
    Row {
        method: "delete",
        path: "/api/v1/calendars/{id}",
        handler: || delete(h::disconnect),
        who: Who::Mentor,
        tag: "Calendars",
        id: "disconnectCalendar",
        title: "Disconnect a calendar",
        note: "Its busy time is forgotten at once, and the permission is taken back. Events that were written stay there.",
        status: 204,
        ..ROW
    },
    Row {
        path: "/api/v1/openapi.json",
        handler: || get(openapi::serve),
        tag: "About",
        id: "getDocument",
        title: "This description, for programs",
        note: "OpenAPI 3.1.",
        answer: Answer::Document,
        ..ROW
    },
];

/// What whoever runs the server asks. Neither limited nor bound to a token.
pub(super) const HEALTH: &[Row] = &[
    Row {
        path: "/healthz",
        handler: || get(health::alive),
        who: Who::Anyone,
        tag: "About",
        id: "getHealth",
        title: "Is it alive?",
        answer: Answer::Text("text/plain", "ok"),
        ..ROW
    },
    Row {
        path: "/readyz",
        handler: || get(health::ready),
        who: Who::Anyone,
        tag: "About",
        id: "getReadiness",
        title: "Is everything fine?",
        note: "503 with the same members, saying what is not, where it is not.",
        answer: Answer::Json("Readiness"),
        ..ROW
    },
];

/// Every refusal: its code, its status, and what to do about it.
pub(super) const CODES: &[(&str, u16, &str)] = &[
    ("malformed", 400, "The body is not JSON, or names a member twice. Nothing in it was looked at."),
    (
        "unauthenticated",
        401,
        "There is no token, or one of a kind that this row does not take, or one that is unknown or was revoked. Send \
         `Authorization: Bearer …` with a token of the right kind.",
    ),
    ("not_found", 404, "There is no such thing, or it is somebody else's. Which of the two is not told."),
    ("method_not_allowed", 405, "The path does not take that method; the header `Allow` names those it takes."),
    ("too_slow", 408, "The body did not arrive within ten seconds. Send it again."),
    ("handle_taken", 409, "Another mentor has that handle, or it is a path of Yaksok's own. Choose another."),
    (
        "slot_unavailable",
        409,
        "The start is taken, or was never offered. Read the free times again and choose another.",
    ),
    (
        "hold_expired",
        409,
        "The hold is expired, spent, unknown, or for another start. Hold the start again, or book without a hold.",
    ),
    ("already_cancelled", 409, "The booking was cancelled or declined before. Nothing was changed."),
    ("not_pending", 409, "The booking does not wait for approval (any more)."),
    (
        "too_late",
        409,
        "The cancel notice has begun, or the session itself. The notice binds the mentee; the mentor may still cancel.",
    ),
    (
        "account_closed",
        410,
        "The mentor has closed the account, and the session was cancelled. Told for 30 days after its start.",
    ),
    (
        "precondition_failed",
        412,
        "Something else is saved than `If-Match` or `If-None-Match` says, and nothing was changed. Read it again, and send the \
         new `ETag`.",
    ),
    ("too_large", 413, "The body is larger than 64 KiB."),
    ("unsupported_media_type", 415, "The body is not declared as JSON. Send `Content-Type: application/json`."),
    (
        "invalid_request",
        422,
        "Something does not fit. `errors` says for each field what: `required`, `invalid`, `too_long`, `too_many`, \
         `out_of_range`, `beyond_horizon`, `duplicate` or `taken`, with a sentence that says what to do.",
    ),
    (
        "idempotency_key_reused",
        422,
        "The `Idempotency-Key` came with another body within the last 24 hours. Use a new key for a new booking.",
    ),
    ("rate_limited", 429, "Too many requests from one address. Try again after the seconds in `Retry-After`."),
    ("internal", 500, "Something failed on the server. Try again, a booking with the same `Idempotency-Key`."),
    ("unavailable", 503, "The database is away, too slow or full. The same, after the seconds in `Retry-After`."),
];

/// The codes that a row may answer, in the order of [`CODES`].
pub(super) fn refusals(row: &Row) -> Vec<(&'static str, u16, &'static str)> {
    let takes_body = row.method == "post" || row.method == "put";
    let general = |code: &str| match code {
        _ if row.who == Who::Anyone => false,
        "unauthenticated" | "method_not_allowed" | "rate_limited" | "unavailable" => true,
        // Of a manage token.
        "account_closed" => row.who != Who::Anyone,
        "not_found" => row.path.contains('{'),
        "malformed" | "too_slow" | "too_large" | "unsupported_media_type" => takes_body,
        "invalid_request" => takes_body || !row.query.is_empty(),
        _ => false,
    };
    CODES.iter().filter(|(code, ..)| general(code) || row.codes.contains(code)).copied().collect()
}
