//! The editor's hours as a state machine: what a gesture or a key does to a week, undo and redo, what is unsaved.
//!
//! Pure: no browser in here. Days count from Monday (0) to Sunday (6), times are minutes after midnight.

use chrono::NaiveDate;
use scheduling::{Availability, BlockedRange, ClockTime, DateOverride, WeeklyWindow, Window};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The days of a week.
pub const DAYS: usize = 7;
/// Minutes of a day.
pub const DAY: u16 = 1440;
/// The grid's step, in minutes.
pub const STEP: u16 = 15;
/// Steps of a day.
pub const STEPS: u16 = DAY / STEP;
/// So many changes can be taken back.
const MAX_UNDO: usize = 200;

/// Open from `start` until before `end`, minutes after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First minute that is open.
    pub start: u16,
    /// First minute that is closed again.
    pub end: u16,
}

impl Span {
    /// `[start, end)`, where that is not empty and inside a day.
    pub fn new(start: u16, end: u16) -> Option<Self> {
        (start < end && end <= DAY).then_some(Self { start, end })
    }

    /// Minutes in it.
    pub const fn minutes(self) -> u16 {
        self.end - self.start
    }

    /// Whether it is open at `minute`.
    pub const fn contains(self, minute: u16) -> bool {
        self.start <= minute && minute < self.end
    }

    /// From–to as clock times.
    pub fn times(self) -> (ClockTime, ClockTime) {
        let time = |minutes| ClockTime::from_minutes(minutes).unwrap_or(ClockTime::MIDNIGHT_END);
        (time(self.start), time(self.end))
    }
}

/// The hours of one day: ascending, never overlapping or touching.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours(Vec<Span>);

impl Hours {
    /// These spans in normal form.
    pub fn new(spans: impl IntoIterator<Item = Span>) -> Self {
        let mut spans: Vec<_> = spans.into_iter().filter(|span| span.start < span.end && span.end <= DAY).collect();
        spans.sort_unstable();
        spans.dedup_by(|next, kept| {
            let joins = next.start <= kept.end;
            if joins {
                kept.end = kept.end.max(next.end);
            }
            joins
        });
        Self(spans)
    }

    /// The spans, ascending.
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// The span that is open at `minute`.
    pub fn at(&self, minute: u16) -> Option<Span> {
        self.0.iter().copied().find(|span| span.contains(minute))
    }

    /// The first span that is open at some time of `span`.
    pub fn overlapping(&self, span: Span) -> Option<Span> {
        self.0.iter().copied().find(|open| open.start < span.end && span.start < open.end)
    }

    /// Whether something is open at some time of `span`.
    pub fn touches(&self, span: Span) -> bool {
        self.overlapping(span).is_some()
    }

    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With `span` open as well.
    #[must_use]
    pub fn with(&self, span: Span) -> Self {
        Self::new(self.0.iter().copied().chain([span]))
    }

    /// With `gone` closed.
    #[must_use]
    pub fn without(&self, gone: Span) -> Self {
        let parts = self.0.iter().flat_map(|span| {
            [Span::new(span.start, span.end.min(gone.start)), Span::new(span.start.max(gone.end), span.end)]
        });
        Self::new(parts.flatten())
    }

    /// With the span at `place` replaced, or taken out.
    #[must_use]
    pub fn replace(&self, place: usize, by: Option<Span>) -> Self {
        Self::new(self.0.iter().enumerate().filter_map(|(i, span)| if i == place { by } else { Some(*span) }))
    }

    /// An hour for one more window: after the last one where there is room, else in the first gap; nine to five in an
    /// empty day. `None` where no quarter of an hour is left that would stay apart.
    pub fn suggestion(&self) -> Option<Span> {
        let Some(last) = self.0.last() else { return Span::new(9 * 60, 17 * 60) };
        let after = last.end.next_multiple_of(STEP);
        let after = if after + 2 * 60 <= DAY { after + 60 } else { after + STEP };
        let starts = std::iter::once(after).chain((0..STEPS).map(|step| step * STEP));
        starts
            .filter_map(|start| Span::new(start, (start + 60).min(DAY)).or_else(|| Span::new(start, start + STEP)))
            .flat_map(|span| [Some(span), Span::new(span.start, span.start + STEP)])
            .flatten()
            .find(|new| self.0.iter().all(|old| new.end < old.start || old.end < new.start))
    }

