//! While somebody fills in the form, the time is kept for them; and what others take meanwhile goes from the page.
//!
//! What is kept is the browser's, not one tab's: each of its tabs that shows the same form counts the same minutes and may
//! book. They hear of each other by what the browser remembers of the time. Whoever is left keeps it on.
//!
//! All of it is for pages that live. Without a script, or where the server cannot be asked, booking works as well: the
//! time is simply not kept.

use crate::AppError;
use crate::api::public::{Month, hold, month, nearest, release_hold};
use crate::carried::Carried;
use crate::components::pick::{Pick, instant, instant_tag};
use crate::components::{browser, live, use_status};
use crate::context::use_visit;
use crate::i18n::{fill, use_messages};
use chrono::{DateTime, TimeDelta, Utc};
use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;
use uuid::{Builder, Uuid};

/// Under which keys the browser remembers what is kept for it, so that neither a reload nor another tab locks it out.
const REMEMBERED: &str = "yaksok.hold/";
/// For so long a hold may stand whose answer never came.
const ASKED: TimeDelta = TimeDelta::minutes(5);
/// The month is read again this often at most, in milliseconds.
const READ_EVERY: f64 = 1_000.0;

/// What became of a hold, as the tabs tell each other.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// It is being asked for.
    Asked,
    /// The time is kept.
    Kept,
    /// A tab has left the form, perhaps to be reloaded, and gives it back.
    Left,
    /// The time is booked.
    Booked,
}

impl Fate {
    const WORDS: [(Self, &'static str); 4] =
        [(Self::Asked, "asked"), (Self::Kept, "kept"), (Self::Left, "left"), (Self::Booked, "booked")];
}

/// What the browser remembers of a time: `kept`, the hold, and until when.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Note {
    fate: Fate,
    id: Uuid,
    until: DateTime<Utc>,
    /// The hold that one which is asked for takes the place of. Where neither came through, it stands still.
    before: Option<Uuid>,
}

impl Note {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let word = words.next()?;
        let (fate, _) = Fate::WORDS.into_iter().find(|(_, known)| *known == word)?;
        let (id, until) = (words.next()?.parse().ok()?, instant(words.next()?)?);
        Some(Self { fate, id, until, before: words.next().and_then(|word| word.parse().ok()) })
    }

    fn write(self) -> String {
        let before = self.before.map(|id| format!(" {id}")).unwrap_or_default();
        format!("{} {} {}{before}", Fate::WORDS[self.fate as usize].1, self.id, instant_tag(self.until))
    }
}

/// Whether a time is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// None is, and none was.
    Not,
    /// Asked for. Until the answer is here it counts as ours: what is read meanwhile may know of it already.
    Asked(DateTime<Utc>),
    /// Kept, until so many [`ticks`](browser::ticks).
    Kept { id: Uuid, start: DateTime<Utc>, until: f64 },
    /// It was kept. `read`: the month has been read since.
    Over { start: DateTime<Utc>, read: bool },
    /// Booked: the page is on its way out.
    Spent(DateTime<Utc>),
    /// Booked in another tab.
    Elsewhere(DateTime<Utc>),
}

/// The month of a booking page, kept fresh, and the time that is kept for its visitor.
#[derive(Clone, Copy)]
pub struct Keeper {
    mentor: StoredValue<String>,
    session_type: StoredValue<String>,
    data: Carried<Result<Month, AppError>>,
    pick: Memo<Pick>,
    /// In which times are written.
    zone: Memo<Option<String>>,
    state: RwSignal<State>,
    /// Whole seconds that the time is still kept.
    left: RwSignal<i64>,
    /// The start that was refused, and free ones near it.
    lost: RwSignal<Option<DateTime<Utc>>>,
    nearby: RwSignal<Vec<DateTime<Utc>>>,
    /// The last hold there was, or may be; the next one takes its place.
    last: StoredValue<Option<Uuid>>,
    /// The server's clock when the page was opened.
    opened: StoredValue<DateTime<Utc>>,
    /// Numbers what is asked for: an answer that is late does not count.
    asked: StoredValue<u32>,
    awaited: StoredValue<bool>,
    /// A request is under way. They go one after the other, or a time would be in its own way.
    under_way: StoredValue<bool>,
    /// A time is being given back; once it is, the month is read anyway.
    leaving: StoredValue<bool>,
    /// Reading again is due, and when it was done last.
    reading: StoredValue<(bool, f64)>,
    clock: StoredValue<Option<IntervalHandle>>,
}

