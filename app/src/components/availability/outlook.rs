//! The preview: the next two weeks as a mentee would see them, before anything is saved.

use super::preview::{DAYS, Day, Reason, total};
use super::state::State;
use crate::format;
use crate::i18n::{fill, use_language, use_messages};
use chrono::{Datelike, NaiveDate, Timelike};
use leptos::prelude::*;

/// So many starts of a day are shown before one asks for more.
const SHOWN: usize = 8;

/// How many starts there are, in a line beside the grid.
#[component]
pub fn PreviewCount(
    /// The editor's.
    state: State,
) -> impl IntoView {
    let t = use_messages().dashboard();
    let count = Memo::new(move |_| state.preview.with(|days| total(days)));
    let text = move || match count.get() {
        0 => t.preview_total_none.to_owned(),
        1 => t.preview_total_one.to_owned(),
        n => fill(t.preview_total, &[("n", &n.to_string())]),
    };
    view! { <a class="preview-count" href="#preview" data-empty=move || (count.get() == 0).then_some("") on:click=super::dom::go_to("preview")>{text}</a> }
}

/// Fourteen days, in the mentor's zone.
#[component]
pub fn Preview(
    /// The editor's.
    state: State,
) -> impl IntoView {
    let (t, language) = (use_messages().dashboard(), use_language());
    let session = move || {
        state.types.with(|types| types.get(state.chosen.get()).map(|session| session.name.clone())).unwrap_or_default()
    };
    let lead = move || {
        let zone = state.zone.with(|zone| format::zone_with_offset(zone, state.now));
        fill(t.preview_help, &[("session", &session()), ("zone", &zone)])
    };
    let day = move |place: usize| {
        let day = Memo::new(move |_| {
            let none = Day { date: NaiveDate::default(), starts: Vec::new(), reason: Reason::Weekly };
            state.preview.with(|days| days.get(place).cloned()).unwrap_or(none)
        });
        let all = RwSignal::new(false);
        let count = move || match day.with(|day| (day.starts.len(), day.reason)) {
            (0, Reason::Blocked) => t.preview_blocked.to_owned(),
            (0, _) => t.preview_none.to_owned(),
            (1, _) => t.preview_one.to_owned(),
            (n, _) => fill(t.preview_many, &[("n", &n.to_string())]),
        };
        let times = move || {
            day.with(|day| {
                let shown = if all.get() { day.starts.len() } else { SHOWN };
                let starts = day.starts.iter().take(shown);
                starts
                    .map(|time| view! { <li>{format!("{:02}:{:02}", time.hour(), time.minute())}</li> })
                    .collect_view()
            })
        };
        let more = move || day.with(|day| day.starts.len().saturating_sub(SHOWN));
        view! {
            <li
                class="preview-day"
                data-empty=move || day.with(|day| day.starts.is_empty()).then_some("")
                data-reason=move || day.with(|day| match day.reason {
                    Reason::Weekly => "weekly",
                    Reason::Override => "override",
                    Reason::Blocked => "blocked",
                })
            >
                <p class="preview-date">
                    <span class="preview-weekday">{move || format::weekday_short(format::day_of_week(day.with(|day| day.date)), language)}</span>
                    " "
                    <span class="preview-number">
                        {move || {
                            let date = day.with(|day| day.date);
                            if place == 0 || date.day() == 1 { format!("{}/{}", date.month(), date.day()) } else { date.day().to_string() }
                        }}
                    </span>
                    {move || (place == 0).then(|| view! { " " <span class="preview-today">{t.today}</span> })}
                </p>
                <p class="preview-number-of">{count}</p>
                <ul class="preview-times">{times}</ul>
                <Show when=move || { more() > 0 }>
                    <button class="link-button small" type="button" aria-expanded=move || if all.get() { "true" } else { "false" } on:click=move |_| all.update(|all| *all = !*all)>
                        {move || if all.get() { t.preview_less.to_owned() } else { fill(t.preview_more, &[("n", &more().to_string())]) }}
                    </button>
                </Show>
            </li>
        }
    };
    view! {
        <section class="editor-part preview" id="preview" tabindex="-1" aria-labelledby="preview-title">
            <div class="part-head">
                <h2 id="preview-title">{t.preview_title}</h2>
                <p class="muted small">{lead}</p>
            </div>
            <ol class="preview-days">
                {(0..DAYS).map(day).collect_view()}
            </ol>
        </section>
    }
}
