//! The frame of the dashboard.

use super::calendars::Lapsed;
use crate::api::dashboard::try_again;
use crate::components::availability::dom;
use crate::components::availability::state::Keeper;
use crate::components::head::{Tag, tell};
use crate::components::{Button, ScriptControls, browser, use_status};
use crate::context::use_visit;
use crate::i18n::{error_text, fill, use_messages};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use scheduling::urls;

/// The frame of every page of the dashboard: where one is, and what needs attention.
#[component]
pub fn DashboardLayout() -> impl IntoView {
    let (messages, visit, location) = (use_messages(), use_visit(), use_location());
    let t = messages.dashboard();
    let keeper = Keeper(RwSignal::new(None));
    provide_context(keeper);
    dom::guard_unload(move || keeper.0.try_with_untracked(Option::is_some) == Some(true));

    // The server leads to the login page before it renders; this is for a session that ends while the page is open.
    let viewer = Memo::new(move |_| visit.with(|visit| visit.viewer.clone()));
    Effect::new(move |_| {
        if viewer.with(Option::is_none) {
            let next = location.pathname.get_untracked();
            browser::load(&format!("{}?next={next}", urls::LOGIN));
        }
    });

    let path = location.pathname;
    // In a narrow window the tabs go on beyond its edge.
    let tabs = NodeRef::<html::Nav>::new();
    Effect::new(move |_| {
        path.track();
        request_animation_frame(move || {
            if let Some(tabs) = tabs.try_get_untracked().flatten() {
                dom::show_current(&tabs);
            }
        });
    });
    let tab = move |href: &'static str, text: &'static str| {
        let current = move || {
            let path = path.get();
            let path = path.trim_end_matches('/');
            let here = path == href
                || (href == urls::DASHBOARD && path.starts_with("/dashboard/bookings"))
                || (href == urls::SETTINGS && path == urls::ACTIVITY);
            here.then_some("page")
        };
        view! { <li><a href=href aria-current=current>{text}</a></li> }
    };
    let own_page = move || viewer.with(|viewer| viewer.as_ref().map(|viewer| urls::mentor(&viewer.handle)));
    let unsaved = move || keeper.0.with(Option::is_some) && path.get() != urls::AVAILABILITY;
    let discard = move |_| {
        keeper.0.set(None);
        browser::focus("main");
    };
    tell(Tag::Name("description"), path.with_untracked(|path| about(path)));
    view! {
        <div class="page dashboard">
            <div class="dashboard-nav">
                <nav aria-label=t.nav_label node_ref=tabs>
                    <ul>
                        {tab(urls::DASHBOARD, t.nav_bookings)}
                        {tab(urls::AVAILABILITY, t.nav_availability)}
                        {tab(urls::SESSION_TYPES, t.nav_session_types)}
                        {tab(urls::CALENDARS, t.nav_calendars)}
                        {tab(urls::SETTINGS, t.nav_settings)}
                    </ul>
                </nav>
                <div class="dashboard-account">
                    {move || own_page().map(|href| view! { <a class="small" href=href>{t.nav_own_page}</a> })}
                    <form method="post" action=urls::LOGOUT>
                        <button class="link-button small" type="submit">{messages.common.log_out}</button>
                    </form>
                </div>
            </div>
            <div class="banner needs-script" data-tone="warn">
                <strong>{t.script_title}</strong>
                <p>{t.script_text}</p>
            </div>
            <ScriptControls>
                <Lapsed/>
                <GivenUp/>
            </ScriptControls>
            <LinksMissing/>
            <Show when=unsaved>
                <div class="banner" data-tone="warn">
                    <strong>{t.kept_title}</strong>
                    <div class="button-row">
                        <a class="button" data-size="small" href=urls::AVAILABILITY>{t.kept_back}</a>
                        <button class="link-button small" type="button" on:click=discard>{t.kept_discard}</button>
                    </div>
                </div>
            </Show>
            <Outlet/>
        </div>
    }
}

/// What the page at `path` is for.
fn about(path: &str) -> &'static str {
    let messages = use_messages();
    let t = messages.dashboard();
    match path.trim_end_matches('/') {
        urls::AVAILABILITY => t.about_availability,
        urls::SESSION_TYPES => t.types_lead,
        urls::CALENDARS => t.calendars_lead,
        urls::ACTIVITY => messages.activity().text,
        urls::SETTINGS => t.about_settings,
        urls::DASHBOARD => t.about_bookings,
        _ => t.about_booking,
    }
}

/// Messages that were given up: that there are some, and trying them again.
#[component]
fn GivenUp() -> impl IntoView {
    let (t, visit, status) = (use_messages().dashboard(), use_visit(), use_status());
    let pending = RwSignal::new(false);
    let count = Memo::new(move |_| visit.with(|visit| visit.viewer.as_ref().map_or(0, |viewer| viewer.given_up)));
    let again = move |()| {
        pending.set(true);
        spawn_local_scoped(async move {
            match try_again().await {
                Ok(()) => {
                    visit.update(|visit| {
                        if let Some(viewer) = &mut visit.viewer {
                            viewer.given_up = 0;
                        }
                    });
                    status.say(t.given_up_again);
                    browser::focus("main");
                }
                Err(error) => status.fail(error_text(&error)),
            }
            pending.set(false);
        });
    };
    view! {
        <Show when=move || { count.get() > 0 }>
            <div class="banner" data-tone="warn">
                <strong>{move || fill(t.given_up_title, &[("count", &count.get().to_string())])}</strong>
                <p>{t.given_up_text}</p>
                <Button size="small" pending=pending on_press=again>{t.given_up_retry}</Button>
            </div>
        </Show>
    }
}

/// A session type promises a meeting link that nothing makes.
#[component]
fn LinksMissing() -> impl IntoView {
    let (t, visit) = (use_messages().dashboard(), use_visit());
    let lacks = Memo::new(move |_| visit.with(|visit| visit.viewer.as_ref().is_some_and(|viewer| viewer.lacks_link)));
    view! {
        <Show when=move || lacks.get()>
            <div class="banner" data-tone="warn">
                <strong>{t.links_missing_title}</strong>
                <p>{t.links_missing_text}</p>
                <div class="button-row">
                    <a class="button" data-size="small" href=urls::CALENDARS>{t.links_missing_calendars}</a>
                    <a class="link-button small" href=urls::SESSION_TYPES>{t.links_missing_types}</a>
                </div>
            </div>
        </Show>
    }
}

/// A button that puts the address of a page of ours on the clipboard; where that cannot be, it shows the address.
#[component]
pub fn CopyLink(
    /// The page.
    #[prop(into)]
    path: String,
    /// What the button says.
    text: &'static str,
    /// Among other small buttons.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    let (common, t, status) = (use_messages().common, use_messages().dashboard(), use_status());
    let address = use_visit().with_untracked(|visit| format!("{}{path}", visit.base_url));
    let copy = move |_| {
        let address = address.clone();
        spawn_local_scoped(async move {
            if browser::copy(&address).await {
                status.say(common.copied);
            } else {
                status.say(fill(t.copy_by_hand, &[("address", &address)]));
            }
        });
    };
    view! { <button class="button" data-size=small.then_some("small") type="button" on:click=copy>{text}</button> }
}
