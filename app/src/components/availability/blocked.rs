//! Blocked dates: a calendar on which ranges are clicked, dragged or walked, and the list of them with their notes.

use super::dates::{DateDrag, blocking, length, weeks};
use super::dom;
use super::state::State;
use super::touch::{Motion, Touch};
use crate::components::pick::{day_shift, month_shift, month_start};
use crate::components::{Icon, Picture, browser, use_status};
use crate::context::use_visit;
use crate::format;
use crate::i18n::{field_error_text, fill, use_language, use_messages};
use chrono::{Datelike, NaiveDate};
use leptos::html;
use leptos::prelude::*;
use scheduling::{BlockedRange, Language};

/// `Tue, Dec 1`, or `Tue, Dec 1 – Thu, Dec 3`; with the year where that is not the current one.
pub(super) fn dates_text(first: NaiveDate, last: NaiveDate, today: NaiveDate, language: Language) -> String {
    let one = |date: NaiveDate| {
        let short = format::date_short(date, language);
        match language {
            _ if date.year() == today.year() => short,
            Language::En => format!("{short}, {}", date.year()),
            Language::Ko => format!("{}년 {short}", date.year()),
        }
    };
    if first == last { one(first) } else { format!("{} – {}", one(first), one(last)) }
}

/// The calendar and the list.
#[component]
pub fn Blocked(
    /// The editor's.
    state: State,
) -> impl IntoView {
    let (t, language, status) = (use_messages().dashboard(), use_language(), use_status());
    let week_start = use_visit().with_untracked(|visit| visit.format.week_start);
    let today = Memo::new(move |_| state.zone.with(|zone| zone.wall(state.now).date()));
    let month = RwSignal::new(month_start(today.get_untracked()));
    let head = RwSignal::new(today.get_untracked());
    let drag = RwSignal::new(None::<DateDrag>);
    // The keyboard's selection: a range that Shift and the arrows extend.
    let anchor = RwSignal::new(None::<NaiveDate>);
    let grid = NodeRef::<html::Table>::new();
    let pointer = StoredValue::new(None::<i32>);
    // A finger that has not drawn yet, and the range whose first date was tapped.
    let touch = Touch::idle();
    let tapped = RwSignal::new(None::<DateDrag>);
    Effect::new(move |_| {
        if let Some(table) = grid.get() {
            dom::keep_from_scrolling(&table, move || drag.try_with_untracked(Option::is_some) == Some(true));
        }
    });

    let finish = move |drag: DateDrag| {
        state.change(|board| board.edit(|draft| drag.apply(&mut draft.blocked)));
        let dates = drag.dates();
        let what = dates_text(*dates.start(), *dates.end(), today.get_untracked(), language);
        let template = if drag.on { t.blocked_done } else { t.blocked_freed };
        status.announce(fill(template, &[("dates", &what)]));
    };
    let selection = move || {
        drag.get().or_else(|| tapped.get()).or_else(|| {
            let from = anchor.get()?;
            let on = state.blocked.with(|blocked| blocking(blocked, from).is_none());
            Some(DateDrag { from, to: head.get(), on })
        })
    };
    let date_at = move |x: f64, y: f64| {
        let table = grid.get_untracked()?;
        let date = dom::data_at(x, y, "data-date")?;
        let inside = dom::bounds(&table);
        ((inside[0]..=inside[0] + inside[2]).contains(&x)).then(|| date.parse::<NaiveDate>().ok()).flatten()
    };
    let open_date_at = move |x: f64, y: f64| date_at(x, y).filter(|date| *date >= today.get_untracked());
    let begun_at = move |date: NaiveDate| state.blocked.with_untracked(|blocked| DateDrag::begin(blocked, date));
    let begin = move |id: i32, x: f64, y: f64| {
        let Some(date) = open_date_at(x, y).filter(|_| drag.with_untracked(Option::is_none)) else { return };
        // A note that is being typed in has its say first.
        dom::settle();
        if let Some(table) = grid.get_untracked() {
            let _ = table.set_pointer_capture(id);
        }
        pointer.set_value(Some(id));
        anchor.set(None);
        tapped.set(None);
        head.set(date);
        drag.set(Some(begun_at(date)));
    };
    let down = move |event: leptos::ev::PointerEvent| {
        let (id, x, y) = (event.pointer_id(), f64::from(event.client_x()), f64::from(event.client_y()));
        if event.pointer_type() != "touch" {
            if event.button() == 0 && open_date_at(x, y).is_some() {
                event.prevent_default();
                begin(id, x, y);
            }
        } else if event.is_primary() {
            touch.down(id, x, y, move |x, y| {
                if grid.try_get_untracked().flatten().is_some() {
                    dom::buzz();
                    begin(id, x, y);
                }
            });
        } else {
            touch.give_up();
        }
    };
    // The first tap begins a range, the second ends it; on the same date twice, it is that one.
    let tap = move |x: f64, y: f64| {
        let Some(date) = open_date_at(x, y) else { return };
        dom::settle();
        anchor.set(None);
        head.set(date);
        match tapped.get_untracked() {
            Some(begun) => {
                tapped.set(None);
                finish(DateDrag { to: date, ..begun });
                focus_date(date);
            }
            None => {
                let begun = begun_at(date);
                tapped.set(Some(begun));
                status.announce(if begun.on { t.blocked_tap_last } else { t.blocked_tap_free });
            }
        }
    };
    let moved = move |event: leptos::ev::PointerEvent| {
        let (id, x, y) = (event.pointer_id(), f64::from(event.client_x()), f64::from(event.client_y()));
        let came_down = touch.place(id);
        if let (Motion::Draws, Some((from_x, from_y))) = (touch.moved(id, x, y), came_down) {
            begin(id, from_x, from_y);
        }
        let Some(current) = drag.get_untracked() else { return };
        if let Some(date) = date_at(x, y).filter(|date| *date >= today.get_untracked() && *date != current.to) {
            drag.set(Some(DateDrag { to: date, ..current }));
        }
    };
    let up = move |event: leptos::ev::PointerEvent| {
        if let Some((x, y)) = touch.up(event.pointer_id()) {
            return tap(x, y);
        }
        if pointer.get_value() != Some(event.pointer_id()) {
            return;
        }
        pointer.set_value(None);
        if let Some(current) = drag.get_untracked() {
            drag.set(None);
            head.set(current.to);
            finish(current);
            focus_date(current.to);
        }
    };
    let give_up = move || {
        pointer.set_value(None);
        touch.give_up();
        let given = drag.with_untracked(Option::is_some) || anchor.with_untracked(Option::is_some);
        drag.set(None);
        anchor.set(None);
        given
    };
    let forget_tap = move |_| {
        tapped.set(None);
        focus_date(head.get_untracked());
    };
    dom::on_key(move |event| {
        if event.key() == "Escape" && (drag.with_untracked(Option::is_some) || tapped.with_untracked(Option::is_some)) {
            give_up();
            tapped.set(None);
            event.prevent_default();
        }
    });
    let show_month = move |date: NaiveDate| {
        if month.get_untracked() != month_start(date) {
            month.set(month_start(date));
        }
    };
    let turn = move |by: i8| {
        let to = month_shift(month.get_untracked(), by);
        if to >= month_start(today.get_untracked()) {
            month.set(to);
            head.set(to.max(today.get_untracked()));
            anchor.set(None);
        }
    };
    let key = move |event: leptos::ev::KeyboardEvent| {
        if event.alt_key() || event.ctrl_key() || event.meta_key() {
            return;
        }
        let from = head.get_untracked();
        let weekday = i64::from(format::days_into_week(from, week_start));
        let months = if event.shift_key() { 12 } else { 1 };
        let to = match event.key().as_str() {
            "ArrowLeft" => day_shift(from, -1),
            "ArrowRight" => day_shift(from, 1),
            "ArrowUp" => day_shift(from, -7),
            "ArrowDown" => day_shift(from, 7),
            "Home" => day_shift(from, -weekday),
            "End" => day_shift(from, 6 - weekday),
            "PageUp" => month_shift(from, -months),
            "PageDown" => month_shift(from, months),
            " " | "Enter" => {
                event.prevent_default();
                let start = anchor.get_untracked().unwrap_or(from);
                let begun = state.blocked.with_untracked(|blocked| DateDrag::begin(blocked, start));
                anchor.set(None);
                finish(DateDrag { to: from, ..begun });
                return;
            }
            "Escape" => {
                if give_up() {
                    event.prevent_default();
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        let to = to.max(today.get_untracked());
        let extends = event.shift_key() && event.key().starts_with("Arrow");
        anchor.set(extends.then(|| anchor.get_untracked().unwrap_or(from)));
        head.set(to);
        show_month(to);
        focus_date(to);
    };

    let rows = move || {
        let shown = month.get();
        weeks(shown, week_start)
            .into_iter()
            .map(|week| {
                let cells = week.map(|date| {
                    let outside = month_start(date) != shown;
                    let past = move || date < today.get();
                    let blocked = move || state.blocked.with(|blocked| blocking(blocked, date).is_some());
                    let own = move || state.overrides.with(|overrides| overrides.iter().any(|other| other.date == date));
                    let marked = move || match selection() {
                        Some(selection) if selection.dates().contains(&date) => Some(if selection.on { "block" } else { "free" }),
                        _ => None,
                    };
                    let label = move || {
                        let mut label = format::date_with_year(date, language);
                        for (says, text) in [(date == today.get(), t.today), (blocked(), t.blocked_is), (own(), t.override_is)] {
                            if says {
                                label.push_str(", ");
                                label.push_str(text);
                            }
                        }
                        label
                    };
                    let tab = move || if !outside && head.get() == date { "0" } else { "-1" };
                    view! {
                        <td role="gridcell" aria-selected=move || if blocked() { "true" } else { "false" } data-outside=outside.then_some("")>
                            <button
                                type="button"
                                class="date"
                                id=(!outside).then(|| date_id(date))
                                data-date=date.to_string()
                                data-blocked=move || blocked().then_some("")
                                data-own=move || own().then_some("")
                                data-today=move || (date == today.get()).then_some("")
                                data-marked=marked
                                disabled=past
                                tabindex=tab
                                aria-label=label
                            >
                                {date.day()}
                            </button>
                        </td>
                    }
                });
                view! { <tr>{cells.collect_view()}</tr> }
            })
            .collect_view()
    };
    let title = move || format::month(month.get(), language);
    let back = move || month.get() > month_start(today.get());
    let list = move |place: usize| view! { <BlockedRow state=state place=place today=today/> };
    let count = Memo::new(move |_| state.blocked.with(Vec::len));
    view! {
        <section class="editor-part blocked" aria-labelledby="blocked-title">
            <div class="part-head">
                <h2 id="blocked-title" tabindex="-1">{t.blocked_title}</h2>
                <p class="muted small" id="blocked-help">
                    <span class="week-help-pointer">{t.blocked_help}</span>
                    <span class="week-help-touch">{t.blocked_help_touch}</span>
                </p>
            </div>
            <div class="dates">
                <div class="dates-head">
                    <h3 id="dates-title" aria-live="polite">{title}</h3>
                    <button class="icon-button" type="button" aria-label=t.previous_month aria-disabled=move || (!back()).then_some("true") on:click=move |_| turn(-1)>
                        <Icon picture=Picture::ArrowLeft/>
                    </button>
                    <button class="icon-button" type="button" aria-label=t.next_month on:click=move |_| turn(1)>
                        <Icon picture=Picture::ArrowRight/>
                    </button>
                </div>
                <table
                    role="grid"
                    aria-labelledby="dates-title"
                    aria-describedby="blocked-help"
                    aria-multiselectable="true"
                    node_ref=grid
                    on:pointerdown=down
                    on:pointermove=moved
                    on:pointerup=up
                    on:pointercancel=move |_| { give_up(); }
                    data-drawing=move || drag.with(Option::is_some).then_some("")
                    on:keydown=key
                >
                    <thead>
                        <tr>
                            {(0..7)
                                .map(|day| (day + week_start) % 7)
                                .map(|day| {
                                    view! {
                                        <th scope="col">
                                            <span aria-hidden="true">{format::weekday_short(day, language)}</span>
                                            <span class="visually-hidden">{format::weekday(day, language)}</span>
                                        </th>
                                    }
                                })
                                .collect_view()}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                {move || {
                    tapped
                        .get()
                        .map(|begun| {
                            let text = if begun.on { t.blocked_tap_last } else { t.blocked_tap_free };
                            view! {
                                <p class="dates-tapped small">
                                    <span>{text}</span>
                                    <button class="link-button" type="button" on:click=forget_tap>{use_messages().common.cancel}</button>
                                </p>
                            }
                        })
                }}
            </div>
            <div class="blocked-list">
                {move || (count.get() == 0).then(|| view! { <p class="muted small">{t.blocked_none}</p> })}
                <ul>
                    <For each=move || 0..count.get() key=|place| *place children=list/>
                </ul>
            </div>
        </section>
    }
}

fn date_id(date: NaiveDate) -> String {
    format!("date-{date}")
}

fn focus_date(date: NaiveDate) {
    request_animation_frame(move || {
        browser::focus_in_place(&date_id(date));
    });
}

/// One entry: its dates, its note, and a way to take it out. Kept by place, as the rows of hours are.
#[component]
fn BlockedRow(state: State, place: usize, today: Memo<NaiveDate>) -> impl IntoView {
    let (t, language, status) = (use_messages().dashboard(), use_language(), use_status());
    let range = Memo::new(move |_| {
        let none = || BlockedRange { starts_on: today.get(), ends_on: today.get(), note: None };
        state.blocked.with(|blocked| blocked.get(place).cloned()).unwrap_or_else(none)
    });
    let dates = move || range.with(|range| dates_text(range.starts_on, range.ends_on, today.get(), language));
    let days = move || {
        let days = range.with(|range| length(&(range.starts_on..=range.ends_on)));
        if days == 1 { t.one_day.to_owned() } else { fill(t.many_days, &[("n", &days.to_string())]) }
    };
    let note = move || range.with(|range| range.note.clone().unwrap_or_default());
    let write = move |text: String| {
        let text = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        state.change(|board| {
            board.edit(|draft| {
                if let Some(range) = draft.blocked.get_mut(place) {
                    range.note = text;
                }
            })
        });
    };
    let remove = move |_| {
        status.announce(fill(t.blocked_freed, &[("dates", &untrack(dates))]));
        state.change(|board| {
            board.edit(|draft| {
                if place < draft.blocked.len() {
                    draft.blocked.remove(place);
                }
            })
        });
        browser::focus("blocked-title");
    };
    let wrong = move || state.problem_with(&format!("blocked[{place}].note")).map(|error| field_error_text(&error));
    view! {
        <li class="blocked-row">
            <p>
                <strong>{dates}</strong>
                " "
                <span class="muted small nowrap">{days}</span>
            </p>
            <input
                class="input"
                type="text"
                maxlength="4000"
                placeholder=t.note
                aria-label=move || fill(t.note_for, &[("dates", &dates())])
                value=untrack(note)
                prop:value=note
                aria-invalid=move || wrong().is_some().then_some("true")
                on:change=move |event| write(event_target_value(&event))
            />
            <button class="icon-button" type="button" aria-label=move || fill(t.blocked_remove, &[("dates", &dates())]) title=t.blocked_remove_title on:click=remove>
                <Icon picture=Picture::Close/>
            </button>
            {move || wrong().map(|text| view! { <p class="field-error">{text}</p> })}
        </li>
    }
}
