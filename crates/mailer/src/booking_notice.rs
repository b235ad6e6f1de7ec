use crate::{
    Invite, Mailbox, Method, Outgoing,
    ics::Vevent,
    letter::{Detail, Kind, Letter},
    messages::{self, Facts, Messages, Notice, Pair},
    text, when,
};
use chrono::{DateTime, Utc};
use icalendar::{EventStatus, PartStat};
use scheduling::{ClockFormat, Language, Location, LocationKind, OffsetTable, Price};
use std::fmt;

/// One of the two who meet.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// As they call themselves.
    pub name: String,
    /// Where mail reaches them; empty where their details were erased.
    pub email: String,
    /// Their time zone, for the days around the session.
    pub zone: OffsetTable,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("zone", &self.zone.name).finish_non_exhaustive()
    }
}

impl Person {
    /// A mentee whose details were erased, as the mentor reads it.
    pub fn erased(language: Language, zone: OffsetTable) -> Self {
        Self { name: messages::of(language).erased_mentee.to_owned(), email: String::new(), zone }
    }

    fn is_reachable(&self) -> bool {
        !self.email.is_empty()
    }

    /// The name on one line; the address where there is nothing to be seen of it.
    fn shown(&self) -> String {
        let name = text::line(&self.name);
        if name.is_empty() { text::line(&self.email) } else { name }
    }

    fn mailbox(&self) -> Mailbox {
        Mailbox { name: self.shown(), email: self.email.clone() }
    }
}

/// What happened to a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Made, and good at once.
    Booked,
    /// Made, and awaiting the mentor's yes.
    Requested,
    /// The mentor said yes.
    Confirmed,
    /// The mentor said no.
    Declined,
    /// It has another time now.
    Moved {
        /// When it was to start before.
        previous_start: DateTime<Utc>,
        /// When it was to end before.
        previous_end: DateTime<Utc>,
    },
    /// It will not take place.
    Cancelled {
        /// At whose hand.
        by: CancelledBy,
    },
    /// The mentor moved its event in a connected calendar to where it cannot be; it stays. Only the mentor is told.
    MoveRefused {
        /// When it was to start.
        wanted_start: DateTime<Utc>,
        /// When it was to end.
        wanted_end: DateTime<Utc>,
    },
    /// The mentor made its event in a connected calendar longer or shorter; the length is undone. Only the mentor is told.
    LengthUndone {
        /// When the event started.
        wanted_start: DateTime<Utc>,
        /// When the event ended.
        wanted_end: DateTime<Utc>,
    },
    /// The mentor repeated its event in a connected calendar; it is a single event again. Only the mentor is told.
    RepetitionUndone,
    /// The mentor deleted its event from a connected calendar after the booking had changed; the event was made again. Only
    /// the mentor is told.
    EventMadeAgain,
}

/// What an event of the booking says in the recipient's calendar.
#[derive(Clone, PartialEq, Eq)]
pub struct EventText {
    /// One line.
    pub summary: String,
    /// Who, where, notes and link, in paragraphs.
    pub description: String,
    /// One line: a link where there is one.
    pub location: Option<String>,
}

impl fmt::Debug for EventText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventText(…)")
    }
}

/// Who or what cancelled a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelledBy {
    /// The mentee.
    Mentee,
    /// The mentor, in Yaksok.
    Mentor,
    /// The mentor, by closing the account.
    Closing,
    /// The mentor, by removing the event from a connected calendar.
    Calendar,
    /// Its start passed before the mentor had answered.
    Expiry,
}

/// Whom a notice is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// Who booked.
    Mentee,
    /// Whose time was booked.
    Mentor,
}

/// News of a booking for one of the two.
#[derive(Clone, PartialEq, Eq)]
pub struct BookingNotice {
    /// What happened.
    pub event: Event,
    /// Whom to tell.
    pub recipient: Recipient,
    /// In which language.
    pub language: Language,
    /// How the recipient counts hours.
    pub clock: ClockFormat,
    /// See [`Outgoing::message_id`].
    pub message_id: String,
    /// See [`Outgoing::thread`]: the id of the first message about the booking to this recipient.
    pub thread: String,
    /// The booking's `UID`, for life.
    pub uid: String,
    /// 0, then one more at every change.
    pub sequence: i32,
    /// When this state came to be: `DTSTAMP` and `Date`.
    pub stamp: DateTime<Utc>,
    /// The booking awaits the mentor's yes.
    pub tentative: bool,
    /// When it starts.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// Whose time it is.
    pub mentor: Person,
    /// Who booked it.
    pub mentee: Person,
    /// The session type's name.
    pub session_name: String,
    /// What the mentee wrote.
    pub notes: Option<String>,
    /// Where they meet.
    pub location: Option<Location>,
    /// What it costs.
    pub price: Option<Price>,
    /// Why it was cancelled or declined.
    pub reason: Option<String>,
    /// The booking's secret page: for the mentee only, ignored where the mentor is the recipient.
    pub manage_url: Option<String>,
    /// The dashboard: for the mentor only, ignored where the mentee is the recipient.
    pub dashboard_url: Option<String>,
    /// Whether the recipient can still act when the message is sent: the mentee change or cancel, the mentor confirm or
    /// decline. What is not possible any more is not offered.
    pub open: bool,
    /// Whether [`compose`](Self::compose) adds the invitation.
    pub with_invite: bool,
}

