//! Connected calendars.

use crate::i18n::use_messages;
use leptos::prelude::*;
use leptos_meta::Title;
use scheduling::urls;

/// Connected calendars. None can be connected yet, and this says so.
#[component]
pub fn CalendarsPage() -> impl IntoView {
    let t = use_messages().dashboard;
    let provider = |name: &'static str, text: &'static str| {
        view! {
            <li class="card provider">
                <h2>{name}</h2>
                <p class="muted">{text}</p>
                <p><span class="badge">{t.calendars_not_yet}</span></p>
            </li>
        }
    };
    view! {
        <Title text=t.calendars_title/>
        <div class="stack">
            <div class="page-head">
                <h1>{t.calendars_title}</h1>
            </div>
            <p class="lead">{t.calendars_lead}</p>
            <ul class="providers">
                {provider("Google Calendar", t.calendars_google)}
                {provider("Outlook", t.calendars_outlook)}
                {provider("CalDAV", t.calendars_caldav)}
            </ul>
            <div class="banner">
                <strong>{t.calendars_meanwhile_title}</strong>
                <p>{t.calendars_meanwhile_text}</p>
                <a class="button" data-size="small" href=urls::AVAILABILITY>{t.calendars_meanwhile_link}</a>
            </div>
        </div>
    }
}
