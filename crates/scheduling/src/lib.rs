//! What times are offered: the one crate that browser and server share.
//!
//! Pure and deterministic: `now` and the time zone rules are arguments, so the same input gives the same slots
//! on both sides. No I/O, no async, no clock, no randomness.
//!
//! - [`slots()`]: the slot rule, the one place that decides which start times exist.
//! - [`OffsetTable`]: the time zone rules of a span of time, carried as data.
//! - [`Availability`], [`SessionType`]: what a mentor sets, checked and normalised here.
//! - [`rules`]: the rules for names, notes, handles and addresses, for every form and request alike.

mod availability;
mod clock_time;
mod error;
mod hours;
mod ids;
mod intervals;
mod offset_table;
mod price;
pub mod rules;
mod seconds;
mod session_type;
mod slots;

pub use availability::{Availability, BlockedRange, DateOverride, WeeklyWindow, Window};
pub use clock_time::{ClockTime, ParseClockTimeError};
pub use error::FieldError;
pub use ids::{ApiKeyId, BookingId, CalendarId, ConnectionId, EventId, MentorId, SessionTypeId};
pub use offset_table::{OffsetTable, OffsetTableError, TableOffset, Transition};
pub use price::currency;
pub use session_type::{Location, LocationKind, Price, SessionType};
pub use slots::{Busy, MARGIN, MAX_RANGE_DAYS, Policy, Request, open_spans, slots};

mod language;
pub use language::Language;

mod regional;
pub use regional::{ClockFormat, RegionalFormat};

pub mod format;

pub mod urls;

mod booking;
pub use booking::{Actor, EventKind, Status};

mod activity;
pub use activity::{Change, Way};
