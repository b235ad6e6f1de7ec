//! The editor as a whole: what is above the grid, the grid, the lists beside it, the presets, and leaving.

use super::blocked::Blocked;
use super::conflict::{ConflictView, Elsewhere, OutsideHours, follow};
use super::dom;
use super::grid::{Grid, History, day_name, day_short};
use super::model::{Board, DAYS, Hours, Week};
use super::outlook::{Preview, PreviewCount};
use super::overrides::Overrides;
use super::state::{Keeper, Number, State};
use super::times::TimesFields;
use crate::AppError;
use crate::api::dashboard::Editor;
use crate::components::{Button, Dialog, Icon, Picture, ZoneField, browser, use_status};
use crate::format;
use crate::i18n::dashboard::Dashboard;
use crate::i18n::{error_text, field_error_text, fill, use_language, use_messages};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use scheduling::urls;

/// The availability editor.
#[component]
pub fn AvailabilityEditor(
    /// What the server knows.
    editor: Editor,
) -> impl IntoView {
    let (t, language) = (use_messages().dashboard(), use_language());
    let state = State::new(editor);
    let dirty = Memo::new(move |_| state.is_dirty());
    let copying = RwSignal::new(None::<usize>);
    let save = move || save(state);
    keys(state);
    follow(state);
    let leaving = guard(state, dirty);
    if state.restored {
        use_status().say(t.editor_restored);
    }
    let total = move || {
        state.settled.iter().for_each(|day| day.track());
        let minutes = state.week().minutes();
        fill(t.week_total, &[("hours", &hours_text(minutes, t, language))])
    };
    let saved_text = move || match (state.saving.get(), dirty.get()) {
        (true, _) => t.editor_saving,
        (false, true) => t.editor_unsaved,
        (false, false) => t.editor_all_saved,
    };
    view! {
        <div class="editor" id="editor" data-dirty=move || dirty.get().then_some("")>
            <div class="editor-bar">
                <h1 id="editor-title" tabindex="-1">{t.editor_title}</h1>
                <p class="editor-state small" data-dirty=move || dirty.get().then_some("") aria-live="polite">
                    {saved_text}
                </p>
                <div class="editor-actions">
                    <History state=state/>
                    <Button kind="primary" pending=state.saving on_press=move |()| save()>
                        {t.editor_save}
                    </Button>
                </div>
            </div>
            <Problem state=state/>
            <Elsewhere state=state dirty=dirty/>
            <ConflictView state=state/>
            <OutsideHours state=state/>
            <Bar state=state/>
            <section class="editor-hours" aria-label=t.grid_label>
                <div class="hours-main">
                    <div class="hours-head">
                        <p class="small muted">{total}</p>
                        <PreviewCount state=state/>
                    </div>
                    <Grid state=state/>
                    <Presets state=state copying=copying/>
                </div>
                <div class="hours-lists">
                    <h2 class="hours-lists-title">{t.lists_title}</h2>
                    {(0..DAYS).map(|day| view! { <DayList state=state day=day copying=copying/> }).collect_view()}
                </div>
            </section>
            <Preview state=state/>
            <div class="editor-dates">
                <Blocked state=state/>
                <Overrides state=state/>
            </div>
            <p class="editor-calendars">
                <span class="muted">{t.busy_elsewhere}</span>
                <a class="button" data-size="small" href=urls::CALENDARS>
                    <Icon picture=Picture::Calendar/>
                    {t.connect_google}
                </a>
                <a class="button" data-size="small" href=urls::CALENDARS>
                    <Icon picture=Picture::Calendar/>
                    {t.connect_outlook}
                </a>
            </p>
            <CopyDialog state=state copying=copying/>
            <LeaveDialog state=state leaving=leaving/>
        </div>
    }
}

/// `38 h`, `38 h 15 min`.
fn hours_text(minutes: u32, t: &Dashboard, language: scheduling::Language) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    let mut text = fill(t.hours, &[("n", &hours.to_string())]);
    if rest > 0 {
        text.push(' ');
        text.push_str(&format::duration(rest, language));
    }
    text
}

fn save(state: State) {
    // What is still being typed counts too.
    dom::settle();
    if dom::focus_invalid("editor") {
        use_status().fail(use_messages().dashboard().editor_invalid);
        return;
    }
    state.save(|| {});
}