impl Keeper {
    pub(super) fn new(
        (mentor, session_type): (String, String),
        data: Carried<Result<Month, AppError>>,
        (pick, zone): (Memo<Pick>, Memo<Option<String>>),
        lost: RwSignal<Option<DateTime<Utc>>>,
        nearby: RwSignal<Vec<DateTime<Utc>>>,
    ) -> Self {
        Self {
            mentor: StoredValue::new(mentor),
            session_type: StoredValue::new(session_type),
            data,
            pick,
            zone,
            state: RwSignal::new(State::Not),
            left: RwSignal::new(0),
            lost,
            nearby,
            last: StoredValue::new(None),
            opened: StoredValue::new(use_visit().with_untracked(|visit| visit.now)),
            asked: StoredValue::new(0),
            awaited: StoredValue::new(false),
            under_way: StoredValue::new(false),
            leaving: StoredValue::new(false),
            reading: StoredValue::new((false, f64::NEG_INFINITY)),
            clock: StoredValue::new(None),
        }
    }

    /// Whether this page itself has the time, so that it is not gone although nobody else is offered it. Reactive.
    pub(super) fn has(self, start: DateTime<Utc>) -> bool {
        match self.state.get() {
            State::Not | State::Over { read: true, .. } => false,
            State::Asked(own)
            | State::Kept { start: own, .. }
            | State::Over { start: own, .. }
            | State::Spent(own)
            | State::Elsewhere(own) => own == start,
        }
    }

    /// The form of `start` is open: keeps the time, unless it is gone. The time is given back with the form.
    pub(super) fn keep_while_open(self, start: DateTime<Utc>, gone: Memo<bool>) {
        Effect::new(move |before: Option<bool>| {
            let gone = gone.get();
            if before.is_none() && self.remembered(start).is_some() {
                self.ask(start);
                return false;
            }
            // What this browser has just booked is its own: the month says so as soon as it has come.
            let is_booked = self.note_of(start).is_some_and(|note| note.fate == Fate::Booked);
            if !gone && !is_booked && before != Some(false) && self.state.get_untracked() == State::Not {
                self.ask(start);
            }
            gone
        });
        self.listen();
        on_cleanup(move || self.let_go());
    }

    /// Hears from other tabs, and gives the time back when the page is left, until it is shown again.
    fn listen(self) {
        Effect::new(move |_| {
            let now = self.now();
            browser::forget(REMEMBERED, |note| Note::read(note).is_none_or(|note| note.until <= now));
            let told = window_event_listener_untyped("storage", move |event| {
                let own = |state| match state {
                    State::Kept { start, .. } | State::Over { start, .. } => Some(start),
                    _ => None,
                };
                if let Some(start) = self.state.try_get_untracked().and_then(own)
                    && let Some((key, note)) = browser::told(&event)
                    && let Some(note) = Note::read(&note).filter(|_| key == self.key(start))
                {
                    self.hear(start, note);
                }
            });
            let left = window_event_listener_untyped("pagehide", move |_| {
                if let Some(State::Kept { id, start, .. }) = self.state.try_get_untracked() {
                    self.note(start, Fate::Left, id);
                    let id = id.to_string();
                    self.mentor.with_value(|mentor| {
                        browser::send_off("/fn/release_hold", &[("mentor", mentor), ("id", &id)]);
                    });
                }
            });
            let back = window_event_listener_untyped("pageshow", move |event| {
                // It was given back when the page was left.
                if browser::is_kept_page(&event)
                    && let Some(State::Kept { start, .. }) = self.state.try_get_untracked()
                {
                    self.stop_clock();
                    self.ask(start);
                }
            });
            on_cleanup(move || {
                told.remove();
                left.remove();
                back.remove();
            });
        });
    }

    /// What the booking of `start` is to show, once a hold that is under way is known.
    pub(super) async fn shown(self, start: DateTime<Utc>) -> Option<Uuid> {
        for _ in 0..100 {
            if self.awaited.try_get_value() != Some(true) {
                break;
            }
            browser::sleep(Duration::from_millis(50)).await;
        }
        match self.state.try_get_untracked()? {
            State::Kept { id, start: own, .. } if own == start => Some(id),
            _ => None,
        }
    }

    /// The booking is made: there is nothing left to give back.
    pub(super) fn spent(self, start: DateTime<Utc>) {
        self.stop_clock();
        self.note(start, Fate::Booked, self.last.get_value().unwrap_or_default());
        self.last.set_value(None);
        self.state.set(State::Spent(start));
    }

