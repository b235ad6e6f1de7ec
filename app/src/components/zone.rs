//! Choosing a time zone.

use super::browser;
use super::icon::{Icon, Picture};
use super::live;
use super::pick::Pick;
use super::status::{Status, use_status};
use crate::api::public::{ZoneChoice, ZoneChoices, find_zones};
use crate::context::use_clock;
use crate::format::{self, zone_name};
use crate::i18n::{Messages, fill, use_language, use_messages};
use chrono::TimeDelta;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use std::time::Duration;

/// Where this browser keeps the zone that was chosen.
pub const REMEMBERED_ZONE: &str = "yaksok.tz";
/// Where it keeps the zones that were chosen lately, the last one first.
const RECENT_ZONES: &str = "yaksok.tz.recent";
const MOST_RECENT: usize = 3;
/// The server is asked once a person has typed no further for this long.
const TYPING: Duration = Duration::from_millis(120);

/// What the server answered last.
#[derive(Clone, PartialEq)]
enum Answer {
    Awaited,
    Failed,
    Found(ZoneChoices),
}

/// A field's state, but for what is chosen.
#[derive(Clone, Copy)]
struct Finder {
    input: NodeRef<html::Input>,
    answer: RwSignal<Answer>,
    open: RwSignal<bool>,
    active: RwSignal<usize>,
    /// Counts questions: an answer to any but the last one comes too late.
    asked: StoredValue<u32>,
    /// Enter was pressed before the answer was there.
    hurried: StoredValue<bool>,
    mentor: Signal<Option<String>>,
    status: Status,
    t: &'static Messages,
}

impl Finder {
    fn count(self) -> usize {
        self.answer.with_untracked(|answer| match answer {
            Answer::Found(found) => found.choices.len(),
            _ => 0,
        })
    }

    fn at(self, index: usize) -> Option<ZoneChoice> {
        self.answer.with_untracked(|answer| match answer {
            Answer::Found(found) => found.choices.get(index).cloned(),
            _ => None,
        })
    }

    /// The zones that are likelier than others, the device's first.
    fn known(self) -> Vec<(String, &'static str)> {
        let t = self.t.common;
        let device = browser::time_zone().map(|zone| (zone, t.zone_device));
        let mentor = self.mentor.get_untracked().map(|zone| (zone, t.zone_mentor));
        let recent = recent_zones().into_iter().map(|zone| (zone, t.zone_recent));
        device.into_iter().chain(mentor).chain(recent).collect()
    }

    /// Asks which zones `typed` may mean; `choose` is told of the first one where Enter was pressed meanwhile.
    fn ask(self, typed: String, choose: Callback<String>) {
        self.asked.update_value(|asked| *asked = asked.wrapping_add(1));
        let number = self.asked.get_value();
        self.hurried.set_value(false);
        self.active.set(0);
        self.answer.set(Answer::Awaited);
        spawn_local(async move {
            let is_last = move || self.asked.try_get_value() == Some(number);
            if !typed.is_empty() {
                browser::sleep(TYPING).await;
            }
            if !is_last() {
                return;
            }
            let known: Vec<_> = self.known().into_iter().map(|(zone, _)| zone).collect();
            let answer = find_zones(typed.clone(), known.join(",")).await;
            if !is_last() {
                return;
            }
            self.answer.set(answer.map_or(Answer::Failed, Answer::Found));
            match self.at(0) {
                Some(first) if self.hurried.get_value() => choose.run(first.zone),
                _ if !typed.is_empty() => self.announce(),
                _ => {}
            }
        });
    }

    fn announce(self) {
        let t = self.t.common;
        self.status.announce(match (self.answer.get_untracked(), self.count()) {
            (Answer::Failed, _) => t.zone_failed.to_owned(),
            (_, 0) => t.zone_none.to_owned(),
            (_, n) => fill(t.zone_found, &[("n", &n.to_string())]),
        });
    }

