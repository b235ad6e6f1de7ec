//! Two versions of the hours: what is here, and what was saved in another window. Also bookings that lie outside the hours.

use super::grid::day_name;
use super::model::{Difference, Hours};
use super::state::{Conflict, Number, Part, Resolution, State};
use crate::api::dashboard::Upcoming;
use crate::components::{browser, live};
use crate::context::{use_clock, use_visit};
use crate::format;
use crate::i18n::dashboard::Dashboard;
use crate::i18n::{fill, use_language, use_messages};
use leptos::prelude::*;
use scheduling::{ClockFormat, Language, SessionType, urls};

/// Follows what is saved in other windows, for as long as the editor is there.
pub fn follow(state: State) {
    let handle = use_visit().with_untracked(|visit| visit.viewer.as_ref().map(|viewer| viewer.handle.clone()));
    let Some(handle) = handle else { return };
    Effect::new(move |_| {
        let events = StoredValue::new_local(None::<browser::Events>);
        let path = format!("/fn/live/{handle}");
        events.set_value(browser::Events::open(&path, "changed", false, move || state.check_elsewhere()));
        on_cleanup(move || {
            events.try_set_value(None);
        });
    });
}

/// A line that says that something else is saved now, and leads to it.
#[component]
pub fn Elsewhere(
    /// The editor.
    state: State,
    /// Whether anything here is not saved.
    dirty: Memo<bool>,
) -> impl IntoView {
    let t = use_messages().dashboard();
    let show = move |_| {
        let Some(saved) = state.elsewhere.get_untracked() else { return };
        if dirty.get_untracked() {
            state.compare(saved);
        } else {
            state.resolve(Conflict { saved, parts: Vec::new() }, Resolution::Saved);
        }
    };
    live(move || {
        let shown = state.elsewhere.with(Option::is_some) && state.conflict.with(Option::is_none);
        shown.then(|| {
            view! {
                <p class="editor-elsewhere small" role="status">
                    {t.elsewhere}
                    " "
                    <button class="link-button" type="button" on:click=show>{t.elsewhere_show}</button>
                </p>
            }
        })
    })
}

/// Both versions side by side, and what can be done.
#[component]
pub fn ConflictView(
    /// The editor.
    state: State,
) -> impl IntoView {
    live(move || state.conflict.get().map(|conflict| view! { <Versions state=state conflict=conflict/> }))
}

#[component]
fn Versions(state: State, conflict: Conflict) -> impl IntoView {
    let (t, language) = (use_messages().dashboard(), use_language());
    let chosen: Vec<RwSignal<bool>> = conflict.parts.iter().map(|(_, saved)| RwSignal::new(*saved)).collect();
    let rows = conflict
        .parts
        .iter()
        .zip(&chosen)
        .enumerate()
        .map(|(place, ((part, _), takes_saved))| {
            let (label, mine, saved) = in_words(part, t, language);
            let name = format!("conflict-{place}");
            let choice = |value: bool, text: String, column: &'static str| {
                let takes_saved = *takes_saved;
                view! {
                    <td>
                        <label class="conflict-choice">
                            <input
                                type="radio"
                                name=name.clone()
                                aria-label=format!("{label}: {column}")
                                prop:checked=move || takes_saved.get() == value
                                on:change=move |_| takes_saved.set(value)
                            />
                            <span dir="auto">{text}</span>
                        </label>
                    </td>
                }
            };
            let cells = (choice(false, mine, t.conflict_mine), choice(true, saved, t.conflict_saved));
            view! { <tr><th scope="row">{label.clone()}</th> {cells}</tr> }
        })
        .collect_view();
    let conflict = StoredValue::new(conflict);
    let end = move |resolution: Resolution| {
        state.resolve(conflict.get_value(), resolution);
        browser::focus("editor-title");
    };
    let merge =
        move |_| end(Resolution::Merged(chosen.iter().map(|takes_saved| takes_saved.get_untracked()).collect()));
    Effect::new(|_| {
        browser::focus("conflict-title");
    });
    view! {
        <section class="banner conflict" data-tone="warn" aria-labelledby="conflict-title">
            <h2 id="conflict-title" tabindex="-1">{t.conflict_title}</h2>
            <p>{t.conflict_text}</p>
            <div class="conflict-scroll">
                <table class="conflict-table">
                    <thead>
                        <tr><th scope="col">{t.conflict_part}</th><th scope="col">{t.conflict_mine}</th><th scope="col">{t.conflict_saved}</th></tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <div class="button-row">
                <button class="button" data-kind="primary" type="button" on:click=move |_| end(Resolution::Mine)>{t.conflict_use_mine}</button>
                <button class="button" type="button" on:click=move |_| end(Resolution::Saved)>{t.conflict_use_saved}</button>
                <button class="button" type="button" on:click=merge>{t.conflict_merge}</button>
                <button class="link-button small" type="button" on:click=move |_| state.conflict.set(None)>{t.conflict_later}</button>
            </div>
            <p class="small muted">{t.conflict_undo}</p>
        </section>
    }
}