    /// As windows of the shared crate.
    pub fn windows(&self) -> Vec<Window> {
        self.0.iter().map(|span| span.times()).map(|(start_time, end_time)| Window { start_time, end_time }).collect()
    }

    /// From windows of the shared crate.
    pub fn from_windows(windows: &[Window]) -> Self {
        Self::new(windows.iter().filter_map(|w| Span::new(w.start_time.minutes(), w.end_time.minutes())))
    }
}

/// The hours of a week, Monday first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Week(pub [Hours; DAYS]);

impl Week {
    /// From weekly windows (0 is Sunday there).
    pub fn from_windows(windows: &[WeeklyWindow]) -> Self {
        Self(std::array::from_fn(|day| {
            let of_day = windows.iter().filter(|w| usize::from(w.day_of_week) == day_of_week(day));
            Hours::new(of_day.filter_map(|w| Span::new(w.start_time.minutes(), w.end_time.minutes())))
        }))
    }

    /// As weekly windows, in the normal order (Sunday first).
    pub fn windows(&self) -> Vec<WeeklyWindow> {
        let mut windows: Vec<_> = self
            .0
            .iter()
            .enumerate()
            .flat_map(|(day, hours)| hours.spans().iter().map(move |span| (day_of_week(day) as u8, span.times())))
            .map(|(day_of_week, (start_time, end_time))| WeeklyWindow { day_of_week, start_time, end_time })
            .collect();
        windows.sort_unstable();
        windows
    }

    /// Minutes that are open in all.
    pub fn minutes(&self) -> u32 {
        self.0.iter().flat_map(|hours| hours.spans()).map(|span| u32::from(span.minutes())).sum()
    }
}

/// The shared crate's day of the week (0 is Sunday) of a day of ours (0 is Monday).
pub const fn day_of_week(day: usize) -> usize {
    (day + 1) % DAYS
}

/// All that undo and redo bring back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Hours that repeat.
    pub week: Week,
    /// Dates with hours of their own, ascending.
    pub overrides: Vec<DateOverride>,
    /// Blocked dates, ascending.
    pub blocked: Vec<BlockedRange>,
}

impl Draft {
    /// What is saved.
    pub fn from_availability(availability: &Availability) -> Self {
        Self {
            week: Week::from_windows(&availability.weekly),
            overrides: availability.overrides.clone(),
            blocked: availability.blocked.clone(),
        }
    }

    /// What to save.
    pub fn availability(&self, timezone: &str) -> Availability {
        Availability {
            timezone: timezone.to_owned(),
            weekly: self.week.windows(),
            overrides: self.overrides.clone(),
            blocked: self.blocked.clone(),
        }
    }
}

/// A part of the hours in which two versions can differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A weekday, 0 (Monday) to 6: the hours of each version.
    Day(usize, Hours, Hours),
    /// A date's own hours; none: the weekday's.
    Date(NaiveDate, Option<Hours>, Option<Hours>),
    /// Blocked dates, with their notes; none: not blocked.
    Blocked(NaiveDate, NaiveDate, Option<String>, Option<String>),
}

impl Draft {
    /// Where `mine` and `saved` differ. Notes of blocked dates are compared too.
    pub fn differences(mine: &Self, saved: &Self) -> Vec<Difference> {
        let days = (0..DAYS).map(|day| Difference::Day(day, mine.week.0[day].clone(), saved.week.0[day].clone()));
        let dates: BTreeSet<_> = mine.overrides.iter().chain(&saved.overrides).map(|other| other.date).collect();
        let dates = dates.into_iter().map(|date| Difference::Date(date, mine.of_date(date), saved.of_date(date)));
        let ranges: BTreeSet<_> =
            mine.blocked.iter().chain(&saved.blocked).map(|range| (range.starts_on, range.ends_on)).collect();
        let ranges = ranges
            .into_iter()
            .map(|(from, to)| Difference::Blocked(from, to, mine.note_of(from, to), saved.note_of(from, to)));
        days.chain(dates).chain(ranges).filter(Difference::differs).collect()
    }

    fn of_date(&self, date: NaiveDate) -> Option<Hours> {
        let found = self.overrides.iter().find(|other| other.date == date);
        found.map(|other| Hours::from_windows(&other.windows))
    }

    fn note_of(&self, from: NaiveDate, to: NaiveDate) -> Option<String> {
        let same = self.blocked.iter().filter(|range| (range.starts_on, range.ends_on) == (from, to));
        let notes: Vec<_> = same.map(|range| range.note.clone().unwrap_or_default()).collect();
        (!notes.is_empty()).then(|| notes.join(" · "))
    }

