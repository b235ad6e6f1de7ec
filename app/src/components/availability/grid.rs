//! The week as a grid, alive: drawn on with a mouse, a pen or a finger, and walked with the keyboard.
//!
//! Pointers are measured, not hit-tested: one listener on the whole area turns a place into a day and a minute, and
//! the model says what is there. Blocks are SVG, whose geometry is attributes, so that the server can place them where
//! the content security policy allows no `style`. The cells that a screen reader walks lie above, without any look of
//! their own; they come after hydration, since without a script they do nothing, and the lists say the same hours.
//!
//! A finger scrolls. It draws once it has rested for a moment, or sideways; a tap opens an hour (see [`super::touch`]).

use super::dom;
use super::model::{
    Area, Board, Cell, Cursor, DAY, DAYS, Edge, Gesture, Go, Hours, Part, Reach, STEP, STEPS, Span, day_of_week,
};
use super::state::State;
use super::touch::{Motion, Touch};
use crate::components::browser::use_hydrated;
use crate::components::{Icon, Picture, Status, use_status};
use crate::format;
use crate::i18n::dashboard::Dashboard;
use crate::i18n::{fill, use_language, use_messages};
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::web_sys::Element;
use scheduling::Language;
use std::ops::Range;

/// Pixels from the edge of the window onto the grid where a drag scrolls it.
const SCROLL_ZONE: f64 = 28.0;

/// `09:00`.
pub(super) fn clock(minutes: u16) -> String {
    format::minutes(minutes, scheduling::ClockFormat::TwentyFour, Language::En)
}

/// `09:00 – 12:00`.
pub(super) fn clocks(span: Span) -> String {
    format!("{} – {}", clock(span.start), clock(span.end))
}

/// The name of a day, Monday first.
pub(super) fn day_name(day: usize, language: Language) -> &'static str {
    format::weekday(day_of_week(day) as u8, language)
}

/// Its short name.
pub(super) fn day_short(day: usize, language: Language) -> &'static str {
    format::weekday_short(day_of_week(day) as u8, language)
}

/// Days and times in words: `Monday to Friday, 09:00 – 17:00`.
fn area_text(area: &Area, t: &Dashboard, language: Language) -> String {
    let (first, last) = (day_name(*area.days.start(), language), day_name(*area.days.end(), language));
    let days = if first == last { first.to_owned() } else { fill(t.days_range, &[("from", first), ("to", last)]) };
    fill(t.days_times, &[("days", &days), ("from", &clock(area.span.start)), ("to", &clock(area.span.end))])
}

/// The words for what happened, read out.
#[derive(Clone, Copy)]
struct Voice {
    status: Status,
    t: &'static Dashboard,
    language: Language,
}

impl Voice {
    fn painted(self, area: &Area, on: bool) {
        let what = area_text(area, self.t, self.language);
        let template = if on { self.t.grid_opened } else { self.t.grid_closed };
        self.status.announce(fill(template, &[("what", &what)]));
    }

    fn done(self, gesture: &Gesture) {
        match gesture {
            Gesture::Paint { on, from, to } => self.painted(&Area::between(*from, *to), *on),
            Gesture::Resize { day, .. } | Gesture::Move { day, .. } => match gesture.block() {
                Some((day, span)) => self.painted(&Area { days: day..=day, span }, true),
                None => self.status.announce(fill(self.t.grid_gone, &[("day", day_name(*day, self.language))])),
            },
        }
    }
}

/// Where the pointer is in the area.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    day: usize,
    minute: f64,
    minutes_per_pixel: f64,
    /// Pixels from the middle of the day's column.
    off_middle: f64,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Place {
    /// A place in the window, seen from an element with these bounds.
    fn of(x: f64, y: f64, [left, top, width, height]: [f64; 4]) -> Option<Self> {
        if width <= 0.0 || height <= 0.0 {
            return None;
        }
        let (x, y) = (x - left, y - top);
        let column = width / DAYS as f64;
        let day = (x / column).floor().clamp(0.0, DAYS as f64 - 1.0);
        let minutes_per_pixel = f64::from(DAY) / height;
        let off_middle = x - (day + 0.5) * column;
        Some(Self {
            day: day as usize,
            minute: y * minutes_per_pixel,
            minutes_per_pixel,
            off_middle,
            x,
            y,
            width,
            height,
        })
    }

    /// What reaches how far: a finger needs more room than a mouse.
    fn reach(self, finger: bool) -> Reach {
        let (inside, outside, grip, across) = if finger { (11.0, 7.0, 16.0, 20.0) } else { (5.0, 4.0, 13.0, 24.0) };
        Reach {
            inside: inside * self.minutes_per_pixel,
            outside: outside * self.minutes_per_pixel,
            grip: grip * self.minutes_per_pixel,
            on_grip: self.off_middle.abs() <= across,
        }
    }
}