/// Undo, redo and save, wherever the focus is. Text fields keep their own undo.
fn keys(state: State) {
    let (status, t) = (use_status(), use_messages().dashboard());
    let owner = Owner::current().unwrap_or_default();
    dom::on_key(move |event| {
        if !(event.ctrl_key() || event.meta_key()) || event.alt_key() {
            return;
        }
        let said = match (event.key().to_lowercase().as_str(), event.shift_key()) {
            ("s", false) => {
                event.prevent_default();
                owner.with(|| save(state));
                return;
            }
            _ if dom::types_text(&event) => return,
            ("z", false) => state.change(Board::undo).then_some(t.undone),
            ("z", true) | ("y", false) => state.change(Board::redo).then_some(t.redone),
            _ => return,
        };
        event.prevent_default();
        if let Some(said) = said {
            status.announce(said);
        }
    });
}

/// Asks before unsaved changes are left: the address that somebody wants to go to.
fn guard(state: State, dirty: Memo<bool>) -> RwSignal<Option<String>> {
    let leaving = RwSignal::new(None::<String>);
    dom::guard_links(move |href| {
        let stays = dirty.try_get_untracked() == Some(true);
        if stays {
            leaving.set(Some(href));
        }
        stays
    });
    dom::guard_unload(move || dirty.try_get_untracked() == Some(true));
    // The back button leads away at once; what was not saved waits until the editor is opened again.
    if let Some(keeper) = use_context::<Keeper>() {
        let gone = StoredValue::new(false);
        provide_context(Discard(gone));
        on_cleanup(move || {
            if dirty.try_get_untracked() == Some(true) && gone.try_get_value() != Some(true) {
                state.keep(keeper);
            }
        });
    }
    leaving
}

/// Set where unsaved changes were given up on purpose.
#[derive(Clone, Copy)]
struct Discard(StoredValue<bool>);

/// Why the last save failed.
#[component]
fn Problem(state: State) -> impl IntoView {
    let t = use_messages().dashboard();
    let known = |field: &str| {
        Number::ALL.iter().any(|number| number.name() == field) || field == "timezone" || field.ends_with(".note")
    };
    move || {
        state.problem.get().map(|error| {
            let details = match &error {
                AppError::Invalid(errors) => errors
                    .iter()
                    .filter(|error| !known(&error.field))
                    .map(|error| view! { <li><code>{error.field.clone()}</code> ": " {field_error_text(error)}</li> })
                    .collect_view()
                    .into_any(),
                _ => ().into_any(),
            };
            let listed = matches!(&error, AppError::Invalid(errors) if errors.iter().any(|error| !known(&error.field)));
            let log_in = matches!(error, AppError::Unauthenticated).then(|| {
                view! { <p><a href=urls::LOGIN target="_blank" rel="noopener">{t.editor_log_in}</a></p> }
            });
            view! {
                <div class="banner" data-tone="danger" role="alert">
                    <strong>{t.editor_failed}</strong>
                    <p>{error_text(&error)} " " {t.editor_nothing_lost}</p>
                    {listed.then(|| view! { <ul>{details}</ul> })}
                    {log_in}
                    <button class="button" data-size="small" type="button" on:click=move |_| save(state)>{use_messages().common.retry}</button>
                </div>
            }
        })
    }
}