    /// Takes a part as `other` has it.
    pub fn take(&mut self, part: &Difference, other: &Self) {
        match part {
            Difference::Day(day, ..) => self.week.0[*day] = other.week.0[*day].clone(),
            Difference::Date(date, ..) => {
                self.overrides.retain(|own| own.date != *date);
                self.overrides.extend(other.overrides.iter().find(|theirs| theirs.date == *date).cloned());
                self.overrides.sort_by_key(|own| own.date);
            }
            Difference::Blocked(from, to, ..) => {
                let is_same = |range: &BlockedRange| (range.starts_on, range.ends_on) == (*from, *to);
                self.blocked.retain(|own| !is_same(own));
                self.blocked.extend(other.blocked.iter().filter(|theirs| is_same(theirs)).cloned());
                self.blocked.sort_by_key(|own| (own.starts_on, own.ends_on));
            }
        }
    }

    /// Whether a part is the same in both.
    pub fn agrees(&self, part: &Difference, other: &Self) -> bool {
        let mut taken = self.clone();
        taken.take(part, other);
        taken == *self
    }
}

impl Difference {
    fn differs(&self) -> bool {
        match self {
            Self::Day(_, mine, saved) => mine != saved,
            Self::Date(_, mine, saved) => mine != saved,
            Self::Blocked(_, _, mine, saved) => mine != saved,
        }
    }
}

/// A square of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// 0 (Monday) to 6.
    pub day: usize,
    /// 0 (00:00) to 95 (23:45).
    pub step: u16,
}

impl Cell {
    /// The square that holds `minute`, which may lie outside the day.
    pub fn at(day: usize, minute: f64) -> Self {
        Self {
            day: day.min(DAYS - 1),
            step: (minute / f64::from(STEP)).floor().clamp(0.0, f64::from(STEPS - 1)) as u16,
        }
    }

    /// Its time.
    pub const fn span(self) -> Span {
        Span { start: self.step * STEP, end: self.step * STEP + STEP }
    }
}

/// The days and the time that two corners span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// First to last day.
    pub days: RangeInclusive<usize>,
    /// From the upper square's start to the lower one's end.
    pub span: Span,
}

impl Area {
    /// From one corner to the other, in any direction.
    pub fn between(a: Cell, b: Cell) -> Self {
        Self {
            days: a.day.min(b.day)..=a.day.max(b.day),
            span: Span { start: a.step.min(b.step) * STEP, end: (a.step.max(b.step) + 1) * STEP },
        }
    }
}

/// An end of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Where it opens.
    Start,
    /// Where it closes.
    End,
}

impl Edge {
    /// When it is.
    const fn of(self, span: Span) -> u16 {
        match self {
            Self::Start => span.start,
            Self::End => span.end,
        }
    }
}

/// What of the grid is under the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Nothing: a drag opens hours.
    Free,
    /// A block's inside: a drag closes hours.
    Open,
    /// A block's grip, in its middle: a drag moves it.
    Grip(Span),
    /// A block's edge: a drag resizes it.
    Edge(Span, Edge),
}

/// How far, in minutes and pixels, an edge and a grip reach: a finger needs more than a mouse.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Minutes inside the block that still count as its edge.
    pub inside: f64,
    /// Minutes outside of it.
    pub outside: f64,
    /// Half the grip's height, in minutes.
    pub grip: f64,
    /// Whether the pointer is within the grip's width, across the column.
    pub on_grip: bool,
}

impl Hours {
    /// What is at `minute`.
    pub fn part(&self, minute: f64, reach: Reach) -> Part {
        let near = self.0.iter().find_map(|span| {
            let (start, end) = (f64::from(span.start), f64::from(span.end));
            // At least half of a block is no edge, however small it is.
            let inside = reach.inside.min((end - start) / 4.0);
            if (start - reach.outside..start + inside).contains(&minute) {
                Some(Part::Edge(*span, Edge::Start))
            } else if (end - inside..end + reach.outside).contains(&minute) {
                Some(Part::Edge(*span, Edge::End))
            } else if start <= minute && minute < end {
                let grip = reach.grip.min((end - start) / 6.0);
                let middle = (minute - f64::midpoint(start, end)).abs() <= grip;
                Some(if middle && reach.on_grip { Part::Grip(*span) } else { Part::Open })
            } else {
                None
            }
        });
        near.unwrap_or(Part::Free)
    }
}

