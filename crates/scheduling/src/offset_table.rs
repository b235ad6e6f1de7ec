use crate::seconds::{DAY, instant};
use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use std::{fmt, iter, mem, ops::Range};

/// Offsets are less than a day, as [`FixedOffset`] has it; the largest ever in use was under sixteen hours.
const MAX_OFFSET: i32 = 86_399;

/// The offsets from UTC that one IANA time zone has during a span of time.
///
/// Travels as data from server to browser, so both compute with the same rules and the browser carries no time zone
/// database. Outside its span the first and the last offset go on for ever.
///
/// [`new`](Self::new) and deserialisation check a table. Every function is total all the same: built by hand with
/// transitions out of order, a table gives meaningless answers, but it gives them; offsets of a day or more count as a
/// second less than a day; instants beyond the ends of chrono's calendar stop there.
///
/// It is a [`TimeZone`], so that `DateTime<OffsetTable>` shows and parses times. Each such value carries a copy of the
/// table: where many are needed, use [`wall`](Self::wall) and [`instants`](Self::instants).
///
/// ```
/// use chrono::{TimeZone, Utc};
/// use scheduling::{OffsetTable, Transition};
///
/// // New York, 2027: clocks jump from 02:00 to 03:00 on 14 March.
/// let spring = Transition { at: 1_805_007_600, offset: -4 * 3600 };
/// let zone = OffsetTable::new("America/New_York", -5 * 3600, vec![spring]).unwrap();
/// let noon = Utc.with_ymd_and_hms(2027, 3, 14, 12, 0, 0).unwrap();
/// assert_eq!(noon.with_timezone(&zone).to_rfc3339(), "2027-03-14T08:00:00-04:00");
/// assert!(zone.with_ymd_and_hms(2027, 3, 14, 2, 30, 0).single().is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct OffsetTable {
    /// IANA name, such as `Asia/Seoul`.
    pub name: String,
    /// Seconds east of UTC before the first transition, less than a day either way.
    pub first_offset: i32,
    /// Strictly ascending.
    pub transitions: Vec<Transition>,
}

/// From this instant on, the zone has this offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transition {
    /// Unix seconds.
    pub at: i64,
    /// Seconds east of UTC, less than a day either way.
    pub offset: i32,
}

/// The transitions are no time zone's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OffsetTableError {
    /// An offset of a day or more.
    #[error("an offset from UTC is less than a day")]
    Offset,
    /// A transition at or before the one in front of it.
    #[error("transitions are strictly ascending")]
    Order,
}

/// What comes from outside, before [`OffsetTable::new`] has looked at it.
#[derive(Deserialize)]
struct Unchecked {
    name: String,
    first_offset: i32,
    transitions: Vec<Transition>,
}

impl TryFrom<Unchecked> for OffsetTable {
    type Error = OffsetTableError;

    fn try_from(table: Unchecked) -> Result<Self, Self::Error> {
        Self::new(table.name, table.first_offset, table.transitions)
    }
}

impl OffsetTable {
    /// The zone `name` with `first_offset` (seconds east of UTC) until the first of `transitions`.
    ///
    /// # Errors
    /// An offset is a day or more, or the transitions do not ascend.
    pub fn new(
        name: impl Into<String>,
        first_offset: i32,
        transitions: Vec<Transition>,
    ) -> Result<Self, OffsetTableError> {
        let offsets = iter::once(first_offset).chain(transitions.iter().map(|t| t.offset));
        if offsets.into_iter().any(|offset| !(-MAX_OFFSET..=MAX_OFFSET).contains(&offset)) {
            Err(OffsetTableError::Offset)
        } else if !transitions.is_sorted_by(|a, b| a.at < b.at) {
            Err(OffsetTableError::Order)
        } else {
            Ok(Self { name: name.into(), first_offset, transitions })
        }
    }

    /// A zone that is always `offset` seconds east of UTC.
    ///
    /// ```
    /// # use {chrono::Utc, scheduling::OffsetTable};
    /// let seoul = OffsetTable::fixed("Asia/Seoul", 9 * 3600);
    /// assert_eq!(seoul.offset_at(chrono::DateTime::<Utc>::UNIX_EPOCH), 32_400);
    /// ```
    pub fn fixed(name: impl Into<String>, offset: i32) -> Self {
        Self { name: name.into(), first_offset: offset, transitions: Vec::new() }
    }

    /// `UTC`.
    pub fn utc() -> Self {
        Self::fixed("UTC", 0)
    }

    /// Seconds east of UTC at this instant.
    pub fn offset_at(&self, at: DateTime<Utc>) -> i32 {
        self.offset_at_second(at.timestamp())
    }

    /// The local date and clock time at this instant.
    ///
    /// ```
    /// # use {chrono::DateTime, scheduling::OffsetTable};
    /// let seoul = OffsetTable::fixed("Asia/Seoul", 9 * 3600);
    /// assert_eq!(seoul.wall(DateTime::UNIX_EPOCH).to_string(), "1970-01-01 09:00:00");
    /// ```
    pub fn wall(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let offset = self.offset_at(at);
        let end = if offset < 0 { NaiveDateTime::MIN } else { NaiveDateTime::MAX };
        at.naive_utc().checked_add_offset(fixed_offset(offset)).unwrap_or(end)
    }

