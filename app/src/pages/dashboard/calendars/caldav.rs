//! Connecting a calendar server by address, user name and password.

use super::Page;
use crate::AppError;
use crate::api::dashboard::{ConnectionView, connect_caldav};
use crate::components::{Button, ErrorSummary, TextField, browser, field_error, use_status};
use crate::i18n::{fill, use_messages};
use leptos::prelude::*;
use leptos::task::spawn_local_scoped;

/// Services whose address is known, or nearly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    ICloud,
    Fastmail,
    Nextcloud,
    Other,
}

impl Service {
    const ALL: [Self; 4] = [Self::ICloud, Self::Fastmail, Self::Nextcloud, Self::Other];

    const fn name(self) -> &'static str {
        match self {
            Self::ICloud => "iCloud",
            Self::Fastmail => "Fastmail",
            Self::Nextcloud => "Nextcloud",
            Self::Other => "",
        }
    }

    const fn url(self) -> &'static str {
        match self {
            Self::ICloud => "https://caldav.icloud.com/",
            Self::Fastmail => "https://caldav.fastmail.com/",
            Self::Nextcloud => "https://cloud.example.com/remote.php/dav",
            Self::Other => "",
        }
    }

    /// Whose address this is.
    fn of(url: &str) -> Self {
        let known = |service: &&Self| {
            let name = service.url().trim_end_matches('/');
            !name.is_empty() && url.trim_end_matches('/').eq_ignore_ascii_case(name)
        };
        match Self::ALL.iter().find(known) {
            Some(service) => *service,
            None if url.contains("/remote.php/dav") => Self::Nextcloud,
            None => Self::Other,
        }
    }
}

/// What stands in the form at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// The account that is to be connected again.
    account: Option<String>,
    url: String,
    username: String,
}

impl Start {
    /// The same connection once more: only the password is missing.
    pub(super) fn again(connection: &ConnectionView) -> Self {
        let account = connection.account.clone();
        let (url, username) = connection.login.clone().unwrap_or_else(|| (String::new(), account.clone()));
        Self { account: Some(account), url, username }
    }
}

/// Opens the form and goes there.
pub(super) fn open(page: Page, start: Start) {
    let first = if start.url.is_empty() { "url" } else { "password" };
    page.form.set(Some(start));
    request_animation_frame(move || {
        browser::reveal("caldav-form");
        browser::focus(first);
    });
}

/// Address, user name, password.
#[component]
pub fn CalDavForm(
    /// The page that it is on.
    page: Page,
    /// What stands in it.
    start: Start,
) -> impl IntoView {
    let (messages, status) = (use_messages(), use_status());
    let (t, common) = (messages.dashboard(), messages.common);
    let service = RwSignal::new(Service::of(&start.url));
    let (url, username) = (RwSignal::new(start.url), RwSignal::new(start.username));
    let password = RwSignal::new(String::new());
    let error = RwSignal::new(None::<AppError>);
    let pending = RwSignal::new(false);
    let title = match &start.account {
        Some(account) => fill(t.caldav_again_title, &[("name", account)]),
        None => t.caldav_title.to_owned(),
    };
    let choose = move |chosen: Service| {
        let typed = url.get_untracked();
        // What was typed by hand stays.
        if typed.trim().is_empty() || Service::ALL.iter().any(|service| service.url() == typed) {
            url.set(chosen.url().to_owned());
        }
        service.set(chosen);
    };
    let services = Service::ALL.map(|this| {
        let name = if this == Service::Other { t.caldav_other } else { this.name() };
        let pressed = move || if service.get() == this { "true" } else { "false" };
        view! { <button type="button" aria-pressed=pressed on:click=move |_| choose(this)>{name}</button> }
    });
    let hint =
        move |text: fn(Service) -> Option<&'static str>| Signal::derive(move || text(service.get()).map(String::from));
    let url_hint = hint(|service| {
        let t = use_messages().dashboard();
        Some(if service == Service::Nextcloud { t.caldav_url_nextcloud } else { t.caldav_url_hint })
    });
    let username_hint = hint(|service| match service {
        Service::ICloud => Some(use_messages().dashboard().caldav_username_icloud),
        Service::Fastmail => Some(use_messages().dashboard().caldav_username_fastmail),
        Service::Nextcloud | Service::Other => None,
    });
    let password_hint = hint(|service| {
        let t = use_messages().dashboard();
        Some(match service {
            Service::ICloud => t.caldav_password_icloud,
            Service::Fastmail => t.caldav_password_fastmail,
            Service::Nextcloud => t.caldav_password_nextcloud,
            Service::Other => t.caldav_password_hint,
        })
    });
    let wrong = move |field: &'static str| Signal::derive(move || error.with(|error| field_error(error, field)));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        error.set(None);
        spawn_local_scoped(async move {
            let trimmed = |signal: RwSignal<String>| signal.get_untracked().trim().to_owned();
            let answer = connect_caldav(trimmed(url), trimmed(username), password.get_untracked()).await;
            if pending.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(fresh) => {
                    status.say(fill(t.connected_title, &[("calendar", t.provider_caldav)]));
                    page.take(fresh);
                    page.await_first_look();
                    page.form.set(None);
                    request_animation_frame(|| {
                        browser::focus("connections-title");
                    });
                }
                Err(failed) => error.set(Some(failed)),
            }
        });
    };
    let close = move |_| {
        page.form.set(None);
        browser::focus("caldav-open");
    };
    let fields = vec![("url", t.caldav_url), ("username", t.caldav_username), ("password", t.caldav_password)];
    view! {
        <form class="card form caldav-form" id="caldav-form" novalidate autocomplete="off" aria-labelledby="caldav-title" on:submit=submit>
            <h3 id="caldav-title">{title}</h3>
            <ErrorSummary error=error fields=fields/>
            <div class="field">
                <span class="field-label" id="caldav-service">{t.caldav_service}</span>
                <div class="segments" role="group" aria-labelledby="caldav-service">{services.collect_view()}</div>
            </div>
            <TextField name="url" label=t.caldav_url kind="url" bind=url max=2000_u32 autocomplete="off" hint=url_hint error=wrong("url")/>
            <TextField name="username" label=t.caldav_username bind=username max=320_u32 autocomplete="off" hint=username_hint error=wrong("username")/>
            <TextField name="password" label=t.caldav_password kind="password" bind=password max=1000_u32 autocomplete="new-password" hint=password_hint error=wrong("password")/>
            <div class="button-row">
                <Button kind="primary" pending=pending>{t.caldav_connect}</Button>
                <button class="button" type="button" on:click=close>{common.cancel}</button>
            </div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_address() {
        assert_eq!(Service::of("https://caldav.icloud.com"), Service::ICloud);
        assert_eq!(Service::of("https://caldav.fastmail.com/"), Service::Fastmail);
        assert_eq!(Service::of("https://my.cloud/remote.php/dav/"), Service::Nextcloud);
        assert_eq!(Service::of(""), Service::Other);
        assert_eq!(Service::of("https://dav.example.com/"), Service::Other);
    }
}
