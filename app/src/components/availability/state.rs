//! The editor's state: the model, and a signal for each thing that a view shows of it.

use super::model::{Board, DAYS, Difference, Draft, Gesture, Hours, Week};
use super::preview::{self, outside_hours, preview};
use crate::AppError;
use crate::api::dashboard::{Editor, HoursToSave, SessionTimes, TimesToSave, Upcoming, editor, save_availability};
use crate::api::public;
use crate::components::{Status, use_status};
use crate::i18n::{error_text, use_messages};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;
use scheduling::{BlockedRange, Busy, DateOverride, FieldError, OffsetTable, Policy, Request, SessionType};

/// What one of the number fields above the grid edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// `duration_minutes`
    Duration,
    /// `start_interval_minutes`
    Interval,
    /// `buffer_before_minutes`
    Before,
    /// `buffer_after_minutes`
    After,
}

impl Number {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Duration, Self::Interval, Self::Before, Self::After];

    /// The field's name, here and on the server.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Duration => "duration_minutes",
            Self::Interval => "start_interval_minutes",
            Self::Before => "buffer_before_minutes",
            Self::After => "buffer_after_minutes",
        }
    }

    /// Least and most.
    pub const fn range(self) -> (u16, u16) {
        match self {
            Self::Duration | Self::Interval => (5, 1440),
            Self::Before | Self::After => (0, 1440),
        }
    }

    /// The number that `text` means, where it is in range.
    pub fn parse(self, text: &str) -> Option<u16> {
        let (min, max) = self.range();
        text.trim().parse().ok().filter(|number| (min..=max).contains(number))
    }

    /// Where a session type keeps it.
    pub const fn of(self, session: &mut SessionType) -> &mut u16 {
        match self {
            Self::Duration => &mut session.duration_minutes,
            Self::Interval => &mut session.start_interval_minutes,
            Self::Before => &mut session.buffer_before_minutes,
            Self::After => &mut session.buffer_after_minutes,
        }
    }
}

/// What was not saved when the editor was left, so that coming back finds it.
#[derive(Clone)]
pub struct Kept {
    board: Board,
    types: Vec<SessionType>,
    zone: OffsetTable,
    /// What it was made from.
    base: Base,
}

/// What is saved, as far as this editor knows: what unsaved changes are changes of.
#[derive(Clone, PartialEq, Eq)]
struct Base {
    version: String,
    types: Vec<SessionType>,
    zone: String,
}

impl Base {
    fn of(editor: &Editor) -> Self {
        Self {
            version: editor.version.clone(),
            types: editor.session_types.clone(),
            zone: editor.availability.timezone.clone(),
        }
    }
}

/// What differs between this editor and what was saved elsewhere in the meantime.
#[derive(Clone)]
pub struct Conflict {
    /// As it is saved now.
    pub saved: Editor,
    /// Each with whether the saved one is proposed: where nothing was changed here.
    pub parts: Vec<(Part, bool)>,
}

/// A part in which both differ.
#[derive(Clone, PartialEq, Eq)]
pub enum Part {
    /// Some of the hours.
    Hours(Difference),
    /// The time zone: here, and as saved.
    Zone(String, String),
    /// Length and buffers of a session type: here, and as saved.
    Times(Box<SessionType>, Box<SessionType>),
}

/// What becomes of a conflict. Undo brings back what was not chosen.
#[derive(Clone, PartialEq, Eq)]
pub enum Resolution {
    /// What is here is saved over the other.
    Mine,
    /// What is saved is shown here.
    Saved,
    /// The saved one for these parts, in the conflict's order; then looked over and saved by hand.
    Merged(Vec<bool>),
}

/// Keeps unsaved work while other pages of the dashboard are shown. Provided by the dashboard's frame.
#[derive(Clone, Copy)]
pub struct Keeper(pub RwSignal<Option<Kept>>);

