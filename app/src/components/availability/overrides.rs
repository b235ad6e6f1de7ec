//! Other hours for one date.

use super::blocked::dates_text;
use super::dates::blocking;
use super::model::{Hours, Week};
use super::state::State;
use super::times::TimesFields;
use crate::components::{Icon, Picture, browser, use_status};
use crate::format;
use crate::i18n::{fill, use_language, use_messages};
use chrono::{Datelike, NaiveDate};
use leptos::prelude::*;
use scheduling::DateOverride;

/// The list of dates with hours of their own, and a field that adds one.
#[component]
pub fn Overrides(
    /// The editor's.
    state: State,
) -> impl IntoView {
    let (t, language, status) = (use_messages().dashboard(), use_language(), use_status());
    let today = Memo::new(move |_| state.zone.with(|zone| zone.wall(state.now).date()));
    let wanted = RwSignal::new(String::new());
    let wrong = RwSignal::new(false);
    let dates = Memo::new(move |_| {
        state.overrides.with(|overrides| overrides.iter().map(|other| other.date).collect::<Vec<_>>())
    });
    let add = move || {
        let date = wanted.read_untracked().parse::<NaiveDate>().ok();
        let Some(date) = date.filter(|date| *date >= today.get_untracked() && date.year() <= 2200) else {
            wrong.set(true);
            browser::focus("override-date");
            return;
        };
        wrong.set(false);
        wanted.set(String::new());
        // Begins as the weekday is.
        let Week(hours) = state.week();
        let windows = hours[date.weekday().num_days_from_monday() as usize].windows();
        state.change(|board| {
            board.edit(|draft| {
                if draft.overrides.iter().all(|other| other.date != date) {
                    draft.overrides.push(DateOverride { date, windows });
                    draft.overrides.sort_by_key(|other| other.date);
                }
            })
        });
        status.announce(fill(t.override_added, &[("date", &format::date(date, language))]));
        request_animation_frame(move || {
            let id = override_id(date);
            if !browser::focus(&format!("{id}-0-from")) {
                browser::focus(&format!("{id}-add"));
            }
        });
    };
    let row = move |date: NaiveDate| {
        let hours = Signal::derive(move || {
            state.overrides.with(|overrides| {
                let found = overrides.iter().find(|other| other.date == date);
                found.map(|other| Hours::from_windows(&other.windows)).unwrap_or_default()
            })
        });
        let change = move |hours: Hours| {
            state.change(|board| {
                board.edit(|draft| {
                    if let Some(other) = draft.overrides.iter_mut().find(|other| other.date == date) {
                        other.windows = hours.windows();
                    }
                })
            });
        };
        let remove = move |_| {
            state.change(|board| board.edit(|draft| draft.overrides.retain(|other| other.date != date)));
            status.announce(fill(t.override_removed, &[("date", &format::date(date, language))]));
            browser::focus("override-date");
        };
        let close = move |_| change(Hours::default());
        let blocked = move || state.blocked.with(|blocked| blocking(blocked, date).is_some());
        let text = dates_text(date, date, today.get_untracked(), language);
        view! {
            <li class="override-row">
                <div class="override-date">
                    <strong>{text.clone()}</strong>
                    {move || blocked().then(|| view! { <span class="badge" data-tone="warn">{t.override_blocked}</span> })}
                    {(date < today.get_untracked()).then(|| view! { <span class="badge">{t.override_past}</span> })}
                </div>
                <TimesFields id=override_id(date) day=text.clone() hours=hours change=change none=t.override_closed>
                    <button
                        class="button"
                        data-kind="quiet"
                        data-size="small"
                        type="button"
                        hidden=move || hours.with(Hours::is_empty)
                        on:click=close
                    >
                        {t.override_close}
                    </button>
                    <button
                        class="icon-button"
                        type="button"
                        aria-label=fill(t.override_remove, &[("date", &text)])
                        title=t.override_remove_title
                        on:click=remove
                    >
                        <Icon picture=Picture::Trash/>
                    </button>
                </TimesFields>
            </li>
        }
    };
    view! {
        <section class="editor-part overrides" aria-labelledby="overrides-title">
            <div class="part-head">
                <h2 id="overrides-title">{t.overrides_title}</h2>
                <p class="muted small">{t.overrides_help}</p>
            </div>
            <div class="override-add field">
                <label for="override-date">{t.override_date}</label>
                <div class="override-add-in">
                    <input
                        class="input"
                        id="override-date"
                        type="date"
                        min=move || today.get().to_string()
                        max="2200-12-31"
                        prop:value=move || wanted.get()
                        aria-invalid=move || wrong.get().then_some("true")
                        aria-describedby=move || wrong.get().then_some("override-date-error")
                        on:input=move |event| {
                            wanted.set(event_target_value(&event));
                            wrong.set(false);
                        }
                        on:keydown=move |event| {
                            if event.key() == "Enter" {
                                event.prevent_default();
                                add();
                            }
                        }
                    />
                    <button class="button" type="button" on:click=move |_| add()>
                        <Icon picture=Picture::Plus/>
                        {t.override_add}
                    </button>
                </div>
                {move || wrong.get().then(|| view! { <p class="field-error" id="override-date-error">{t.override_date_wrong}</p> })}
            </div>
            <ul class="override-list">
                <For each=move || dates.get() key=|date| *date children=row/>
            </ul>
        </section>
    }
}

fn override_id(date: NaiveDate) -> String {
    format!("on-{date}")
}
