//! Time zones: the rules by which local times are reckoned, and the search by which people find their zone.
//!
//! [`Zones`] is the only source of rules for slots, mail, connected calendars and pages: the newer of the host's IANA data
//! and the data compiled in. It follows an update of the host's `tzdata` package while the server runs. No other crate
//! depends on a time zone database, which `server/tests/layers.rs` checks.

#[cfg(feature = "fakes")]
pub mod fakes;
mod host;
mod rules;
pub mod search;
mod zone;

pub use rules::{Refresh, Source, Zones};
pub use zone::Zone;