    /// Empties the field, so that the next letter is the first one, and shows what may be meant. What was chosen stands in
    /// its place until then.
    fn show(self, choose: Callback<String>) {
        if let Some(input) = self.input.get_untracked() {
            input.set_value("");
        }
        self.open.set(true);
        self.ask(String::new(), choose);
    }

    /// Closes the list; the field says again what is chosen.
    fn close(self, value: Signal<String>) {
        // The field may lose the focus because it leaves the page, and its signals with it.
        if self.open.try_set(false).is_none()
            && let (Some(Some(input)), Some(value)) = (self.input.try_get_untracked(), value.try_get_untracked())
        {
            input.set_value(&value);
            self.asked.update_value(|asked| *asked = asked.wrapping_add(1));
        }
    }

    /// Goes one option on or back, around the ends.
    fn step(self, forward: bool, name: &str) {
        let last = self.count().saturating_sub(1);
        self.active.update(|at| {
            *at = match (forward, *at) {
                (true, at) if at >= last => 0,
                (true, at) => at + 1,
                (false, 0) => last,
                (false, at) => at - 1,
            };
        });
        let id = option_id(name, self.active.get_untracked());
        request_animation_frame(move || browser::reveal(&id));
    }
}

/// A time zone, found by typing (ARIA's combobox pattern, <https://www.w3.org/WAI/ARIA/apg/patterns/combobox/>). Opened, the
/// field is empty; left without a choice or with Escape, it is as before. Without a script it is a text field, and the
/// server understands what is typed as the search does.
#[component]
pub fn ZoneField(
    /// The field's name in the form, and the id of the control.
    name: &'static str,
    /// What it is for.
    #[prop(into)]
    label: Signal<String>,
    /// The IANA name that is chosen.
    #[prop(into)]
    value: Signal<String>,
    /// Told of every choice.
    #[prop(into)]
    on_choose: Callback<String>,
    /// What helps to fill it in.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The zone of the mentor whose page it is on.
    #[prop(optional, into)]
    mentor: Signal<Option<String>>,
    /// Only for screen readers.
    #[prop(optional)]
    label_hidden: bool,
) -> impl IntoView {
    let hydrated = browser::use_hydrated();
    let finder = Finder {
        input: NodeRef::new(),
        answer: RwSignal::new(Answer::Awaited),
        open: RwSignal::new(false),
        active: RwSignal::new(0),
        asked: StoredValue::new(0),
        hurried: StoredValue::new(false),
        mentor,
        status: use_status(),
        t: use_messages(),
    };
    let Finder { input, open, active, .. } = finder;
    // What the field shows follows what is chosen.
    Effect::new(move |_| {
        let value = value.get();
        if let Some(input) = input.get() {
            input.set_value(&value);
        }
    });
    let choose = Callback::new(move |zone: String| {
        finder.close(value);
        remember(&zone);
        if value.with_untracked(|value| *value != zone) {
            if let Some(input) = input.get_untracked() {
                input.set_value(&zone);
            }
            on_choose.run(zone);
        }
    });
    let typed = move |event: leptos::ev::Event| {
        let mut typed = event_target_value(&event);
        if !open.get_untracked() {
            // A field that was reached by Tab is selected. Where nothing was, the letter stands before or after what was chosen.
            let rest = |value: &String| {
                let rest = typed.strip_prefix(value.as_str()).or_else(|| typed.strip_suffix(value.as_str()));
                rest.map(str::to_owned)
            };
            if let Some(letters) = value.with_untracked(rest)
                && let Some(input) = input.get_untracked()
            {
                input.set_value(&letters);
                typed = letters;
            }
            open.set(true);
        }
        finder.ask(typed.trim().to_owned(), choose);
    };
    let keydown = move |event: leptos::ev::KeyboardEvent| {
        // Enter ends the composition of a Korean syllable, too.
        if event.is_composing() {
            return;
        }
        match (event.key().as_str(), open.get_untracked()) {
            ("ArrowDown" | "ArrowUp", false) => finder.show(choose),
            ("ArrowDown", true) => finder.step(true, name),
            ("ArrowUp", true) => finder.step(false, name),
            ("Enter", true) => match finder.at(active.get_untracked()) {
                Some(choice) => choose.run(choice.zone),
                None => finder.hurried.set_value(true),
            },
            ("Escape", true) => finder.close(value),
            _ => return,
        }
        event.prevent_default();
        // In a dialog Escape closes the list only.
        event.stop_propagation();
    };
    let list_id = format!("{name}-list");
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described = {
        let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
        move || match (error.with(Option::is_some), hint.with(Option::is_some)) {
            (true, _) => Some(error_id.clone()),
            (false, true) => Some(hint_id.clone()),
            (false, false) => None,
        }
    };
    let controls = list_id.clone();
    let is_found = Memo::new(move |_| {
        finder.answer.with(|answer| matches!(answer, Answer::Found(found) if !found.choices.is_empty()))
    });
    let none = live(move || {
        (open.get() && !is_found.get()).then(|| {
            let t = finder.t.common;
            let text = finder.answer.with(|answer| match answer {
                Answer::Awaited => t.loading,
                Answer::Failed => t.zone_failed,
                Answer::Found(_) => t.zone_none,
            });
            view! { <p class="combobox-none">{text}</p> }
        })
    });
    view! {
        <div class="field combobox">
            <label for=name class:visually-hidden=label_hidden>
                {move || label.get()}
            </label>
            {live(move || hint.get().map(|text| view! { <p class="field-hint" id=hint_id.clone()>{text}</p> }))}
            <div class="combobox-in">
                <Icon picture=Picture::Globe/>
                <input
                    node_ref=input
                    class="input"
                    id=name
                    name=name
                    type="text"
                    value=value.get_untracked()
                    maxlength="80"
                    placeholder=move || open.get().then(|| value.with(|value| zone_name(value)))
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    enterkeyhint="done"
                    role=move || hydrated.get().then_some("combobox")
                    aria-autocomplete=move || hydrated.get().then_some("list")
                    aria-expanded=move || hydrated.get().then(|| if open.get() { "true" } else { "false" })
                    aria-controls=move || hydrated.get().then(|| controls.clone())
                    aria-activedescendant=move || {
                        (open.get() && is_found.get()).then(|| option_id(name, active.get()))
                    }
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=described
                    on:focus=move |_| {
                        if let Some(input) = input.get_untracked().filter(|_| !open.get_untracked()) {
                            input.select();
                        }
                    }
                    on:click=move |_| {
                        if !open.get_untracked() {
                            finder.show(choose);
                        }
                    }
                    on:blur=move |_| finder.close(value)
                    on:input=typed
                    on:keydown=keydown
                />
                <ul class="combobox-list" role="listbox" id=list_id aria-label=move || label.get() hidden=move || !open.get()>
                    {move || options(finder, name, choose)}
                </ul>
                {none}
            </div>
            {live(move || error.get().map(|text| view! { <p class="field-error" id=error_id.clone()>{text}</p> }))}
        </div>
    }
    .into_any()
}