    /// The time was refused, whatever we thought.
    pub(super) fn refused(self) {
        self.stop_clock();
        if let State::Asked(start) | State::Kept { start, .. } = self.state.get_untracked() {
            browser::forget(&self.key(start), |_| true);
        }
        if let State::Kept { id, .. } = self.state.get_untracked() {
            let mentor = self.mentor.get_value();
            spawn_local(async move {
                let _ = release_hold(mentor, id).await;
            });
        }
        self.state.set(State::Not);
    }

    /// What has run out is asked for once more.
    fn keep_again(self, start: DateTime<Utc>) {
        if !self.awaited.get_value() {
            self.ask(start);
        }
    }

    /// The server's clock, as far as the page can tell.
    fn now(self) -> DateTime<Utc> {
        self.opened.get_value() + TimeDelta::milliseconds(browser::ticks() as i64)
    }

    /// The hold by which this browser has `start` kept, or had before a reload, and still would.
    fn remembered(self, start: DateTime<Utc>) -> Option<Note> {
        self.note_of(start).filter(|note| note.fate != Fate::Booked)
    }

    /// What this browser remembers of `start`, while that counts.
    fn note_of(self, start: DateTime<Utc>) -> Option<Note> {
        let note = Note::read(&browser::stored(&self.key(start))?)?;
        (note.until > self.now()).then_some(note)
    }

    /// Has the browser remember what became of a hold, and tells its other tabs.
    fn note(self, start: DateTime<Utc>, fate: Fate, id: Uuid) {
        self.note_with(start, fate, id, None);
    }

    fn note_with(self, start: DateTime<Utc>, fate: Fate, id: Uuid, before: Option<Uuid>) {
        let until = match self.state.get_untracked() {
            State::Kept { until, .. } => self.now() + TimeDelta::milliseconds((until - browser::ticks()) as i64),
            _ => self.now() + ASKED,
        };
        browser::store(&self.key(start), &Note { fate, id, until, before }.write());
    }

    fn key(self, start: DateTime<Utc>) -> String {
        let tag = instant_tag(start);
        self.mentor
            .with_value(|mentor| self.session_type.with_value(|slug| format!("{REMEMBERED}{mentor}/{slug}/{tag}")))
    }

    /// Another tab has told what became of `start`.
    fn hear(self, start: DateTime<Utc>, note: Note) {
        let own = match self.state.try_get_untracked() {
            Some(State::Kept { id, start: own, .. }) if own == start => Some(id),
            Some(State::Over { start: own, .. }) if own == start => None,
            _ => return,
        };
        match note.fate {
            Fate::Kept if own != Some(note.id) => self.share(start, note),
            // We are still here.
            Fate::Left if own == Some(note.id) => self.ask(start),
            Fate::Booked => {
                self.stop_clock();
                self.last.set_value(None);
                self.state.set(State::Elsewhere(start));
                // With what is booked comes the way to it.
                spawn_local(async move {
                    self.read().await;
                });
            }
            _ => {}
        }
    }

    /// The time is kept by a hold that another tab has got.
    fn share(self, start: DateTime<Utc>, note: Note) {
        let left = (note.until - self.now()).num_milliseconds() as f64;
        self.last.set_value(Some(note.id));
        self.lost.set(None);
        self.state.set(State::Kept { id: note.id, start, until: browser::ticks() + left });
        self.tick();
        self.start_clock();
    }