impl fmt::Debug for BookingNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BookingNotice")
            .field("event", &self.event)
            .field("recipient", &self.recipient)
            .field("message_id", &self.message_id)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

impl BookingNotice {
    /// The message in the recipient's language, with the invitation if [`with_invite`](Self::with_invite) says so.
    pub fn compose(&self, organizer: &Mailbox) -> Outgoing {
        let messages = messages::of(self.language);
        let (me, other) = self.sides();
        let (other_name, session) = (other.shown(), text::line(&self.session_name));
        let date = when::short_date(self.language, &me.zone, self.start);
        let notice = self.wording(messages);
        let letter = self.letter(messages, notice, &Facts { other: &other_name, session: &session, date: &date });
        // Subjects are read in narrow lists.
        let (short_name, short_session) = (text::clip(&other_name, 60), text::clip(&session, 60));
        Outgoing {
            to_name: me.shown(),
            to_email: me.email.clone(),
            message_id: self.message_id.clone(),
            thread: Some(self.thread.clone()),
            subject: (notice.subject)(&Facts { other: &short_name, session: &short_session, date: &date }),
            text: letter.text(),
            html: letter.html(),
            invite: self.with_invite.then(|| self.ics(organizer)),
            date: self.stamp,
            reply_to: other.is_reachable().then(|| (other_name, other.email.clone())),
        }
    }

    /// The booking as an iCalendar object, in its newest state: what [`compose`](Self::compose) attaches, and what the
    /// API's `invite.ics` answers.
    pub fn ics(&self, organizer: &Mailbox) -> Invite {
        let EventText { summary, description, location } = self.text_of_event(true);
        let (mentor, mentee) = (self.mentor.mailbox(), self.mentee.mailbox());
        let (mentor_answer, mentee_answer) = self.answers();
        Vevent {
            method: if self.is_off() { Method::Cancel } else { Method::Request },
            uid: &self.uid,
            sequence: self.sequence,
            stamp: self.stamp,
            start: self.start,
            end: self.end,
            status: if self.is_off() {
                EventStatus::Cancelled
            } else if self.is_pending() {
                EventStatus::Tentative
            } else {
                EventStatus::Confirmed
            },
            summary,
            description,
            location,
            url: self.link(),
            attendees: [(mentor, mentor_answer), (mentee, mentee_answer)]
                .into_iter()
                .filter(|(mailbox, _)| !mailbox.email.is_empty())
                .collect(),
        }
        .to_invite(organizer)
    }

    /// What the booking's event says in a connected calendar.
    pub fn event_text(&self) -> EventText {
        self.text_of_event(false)
    }

    /// What the booking's event says. An invitation can be declined in the calendar that it is in, to no effect; an event in
    /// a connected calendar cannot.
    fn text_of_event(&self, invitation: bool) -> EventText {
        let messages = messages::of(self.language);
        let (_, other) = self.sides();
        let (mentor, mentee) = (self.mentor.shown(), self.mentee.shown());
        let parts = self.description(messages, &other.shown());
        let mut parts: Vec<String> = parts.iter().map(|(label, value)| format!("{label}: {value}")).collect();
        if invitation && !self.is_off() {
            parts.push(self.declining(messages).to_owned());
        }
        EventText {
            summary: format!("{}: {mentor} & {mentee}", text::line(&self.session_name)),
            description: parts.join("\n\n"),
            location: self.location.as_ref().map(place),
        }
    }

    /// Recipient and other party.
    fn sides(&self) -> (&Person, &Person) {
        match self.recipient {
            Recipient::Mentee => (&self.mentee, &self.mentor),
            Recipient::Mentor => (&self.mentor, &self.mentee),
        }
    }