/// Everything the editor's parts share. Copies are the same state.
#[derive(Clone, Copy)]
pub struct State {
    board: StoredValue<Board>,
    /// The hours of each day as their blocks look now, Monday first. What is being opened or closed lies above the blocks.
    pub days: [RwSignal<Hours>; DAYS],
    /// The same without the drag in progress: all but the grid's picture follows these, so that a drag draws one thing.
    pub settled: [RwSignal<Hours>; DAYS],
    /// The drag in progress.
    pub gesture: RwSignal<Option<Gesture>>,
    /// Dates with hours of their own.
    pub overrides: RwSignal<Vec<DateOverride>>,
    /// Blocked dates.
    pub blocked: RwSignal<Vec<BlockedRange>>,
    /// Something can be taken back.
    pub can_undo: RwSignal<bool>,
    /// Something can be done again.
    pub can_redo: RwSignal<bool>,
    hours_dirty: RwSignal<bool>,
    /// The session types with what was changed in them.
    pub types: RwSignal<Vec<SessionType>>,
    base: RwSignal<Base>,
    /// Which of them is edited and previewed.
    pub chosen: RwSignal<usize>,
    /// What stands in the number fields.
    pub numbers: [RwSignal<String>; 4],
    /// The zone that all hours are in.
    pub zone: RwSignal<OffsetTable>,
    /// The zone that was chosen, while its rules are on the way.
    awaited_zone: StoredValue<Option<String>>,
    busy: StoredValue<Vec<Busy>>,
    /// When the editor was opened.
    pub now: DateTime<Utc>,
    /// A save is under way.
    pub saving: RwSignal<bool>,
    /// Why the last save failed.
    pub problem: RwSignal<Option<AppError>>,
    /// Something else was saved in another window, which this editor does not show yet.
    pub elsewhere: RwSignal<Option<Editor>>,
    /// Both versions, while the mentor chooses.
    pub conflict: RwSignal<Option<Conflict>>,
    upcoming: StoredValue<Vec<Upcoming>>,
    /// Bookings to come outside the hours shown; those that are outside the saved hours too come second.
    pub outside: RwSignal<(Vec<Upcoming>, Vec<Upcoming>)>,
    check_due: StoredValue<bool>,
    /// The next two weeks as a mentee would see them.
    pub preview: RwSignal<Vec<preview::Day>>,
    preview_due: StoredValue<bool>,
    /// It began with what was left unsaved.
    pub restored: bool,
    status: Status,
    owner: StoredValue<Owner>,
}

impl State {
    /// Opens what the server sent, or what was left unsaved.
    pub fn new(editor: Editor) -> Self {
        let saved = Draft::from_availability(&editor.availability);
        let kept = use_context::<Keeper>().and_then(|keeper| keeper.0.write_untracked().take());
        let restored = kept.is_some();
        let (board, types, zone, base) = match kept {
            Some(kept) => (kept.board, kept.types, kept.zone, kept.base),
            None => (Board::new(saved), editor.session_types.clone(), editor.zone.clone(), Base::of(&editor)),
        };
        // What was left unsaved may have been made from something older.
        let elsewhere = (base != Base::of(&editor)).then(|| editor.clone());
        let Week(hours) = board.week();
        let first_active = types.iter().position(|session| session.active).unwrap_or(0);
        let state = Self {
            settled: hours.clone().map(RwSignal::new),
            days: hours.map(RwSignal::new),
            gesture: RwSignal::new(None),
            overrides: RwSignal::new(board.draft().overrides.clone()),
            blocked: RwSignal::new(board.draft().blocked.clone()),
            can_undo: RwSignal::new(board.can_undo()),
            can_redo: RwSignal::new(board.can_redo()),
            hours_dirty: RwSignal::new(board.is_dirty()),
            board: StoredValue::new(board),
            types: RwSignal::new(types),
            base: RwSignal::new(base),
            chosen: RwSignal::new(first_active),
            numbers: std::array::from_fn(|_| RwSignal::new(String::new())),
            zone: RwSignal::new(zone),
            awaited_zone: StoredValue::new(None),
            busy: StoredValue::new(editor.busy),
            now: editor.now,
            saving: RwSignal::new(false),
            problem: RwSignal::new(None),
            elsewhere: RwSignal::new(elsewhere),
            conflict: RwSignal::new(None),
            upcoming: StoredValue::new(editor.upcoming),
            outside: RwSignal::new((Vec::new(), Vec::new())),
            check_due: StoredValue::new(false),
            preview: RwSignal::new(Vec::new()),
            preview_due: StoredValue::new(false),
            restored,
            status: use_status(),
            owner: StoredValue::new(Owner::current().unwrap_or_default()),
        };
        state.show_numbers();
        state.preview.set(state.compute_preview());
        state.outside.set(state.compute_outside());
        state.follow();
        state
    }

