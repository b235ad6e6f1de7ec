//! Invitations: RFC 5545 (the format) and RFC 5546 (what `METHOD` means).
//!
//! The `icalendar` crate (0.17) writes components, quotes parameters and escapes TEXT. Three things are done here, because
//! it does not do them, and the tests check the bytes:
//!
//! - folding: the last piece of a folded line can have 76 octets, the leading space being forgotten in its count;
//! - a parameter value is written as it comes, so a quote or a line break in a name would end the parameter or the line;
//! - it escapes line feeds but not carriage returns, so TEXT must come in with `\n` alone.

use crate::{Mailbox, address, text};
use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component as _, EventLike as _, EventStatus, Parameter, PartStat, Property, Role};
use std::fmt::{self, Write as _};

/// What an invitation asks of the calendar that receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Take this event in, or bring it up to date.
    Request,
    /// Take this event out.
    Cancel,
}

impl Method {
    /// As in `METHOD` and in the `method` parameter of the content type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// An iCalendar object.
#[derive(Clone, PartialEq, Eq)]
pub struct Invite {
    /// The `METHOD` in it, for content types.
    pub method: Method,
    /// The object itself: CRLF, lines of 75 octets at most.
    pub ics: String,
}

impl fmt::Debug for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invite").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What one `VEVENT` says. Plain text: neither cleaned nor escaped.
pub(crate) struct Vevent<'a> {
    pub(crate) method: Method,
    pub(crate) uid: &'a str,
    pub(crate) sequence: i32,
    pub(crate) stamp: DateTime<Utc>,
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
    pub(crate) status: EventStatus,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) location: Option<String>,
    pub(crate) url: Option<&'a str>,
    pub(crate) attendees: Vec<(Mailbox, PartStat)>,
}

impl Vevent<'_> {
    pub(crate) fn to_invite(&self, organizer: &Mailbox) -> Invite {
        let mut event = icalendar::Event::new();
        event
            .uid(&text::line(self.uid))
            .add_property("SEQUENCE", self.sequence.to_string())
            .timestamp(self.stamp)
            .summary(&text::line(&self.summary))
            .description(&text::block(&self.description))
            .add_property("TRANSP", "OPAQUE")
            .append_property(self.status)
            .append_property(party("ORGANIZER", organizer));
        event.starts(self.start).ends(self.end);
        if let Some(location) = &self.location {
            event.location(&text::line(location));
        }
        if let Some(url) = self.url.map(text::line).filter(|url| text::is_web_address(url)) {
            event.url(&url);
        }
        for (mailbox, answer) in &self.attendees {
            let mut attendee = party("ATTENDEE", mailbox);
            attendee.append_parameter(Parameter::from(Role::ReqParticipant));
            attendee.append_parameter(Parameter::from(*answer));
            attendee.add_parameter("RSVP", "FALSE");
            event.append_multi_property(attendee);
        }
        let calendar = Calendar::empty()
            .append_property(("VERSION", "2.0"))
            .append_property(("PRODID", "-//Yaksok//Booking//EN"))
            .append_property(("CALSCALE", "GREGORIAN"))
            .append_property(("METHOD", self.method.as_str()))
            .push(event)
            .done();
        Invite { method: self.method, ics: fold(&calendar.to_string()) }
    }
}

/// Folds every line anew at 75 octets, between characters.
fn fold(calendar: &str) -> String {
    let mut folded = String::with_capacity(calendar.len() + calendar.len() / 64);
    for line in calendar.replace("\r\n ", "").split_terminator("\r\n") {
        let (mut rest, mut room) = (line, 75);
        while rest.len() > room {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(room));
            folded.push_str(piece);
            folded.push_str("\r\n ");
            (rest, room) = (after, 74);
        }
        folded.push_str(rest);
        folded.push_str("\r\n");
    }
    folded
}

/// `ORGANIZER` or `ATTENDEE` with its common name.
fn party(property: &str, mailbox: &Mailbox) -> Property {
    // Calendars send to this address, too: a domain in ASCII is taken by all of them.
    let address = address::wire(&mailbox.email).map_or_else(|| mailbox.email.clone(), |wire| wire.to_string());
    let mut party = Property::new(property, format!("mailto:{}", uri(&address)));
    let name = common_name(&mailbox.name);
    if !name.is_empty() {
        party.add_parameter("CN", &name);
    }
    party
}

/// A parameter value can hold neither DQUOTE nor controls (RFC 5545, 3.2). RFC 6868 has an escape for the quote that many
/// programs show as it is, so an apostrophe stands in; its own escape character is doubled, as it must be.
fn common_name(name: &str) -> String {
    text::line(name).replace('"', "'").replace('^', "^^")
}

/// An address inside a `mailto:` URI: ASCII that a URI cannot hold is percent-encoded.
fn uri(email: &str) -> String {
    let mut uri = String::with_capacity(email.len());
    for c in email.trim().chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && !"!$&'*+-./=@_~".contains(c) {
            let _ = write!(uri, "%{:02X}", u32::from(c));
        } else if !c.is_control() {
            uri.push(c);
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_parameter() {
        assert_eq!(common_name("\"Ada\"\r\nATTENDEE:x"), "'Ada' ATTENDEE:x");
        assert_eq!(common_name("a^nb"), "a^^nb");
    }

    #[test]
    fn addresses_cannot_leave_their_uri() {
        assert_eq!(uri("ada.o'neil+tag@example.com"), "ada.o'neil+tag@example.com");
        assert_eq!(uri("a%\r\n;b@example.com"), "a%25%0D%0A%3Bb@example.com");
    }

    #[test]
    fn a_name_with_separators_is_quoted() {
        let ada = Mailbox { name: "Lovelace, Ada".into(), email: "ada@example.com".into() };
        let written: String = party("ATTENDEE", &ada).try_into().unwrap();
        assert_eq!(written, "ATTENDEE;CN=\"Lovelace, Ada\":mailto:ada@example.com\r\n");
    }

    #[test]
    fn lines_are_folded_at_75_octets() {
        let x = |count| "x".repeat(count);
        assert_eq!(fold(&format!("{}\r\n", x(75))), format!("{}\r\n", x(75)));
        assert_eq!(fold(&format!("{}\r\n", x(150))), format!("{}\r\n {}\r\n x\r\n", x(75), x(74)));
        assert_eq!(fold(&format!("{}약\r\n", x(73))), format!("{}\r\n 약\r\n", x(73)));
        assert_eq!(fold("a\r\n b\r\nc\r\n"), "ab\r\nc\r\n");
    }
}
