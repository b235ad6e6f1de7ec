//! Choosing a time zone.

use super::browser;
use super::icon::{Icon, Picture};
use super::live;
use super::pick::Pick;
use super::status::use_status;
use crate::api::public::zones;
use crate::format::zone_name;
use crate::i18n::{fill, use_language, use_messages};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use scheduling::Language;

/// Where this browser keeps the zone that was chosen.
pub const REMEMBERED_ZONE: &str = "yaksok.tz";

/// As many as somebody would read.
const SHOWN: usize = 40;

/// A time zone, found by typing (ARIA's combobox pattern). Without a script it is a text field for the zone's name.
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
    /// Only for screen readers.
    #[prop(optional)]
    label_hidden: bool,
) -> impl IntoView {
    let t = use_messages();
    let status = use_status();
    let hydrated = browser::use_hydrated();
    let input = NodeRef::<html::Input>::new();
    let all = RwSignal::new(None::<Vec<String>>);
    let typed = RwSignal::new(String::new());
    let open = RwSignal::new(false);
    let active = RwSignal::new(0_usize);

    let found = Memo::new(move |_| {
        all.with(|all| match all {
            Some(all) => search(all, t.public.zone_aliases, &typed.get()),
            None => Vec::new(),
        })
    });
    // What the field shows follows what is chosen.
    Effect::new(move |_| {
        let value = value.get();
        if let Some(input) = input.get() {
            input.set_value(&value);
        }
    });
    Effect::new(move |_| {
        if open.get() && !typed.with(String::is_empty) && all.with(Option::is_some) {
            let text = match found.with(Vec::len) {
                0 => t.common.zone_none.into(),
                n => fill(t.common.zone_found, &[("n", &n.to_string())]),
            };
            status.announce(text);
        }
    });

    let load = move || {
        if all.with_untracked(Option::is_none) {
            spawn_local(async move {
                if let Ok(names) = zones().await {
                    all.set(Some(names));
                }
            });
        }
    };
    let show = move || {
        load();
        typed.set(String::new());
        active.set(0);
        open.set(true);
    };
    let close = move || {
        // The field may lose the focus because it leaves the page, and its signals with it.
        if open.try_set(false).is_none()
            && let (Some(Some(input)), Some(value)) = (input.try_get_untracked(), value.try_get_untracked())
        {
            input.set_value(&value);
        }
    };
    let choose = move |zone: String| {
        if let Some(input) = input.get_untracked() {
            input.set_value(&zone);
        }
        open.set(false);
        if value.with_untracked(|value| *value != zone) {
            on_choose.run(zone);
        }
    };
    let keydown = move |event: leptos::ev::KeyboardEvent| {
        let count = found.with_untracked(Vec::len);
        let last = count.saturating_sub(1);
        let at = active.get_untracked();
        let is_open = open.get_untracked();
        match event.key().as_str() {
            "ArrowDown" if !is_open => show(),
            "ArrowDown" => active.set(if at >= last { 0 } else { at + 1 }),
            "ArrowUp" if is_open => active.set(if at == 0 { last } else { at - 1 }),
            "Enter" if is_open => match found.with_untracked(|found| found.get(at).cloned()) {
                Some(zone) => choose(zone),
                None => return event.prevent_default(),
            },
            "Escape" if is_open => close(),
            _ => return,
        }
        event.prevent_default();
        if open.get_untracked() {
            let id = option_id(name, active.get_untracked());
            request_animation_frame(move || browser::reveal(&id));
        }
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
    let options = move || {
        found
            .get()
            .into_iter()
            .enumerate()
            .map(|(index, zone)| {
                let city =
                    t.public.zone_aliases.iter().find(|(_, name)| *name == zone && use_language() == Language::Ko);
                let text = match city {
                    Some((city, _)) => format!("{city} · {}", zone_name(&zone)),
                    None => zone_name(&zone),
                };
                view! {
                    <li
                        role="option"
                        id=option_id(name, index)
                        aria-selected=move || if active.get() == index { "true" } else { "false" }
                        // Before the field loses the focus.
                        on:mousedown=move |event| {
                            event.prevent_default();
                            choose(zone.clone());
                        }
                    >
                        {text}
                    </li>
                }
                .into_any()
            })
            .collect_view()
    };
    let none = live(move || {
        (open.get() && found.with(Vec::is_empty)).then(|| {
            let text = if all.with(Option::is_some) { t.common.zone_none } else { t.common.loading };
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
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    role=move || hydrated.get().then_some("combobox")
                    aria-autocomplete=move || hydrated.get().then_some("list")
                    aria-expanded=move || hydrated.get().then(|| if open.get() { "true" } else { "false" })
                    aria-controls=move || hydrated.get().then(|| controls.clone())
                    aria-activedescendant=move || {
                        (open.get() && found.with(|found| !found.is_empty())).then(|| option_id(name, active.get()))
                    }
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=described
                    on:focus=move |_| {
                        if let Some(input) = input.get_untracked() {
                            input.select();
                        }
                        load();
                    }
                    on:click=move |_| {
                        if !open.get_untracked() {
                            show();
                        }
                    }
                    on:blur=move |_| close()
                    on:input=move |event| {
                        load();
                        typed.set(event_target_value(&event));
                        active.set(0);
                        open.set(true);
                    }
                    on:keydown=keydown
                />
                <ul class="combobox-list" role="listbox" id=list_id aria-label=move || label.get() hidden=move || !open.get()>
                    {move || options()}
                </ul>
                {none}
            </div>
            {live(move || error.get().map(|text| view! { <p class="field-error" id=error_id.clone()>{text}</p> }))}
        </div>
    }
    .into_any()
}

/// The zone in which a page shows its times. Changing it keeps everything else that was chosen.
#[component]
pub fn ZoneBar(
    /// The zone that is shown.
    #[prop(into)]
    zone: Signal<String>,
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
            <ZoneField name="tz" label=t.zone_label value=zone on_choose=choose/>
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

/// The zones that `typed` may mean, the likeliest first.
fn search(zones: &[String], aliases: &[(&str, &str)], typed: &str) -> Vec<String> {
    let typed = typed.trim().to_ascii_lowercase();
    let wanted = typed.replace(' ', "_");
    let rank = |zone: &String| {
        if typed.is_empty() {
            return Some(3);
        }
        if aliases.iter().any(|(alias, name)| name == zone && alias.starts_with(&typed)) {
            return Some(0);
        }
        let name = zone.to_ascii_lowercase();
        let city = name.rsplit('/').next().unwrap_or_default();
        if city.starts_with(&wanted) {
            Some(1)
        } else if name.starts_with(&wanted) {
            Some(2)
        } else {
            name.contains(&wanted).then_some(3)
        }
    };
    let ranks: Vec<(Option<u8>, &String)> = zones.iter().map(|zone| (rank(zone), zone)).collect();
    let of_rank = |wanted| ranks.iter().filter(move |(rank, _)| *rank == Some(wanted));
    (0..=3).flat_map(of_rank).take(SHOWN).map(|(_, zone)| (*zone).clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::search;

    fn find(typed: &str) -> Vec<String> {
        let zones = ["America/New_York", "America/York", "Asia/Seoul", "Asia/Tokyo", "Europe/Berlin", "UTC"];
        search(&zones.map(String::from), &[("서울", "Asia/Seoul"), ("germany", "Europe/Berlin")], typed)
    }

    #[test]
    fn the_likeliest_zone_comes_first() {
        assert_eq!(find("york"), ["America/York", "America/New_York"]);
        assert_eq!(find("New yo"), ["America/New_York"]);
        assert_eq!(find("asia"), ["Asia/Seoul", "Asia/Tokyo"]);
        assert_eq!(find("germ"), ["Europe/Berlin"]);
        assert_eq!(find("서"), ["Asia/Seoul"]);
        assert_eq!(find("").len(), 6);
        assert!(find("nowhere").is_empty());
    }
}
