//! What a calendar provider can do for us, in words that no provider owns.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use scheduling::BookingId;
use std::fmt;
use std::future::Future;
use std::ops::Range;

/// Whose servers keep the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// Google Calendar, API version 3.
    Google,
    /// Outlook, through Microsoft Graph, version 1.0.
    Microsoft,
    /// Any server that speaks CalDAV (RFC 4791).
    CalDav,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Self; 3] = [Self::Google, Self::Microsoft, Self::CalDav];

    const WORDS: [(Self, &'static str); 3] =
        [(Self::Google, "google"), (Self::Microsoft, "microsoft"), (Self::CalDav, "caldav")];

    /// `google`, `microsoft`, `caldav`: in paths, in the API and in the database.
    pub fn as_str(self) -> &'static str {
        Self::WORDS[self as usize].1
    }

    /// The provider of such a word.
    ///
    /// ```
    /// use calendars::remote::Provider;
    /// assert_eq!(Provider::from_word("google"), Some(Provider::Google));
    /// assert_eq!(Provider::from_word("Google"), None);
    /// ```
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, w)| *w == word).map(|(provider, _)| provider)
    }
}

/// An account's calendars, and a name for the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What a person knows the account by: an e-mail address or a user name.
    pub name: String,
    /// The primary one first.
    pub calendars: Vec<RemoteCalendar>,
}

/// One calendar of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteCalendar {
    /// The provider's id; for CalDAV the collection's URL.
    pub id: String,
    /// As the account names it.
    pub name: String,
    /// IANA name, where the provider tells one.
    pub timezone: Option<String>,
    /// The one that the account keeps its own events in.
    pub primary: bool,
    /// The account's own, not a subscription or somebody else's that is shared.
    pub owned: bool,
    /// We may write events into it.
    pub writable: bool,
}

/// When an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// From one instant to another, half-open; never reversed, perhaps empty.
    Timed(Range<DateTime<Utc>>),
    /// Whole days, the second date not included, in the calendar's own zone.
    AllDay {
        /// The first day.
        first: NaiveDate,
        /// The day after the last one.
        after: NaiveDate,
        /// IANA name of the zone, where the provider tells one.
        timezone: Option<String>,
    },
}

impl When {
    /// Whether it takes any of `window`, as far as that can be said without the rules of its zone: whole days count as a day
    /// longer at both ends.
    pub(crate) fn meets(&self, window: &Range<DateTime<Utc>>) -> bool {
        let (start, end) = match self {
            Self::Timed(during) => (during.start, during.end),
            Self::AllDay { first, after, .. } => {
                let at = |date: &NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
                let day = TimeDelta::days(1);
                // There are dates beyond which nothing can be reckoned.
                let (start, end) = (at(first).checked_sub_signed(day), at(after).checked_add_signed(day));
                (start.unwrap_or(DateTime::<Utc>::MIN_UTC), end.unwrap_or(DateTime::<Utc>::MAX_UTC))
            }
        };
        start < window.end && (end > window.start || (start == end && start >= window.start))
    }
}

/// What an event of ours was written as. It says so itself, in a mark that stays when the mentor moves it: so their move can be
/// told from a write of ours that arrives after a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// How often the booking had changed.
    pub sequence: i32,
    /// When it was.
    pub during: Range<DateTime<Utc>>,
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [start, end] = [self.during.start, self.during.end].map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        write!(f, "{} {start}/{end}", self.sequence)
    }
}

impl Revision {
    /// The revision of such a mark.
    ///
    /// ```
    /// use calendars::remote::Revision;
    /// let mark = "2 2026-12-01T00:00:00Z/2026-12-01T00:30:00Z";
    /// assert_eq!(Revision::parse(mark).unwrap().to_string(), mark);
    /// assert_eq!(Revision::parse("2"), None);
    /// ```
    pub fn parse(mark: &str) -> Option<Self> {
        let (sequence, during) = mark.split_once(' ')?;
        let (start, end) = during.split_once('/')?;
        Some(Self { sequence: sequence.parse().ok()?, during: start.parse().ok()?..end.parse().ok()? })
    }
}

/// An event of a calendar; of a recurring event, one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteEvent {
    /// The provider's id of this instance, stable over changes.
    pub id: String,
    /// When it is.
    pub when: When,
    /// It takes the person's time: not cancelled, declined, transparent or marked as free.
    pub busy: bool,
    /// The booking that it was written for, by the mark that we put on it.
    pub booking: Option<BookingId>,
    /// What it was written as. Older releases did not put it down, and Outlook tells it of a single event only.
    pub revision: Option<Revision>,
    /// It is the event that we made, and no copy of it: the provider keeps an id that we gave it.
    pub original: bool,
    /// It is a whole series, and `when` is its first instance. Only a single event that is asked for by its id is told so,
    /// and, by CalDAV, one of ours in a list.
    pub recurring: bool,
    /// Of an instance, the id of its series.
    pub series: Option<String>,
}

impl RemoteEvent {
    /// What it looks like, in a line that can be kept and compared.
    ///
    /// ```
    /// use calendars::remote::{RemoteEvent, When};
    /// let during = "2026-12-01T10:00:00Z".parse().unwrap().."2026-12-01T10:30:00Z".parse().unwrap();
    /// assert_eq!(RemoteEvent::look_of(&When::Timed(during), false), "2026-12-01T10:00:00Z/2026-12-01T10:30:00Z");
    /// ```
    pub fn look_of(when: &When, recurring: bool) -> String {
        let when = match when {
            When::Timed(during) => {
                let [start, end] = [during.start, during.end].map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
                format!("{start}/{end}")
            }
            When::AllDay { first, after, .. } => format!("{first}/{after}"),
        };
        if recurring { format!("{when} repeated") } else { when }
    }

