//! From a composed message to the bytes that travel.

use crate::{Invite, address, text};
use chrono::{DateTime, Utc};
use lettre::{
    Message,
    address::Envelope,
    message::{
        Attachment, Mailbox as Addressee, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use std::fmt;

/// Who mail comes from: `MAIL_FROM`, and the organizer of every invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name to show; may be empty.
    pub name: String,
    /// The address.
    pub email: String,
}

/// A message, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The recipient's name; may be empty.
    pub to_name: String,
    /// The recipient's address.
    pub to_email: String,
    /// What stands before the `@` of `Message-ID`: the same for every attempt, so that a repeat is recognisable.
    pub message_id: String,
    /// What stands before the `@` of the `Message-ID` that begins the conversation; `None` where the message is none.
    pub thread: Option<String>,
    /// One line.
    pub subject: String,
    /// The plain text body.
    pub text: String,
    /// The HTML body.
    pub html: String,
    /// The calendar part, if there is one.
    pub invite: Option<Invite>,
    /// The `Date` header.
    pub date: DateTime<Utc>,
    /// Name and address that a reply goes to.
    pub reply_to: Option<(String, String)>,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

impl Outgoing {
    /// `message_id` with nothing in it that a header or a file name could stumble over.
    pub(crate) fn safe_id(&self) -> String {
        safe(&self.message_id)
    }

    /// The message in MIME, or `None` where the recipient's address is none.
    ///
    /// `Reply-To` is a courtesy: an address that is none is left out.
    pub(crate) fn to_mime(&self, from: &Addressee) -> Option<Message> {
        let to = addressee(&self.to_name, &self.to_email)?;
        // Given, because lettre would otherwise parse it back out of the headers.
        let envelope = Envelope::new(Some(from.email.clone()), vec![to.email.clone()]).ok()?;
        let id = |local: &str| format!("<{}@{}>", safe(local), from.email.domain());
        let mut builder = Message::builder()
            .envelope(envelope)
            .from(from.clone())
            .to(to)
            .subject(text::clip(&text::line(&self.subject), 300))
            .date(self.date.into())
            .message_id(Some(id(&self.message_id)))
            // RFC 3834: no out-of-office answers, please.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()));
        // RFC 5322, section 3.6.4: mail programs show what refers to one message as one conversation.
        if let Some(thread) = self.thread.as_ref().filter(|thread| **thread != self.message_id) {
            builder = builder.in_reply_to(id(thread)).references(id(thread));
        }
        if let Some(reply_to) = self.reply_to.as_ref().and_then(|(name, email)| addressee(name, email)) {
            builder = builder.reply_to(reply_to);
        }
        builder.multipart(self.body()).ok()
    }

    /// Mail programs that know calendars look for the invitation among the alternatives; the others offer the attachment.
    fn body(&self) -> MultiPart {
        let alternative = MultiPart::alternative()
            .singlepart(SinglePart::plain(self.text.clone()))
            .singlepart(SinglePart::html(self.html.clone()));
        let Some(invite) = &self.invite else { return alternative };
        let plain_type = format!("text/calendar; charset=utf-8; method={}", invite.method.as_str());
        let named_type = format!("{plain_type}; name=invite.ics");
        let (Ok(plain_type), Ok(named_type)) = (ContentType::parse(&plain_type), ContentType::parse(&named_type))
        else {
            unreachable!("both are constant up to the method");
        };
        let calendar = SinglePart::builder().content_type(plain_type).body(invite.ics.clone());
        let attachment = Attachment::new("invite.ics".into()).body(invite.ics.clone(), named_type);
        MultiPart::mixed().multipart(alternative.singlepart(calendar)).singlepart(attachment)
    }
}

/// An id with nothing in it that a header or a file name could stumble over.
fn safe(id: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    id.chars().take(120).map(safe).collect()
}

/// A mailbox as lettre has it.
pub(crate) fn addressee(name: &str, email: &str) -> Option<Addressee> {
    let address = address::wire(email)?;
    let name = text::clip(&text::line(name), 200);
    Some(Addressee::new((!name.is_empty()).then_some(name), address))
}