/// The zones that were found, each with its place, time and offset.
fn options(finder: Finder, name: &'static str, choose: Callback<String>) -> Vec<AnyView> {
    let Answer::Found(ZoneChoices { now, choices }) = finder.answer.get() else { return Vec::new() };
    let clock = use_clock();
    // Found by typing, a place is told from others by its country; before that, by why it is offered.
    let is_typed = finder.input.get_untracked().is_some_and(|input| !input.value().trim().is_empty());
    let known = if is_typed { Vec::new() } else { finder.known() };
    let language = use_language();
    let option = |(index, choice): (usize, ZoneChoice)| {
        let ZoneChoice { zone, place, detail, offset } = choice;
        let detail = known.iter().find(|(known, _)| *known == zone).map_or(detail, |(_, why)| (*why).to_owned());
        let wall = (now + TimeDelta::seconds(offset.into())).naive_utc().time();
        let (time, offset) = (format::time(wall, clock, language), format::offset(offset));
        let parts = [place.as_str(), &detail, &time, &offset].into_iter().filter(|part| !part.is_empty());
        let read_out = parts.collect::<Vec<_>>().join(", ");
        view! {
            <li
                role="option"
                id=option_id(name, index)
                aria-label=read_out
                aria-selected=move || if finder.active.get() == index { "true" } else { "false" }
                // Before the field loses the focus.
                on:mousedown=|event: leptos::ev::MouseEvent| event.prevent_default()
                on:click=move |_| choose.run(zone.clone())
            >
                // The words between which there are spaces are those that are read out.
                <span class="zone-place">{place}</span>
                " "
                <span class="zone-detail">{detail}</span>
                " "
                <span class="zone-time">{time}</span>
                " "
                <span class="zone-offset">{offset}</span>
            </li>
        }
        .into_any()
    };
    choices.into_iter().enumerate().map(option).collect()
}

