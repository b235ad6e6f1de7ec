//! The availability editor: hours drawn on a grid or typed in lists, blocked dates, other hours for one date, and a
//! preview of what a mentee would see.
//!
//! `model`, `dates` and `preview` are pure; `state` holds a signal for each thing that is shown; the rest are views.

pub mod blocked;
pub mod conflict;
pub mod dates;
pub mod dom;
pub mod editor;
pub mod grid;
pub mod model;
pub mod outlook;
pub mod overrides;
pub mod preview;
pub mod state;
pub mod times;
pub mod touch;

pub use editor::AvailabilityEditor;