    /// The recipient's own link, and never the other's.
    fn link(&self) -> Option<&str> {
        match self.recipient {
            Recipient::Mentee => self.manage_url.as_deref(),
            Recipient::Mentor => self.dashboard_url.as_deref(),
        }
    }

    /// The session will not take place.
    fn is_off(&self) -> bool {
        matches!(self.event, Event::Declined | Event::Cancelled { .. })
    }

    /// The mentee may still change or cancel.
    fn may_change(&self) -> bool {
        self.recipient == Recipient::Mentee && !self.is_off() && self.open
    }

    /// The mentor may still confirm or decline.
    fn may_answer(&self) -> bool {
        self.recipient == Recipient::Mentor && self.is_pending() && self.open
    }

    /// That a calendar's own answer changes nothing here, and what does.
    fn declining(&self, messages: &Messages) -> &'static str {
        match self.recipient {
            Recipient::Mentee if !self.may_change() => messages.declining,
            Recipient::Mentee | Recipient::Mentor => messages.declining_use_link,
        }
    }

    /// The mentor has yet to say yes.
    fn is_pending(&self) -> bool {
        !self.is_off() && (self.tentative || self.event == Event::Requested)
    }

    /// Mentor's and mentee's `PARTSTAT`. Nobody needs to answer by mail: answers are given in Yaksok.
    fn answers(&self) -> (PartStat, PartStat) {
        match self.event {
            Event::Declined => (PartStat::Declined, PartStat::Accepted),
            _ if self.is_pending() => (PartStat::NeedsAction, PartStat::Tentative),
            _ => (PartStat::Accepted, PartStat::Accepted),
        }
    }

    fn wording<'m>(&self, messages: &'m Messages) -> &'m Notice {
        let Pair { mentee, mentor } = match self.event {
            Event::Booked => &messages.booked,
            Event::Requested if self.recipient == Recipient::Mentor && !self.open => return &messages.request_closed,
            Event::Requested => &messages.requested,
            Event::Confirmed => &messages.confirmed,
            Event::Declined => &messages.declined,
            Event::Moved { .. } => &messages.moved,
            Event::Cancelled { by: CancelledBy::Mentee } => &messages.cancelled_by_mentee,
            Event::Cancelled { by: CancelledBy::Mentor } => &messages.cancelled_by_mentor,
            Event::Cancelled { by: CancelledBy::Closing } => &messages.cancelled_by_closing,
            Event::Cancelled { by: CancelledBy::Calendar } => &messages.cancelled_by_calendar,
            Event::Cancelled { by: CancelledBy::Expiry } => &messages.expired,
            Event::MoveRefused { .. } => return &messages.move_refused,
            Event::LengthUndone { .. } => return &messages.length_undone,
            Event::RepetitionUndone => return &messages.repetition_undone,
            Event::EventMadeAgain => return &messages.event_made_again,
        };
        match self.recipient {
            Recipient::Mentee => mentee,
            Recipient::Mentor => mentor,
        }
    }

    fn letter(&self, messages: &Messages, notice: &Notice, facts: &Facts<'_>) -> Letter {
        let mut lead = vec![(notice.lead)(facts)];
        let unanswered = self.recipient == Recipient::Mentee || self.open;
        if matches!(self.event, Event::Moved { .. }) && self.is_pending() && unanswered {
            lead.push(match self.recipient {
                Recipient::Mentee => (messages.moved_still_pending.mentee)(facts),
                Recipient::Mentor => (messages.moved_still_pending.mentor)(facts),
            });
        }
        let button = match self.recipient {
            Recipient::Mentee if self.may_change() => messages.manage,
            Recipient::Mentee => messages.view,
            Recipient::Mentor if self.may_answer() => messages.review,
            Recipient::Mentor => messages.dashboard,
        };
        let mut after = Vec::new();
        if self.recipient == Recipient::Mentee && !self.is_off() && !self.open {
            after.push((messages.too_late)(facts.other));
        }
        if self.with_invite && self.is_off() {
            after.push(messages.cancellation_attached.to_owned());
        } else if self.with_invite {
            after.push(format!("{} {}", messages.invite_attached, self.declining(messages)));
        }
        if self.sides().1.is_reachable() {
            after.push((messages.reply_reaches)(facts.other));
        }
        Letter {
            language: self.language,
            to_name: self.sides().0.shown(),
            heading: notice.heading.to_owned(),
            bad_news: self.is_off(),
            lead,
            details: self.details(messages, facts),
            button: self.link().map(|url| (button, text::line(url))),
            after,
        }
    }

    fn details(&self, messages: &Messages, facts: &Facts<'_>) -> Vec<Detail> {
        let (me, other) = self.sides();
        let span = |zone, start, end| when::span(self.language, self.clock, zone, start, end);
        let plain = |label: &str, value: String| Detail { label: label.to_owned(), value, kind: Kind::Plain };
        let mut details =
            vec![Detail { kind: Kind::Time, ..plain(messages.when, span(&me.zone, self.start, self.end)) }];
        if me.zone.name != other.zone.name {
            details.push(Detail {
                kind: Kind::OtherTime,
                ..plain(&(messages.when_for)(facts.other), span(&other.zone, self.start, self.end))
            });
        }
        if let Event::Moved { previous_start, previous_end } = self.event {
            details.push(Detail {
                kind: Kind::PastTime,
                ..plain(messages.previously, span(&me.zone, previous_start, previous_end))
            });
        }
        if let Event::MoveRefused { wanted_start, wanted_end } | Event::LengthUndone { wanted_start, wanted_end } =
            self.event
        {
            details.push(Detail {
                kind: Kind::PastTime,
                ..plain(messages.wanted, span(&me.zone, wanted_start, wanted_end))
            });
        }
        details.push(plain(messages.session, facts.session.to_owned()));
        details.push(plain(messages.with, self.other_party(facts.other)));
        if let Some(location) = &self.location {
            details.push(Detail {
                kind: Kind::Place,
                ..plain(messages.location, place_in_words(messages, self.recipient, location))
            });
        }
        if let Some(price) = &self.price {
            details.push(plain(messages.price, price_in_words(messages, price)));
        }
        for (label, words) in
            [(messages.reason.to_owned(), &self.reason), (self.notes_label(messages, facts.other), &self.notes)]
        {
            if let Some(words) = words.as_deref().map(text::block).filter(|words| !words.is_empty()) {
                details.push(plain(&label, words));
            }
        }
        details
    }

    /// The mentor sees whom they will meet by address too; the mentee knows the mentor by their page.
    fn other_party(&self, name: &str) -> String {
        match self.recipient {
            Recipient::Mentor if self.mentee.is_reachable() && name != self.mentee.email => {
                format!("{name} ({})", text::line(&self.mentee.email))
            }
            _ => name.to_owned(),
        }
    }

    fn notes_label(&self, messages: &Messages, other: &str) -> String {
        match self.recipient {
            Recipient::Mentee => messages.your_notes.to_owned(),
            Recipient::Mentor => (messages.notes_from)(other),
        }
    }

    /// What the event's description tells the recipient beyond what calendars show by themselves.
    fn description(&self, messages: &Messages, other: &str) -> Vec<(String, String)> {
        let mut parts = vec![(messages.with.to_owned(), self.other_party(other))];
        if let Some(location) = &self.location {
            parts.push((messages.location.to_owned(), place_in_words(messages, self.recipient, location)));
        }
        if let Some(price) = &self.price {
            parts.push((messages.price.to_owned(), price_in_words(messages, price)));
        }
        if let Some(reason) = &self.reason {
            parts.push((messages.reason.to_owned(), reason.clone()));
        }
        if let Some(notes) = &self.notes {
            parts.push((self.notes_label(messages, other), notes.clone()));
        }
        if let Some(url) = self.link() {
            let label = match self.recipient {
                Recipient::Mentee if self.may_change() => messages.manage,
                Recipient::Mentee => messages.view,
                Recipient::Mentor => messages.dashboard,
            };
            parts.push((label.to_owned(), url.to_owned()));
        }
        parts
    }
}

/// A location as calendars want it: short, a link where there is one.
fn place(location: &Location) -> String {
    match location.kind {
        LocationKind::Meet if location.value.is_empty() => "Google Meet".into(),
        LocationKind::Teams if location.value.is_empty() => "Microsoft Teams".into(),
        _ => text::line(&location.value),
    }
}

/// Nothing to pay is said in a word.
fn price_in_words(messages: &Messages, price: &Price) -> String {
    if price.amount == 0 { messages.free.to_owned() } else { price.in_words() }
}

/// A location as people want it.
fn place_in_words(messages: &Messages, recipient: Recipient, location: &Location) -> String {
    match location.kind {
        LocationKind::Meet | LocationKind::Teams if location.value.is_empty() && recipient == Recipient::Mentor => {
            format!("{} ({})", place(location), messages.no_link_yet)
        }
        LocationKind::Meet if location.value.is_empty() => messages.meet.into(),
        LocationKind::Teams if location.value.is_empty() => messages.teams.into(),
        LocationKind::Phone => (messages.phone)(&place(location)),
        _ => place(location),
    }
}