/// A drag in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// Opens or closes an area.
    Paint {
        /// Opens; else closes.
        on: bool,
        /// Where the drag began.
        from: Cell,
        /// Where it is.
        to: Cell,
    },
    /// Moves one end of a block.
    Resize {
        /// The block's day.
        day: usize,
        /// The block as it was.
        span: Span,
        /// Which end.
        edge: Edge,
        /// Minutes from the end to the pointer.
        grab: i32,
        /// Where the end is now.
        at: u16,
    },
    /// Moves a whole block.
    Move {
        /// The block's day.
        from_day: usize,
        /// The block as it was.
        span: Span,
        /// Minutes from the block's start to the pointer.
        grab: i32,
        /// The day it is on now.
        day: usize,
        /// Where it starts now.
        start: u16,
    },
}

impl Gesture {
    /// Whether it opens or closes an area; else it has a block in its hand.
    pub const fn paints(&self) -> bool {
        matches!(self, Self::Paint { .. })
    }

    /// The week with this drag done.
    pub fn applied(&self, week: &Week) -> Week {
        let mut week = week.clone();
        match self {
            Self::Paint { on, from, to } => {
                let area = Area::between(*from, *to);
                for hours in &mut week.0[area.days] {
                    *hours = if *on { hours.with(area.span) } else { hours.without(area.span) };
                }
            }
            Self::Resize { day, span, .. } => {
                let rest = week.0[*day].without(*span);
                week.0[*day] = self.block().map_or(rest.clone(), |(_, span)| rest.with(span));
            }
            Self::Move { from_day, span, day, .. } => {
                week.0[*from_day] = week.0[*from_day].without(*span);
                if let Some((_, span)) = self.block() {
                    week.0[*day] = week.0[*day].with(span);
                }
            }
        }
        week
    }

    /// The day under the pointer, and the block that is being made, resized or moved (`None`: it is gone).
    pub fn block(&self) -> Option<(usize, Span)> {
        match self {
            Self::Paint { from, to, .. } => Some((to.day, Area::between(*from, *to).span)),
            Self::Resize { day, span, edge: Edge::Start, at, .. } => Some((*day, Span::new(*at, span.end)?)),
            Self::Resize { day, span, edge: Edge::End, at, .. } => Some((*day, Span::new(span.start, *at)?)),
            Self::Move { span, day, start, .. } => Some((*day, Span::new(*start, start + span.minutes())?)),
        }
    }

    /// Whether a pointer there would change anything.
    pub fn would_change(&self, day: usize, minute: f64) -> bool {
        self.clone().follow(day, minute)
    }

    /// Whether the pointer has gone anywhere that matters.
    fn follow(&mut self, day: usize, minute: f64) -> bool {
        let before = self.clone();
        match self {
            Self::Paint { to, .. } => *to = Cell::at(day, minute),
            Self::Resize { span, edge, grab, at, .. } => {
                let (before, wanted) = (edge.of(*span), minute.round() as i32 - *grab);
                // Near where it was, it stays there, off the steps too.
                let stays = snap(wanted - i32::from(before)) == 0;
                *at = if stays { before } else { snap(wanted).clamp(0, i32::from(DAY)) as u16 };
            }
            Self::Move { span, grab, day: to_day, start, .. } => {
                let wanted = i32::from(span.start) + snap(minute.round() as i32 - *grab - i32::from(span.start));
                *start = wanted.clamp(0, i32::from(DAY - span.minutes())) as u16;
                *to_day = day.min(DAYS - 1);
            }
        }
        *self != before
    }
}

/// The step's multiple nearest to `minutes`.
fn snap(minutes: i32) -> i32 {
    let step = i32::from(STEP);
    (minutes + step / 2).div_euclid(step) * step
}

/// The squares that the keyboard is on: an anchor, and the end that arrows move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Where the selection began.
    pub anchor: Cell,
    /// Where the focus is.
    pub head: Cell,
}

/// Where a key leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// A step earlier.
    Up,
    /// A step later.
    Down,
    /// The day before.
    Left,
    /// The day after.
    Right,
    /// An hour earlier.
    HourUp,
    /// An hour later.
    HourDown,
    /// 00:00 of the day.
    DayStart,
    /// The last step of the day.
    DayEnd,
    /// Monday 00:00.
    WeekStart,
    /// The last step of Sunday.
    WeekEnd,
}

