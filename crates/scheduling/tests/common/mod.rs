//! What the tests share: real time zones as data, and the slot rule once more, naively.

// Each test binary uses its own part of this.
#![allow(dead_code)]

pub(crate) mod oracle;

use chrono::{DateTime, NaiveDate, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use scheduling::{Availability, OffsetTable, Transition, WeeklyWindow};
use std::{ops::Range, sync::LazyLock};

/// A zone with the transitions it has in two years from [`two_years`]' beginning.
#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) tz: Tz,
    pub(crate) table: OffsetTable,
}

/// Every zone that has a transition in [`two_years`]; of zones with the same transitions only the first.
pub(crate) static ZONES: LazyLock<Vec<Zone>> = LazyLock::new(|| {
    let mut zones: Vec<Zone> = Vec::new();
    for tz in TZ_VARIANTS {
        let table = table(tz, two_years());
        let same =
            |zone: &Zone| zone.table.first_offset == table.first_offset && zone.table.transitions == table.transitions;
        if !table.transitions.is_empty() && !zones.iter().any(same) {
            zones.push(Zone { tz, table });
        }
    }
    zones
});

/// A fixed two years, so that the tests see the same zones every day.
pub(crate) fn two_years() -> Range<DateTime<Utc>> {
    utc("2026-11-01T00:00:00Z")..utc("2028-11-01T00:00:00Z")
}

/// The offsets of a zone in a span, found by looking at every sixth hour and then closer where they differ.
pub(crate) fn table(tz: Tz, span: Range<DateTime<Utc>>) -> OffsetTable {
    let offset = |second: i64| tz.offset_from_utc_datetime(&at(second).naive_utc()).fix().local_minus_utc();
    let mut transitions = Vec::new();
    for start in (span.start.timestamp()..span.end.timestamp()).step_by(6 * 3600) {
        let (mut before, mut after) = (start, start + 6 * 3600);
        if offset(before) != offset(after) {
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if offset(middle) == offset(before) { before = middle } else { after = middle }
            }
            transitions.push(Transition { at: after, offset: offset(after) });
        }
    }
    OffsetTable::new(tz.name(), offset(span.start.timestamp()), transitions).unwrap()
}

pub(crate) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

pub(crate) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

/// The same windows, such as `09:00-17:00`, on each of some days of the week.
pub(crate) fn weekly(days: impl IntoIterator<Item = u8>, windows: &[&str]) -> Vec<WeeklyWindow> {
    let window = |day_of_week, window: &&str| {
        let (start, end) = window.split_once('-').unwrap();
        WeeklyWindow { day_of_week, start_time: start.parse().unwrap(), end_time: end.parse().unwrap() }
    };
    days.into_iter().flat_map(|day| windows.iter().map(move |w| window(day, w))).collect()
}

pub(crate) fn hours(weekly: Vec<WeeklyWindow>) -> Availability {
    Availability { timezone: "UTC".into(), weekly, overrides: vec![], blocked: vec![] }
}

pub(crate) fn always() -> Availability {
    hours(weekly(0..7, &["00:00-24:00"]))
}
