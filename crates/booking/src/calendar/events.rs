//! One event for each booking: written after the booking, and asked for when it changed over there.
//!
//! Whoever does either has leased the event first, and reads the booking afterwards. What a provider did for somebody whose
//! lease was lost meanwhile may be older than what is written down: it is written once more. So is what arrives at the
//! provider after a later write, when nobody waits for it any more: the event itself says what it was written as.

use super::access::{Open, Trouble};
use crate::jobs::{self, Failure, Task};
use crate::secrets::sha256;
use crate::{Context, bookings, notices};
use calendars::remote::{Draft, Meeting, RemoteError, RemoteEvent, When};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{BookingId, CalendarId, Location, LocationKind, Status};
use std::time::Duration;
use store::{Actor, Booking, EventLink};

/// Asking about an event and writing it is given up after this, before the lease ends, and that before the job's.
const LONGEST: Duration = Duration::from_secs(150);
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// In so many other calendars of the account an event is looked for.
const MOST_ELSEWHERE: usize = 50;

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

/// What is to be done with an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Write,
    Reconcile,
}

/// A booking with its event, which nobody else touches until it is released.
struct Leased<'a> {
    context: &'a Context,
    booking: Booking,
    link: EventLink,
    until: DateTime<Utc>,
    open: Open<'a>,
}

/// Makes the event in the mentor's calendar be as the booking is, or not be.
pub(crate) async fn write(context: &Context, id: BookingId) -> Result<(), Failure> {
    alone(context, id, Work::Write).await
}

/// The event of a booking is not as it was written, as it seems. Asks for it once more; then the booking follows, or the
/// event goes back to where it was.
pub(crate) async fn reconcile(context: &Context, id: BookingId) -> Result<(), Failure> {
    alone(context, id, Work::Reconcile).await
}

/// Does it while nobody else does, if there is something to do, and somebody to do it with.
async fn alone(context: &Context, id: BookingId, work: Work) -> Result<(), Failure> {
    let now = context.now();
    let until = now + LEASE;
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some(booking) = tx.booking(id).await? else { return Ok(()) };
    let link = tx.event_link(id).await?;
    if work == Work::Write && link.is_none() && is_live(&booking) && booking.end > now {
        let Some(calendar) = tx.receiving_calendar(booking.mentor_id).await? else { return Ok(()) };
        tx.insert_event_link(booking.mentor_id, id, CalendarId(calendar.id)).await?;
    }
    let done = |link: &EventLink, booking: &Booking| work == Work::Write && link.written_sequence >= booking.sequence;
    if link.is_some_and(|link| done(&link, &booking)) {
        return Ok(());
    }
    if !tx.lease_event(id, now, until).await? {
        return if tx.event_link(id).await?.is_some() { Err(SOON) } else { Ok(()) };
    }
    // Read again: both may have changed until the lease was ours.
    let Some((booking, link)) = tx.booking(id).await?.zip(tx.event_link(id).await?) else { return Ok(()) };
    if done(&link, &booking) {
        return Ok(());
    }
    tx.commit().await?;

    let work = async {
        let open = match Open::new(context, link.connection_id).await {
            Ok(open) => open,
            // What is missed is written when the mentor has connected again.
            Err(Trouble::Closed) => return Ok(()),
            Err(trouble) => return Err(trouble.into()),
        };
        let mut leased = Leased { context, booking, link, until, open };
        if work == Work::Reconcile {
            return leased.follow().await;
        }
        let there = leased.locate().await?;
        if !is_live(&leased.booking) {
            return leased.remove().await;
        }
        // What the mentor has taken out of the calendar since, holds no details that could be erased.
        if !there && leased.booking.erased_at.is_some() { Ok(()) } else { leased.put().await }
    };
    let too_slow = || Err(Trouble::Remote(RemoteError::Unavailable("too slow".into())).into());
    let outcome = tokio::time::timeout(LONGEST, work).await.unwrap_or_else(|_| too_slow());
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.release_event(id, until).await?;
    tx.commit().await?;
    outcome
}

fn is_live(booking: &Booking) -> bool {
    matches!(booking.status, Status::Pending | Status::Confirmed)
}

