//! Which page comes with which part of the program.
//!
//! The browser loads the frame and the booking page at once; everything else is a part of its own, loaded by whoever
//! goes there. The build tool cuts at `#[lazy]`, and all code that only one part needs goes with it.

use super::account::{ForgotPage, LoginPage, SignupPage, VerifyPage};
use super::booking::BookingPage;
use super::dashboard::{
    ActivityPage, AvailabilityPage, BookingDetailPage, CalendarsPage, DashboardLayout, DashboardPage, SessionTypesPage,
    SettingsPage,
};
use super::directory::DirectoryPage;
use super::mentor::MentorPage;
use leptos::prelude::*;
use leptos_router::ChooseView;

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
        match self {
            Page::Mentor => MentorPage().into_any(),
            Page::Directory => directory_part().await,
            Page::Booking => booking_part().await,
            Page::Account(page) => account_part(page).await,
            Page::Dashboard(page) => dashboard_part(page).await,
        }
    }

    async fn preload(&self) {
        #[cfg(feature = "hydrate")]
        match self {
            Page::Mentor => {}
            Page::Directory => __preload_directory_part().await,
            Page::Booking => __preload_booking_part().await,
            Page::Account(_) => __preload_account_part().await,
            Page::Dashboard(_) => __preload_dashboard_part().await,
        }
    }
}

#[lazy]
fn directory_part() -> AnyView {
    DirectoryPage().into_any()
}

#[lazy]
fn booking_part() -> AnyView {
    BookingPage().into_any()
}

#[lazy]
fn account_part(page: Account) -> AnyView {
    match page {
        Account::Signup => SignupPage().into_any(),
        Account::Login => LoginPage().into_any(),
        Account::Forgot => ForgotPage().into_any(),
        Account::Verify => VerifyPage().into_any(),
    }
}

#[lazy]
fn dashboard_part(page: Dashboard) -> AnyView {
    match page {
        Dashboard::Layout => DashboardLayout().into_any(),
        Dashboard::Bookings => DashboardPage().into_any(),
        Dashboard::Booking => BookingDetailPage().into_any(),
        Dashboard::Availability => AvailabilityPage().into_any(),
        Dashboard::SessionTypes => SessionTypesPage().into_any(),
        Dashboard::Calendars => CalendarsPage().into_any(),
        Dashboard::Activity => ActivityPage().into_any(),
        Dashboard::Settings => SettingsPage().into_any(),
    }
}