/// Pointers that are down.
#[derive(Clone, Debug, Default)]
struct Pointers {
    /// The one that draws, and where it is in the window.
    drawing: Option<(i32, f64, f64)>,
    finger: bool,
    moved: bool,
}

/// The parts of the grid that handlers need.
#[derive(Clone, Copy)]
struct Parts {
    state: State,
    voice: Voice,
    area: NodeRef<html::Div>,
    scroll: NodeRef<html::Div>,
    pointers: StoredValue<Pointers>,
    cursor: RwSignal<Cursor>,
    /// The keyboard is in the grid, so where it is and what it selects is shown.
    walking: RwSignal<bool>,
    hover: RwSignal<&'static str>,
    place: RwSignal<Place>,
    /// A finger that has not drawn yet.
    touch: Touch,
}

/// The grid with its frame.
#[component]
pub fn Grid(
    /// The editor's.
    state: State,
) -> impl IntoView {
    let (t, language) = (use_messages().dashboard(), use_language());
    let start = state.days.iter().filter_map(|day| day.read_untracked().spans().first().map(|span| span.start)).min();
    let first = Cell { day: 0, step: start.unwrap_or(9 * 60) / STEP };
    let parts = Parts {
        state,
        voice: Voice { status: use_status(), t, language },
        area: NodeRef::new(),
        scroll: NodeRef::new(),
        pointers: StoredValue::new(Pointers::default()),
        cursor: RwSignal::new(Cursor::on(first)),
        walking: RwSignal::new(false),
        hover: RwSignal::new("free"),
        place: RwSignal::new(Place::default()),
        touch: Touch::idle(),
    };
    Effect::new(move |_| {
        if let Some(area) = parts.area.get() {
            dom::keep_from_scrolling(&area, move || parts.draws_by_finger());
        }
    });
    // The day's work in view: the first hour that is open, or eight.
    Effect::new(move |_| {
        if let Some(scroll) = parts.scroll.get() {
            let from = start.unwrap_or(8 * 60).min(8 * 60).saturating_sub(30);
            scroll.set_scroll_top(scroll.scroll_height() * i32::from(from) / i32::from(DAY));
        }
    });
    dom::on_key(move |event| {
        if event.key() == "Escape" && parts.give_up() {
            event.prevent_default();
        }
    });
    let hydrated = use_hydrated();
    view! {
        <div class="week">
            <div
                class="week-grid"
                role="grid"
                aria-label=t.grid_label
                aria-describedby="week-help"
                aria-multiselectable="true"
            >
                <div class="week-scroll" role="presentation" node_ref=parts.scroll>
                    <div class="week-head" role="row">
                        <span class="week-corner" role="columnheader">
                            <span class="visually-hidden">{t.time}</span>
                        </span>
                        {(0..DAYS)
                            .map(|day| {
                                view! {
                                    <span class="week-day" role="columnheader" data-empty=move || state.settled[day].with(Hours::is_empty).then_some("")>
                                        <span aria-hidden="true">{day_short(day, language)}</span>
                                        <span class="visually-hidden">{day_name(day, language)}</span>
                                    </span>
                                }
                            })
                            .collect_view()}
                    </div>
                    <div class="week-body" role="presentation">
                        <div class="week-hours" aria-hidden="true">
                            {(0..24).map(|hour| view! { <span>{clock(hour * 60)}</span> }).collect_view()}
                        </div>
                        <div
                            class="week-area"
                            role="rowgroup"
                            node_ref=parts.area
                            data-part=move || parts.hover.get()
                            data-dragging=move || state.gesture.with(Option::is_some).then_some("")
                            data-finger=move || (state.gesture.with(Option::is_some) && parts.draws_by_finger()).then_some("")
                            on:pointerdown=move |event| parts.down(&event)
                            on:pointermove=move |event| parts.moved(&event)
                            on:pointerup=move |event| parts.up(&event)
                            on:pointercancel=move |event| parts.cancelled(&event)
                            on:keydown=move |event| parts.key(&event)
                            data-walking=move || parts.walking.get().then_some("")
                            on:keyup=move |event| {
                                // Tab has led here.
                                if event.key() == "Tab" {
                                    parts.walking.set(true);
                                }
                            }
                            on:focusout=move |_| parts.walking.set(false)
                        >
                            <Show when=move || hydrated.get()>
                                <Cells parts=parts/>
                            </Show>
                            <div class="week-ink" aria-hidden="true">
                                {(0..DAYS).map(|day| view! { <Column parts=parts day=day/> }).collect_view()}
                            </div>
                            <Stroke state=state/>
                            <Show when=move || state.gesture.with(Option::is_some)>
                                <Tag parts=parts/>
                            </Show>
                        </div>
                    </div>
                </div>
            </div>
            <p class="week-help small muted" id="week-help">
                <span class="week-help-pointer">{t.grid_help_pointer}</span>
                <span class="week-help-touch">{t.grid_help_touch}</span>
                " "
                <span class="week-help-keys">{t.grid_help_keys}</span>
            </p>
        </div>
    }
}

