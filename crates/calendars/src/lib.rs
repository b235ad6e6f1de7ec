//! Other people's calendars, and how their secrets are kept.

pub mod seal;