    /// Keeps numbers and preview in step.
    fn follow(self) {
        for (number, text) in Number::ALL.into_iter().zip(self.numbers) {
            Effect::new(move |before: Option<()>| {
                let value = number.parse(&text.read());
                let (Some(value), Some(())) = (value, before) else { return };
                let chosen = self.chosen.get_untracked();
                let same = |types: &Vec<SessionType>| {
                    types.get(chosen).is_none_or(|session| *number.of(&mut session.clone()) == value)
                };
                if !self.types.with_untracked(same) {
                    self.types.update(|types| {
                        if let Some(session) = types.get_mut(chosen) {
                            *number.of(session) = value;
                        }
                    });
                }
            });
        }
        Effect::new(move |before: Option<()>| {
            self.settled.iter().for_each(|day| day.track());
            self.overrides.track();
            self.blocked.track();
            self.types.track();
            self.chosen.track();
            self.zone.track();
            if before.is_some() && !self.preview_due.get_value() {
                self.preview_due.set_value(true);
                self.preview_soon();
            }
        });
    }

    /// Once a frame, however much changes in it, and not before everything is settled.
    fn preview_soon(self) {
        request_animation_frame(move || match self.unsettled() {
            Some(None) => {
                self.preview_due.set_value(false);
                let days = self.compute_preview();
                self.preview.set(days);
                set_if_new(self.outside, self.compute_outside());
            }
            Some(Some(_)) => self.preview_soon(),
            None => {}
        });
    }

    /// The first day that has not settled, where no drag is in progress. `None` once the editor is gone.
    fn unsettled(self) -> Option<Option<usize>> {
        let drags = self.gesture.try_with_untracked(Option::is_some)?;
        let differs =
            |day: &usize| self.days[*day].with_untracked(|now| self.settled[*day].with_untracked(|s| s != now));
        Some((0..DAYS).find(differs).filter(|_| !drags))
    }

    fn compute_preview(self) -> Vec<preview::Day> {
        let zone = self.zone.read_untracked();
        let mut draft = self.board.with_value(|board| board.draft().clone());
        draft.week = self.week();
        let availability = draft.availability(&zone.name);
        let policy = self.types.read_untracked().get(self.chosen.get_untracked()).map(Policy::from);
        let policy = policy.unwrap_or_else(|| Policy::from(&SessionType::first()));
        self.busy.with_value(|busy| {
            preview(&Request { availability: &availability, zone: &zone, policy, busy, now: self.now })
        })
    }

    /// Bookings outside the hours shown: those that are inside the saved hours, and those that are outside both.
    fn compute_outside(self) -> (Vec<Upcoming>, Vec<Upcoming>) {
        let (draft, saved) = self.board.with_value(|board| (board.draft().clone(), board.saved_draft().clone()));
        let zone = self.zone.read_untracked();
        self.upcoming.with_value(|upcoming| {
            let outside = outside_hours(&draft.availability(&zone.name), &zone, upcoming);
            let before = outside_hours(&saved.availability(&zone.name), &zone, upcoming);
            outside.into_iter().partition(|booking| !before.contains(booking))
        })
    }

