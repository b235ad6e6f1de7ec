//! The routes and the pages behind them.

pub mod account;
pub mod book;
pub mod booking;
pub mod dashboard;
pub mod directory;
pub mod keeping;
pub mod mentor;
pub mod parts;

use crate::components::browser;
use crate::components::head::provide_head;
use crate::components::{Footer, Header, NotFoundView, SkipLink, StatusRegion, provide_status};
use crate::context::{learn_zone, provide_posted, provide_visit};
use crate::i18n::use_language;
use leptos::prelude::*;
use leptos_meta::*;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};
use parts::{Account, Dashboard, Page};

/// The application. Every page is rendered whole before its first byte leaves, so that status, title and description
/// are right.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_head();
    provide_visit();
    provide_status();
    view! {
        <Html {..} lang=use_language().tag()/>
        <Title formatter=title text=""/>
        <Router>
            <Frame/>
        </Router>
    }
}

/// The whole title of a page.
fn title(text: String) -> String {
    let title = if text.is_empty() { "Yaksok".into() } else { format!("{text} · Yaksok") };
    // leptos_meta writes the title into the page as it is.
    if cfg!(feature = "ssr") { title.replace('&', "&amp;").replace('<', "&lt;") } else { title }
}

/// What stays while pages change. Each page's type is erased: they are many and deep.
#[component]
fn Frame() -> impl IntoView {
    provide_posted();
    learn_zone();
    let pathname = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let path = pathname.get();
        if before.is_some_and(|before| before != path) {
            browser::forget_head();
            // As after an ordinary load, reading begins with the new page.
            browser::focus_in_place("main");
        }
        path
    });
    view! {
        <SkipLink/>
        <Header/>
        <main id="main" tabindex="-1">
            <Routes fallback=|| view! { <div class="page"><NotFoundView/></div> }>
                <Route path=path!("/") view=Page::Directory ssr=SsrMode::Async/>
                <Route path=path!("/signup") view=Page::Account(Account::Signup) ssr=SsrMode::Async/>
                <Route path=path!("/login") view=Page::Account(Account::Login) ssr=SsrMode::Async/>
                <Route path=path!("/forgot") view=Page::Account(Account::Forgot) ssr=SsrMode::Async/>
                <Route path=path!("/verify") view=Page::Account(Account::Verify) ssr=SsrMode::Async/>
                <ParentRoute path=path!("/dashboard") view=Page::Dashboard(Dashboard::Layout) ssr=SsrMode::Async>
                    <Route path=path!("") view=Page::Dashboard(Dashboard::Bookings) ssr=SsrMode::Async/>
                    <Route path=path!("bookings/:id") view=Page::Dashboard(Dashboard::Booking) ssr=SsrMode::Async/>
                    <Route path=path!("availability") view=Page::Dashboard(Dashboard::Availability) ssr=SsrMode::Async/>
                    <Route path=path!("session-types") view=Page::Dashboard(Dashboard::SessionTypes) ssr=SsrMode::Async/>
                    <Route path=path!("calendars") view=Page::Dashboard(Dashboard::Calendars) ssr=SsrMode::Async/>
                    <Route path=path!("activity") view=Page::Dashboard(Dashboard::Activity) ssr=SsrMode::Async/>
                    <Route path=path!("settings") view=Page::Dashboard(Dashboard::Settings) ssr=SsrMode::Async/>
                </ParentRoute>
                <Route path=path!("/b/:token") view=Page::Booking ssr=SsrMode::Async/>
                <Route path=path!("/:handle") view=Page::Mentor ssr=SsrMode::Async/>
                <Route path=path!("/:handle/:session_type") view=Page::Mentor ssr=SsrMode::Async/>
            </Routes>
        </main>
        <Footer/>
        <StatusRegion/>
    }
}
