//! Connected calendars.
//!
//! - `connection`: how each of them fares, looking there now, and disconnecting
//! - `choices`: which of them block, and where bookings go
//! - `caldav`: connecting a calendar server

pub mod caldav;
pub mod choices;
pub mod connection;

use crate::AppError;
use crate::api::dashboard::{Calendars, ConnectionView, calendars};
use crate::carried::carried;
use crate::components::{ErrorView, Icon, Picture, ScriptControls, Skeleton, browser, use_status};
use crate::context::{Visit, use_visit};
use crate::i18n::{fill, use_messages};
use caldav::{CalDavForm, Start};
use choices::{Choice, Choices};
use connection::{Card, Disconnect, Leaving};
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use leptos_router::params::ParamsMap;
use scheduling::{ConnectionId, urls};
use std::time::Duration;

/// How often it is asked whether a look is over, and how many times.
const PAUSE: Duration = Duration::from_secs(2);
const PAUSES: u8 = 10;
/// How often the page is brought up to date by itself.
const REFRESH: Duration = Duration::from_secs(60);

/// What came of a way to a provider and back, as the server says it in the address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Connected: the provider's name.
    Connected(&'static str),
    /// Not connected: what to do.
    Problem(&'static str),
}

impl Outcome {
    fn read(query: &ParamsMap) -> Option<Self> {
        let t = use_messages().dashboard();
        if let Some(provider) = query.get_str("connected") {
            return matches!(provider, "google" | "microsoft").then(|| Self::Connected(provider_name(provider)));
        }
        query.get_str("problem").map(|problem| {
            Self::Problem(match problem {
                "denied" => t.problem_denied,
                "stale" => t.problem_stale,
                "scope" => t.problem_scope,
                "too_many" => use_messages().common.calendar_too_many,
                "refused" => t.problem_refused,
                _ => t.problem_unreachable,
            })
        })
    }

    fn texts(self) -> (String, &'static str) {
        let t = use_messages().dashboard();
        match self {
            Self::Connected(calendar) => (fill(t.connected_title, &[("calendar", calendar)]), t.connected_text),
            Self::Problem(text) => (t.problem_title.to_owned(), text),
        }
    }
}

pub(super) fn provider_name(provider: &str) -> &'static str {
    let t = use_messages().dashboard();
    match provider {
        "google" => t.provider_google,
        "microsoft" => t.provider_microsoft,
        _ => t.provider_caldav,
    }
}