    fn ask(self, start: DateTime<Utc>) {
        let number = self.asked.get_value().wrapping_add(1);
        self.asked.set_value(number);
        self.awaited.set_value(true);
        let state = self.state.get_untracked();
        self.state.set(State::Asked(start));
        let (mentor, session_type) = (self.mentor.get_value(), self.session_type.get_value());
        spawn_local(async move {
            while self.under_way.try_get_value() == Some(true) {
                browser::sleep(Duration::from_millis(20)).await;
            }
            if self.asked.try_get_value() != Some(number) {
                return;
            }
            self.under_way.set_value(true);
            let known = self.remembered(start);
            let before = known.map(|note| note.id).or(self.last.get_value());
            if let Some(stale) = known.and_then(|note| note.before) {
                let _ = release_hold(mentor.clone(), stale).await;
            }
            let id = Uuid::parse_str(&browser::random_id()).ok();
            let id = id.map(|id| Builder::from_random_bytes(id.into_bytes()).into_uuid());
            // Known before it is: whoever reloads the page before the answer comes would find their own time taken.
            if let Some(id) = id {
                self.last.set_value(Some(id));
                self.note_with(start, Fate::Asked, id, before);
            }
            let answer = hold(mentor.clone(), session_type.clone(), start, before, id).await;
            self.under_way.try_set_value(false);
            match &answer {
                Ok(view) => self.last.try_set_value(Some(view.id)),
                Err(AppError::SlotUnavailable) => self.last.try_set_value(before),
                Err(_) => None,
            };
            if self.asked.try_get_value() != Some(number) {
                // The form was left meanwhile. If another is open, its time takes the place of this one.
                if let Ok(view) = answer
                    && self.awaited.try_get_value() != Some(true)
                {
                    self.give_back(mentor, view.id).await;
                }
                return;
            }
            self.awaited.set_value(false);
            match answer {
                Ok(view) => {
                    let left = (view.expires_at - view.now).num_milliseconds() as f64;
                    let id = view.id;
                    self.lost.set(None);
                    self.state.set(State::Kept { id, start, until: browser::ticks() + left });
                    self.note(start, Fate::Kept, id);
                    self.tick();
                    self.start_clock();
                }
                Err(AppError::SlotUnavailable) => {
                    // Two tabs have asked at once, and it was the other.
                    let theirs =
                        self.remembered(start).filter(|note| note.fate == Fate::Kept && Some(note.id) != before);
                    if let Some(note) = theirs {
                        return self.share(start, note);
                    }
                    self.refused();
                    let near = nearest(mentor, session_type, start).await.unwrap_or_default();
                    let _ = self.nearby.try_set(near);
                    let _ = self.lost.try_set(Some(start));
                    self.read().await;
                }
                // Not kept, then; the form works as well.
                Err(_) => {
                    self.state.set(if matches!(state, State::Over { .. }) { state } else { State::Not });
                    self.read().await;
                }
            }
        });
    }

    /// The form is left.
    fn let_go(self) {
        self.stop_clock();
        let Some(asked) = self.asked.try_get_value() else { return };
        self.asked.set_value(asked.wrapping_add(1));
        self.awaited.set_value(false);
        let state = self.state.try_get_untracked();
        if !matches!(state, Some(State::Not) | None) {
            let _ = self.state.try_set(State::Not);
        }
        let Some(State::Kept { id, start, .. }) = state else { return };
        self.note(start, Fate::Left, id);
        browser::forget(&self.key(start), |_| true);
        let mentor = self.mentor.get_value();
        spawn_local(self.give_back(mentor, id));
    }

    async fn give_back(self, mentor: String, id: Uuid) {
        self.leaving.try_set_value(true);
        let _ = release_hold(mentor, id).await;
        self.leaving.try_set_value(false);
        self.read().await;
    }

    fn start_clock(self) {
        self.stop_clock();
        self.clock.set_value(set_interval_with_handle(move || self.tick(), Duration::from_millis(250)).ok());
    }

    fn stop_clock(self) {
        if let Some(Some(clock)) = self.clock.try_update_value(Option::take) {
            clock.clear();
        }
    }

    fn tick(self) {
        let Some(State::Kept { start, until, .. }) = self.state.try_get_untracked() else { return };
        let left = ((until - browser::ticks()) / 1000.0).ceil().max(0.0) as i64;
        if self.left.get_untracked() != left {
            self.left.set(left);
        }
        if left > 0 {
            return;
        }
        self.stop_clock();
        self.state.set(State::Over { start, read: false });
        spawn_local(async move {
            // So that it is over by the server's clock, too.
            browser::sleep(Duration::from_millis(500)).await;
            let fresh = self.read().await;
            let over = State::Over { start, read: false };
            if fresh && self.state.try_get_untracked() == Some(over) {
                self.state.set(State::Over { start, read: true });
            }
        });
    }

    /// Something may have changed: the month is read again soon. Not while a time is kept: what it blocks is our own doing.
    fn hint(self) {
        let waits = |state| !matches!(state, State::Not | State::Over { read: true, .. });
        let Some((false, last)) = self.reading.try_get_value() else { return };
        if self.state.try_get_untracked().is_none_or(waits) || self.leaving.try_get_value() != Some(false) {
            return;
        }
        self.reading.set_value((true, last));
        let wait = (last + READ_EVERY - browser::ticks()).clamp(0.0, READ_EVERY);
        set_timeout(
            move || {
                if self.reading.try_update_value(|reading| *reading = (false, browser::ticks())).is_some()
                    && !self.state.try_get_untracked().is_none_or(waits)
                {
                    spawn_local(async move {
                        self.read().await;
                    });
                }
            },
            Duration::from_millis(wait as u64),
        );
    }

