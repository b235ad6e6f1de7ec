//! One connection.

use super::caldav::{self, Start};
use super::{Page, is_first, provider_name, switched_off};
use crate::api::dashboard::{Calendars, ConnectionView, disconnect_calendar, sync_calendar};
use crate::components::{Button, Dialog, use_status};
use crate::context::use_clock;
use crate::format;
use crate::i18n::{error_text, fill, use_language, use_messages};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;
use scheduling::urls;

/// One connection: how it fares, and what can be done.
#[component]
pub fn Card(
    /// The page that it is on.
    page: Page,
    /// As it is at first.
    connection: ConnectionView,
    /// Where it asks to be forgotten.
    leaving: Leaving,
) -> impl IntoView {
    let (t, status) = (use_messages().dashboard(), use_status());
    let (id, account) = (connection.id, connection.account.clone());
    let provider = provider_name(&connection.provider);
    let this = Memo::new(move |before: Option<&ConnectionView>| {
        let found = page.data.with(|data| data.connections.iter().find(|other| other.id == id).cloned());
        // While it is being taken away it stays as it was.
        found.or_else(|| before.cloned()).unwrap_or_else(|| connection.clone())
    });
    let syncing = RwSignal::new(false);
    let name = StoredValue::new(account.clone());
    let sync = move |()| {
        let name = name.get_value();
        let (seen, error) = this.with_untracked(|this| (this.last_synced_at, this.error.clone()));
        syncing.set(true);
        status.announce(fill(t.sync_begun, &[("name", &name)]));
        spawn_local_scoped(async move {
            let over = move |data: &Calendars| {
                data.connections.iter().find(|other| other.id == id).is_none_or(|now| {
                    now.last_synced_at != seen || now.status == "expired" || (now.error.is_some() && now.error != error)
                })
            };
            let outcome = match sync_calendar(id).await {
                Ok(fresh) => {
                    page.take(fresh);
                    page.wait(over).await
                }
                Err(error) => Some(Err(error)),
            };
            let Some(outcome) = outcome else { return };
            syncing.set(false);
            let now = page.connection(id);
            let looked = now.as_ref().is_some_and(|now| now.last_synced_at != seen);
            match outcome {
                Ok(_) if now.is_some_and(|now| now.status == "expired") => {
                    status.fail(fill(t.expired_title, &[("calendar", provider)]));
                }
                Ok(true) if looked => status.say(fill(t.sync_done, &[("name", &name)])),
                Ok(_) => status.fail(fill(t.sync_not_yet, &[("name", &name)])),
                Err(error) => status.fail(error_text(&error)),
            }
        });
    };
    let state = Memo::new(move |_| this.with(State::of));
    let badge = move || {
        let (tone, text) = match state.get() {
            State::Fine => (Some("ok"), t.health_fine),
            State::First => (None, t.health_first),
            State::Trouble => (Some("warn"), t.health_trouble),
            State::Expired => (Some("danger"), t.health_expired),
        };
        view! { <span class="badge" data-tone=tone>{text}</span> }
    };
    let expired = move || state.get() == State::Expired;
    let trouble = move || {
        let code = this.with(|this| this.error.clone()).filter(|_| !expired())?;
        // One look that fails is no news; what the mentor can change is.
        if state.get() != State::Trouble && matches!(code.as_str(), "unreachable" | "throttled") {
            return None;
        }
        let text = match code.as_str() {
            "throttled" => t.trouble_throttled,
            "refused" => t.trouble_refused,
            "calendar_gone" => t.trouble_gone,
            _ => t.trouble_unreachable,
        };
        let again = (code == "refused").then(|| view! { <Again page=page connection=this small=true/> });
        Some(view! {
            <p class="trouble">{text}</p>
            {again}
        })
    };
    // The same address may have an account at several providers.
    let full_name = format!("{account}, {provider}");
    let label = |text: &str| fill(t.action_label, &[("action", text), ("name", &full_name)]);
    let (sync_label, leave_label) = (label(t.sync_now), label(t.disconnect));
    let ask = move |_| {
        leaving.asked.set(Some(this.get_untracked()));
        leaving.open.set(true);
    };
    view! {
        <article class="card connection">
            <div class="connection-head">
                <div>
                    <h3>{account.clone()}</h3>
                    <p class="muted small">{provider}</p>
                </div>
                {badge}
            </div>
            <Show when=expired>
                <div class="banner" data-tone="danger">
                    <strong>{fill(t.expired_title, &[("calendar", provider)])}</strong>
                    <p>{t.expired_text}</p>
                    <Again page=page connection=this/>
                </div>
            </Show>
            {trouble}
            <p class="small connection-health"><Looks page=page connection=this/></p>
            <div class="button-row">
                <Show when=move || !expired()>
                    <Button size="small" label=sync_label.clone() pending=syncing on_press=sync>{t.sync_now}</Button>
                </Show>
                <button class="button" data-size="small" data-kind="quiet" type="button" aria-haspopup="dialog" aria-label=leave_label on:click=ask>{t.disconnect}</button>
            </div>
        </article>
    }
}

/// How a connection fares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    First,
    Fine,
    Trouble,
    Expired,
}

