//! One event for each booking: written after the booking, and asked for when it changed over there.

use super::access::{Open, Trouble};
use crate::jobs::Failure;
use crate::secrets::sha256;
use crate::{Context, bookings, notices};
use calendars::remote::{Draft, Meeting, RemoteError, RemoteEvent, When};
use chrono::TimeDelta;
use scheduling::{BookingId, CalendarId, LocationKind, Status};
use store::{Actor, Booking, EventLink};

/// Asking about an event and writing it takes less than this.
const LEASE: TimeDelta = TimeDelta::minutes(3);

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let after = match &trouble {
            Trouble::Remote(RemoteError::Throttled(after)) => *after,
            _ => None,
        };
        let error = match trouble {
            Trouble::Closed => "the connection is closed".to_owned(),
            Trouble::Remote(error) => error.to_string(),
            Trouble::Ours(error) => error.to_string(),
        };
        Self::Failed { error, permanent: false, after }
    }
}

/// Somebody else is at it, or the booking has changed meanwhile.
const SOON: Failure = Failure::Later(TimeDelta::seconds(2));

/// A booking with its event, which nobody else touches until it is released.
struct Leased<'a> {
    context: &'a Context,
    booking: Booking,
    link: EventLink,
    open: Open<'a>,
}

impl<'a> Leased<'a> {
    /// `None`: there is nothing to do, or nobody to do it with.
    async fn new(context: &'a Context, id: BookingId, make: bool) -> Result<Option<Self>, Failure> {
        let now = context.now();
        let mut tx = context.store.begin(Actor::Worker).await?;
        let Some(booking) = tx.booking(id).await? else { return Ok(None) };
        let mentor = booking.mentor_id;
        if make && is_live(&booking) && booking.end > now && tx.event_link(id).await?.is_none() {
            let Some(calendar) = tx.receiving_calendar(mentor).await? else { return Ok(None) };
            tx.insert_event_link(mentor, id, CalendarId(calendar.id)).await?;
        }
        let Some(link) = tx.event_link(id).await? else { return Ok(None) };
        if make && link.written_sequence >= booking.sequence {
            return Ok(None);
        }
        if !tx.lease_event(id, now, now + LEASE).await? {
            return Err(SOON);
        }
        tx.commit().await?;
        match Open::new(context, link.connection_id).await {
            Ok(open) => Ok(Some(Self { context, booking, link, open })),
            Err(trouble) => {
                release(context, id).await?;
                // What is missed is written when the mentor has connected again.
                if matches!(trouble, Trouble::Closed) { Ok(None) } else { Err(trouble.into()) }
            }
        }
    }

    /// Ends the lease, whatever came of it.
    async fn done<T>(self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        release(self.context, self.booking.id).await?;
        outcome
    }
}

async fn release(context: &Context, booking: BookingId) -> Result<(), Failure> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.release_event(booking).await?;
    Ok(tx.commit().await?)
}

fn is_live(booking: &Booking) -> bool {
    matches!(booking.status, Status::Pending | Status::Confirmed)
}

/// Makes the event in the mentor's calendar be as the booking is, or not be.
pub(crate) async fn write(context: &Context, id: BookingId) -> Result<(), Failure> {
    let Some(mut leased) = Leased::new(context, id, true).await? else { return Ok(()) };
    let outcome = if is_live(&leased.booking) { put(&mut leased).await } else { remove(&mut leased).await };
    leased.done(outcome).await
}

async fn put(leased: &mut Leased<'_>) -> Result<(), Failure> {
    let Leased { context, booking, link, open } = leased;
    let mut tx = context.store.begin(Actor::Worker).await?;
    let text = notices::event_text(context, &mut tx, booking).await?;
    drop(tx);
    let meeting = booking.location.as_ref().filter(|location| location.value.is_empty());
    let draft = Draft {
        booking: booking.id,
        sequence: booking.sequence,
        during: booking.start..booking.end,
        title: text.summary,
        description: text.description,
        location: text.location,
        tentative: booking.status == Status::Pending,
        meeting: meeting.and_then(|location| match location.kind {
            LocationKind::Meet => Some(Meeting::Meet),
            LocationKind::Teams => Some(Meeting::Teams),
            _ => None,
        }),
    };
    let written = open.put(&link.calendar_remote_id, &draft, link.remote_id.as_deref()).await?;
    let mut tx = context.store.begin(Actor::Worker).await?;
    let hash = sha256(written.id.as_bytes());
    tx.event_written(link, &written.id, &hash, draft.sequence, &draft.during).await?;
    let asked = draft.meeting.is_some();
    if let Some(url) = written.meeting_url.as_ref().filter(|_| asked) {
        tx.set_location_value(booking.id, url).await?;
    }
    // The provider may be making the link still: the next write tells.
    let changed_at = tx.last_change(booking.id).await?.unwrap_or(booking.created_at);
    let awaited = asked && written.meeting_url.is_none() && context.now() < changed_at + notices::LINK_TAKES;
    if awaited {
        tx.rewrite_event(booking.id).await?;
    }
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    if awaited { Err(SOON) } else { Ok(()) }
}

async fn remove(leased: &mut Leased<'_>) -> Result<(), Failure> {
    if leased.link.remote_id.is_none() {
        // It may have been written without our learning its id: writing it once more tells.
        put(leased).await?;
    }
    let Leased { context, booking, link, open } = leased;
    let mut tx = context.store.begin(Actor::Worker).await?;
    let remote_id = tx.event_link(booking.id).await?.and_then(|link| link.remote_id);
    drop(tx);
    if let Some(remote_id) = remote_id {
        open.delete(&link.calendar_remote_id, &remote_id).await?;
    }
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.event_removed(booking.id, booking.sequence).await?;
    Ok(tx.commit().await?)
}

/// The event of a booking is not as it was written, as it seems. Asks for it once more; then the booking follows, or the
/// event goes back to where it was.
pub(crate) async fn reconcile(context: &Context, id: BookingId) -> Result<(), Failure> {
    let Some(mut leased) = Leased::new(context, id, false).await? else { return Ok(()) };
    let outcome = follow(&mut leased).await;
    leased.done(outcome).await
}

async fn follow(leased: &mut Leased<'_>) -> Result<(), Failure> {
    let Leased { context, booking, link, open } = leased;
    let now = context.now();
    let Some(remote_id) = link.remote_id.as_deref() else { return Ok(()) };
    // What is over stays as it was. What is yet to be written wins: it is newer than what the mentor saw there.
    if !is_live(booking) || booking.start <= now || link.written_sequence != booking.sequence {
        return Ok(());
    }
    let event = match open.get(&link.calendar_remote_id, remote_id).await {
        Ok(event) => event,
        Err(Trouble::Closed) => return Ok(()),
        Err(trouble) => return Err(trouble.into()),
    };
    match event {
        None => {
            if bookings::cancel_by_calendar(context, booking.id, booking.sequence).await? {
                Ok(())
            } else {
                Err(SOON)
            }
        }
        Some(RemoteEvent { when: When::Timed(span), .. }) if span == (booking.start..booking.end) => Ok(()),
        Some(RemoteEvent { when: When::Timed(span), .. }) if span.start != booking.start => {
            if bookings::move_by_calendar(context, booking.id, booking.sequence, span).await? {
                Ok(())
            } else {
                Err(SOON)
            }
        }
        // Made longer, shorter, or into whole days: a session keeps its length.
        Some(_) => Ok(bookings::restore_event(context, booking.id).await?),
    }
}