/// A part's name, and what it is here and as saved.
fn in_words(part: &Part, t: &'static Dashboard, language: Language) -> (String, String, String) {
    let clock = use_clock();
    let hours = |hours: &Hours| hours_text(hours, t, language, clock);
    let date_hours = |of: &Option<Hours>| of.as_ref().map_or_else(|| t.conflict_as_weekday.to_owned(), hours);
    let blocked = |note: &Option<String>| match note.as_deref() {
        None => t.conflict_not_blocked.to_owned(),
        Some("") => t.conflict_blocked.to_owned(),
        Some(note) => format!("{}: {note}", t.conflict_blocked),
    };
    match part {
        Part::Hours(Difference::Day(day, mine, saved)) => {
            (day_name(*day, language).to_owned(), hours(mine), hours(saved))
        }
        Part::Hours(Difference::Date(date, mine, saved)) => {
            (format::date(*date, language), date_hours(mine), date_hours(saved))
        }
        Part::Hours(Difference::Blocked(from, to, mine, saved)) => {
            let dates = match from == to {
                true => format::date(*from, language),
                false => format!("{} – {}", format::date(*from, language), format::date(*to, language)),
            };
            (dates, blocked(mine), blocked(saved))
        }
        Part::Zone(mine, saved) => (t.timezone.to_owned(), mine.clone(), saved.clone()),
        Part::Times(mine, saved) => {
            let times = |session: &SessionType| {
                let mut session = session.clone();
                let numbers = Number::ALL.map(|number| number.of(&mut session).to_string());
                let labels = [t.duration, t.interval, t.buffer_before, t.buffer_after];
                labels.iter().zip(numbers).map(|(label, n)| format!("{label} {n}")).collect::<Vec<_>>().join(", ")
            };
            (mine.name.clone(), times(mine), times(saved))
        }
    }
}

fn hours_text(hours: &Hours, t: &'static Dashboard, language: Language, clock: ClockFormat) -> String {
    let span = |span: &super::model::Span| {
        let time = |minutes| format::minutes(minutes, clock, language);
        format!("{} – {}", time(span.start), time(span.end))
    };
    let spans: Vec<_> = hours.spans().iter().map(span).collect();
    if spans.is_empty() { t.conflict_closed.to_owned() } else { spans.join(", ") }
}

/// Bookings to come that lie outside the hours shown, before and after saving. They stay.
#[component]
pub fn OutsideHours(
    /// The editor.
    state: State,
) -> impl IntoView {
    let (t, language, clock) = (use_messages().dashboard(), use_language(), use_clock());
    let line = move |booking: Upcoming| {
        let when = state.zone.with_untracked(|zone| {
            let (from, to) = (zone.wall(booking.start), zone.wall(booking.end));
            let time = format::time_range(from, to, clock, language);
            format!("{}, {time}", format::date(from.date(), language))
        });
        view! { <li><a href=urls::dashboard_booking(booking.id)>{when}</a> " " <bdi>{booking.name}</bdi></li> }
    };
    let list = move |bookings: Vec<Upcoming>| {
        let more = bookings.len().saturating_sub(SHOWN);
        view! {
            <ul class="outside-list small">{bookings.into_iter().take(SHOWN).map(line).collect_view()}</ul>
            {(more > 0).then(|| view! { <p class="small">{fill(t.outside_more, &[("n", &more.to_string())])}</p> })}
        }
    };
    live(move || {
        let (newly, before) = state.outside.get();
        let count = |bookings: &[Upcoming]| bookings.len().to_string();
        (!newly.is_empty() || !before.is_empty()).then(|| {
            view! {
                <div class="outside" role="status">
                    {(!newly.is_empty())
                        .then(|| {
                            view! {
                                <div class="banner" data-tone="warn">
                                    <strong>{fill(t.outside_newly, &[("n", &count(&newly))])}</strong>
                                    <p>{t.outside_text}</p>
                                    {list(newly)}
                                </div>
                            }
                        })}
                    {(!before.is_empty())
                        .then(|| {
                            view! {
                                <details class="outside-before">
                                    <summary class="small">{fill(t.outside_before, &[("n", &count(&before))])}</summary>
                                    {list(before)}
                                </details>
                            }
                        })}
                </div>
            }
        })
    })
}

/// So many of them are listed.
const SHOWN: usize = 20;