/// Connected calendars.
#[component]
pub fn CalendarsPage() -> impl IntoView {
    let t = use_messages().dashboard();
    let loaded = carried(|| (), |()| calendars());
    view! {
        <Title text=t.calendars_title/>
        <div class="stack calendars">
            <div class="page-head">
                <h1 id="calendars-title" tabindex="-1">{t.calendars_title}</h1>
            </div>
            <ScriptControls>
                <OutcomeBanner/>
            </ScriptControls>
            <Suspense fallback=|| view! { <Skeleton lines=6/> }>
                {move || Suspend::new(async move {
                    match loaded.await {
                        Ok(data) => view! {
                            <ScriptControls>
                                <Connected data=data/>
                            </ScriptControls>
                        }
                        .into_any(),
                        Err(error) => view! { <ErrorView error=error retry=move |()| loaded.refetch()/> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

/// What came of connecting. It is said once: the address forgets it, so that a reload does not repeat it.
#[component]
fn OutcomeBanner() -> impl IntoView {
    let (common, status, query, navigate) = (use_messages().common, use_status(), use_query_map(), use_navigate());
    let outcome = RwSignal::new(query.with_untracked(Outcome::read));
    Effect::new(move |_| {
        let told = query.with(|query| ["connected", "problem"].iter().any(|name| query.get_str(name).is_some()));
        if told {
            navigate(urls::CALENDARS, NavigateOptions { replace: true, scroll: false, ..Default::default() });
        }
    });
    Effect::new(move |_| {
        if let Some(outcome) = outcome.get() {
            let (title, text) = outcome.texts();
            status.announce(format!("{title} {text}"));
        }
    });
    move || {
        outcome.get().map(|told| {
            let (title, text) = told.texts();
            let tone = if matches!(told, Outcome::Connected(_)) { "ok" } else { "danger" };
            let close = move |_| {
                outcome.set(None);
                browser::focus("calendars-title");
            };
            view! {
                <div class="banner outcome" data-tone=tone>
                    <strong>{title}</strong>
                    <p>{text}</p>
                    <button class="icon-button" type="button" aria-label=common.close on:click=close>
                        <Icon picture=Picture::Close/>
                    </button>
                </div>
            }
        })
    }
}

/// What this page knows, for its parts.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    data: RwSignal<Calendars>,
    /// What is chosen; ahead of `data` while it is being saved.
    chosen: RwSignal<Choice>,
    saving: RwSignal<bool>,
    /// What the form for a calendar server begins with, if it is open.
    pub(super) form: RwSignal<Option<Start>>,
}

impl Page {
    /// Shows what the server has answered, unless a newer answer is shown already. Answers whether the page is there.
    pub(super) fn take(self, fresh: Calendars) -> bool {
        let Some(newer) = self.data.try_with_untracked(|data| data.now <= fresh.now) else { return false };
        if newer {
            if !self.saving.get_untracked() {
                self.chosen.set(Choice::of(&fresh));
            }
            self.data.set(fresh);
        }
        true
    }

    fn connection(self, id: ConnectionId) -> Option<ConnectionView> {
        let find = |data: &Calendars| data.connections.iter().find(|connection| connection.id == id).cloned();
        self.data.try_with_untracked(find).flatten()
    }

    /// Asks until `done` is so, for a while. Answers what was found at last; `None` where the page has gone.
    async fn wait(self, done: impl Fn(&Calendars) -> bool) -> Option<Result<bool, AppError>> {
        for _ in 0..PAUSES {
            browser::sleep(PAUSE).await;
            self.data.try_with_untracked(|_| ())?;
            match calendars().await {
                Ok(fresh) => {
                    let over = done(&fresh);
                    if !self.take(fresh) {
                        return None;
                    }
                    if over {
                        return Some(Ok(true));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(false))
    }

    /// Waits for the first look at what has just been connected, and says so.
    pub(super) fn await_first_look(self) {
        let (t, status) = (use_messages().dashboard(), use_status());
        let new = |data: &Calendars| data.connections.iter().any(is_first);
        if self.data.with_untracked(new) {
            spawn_local_scoped(async move {
                if let Some(Ok(true)) = self.wait(|data| !new(data)).await {
                    status.announce(t.first_look_done);
                }
            });
        }
    }
}

/// Nobody has looked there yet.
fn is_first(connection: &ConnectionView) -> bool {
    connection.last_synced_at.is_none() && connection.status == "active" && connection.error.is_none()
}

fn any_expired(data: &Calendars) -> bool {
    data.connections.iter().any(|connection| connection.status == "expired")
}

/// What is connected, and what can be.
#[component]
fn Connected(data: Calendars) -> impl IntoView {
    let t = use_messages().dashboard();
    let page = Page {
        chosen: RwSignal::new(Choice::of(&data)),
        data: RwSignal::new(data),
        saving: RwSignal::new(false),
        form: RwSignal::new(None),
    };
    let lapsed = Memo::new(move |_| page.data.with(any_expired));
    tell_frame(lapsed.into());
    Effect::new(move |_| {
        page.await_first_look();
        // Times that are told as "a minute ago" are not for long.
        spawn_local_scoped(async move {
            loop {
                browser::sleep(REFRESH).await;
                if page.data.try_with_untracked(|_| ()).is_none() {
                    return;
                }
                // Nobody has asked for it, so nobody is told where it fails.
                if let Ok(fresh) = calendars().await {
                    page.take(fresh);
                }
            }
        });
    });
    let ids = Memo::new(move |_| {
        page.data.with(|data| data.connections.iter().map(|connection| connection.id).collect::<Vec<_>>())
    });
    let leaving = Leaving { asked: RwSignal::new(None), open: RwSignal::new(false) };
    let cards = move || {
        ids.get()
            .into_iter()
            .filter_map(|id| page.connection(id))
            .map(|connection| view! { <li><Card page=page connection=connection leaving=leaving/></li> })
            .collect_view()
    };
    let some = move || ids.with(|ids| !ids.is_empty());
    let none = move || {
        view! {
            <div class="empty">
                <h2>{t.calendars_none_title}</h2>
                <ul class="gives">
                    {[t.gives_busy, t.gives_events, t.gives_back, t.gives_private]
                        .map(|text| view! { <li><Icon picture=Picture::Check/> {text}</li> })
                        .collect_view()}
                </ul>
            </div>
        }
    };
    view! {
        <Show when=some fallback=none>
            <p class="lead">{t.calendars_lead}</p>
            <section class="calendars-part" aria-labelledby="connections-title">
                <h2 id="connections-title" tabindex="-1">{t.connections_title}</h2>
                <ul class="connections">{cards}</ul>
            </section>
            <Choices page=page/>
        </Show>
        <Connect page=page some=Signal::derive(some)/>
        <Disconnect page=page leaving=leaving/>
    }
}

/// What can be connected.
#[component]
fn Connect(page: Page, some: Signal<bool>) -> impl IntoView {
    let t = use_messages().dashboard();
    let (google, microsoft) = page.data.with_untracked(|data| (data.google, data.microsoft));
    let service = move |provider: &'static str, text: &'static str, on: bool| {
        let name = provider_name(provider);
        view! {
            <li class="card provider">
                <h3>{name}</h3>
                <p class="muted">{text}</p>
                {if on {
                    let href = urls::calendar_connect(provider);
                    view! { <a class="button" href=href rel="external">{fill(t.connect_do, &[("calendar", name)])}</a> }.into_any()
                } else {
                    view! { <p class="small muted">{switched_off(provider)}</p> }.into_any()
                }}
            </li>
        }
    };
    let open = move || page.form.with(Option::is_some);
    let toggle = move |_| {
        if untrack(open) {
            page.form.set(None);
        } else {
            caldav::open(page, Start::default());
        }
    };
    view! {
        <section class="calendars-part" aria-labelledby="connect-title">
            <h2 id="connect-title">{move || if some.get() { t.connect_more } else { t.connect_first }}</h2>
            <ul class="providers">
                {service("google", t.connect_google_text, google)}
                {service("microsoft", t.connect_microsoft_text, microsoft)}
                <li class="card provider">
                    <h3>{t.provider_caldav}</h3>
                    <p class="muted">{t.connect_caldav_text}</p>
                    <button class="button" type="button" id="caldav-open" aria-expanded=move || if open() { "true" } else { "false" } on:click=toggle>
                        {fill(t.connect_do, &[("calendar", t.provider_caldav)])}
                    </button>
                </li>
            </ul>
            {move || page.form.get().map(|start| view! { <CalDavForm page=page start=start/> })}
        </section>
    }
}

fn switched_off(provider: &str) -> String {
    let variables = match provider {
        "google" => "GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET",
        _ => "MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET",
    };
    fill(use_messages().dashboard().connect_off, &[("variables", variables)])
}

/// The frame's banner follows what this page has found.
fn tell_frame(lapsed: Signal<bool>) {
    let visit = use_visit();
    Effect::new(move |_| set_lapsed(visit, lapsed.get()));
}

fn set_lapsed(visit: RwSignal<Visit>, lapsed: bool) {
    visit.maybe_update(|visit| match &mut visit.viewer {
        Some(viewer) if viewer.calendar_expired != lapsed => {
            viewer.calendar_expired = lapsed;
            true
        }
        _ => false,
    });
}

/// A connected calendar waits to be connected again: on every page of the dashboard but its own, where its card says so.
#[component]
pub fn Lapsed() -> impl IntoView {
    let t = use_messages().dashboard();
    let (visit, path) = (use_visit(), use_location().pathname);
    // The server knows when it renders the dashboard; who comes here from another page has to ask.
    let rendered = Owner::current_shared_context().is_some_and(|context| context.during_hydration());
    Effect::new(move |_| {
        if !rendered {
            spawn_local_scoped(async move {
                if let Ok(data) = calendars().await {
                    set_lapsed(visit, any_expired(&data));
                }
            });
        }
    });
    let lapsed =
        Memo::new(move |_| visit.with(|visit| visit.viewer.as_ref().is_some_and(|viewer| viewer.calendar_expired)));
    let elsewhere = move || path.get().trim_end_matches('/') != urls::CALENDARS;
    view! {
        <Show when=move || lapsed.get() && elsewhere()>
            <div class="banner" data-tone="danger">
                <strong>{t.lapsed_title}</strong>
                <p>{t.lapsed_text}</p>
                <a class="button" data-size="small" href=urls::CALENDARS>{t.lapsed_link}</a>
            </div>
        </Show>
    }
}
