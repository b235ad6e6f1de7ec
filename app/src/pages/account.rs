//! Accounts: signing up, logging in, passwords, addresses.

use crate::AppError;
use crate::components::head::{Tag, tell};
use crate::components::{Button, ErrorSummary, FormKey, TextField, ZoneField, field_error};
use crate::context::{Posted, set_status, use_posted, use_visit};
use crate::i18n::{fill, use_messages};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use scheduling::urls;

/// What the request asked for: where a mentor is who says nothing of it.
const FIRST_ZONE: &str = "Asia/Seoul";
/// The shortest password.
const PASSWORD: usize = 10;
/// The longest, so that hashing one stays cheap.
const PASSWORD_MAX: u32 = 1000;

/// The frame of a page with one form.
#[component]
fn OneForm(
    /// Heading and title.
    title: &'static str,
    /// A sentence below.
    #[prop(optional, into)]
    lead: String,
    children: Children,
) -> impl IntoView {
    tell(Tag::Name("robots"), "noindex");
    view! {
        <Title text=title/>
        <div class="page account" data-narrow="true">
            <div class="stack">
                <header class="account-head">
                    <h1>{title}</h1>
                    {(!lead.is_empty()).then(|| view! { <p class="lead">{lead}</p> })}
                </header>
                {children()}
            </div>
        </div>
    }
    .into_any()
}

fn posted() -> Posted {
    use_posted().unwrap_or_default()
}

fn query(name: &'static str) -> String {
    use_query_map().with_untracked(|query| query.get(name)).unwrap_or_default()
}

/// `/signup`
#[component]
pub fn SignupPage() -> impl IntoView {
    let t = use_messages().common;
    let visit = use_visit();
    if !visit.with_untracked(|visit| visit.signups_open) {
        set_status(404);
        return view! {
            <OneForm title=t.signup_closed_title lead=t.signup_closed_text>
                <p><a class="button" href=urls::LOGIN>{t.log_in}</a></p>
            </OneForm>
        }
        .into_any();
    }
    let posted = posted();
    if !query("sent").is_empty() && posted.error.is_none() {
        return view! {
            <OneForm title=t.signup_sent_title lead=t.signup_sent_text>
                <p><a href=urls::SIGNUP>{t.signup_sent_again}</a></p>
                <MailInFiles/>
            </OneForm>
        }
        .into_any();
    }
    let (name, handle) = (RwSignal::new(posted.value("name")), RwSignal::new(posted.value("handle")));
    let email = RwSignal::new(posted.value("email"));
    // Suggested from the name until it is written by hand.
    let suggested = RwSignal::new(String::new());
    Effect::new(move |_| {
        let guess = suggest_handle(&name.get(), &email.get());
        let own = handle.with_untracked(|handle| suggested.with_untracked(|suggested| handle != suggested));
        if !own && handle.with_untracked(|handle| *handle != guess) {
            suggested.set(guess.clone());
            handle.set(guess);
        }
    });
    let zone = RwSignal::new(match posted.value("timezone") {
        zone if zone.is_empty() => {
            let asked = Some(query("tz")).filter(|zone| !zone.is_empty());
            let is_asked = asked.is_some();
            let known = asked.or_else(|| visit.with_untracked(|visit| visit.timezone.clone()));
            let zone = known.unwrap_or_else(|| FIRST_ZONE.to_string());
            // The answer to a form is not loaded once more.
            if posted.values.is_empty() && !is_asked {
                tell(Tag::Zone, &zone);
            }
            zone
        }
        zone => zone,
    });
    let error = RwSignal::new(posted.error);
    let wrong = move |field: &'static str| Signal::derive(move || error.with(|error| field_error(error, field)));
    let prefix = visit.with_untracked(|visit| {
        let base = visit.base_url.as_str();
        format!("{}/", base.split("://").last().unwrap_or(base))
    });
    view! {
        <OneForm title=t.signup_title lead=t.signup_lead>
            <ErrorSummary
                error=error
                fields=vec![
                    ("name", t.name),
                    ("handle", t.handle),
                    ("email", t.email),
                    ("password", t.password),
                    ("timezone", t.zone_label),
                ]
            />
            <form class="form" method="post" action=urls::SIGNUP novalidate>
                <FormKey about="signup"/>
                <TextField name="name" label=t.name bind=name autocomplete="name" max=200_u32 error=wrong("name")/>
                <TextField
                    name="handle"
                    label=t.handle
                    bind=handle
                    prefix=prefix
                    max=40_u32
                    autocomplete="off"
                    hint=t.handle_hint.to_string()
                    error=wrong("handle")
                />
                <TextField
                    name="email"
                    label=t.email
                    kind="email"
                    bind=email
                    autocomplete="email"
                    max=254_u32
                    hint=t.signup_email_hint.to_string()
                    error=wrong("email")
                />
                <NewPassword label=t.password error=wrong("password")/>
                <ZoneField
                    name="timezone"
                    label=t.zone_label
                    value=zone
                    on_choose=move |name| zone.set(name)
                    hint=t.signup_zone_hint.to_string()
                    error=wrong("timezone")
                />
                <Button kind="primary">{t.signup_submit}</Button>
            </form>
            <p class="account-other">{t.signup_have_account} " " <a href=urls::LOGIN>{t.log_in}</a></p>
        </OneForm>
    }
    .into_any()
}

