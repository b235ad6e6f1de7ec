//! Events to be put into a fake.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use std::ops::Range;

/// An event to be put into a fake, in no vendor's words.
#[derive(Clone, Debug, Deserialize)]
pub struct NewEvent {
    /// The calendar; the primary one if there is none.
    #[serde(default)]
    pub calendar: Option<String>,
    /// One line.
    #[serde(default)]
    pub title: String,
    /// An instant, or a date for an all-day event.
    pub start: Moment,
    /// The same, not included.
    pub end: Moment,
    /// Takes no time: transparent, or shown as free.
    #[serde(default)]
    pub free: bool,
    /// The account's owner has declined.
    #[serde(default)]
    pub declined: bool,
    /// So many times, a week apart.
    #[serde(default)]
    pub weekly: Option<u32>,
    /// Google's `eventType`.
    #[serde(default)]
    pub event_type: Option<String>,
}

/// An instant or a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Moment {
    /// RFC 3339.
    At(DateTime<Utc>),
    /// `YYYY-MM-DD`.
    On(NaiveDate),
}

impl Moment {
    pub(super) fn weeks_later(self, weeks: u32) -> Self {
        let weeks = TimeDelta::weeks(weeks.into());
        match self {
            Self::At(at) => Self::At(at + weeks),
            Self::On(date) => Self::On(date + weeks),
        }
    }

    pub(super) fn instant(self) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::On(date) => date.and_time(chrono::NaiveTime::MIN).and_utc(),
        }
    }
}

impl NewEvent {
    /// An event between two instants.
    pub fn timed(title: &str, during: Range<DateTime<Utc>>) -> Self {
        Self::between(title, Moment::At(during.start), Moment::At(during.end))
    }

    /// An event of whole days, the second date not included.
    pub fn all_day(title: &str, first: NaiveDate, after: NaiveDate) -> Self {
        Self::between(title, Moment::On(first), Moment::On(after))
    }

    fn between(title: &str, start: Moment, end: Moment) -> Self {
        let title = title.to_owned();
        Self { calendar: None, title, start, end, free: false, declined: false, weekly: None, event_type: None }
    }

    /// In this calendar.
    pub fn of(mut self, calendar: &str) -> Self {
        self.calendar = Some(calendar.to_owned());
        self
    }

    /// Takes no time.
    pub fn free(mut self) -> Self {
        self.free = true;
        self
    }

    /// The account's owner has declined.
    pub fn declined(mut self) -> Self {
        self.declined = true;
        self
    }

    /// So many times, a week apart.
    pub fn weekly(mut self, times: u32) -> Self {
        self.weekly = Some(times);
        self
    }

    /// With Google's `eventType`.
    pub fn event_type(mut self, kind: &str) -> Self {
        self.event_type = Some(kind.to_owned());
        self
    }
}
