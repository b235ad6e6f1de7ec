//! Blocked dates as a state machine: what a click, a drag or a key does to them, and the calendar they are drawn on.
//!
//! Pure: no browser in here.

use crate::components::pick::{day_shift, month_shift, month_start};
use crate::format;
use chrono::NaiveDate;
use scheduling::BlockedRange;
use std::ops::RangeInclusive;

/// The weeks that show the month of `date`, beginning on `week_start` (0: Sunday to 6: Saturday).
pub fn weeks(date: NaiveDate, week_start: u8) -> Vec<[NaiveDate; 7]> {
    let first = month_start(date);
    let begin = day_shift(first, -i64::from(format::days_into_week(first, week_start)));
    let next = month_shift(first, 1);
    (0..6)
        .map(|week| day_shift(begin, week * 7))
        .filter(|begin| *begin < next)
        .map(|begin| std::array::from_fn(|day| day_shift(begin, day as i64)))
        .collect()
}

/// The same range with its ends in order.
pub fn ordered(a: NaiveDate, b: NaiveDate) -> RangeInclusive<NaiveDate> {
    a.min(b)..=a.max(b)
}

/// How many dates are in a range.
pub fn length(range: &RangeInclusive<NaiveDate>) -> i64 {
    (*range.end() - *range.start()).num_days() + 1
}

/// The place of the range that blocks `date`.
pub fn blocking(blocked: &[BlockedRange], date: NaiveDate) -> Option<usize> {
    blocked.iter().position(|range| range.starts_on <= date && date <= range.ends_on)
}

/// Blocks `dates`: one more entry. What it covers and has no note of its own goes into it; nothing happens where one
/// entry covers all of it already.
pub fn block(blocked: &mut Vec<BlockedRange>, dates: &RangeInclusive<NaiveDate>) {
    let (starts_on, ends_on) = (*dates.start(), *dates.end());
    if blocked.iter().any(|range| range.starts_on <= starts_on && ends_on <= range.ends_on) {
        return;
    }
    blocked.retain(|range| range.note.is_some() || range.starts_on < starts_on || ends_on < range.ends_on);
    blocked.push(BlockedRange { starts_on, ends_on, note: None });
    sort(blocked);
}

/// Frees `dates`: entries lose what lies in them, and are split where that is in their middle; both keep the note.
pub fn free(blocked: &mut Vec<BlockedRange>, dates: &RangeInclusive<NaiveDate>) {
    let (first, last) = (*dates.start(), *dates.end());
    *blocked = std::mem::take(blocked)
        .into_iter()
        .flat_map(|range| {
            let part = |starts_on: NaiveDate, ends_on: NaiveDate| {
                (starts_on <= ends_on).then(|| BlockedRange { starts_on, ends_on, note: range.note.clone() })
            };
            [
                part(range.starts_on, range.ends_on.min(day_shift(first, -1))),
                part(range.starts_on.max(day_shift(last, 1)), range.ends_on),
            ]
        })
        .flatten()
        .collect();
    sort(blocked);
}

fn sort(blocked: &mut [BlockedRange]) {
    blocked.sort_by_key(|range| (range.starts_on, range.ends_on));
}

/// A drag over the calendar, or a selection that the keyboard extends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateDrag {
    /// Where it began.
    pub from: NaiveDate,
    /// Where it is.
    pub to: NaiveDate,
    /// Blocks; else frees, since it began on a blocked date.
    pub on: bool,
}

impl DateDrag {
    /// Begins on `date`.
    pub fn begin(blocked: &[BlockedRange], date: NaiveDate) -> Self {
        Self { from: date, to: date, on: blocking(blocked, date).is_none() }
    }

    /// First to last date.
    pub fn dates(self) -> RangeInclusive<NaiveDate> {
        ordered(self.from, self.to)
    }

    /// Does it.
    pub fn apply(self, blocked: &mut Vec<BlockedRange>) {
        if self.on { block(blocked, &self.dates()) } else { free(blocked, &self.dates()) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn range(starts_on: &str, ends_on: &str, note: Option<&str>) -> BlockedRange {
        BlockedRange { starts_on: date(starts_on), ends_on: date(ends_on), note: note.map(Into::into) }
    }

    #[test]
    fn a_month_is_shown_in_whole_weeks() {
        let december = weeks(date("2026-12-17"), 1);
        assert_eq!(december.len(), 5);
        assert_eq!(december[0][0], date("2026-11-30"));
        assert_eq!(december[4][6], date("2027-01-03"));
        assert_eq!(weeks(date("2027-02-01"), 1).len(), 4, "February 2027 begins on a Monday");
        assert_eq!(weeks(date("2027-05-05"), 1).len(), 6);
        assert_eq!(weeks(date("2027-02-01"), 0)[0][0], date("2027-01-31"), "weeks begin on Sunday");
    }

    #[test]
    fn blocking_adds_an_entry_and_takes_in_what_has_no_note() {
        let mut blocked =
            vec![range("2026-12-24", "2026-12-26", Some("Family")), range("2026-12-28", "2026-12-28", None)];
        block(&mut blocked, &ordered(date("2026-12-31"), date("2026-12-20")));
        assert_eq!(
            blocked,
            [range("2026-12-20", "2026-12-31", None), range("2026-12-24", "2026-12-26", Some("Family"))]
        );
        let before = blocked.clone();
        block(&mut blocked, &ordered(date("2026-12-25"), date("2026-12-26")));
        assert_eq!(blocked, before);
    }

    #[test]
    fn freeing_splits_and_keeps_the_note() {
        let mut blocked = vec![range("2026-12-20", "2026-12-31", Some("Away"))];
        free(&mut blocked, &ordered(date("2026-12-24"), date("2026-12-26")));
        assert_eq!(
            blocked,
            [range("2026-12-20", "2026-12-23", Some("Away")), range("2026-12-27", "2026-12-31", Some("Away"))]
        );
        free(&mut blocked, &ordered(date("2026-12-01"), date("2026-12-31")));
        assert!(blocked.is_empty());
    }

    #[test]
    fn a_drag_blocks_or_frees_as_it_began() {
        let mut blocked = vec![];
        let mut drag = DateDrag::begin(&blocked, date("2026-12-10"));
        drag.to = date("2026-12-08");
        assert_eq!(length(&drag.dates()), 3);
        drag.apply(&mut blocked);
        assert_eq!(blocked, [range("2026-12-08", "2026-12-10", None)]);
        DateDrag::begin(&blocked, date("2026-12-09")).apply(&mut blocked);
        assert_eq!(blocked, [range("2026-12-08", "2026-12-08", None), range("2026-12-10", "2026-12-10", None)]);
    }
}