impl Leased<'_> {
    /// The event as it should be.
    async fn draft(&self) -> Result<Draft, Failure> {
        let booking = &self.booking;
        let mut tx = self.context.store.begin(Actor::Worker).await?;
        let text = notices::event_text(self.context, &mut tx, booking).await?;
        let unmade = |location: &&Location| location.value.is_empty() && booking.erased_at.is_none();
        let meeting = booking.location.as_ref().filter(unmade);
        Ok(Draft {
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
        })
    }

    /// Whether the mentor has put the event into another calendar since it was written: it is written there, and not
    /// brought back to where it was. Answers whether it is anywhere, as far as that is known.
    async fn locate(&mut self) -> Result<bool, Failure> {
        let Some(remote_id) = self.link.remote_id.clone() else { return Ok(true) };
        match self.open.get(&self.link.calendar_remote_id, &remote_id).await {
            // What cannot be read can be written over.
            Ok(Some(_)) | Err(Trouble::Remote(RemoteError::Refused(_))) => Ok(true),
            Ok(None) => self.elsewhere(&remote_id).await.map(|event| event.is_some()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    async fn put(&mut self) -> Result<(), Failure> {
        let draft = self.draft().await?;
        let Self { context, booking, link, until, open } = self;
        let written = open.put(&link.calendar_remote_id, &draft, link.remote_id.as_deref()).await?;
        let mut tx = context.store.begin(Actor::Worker).await?;
        let hash = sha256(written.id.as_bytes());
        if !tx.event_written(link, *until, &written.id, &hash, draft.sequence, &draft.during).await? {
            return self.lost().await;
        }
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

    async fn remove(&mut self) -> Result<(), Failure> {
        let remote_id = match self.link.remote_id.clone() {
            Some(remote_id) => remote_id,
            None => self.learn_id().await?,
        };
        let Self { context, booking, link, until, open } = self;
        open.delete(&link.calendar_remote_id, &remote_id).await?;
        let mut tx = context.store.begin(Actor::Worker).await?;
        if !tx.event_removed(booking.id, *until, booking.sequence).await? {
            return self.lost().await;
        }
        Ok(tx.commit().await?)
    }

    /// The event may have been written without our learning its id: writing it once more tells. That this was done is not
    /// written down, since it is to be deleted.
    async fn learn_id(&mut self) -> Result<String, Failure> {
        let draft = Draft { meeting: None, ..self.draft().await? };
        let Self { context, booking, link, until, open } = self;
        let written = open.put(&link.calendar_remote_id, &draft, None).await?;
        let mut tx = context.store.begin(Actor::Worker).await?;
        let hash = sha256(written.id.as_bytes());
        tx.event_found(booking.id, *until, link.calendar_id, &written.id, &hash).await?;
        tx.commit().await?;
        Ok(written.id)
    }

    /// Somebody else has leased the event meanwhile, or the mentor has disconnected the calendar. Nobody knows whose write
    /// came last.
    async fn lost(&self) -> Result<(), Failure> {
        let (id, mentor, now) = (self.booking.id, self.booking.mentor_id, self.context.now());
        let mut tx = self.context.store.begin(Actor::Worker).await?;
        tx.rewrite_event(id).await?;
        jobs::leave(&mut tx, Some(mentor), &Task::Event { booking: id }, now, now).await?;
        tx.commit().await?;
        self.context.jobs_left.notify_waiters();
        Ok(())
    }

    async fn follow(&mut self) -> Result<(), Failure> {
        let Self { context, booking, link, open, .. } = self;
        let now = context.now();
        let Some(remote_id) = link.remote_id.clone() else { return Ok(()) };
        // What is over stays as it was. What is yet to be written wins: it is newer than what the mentor saw there.
        if !is_live(booking) || booking.start <= now || link.written_sequence != booking.sequence {
            return Ok(());
        }
        let event = match open.get(&link.calendar_remote_id, &remote_id).await? {
            Some(event) => Some(event),
            None => self.elsewhere(&remote_id).await?,
        };
        let Self { context, booking, .. } = self;
        let followed = match event {
            None => bookings::cancel_by_calendar(context, booking.id, booking.sequence).await?,
            Some(event) => {
                let older = event.revision.filter(|shown| shown.sequence < booking.sequence);
                match event.when {
                    When::Timed(span) if older.is_none() && span == (booking.start..booking.end) => true,
                    // Not where we put it, then or now.
                    When::Timed(span)
                        if span.start != booking.start && older.as_ref().is_none_or(|shown| shown.during != span) =>
                    {
                        bookings::move_by_calendar(context, booking.id, booking.sequence, span).await?
                    }
                    // As we wrote it before, and late; or made longer, shorter, or into whole days: a session keeps its length.
                    _ => {
                        bookings::restore_event(context, booking.id).await?;
                        true
                    }
                }
            }
        };
        if followed { Ok(()) } else { Err(SOON) }
    }

    /// The event, if the mentor has put it into another calendar of the account: that is no cancellation.
    async fn elsewhere(&mut self, remote_id: &str) -> Result<Option<RemoteEvent>, Failure> {
        let Self { context, booking, link, until, open } = self;
        let mut tx = context.store.begin(Actor::Worker).await?;
        let calendars = tx.calendars_of(link.connection_id).await?;
        drop(tx);
        let others = calendars.iter().filter(|calendar| calendar.writable && calendar.id != link.calendar_id.0);
        for calendar in others.take(MOST_ELSEWHERE) {
            let event = match open.get(&calendar.remote_id, remote_id).await {
                // That calendar is not there, or not for us: then the event is not there for us either.
                Err(Trouble::Remote(RemoteError::NotFound | RemoteError::Refused(_))) => None,
                event => event?,
            };
            let Some(event) = event.filter(|event| event.booking == Some(booking.id)) else { continue };
            let mut tx = context.store.begin(Actor::Worker).await?;
            let hash = sha256(event.id.as_bytes());
            tx.event_found(booking.id, *until, CalendarId(calendar.id), &event.id, &hash).await?;
            tx.commit().await?;
            link.calendar_id = CalendarId(calendar.id);
            link.calendar_remote_id.clone_from(&calendar.remote_id);
            link.remote_id = Some(event.id.clone());
            return Ok(Some(event));
        }
        Ok(None)
    }
}