impl Cursor {
    /// On one square.
    pub const fn on(cell: Cell) -> Self {
        Self { anchor: cell, head: cell }
    }

    /// After a key; `extend` keeps the anchor.
    #[must_use]
    pub fn after(self, go: Go, extend: bool) -> Self {
        const HOUR: u16 = 60 / STEP;
        let Cell { day, step } = self.head;
        let last = STEPS - 1;
        let (day, step) = match go {
            Go::Up => (day, step.saturating_sub(1)),
            Go::Down => (day, (step + 1).min(last)),
            Go::Left => (day.saturating_sub(1), step),
            Go::Right => ((day + 1).min(DAYS - 1), step),
            Go::HourUp => (day, step.saturating_sub(HOUR)),
            Go::HourDown => (day, (step + HOUR).min(last)),
            Go::DayStart => (day, 0),
            Go::DayEnd => (day, last),
            Go::WeekStart => (0, 0),
            Go::WeekEnd => (DAYS - 1, last),
        };
        let head = Cell { day, step };
        Self { anchor: if extend { self.anchor } else { head }, head }
    }

    /// What is selected.
    pub fn area(self) -> Area {
        Area::between(self.anchor, self.head)
    }
}

/// The draft with its history, what is saved, and the drag in progress.
#[derive(Clone, Debug, Default)]
pub struct Board {
    saved: Draft,
    draft: Draft,
    undo: Vec<Draft>,
    redo: Vec<Draft>,
    gesture: Option<Gesture>,
}

impl Board {
    /// Opens what is saved.
    pub fn new(saved: Draft) -> Self {
        Self { draft: saved.clone(), saved, ..Self::default() }
    }

    /// The draft, without the drag in progress.
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The week as it looks now, drag included.
    pub fn week(&self) -> Week {
        self.gesture.as_ref().map_or_else(|| self.draft.week.clone(), |gesture| gesture.applied(&self.draft.week))
    }

    /// The same, without an area that is still being opened or closed.
    pub fn blocks(&self) -> Week {
        if self.gesture.as_ref().is_some_and(Gesture::paints) { self.draft.week.clone() } else { self.week() }
    }

    /// The drag in progress.
    pub const fn gesture(&self) -> Option<&Gesture> {
        self.gesture.as_ref()
    }

    /// Whether the draft differs from what is saved.
    pub fn is_dirty(&self) -> bool {
        self.draft != self.saved
    }

    /// Whether there is something to take back.
    pub const fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether there is something to do again.
    pub const fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Presses at `minute` of `day`, on `part`.
    pub fn press(&mut self, day: usize, minute: f64, part: Part) {
        let cell = Cell::at(day, minute);
        let day = cell.day;
        self.gesture = Some(match part {
            Part::Free => Gesture::Paint { on: true, from: cell, to: cell },
            Part::Open => Gesture::Paint { on: false, from: cell, to: cell },
            Part::Edge(span, edge) => {
                let at = edge.of(span);
                Gesture::Resize { day, span, edge, grab: minute.round() as i32 - i32::from(at), at }
            }
            Part::Grip(span) => {
                let grab = minute.round() as i32 - i32::from(span.start);
                Gesture::Move { from_day: day, span, grab, day, start: span.start }
            }
        });
    }

    /// The pointer is at `minute` of `day`. Answers whether that changes anything.
    pub fn drag(&mut self, day: usize, minute: f64) -> bool {
        self.gesture.as_mut().is_some_and(|gesture| gesture.follow(day, minute))
    }

    /// Ends the drag: one entry of the history, if it changed anything.
    pub fn release(&mut self) -> Option<Gesture> {
        let gesture = self.gesture.take()?;
        let week = gesture.applied(&self.draft.week);
        self.edit(|draft| draft.week = week);
        Some(gesture)
    }

    /// Gives the drag up. Answers whether there was one.
    pub fn abandon(&mut self) -> bool {
        self.gesture.take().is_some()
    }

    /// Changes the draft: one entry of the history, if `change` changes anything. Answers that.
    pub fn edit(&mut self, change: impl FnOnce(&mut Draft)) -> bool {
        let before = self.draft.clone();
        change(&mut self.draft);
        let changed = self.draft != before;
        if changed {
            if self.undo.len() == MAX_UNDO {
                self.undo.remove(0);
            }
            self.undo.push(before);
            self.redo.clear();
        }
        changed
    }

