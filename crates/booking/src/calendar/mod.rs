//! Connected calendars: connecting, looking at what is busy there, and one event for each booking.
//!
//! - `access`: from a connection to a client with a token that is good
//! - `connections`: what a mentor does: connect, choose, look now, disconnect
//! - `sync`: looks at each connection in its turn; what concerns our own events becomes a job
//! - `events`: writes a booking's event, and takes back what the mentor changed there
//!
//! No page and no booking waits for a provider: they read what `sync` kept, and leave jobs behind. No transaction is open
//! while a provider is asked.

mod access;
mod connections;
mod events;
mod sync;

pub(crate) use access::reseal;
pub use connections::{
    CalendarView, Choice, ConnectError, ConnectionView, begin, caldav_login, choice_version, choose, choose_expected,
    connect_caldav, disconnect, finish, list, notify, sync_now,
};
pub(crate) use connections::{GiveBack, give_back};
pub(crate) use events::{clear_left_behind, reconcile, write};
pub(crate) use sync::run;
pub use sync::{lagging, sync_due};

use calendars::caldav::Reach;
use calendars::http::Http;
use calendars::oauth::App;
use calendars::remote::Provider;
use chrono::TimeDelta;

/// A provider that mentors connect to by OAuth.
#[derive(Clone, Debug)]
pub struct Service {
    /// Who we are there, and where permission is asked for.
    pub app: App,
    /// Where its API is, without a slash at the end.
    pub api_url: String,
}

/// How connected calendars are reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The one HTTP client.
    pub http: Http,
    /// Google Calendar, if it is switched on.
    pub google: Option<Service>,
    /// Outlook, if it is switched on.
    pub microsoft: Option<Service>,
    /// Which CalDAV servers may be reached.
    pub caldav: Reach,
    /// How long between two looks, where nobody tells us of changes.
    pub sync_interval: TimeDelta,
    /// Providers can reach us, so they are asked to tell us of changes.
    pub push: bool,
}

impl Settings {
    /// The service of a provider, if it is switched on.
    pub fn service(&self, provider: Provider) -> Option<&Service> {
        match provider {
            Provider::Google => self.google.as_ref(),
            Provider::Microsoft => self.microsoft.as_ref(),
            Provider::CalDav => None,
        }
    }
}