/// What assistive technology and the keyboard walk: a row for each quarter of an hour.
#[component]
fn Cells(parts: Parts) -> impl IntoView {
    let Cell { day: first_day, step: first_step } = parts.cursor.get_untracked().head;
    for day in 0..DAYS {
        // A bit for each step. One effect for a day, which touches what has changed: one for each cell made the page slow to
        // start and drags slow to end.
        Effect::new(move |before: Option<u128>| {
            let hours = parts.state.settled[day].read();
            let steps = (0..STEPS).filter(|step| hours.touches(Cell { day, step: *step }.span()));
            let open = steps.fold(0_u128, |bits, step| bits | 1 << step);
            let changed = open ^ before.unwrap_or_default();
            for step in (0..STEPS).filter(|step| changed >> step & 1 == 1) {
                if let Some(cell) = parts.element(Cell { day, step }) {
                    let _ = cell.set_attribute("aria-selected", if open >> step & 1 == 1 { "true" } else { "false" });
                }
            }
            open
        });
    }
    (0..STEPS)
        .map(|step| {
            let cells = (0..DAYS)
                .map(|day| {
                    let tabindex = if (day, step) == (first_day, first_step) { "0" } else { "-1" };
                    view! { <span role="gridcell" tabindex=tabindex aria-selected="false"></span> }
                })
                .collect_view();
            view! {
                <div class="week-row" role="row">
                    <span class="visually-hidden" role="rowheader">{clock(step * STEP)}</span>
                    {cells}
                </div>
            }
        })
        .collect_view()
}