    /// Opens or closes an area.
    pub fn paint(&mut self, area: &Area, on: bool) -> bool {
        self.edit(|draft| {
            for hours in &mut draft.week.0[area.days.clone()] {
                *hours = if on { hours.with(area.span) } else { hours.without(area.span) };
            }
        })
    }

    /// Gives `days` the hours of `day`.
    pub fn copy(&mut self, day: usize, days: &[usize]) -> bool {
        self.edit(|draft| {
            let hours = draft.week.0[day].clone();
            days.iter().for_each(|to| draft.week.0[*to] = hours.clone());
        })
    }

    /// Closes the week.
    pub fn clear(&mut self) -> bool {
        self.edit(|draft| draft.week = Week::default())
    }

    /// Nine to five, Monday to Friday; the weekend stays.
    pub fn nine_to_five(&mut self) -> bool {
        let hours = Hours::new([Span { start: 9 * 60, end: 17 * 60 }]);
        self.edit(|draft| draft.week.0[..5].fill(hours))
    }

    /// Takes the last change back. A drag in progress is given up first.
    pub fn undo(&mut self) -> bool {
        self.abandon();
        let Some(before) = self.undo.pop() else { return false };
        self.redo.push(std::mem::replace(&mut self.draft, before));
        true
    }

    /// Does it again.
    pub fn redo(&mut self) -> bool {
        self.abandon();
        let Some(after) = self.redo.pop() else { return false };
        self.undo.push(std::mem::replace(&mut self.draft, after));
        true
    }

    /// Somebody has saved `saved` elsewhere: the draft stays, with the other version one step back in the history, so that undo
    /// brings it here.
    pub fn keep_mine(&mut self, saved: Draft) {
        let mine = std::mem::replace(&mut self.draft, saved.clone());
        self.edit(|draft| *draft = mine);
        self.saved = saved;
    }

    /// Somebody has saved `saved` elsewhere, and `draft` is made of it: one entry of the history, so that undo brings back what
    /// was here.
    pub fn take_saved(&mut self, saved: Draft, draft: Draft) {
        self.edit(|mine| *mine = draft);
        self.saved = saved;
    }

    /// What the draft began with.
    pub const fn saved_draft(&self) -> &Draft {
        &self.saved
    }

    /// `sent` is saved, and reads `saved` now (the server's normal form). What was changed since stays, and stays unsaved.
    pub fn saved(&mut self, sent: &Draft, saved: Draft) {
        if self.draft == *sent {
            self.draft = saved.clone();
        }
        self.saved = saved;
    }
}

/// A clock time as people type it: `9`, `930`, `9:30`, `09.30`, `24:00`, `9:30 pm`, `오후 9:30`, `9시 30분`.
///
/// `end`: midnight is the end of the day.
pub fn parse_time(text: &str, end: bool) -> Option<u16> {
    let text = text.trim().to_lowercase();
    let (mut rest, mut afternoon) = (text.as_str(), None);
    for (mark, pm) in [("am", false), ("a.m.", false), ("pm", true), ("p.m.", true), ("오전", false), ("오후", true)]
    {
        let without = rest.strip_suffix(mark).or_else(|| rest.strip_prefix(mark));
        if let Some(without) = without {
            (rest, afternoon) = (without.trim(), Some(pm));
        }
    }
    let rest = rest.trim_end_matches('분').trim_end();
    let digits = |text: &str| {
        let text = text.trim();
        let fine = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        fine.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = match rest.split_once([':', '.', '시', 'h']) {
        Some((hours, "")) => (digits(hours)?, 0),
        Some((hours, minutes)) => (digits(hours)?, digits(minutes).filter(|_| minutes.trim().len() == 2)?),
        None if rest.is_ascii() && (3..=4).contains(&rest.len()) => {
            let (hours, minutes) = rest.split_at(rest.len() - 2);
            (digits(hours)?, digits(minutes)?)
        }
        None => (digits(rest)?, 0),
    };
    let hours = match afternoon {
        None => hours,
        Some(_) if !(1..=12).contains(&hours) => return None,
        Some(pm) => hours % 12 + if pm { 12 } else { 0 },
    };
    let minutes = if minutes < 60 { hours * 60 + minutes } else { return None };
    match minutes {
        0 if end => Some(DAY),
        _ => (minutes <= DAY).then_some(minutes),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