    /// The week as it looks now.
    pub fn week(self) -> Week {
        Week(self.days.map(|day| day.get_untracked()))
    }

    /// What the model knows.
    pub fn read<R>(self, look: impl FnOnce(&Board) -> R) -> R {
        self.board.with_value(look)
    }

    /// Changes the model, and every view of what changed.
    pub fn change<R>(self, change: impl FnOnce(&mut Board) -> R) -> R {
        let result = self.board.try_update_value(change);
        self.publish();
        while let Some(Some(day)) = self.unsettled() {
            self.settle(day);
        }
        // The board lives as long as the editor.
        result.unwrap_or_else(|| unreachable!())
    }

    /// Ends the drag. What lies beside the grid follows a day in a frame: all at once would be felt.
    pub fn release(self) -> Option<Gesture> {
        let gesture = self.board.try_update_value(Board::release).flatten();
        self.publish();
        self.settle_by_and_by();
        gesture
    }

    fn settle_by_and_by(self) {
        request_animation_frame(move || {
            if let Some(Some(day)) = self.unsettled() {
                self.settle(day);
                self.settle_by_and_by();
            }
        });
    }

    fn settle(self, day: usize) {
        self.settled[day].set(self.days[day].get_untracked());
    }

    fn publish(self) {
        self.board.with_value(|board| {
            let Week(hours) = board.blocks();
            for (signal, hours) in self.days.into_iter().zip(hours) {
                set_if_new(signal, hours);
            }
            set_if_new(self.gesture, board.gesture().cloned());
            set_if_new(self.can_undo, board.can_undo());
            set_if_new(self.can_redo, board.can_redo());
            set_if_new(self.hours_dirty, board.is_dirty());
            if board.gesture().is_none() {
                set_if_new(self.overrides, board.draft().overrides.clone());
                set_if_new(self.blocked, board.draft().blocked.clone());
            }
        });
    }

    /// Runs a task that may use the page's context, wherever it is begun.
    pub fn spawn(self, task: impl Future<Output = ()> + 'static) {
        if let Some(owner) = self.owner.try_get_value() {
            owner.with(|| spawn_local_scoped(task));
        }
    }

    /// Whether anything is not saved.
    pub fn is_dirty(self) -> bool {
        self.hours_dirty.get()
            || *self.types.read() != self.base.read().types
            || self.zone.with(|zone| self.base.read().zone != zone.name)
    }

    /// The edited session type's duration.
    pub fn duration(self) -> u16 {
        self.types.with(|types| types.get(self.chosen.get()).map_or(30, |session| session.duration_minutes))
    }

    /// Writes the chosen session type's numbers into the fields.
    pub fn show_numbers(self) {
        let session = self.types.read_untracked().get(self.chosen.get_untracked()).cloned();
        let Some(mut session) = session else { return };
        for (number, text) in Number::ALL.into_iter().zip(self.numbers) {
            set_if_new(text, number.of(&mut session).to_string());
        }
    }

    /// Chooses the session type that is edited and previewed.
    pub fn choose(self, place: usize) {
        self.chosen.set(place);
        self.show_numbers();
    }

    /// What is wrong with a field of the last save, in the server's words.
    pub fn problem_with(self, field: &str) -> Option<FieldError> {
        match &*self.problem.read() {
            Some(AppError::Invalid(errors)) => errors.iter().find(|error| error.field == field).cloned(),
            _ => None,
        }
    }

    /// Takes another zone; the hours keep their clock times.
    pub fn set_zone(self, name: String) {
        if self.zone_name() == name {
            return;
        }
        self.awaited_zone.set_value(Some(name.clone()));
        self.spawn(async move {
            let answer = public::zone(name.clone()).await;
            // Another may have been chosen since, or the page be gone.
            if self.awaited_zone.try_get_value().flatten().as_ref() != Some(&name) {
                return;
            }
            self.awaited_zone.set_value(None);
            match answer {
                Ok(zone) => self.zone.set(zone),
                Err(error) => self.status.fail(error_text(&error)),
            }
        });
    }