/// The blocks of one day.
#[component]
fn Column(parts: Parts, day: usize) -> impl IntoView {
    let state = parts.state;
    let hours = state.days[day];
    let too_short = move |span: Span| {
        // What meets midnight may go on with the next day.
        span.start > 0 && span.end < DAY && span.minutes() < state.duration()
    };
    // The block that is moved, or whose end is.
    let held = Memo::new(move |_| {
        state.gesture.with(|gesture| gesture.as_ref().filter(|gesture| !gesture.paints()).and_then(Gesture::block))
    });
    let active = move |span: Span| held.get().is_some_and(|(of, new)| of == day && span.contains(new.start));
    let block = move |place: usize| {
        let span = Memo::new(move |_| {
            hours.with(|hours| hours.spans().get(place).copied()).unwrap_or(Span { start: 0, end: 0 })
        });
        let size = move || match span.get().minutes() {
            0..30 => "none",
            30..75 => "small",
            75..150 => "medium",
            _ => "large",
        };
        view! {
            <svg
                class="block"
                y=move || percent(span.get().start)
                width="100%"
                height=move || percent(span.get().minutes())
                overflow="visible"
                data-size=size
                data-active=move || active(span.get()).then_some("")
                data-short=move || too_short(span.get()).then_some("")
            >
                <rect class="block-fill" width="100%" height="100%" rx="3"></rect>
                <rect class="block-bar" width="3" height="100%"></rect>
                <text class="block-from" x="9" dy="1.25em">{move || clock(span.get().start)}</text>
                <text class="block-to" x="9" y="100%" dy="-0.5em">{move || clock(span.get().end)}</text>
                <text class="block-both" x="9" dy="1.25em">{move || clocks(span.get())}</text>
                <svg class="block-grip" x="50%" y="50%" overflow="visible">
                    <rect x="-13" y="-9" width="26" height="18" rx="9"></rect>
                    <path d="M-5-2.500h10M-5 2.500h10"></path>
                </svg>
                <svg class="block-edge" x="50%" overflow="visible">
                    <path d="M-9 3.500h18"></path>
                </svg>
                <svg class="block-edge" x="50%" y="100%" overflow="visible">
                    <path d="M-9-3.500h18"></path>
                </svg>
            </svg>
        }
    };
    let selected = move || {
        let area = parts.cursor.get().area();
        let several =
            area.days != (parts.cursor.get().head.day..=parts.cursor.get().head.day) || area.span.minutes() > STEP;
        (parts.walking.get() && several && area.days.contains(&day)).then_some(area.span)
    };
    view! {
        <svg class="week-column">
            <For each=move || 0..hours.with(|hours| hours.spans().len()) key=|place| *place children=block/>
            {move || selected().map(|span| view! { <rect class="week-selected" x="0" y=percent(span.start) width="100%" height=percent(span.minutes())></rect> })}
        </svg>
    }
}

/// What is being opened or closed, above the blocks: a layer for each day, which is moved and stretched without laying out or
/// painting anything. The blocks follow when the drag ends.
#[component]
fn Stroke(state: State) -> impl IntoView {
    let stroke = Memo::new(move |_| {
        state.gesture.with(|gesture| match gesture {
            Some(Gesture::Paint { on, from, to }) => Some((*on, Area::between(*from, *to))),
            _ => None,
        })
    });
    let closes = move || stroke.with(|stroke| stroke.as_ref().is_some_and(|(on, _)| !on)).then_some("");
    let days: [NodeRef<html::Div>; DAYS] = std::array::from_fn(|_| NodeRef::new());
    Effect::new(move |before: Option<Range<usize>>| {
        let drawn = stroke.get().map(|(_, Area { days, span })| (*days.start()..*days.end() + 1, span));
        let (now, span) = drawn.unwrap_or((0..0, Span { start: 0, end: 0 }));
        let height = f64::from(span.minutes()) / f64::from(DAY);
        let shape = format!("translateY({}) scaleY({height:.6})", percent(span.start));
        for (day, node) in days.iter().enumerate() {
            let transform = match now.contains(&day) {
                true => &shape,
                false if before.as_ref().is_none_or(|before| !before.contains(&day)) => continue,
                false => "scaleY(0)",
            };
            if let Some(node) = node.get_untracked() {
                let element: &leptos::web_sys::HtmlElement = &node;
                let _ = element.style().set_property("transform", transform);
            }
        }
        now
    });
    let days = days.map(|node| view! { <div class="week-stroke" node_ref=node></div> });
    view! { <div class="week-strokes" aria-hidden="true" data-closes=closes>{days}</div> }
}

/// What is being drawn, beside the pointer.
#[component]
fn Tag(parts: Parts) -> impl IntoView {
    let (t, language) = (parts.voice.t, parts.voice.language);
    let text = Memo::new(move |_| {
        parts.state.gesture.with(|gesture| {
            let Some(gesture) = gesture else { return (String::new(), String::new()) };
            let closes = matches!(gesture, Gesture::Paint { on: false, .. });
            match gesture.block() {
                None => (t.tag_gone.to_owned(), String::new()),
                Some((day, span)) => {
                    let days = match gesture {
                        Gesture::Paint { from, to, .. } if from.day != to.day => {
                            let area = Area::between(*from, *to);
                            format!(
                                "{}–{}",
                                day_short(*area.days.start(), language),
                                day_short(*area.days.end(), language)
                            )
                        }
                        _ => day_short(day, language).to_owned(),
                    };
                    let length = format::duration(u32::from(span.minutes()), language);
                    let detail = if closes { fill(t.tag_closes, &[("length", &length)]) } else { length };
                    (format!("{days} {}", clocks(span)), detail)
                }
            }
        })
    });
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let Some(node) = node.get() else { return };
        let Place { x, y, width, height, .. } = parts.place.get();
        let finger = parts.pointers.with_value(|pointers| pointers.finger);
        // Kept inside the area by its style alone, in which 100% is the tag: nothing is measured.
        let (x, y) = if finger {
            (format!("{x:.1}px - 50%"), format!("{y:.1}px - 100% - 34px"))
        } else {
            (format!("{:.1}px", x + 16.0), format!("{:.1}px", y + 16.0))
        };
        let transform =
            format!("translate(clamp(0px, {x}, {width:.1}px - 100%), clamp(0px, {y}, {height:.1}px - 100%))");
        let element: &leptos::web_sys::HtmlElement = &node;
        let _ = element.style().set_property("transform", &transform);
    });
    view! {
        <div class="week-tag" aria-hidden="true" node_ref=node>
            <strong>{move || text.get().0}</strong>
            <span>{move || text.get().1}</span>
        </div>
    }
}