    /// Reads the month that is shown once more: nothing flickers, and the focus stays where it is. Answers whether it is
    /// fresh now.
    async fn read(self) -> bool {
        let wanted = || {
            let month = self.pick.try_with_untracked(|pick| pick.month.clone())?;
            Some((month, self.zone.try_get_untracked()?))
        };
        let (Some(asked), Some(mentor), Some(session_type)) =
            (wanted(), self.mentor.try_get_value(), self.session_type.try_get_value())
        else {
            return false;
        };
        let Ok(fresh) = month(mentor, session_type, asked.0.clone(), asked.1.clone()).await else { return false };
        if wanted().as_ref() != Some(&asked) {
            return false;
        }
        let same = |shown: &Option<Result<Month, AppError>>| matches!(shown, Some(Ok(shown)) if Month { now: fresh.now, ..shown.clone() } == fresh);
        match self.data.try_with_untracked(same) {
            Some(true) => true,
            Some(false) => {
                let focused = browser::focused_link();
                let _ = self.data.try_set(Some(Ok(fresh)));
                if let Some(address) = focused {
                    request_animation_frame(move || browser::focus_link("picker", &address));
                }
                true
            }
            None => false,
        }
    }

    /// Follows what happens to the mentor's slots as long as the page can be seen. Once for each page.
    pub(super) fn follow(self) {
        Effect::new(move |_| {
            let events = StoredValue::new_local(None::<browser::Events>);
            let path = self.mentor.with_value(|mentor| format!("/fn/live/{mentor}"));
            let open = {
                let path = path.clone();
                move |missed: bool| {
                    if !browser::is_hidden() && events.try_with_value(Option::is_none) == Some(true) {
                        events.set_value(browser::Events::open(&path, "changed", missed, move || self.hint()));
                    }
                }
            };
            let close = move || {
                events.try_set_value(None);
            };
            open(false);
            let seen = window_event_listener_untyped("visibilitychange", {
                let open = open.clone();
                move |_| if browser::is_hidden() { close() } else { open(true) }
            });
            let left = window_event_listener_untyped("pagehide", move |_| close());
            let back = window_event_listener_untyped("pageshow", move |event| {
                if browser::is_kept_page(&event) {
                    open(true);
                }
            });
            on_cleanup(move || {
                close();
                seen.remove();
                left.remove();
                back.remove();
            });
        });
    }
}

/// How long the time of this form is still kept, and when it is no more, the offer to keep it again.
#[component]
pub fn HoldNotice(
    /// Which time is kept.
    keeper: Keeper,
    /// The form's.
    start: DateTime<Utc>,
    /// It is gone, or booked with this browser, which is said elsewhere.
    lost: Signal<bool>,
) -> impl IntoView {
    let t = use_messages().public;
    let status = use_status();
    let is_kept = Memo::new(move |_| matches!(keeper.state.get(), State::Kept { start: own, .. } if own == start));
    let is_over = Memo::new(move |_| matches!(keeper.state.get(), State::Over { start: own, .. } if own == start));
    let is_booked = Memo::new(move |_| keeper.state.get() == State::Elsewhere(start));
    let last_minute = Memo::new(move |_| is_kept.get() && keeper.left.get() <= 60);
    Effect::new(move |before: Option<bool>| {
        let now = last_minute.get();
        if now && before == Some(false) {
            status.announce(t.hold_minute);
        }
        now
    });
    Effect::new(move |_| {
        if is_over.get() {
            status.announce(t.hold_over);
        }
    });
    Effect::new(move |_| {
        if is_booked.get() {
            status.announce(t.hold_booked);
        }
    });
    let left = move || {
        let left = keeper.left.get();
        fill(t.hold_left, &[("left", &format!("{}:{:02}", left / 60, left % 60))])
    };
    Effect::new(move |_| {
        if is_kept.get() {
            status.announce(untrack(left));
        }
    });
    let keep_again = move |_| {
        keeper.keep_again(start);
        browser::focus("details-title");
    };
    view! {
        <div class="hold">
            {live(move || {
                is_kept.get().then(|| view! { <p class="muted small" role="timer" aria-live="off">{move || left()}</p> })
            })}
            {live(move || {
                (is_over.get() && !lost.get())
                    .then(|| {
                        view! {
                            <p class="small">{t.hold_over}</p>
                            <button class="button" data-size="small" type="button" on:click=keep_again>
                                {t.hold_again}
                            </button>
                        }
                    })
            })}
            {live(move || (is_booked.get() && !lost.get()).then(|| view! { <p class="note">{t.hold_booked}</p> }))}
        </div>
    }
    .into_any()
}
