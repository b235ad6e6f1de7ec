//! From an event to the message about it.

use crate::{Context, Error, bookings};
use chrono::{DateTime, TimeDelta, Utc};
use mailer::{BookingNotice, CancelledBy, Event, EventText, Invite, Person, Recipient};
use scheduling::{Actor, BookingId, ConnectionId, EventId, Language, LocationKind, OffsetTable, Status, urls};
use std::ops::Range;
use store::{Account, Booking, BookingEvent, EventKind, Tx};

/// A calendar provider makes a meeting link within this, or the message goes out without it.
pub(crate) const LINK_TAKES: TimeDelta = TimeDelta::minutes(2);

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
        EventKind::Cancelled => {
            let closed_at = tx.account(event.booking.mentor_id).await?.and_then(|account| account.closed_at);
            let closed = event.actor == Actor::Mentor && closed_at == Some(event.created_at);
            Event::Cancelled { by: if closed { CancelledBy::Closing } else { cancelled_by(event.actor) } }
        }
        EventKind::Moved => {
            let previous = event.previous.clone().unwrap_or_else(|| event.during.clone());
            Event::Moved { previous_start: previous.start, previous_end: previous.end }
        }
        EventKind::MoveRefused => undone(event),
        EventKind::Erased => return Err(Error::Internal("nobody is told that details were erased".into())),
    };
    let parts = Parts {
        event: what,
        recipient,
        message_id,
        sequence: event.sequence,
        stamp: event.created_at,
        tentative: event.unapproved,
        during: event.during.clone(),
        reason: event.reason.clone(),
    };
    let notice = compose(context, tx, &event.booking, parts).await?;
    // Where the booking's event goes into a calendar of the mentor's, an invitation would be a second one.
    let with_invite = match recipient {
        Recipient::Mentee => true,
        Recipient::Mentor => {
            event.kind != EventKind::MoveRefused && tx.receiving_calendar(event.booking.mentor_id).await?.is_none()
        }
    };
    Ok(BookingNotice { with_invite, ..notice })
}

/// What of the mentor's change in a connected calendar was undone, by what the event had become: nothing, a series that begins
/// with the booking, another length, or another time.
fn undone(event: &BookingEvent) -> Event {
    let Some(Range { start: wanted_start, end: wanted_end }) = event.previous else { return Event::EventMadeAgain };
    if (wanted_start..wanted_end) == event.during {
        Event::RepetitionUndone
    } else if wanted_start == event.during.start {
        Event::LengthUndone { wanted_start, wanted_end }
    } else {
        Event::MoveRefused { wanted_start, wanted_end }
    }
}

/// What the booking's event says in the mentor's calendar. `tx` is the worker's.
pub(crate) async fn event_text(context: &Context, tx: &mut Tx, booking: &Booking) -> Result<EventText, Error> {
    let parts = Parts {
        event: if booking.status == Status::Pending { Event::Requested } else { Event::Booked },
        recipient: Recipient::Mentor,
        message_id: String::new(),
        sequence: booking.sequence,
        stamp: booking.created_at,
        tentative: booking.status == Status::Pending,
        during: booking.start..booking.end,
        reason: None,
    };
    Ok(compose(context, tx, booking, parts).await?.event_text())
}

/// Whether a meeting link is on its way, which the message should hold. Not for long: a message without it is better than
/// none. `tx` is the worker's.
pub(crate) async fn awaits_link(context: &Context, tx: &mut Tx, event: &BookingEvent) -> Result<bool, Error> {
    let booking = &event.booking;
    let provider = match booking.location.as_ref().filter(|location| location.value.is_empty()).map(|l| l.kind) {
        Some(LocationKind::Meet) => "google",
        Some(LocationKind::Teams) => "microsoft",
        _ => return Ok(false),
    };
    let live = matches!(booking.status, Status::Pending | Status::Confirmed);
    if !live || context.now() > event.created_at + LINK_TAKES {
        return Ok(false);
    }
    let Some(calendar) = tx.receiving_calendar(booking.mentor_id).await? else { return Ok(false) };
    let connection = tx.calendar_connection(ConnectionId(calendar.connection_id)).await?;
    Ok(connection.is_some_and(|connection| connection.provider == provider))
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
        tentative: booking.status == Status::Pending,
        during: booking.start..booking.end,
        reason: booking.reason.clone(),
    };
    Ok(compose(context, tx, booking, parts).await?.ics(context.mailer.organizer()))
}

/// The `Message-ID` of the message about an event. The one that a booking begins with is named after the booking, so that
/// each later one can refer to it.
pub(crate) fn message_id(event: EventId, found: &BookingEvent, recipient: Recipient) -> String {
    match found.kind {
        EventKind::Booked | EventKind::Requested => thread(found.booking.id, recipient),
        _ => format!("{event}.{}", word(recipient)),
    }
}

fn thread(booking: BookingId, recipient: Recipient) -> String {
    format!("{booking}.{}", word(recipient))
}

const fn word(recipient: Recipient) -> &'static str {
    match recipient {
        Recipient::Mentee => "mentee",
        Recipient::Mentor => "mentor",
    }
}

struct Parts {
    event: Event,
    recipient: Recipient,
    message_id: String,
    sequence: i32,
    stamp: DateTime<Utc>,
    /// As the message tells it, the booking waits for approval.
    tentative: bool,
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
    let language = Language::from_tag(language).unwrap_or_default();
    let clock = if mentee { bookings::clock_of(booking) } else { crate::accounts::format_of(&account).clock };
    let booker = match booking.erased_at {
        None => Person { name: booking.name.clone(), email: booking.email.clone(), zone: zone(&booking.timezone)? },
        Some(_) => Person::erased(language, zone(&account.timezone)?),
    };
    let manage_url = match mentee && booking.erased_at.is_none() {
        true => {
            let token = bookings::open_token(context, booking.id, &booking.manage_token_sealed)?;
            Some(context.link(&urls::manage(token.reveal())))
        }
        false => None,
    };
    Ok(BookingNotice {
        event: parts.event,
        recipient: parts.recipient,
        language,
        clock,
        message_id: parts.message_id,
        thread: thread(booking.id, parts.recipient),
        uid: format!("{}@yaksok", booking.id),
        sequence: parts.sequence,
        stamp: parts.stamp,
        tentative: parts.tentative,
        start: parts.during.start,
        end: parts.during.end,
        mentor: Person { name: account.name, email: account.email, zone: zone(&account.timezone)? },
        mentee: booker,
        session_name: booking.session_name.clone(),
        notes: booking.notes.clone(),
        location: booking.location.clone(),
        price: booking.price.clone(),
        reason: parts.reason,
        manage_url,
        dashboard_url: (!mentee).then(|| context.link(&urls::dashboard_booking(booking.id))),
        open: match parts.recipient {
            Recipient::Mentee => bookings::rights(booking, Actor::Mentee, context.now()).0,
            Recipient::Mentor => bookings::may_answer(booking, context.now()),
        },
        with_invite: true,
    })
}

fn cancelled_by(actor: Actor) -> CancelledBy {
    match actor {
        Actor::Mentee => CancelledBy::Mentee,
        Actor::Mentor => CancelledBy::Mentor,
        Actor::Calendar => CancelledBy::Calendar,
        // The last two cancel nothing.
        Actor::Expiry | Actor::Platform | Actor::Retention => CancelledBy::Expiry,
    }
}
