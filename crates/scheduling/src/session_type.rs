use crate::{FieldError, rules};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// A kind of session that a mentor offers, in the shape of `/api/v1/session-types`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionType {
    /// Its name in URLs, unique for the mentor: 1 to 40 of `a-z 0-9 -`, beginning with a letter or digit.
    #[serde(default)]
    pub slug: String,
    /// 1 to 200 characters on one line.
    pub name: String,
    /// At most 4,000 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// 5 to 1440.
    pub duration_minutes: u16,
    /// Distance of the starts on the grid, 5 to 1440.
    pub start_interval_minutes: u16,
    /// Kept free before a session, 0 to 1440.
    pub buffer_before_minutes: u16,
    /// Kept free after a session, 0 to 1440.
    pub buffer_after_minutes: u16,
    /// How long before its start a session can still be booked, 0 to 525600.
    pub minimum_notice_minutes: u32,
    /// How many local dates ahead can be booked, 1 to 730.
    pub horizon_days: u16,
    /// At most so many sessions of this type a local date, 1 to 1000; `None`: no limit.
    pub daily_limit: Option<u16>,
    /// A booking waits for the mentor's yes.
    pub requires_approval: bool,
    /// How long before its start the mentee can still cancel or move, 0 to 525600.
    pub cancel_notice_minutes: u32,
    /// What it costs, for display.
    pub price: Option<Price>,
    /// Where it happens.
    pub location: Option<Location>,
    /// Offered to visitors.
    pub active: bool,
}

/// An amount in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Minor units (cents), 0 to 1,000,000,000,000.
    pub amount: i64,
    /// ISO 4217, three capital letters.
    pub currency: String,
}

/// Where a session happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// What `value` is.
    pub kind: LocationKind,
    /// A web address (2,000 characters at most), or a number or address (500); may be empty for `meet` and `teams`,
    /// where the calendar makes the link.
    #[serde(default)]
    pub value: String,
}

/// The kinds of [`Location`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocationKind {
    /// A web address, `https://…`.
    Link,
    /// A telephone number.
    Phone,
    /// A street address or a room.
    InPerson,
    /// A Google Meet link, made with the calendar event.
    Meet,
    /// A Microsoft Teams link, made with the calendar event.
    Teams,
}

/// The longest notice, in minutes: a year.
const MOST_NOTICE: i64 = 525_600;

impl SessionType {
    /// The one that a new mentor has: `session`, 30 minutes, 30-minute interval, 15 minutes after, 60 days.
    ///
    /// ```
    /// use scheduling::SessionType;
    /// assert_eq!(SessionType::first().slug, "session");
    /// ```
    pub fn first() -> Self {
        Self {
            slug: "session".into(),
            name: "Session".into(),
            description: None,
            duration_minutes: 30,
            start_interval_minutes: 30,
            buffer_before_minutes: 0,
            buffer_after_minutes: 15,
            minimum_notice_minutes: 0,
            horizon_days: 60,
            daily_limit: None,
            requires_approval: false,
            cancel_notice_minutes: 0,
            price: None,
            location: None,
            active: true,
        }
    }

    /// Checks every field against the limits of its documentation, which are those of the contract, section 4.
    ///
    /// # Errors
    /// Every field that is wrong.
    ///
    /// ```
    /// use scheduling::SessionType;
    /// let mut session = SessionType::first();
    /// assert_eq!(session.validate(), Ok(()));
    /// session.duration_minutes = 4;
    /// assert_eq!(session.validate().unwrap_err()[0].message, "Choose 5 to 1440 minutes.");
    /// ```
    pub fn validate(&self) -> Result<(), Vec<FieldError>> {
        let errors: Vec<_> = [
            rules::check_slug("slug", &self.slug),
            rules::check_name("name", &self.name),
            self.description.as_deref().and_then(|text| rules::check_text("description", text, rules::MAX_TEXT)),
            within("duration_minutes", self.duration_minutes, 5..=1440, "minutes"),
            within("start_interval_minutes", self.start_interval_minutes, 5..=1440, "minutes"),
            within("buffer_before_minutes", self.buffer_before_minutes, 0..=1440, "minutes"),
            within("buffer_after_minutes", self.buffer_after_minutes, 0..=1440, "minutes"),
            within("minimum_notice_minutes", self.minimum_notice_minutes, 0..=MOST_NOTICE, "minutes"),
            within("horizon_days", self.horizon_days, 1..=730, "days"),
            self.daily_limit.and_then(|limit| within("daily_limit", limit, 1..=1000, "sessions, or no limit")),
            within("cancel_notice_minutes", self.cancel_notice_minutes, 0..=MOST_NOTICE, "minutes"),
            self.check_reach(),
        ]
        .into_iter()
        .chain(self.price.iter().flat_map(Price::check))
        .chain(self.location.iter().map(Location::check))
        .flatten()
        .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl SessionType {
    /// Checks a change of what is saved: only what was not wrong before is an error, so that a row from before a rule can still
    /// be changed elsewhere.
    ///
    /// # Errors
    /// Every field that is wrong now and was not wrong before.
    pub fn validate_change(&self, before: &Self) -> Result<(), Vec<FieldError>> {
        let known = before.validate().err().unwrap_or_default();
        let errors: Vec<_> = self.validate().err().into_iter().flatten().filter(|e| !known.contains(e)).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// A notice that is longer than the horizon leaves no start that could be booked.
    fn check_reach(&self) -> Option<FieldError> {
        let horizon = i64::from(self.horizon_days) * 1440;
        // What is out of range by itself has its own error.
        let beyond = horizon > 0 && (horizon + 1..=MOST_NOTICE).contains(&self.minimum_notice_minutes.into());
        let message = "Choose a notice that is shorter than the horizon, or nobody can ever book.";
        beyond.then(|| FieldError::new("minimum_notice_minutes", "beyond_horizon", message))
    }
}

impl Price {
    fn check(&self) -> [Option<FieldError>; 2] {
        let is_code = self.currency.len() == 3 && self.currency.bytes().all(|b| b.is_ascii_uppercase());
        let message = "Choose a currency by its three capital letters, such as USD or KRW.";
        [
            within("price.amount", self.amount, 0..=1_000_000_000_000, "minor units (cents)"),
            (!is_code).then(|| FieldError::new("price.currency", "invalid", message)),
        ]
    }
}

impl Location {
    fn check(&self) -> Option<FieldError> {
        let field = "location.value";
        match self.kind {
            LocationKind::Phone | LocationKind::InPerson => rules::check_line(field, &self.value, 500),
            LocationKind::Meet | LocationKind::Teams if self.value.is_empty() => None,
            LocationKind::Link | LocationKind::Meet | LocationKind::Teams => rules::check_url(field, &self.value),
        }
    }
}

fn within<T: Into<i64>>(field: &str, value: T, allowed: RangeInclusive<i64>, of: &str) -> Option<FieldError> {
    let message = || format!("Choose {} to {} {of}.", allowed.start(), allowed.end());
    (!allowed.contains(&value.into())).then(|| FieldError::new(field, "out_of_range", message()))
}
