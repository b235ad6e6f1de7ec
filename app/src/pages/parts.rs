//! Which page comes with which part of the program.
//!
//! The browser loads the frame and the booking page at once; everything else is a part of its own, loaded by whoever
//! goes there. The build tool cuts at `#[wasm_split]`, and all code that only one part needs goes with it.
//!
//! A part that does not arrive (the network is gone, or a newer release has taken its place on the server) is no dead end:
//! the browser loads the page anew.

use super::account::{ForgotPage, LoginPage, SignupPage, VerifyPage};
use super::book::{Details, Times};
use super::booking::BookingPage;
use super::dashboard::{
    ActivityPage, AvailabilityPage, BookingDetailPage, CalendarsPage, DashboardLayout, DashboardPage, SessionTypesPage,
    SettingsPage,
};
use super::directory::DirectoryPage;
use super::mentor::MentorPage;
use crate::api::public::Month;
use crate::components::browser;
use crate::context::use_visit;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use leptos_router::ChooseView;
use leptos_router::hooks::{use_location, use_query_map};
use leptos_router::location::Location;

/// A page, as a route names it.
#[derive(Clone, Copy, Debug)]
pub enum Page {
    /// `/{handle}`: loaded at once.
    Mentor,
    /// `/`: a part.
    Directory,
    /// `/b/{token}`: a part.
    Booking,
    /// Signing up, logging in and the like: a part.
    Account(Account),
    /// What mentors see: a part.
    Dashboard(Dashboard),
}

/// Pages around an account.
#[derive(Clone, Copy, Debug)]
pub enum Account {
    /// `/signup`
    Signup,
    /// `/login`
    Login,
    /// `/forgot`
    Forgot,
    /// `/verify`
    Verify,
}

/// Pages of the dashboard.
#[derive(Clone, Copy, Debug)]
pub enum Dashboard {
    /// What stands around each of them.
    Layout,
    /// `/dashboard`
    Bookings,
    /// `/dashboard/bookings/{id}`
    Booking,
    /// `/dashboard/availability`
    Availability,
    /// `/dashboard/session-types`
    SessionTypes,
    /// `/dashboard/calendars`
    Calendars,
    /// `/dashboard/activity`
    Activity,
    /// `/dashboard/settings`
    Settings,
}

impl ChooseView for Page {
    async fn choose(self) -> AnyView {
        let location = use_location();
        let part = match self {
            Page::Mentor => return MentorPage().into_any(),
            Page::Directory => directory_part().await,
            Page::Booking => booking_part().await,
            Page::Account(page) => account_part(page).await,
            Page::Dashboard(page) => dashboard_part(page).await,
        };
        arrived(part, location).await
    }

    async fn preload(&self) {
        let missing = match self {
            Page::Mentor => form_is_open() && preload_details().await.is_err(),
            Page::Directory => preload_directory().await.is_err(),
            Page::Booking => preload_booking().await.is_err(),
            Page::Account(_) => preload_account().await.is_err(),
            Page::Dashboard(_) => preload_dashboard().await.is_err(),
        };
        // The first page works as the server sent it, without a script; any other is asked for once more.
        if missing && !browser::is_alive() {
            std::future::pending().await
        }
    }
}

/// Whether the page that the server sent shows the booking form. What hydrates must be there at once.
fn form_is_open() -> bool {
    use_query_map().with_untracked(|query| query.get_str("start").is_some())
        || use_visit().with_untracked(|visit| visit.posted.is_some())
}

/// A part's view.
type Part = Result<AnyView, Missing>;

/// A part has not arrived. Why, the browser's console tells.
pub(super) struct Missing;

impl From<SplitLoaderError> for Missing {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

/// A part that has not arrived makes the browser load the page where it is by then, or is about to be, anew.
async fn arrived(part: Part, location: Location) -> AnyView {
    if let Ok(view) = part {
        return view;
    }
    if let (Some(path), Some(search)) = (location.pathname.try_get_untracked(), location.search.try_get_untracked()) {
        browser::leave_for_good(&if search.is_empty() { path } else { format!("{path}?{search}") });
    }
    std::future::pending().await
}

/// The form of the booking page. It is asked for at the first sign that somebody is about to choose.
pub(super) async fn details(times: Times, start: DateTime<Utc>, month: Memo<Month>, post_path: String) -> AnyView {
    let location = use_location();
    arrived(details_part(times, start, month, post_path).await, location).await
}

#[wasm_split(details_part, wasm_split_path = ::leptos::wasm_split, preload(preload_details), fallible)]
pub(super) fn details_part(times: Times, start: DateTime<Utc>, month: Memo<Month>, post_path: String) -> Part {
    Ok(view! { <Details times=times start=start month=month post_path=post_path/> }.into_any())
}

#[wasm_split(directory_part, wasm_split_path = ::leptos::wasm_split, preload(preload_directory), fallible)]
fn directory_part() -> Part {
    Ok(DirectoryPage().into_any())
}

#[wasm_split(booking_part, wasm_split_path = ::leptos::wasm_split, preload(preload_booking), fallible)]
fn booking_part() -> Part {
    Ok(BookingPage().into_any())
}

#[wasm_split(account_part, wasm_split_path = ::leptos::wasm_split, preload(preload_account), fallible)]
fn account_part(page: Account) -> Part {
    Ok(match page {
        Account::Signup => SignupPage().into_any(),
        Account::Login => LoginPage().into_any(),
        Account::Forgot => ForgotPage().into_any(),
        Account::Verify => VerifyPage().into_any(),
    })
}

#[wasm_split(dashboard_part, wasm_split_path = ::leptos::wasm_split, preload(preload_dashboard), fallible)]
fn dashboard_part(page: Dashboard) -> Part {
    Ok(match page {
        Dashboard::Layout => DashboardLayout().into_any(),
        Dashboard::Bookings => DashboardPage().into_any(),
        Dashboard::Booking => BookingDetailPage().into_any(),
        Dashboard::Availability => AvailabilityPage().into_any(),
        Dashboard::SessionTypes => SessionTypesPage().into_any(),
        Dashboard::Calendars => CalendarsPage().into_any(),
        Dashboard::Activity => ActivityPage().into_any(),
        Dashboard::Settings => SettingsPage().into_any(),
    })
}
