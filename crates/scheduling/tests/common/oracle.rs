//! Section 1 of the contract, word by word: every instant is asked every question. Slow, and without a thought in
//! common with the implementation.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use scheduling::{Availability, Busy, Policy};
use std::{cell::RefCell, collections::HashMap, ops::Range, rc::Rc};

/// Everything that the rule speaks of. `wall` is the mentor's local date and clock time at an instant; it is given
/// apart from the implementation's table.
pub(crate) struct Oracle<'a, W> {
    pub(crate) availability: &'a Availability,
    pub(crate) policy: Policy,
    pub(crate) busy: &'a [Busy],
    pub(crate) now: DateTime<Utc>,
    pub(crate) wall: W,
    /// How far apart the instants lie that are looked at. Opens and closes must lie on them.
    pub(crate) step: TimeDelta,
    days: RefCell<HashMap<NaiveDate, Rc<Vec<bool>>>>,
}

impl<'a, W: Fn(DateTime<Utc>) -> NaiveDateTime> Oracle<'a, W> {
    pub(crate) fn new(
        availability: &'a Availability,
        policy: Policy,
        busy: &'a [Busy],
        now: DateTime<Utc>,
        wall: W,
        step: TimeDelta,
    ) -> Self {
        Self { availability, policy, busy, now, wall, step, days: RefCell::default() }
    }

    pub(crate) fn slots(&self, range: Range<DateTime<Utc>>) -> Vec<DateTime<Utc>> {
        let offered = |t: &DateTime<Utc>| {
            *t >= range.start
                && self.is_on_the_grid(*t)
                && self.is_within_policy(*t)
                && self.is_free(*t)
                && self.fits(*t)
        };
        // Whole minutes: seconds of offsets, if there are any, divide `step`.
        let first = range.start - TimeDelta::nanoseconds(range.start.timestamp_subsec_nanos().into());
        let first = first - TimeDelta::seconds(first.timestamp().rem_euclid(60));
        self.instants(first..range.end).filter(offered).collect()
    }

    fn instants(&self, range: Range<DateTime<Utc>>) -> impl Iterator<Item = DateTime<Utc>> {
        std::iter::successors(Some(range.start), |t| Some(*t + self.step)).take_while(move |t| *t < range.end)
    }

    /// 1. "An instant `t` is open if and only if `wall(t)` lies in a window of its own local date."
    pub(crate) fn is_open(&self, t: DateTime<Utc>) -> bool {
        let wall = (self.wall)(t);
        self.open_minutes(wall.date())[minute_of_day(wall)]
    }

    fn open_minutes(&self, date: NaiveDate) -> Rc<Vec<bool>> {
        let mut days = self.days.borrow_mut();
        days.entry(date).or_insert_with(|| Rc::new(open_minutes(self.availability, date))).clone()
    }

    /// 2. "`wall(t)` is `window.start + k * start_interval`, with a whole `k >= 0`, for the (merged) window of its
    ///    local date that contains `wall(t)`."
    fn is_on_the_grid(&self, t: DateTime<Utc>) -> bool {
        let wall = (self.wall)(t);
        let (open, minute) = (self.open_minutes(wall.date()), minute_of_day(wall));
        if wall.second() != 0 || !open[minute] {
            return false;
        }
        let closed_before = (0..minute).rev().find(|m| !open[*m]);
        let window_start = closed_before.map_or(0, |closed| closed + 1);
        (window_start..=minute).step_by(self.policy.start_interval_minutes.into()).any(|m| m == minute)
    }

    /// 3. "Every instant of `[t, t + duration)` is open."
    fn fits(&self, t: DateTime<Utc>) -> bool {
        self.instants(t..t + minutes(self.policy.duration_minutes)).all(|t| self.is_open(t))
    }

    /// 4. "`[t - buffer_before, t + duration + buffer_after)` meets no busy range, and `[t, t + duration)` meets no
    ///    existing booking widened by that booking's own buffers."
    fn is_free(&self, t: DateTime<Utc>) -> bool {
        let p = &self.policy;
        let session = t..t + minutes(p.duration_minutes);
        let widened = session.start - minutes(p.buffer_before_minutes)..session.end + minutes(p.buffer_after_minutes);
        !self.busy.iter().filter(|b| b.start < b.end).any(|b| {
            let own = b.start - minutes(b.buffer_before_minutes)..b.end + minutes(b.buffer_after_minutes);
            meets(&widened, &(b.start..b.end)) || meets(&session, &own)
        })
    }

    /// 5. "`t >= now + minimum_notice`; the local date of `t` is at most `horizon_days` after the local date of `now`;
    ///    and fewer than `daily_limit` bookings of that session type start on the local date of `t`."
    fn is_within_policy(&self, t: DateTime<Utc>) -> bool {
        let date = |t| (self.wall)(t).date();
        let same_day = || self.busy.iter().filter(|b| b.counts_to_daily_limit && date(b.start) == date(t)).count();
        t >= self.now + TimeDelta::minutes(self.policy.minimum_notice_minutes.into())
            && (date(t) - date(self.now)).num_days() <= self.policy.horizon_days.into()
            && self.policy.daily_limit.is_none_or(|limit| same_day() < limit.into())
    }
}

/// Which of the 1440 minutes of a date are open: "none, if a blocked date range (both ends included) contains it; else
/// the date's override windows, if it has an override; else the weekly windows of its weekday. Windows are half-open."
fn open_minutes(hours: &Availability, date: NaiveDate) -> Vec<bool> {
    let windows: Vec<_> = if hours.blocked.iter().any(|b| b.starts_on <= date && date <= b.ends_on) {
        vec![]
    } else if let Some(other) = hours.overrides.iter().find(|o| o.date == date) {
        other.windows.iter().map(|w| (w.start_time, w.end_time)).collect()
    } else {
        let weekday = date.weekday().num_days_from_sunday();
        let of_the_day = hours.weekly.iter().filter(|w| u32::from(w.day_of_week) == weekday);
        of_the_day.map(|w| (w.start_time, w.end_time)).collect()
    };
    (0..1440)
        .map(|minute| windows.iter().any(|(start, end)| start.minutes() <= minute && minute < end.minutes()))
        .collect()
}

fn minute_of_day(wall: NaiveDateTime) -> usize {
    (wall.hour() * 60 + wall.minute()) as usize
}

fn meets(a: &Range<DateTime<Utc>>, b: &Range<DateTime<Utc>>) -> bool {
    a.start < b.end && b.start < a.end
}

fn minutes(minutes: u16) -> TimeDelta {
    TimeDelta::minutes(minutes.into())
}
