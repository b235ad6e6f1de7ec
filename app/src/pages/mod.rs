//! The routes and the pages behind them.

pub mod account;
pub mod book;
pub mod booking;
pub mod dashboard;
pub mod directory;
pub mod keeping;
pub mod mentor;

use crate::components::browser;
use crate::components::{Footer, Header, NotFoundView, SkipLink, StatusRegion, provide_status};
use crate::context::{provide_posted, provide_visit};
use crate::i18n::use_language;
use account::{ForgotPage, LoginPage, SignupPage, VerifyPage};
use booking::BookingPage;
use dashboard::{
    ActivityPage, AvailabilityPage, BookingDetailPage, CalendarsPage, DashboardLayout, DashboardPage, SessionTypesPage,
    SettingsPage,
};
use directory::DirectoryPage;
use leptos::prelude::*;
use leptos_meta::*;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};
use mentor::MentorPage;

/// The document around the app.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f8f5ee"/>
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#151311"/>
                <meta name="format-detection" content="telephone=no"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="icon" href="/favicon.ico" sizes="32x32"/>
                <link rel="apple-touch-icon" href="/apple-touch-icon.png"/>
                <HydrationScripts options=options.clone()/>
                <HashedStylesheet options id="leptos"/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The application. Every page is rendered whole before its first byte leaves, so that status, title and description
/// are right.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
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
    let pathname = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let path = pathname.get();
        if before.is_some_and(|before| before != path) {
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
                <Route path=path!("/") view=|| DirectoryPage().into_any() ssr=SsrMode::Async/>
                <Route path=path!("/signup") view=|| SignupPage().into_any() ssr=SsrMode::Async/>
                <Route path=path!("/login") view=|| LoginPage().into_any() ssr=SsrMode::Async/>
                <Route path=path!("/forgot") view=|| ForgotPage().into_any() ssr=SsrMode::Async/>
                <Route path=path!("/verify") view=|| VerifyPage().into_any() ssr=SsrMode::Async/>
                <ParentRoute path=path!("/dashboard") view=|| DashboardLayout().into_any() ssr=SsrMode::Async>
                    <Route path=path!("") view=|| DashboardPage().into_any() ssr=SsrMode::Async/>
                    <Route path=path!("bookings/:id") view=|| BookingDetailPage().into_any() ssr=SsrMode::Async/>
                    <Route path=path!("availability") view=|| AvailabilityPage().into_any() ssr=SsrMode::Async/>
                    <Route path=path!("session-types") view=|| SessionTypesPage().into_any() ssr=SsrMode::Async/>
                    <Route path=path!("calendars") view=|| CalendarsPage().into_any() ssr=SsrMode::Async/>
                    <Route path=path!("activity") view=|| ActivityPage().into_any() ssr=SsrMode::Async/>
                    <Route path=path!("settings") view=|| SettingsPage().into_any() ssr=SsrMode::Async/>
                </ParentRoute>
                <Route path=path!("/b/:token") view=|| BookingPage().into_any() ssr=SsrMode::Async/>
                <Route path=path!("/:handle") view=|| MentorPage().into_any() ssr=SsrMode::Async/>
                <Route path=path!("/:handle/:session_type") view=|| MentorPage().into_any() ssr=SsrMode::Async/>
            </Routes>
        </main>
        <Footer/>
        <StatusRegion/>
    }
}