    /// The name of the zone that was chosen last.
    fn zone_name(self) -> String {
        self.awaited_zone.get_value().unwrap_or_else(|| self.zone.with_untracked(|zone| zone.name.clone()))
    }

    /// Saves everything that differs from what is saved, then runs `then` (where it went well).
    pub fn save(self, then: impl FnOnce() + 'static) {
        if self.saving.get_untracked() {
            return;
        }
        self.change(Board::abandon);
        let sent = self.read(|board| board.draft().clone());
        let types = self.types.get_untracked();
        let base = self.base.get_untracked();
        // What was not changed here is not sent, so it cannot overwrite what was changed elsewhere.
        let hours_changed = self.read(Board::is_dirty) || self.zone_name() != base.zone;
        let hours = hours_changed.then(|| HoursToSave {
            availability: sent.availability(&self.zone_name()),
            version: Some(base.version.clone()),
        });
        let changed = types.iter().filter(|session| !base.types.contains(session));
        let times = changed.map(|session| TimesToSave {
            times: times_of(session),
            before: base.types.iter().find(|before| before.slug == session.slug).map(times_of),
        });
        let times = times.collect();
        self.saving.set(true);
        self.problem.set(None);
        self.spawn(async move {
            let answer = save_availability(hours, times).await;
            // Then what is saved is shown beside what is here.
            let answer = match answer {
                Err(AppError::Stale) => editor().await.map(Err),
                answer => answer.map(Ok),
            };
            // The page may be gone by now.
            if self.saving.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(Ok(editor)) => {
                    self.is_saved(&sent, &types, editor);
                    self.status.say(use_messages().dashboard().editor_saved);
                    then();
                }
                Ok(Err(saved)) => self.compare(saved),
                Err(error) => self.problem.set(Some(error)),
            }
        });
    }

    /// Shows both versions.
    pub fn compare(self, saved: Editor) {
        let theirs = Draft::from_availability(&saved.availability);
        let base = self.base.get_untracked();
        let mut parts = self.read(|board| {
            let (mine, before) = (board.draft(), board.saved_draft());
            let differences = Draft::differences(mine, &theirs).into_iter();
            differences.map(|part| (Part::Hours(part.clone()), mine.agrees(&part, before))).collect::<Vec<_>>()
        });
        let zone = self.zone_name();
        if zone != saved.availability.timezone {
            let unchanged = zone == base.zone;
            parts.insert(0, (Part::Zone(zone, saved.availability.timezone.clone()), unchanged));
        }
        for session in self.types.get_untracked() {
            let Some(other) = saved.session_types.iter().find(|other| other.slug == session.slug) else { continue };
            if times_of(other) != times_of(&session) {
                let unchanged = base.types.iter().any(|before| times_of(before) == times_of(&session));
                parts.push((Part::Times(Box::new(session), Box::new(other.clone())), unchanged));
            }
        }
        if parts.is_empty() {
            // The same was saved: by this editor, whose answer was lost, or elsewhere.
            self.resolve(Conflict { saved, parts }, Resolution::Saved);
            return self.status.say(use_messages().dashboard().editor_saved);
        }
        self.elsewhere.set(Some(saved.clone()));
        self.conflict.set(Some(Conflict { saved, parts }));
    }

    /// Ends a conflict.
    pub fn resolve(self, conflict: Conflict, resolution: Resolution) {
        let Conflict { saved, parts } = conflict;
        let theirs = Draft::from_availability(&saved.availability);
        let takes_saved = |place: usize| match &resolution {
            Resolution::Mine => false,
            Resolution::Saved => true,
            Resolution::Merged(chosen) => chosen.get(place).copied().unwrap_or_default(),
        };
        let mut types = saved.session_types.clone();
        let mut draft = self.read(|board| board.draft().clone());
        let mut mine_is_zone = false;
        for (place, (part, _)) in parts.iter().enumerate() {
            match part {
                Part::Hours(part) if takes_saved(place) => draft.take(part, &theirs),
                Part::Zone(..) => mine_is_zone = !takes_saved(place),
                Part::Times(mine, _) if !takes_saved(place) => {
                    for session in types.iter_mut().filter(|session| session.slug == mine.slug) {
                        Number::ALL.into_iter().for_each(|number| *number.of(session) = *number.of(&mut mine.clone()));
                    }
                }
                Part::Hours(_) | Part::Times(..) => {}
            }
        }
        self.change(|board| match resolution {
            Resolution::Mine => board.keep_mine(theirs),
            Resolution::Saved => board.take_saved(theirs.clone(), theirs),
            Resolution::Merged(_) => board.take_saved(theirs, draft),
        });
        if !mine_is_zone {
            self.awaited_zone.set_value(None);
            set_if_new(self.zone, saved.zone.clone());
        }
        set_if_new(self.types, types);
        self.adopt(&saved);
        self.show_numbers();
        if resolution == Resolution::Mine {
            self.save(|| {});
        }
    }

    /// From here on changes are changes of this.
    fn adopt(self, saved: &Editor) {
        self.base.set(Base::of(saved));
        self.busy.set_value(saved.busy.clone());
        self.upcoming.set_value(saved.upcoming.clone());
        self.elsewhere.set(None);
        self.conflict.set(None);
        set_if_new(self.outside, self.compute_outside());
    }

    /// Something about this mentor has changed, perhaps what is edited here: looks once for all that is heard in a moment.
    pub fn check_elsewhere(self) {
        if self.check_due.try_get_value() != Some(false) {
            return;
        }
        self.check_due.set_value(true);
        let look = move || {
            if self.check_due.try_update_value(|due| *due = false).is_some() {
                self.spawn(async move { self.look_elsewhere().await });
            }
        };
        set_timeout(look, std::time::Duration::from_millis(500));
    }

    async fn look_elsewhere(self) {
        let Some(before) = self.base.try_get_untracked() else { return };
        // A hint that is lost costs nothing: the save is checked.
        let Ok(saved) = editor().await else { return };
        let is_busy = self.saving.try_get_untracked() != Some(false);
        if is_busy || self.base.try_get_untracked().as_ref() != Some(&before) {
            return;
        }
        self.upcoming.set_value(saved.upcoming.clone());
        self.busy.set_value(saved.busy.clone());
        set_if_new(self.outside, self.compute_outside());
        self.elsewhere.set((Base::of(&saved) != before).then_some(saved));
    }

    fn is_saved(self, sent: &Draft, sent_types: &[SessionType], editor: Editor) {
        let saved = Draft::from_availability(&editor.availability);
        if self.zone_name() == editor.zone.name {
            self.awaited_zone.set_value(None);
            set_if_new(self.zone, editor.zone.clone());
        }
        if self.types.with_untracked(|types| types == sent_types) {
            set_if_new(self.types, editor.session_types.clone());
        }
        self.change(|board| board.saved(sent, saved));
        self.base.set(Base::of(&editor));
        self.busy.set_value(editor.busy);
        self.upcoming.set_value(editor.upcoming);
        self.elsewhere.set(None);
        self.conflict.set(None);
        set_if_new(self.outside, self.compute_outside());
        self.show_numbers();
    }

    /// Keeps what is not saved for when the editor is opened again.
    pub fn keep(self, keeper: Keeper) {
        let kept = Kept {
            board: self.read(Board::clone),
            types: self.types.get_untracked(),
            zone: self.zone.get_untracked(),
            base: self.base.get_untracked(),
        };
        keeper.0.set(Some(kept));
    }
}

fn times_of(session: &SessionType) -> SessionTimes {
    SessionTimes {
        slug: session.slug.clone(),
        duration_minutes: session.duration_minutes,
        start_interval_minutes: session.start_interval_minutes,
        buffer_before_minutes: session.buffer_before_minutes,
        buffer_after_minutes: session.buffer_after_minutes,
    }
}

fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}
