//! The editor's state: the model, and a signal for each thing that a view shows of it.

use super::model::{Board, DAYS, Draft, Gesture, Hours, Week};
use super::preview::{self, preview};
use crate::AppError;
use crate::api::dashboard::{Editor, SessionTimes, save_availability};
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
    saved_types: RwSignal<Vec<SessionType>>,
    /// Which of them is edited and previewed.
    pub chosen: RwSignal<usize>,
    /// What stands in the number fields.
    pub numbers: [RwSignal<String>; 4],
    /// The zone that all hours are in.
    pub zone: RwSignal<OffsetTable>,
    saved_zone: RwSignal<String>,
    /// The zone that was chosen, while its rules are on the way.
    awaited_zone: StoredValue<Option<String>>,
    busy: StoredValue<Vec<Busy>>,
    /// When the editor was opened.
    pub now: DateTime<Utc>,
    /// A save is under way.
    pub saving: RwSignal<bool>,
    /// Why the last save failed.
    pub problem: RwSignal<Option<AppError>>,
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
        let (board, types, zone) = match kept {
            Some(kept) => (kept.board, kept.types, kept.zone),
            None => (Board::new(saved), editor.session_types.clone(), editor.zone),
        };
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
            saved_types: RwSignal::new(editor.session_types),
            chosen: RwSignal::new(first_active),
            numbers: std::array::from_fn(|_| RwSignal::new(String::new())),
            zone: RwSignal::new(zone),
            saved_zone: RwSignal::new(editor.availability.timezone),
            awaited_zone: StoredValue::new(None),
            busy: StoredValue::new(editor.busy),
            now: editor.now,
            saving: RwSignal::new(false),
            problem: RwSignal::new(None),
            preview: RwSignal::new(Vec::new()),
            preview_due: StoredValue::new(false),
            restored,
            status: use_status(),
            owner: StoredValue::new(Owner::current().unwrap_or_default()),
        };
        state.show_numbers();
        state.preview.set(state.compute_preview());
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
            || *self.types.read() != *self.saved_types.read()
            || self.zone.with(|zone| *self.saved_zone.read() != zone.name)
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
        let availability = sent.availability(&self.zone_name());
        let types = self.types.get_untracked();
        let changed: Vec<_> = types
            .iter()
            .filter(|session| !self.saved_types.read_untracked().contains(session))
            .map(|session| SessionTimes {
                slug: session.slug.clone(),
                duration_minutes: session.duration_minutes,
                start_interval_minutes: session.start_interval_minutes,
                buffer_before_minutes: session.buffer_before_minutes,
                buffer_after_minutes: session.buffer_after_minutes,
            })
            .collect();
        self.saving.set(true);
        self.problem.set(None);
        self.spawn(async move {
            let mut changed = changed.into_iter();
            let mut answer = save_availability(availability.clone(), changed.next()).await;
            for times in changed {
                if answer.is_ok() {
                    answer = save_availability(availability.clone(), Some(times)).await;
                }
            }
            // The page may be gone by now.
            if self.saving.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(editor) => {
                    self.is_saved(&sent, &types, editor);
                    self.status.say(use_messages().dashboard().editor_saved);
                    then();
                }
                Err(error) => self.problem.set(Some(error)),
            }
        });
    }

    fn is_saved(self, sent: &Draft, sent_types: &[SessionType], editor: Editor) {
        let saved = Draft::from_availability(&editor.availability);
        if self.zone_name() == editor.zone.name {
            self.awaited_zone.set_value(None);
            set_if_new(self.zone, editor.zone);
        }
        self.saved_zone.set(editor.availability.timezone);
        self.busy.set_value(editor.busy);
        if self.types.with_untracked(|types| types == sent_types) {
            set_if_new(self.types, editor.session_types.clone());
        }
        self.saved_types.set(editor.session_types);
        self.change(|board| board.saved(sent, saved));
        self.show_numbers();
    }

    /// Keeps what is not saved for when the editor is opened again.
    pub fn keep(self, keeper: Keeper) {
        let kept =
            Kept { board: self.read(Board::clone), types: self.types.get_untracked(), zone: self.zone.get_untracked() };
        keeper.0.set(Some(kept));
    }
}

fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}
