use crate::{
    Availability, ClockTime, OffsetTable,
    intervals::merged,
    seconds::{DAY, MINUTE, day_number},
};
use std::{collections::BTreeMap, ops::Range};

/// A mentor's hours, ready to be asked by day number. Windows are seconds after local midnight.
struct Hours {
    weekly: [Vec<Range<i64>>; 7],
    overrides: BTreeMap<i64, Vec<Range<i64>>>,
    blocked: Vec<Range<i64>>,
}

/// A part of one window, small enough that local time runs evenly in it: one local date, one offset.
pub(crate) struct Stretch {
    /// When it is open, in Unix seconds.
    pub(crate) open: Range<i64>,
    /// The Unix second at which the window would start if this stretch's offset held there: its grid counts from here.
    pub(crate) origin: i64,
    /// The local date.
    pub(crate) day: i64,
}

impl Hours {
    /// The hours of the local dates that may occur in `span` (Unix seconds).
    ///
    /// Hours that are not normalised do no harm: windows are merged here again, what is impossible is left out, and
    /// of several overrides of one date the last counts.
    fn new(availability: &Availability, span: &Range<i64>) -> Self {
        let days = span.start.div_euclid(DAY) - 1..=span.end.div_euclid(DAY) + 1;
        let mut weekly: [Vec<Range<i64>>; 7] = Default::default();
        for window in &availability.weekly {
            if let Some(day) = weekly.get_mut(usize::from(window.day_of_week)) {
                day.push(seconds(window.start_time, window.end_time));
            }
        }
        Self {
            weekly: weekly.map(merged),
            overrides: availability
                .overrides
                .iter()
                .map(|other| (day_number(other.date), &other.windows))
                .filter(|(day, _)| days.contains(day))
                .map(|(day, windows)| (day, merged(windows.iter().map(|w| seconds(w.start_time, w.end_time)))))
                .collect(),
            blocked: merged(availability.blocked.iter().map(|b| day_number(b.starts_on)..day_number(b.ends_on) + 1)),
        }
    }

    /// The windows of a local date, ascending: no windows where it is blocked, else its override, else its weekday's.
    fn windows(&self, day: i64) -> &[Range<i64>] {
        let ended = self.blocked.partition_point(|blocked| blocked.end <= day);
        if self.blocked.get(ended).is_some_and(|blocked| blocked.contains(&day)) {
            return &[];
        }
        // Day 0, 1 January 1970, was a Thursday.
        let weekday = (day + 4).rem_euclid(7) as usize;
        self.overrides.get(&day).unwrap_or(&self.weekly[weekday])
    }
}

/// Everything that is open in `span` (Unix seconds), ascending. Stretches that touch belong to one open span.
pub(crate) fn stretches(availability: &Availability, zone: &OffsetTable, span: Range<i64>) -> Vec<Stretch> {
    let hours = Hours::new(availability, &span);
    let mut stretches = Vec::new();
    for (segment, offset) in zone.segments(span) {
        let offset = i64::from(offset);
        let first = (segment.start + offset).div_euclid(DAY);
        let last = (segment.end - 1 + offset).div_euclid(DAY);
        for day in first..=last {
            let midnight = day * DAY - offset;
            for window in hours.windows(day) {
                let origin = midnight + window.start;
                let open = origin.max(segment.start)..(midnight + window.end).min(segment.end);
                if !open.is_empty() {
                    stretches.push(Stretch { open, origin, day });
                }
            }
        }
    }
    stretches
}

fn seconds(start: ClockTime, end: ClockTime) -> Range<i64> {
    i64::from(start.minutes()) * MINUTE..i64::from(end.minutes()) * MINUTE
}
