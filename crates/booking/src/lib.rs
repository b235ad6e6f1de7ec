//! What mentors and mentees can do, and what follows: use cases, and the jobs they leave behind.
//!
//! Each use case is one transaction of [`store`]. Nothing that can fail for outside reasons happens before its commit, and
//! what must happen afterwards (mail) is a job that the same transaction enqueues.

pub mod accounts;
pub mod activity;
pub mod bookings;
pub mod calendar;
mod closing;
pub mod context;
pub mod demo;
pub mod erasure;
mod error;
pub mod holds;
pub mod jobs;
pub mod listing;
mod notices;
pub mod recent;
pub mod rotation;
pub mod schedule;
pub mod secrets;
pub mod seed;
pub mod version;
pub mod zones;

pub use context::Context;
pub use error::Error;
pub use store;
