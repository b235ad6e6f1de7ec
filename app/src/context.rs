//! What every page knows from the start: who looks, in which language, and what a plain form posted.

use crate::carried::Json;
use crate::components::{REMEMBERED_ZONE, browser};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use scheduling::{ClockFormat, FieldError, Language, RegionalFormat};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::AppError;

/// Facts about this visit, fixed by the server when it renders the page, the same in the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The page's language.
    pub language: Language,
    /// How hours and weeks are written for this visitor.
    pub format: RegionalFormat,
    /// The mentor who is logged in.
    pub viewer: Option<Viewer>,
    /// When the page was rendered.
    pub now: DateTime<Utc>,
    /// Public origin, without a slash at the end.
    pub base_url: String,
    /// Whether anybody may sign up.
    pub signups_open: bool,
    /// Whether mail is written to files, since the server has no transport for it.
    pub mail_in_files: bool,
    /// What was posted to this page without success, if anything.
    pub posted: Option<Posted>,
    /// The browser's IANA time zone, if its cookie names one that the server knows.
    pub timezone: Option<String>,
    /// Random, and another for each page that the server renders: the forms of the page are recognised by it, see
    /// [`form_key`].
    pub form_key: String,
}

/// The mentor who is logged in, as far as the page's frame needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// The mentor's handle.
    pub handle: String,
    /// The mentor's name.
    pub name: String,
    /// A connected calendar waits for the mentor to connect it again.
    pub calendar_expired: bool,
    /// So many messages and calendar writes were given up.
    pub given_up: u32,
    /// A session type promises a meeting link that no connected calendar makes.
    pub lacks_link: bool,
}

/// A plain form's values and what is wrong with them (or that all is well), when the page answers a POST to itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// What was typed, except passwords.
    pub values: BTreeMap<String, String>,
    /// Why it was refused; `None`: done, and the page says so (where it does not redirect).
    pub error: Option<AppError>,
}

/// Beside what was typed into a booking form whose time is gone: the starts nearest to it, with spaces between them.
pub const NEARBY: &str = "nearby";

impl Posted {
    /// What was typed into `field`.
    pub fn value(&self, field: &str) -> String {
        self.values.get(field).cloned().unwrap_or_default()
    }

    /// What is wrong with `field`.
    pub fn field_error(&self, field: &str) -> Option<FieldError> {
        match &self.error {
            Some(AppError::Invalid(errors)) => errors.iter().find(|e| e.field == field).cloned(),
            _ => None,
        }
    }
}

/// Call once, at the root: takes the server's [`Visit`], carried to the browser in the page.
pub fn provide_visit() {
    let visit = SharedValue::<_, Json>::new_with_encoding(server_visit).into_inner();
    provide_context(RwSignal::new(visit));
}

#[cfg(feature = "ssr")]
fn server_visit() -> Visit {
    expect_context::<Visit>()
}

/// Never runs: the browser finds the value in the page that it hydrates.
#[cfg(not(feature = "ssr"))]
fn server_visit() -> Visit {
    Visit {
        language: Language::En,
        format: RegionalFormat::default(),
        viewer: None,
        now: DateTime::UNIX_EPOCH,
        base_url: String::new(),
        signups_open: true,
        mail_in_files: false,
        posted: None,
        timezone: None,
        form_key: String::new(),
    }
}

/// The idempotency key of a form of this page, about `subject` (such as the start that it books): however often the form is
/// sent, by the browser or by a script, it is one request.
pub fn form_key(subject: &str) -> String {
    use_visit().with_untracked(|visit| format!("{}-{subject}", visit.form_key))
}

/// The visit; reactive, since settings may change the language or name.
pub fn use_visit() -> RwSignal<Visit> {
    expect_context()
}

/// The cookie that remembers how a visitor wants hours to be counted: `12h` or `24h`.
pub const CLOCK_COOKIE: &str = "clock";

/// From now on hours are counted so on every page, for a year.
pub fn remember_clock(visit: RwSignal<Visit>, clock: ClockFormat) {
    browser::set_cookie(CLOCK_COOKIE, clock.tag());
    visit.update(|visit| visit.format.clock = clock);
}

/// How hours are counted for this visitor. Call it while a view is made.
pub fn use_clock() -> ClockFormat {
    use_visit().with_untracked(|visit| visit.format.clock)
}

/// Call once, at the root: where no cookie has told the server the browser's zone, the page learns it when it comes to life.
/// What it shows already is in that zone or in one that was asked for, see `document.js`.
pub fn learn_zone() {
    let visit = use_visit();
    Effect::new(move |_| {
        if visit.with_untracked(|visit| visit.timezone.is_none()) {
            learn_zone_once_alive(visit);
        }
    });
}

/// Not before all parts of the page have come to life: until then each must be as the server has rendered it.
fn learn_zone_once_alive(visit: RwSignal<Visit>) {
    if browser::is_alive() {
        let zone = browser::stored(REMEMBERED_ZONE).or_else(browser::time_zone);
        visit.update(|visit| visit.timezone = zone);
    } else {
        request_animation_frame(move || learn_zone_once_alive(visit));
    }
}

/// The path that the posted values belong to: the one that the server rendered.
#[derive(Clone)]
struct PostedTo(String);

/// Call once, inside the router: what was posted counts for the first page alone.
pub fn provide_posted() {
    let pathname = leptos_router::hooks::use_location().pathname;
    provide_context(PostedTo(pathname.get_untracked()));
    let visit = use_visit();
    Effect::new(move |before: Option<String>| {
        let path = pathname.get();
        if before.is_some_and(|before| before != path) && visit.with_untracked(|visit| visit.posted.is_some()) {
            visit.update(|visit| visit.posted = None);
        }
        path
    });
}

/// What was posted to the page that is being shown, if this page is the answer to that.
pub fn use_posted() -> Option<Posted> {
    let here = leptos_router::hooks::use_location().pathname.get_untracked();
    let PostedTo(path) = use_context()?;
    if path == here { use_visit().with_untracked(|visit| visit.posted.clone()) } else { None }
}

/// Sets the status of the answer while the server renders; in the browser there is none to set.
pub fn set_status(status: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(status))
    {
        response.set_status(status);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}
