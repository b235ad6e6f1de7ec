//! What stands around every page.

use crate::context::use_visit;
use crate::i18n::use_messages;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use scheduling::{Language, urls};

/// The first thing that the keyboard reaches.
#[component]
pub fn SkipLink() -> impl IntoView {
    let go = |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        super::browser::focus("main");
    };
    view! { <a class="skip-link" href="#main" on:click=go>{use_messages().common.skip_to_content}</a> }.into_any()
}

/// Name, way in, language.
#[component]
pub fn Header() -> impl IntoView {
    let t = use_messages().common;
    let visit = use_visit();
    let account = move || {
        visit.with(|visit| match &visit.viewer {
            Some(viewer) => view! {
                <a class="account-link" href=urls::DASHBOARD title=viewer.name.clone()>{t.dashboard}</a>
            }
            .into_any(),
            None => view! { <a class="account-link" href=urls::LOGIN>{t.log_in}</a> }.into_any(),
        })
    };
    view! {
        <header class="site-header">
            <div class="site-header-in">
                <a class="wordmark" href=urls::HOME>
                    <span class="visually-hidden">{t.brand}</span>
                    <Seal/>
                    <span class="wordmark-name" aria-hidden="true">"Yaksok"</span>
                </a>
                <nav aria-label=t.main_navigation>
                    <LanguageSwitch/>
                    {move || account()}
                </nav>
            </div>
        </header>
    }
    .into_any()
}

/// The seal: two syllables, cut into a stamp.
#[component]
fn Seal() -> impl IntoView {
    view! {
        <span class="seal-mark" lang="ko" aria-hidden="true">
            <span>"약"</span>
            <span>"속"</span>
        </span>
    }
    .into_any()
}

/// Chooses the language by a plain form, and comes back to this page.
#[component]
fn LanguageSwitch() -> impl IntoView {
    let t = use_messages().common;
    let current = use_visit().with_untracked(|visit| visit.language);
    let location = use_location();
    let next = move || {
        let search = location.search.get();
        let path = location.pathname.get();
        if search.is_empty() { path } else { format!("{path}?{search}") }
    };
    let choices = Language::ALL.map(|language| {
        let name = match language {
            Language::En => "English",
            Language::Ko => "한국어",
        };
        view! {
            <button
                type="submit"
                name="language"
                value=language.tag()
                lang=language.tag()
                aria-pressed=if language == current { "true" } else { "false" }
            >
                {name}
            </button>
        }
        .into_any()
    });
    view! {
        <form class="language-switch" method="post" action=urls::LANGUAGE aria-label=t.language_label>
            <input type="hidden" name="next" value=next/>
            {choices}
        </form>
    }
    .into_any()
}

/// The end of every page.
#[component]
pub fn Footer() -> impl IntoView {
    let t = use_messages().common;
    view! {
        <footer class="site-footer">
            <div class="site-footer-in">
                <p>{t.footer_line}</p>
                <nav aria-label=t.footer_navigation>
                    <a href=urls::API_DOCS rel="external">{t.api_docs}</a>
                </nav>
            </div>
        </footer>
    }
    .into_any()
}