impl State {
    fn of(connection: &ConnectionView) -> Self {
        match connection.status.as_str() {
            "expired" => Self::Expired,
            "error" => Self::Trouble,
            _ if connection.last_synced_at.is_none() && connection.error.is_some() => Self::Trouble,
            _ if is_first(connection) => Self::First,
            _ => Self::Fine,
        }
    }
}

/// When was looked there last, and when it is next: in the mentor's time zone.
#[component]
fn Looks(page: Page, connection: Memo<ConnectionView>) -> impl IntoView {
    let (t, language, clock) = (use_messages().dashboard(), use_language(), use_clock());
    let moment = move |at: DateTime<Utc>, data: &Calendars| {
        let (wall, today) = (data.zone.wall(at), data.zone.wall(data.now).date());
        let time = format::time(wall.time(), clock, language);
        if wall.date() == today { time } else { format!("{}, {time}", format::date_short(wall.date(), language)) }
    };
    move || {
        connection.with(|connection| {
            page.data.with(|data| {
                let expired = connection.status == "expired";
                let mut text = match connection.last_synced_at {
                    Some(at) => {
                        let ago = format::ago(at, data.now, language);
                        fill(t.last_synced, &[("ago", &ago), ("time", &moment(at, data))])
                    }
                    None if is_first(connection) => return t.first_look.to_owned(),
                    None => String::new(),
                };
                match connection.next_sync_at.filter(|_| !expired) {
                    Some(at) if at > data.now => {
                        text = format!("{text} {}", fill(t.next_sync, &[("time", &moment(at, data))]));
                    }
                    Some(_) => text = format!("{text} {}", t.next_sync_now),
                    None => {}
                }
                text.trim_start().to_owned()
            })
        })
    }
}

/// The way to connect the same once more.
#[component]
fn Again(page: Page, connection: Memo<ConnectionView>, #[prop(optional)] small: bool) -> impl IntoView {
    let t = use_messages().dashboard();
    let size = small.then_some("small");
    move || {
        let of = connection.get();
        let on = page.data.with(|data| match of.provider.as_str() {
            "google" => data.google,
            "microsoft" => data.microsoft,
            _ => true,
        });
        match of.provider.as_str() {
            "caldav" => {
                let open = move |_| caldav::open(page, Start::again(&connection.get_untracked()));
                view! { <button class="button" data-size=size data-kind=(!small).then_some("primary") type="button" on:click=open>{t.connect_again}</button> }.into_any()
            }
            provider if on => {
                let href = urls::calendar_connect(provider);
                view! { <a class="button" data-size=size data-kind=(!small).then_some("primary") href=href rel="external">{t.connect_again}</a> }.into_any()
            }
            provider => view! { <p class="small">{switched_off(provider)}</p> }.into_any(),
        }
    }
}

/// Which connection is to be forgotten; asked once, in one dialog for the whole page.
#[derive(Clone, Copy, Debug)]
pub struct Leaving {
    pub(super) asked: RwSignal<Option<ConnectionView>>,
    pub(super) open: RwSignal<bool>,
}

/// Asks, and forgets.
#[component]
pub fn Disconnect(
    /// The page that it is on.
    page: Page,
    /// What is asked.
    leaving: Leaving,
) -> impl IntoView {
    let (messages, status) = (use_messages(), use_status());
    let t = messages.dashboard();
    let Leaving { asked, open } = leaving;
    let (pending, problem) = (RwSignal::new(false), RwSignal::new(None::<&'static str>));
    Effect::new(move |_| {
        asked.track();
        problem.set(None);
    });
    let title = Signal::derive(move || {
        let name = asked.with(|asked| asked.as_ref().map(|of| of.account.clone())).unwrap_or_default();
        fill(t.disconnect_title, &[("name", &name)])
    });
    let receives = move || {
        let id = asked.with(|asked| asked.as_ref().map(|of| of.id));
        let receiving = page.chosen.with(|choice| choice.receiving);
        receiving.is_some_and(|receiving| {
            page.data.with(|data| {
                let own = data.connections.iter().filter(|connection| Some(connection.id) == id);
                own.flat_map(|connection| &connection.calendars).any(|calendar| calendar.id == receiving)
            })
        })
    };
    let go = move |()| {
        let Some(of) = asked.get_untracked() else { return };
        pending.set(true);
        problem.set(None);
        spawn_local_scoped(async move {
            let answer = disconnect_calendar(of.id).await;
            pending.set(false);
            match answer {
                Ok(fresh) => {
                    open.set(false);
                    page.take(fresh);
                    status.say(fill(t.disconnect_done, &[("name", &of.account)]));
                }
                Err(error) => problem.set(Some(error_text(&error))),
            }
        });
    };
    view! {
        <Dialog open=open title=title id="disconnect" home="calendars-title">
            <p class="muted">{move || asked.with(|asked| asked.as_ref().map(|of| provider_name(&of.provider)))}</p>
            <p>{t.disconnect_text}</p>
            <Show when=receives>
                <p>{t.disconnect_receives}</p>
            </Show>
            {move || problem.get().map(|text| view! { <p class="field-error" role="alert">{text}</p> })}
            <div class="dialog-actions">
                <button class="button" type="button" on:click=move |_| open.set(false)>{messages.common.cancel}</button>
                <Button kind="danger" pending=pending on_press=go>{t.disconnect}</Button>
            </div>
        </Dialog>
    }
}