fn percent(minutes: u16) -> String {
    format!("{:.4}%", f64::from(minutes) / f64::from(DAY) * 100.0)
}

impl Parts {
    fn at(self, x: f64, y: f64) -> Option<Place> {
        let area = self.area.get_untracked()?;
        Place::of(x, y, dom::bounds(&area))
    }

    fn part(self, place: Place, finger: bool) -> Part {
        self.state.days[place.day].with_untracked(|hours| hours.part(place.minute, place.reach(finger)))
    }

    /// Whether a finger draws, and does not scroll.
    fn draws_by_finger(self) -> bool {
        self.pointers.try_with_value(|pointers| pointers.finger && pointers.drawing.is_some()) == Some(true)
    }

    fn down(self, event: &PointerEvent) {
        let (id, x, y) = (event.pointer_id(), f64::from(event.client_x()), f64::from(event.client_y()));
        if event.pointer_type() != "touch" {
            if event.button() == 0 && self.pointers.with_value(|pointers| pointers.drawing.is_none()) {
                event.prevent_default();
                self.begin(id, x, y, false);
            }
            return;
        }
        if event.is_primary() {
            self.touch.down(id, x, y, move |x, y| {
                dom::buzz();
                self.begin(id, x, y, true);
            });
        } else {
            // A second finger: whatever the first was about to do, it is something else.
            self.touch.give_up();
            self.give_up();
        }
    }

    /// A drag begins.
    fn begin(self, id: i32, x: f64, y: f64, finger: bool) {
        let (Some(area), Some(place)) = (self.area.try_get_untracked().flatten(), self.at(x, y)) else { return };
        // A field that is being typed in has its say first.
        self.focus(Cursor::on(Cell::at(place.day, place.minute)), false);
        self.walking.set(false);
        let _ = area.set_pointer_capture(id);
        let part = self.part(place, finger);
        self.pointers.update_value(|pointers| {
            pointers.drawing = Some((id, x, y));
            pointers.finger = finger;
            pointers.moved = false;
        });
        self.place.set(place);
        self.hover.set(part_name(part));
        self.state.change(|board| board.press(place.day, place.minute, part));
        self.each_frame();
    }

    fn moved(self, event: &PointerEvent) {
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let id = event.pointer_id();
        let came_down = self.touch.place(id);
        if let (Motion::Draws, Some((from_x, from_y))) = (self.touch.moved(id, x, y), came_down) {
            self.begin(id, from_x, from_y, true);
        }
        let drawing = self.pointers.with_value(|pointers| pointers.drawing);
        match drawing {
            Some((drawn_by, from_x, from_y)) if drawn_by == id => {
                self.pointers.update_value(|pointers| {
                    pointers.moved |= (x - from_x).hypot(y - from_y) >= 2.0;
                    // Each frame follows it: however often it reports, the page is measured and drawn once.
                    pointers.drawing = Some((id, x, y));
                });
            }
            Some(_) => {}
            None if event.pointer_type() == "touch" => {}
            None => {
                if let Some(place) = self.at(x, y) {
                    let name = part_name(self.part(place, false));
                    if self.hover.get_untracked() != name {
                        self.hover.set(name);
                    }
                }
            }
        }
    }

