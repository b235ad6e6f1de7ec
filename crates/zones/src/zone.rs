use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::civil;
use jiff::tz::TimeZone;

/// The rules of one zone, as they were when it was looked up: for reckoning with times of any year.
///
/// ```
/// let zones = zones::Zones::compiled_in();
/// let berlin = zones.find("europe/berlin").unwrap();
/// let local = "2026-12-01T09:00:00".parse().unwrap();
/// assert_eq!(berlin.to_utc(local).unwrap().to_rfc3339(), "2026-12-01T08:00:00+00:00");
/// ```
#[derive(Clone, Debug)]
pub struct Zone(pub(crate) TimeZone);

impl Zone {
    /// `UTC`.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The IANA name.
    pub fn name(&self) -> Option<&str> {
        self.0.iana_name()
    }

    /// The instant of a clock time. A time that comes twice is the first of the two; one that is skipped counts on with the
    /// offset before (RFC 5545, section 3.3.5). `None` outside the years -9999 to 9999.
    pub fn to_utc(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let instant = self.0.to_ambiguous_timestamp(civil_of(local)?).compatible().ok()?;
        DateTime::from_timestamp(instant.as_second(), 0)
    }

    /// The clock time of an instant.
    pub fn to_local(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        let offset = jiff::Timestamp::from_second(instant.timestamp()).map_or(0, |at| self.0.to_offset(at).seconds());
        let utc = instant.naive_utc();
        utc.checked_add_signed(TimeDelta::seconds(offset.into())).unwrap_or(utc)
    }
}

fn civil_of(local: NaiveDateTime) -> Option<civil::DateTime> {
    let small = |number: u32| i8::try_from(number).ok();
    civil::DateTime::new(
        i16::try_from(local.year()).ok()?,
        small(local.month())?,
        small(local.day())?,
        small(local.hour())?,
        small(local.minute())?,
        small(local.second())?,
        0,
    )
    .ok()
}
