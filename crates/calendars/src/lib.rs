//! Other people's calendars, and how their secrets are kept.
//!
//! [`remote::Remote`] is all that the rest knows of a provider: list calendars, read what changed, keep one event for each
//! booking, ask for notifications. Nothing here knows the database; whoever calls keeps cursors, ids and tokens.

pub mod caldav;
pub mod remote;
pub mod seal;