/// Session type, duration, buffers, time zone: above the grid.
#[component]
fn Bar(state: State) -> impl IntoView {
    let (t, status) = (use_messages().dashboard(), use_status());
    let number = move |number: Number, label: &'static str, suggestions: &'static [u16]| {
        let name = number.name();
        let text = state.numbers[number as usize];
        let (min, max) = number.range();
        let wrong = move || {
            let out = number.parse(&text.read()).is_none();
            let range = || fill(t.number_range, &[("min", &min.to_string()), ("max", &max.to_string())]);
            out.then(range).or_else(|| state.problem_with(name).map(|error| field_error_text(&error)))
        };
        view! {
            <div class="field bar-number">
                <label for=name>{label}</label>
                <div class="input-group">
                    <input
                        class="input"
                        id=name
                        type="text"
                        inputmode="numeric"
                        autocomplete="off"
                        maxlength="4"
                        list=format!("{name}-list")
                        value=text.get_untracked()
                        prop:value=move || text.get()
                        aria-invalid=move || wrong().is_some().then_some("true")
                        aria-describedby=format!("{name}-unit {name}-error")
                        on:input=move |event| text.set(event_target_value(&event))
                    />
                    <span class="input-affix" id=format!("{name}-unit")>{t.minutes_unit}</span>
                </div>
                <datalist id=format!("{name}-list")>
                    {suggestions.iter().map(|n| view! { <option value=n.to_string()></option> }).collect_view()}
                </datalist>
                <div id=format!("{name}-error")>
                    {move || wrong().map(|text| view! { <p class="field-error">{text}</p> })}
                </div>
            </div>
        }
    };
    let several = state.types.with_untracked(|types| types.len() > 1);
    let choice = several.then(|| {
        let options = state.types.with_untracked(|types| {
            types
                .iter()
                .enumerate()
                .map(|(place, session)| {
                    let name = if session.active {
                        session.name.clone()
                    } else {
                        fill(t.session_inactive, &[("name", &session.name)])
                    };
                    view! { <option value=place.to_string() selected=place == state.chosen.get_untracked()>{name}</option> }
                })
                .collect_view()
        });
        view! {
            <div class="field bar-session">
                <label for="session">{t.session}</label>
                <select
                    class="input"
                    id="session"
                    prop:value=move || state.chosen.get().to_string()
                    on:change=move |event| {
                        if let Ok(place) = event_target_value(&event).parse() {
                            state.choose(place);
                        }
                    }
                >
                    {options}
                </select>
            </div>
        }
    });
    let none = state.types.with_untracked(Vec::is_empty);
    let zone_error = Signal::derive(move || state.problem_with("timezone").map(|error| field_error_text(&error)));
    let numbers = (!none).then(|| {
        view! {
            {number(Number::Duration, t.duration, &[15, 20, 30, 45, 50, 60, 90, 120])}
            {number(Number::Interval, t.interval, &[5, 10, 15, 20, 30, 60])}
            {number(Number::Before, t.buffer_before, &[0, 5, 10, 15, 30, 60])}
            {number(Number::After, t.buffer_after, &[0, 5, 10, 15, 30, 60])}
        }
    });
    view! {
        <div class="editor-settings" role="group" aria-label=t.bar_label>
            {choice}
            {numbers}
            {none.then(|| view! { <p class="bar-none">{t.no_session_types} " " <a href=urls::SESSION_TYPES>{t.no_session_types_link}</a></p> })}
            <div class="bar-zone">
                <ZoneField
                    name="timezone"
                    label=t.timezone
                    value=Signal::derive(move || state.zone.with(|zone| zone.name.clone()))
                    on_choose=move |name: String| {
                        status.announce(fill(t.zone_chosen, &[("zone", &name)]));
                        state.set_zone(name);
                    }
                    error=zone_error
                />
            </div>
        </div>
    }
}

/// One click each.
#[component]
fn Presets(state: State, copying: RwSignal<Option<usize>>) -> impl IntoView {
    let (t, status) = (use_messages().dashboard(), use_status());
    let did = move |changed: bool, text: &'static str| {
        if changed {
            status.announce(text);
        }
    };
    view! {
        <div class="presets" role="group" aria-label=t.presets>
            <button class="button" data-size="small" type="button" on:click=move |_| did(state.change(|board| board.copy(0, &[1, 2, 3, 4])), t.copied_monday)>
                <Icon picture=Picture::Copy/>
                {t.copy_monday}
            </button>
            <button class="button" data-size="small" type="button" aria-haspopup="dialog" on:click=move |_| copying.set(Some(0))>
                {t.copy_any}
            </button>
            <button class="button" data-size="small" type="button" on:click=move |_| did(state.change(Board::nine_to_five), t.did_nine_to_five)>
                <Icon picture=Picture::Clock/>
                {t.nine_to_five}
            </button>
            <button class="button" data-size="small" data-kind="quiet" type="button" on:click=move |_| did(state.change(Board::clear), t.did_clear)>
                <Icon picture=Picture::Trash/>
                {t.clear_all}
            </button>
        </div>
    }
}

/// The hours of a weekday as fields.
#[component]
fn DayList(state: State, day: usize, copying: RwSignal<Option<usize>>) -> impl IntoView {
    let (t, language) = (use_messages().dashboard(), use_language());
    let name = day_name(day, language);
    let change = move |hours: Hours| {
        state.change(|board| board.edit(|draft| draft.week.0[day] = hours));
    };
    let title = format!("day-title-{day}");
    view! {
        <div class="day-list" role="group" aria-labelledby=title.clone() data-empty=move || state.settled[day].with(Hours::is_empty).then_some("")>
            <h3 id=title.clone()>
                <span aria-hidden="true">{day_short(day, language)}</span>
                <span class="visually-hidden">{name}</span>
            </h3>
            <TimesFields id=format!("hours-{day}") day=name hours=state.settled[day] change=change none=t.day_closed>
                <button
                    class="icon-button"
                    type="button"
                    aria-haspopup="dialog"
                    aria-label=fill(t.copy_day, &[("day", name)])
                    title=t.copy_day_title
                    on:click=move |_| copying.set(Some(day))
                >
                    <Icon picture=Picture::Copy/>
                </button>
            </TimesFields>
        </div>
    }
}

