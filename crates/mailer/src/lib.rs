//! What people receive: messages, iCalendar invitations, and the ways they travel.
//!
//! A [`BookingNotice`] or [`AccountNotice`] says what happened and to whom; [`compose`](BookingNotice::compose) turns it
//! into an [`Outgoing`] message in the recipient's language; a [`Mailer`] sends that by SMTP, through Resend, or into
//! `.eml` files.
//!
//! Composing is deterministic: no clock, no randomness, no I/O. Every word that a person reads comes from the catalogue
//! in `messages.rs`.
//!
//! **Names, notes and reasons are strangers' text.** They are cleaned of line breaks and invisible controls where they
//! enter, and escaped for what they are written into (header, HTML, iCalendar) where they leave. No `Debug` or
//! `Display` of this crate shows an address, a link or a message.

mod account_notice;
mod address;
mod booking_notice;
mod ics;
mod letter;
mod messages;
mod mime;
mod reply;
mod smtp;
mod text;
mod transport;
mod when;

pub use account_notice::AccountNotice;
pub use address::is_address;
pub use booking_notice::{BookingNotice, CancelledBy, Event, EventText, Person, Recipient};
pub use ics::{Invite, Method};
pub use mime::{Mailbox, Outgoing};
pub use reply::Cause;
pub use transport::{ConfigError, Mailer, SendError, Sent, Transport};
