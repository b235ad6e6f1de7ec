use crate::ApiKeyId;
use serde::{Deserialize, Serialize};

/// What changed about a mentor's account, hours or calendars, as it is written down. Never a booker's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Change {
    /// The account was made.
    AccountCreated,
    /// Its address was confirmed, with the link that was mailed.
    EmailConfirmed,
    /// Somebody logged in.
    SignedIn { way: Way },
    /// A link was made that logs in.
    LoginLinkMade,
    /// A new password was set; every session ended.
    PasswordChanged,
    /// Name, page or language; perhaps the time zone, from and to.
    ProfileChanged { timezone: Option<[String; 2]> },
    /// An API key was made.
    ApiKeyCreated { key: ApiKeyId },
    /// An API key stopped working.
    ApiKeyRevoked { key: ApiKeyId },
    /// Hours were saved: how many windows a week, single dates and blocked ranges there are now; perhaps another time zone.
    HoursChanged { windows: usize, overrides: usize, blocked: usize, timezone: Option<[String; 2]> },
    /// A session type was added.
    SessionTypeAdded { slug: String },
    /// A session type was changed.
    SessionTypeChanged { slug: String },
    /// A session type was deleted.
    SessionTypeDeleted { slug: String },
    /// A calendar account was connected, perhaps again.
    CalendarConnected { provider: String, account: String },
    /// Other calendars block now, or another one receives bookings.
    CalendarsChosen { blocking: usize, receiving: bool },
    /// A calendar account was disconnected.
    CalendarDisconnected { provider: String, account: String },
    /// The provider does not let us in any more.
    CalendarExpired { provider: String, account: String },
}

/// How somebody logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// With address and password.
    Password,
    /// With a link from the platform or the command line.
    Link,
}