    fn follow(self, x: f64, y: f64) {
        let Some(place) = self.at(x, y) else { return };
        if self.place.get_untracked() != place {
            self.place.set(place);
        }
        let changes = self.state.read(|board| {
            // Asked on a copy of the drag alone: most moves stay in their square.
            board.gesture().is_some_and(|gesture| gesture.would_change(place.day, place.minute))
        });
        if changes {
            self.state.change(|board| board.drag(place.day, place.minute));
        }
    }

    fn up(self, event: &PointerEvent) {
        let id = event.pointer_id();
        if let Some((x, y)) = self.touch.up(id) {
            return self.tap(x, y);
        }
        let Some((drawn_by, ..)) = self.pointers.with_value(|pointers| pointers.drawing) else { return };
        if drawn_by != id {
            return;
        }
        self.follow(f64::from(event.client_x()), f64::from(event.client_y()));
        let (finger, moved) = self.pointers.with_value(|pointers| (pointers.finger, pointers.moved));
        self.pointers.update_value(|pointers| pointers.drawing = None);
        // A long press that goes nowhere draws nothing: a quarter of an hour is too small for a finger.
        let released = if finger && !moved { None } else { self.state.release() };
        match released {
            Some(gesture) => self.voice.done(&gesture),
            None => {
                self.state.change(Board::abandon);
            }
        }
        let last = Cell::at(self.place.get_untracked().day, self.place.get_untracked().minute);
        self.focus(Cursor::on(last), false);
    }

    /// A tap opens an hour, and closes nothing.
    fn tap(self, x: f64, y: f64) {
        let Some(place) = self.at(x, y) else { return };
        let cell = Cell::at(place.day, place.minute);
        self.walking.set(false);
        if self.part(place, true) == Part::Free {
            let step = (cell.step - cell.step % 2).min(STEPS - 4);
            let area = Area { days: cell.day..=cell.day, span: Span { start: step * STEP, end: (step + 4) * STEP } };
            self.state.change(|board| board.paint(&area, true));
            self.voice.painted(&area, true);
        }
        self.focus(Cursor::on(cell), false);
    }

    /// The browser has taken the pointer, mostly to scroll: nothing is left half done.
    fn cancelled(self, event: &PointerEvent) {
        let id = event.pointer_id();
        self.touch.give_up();
        if self.pointers.with_value(|pointers| pointers.drawing.is_some_and(|(drawing, ..)| drawing == id)) {
            self.give_up();
        }
    }

    /// Gives up the drag. Answers whether there was one.
    fn give_up(self) -> bool {
        self.pointers.update_value(|pointers| pointers.drawing = None);
        let abandoned = self.state.change(Board::abandon);
        if abandoned {
            self.voice.status.announce(self.voice.t.grid_abandoned);
        }
        abandoned
    }

    /// While a drag lasts: what is drawn follows the pointer. Near an edge of what can be seen the grid scrolls, and the
    /// window where the grid is cut off.
    fn each_frame(self) {
        request_animation_frame(move || {
            let drawing = self.pointers.try_with_value(|pointers| pointers.drawing).flatten();
            let (Some((_, x, y)), Some(scroll)) = (drawing, self.scroll.try_get_untracked().flatten()) else { return };
            let [_, top, _, height] = dom::bounds(&scroll);
            let (upper, lower) = (top.max(0.0) + 36.0, (top + height).min(dom::window_height()));
            let beyond = if y < upper + SCROLL_ZONE {
                y - upper - SCROLL_ZONE
            } else if y > lower - SCROLL_ZONE {
                y - lower + SCROLL_ZONE
            } else {
                0.0
            };
            let moved = self.pointers.with_value(|pointers| pointers.moved);
            if beyond != 0.0 && moved {
                let by = (beyond * 0.35).clamp(-22.0, 22.0).round() as i32;
                let before = scroll.scroll_top();
                scroll.set_scroll_top(before + by);
                if scroll.scroll_top() == before && ((by < 0 && top < 0.0) || (by > 0 && top + height > lower)) {
                    window().scroll_by_with_x_and_y(0.0, f64::from(by));
                }
            }
            self.follow(x, y);
            self.each_frame();
        });
    }

