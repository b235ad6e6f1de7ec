use crate::{
    Availability, OffsetTable, SessionType,
    hours::{Stretch, stretches},
    intervals::merged,
    seconds::{DAY, MINUTE, ceil, instant},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::Range};

/// A time at which the mentor cannot be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busy {
    /// First busy instant.
    pub start: DateTime<Utc>,
    /// First free instant. A range that does not end after its start meets nothing.
    pub end: DateTime<Utc>,
    /// The booking's own buffer before, 0 for calendar events.
    pub buffer_before_minutes: u16,
    /// The booking's own buffer after, 0 for calendar events.
    pub buffer_after_minutes: u16,
    /// It is a booking or hold of the session type that is asked for, and counts against its daily limit.
    pub counts_to_daily_limit: bool,
}

/// The part of a session type that decides where it fits; see [`SessionType`] for units and ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Policy {
    pub duration_minutes: u16,
    pub start_interval_minutes: u16,
    pub buffer_before_minutes: u16,
    pub buffer_after_minutes: u16,
    pub minimum_notice_minutes: u32,
    pub horizon_days: u16,
    pub daily_limit: Option<u16>,
}

impl From<&SessionType> for Policy {
    fn from(s: &SessionType) -> Self {
        Self {
            duration_minutes: s.duration_minutes,
            start_interval_minutes: s.start_interval_minutes,
            buffer_before_minutes: s.buffer_before_minutes,
            buffer_after_minutes: s.buffer_after_minutes,
            minimum_notice_minutes: s.minimum_notice_minutes,
            horizon_days: s.horizon_days,
            daily_limit: s.daily_limit,
        }
    }
}

/// Everything that decides which start times are offered.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The mentor's hours, normalised.
    pub availability: &'a Availability,
    /// The mentor's time zone, for `now` (it decides where the horizon ends) and for the range asked for, widened by
    /// [`MARGIN`] on either side.
    pub zone: &'a OffsetTable,
    /// What is asked for. A duration or an interval of 0 offers nothing.
    pub policy: Policy,
    /// In any order; may overlap. Must hold all that meets the range asked for, widened by [`MARGIN`] on either side:
    /// buffers and the daily limit reach so far.
    pub busy: &'a [Busy],
    /// The current instant.
    pub now: DateTime<Utc>,
}

/// How far beyond both ends of a range the busy times and the time zone rules must be known to answer for it: the
/// longest session and the longest buffer one after the other, or one local date, whatever its clocks do.
pub const MARGIN: TimeDelta = TimeDelta::days(2);

/// The longest range, in days, that is answered at once; what lies beyond is left out. No valid horizon reaches so far.
pub const MAX_RANGE_DAYS: u16 = 800;

/// The start times that are offered in `range` (half-open), ascending: section 1 of the contract, and the only
/// implementation of it.
///
/// `range` holds the starts; sessions may run past its end. The work grows with the number of windows, busy times and
/// slots, never with their length.
///
/// Every request has an answer: a policy beyond its limits is taken at its word, and no more than [`MAX_RANGE_DAYS`]
/// are looked at, from the first instant on that range and notice leave over.
///
/// ```
/// use chrono::{TimeDelta, TimeZone, Utc};
/// use scheduling::{Availability, OffsetTable, Policy, Request, SessionType, WeeklyWindow, slots};
///
/// // 1 December 2026 is a Tuesday. Nine o'clock in Seoul is midnight in UTC.
/// let at = |hour, minute| Utc.with_ymd_and_hms(2026, 12, 1, hour, minute, 0).unwrap();
/// let tuesday = WeeklyWindow { day_of_week: 2, start_time: "09:00".parse()?, end_time: "10:30".parse()? };
/// let (timezone, weekly) = ("Asia/Seoul".into(), vec![tuesday]);
/// let request = Request {
///     availability: &Availability { timezone, weekly, overrides: vec![], blocked: vec![] },
///     zone: &OffsetTable::fixed("Asia/Seoul", 9 * 3600),
///     policy: Policy::from(&SessionType::first()),
///     busy: &[],
///     now: at(0, 0) - TimeDelta::days(1),
/// };
/// assert_eq!(slots(&request, at(0, 0)..at(12, 0)), [at(0, 0), at(0, 30), at(1, 0)]);
/// # Ok::<_, scheduling::ParseClockTimeError>(())
/// ```
pub fn slots(request: &Request<'_>, range: Range<DateTime<Utc>>) -> Vec<DateTime<Utc>> {
    let Request { availability, zone, policy, busy, now } = *request;
    let (duration, interval) = (minutes(policy.duration_minutes), minutes(policy.start_interval_minutes));
    let last_day = zone.day_at(now.timestamp()) + i64::from(policy.horizon_days);

    // Starts are whole seconds, so bounds within a second move to the next.
    let earliest = ceil(range.start).max(ceil(now) + minutes(policy.minimum_notice_minutes));
    // `last_day` is over by then in every zone, as no offset is a day or more. When exactly is asked of each stretch:
    // where clocks fall back over midnight, a date may come twice.
    let latest = ceil(range.end).min((last_day + 2) * DAY).min(earliest + i64::from(MAX_RANGE_DAYS) * DAY);
    if duration == 0 || interval == 0 || earliest >= latest {
        return Vec::new();
    }

    let taken = policy.daily_limit.map(|limit| (usize::from(limit), sessions_a_day(zone, busy)));
    let full = |day| taken.as_ref().is_some_and(|(limit, taken)| taken.get(&day).unwrap_or(&0) >= limit);
    let forbidden = forbidden_starts(&policy, busy, earliest..latest);
    let mut forbidden = forbidden.as_slice();
    let stretches = stretches(availability, zone, earliest..latest + duration);
    let mut slots = Vec::new();
    for span in stretches.chunk_by(touch) {
        let Some(last) = span.last() else { continue };
        let last_that_fits = last.open.end - duration;
        for stretch in span.iter().filter(|stretch| stretch.day <= last_day && !full(stretch.day)) {
            let on_grid = |second| stretch.origin + (second - stretch.origin + interval - 1) / interval * interval;
            let end = stretch.open.end.min(last_that_fits + 1).min(latest);
            let mut start = on_grid(stretch.open.start);
            while start < end {
                // Both lists ascend: what is over before this start is over before all that follow.
                while let [over, rest @ ..] = forbidden
                    && over.end <= start
                {
                    forbidden = rest;
                }
                match forbidden.first() {
                    Some(run) if run.start <= start => start = on_grid(run.end),
                    _ => {
                        slots.push(instant(start));
                        start += interval;
                    }
                }
            }
        }
    }
    slots
}

