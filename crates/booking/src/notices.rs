//! From an event to the message about it.

use crate::{Context, Error, bookings};
use chrono::{DateTime, TimeDelta, Utc};
use mailer::{BookingNotice, CancelledBy, Event, Invite, Person, Recipient};
use scheduling::{Actor, Language, OffsetTable, Status, urls};
use std::ops::Range;
use store::{Account, Booking, BookingEvent, EventKind, Tx};

/// The message about an event, to one of the two. `tx` is the worker's.
pub(crate) async fn of_event(
    context: &Context,
    tx: &mut Tx,
    event: &BookingEvent,
    recipient: Recipient,
    message_id: String,
) -> Result<BookingNotice, Error> {
    let what = match event.kind {
        EventKind::Booked => Event::Booked,
        EventKind::Requested => Event::Requested,
        EventKind::Confirmed => Event::Confirmed,
        EventKind::Declined => Event::Declined,
        EventKind::Cancelled => Event::Cancelled { by: cancelled_by(event.actor) },
        EventKind::Moved => {
            let previous = event.previous.clone().unwrap_or_else(|| event.during.clone());
            Event::Moved { previous_start: previous.start, previous_end: previous.end }
        }
    };
    let parts = Parts {
        event: what,
        recipient,
        message_id,
        sequence: event.sequence,
        stamp: event.created_at,
        during: event.during.clone(),
        reason: event.reason.clone(),
    };
    compose(context, tx, &event.booking, parts).await
}

/// The booking's newest state as a calendar file. `tx` is the worker's.
pub(crate) async fn newest(context: &Context, tx: &mut Tx, booking: &Booking, mentee: bool) -> Result<Invite, Error> {
    let event = match booking.status {
        Status::Pending => Event::Requested,
        Status::Confirmed => Event::Booked,
        Status::Declined => Event::Declined,
        Status::Cancelled => Event::Cancelled { by: cancelled_by(booking.cancelled_by.unwrap_or(Actor::Mentee)) },
    };
    let parts = Parts {
        event,
        recipient: if mentee { Recipient::Mentee } else { Recipient::Mentor },
        message_id: String::new(),
        sequence: booking.sequence,
        stamp: tx.last_change(booking.id).await?.unwrap_or(booking.created_at),
        during: booking.start..booking.end,
        reason: booking.reason.clone(),
    };
    Ok(compose(context, tx, booking, parts).await?.ics(context.mailer.organizer()))
}

struct Parts {
    event: Event,
    recipient: Recipient,
    message_id: String,
    sequence: i32,
    stamp: DateTime<Utc>,
    during: Range<DateTime<Utc>>,
    reason: Option<String>,
}

async fn compose(context: &Context, tx: &mut Tx, booking: &Booking, parts: Parts) -> Result<BookingNotice, Error> {
    let account: Account = tx.account(booking.mentor_id).await?.ok_or(Error::NotFound)?;
    let zone = |name: &str| -> Result<OffsetTable, Error> {
        let previous = match &parts.event {
            Event::Moved { previous_start, .. } => *previous_start,
            _ => parts.during.start,
        };
        let span =
            previous.min(parts.during.start) - TimeDelta::days(3)..previous.max(parts.during.end) + TimeDelta::days(3);
        context.zones.table(name, span).ok_or_else(|| Error::Internal("a booking's time zone is unknown".into()))
    };
    let mentee = parts.recipient == Recipient::Mentee;
    let language = if mentee { &booking.language } else { &account.language };
    let manage_url = match mentee {
        true => {
            let token = bookings::open_token(context, booking.id, &booking.manage_token_sealed)?;
            Some(context.link(&urls::manage(token.reveal())))
        }
        false => None,
    };
    Ok(BookingNotice {
        event: parts.event,
        recipient: parts.recipient,
        language: Language::from_tag(language).unwrap_or_default(),
        message_id: parts.message_id,
        uid: format!("{}@yaksok", booking.id),
        sequence: parts.sequence,
        stamp: parts.stamp,
        tentative: booking.status == Status::Pending,
        start: parts.during.start,
        end: parts.during.end,
        mentor: Person { name: account.name, email: account.email, zone: zone(&account.timezone)? },
        mentee: Person { name: booking.name.clone(), email: booking.email.clone(), zone: zone(&booking.timezone)? },
        session_name: booking.session_name.clone(),
        notes: booking.notes.clone(),
        location: booking.location.clone(),
        reason: parts.reason,
        manage_url,
        dashboard_url: (!mentee).then(|| context.link(&urls::dashboard_booking(booking.id))),
        with_invite: true,
    })
}

fn cancelled_by(actor: Actor) -> CancelledBy {
    match actor {
        Actor::Mentee => CancelledBy::Mentee,
        Actor::Mentor => CancelledBy::Mentor,
        Actor::Calendar => CancelledBy::Calendar,
        Actor::Expiry => CancelledBy::Expiry,
    }
}
