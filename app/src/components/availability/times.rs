//! Hours as plain from–to fields, exact to the minute: of a weekday, or of one date.

use super::grid::{clock, clocks};
use super::model::{Hours, Span, parse_time};
use crate::components::browser;
use crate::components::{Icon, Picture, use_status};
use crate::i18n::{fill, use_messages};
use leptos::prelude::*;

/// The windows of one day as fields, with a button to add and to remove each.
///
/// Rows are kept by place, so that the focus stays where it is while hours change around it.
#[component]
pub fn TimesFields(
    /// Begins the ids of the controls: unique in the page.
    id: String,
    /// Whose hours: `Monday`, `December 24`.
    #[prop(into)]
    day: String,
    /// The hours.
    #[prop(into)]
    hours: Signal<Hours>,
    /// Takes the hours after a change.
    #[prop(into)]
    change: Callback<Hours>,
    /// What to say where there are none.
    #[prop(into)]
    none: Signal<String>,
    /// Further buttons, after the one that adds.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let t = use_messages().dashboard();
    let count = Memo::new(move |_| hours.with(|hours| hours.spans().len()));
    let (row_id, add_id) = (id.clone(), format!("{id}-add"));
    let back_id = add_id.clone();
    let day_of_rows = day.clone();
    let row = move |place: usize| {
        view! { <TimesRow id=format!("{row_id}-{place}") back_to=back_id.clone() day=day_of_rows.clone() place=place hours=hours change=change/> }
    };
    let add = {
        let (id, add_id) = (id, add_id.clone());
        move |_| {
            let (new, place) = hours.with_untracked(|hours| {
                let new = hours.suggestion();
                let place = new.map_or(0, |new| hours.spans().iter().filter(|span| span.start < new.start).count());
                (new, place)
            });
            let Some(new) = new else { return };
            change.run(hours.with_untracked(|hours| hours.with(new)));
            let row = format!("{id}-{place}-from");
            let fallback = add_id.clone();
            request_animation_frame(move || {
                if !browser::focus(&row) {
                    browser::focus(&fallback);
                }
            });
        }
    };
    let full = move || hours.with(|hours| hours.suggestion().is_none());
    view! {
        <div class="times-fields">
            <ul class="times-rows">
                <For each=move || 0..count.get() key=|place| *place children=row/>
            </ul>
            {move || (count.get() == 0).then(|| view! { <p class="times-none muted small">{none.get()}</p> })}
            <div class="times-actions">
                <button
                    class="icon-button"
                    type="button"
                    id=add_id
                    aria-label=fill(t.times_add, &[("day", &day)])
                    title=t.times_add_title
                    aria-disabled=move || full().then_some("true")
                    on:click=add
                >
                    <Icon picture=Picture::Plus/>
                </button>
                {children.map(|children| children())}
            </div>
        </div>
    }
}

/// One window: from, to, remove. What is typed counts as soon as both make sense; until then it stays, with the reason.
#[component]
fn TimesRow(
    id: String,
    back_to: String,
    day: String,
    place: usize,
    hours: Signal<Hours>,
    change: Callback<Hours>,
) -> impl IntoView {
    let t = use_messages().dashboard();
    let status = use_status();
    let span = Memo::new(move |_| hours.with(|hours| hours.spans().get(place).copied()));
    let shown = move || span.get_untracked().map(|span| (clock(span.start), clock(span.end))).unwrap_or_default();
    let (from, to) = shown();
    let (from, to) = (RwSignal::new(from), RwSignal::new(to));
    let wrong = RwSignal::new(None::<(Side, &'static str)>);
    let show = move || {
        let (new_from, new_to) = shown();
        from.set(new_from);
        to.set(new_to);
        wrong.set(None);
    };
    Effect::new(move |before: Option<()>| {
        span.track();
        if before.is_some() {
            show();
        }
    });
    let commit = move |side: Side| {
        let (start, end) = (parse_time(&from.read_untracked(), false), parse_time(&to.read_untracked(), true));
        let (start, end) = match (start, end) {
            (None, _) if side == Side::From => return wrong.set(Some((Side::From, t.times_not_a_time))),
            (_, None) => return wrong.set(Some((Side::To, t.times_not_a_time))),
            (None, _) => return wrong.set(Some((Side::From, t.times_not_a_time))),
            (Some(start), Some(end)) => (start, end),
        };
        let Some(new) = Span::new(start, end) else { return wrong.set(Some((side, t.times_reversed))) };
        let joins = hours.with_untracked(|hours| {
            let others = hours.spans().iter().enumerate().filter(|(i, _)| *i != place);
            others.into_iter().any(|(_, other)| other.start <= new.end && new.start <= other.end)
        });
        if span.get_untracked() != Some(new) {
            change.run(hours.with_untracked(|hours| hours.replace(place, Some(new))));
            if joins {
                status.announce(t.times_joined);
            }
        }
        show();
    };
    let remove = {
        let day = day.clone();
        move |_| {
            change.run(hours.with_untracked(|hours| hours.replace(place, None)));
            status.announce(fill(t.times_removed, &[("day", &day)]));
            let back_to = back_to.clone();
            request_animation_frame(move || {
                browser::focus(&back_to);
            });
        }
    };
    let remove_label = {
        let day = day.clone();
        move || {
            let times = span.get().map(clocks).unwrap_or_default();
            fill(t.times_remove, &[("day", &day), ("times", &times)])
        }
    };
    let error_id = format!("{id}-error");
    let field = |side: Side, text: RwSignal<String>, label: &'static str, suffix: &str| {
        let label = fill(label, &[("day", &day), ("n", &(place + 1).to_string())]);
        let invalid = move || wrong.get().is_some_and(|(wrong, _)| wrong == side);
        let error_id = error_id.clone();
        view! {
            <input
                class="input time-input"
                id=format!("{id}-{suffix}")
                type="text"
                inputmode="numeric"
                autocomplete="off"
                spellcheck="false"
                maxlength="12"
                aria-label=label
                value=text.get_untracked()
                prop:value=move || text.get()
                aria-invalid=move || invalid().then_some("true")
                aria-describedby=move || invalid().then(|| error_id.clone())
                on:input=move |event| {
                    text.set(event_target_value(&event));
                    // Now, not when the field is left: what is below would move away from under the press that leaves it.
                    wrong.set(None);
                }
                on:change=move |_| commit(side)
                on:keydown=move |event| {
                    match event.key().as_str() {
                        "Enter" => {
                            event.prevent_default();
                            commit(side);
                        }
                        "Escape" if wrong.with_untracked(Option::is_some) => show(),
                        _ => {}
                    }
                }
            />
        }
    };
    let fields = view! {
        {field(Side::From, from, t.times_from, "from")}
        <span class="times-dash" aria-hidden="true">"–"</span>
        {field(Side::To, to, t.times_to, "to")}
    };
    view! {
        <li class="times-row">
            {fields}
            <button class="icon-button times-remove" type="button" aria-label=remove_label title=t.times_remove_title on:click=remove>
                <Icon picture=Picture::Close/>
            </button>
            {move || {
                wrong.get().map(|(_, text)| view! { <p class="field-error" id=error_id.clone() role="alert">{text}</p> })
            }}
        </li>
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    From,
    To,
}