/// On a server without a mail transport: where to look instead.
#[component]
fn MailInFiles() -> impl IntoView {
    let files = use_visit().with_untracked(|visit| visit.mail_in_files);
    files.then(|| view! { <p class="note">{use_messages().common.mail_in_files}</p> })
}

/// A password that is being chosen, with how much is missing.
#[component]
fn NewPassword(label: &'static str, #[prop(into)] error: Signal<Option<String>>) -> impl IntoView {
    let t = use_messages().common;
    let typed = RwSignal::new(String::new());
    let hint = Signal::derive(move || {
        let length = typed.with(|typed| typed.chars().count());
        let text = match PASSWORD.saturating_sub(length) {
            PASSWORD => t.password_hint.into(),
            0 => t.password_enough.into(),
            1 => t.password_more_one.into(),
            n => fill(t.password_more, &[("n", &n.to_string())]),
        };
        Some(text)
    });
    view! {
        <TextField
            name="password"
            label=label
            kind="password"
            bind=typed
            autocomplete="new-password"
            max=PASSWORD_MAX
            hint=hint
            error=error
        />
    }
    .into_any()
}

/// `/login`
#[component]
pub fn LoginPage() -> impl IntoView {
    let t = use_messages().common;
    let open = use_visit().with_untracked(|visit| visit.signups_open);
    let posted = posted();
    let next = match posted.value("next") {
        next if next.is_empty() => query("next"),
        next => next,
    };
    let error = RwSignal::new(posted.error.clone());
    let reset = !query("reset").is_empty() && posted.error.is_none();
    let link_used = !query("link").is_empty() && posted.error.is_none();
    let sent_here = !next.is_empty() && posted.error.is_none() && !reset;
    let wrong = move |field: &'static str| Signal::derive(move || error.with(|error| field_error(error, field)));
    view! {
        <OneForm title=t.login_title>
            {reset.then(|| view! { <p class="banner" data-tone="ok" role="status">{t.login_reset_done}</p> })}
            {link_used.then(|| view! { <p class="banner" data-tone="warn" role="alert">{t.enter_link_used}</p> })}
            {sent_here.then(|| view! { <p class="banner">{t.login_first}</p> })}
            <ErrorSummary error=error fields=vec![("email", t.email), ("password", t.password)]/>
            <form class="form" method="post" action=urls::LOGIN novalidate>
                <input type="hidden" name="next" value=next/>
                <TextField
                    name="email"
                    label=t.email
                    kind="email"
                    value=posted.value("email")
                    autocomplete="username"
                    max=254_u32
                    error=wrong("email")
                />
                <TextField
                    name="password"
                    label=t.password
                    kind="password"
                    autocomplete="current-password"
                    max=PASSWORD_MAX
                    error=wrong("password")
                />
                <Button kind="primary">{t.login_submit}</Button>
            </form>
            <p class="account-other"><a href=urls::FORGOT>{t.login_forgot}</a></p>
            {open
                .then(|| {
                    view! {
                        <p class="account-other">{t.login_no_account} " " <a href=urls::SIGNUP>{t.sign_up}</a></p>
                    }
                })}
        </OneForm>
    }
    .into_any()
}