    /// As [`look_of`](Self::look_of).
    pub fn look(&self) -> String {
        Self::look_of(&self.when, self.recurring)
    }
}

/// A thing that is different since the last look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// New, or changed in some way.
    Present(RemoteEvent),
    /// Deleted or cancelled, or left the window.
    Gone {
        /// The provider's id of the instance.
        id: String,
        /// The booking that it was written for, where the mark can still be read.
        booking: Option<BookingId>,
    },
}

/// What is different since the last look, or all there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// In the provider's order: a later one counts.
    pub changes: Vec<Change>,
    /// From where to look next time; `None`: all of it again.
    pub cursor: Option<String>,
    /// This is all there is in the window: what it does not name is not there.
    pub complete: bool,
}

/// Which service a meeting link is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Google Meet.
    Meet,
    /// Microsoft Teams.
    Teams,
}

/// The event of a booking, as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Whose event it is: ids and marks come from it, so that a repeated write makes no second event.
    pub booking: BookingId,
    /// How often the booking has changed.
    pub sequence: i32,
    /// When.
    pub during: Range<DateTime<Utc>>,
    /// One line.
    pub title: String,
    /// Plain text of several lines.
    pub description: String,
    /// One line.
    pub location: Option<String>,
    /// Not certain yet.
    pub tentative: bool,
    /// Ask for a link, where there is none yet and the provider is the one who makes such links.
    pub meeting: Option<Meeting>,
}

impl Draft {
    /// What the event is marked as.
    pub(crate) fn revision(&self) -> Revision {
        Revision { sequence: self.sequence, during: self.during.clone() }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The provider's id of the event.
    pub id: String,
    /// The link that was asked for, if it is there already.
    pub meeting_url: Option<String>,
}

/// Asks to be told of changes.
#[derive(Clone, Debug)]
pub struct WatchRequest {
    /// A name of ours for the channel, unguessable enough to be unique.
    pub id: String,
    /// Where to tell us.
    pub url: String,
    /// Shown with each notification, so that nobody else can send one. At most 128 characters.
    pub secret: String,
    /// Until when we should like to be told.
    pub until: DateTime<Utc>,
    /// The time now, for providers that will not tell for long.
    pub now: DateTime<Utc>,
}

/// We are told of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// What the notifications name: Google's channel id, Graph's subscription id.
    pub id: String,
    /// What it takes to stop it besides.
    pub resource: Option<String>,
    /// From then on we are not told any more.
    pub expires_at: DateTime<Utc>,
}

/// Why a provider did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The access token is not accepted (401): a new one may be.
    #[error("the calendar refused the access token")]
    Unauthorized,
    /// The grant itself is refused (`invalid_grant`), or the password is: only the mentor can help.
    #[error("the calendar's permission was withdrawn")]
    GrantRefused,
    /// The person has allowed less than the job needs, or not for long enough: they may try again and leave all boxes ticked.
    #[error("the calendar's permission does not cover what is needed")]
    ScopeMissing,
    /// The cursor is too old (410): look at everything again.
    #[error("the calendar asks for a full look")]
    CursorGone,
    /// The event that was to be changed was deleted.
    #[error("the event was deleted")]
    EventGone,
    /// No such calendar, or no right to it any more.
    #[error("the calendar is not there")]
    NotFound,
    /// Too many requests: not again before this has passed.
    #[error("the calendar asks for patience")]
    Throttled(Option<TimeDelta>),
    /// Not reachable, too slow, or out of order: later perhaps.
    #[error("the calendar cannot be reached: {0}")]
    Unavailable(String),
    /// It will not do this, now or later.
    #[error("the calendar refused: {0}")]
    Refused(String),
}

/// One account at a provider. Every call answers within a minute, `changes` within five, with an error if need be.
pub trait Remote {
    /// The account and its calendars.
    ///
    /// # Errors
    /// See [`RemoteError`]; the same for the others.
    fn account(&self) -> impl Future<Output = Result<Account, RemoteError>> + Send;

    /// What is different in `window` since `cursor`. Recurring events come as their instances. A cursor belongs to one
    /// calendar and one window.
    fn changes(
        &self,
        calendar: &str,
        window: &Range<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<Changes, RemoteError>> + Send;

    /// Makes the event be as the draft says, a single event. `known` is its id: it is changed, and
    /// [`RemoteError::EventGone`] is the answer where it was deleted. Without an id it is made if it is not there, changed if
    /// it is, and brought back if it was deleted. No invitations are sent.
    fn put(
        &self,
        calendar: &str,
        draft: &Draft,
        known: Option<&str>,
    ) -> impl Future<Output = Result<Written, RemoteError>> + Send;

    /// The event as it is now; `None` if it was deleted. That the calendar itself is gone is an error, and so is
    /// everything of which it is not certain that the event is gone.
    fn get(&self, calendar: &str, id: &str) -> impl Future<Output = Result<Option<RemoteEvent>, RemoteError>> + Send;

    /// Deletes the event; that it is gone already is fine.
    fn delete(&self, calendar: &str, id: &str) -> impl Future<Output = Result<(), RemoteError>> + Send;

    /// Asks to be told of changes of a calendar; `None` where the provider cannot.
    fn watch(
        &self,
        calendar: &str,
        request: &WatchRequest,
    ) -> impl Future<Output = Result<Option<Watch>, RemoteError>> + Send;

    /// Does not want to be told any more; that it had ended already is fine.
    fn unwatch(&self, watch: &Watch) -> impl Future<Output = Result<(), RemoteError>> + Send;
}