/// The zone in which a page shows its times. Changing it keeps everything else that was chosen.
#[component]
pub fn ZoneBar(
    /// The zone that is shown.
    #[prop(into)]
    zone: Signal<String>,
    /// The mentor's zone.
    #[prop(into)]
    mentor: Signal<Option<String>>,
    /// What is chosen.
    pick: Memo<Pick>,
    /// The page that it belongs to.
    #[prop(into)]
    path: Signal<String>,
    /// Parts of its query that always stay.
    fixed: &'static [(&'static str, &'static str)],
) -> impl IntoView {
    let t = use_messages().common;
    let hydrated = browser::use_hydrated();
    let navigate = use_navigate();
    let choose = move |zone: String| {
        browser::store(REMEMBERED_ZONE, &zone);
        browser::tell_zone(&zone);
        let next = Pick { timezone: Some(zone), ..pick.get_untracked() };
        let address = path.with_untracked(|path| next.href(path, fixed));
        navigate(&address, NavigateOptions { scroll: false, replace: true, ..Default::default() });
    };
    let kept = fixed
        .iter()
        .map(|(name, value)| view! { <input type="hidden" name=*name value=*value/> }.into_any())
        .collect_view();
    let chosen = move |name: &'static str, part: fn(&Pick) -> Option<String>| {
        move || pick.with(part).map(|value| view! { <input type="hidden" name=name value=value/> })
    };
    view! {
        <form class="zone-bar" method="get" action=move || path.get()>
            {kept}
            {live(chosen("month", |pick| pick.month.clone()))}
            {live(chosen("date", |pick| pick.date.map(|date| date.to_string())))}
            {live(chosen("h", |pick| pick.hours.map(|hours| hours.tag().into())))}
            <ZoneField name="tz" label=t.zone_label value=zone on_choose=choose mentor=mentor/>
            <button class="button" data-size="small" type="submit" hidden=move || hydrated.get()>
                {t.zone_change}
            </button>
        </form>
    }
    .into_any()
}

fn option_id(name: &str, index: usize) -> String {
    format!("{name}-option-{index}")
}

fn recent_zones() -> Vec<String> {
    let zones = browser::stored(RECENT_ZONES).unwrap_or_default();
    zones.split(',').filter(|zone| !zone.is_empty()).take(MOST_RECENT).map(str::to_owned).collect()
}

fn remember(zone: &str) {
    let others = recent_zones().into_iter().filter(|other| other != zone);
    let zones: Vec<_> = std::iter::once(zone.to_owned()).chain(others).take(MOST_RECENT).collect();
    browser::store(RECENT_ZONES, &zones.join(","));
}