    /// The instants at which clocks show `wall`, ascending: one, or none where a clock jumps over it, or two where it
    /// falls back to it.
    ///
    /// ```
    /// # use {chrono::NaiveDate, scheduling::{OffsetTable, Transition}};
    /// // New York, 2026: clocks fall from 02:00 back to 01:00 on 1 November.
    /// let fall = Transition { at: 1_793_512_800, offset: -5 * 3600 };
    /// let zone = OffsetTable::new("America/New_York", -4 * 3600, vec![fall]).unwrap();
    /// let half_past_one = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap().and_hms_opt(1, 30, 0).unwrap();
    /// let twice: Vec<_> = zone.instants(half_past_one).map(|t| t.to_string()).collect();
    /// assert_eq!(twice, ["2026-11-01 05:30:00 UTC", "2026-11-01 06:30:00 UTC"]);
    /// ```
    pub fn instants(&self, wall: NaiveDateTime) -> impl Iterator<Item = DateTime<Utc>> {
        let local = wall.and_utc().timestamp();
        self.segments(local - DAY..local + DAY)
            .filter(move |(span, offset)| span.contains(&(local - i64::from(*offset))))
            .filter_map(move |(_, offset)| wall.checked_sub_offset(fixed_offset(offset)))
            .map(|utc| utc.and_utc())
    }

    /// The first instant of a local date: the first at which clocks show that date or a later one.
    ///
    /// That is midnight, or where clocks jump over midnight the time they jump to; for a date that a zone skipped
    /// altogether (Apia, 30 December 2011) it is the beginning of the next.
    ///
    /// ```
    /// # use {chrono::NaiveDate, scheduling::OffsetTable};
    /// let seoul = OffsetTable::fixed("Asia/Seoul", 9 * 3600);
    /// let date = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap();
    /// assert_eq!(seoul.date_start(date).to_string(), "2026-11-30 15:00:00 UTC");
    /// ```
    pub fn date_start(&self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.and_time(NaiveTime::MIN).and_utc().timestamp();
        self.segments(midnight - DAY..midnight + DAY)
            .map(|(span, offset)| span.start.max(midnight - i64::from(offset))..span.end)
            .find(|rest| !rest.is_empty())
            .map_or(DateTime::<Utc>::MAX_UTC, |rest| instant(rest.start))
    }

    /// The day number of the local date at this Unix second.
    pub(crate) fn day_at(&self, second: i64) -> i64 {
        (second + i64::from(self.offset_at_second(second))).div_euclid(DAY)
    }

    /// The stretches of one offset that make up `span` (in Unix seconds), ascending, each with its offset.
    ///
    /// They never overlap, whatever the table holds, so who walks them is done after `span`.
    pub(crate) fn segments(&self, span: Range<i64>) -> impl Iterator<Item = (Range<i64>, i32)> {
        let Range { mut start, end } = span;
        let mut next = self.transitions_until(start);
        iter::from_fn(move || {
            (start < end).then(|| {
                let offset = self.offset_after(next);
                let until = self.transitions.get(next).map_or(end, |t| t.at.clamp(start, end));
                next += 1;
                (mem::replace(&mut start, until)..until, offset)
            })
        })
    }

    fn offset_at_second(&self, second: i64) -> i32 {
        self.offset_after(self.transitions_until(second))
    }

    /// How many transitions have happened at this Unix second.
    fn transitions_until(&self, second: i64) -> usize {
        self.transitions.partition_point(|t| t.at <= second)
    }

    /// The offset after so many transitions.
    fn offset_after(&self, transitions: usize) -> i32 {
        let last = transitions.checked_sub(1).and_then(|last| self.transitions.get(last));
        last.map_or(self.first_offset, |t| t.offset).clamp(-MAX_OFFSET, MAX_OFFSET)
    }
}

/// Never UTC for want of something better: every offset that comes here is within [`MAX_OFFSET`].
fn fixed_offset(seconds: i32) -> FixedOffset {
    FixedOffset::east_opt(seconds).unwrap_or_else(|| Utc.fix())
}

/// The offset of one instant, and the table it came from, so that arithmetic on a `DateTime<OffsetTable>` stays right
/// across the next transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOffset {
    offset: FixedOffset,
    table: OffsetTable,
}

impl Offset for TableOffset {
    fn fix(&self) -> FixedOffset {
        self.offset
    }
}

impl fmt::Display for TableOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.offset.fmt(f)
    }
}

impl TimeZone for OffsetTable {
    type Offset = TableOffset;

    fn from_offset(offset: &TableOffset) -> Self {
        offset.table.clone()
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<TableOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<TableOffset> {
        let mut offsets = self.instants(*local).map(|at| self.offset_from_utc_datetime(&at.naive_utc()));
        match (offsets.next(), offsets.next()) {
            (None, _) => MappedLocalTime::None,
            (Some(only), None) => MappedLocalTime::Single(only),
            (Some(earlier), Some(later)) => MappedLocalTime::Ambiguous(earlier, later),
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> TableOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> TableOffset {
        TableOffset { offset: fixed_offset(self.offset_at(utc.and_utc())), table: self.clone() }
    }
}