/// `/forgot`: asks for the link; with the link's token, sets a new password.
#[component]
pub fn ForgotPage() -> impl IntoView {
    let t = use_messages().common;
    let posted = posted();
    let token = match posted.value("token") {
        token if token.is_empty() => query("token"),
        token => token,
    };
    // A link that does not work any more leads to asking for another.
    let used = !token.is_empty() && matches!(posted.error, Some(AppError::WrongCredentials | AppError::NotFound));
    let error = RwSignal::new(posted.error.clone().filter(|_| !used));
    let wrong = move |field: &'static str| Signal::derive(move || error.with(|error| field_error(error, field)));
    if !token.is_empty() && !used {
        return view! {
            <OneForm title=t.reset_title>
                <ErrorSummary error=error fields=vec![("password", t.new_password)]/>
                <form class="form" method="post" action=urls::FORGOT novalidate>
                    <FormKey about="reset"/>
                    <input type="hidden" name="token" value=token/>
                    <NewPassword label=t.new_password error=wrong("password")/>
                    <Button kind="primary">{t.reset_submit}</Button>
                </form>
            </OneForm>
        }
        .into_any();
    }
    if !query("sent").is_empty() && posted.error.is_none() {
        return view! {
            <OneForm title=t.forgot_sent_title lead=t.forgot_sent_text>
                <p><a href=urls::FORGOT>{t.forgot_again}</a></p>
                <MailInFiles/>
            </OneForm>
        }
        .into_any();
    }
    view! {
        <OneForm title=t.forgot_title lead=t.forgot_text>
            {used.then(|| view! { <p class="banner" data-tone="warn" role="alert">{t.forgot_link_used}</p> })}
            <ErrorSummary error=error fields=vec![("email", t.email)]/>
            <form class="form" method="post" action=urls::FORGOT novalidate>
                <FormKey about="forgot"/>
                <TextField
                    name="email"
                    label=t.email
                    kind="email"
                    value=posted.value("email")
                    autocomplete="email"
                    max=254_u32
                    error=wrong("email")
                />
                <Button kind="primary">{t.forgot_submit}</Button>
            </form>
            <p class="account-other"><a href=urls::LOGIN>{t.log_in}</a></p>
        </OneForm>
    }
    .into_any()
}

/// `/verify`: confirms the e-mail address, at the press of a button, so that a program that follows links does not.
#[component]
pub fn VerifyPage() -> impl IntoView {
    let t = use_messages().common;
    let posted = posted();
    let token = match posted.value("token") {
        token if token.is_empty() => query("token"),
        token => token,
    };
    let done = !query("done").is_empty() || (posted.error.is_none() && !posted.values.is_empty());
    if done {
        return view! {
            <OneForm title=t.verify_title>
                <p class="banner" data-tone="ok" role="status">{t.verify_done}</p>
                <p><a class="button" data-kind="primary" href=urls::DASHBOARD>{t.dashboard}</a></p>
            </OneForm>
        }
        .into_any();
    }
    let used = matches!(posted.error, Some(AppError::WrongCredentials | AppError::NotFound));
    if used || token.is_empty() {
        let (text, tone) = if used { (t.verify_link_used, "warn") } else { (t.verify_no_token, "") };
        return view! {
            <OneForm title=t.verify_title>
                <p class="banner" data-tone=tone role="alert">{text}</p>
                <div class="button-row">
                    <a class="button" href=urls::LOGIN>{t.log_in}</a>
                    <a class="button" data-kind="quiet" href=urls::SIGNUP>{t.sign_up}</a>
                </div>
            </OneForm>
        }
        .into_any();
    }
    view! {
        <OneForm title=t.verify_title lead=t.verify_text>
            <ErrorSummary error=Signal::stored(posted.error)/>
            <form method="post" action=urls::VERIFY>
                <FormKey about="verify"/>
                <input type="hidden" name="token" value=token/>
                <Button kind="primary">{t.verify_submit}</Button>
            </form>
        </OneForm>
    }
    .into_any()
}

/// A handle made of a name in Latin letters, else of the e-mail address; empty where neither gives one.
fn suggest_handle(name: &str, email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    [name, local].into_iter().map(slug).find(|handle| handle.len() >= 3).unwrap_or_default()
}

fn slug(text: &str) -> String {
    let mut handle = String::new();
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c @ 'a'..='z' => handle.push(c),
            c @ '0'..='9' if !handle.is_empty() => handle.push(c),
            ' ' | '-' | '_' | '.' if !handle.is_empty() && !handle.ends_with('-') => handle.push('-'),
            _ => {}
        }
    }
    handle.truncate(40);
    handle.trim_end_matches('-').into()
}

#[cfg(test)]
mod tests {
    use super::suggest_handle;

    #[test]
    fn a_handle_is_suggested_where_letters_allow() {
        assert_eq!(suggest_handle("Ada Lovelace", ""), "ada-lovelace");
        assert_eq!(suggest_handle("김멘토", "kim.mentor@example.com"), "kim-mentor");
        assert_eq!(suggest_handle("7 of 9", "x"), "of-9");
        assert_eq!(suggest_handle("김", ""), "");
    }
}