/// The instants in `range` at which the mentor's hours are open, as ascending spans that do not touch.
///
/// The first rule of the contract's section 1. Hours that meet at midnight are one span. Of a range of more than
/// [`MAX_RANGE_DAYS`] the rest is left out.
///
/// ```
/// use chrono::{TimeZone, Utc};
/// use scheduling::{Availability, OffsetTable, WeeklyWindow, open_spans};
///
/// let evening = WeeklyWindow { day_of_week: 6, start_time: "22:00".parse()?, end_time: "24:00".parse()? };
/// let night = WeeklyWindow { day_of_week: 0, start_time: "00:00".parse()?, end_time: "02:00".parse()? };
/// let (timezone, weekly) = ("UTC".into(), vec![night, evening]);
/// let availability = Availability { timezone, weekly, overrides: vec![], blocked: vec![] };
/// let at = |day, hour| Utc.with_ymd_and_hms(2026, 12, day, hour, 0, 0).unwrap();
/// // 5 December 2026 is a Saturday.
/// assert_eq!(open_spans(&availability, &OffsetTable::utc(), at(5, 0)..at(7, 0)), [at(5, 22)..at(6, 2)]);
/// # Ok::<_, scheduling::ParseClockTimeError>(())
/// ```
pub fn open_spans(
    availability: &Availability,
    zone: &OffsetTable,
    range: Range<DateTime<Utc>>,
) -> Vec<Range<DateTime<Utc>>> {
    let start = range.start.timestamp();
    let end = ceil(range.end).min(start + i64::from(MAX_RANGE_DAYS) * DAY);
    stretches(availability, zone, start..end)
        .chunk_by(touch)
        .filter_map(|span| Some(span.first()?.open.start..span.last()?.open.end))
        .map(|span| instant(span.start).max(range.start)..instant(span.end).min(range.end))
        // A range that runs backwards within one second, or lies in the calendar's last, leaves nothing of a span.
        .filter(|span| !span.is_empty())
        .collect()
}

/// Whether one open span holds both of two stretches that follow one another.
fn touch(a: &Stretch, b: &Stretch) -> bool {
    a.open.end == b.open.start
}

/// How many sessions that count against the daily limit start on each local date.
fn sessions_a_day(zone: &OffsetTable, busy: &[Busy]) -> BTreeMap<i64, usize> {
    let mut sessions = BTreeMap::new();
    for busy in busy.iter().filter(|busy| busy.counts_to_daily_limit) {
        *sessions.entry(zone.day_at(busy.start.timestamp())).or_default() += 1;
    }
    sessions
}

/// The starts (Unix seconds) that busy times forbid, merged.
///
/// Both halves of the contract's fourth rule at once: a busy time forbids one run of starts by each, the two runs
/// overlap, so on either side the larger of the buffers that face each other decides.
fn forbidden_starts(policy: &Policy, busy: &[Busy], starts: Range<i64>) -> Vec<Range<i64>> {
    let runs = busy.iter().filter(|busy| busy.start < busy.end).map(|busy| {
        let before = minutes(policy.buffer_after_minutes.max(busy.buffer_before_minutes));
        let after = minutes(policy.buffer_before_minutes.max(busy.buffer_after_minutes));
        // A session may end on the very second at which the busy time begins; the next second is forbidden.
        busy.start.timestamp() - before - minutes(policy.duration_minutes) + 1..ceil(busy.end) + after
    });
    merged(runs.filter(|run| run.start < starts.end && run.end > starts.start))
}

/// So many minutes, in seconds.
fn minutes(minutes: impl Into<i64>) -> i64 {
    minutes.into() * MINUTE
}