/// Any day to any days.
#[component]
fn CopyDialog(state: State, copying: RwSignal<Option<usize>>) -> impl IntoView {
    let (t, language, status) = (use_messages().dashboard(), use_language(), use_status());
    let open = RwSignal::new(false);
    let from = RwSignal::new(0_usize);
    let to: [RwSignal<bool>; DAYS] = std::array::from_fn(|_| RwSignal::new(false));
    Effect::new(move |_| {
        if let Some(day) = copying.get() {
            from.set(day);
            to.iter().for_each(|to| to.set(false));
            copying.set(None);
            open.set(true);
        }
    });
    let chosen = move || (0..DAYS).filter(|day| *day != from.get() && to[*day].get()).collect::<Vec<_>>();
    let hours = move || {
        let Week(days) = state.week();
        let texts: Vec<_> = days[from.get()].spans().iter().copied().map(super::grid::clocks).collect();
        if texts.is_empty() { t.day_closed.to_owned() } else { texts.join(", ") }
    };
    let set = move |days: std::ops::Range<usize>| (0..DAYS).for_each(|day| to[day].set(days.contains(&day)));
    let copy = move |()| {
        let (day, days) = (from.get_untracked(), untrack(chosen));
        state.change(|board| board.copy(day, &days));
        let names: Vec<_> = days.iter().map(|day| day_name(*day, language)).collect();
        status.announce(fill(t.did_copy, &[("from", day_name(day, language)), ("to", &names.join(", "))]));
        open.set(false);
    };
    view! {
        <Dialog open=open title=t.copy_title id="copy-dialog">
            <div class="field">
                <label for="copy-from">{t.copy_from}</label>
                <select
                    class="input"
                    id="copy-from"
                    prop:value=move || from.get().to_string()
                    on:change=move |event| {
                        if let Ok(day) = event_target_value(&event).parse() {
                            from.set(day);
                        }
                    }
                >
                    {(0..DAYS).map(|day| view! { <option value=day.to_string()>{day_name(day, language)}</option> }).collect_view()}
                </select>
                <p class="field-hint">{hours}</p>
            </div>
            <fieldset class="copy-days">
                <legend class="field-label">{t.copy_to}</legend>
                {(0..DAYS)
                    .map(|day| {
                        view! {
                            <label class="checkbox" data-same=move || (from.get() == day).then_some("")>
                                <input
                                    type="checkbox"
                                    prop:checked=move || to[day].get() && from.get() != day
                                    disabled=move || from.get() == day
                                    on:change=move |event| to[day].set(event_target_checked(&event))
                                />
                                <span aria-hidden="true">{day_short(day, language)}</span>
                                <span class="visually-hidden">{day_name(day, language)}</span>
                            </label>
                        }
                    })
                    .collect_view()}
            </fieldset>
            <div class="button-row">
                <button class="link-button small" type="button" on:click=move |_| set(0..5)>{t.copy_weekdays}</button>
                <button class="link-button small" type="button" on:click=move |_| set(0..7)>{t.copy_every_day}</button>
            </div>
            <div class="dialog-actions">
                <button class="button" type="button" on:click=move |_| open.set(false)>{use_messages().common.cancel}</button>
                <Button kind="primary" disabled=Signal::derive(move || chosen().is_empty()) on_press=copy>{t.copy_do}</Button>
            </div>
        </Dialog>
    }
}

/// Unsaved, and somebody pressed a link.
#[component]
fn LeaveDialog(state: State, leaving: RwSignal<Option<String>>) -> impl IntoView {
    let t = use_messages().dashboard();
    let open = RwSignal::new(false);
    let target = StoredValue::new(String::new());
    let discard = use_context::<Discard>();
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some(href) = leaving.get() {
            target.set_value(href);
            leaving.set(None);
            open.set(true);
        }
    });
    let go = move |saved: bool| {
        open.set(false);
        if let (Some(Discard(gone)), false) = (discard, saved) {
            gone.set_value(true);
        }
        let href = target.get_value();
        if href.starts_with(urls::DASHBOARD) && !href.ends_with(".json") {
            navigate(&href, NavigateOptions::default());
        } else {
            if !saved {
                dom::forget_unload();
            }
            browser::load(&href);
        }
    };
    let go = Callback::new(go);
    let save_and_go = move |()| {
        dom::settle();
        if dom::focus_invalid("editor") {
            open.set(false);
            return;
        }
        state.save(move || go.run(true));
        // A failure shows above the grid.
        open.set(false);
    };
    view! {
        <Dialog open=open title=t.leave_title id="leave-dialog">
            <p>{t.leave_text}</p>
            <div class="dialog-actions">
                <Button kind="danger" on_press=move |()| go.run(false)>{t.leave_discard}</Button>
                <button class="button" type="button" on:click=move |_| open.set(false)>{t.leave_stay}</button>
                <Button kind="primary" on_press=save_and_go>{t.leave_save}</Button>
            </div>
        </Dialog>
    }
}
