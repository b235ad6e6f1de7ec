//! The contract's rules for bookings and accounts, through everything but the pages, on a real database.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../store/tests/common/postgres.rs"]
mod postgres;
#[path = "../../../calendars/tests/common/server.rs"]
mod server;

mod accounts;
mod activity;
mod approval;
mod backup;
mod book;
mod calendars;
mod calendars_caldav;
mod calendars_converge;
mod calendars_crossed;
mod calendars_queues;
mod calendars_undone;
mod change;
mod closing;
mod erasure;
mod holds;
mod idempotency;
mod jobs;
mod letters;
mod lists;
mod live;
mod offered;
mod races;
mod sealing;
mod stale;
mod versions;
mod zones;