    fn key(self, event: &KeyboardEvent) {
        let (control, shift) = (event.ctrl_key() || event.meta_key(), event.shift_key());
        if event.alt_key() || self.state.gesture.with_untracked(Option::is_some) {
            return;
        }
        let go = match event.key().as_str() {
            "ArrowUp" if !control => Go::Up,
            "ArrowDown" if !control => Go::Down,
            "ArrowLeft" if !control => Go::Left,
            "ArrowRight" if !control => Go::Right,
            "PageUp" if !control => Go::HourUp,
            "PageDown" if !control => Go::HourDown,
            "Home" if control => Go::WeekStart,
            "End" if control => Go::WeekEnd,
            "Home" => Go::DayStart,
            "End" => Go::DayEnd,
            " " | "Spacebar" | "Enter" | "Delete" | "Backspace" if !control => {
                event.prevent_default();
                let cursor = self.cursor.get_untracked();
                let anchor = cursor.anchor;
                let open = self.state.days[anchor.day].with_untracked(|hours| hours.touches(anchor.span()));
                let on = !open && !matches!(event.key().as_str(), "Delete" | "Backspace");
                self.state.change(|board| board.paint(&cursor.area(), on));
                self.voice.painted(&cursor.area(), on);
                self.label(cursor.head);
                self.walking.set(true);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        let cursor = self.cursor.get_untracked().after(go, shift);
        self.focus(cursor, true);
        self.walking.set(true);
        if shift {
            let what = area_text(&cursor.area(), self.voice.t, self.voice.language);
            self.voice.status.announce(fill(self.voice.t.grid_selected, &[("what", &what)]));
        }
    }

    /// The element of a cell.
    fn element(self, cell: Cell) -> Option<Element> {
        let row = dom::child(self.area.get_untracked()?.as_ref(), u32::from(cell.step))?;
        // The row's header comes first.
        dom::child(&row, cell.day as u32 + 1)
    }

    /// Puts the keyboard on a cell: the one cell of the grid that Tab reaches.
    fn focus(self, cursor: Cursor, scroll: bool) {
        let before = self.cursor.get_untracked().head;
        if let Some(old) = self.element(before) {
            let _ = old.set_attribute("tabindex", "-1");
        }
        self.cursor.set(cursor);
        self.label(cursor.head);
        if let Some(cell) = self.element(cursor.head) {
            let _ = cell.set_attribute("tabindex", "0");
            if scroll { dom::focus_nearby(&cell) } else { dom::focus_in_place(&cell) }
        }
    }

    /// Names a cell, and says until when it stays as it is. Only the one under the keyboard needs that.
    fn label(self, cell: Cell) {
        let (t, language) = (self.voice.t, self.voice.language);
        let Some(element) = self.element(cell) else { return };
        let from = cell.span().start;
        let open = self.state.days[cell.day].with_untracked(|hours| hours.overlapping(cell.span()));
        let (from, day) = (clock(from), day_name(cell.day, language));
        let text = match open {
            Some(span) => fill(
                t.cell_open,
                &[("day", day), ("time", &from), ("from", &clock(span.start)), ("to", &clock(span.end))],
            ),
            None => fill(t.cell_closed, &[("day", day), ("time", &from)]),
        };
        let _ = element.set_attribute("aria-label", &text);
    }
}

const fn part_name(part: Part) -> &'static str {
    match part {
        Part::Free => "free",
        Part::Open => "open",
        Part::Grip(_) => "grip",
        Part::Edge(_, Edge::Start | Edge::End) => "edge",
    }
}

/// Undo and redo.
#[component]
pub fn History(
    /// The editor's.
    state: State,
) -> impl IntoView {
    let t = use_messages().dashboard();
    let (status, undone, redone) = (use_status(), t.undone, t.redone);
    let undo = move |_| {
        if state.change(Board::undo) {
            status.announce(undone);
        }
    };
    let redo = move |_| {
        if state.change(Board::redo) {
            status.announce(redone);
        }
    };
    let off = |can: bool| (!can).then_some("true");
    view! {
        <button class="icon-button" type="button" aria-label=t.undo title=t.undo_title aria-disabled=move || off(state.can_undo.get()) on:click=undo>
            <Icon picture=Picture::Undo/>
        </button>
        <button class="icon-button" type="button" aria-label=t.redo title=t.redo_title aria-disabled=move || off(state.can_redo.get()) on:click=redo>
            <Icon picture=Picture::Redo/>
        </button>
    }
}
