//! Hours, busy times and a policy, made of whatever bytes there are; the times that are offered must be those that
//! the naive reading of the contract finds.

#[allow(dead_code)]
#[path = "../../crates/scheduling/tests/common/oracle.rs"]
mod oracle;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use oracle::Oracle;
use scheduling::{
    Availability, BlockedRange, Busy, ClockTime, DateOverride, OffsetTable, Policy, Request, Transition, WeeklyWindow,
    Window, slots,
};

/// Numbers, one after the other; 0 where there are no more.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// From 0 up to, and without, `end`.
    fn below(&mut self, end: u16) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()]) % end
    }

    fn window(&mut self) -> Option<Window> {
        let (a, b) = (self.below(1441), self.below(1441));
        let at = |minutes| ClockTime::from_minutes(minutes);
        (a != b).then_some(Window { start_time: at(a.min(b))?, end_time: at(a.max(b))? })
    }

    /// Within a week or so of the beginning.
    fn instant(&mut self) -> DateTime<Utc> {
        BEGINNING + TimeDelta::minutes(i64::from(self.below(14 * 1440)) - 3 * 1440)
    }

    fn date(&mut self) -> NaiveDate {
        BEGINNING.date_naive() + Days::new(self.below(10).into())
    }
}

/// A Monday.
const BEGINNING: DateTime<Utc> = DateTime::from_timestamp(1_792_972_800, 0).expect("a time");

/// Panics where what must be true is not.
pub(crate) fn check(bytes: &[u8]) {
    let mut from = Bytes(bytes);
    let policy = Policy {
        duration_minutes: 1 + from.below(1440),
        start_interval_minutes: 1 + from.below(1440),
        buffer_before_minutes: from.below(1441),
        buffer_after_minutes: from.below(1441),
        minimum_notice_minutes: from.below(5000).into(),
        horizon_days: from.below(20),
        daily_limit: Some(from.below(4)).filter(|limit| *limit > 0),
    };
    let quarters = |from: &mut Bytes<'_>| (i32::from(from.below(105)) - 48) * 900;
    let (before, after, at) = (quarters(&mut from), quarters(&mut from), from.instant());
    let changes = if before == after { vec![] } else { vec![Transition { at: at.timestamp(), offset: after }] };
    let Ok(zone) = OffsetTable::new("Test/Zone", before, changes) else { return };
    let weekly = (0..from.below(12)).filter_map(|_| {
        let (day_of_week, Window { start_time, end_time }) = (from.byte() % 7, from.window()?);
        Some(WeeklyWindow { day_of_week, start_time, end_time })
    });
    let weekly = weekly.collect();
    let overrides = (0..from.below(3)).map(|_| {
        let date = from.date();
        DateOverride { date, windows: (0..from.below(3)).filter_map(|_| from.window()).collect() }
    });
    let mut overrides: Vec<_> = overrides.collect();
    overrides.sort_by_key(|of| of.date);
    overrides.dedup_by_key(|of| of.date);
    let blocked = (0..from.below(2)).map(|_| {
        let starts_on = from.date();
        BlockedRange { starts_on, ends_on: starts_on + Days::new(from.below(3).into()), note: None }
    });
    let blocked = blocked.collect();
    let hours = Availability { timezone: "Test/Zone".into(), weekly, overrides, blocked };
    let Ok(availability) = hours.normalise() else { return };
    let busy = (0..from.below(6)).map(|_| {
        let start = from.instant();
        Busy {
            start,
            end: start + TimeDelta::minutes(from.below(600).into()),
            buffer_before_minutes: from.below(200),
            buffer_after_minutes: from.below(200),
            counts_to_daily_limit: from.byte() % 2 == 0,
        }
    });
    let busy: Vec<Busy> = busy.collect();
    let (now, start) = (from.instant(), from.instant());
    let range = start..start + TimeDelta::minutes(from.below(3 * 1440).into());

    let offered = slots(&Request { availability: &availability, zone: &zone, policy, busy: &busy, now }, range.clone());
    assert!(offered.is_sorted_by(|a, b| a < b), "in order, each once");
    assert!(offered.iter().all(|at| range.contains(at)), "within what was asked for");
    let wall = |at| zone.wall(at);
    let oracle = Oracle::new(&availability, policy, &busy, now, wall, TimeDelta::minutes(1));
    assert_eq!(offered, oracle.slots(range), "what the contract says");
}
