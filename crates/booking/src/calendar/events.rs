//! One event for each booking: written after the booking, and asked for when it changed over there.
//!
//! Whoever does either has leased the event first, and reads the booking afterwards. What a provider did for somebody whose
//! lease was lost meanwhile may be older than what is written down: it is written once more. So is what arrives at the
//! provider after a later write, when nobody waits for it any more: the event itself says what it was written as.
//!
//! What the mentor does to an event is followed where it can be: a start at another time moves the booking, and a deletion
//! cancels it. Length and repetition never change a booking; they are undone, and the mentor is told. Between such a decision
//! and the write that follows from it, the link keeps what the event looked like (`decided_event`), so that what the mentor
//! does in between is seen as such: a deletion wins, and so does another move.

use super::access::{Open, Trouble};
use crate::bookings::CalendarChange;
use crate::jobs::{self, Failure, Task};
use crate::secrets::sha256;
use crate::{Context, bookings, notices};
use calendars::remote::{Draft, Meeting, RemoteError, RemoteEvent, When};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{BookingId, CalendarId, ConnectionId, Location, LocationKind, Status};
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;
use store::{Actor, Booking, Calendar, EventLink, Job, Tx};

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

/// Something else has to happen first, perhaps at another provider.
const LATER: Failure = Failure::Later(TimeDelta::seconds(30));

/// Where the event of a booking is, as far as the provider tells.
enum Found {
    /// It has no id yet, or cannot be read.
    Unknown,
    There(RemoteEvent),
    Gone,
}

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
pub(crate) async fn write(context: &Context, id: BookingId, job: &Job) -> Result<(), Failure> {
    alone(context, id, Work::Write, job).await
}

/// The event of a booking is not as it was written, as it seems. Asks for it once more; then the booking follows, or the
/// event goes back to where it was.
pub(crate) async fn reconcile(context: &Context, id: BookingId, job: &Job) -> Result<(), Failure> {
    alone(context, id, Work::Reconcile, job).await
}

/// Does it while nobody else does, if there is something to do, and somebody to do it with.
async fn alone(context: &Context, id: BookingId, work: Work, job: &Job) -> Result<(), Failure> {
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
    if let Some(link) = tx.event_link(id).await?
        && !is_routed(&mut tx, job, link.connection_id).await?
    {
        tx.commit().await?;
        return Err(Failure::Elsewhere);
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
        leased.write().await
    };
    until_released(context, id, until, Box::pin(work)).await
}

/// Does what the event was leased for until `until`, and gives the lease back. The work is boxed: it is large, and a thread's
/// stack is not.
async fn until_released(
    context: &Context,
    id: BookingId,
    until: DateTime<Utc>,
    work: Pin<Box<impl Future<Output = Result<(), Failure>>>>,
) -> Result<(), Failure> {
    let too_slow = || Err(Trouble::Remote(RemoteError::Unavailable("too slow".into())).into());
    let outcome = tokio::time::timeout(LONGEST, work).await.unwrap_or_else(|_| too_slow());
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.release_event(id, until).await?;
    tx.commit().await?;
    outcome
}

/// Whether the job was routed to the account of this connection, so that providers' limits hold. A job that no worker routed
/// was left by the release before, for any server.
async fn is_routed(tx: &mut Tx, job: &Job, connection: ConnectionId) -> Result<bool, Failure> {
    let Some(mailbox) = job.mailbox else { return Ok(true) };
    let route = tx.route(connection).await?;
    Ok(route.is_none_or(|(provider, account)| job.queue.as_deref() == Some(&provider) && mailbox == account))
}

/// A connected calendar holds an event that was made for a booking, and that the booking's link does not name. It becomes the
/// booking's event where there is none, and is deleted where there is one.
pub(crate) async fn clear_left_behind(
    context: &Context,
    id: BookingId,
    calendar: CalendarId,
    remote_id: &str,
    job: &Job,
) -> Result<(), Failure> {
    let now = context.now();
    let until = now + LEASE;
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some((booking, calendar)) = tx.booking(id).await?.zip(tx.calendar(calendar).await?) else { return Ok(()) };
    let connection = ConnectionId(calendar.connection_id);
    if !calendar.writable {
        return Ok(());
    }
    if !is_routed(&mut tx, job, connection).await? {
        return Err(Failure::Elsewhere);
    }
    let Some(link) = tx.event_link(id).await? else {
        // Its write finds it, or takes it away.
        tx.adopt_event(booking.mentor_id, id, CalendarId(calendar.id), remote_id).await?;
        jobs::leave_once(&mut tx, booking.mentor_id, &Task::Event { booking: id }, now).await?;
        tx.commit().await?;
        context.jobs_left.notify_waiters();
        return Ok(());
    };
    if link.calendar_id.0 == calendar.id && link.remote_id.as_deref() == Some(remote_id) {
        return Ok(());
    }
    let written = link.remote_id.is_some() && link.written_sequence >= 0;
    if is_live(&booking) && !written {
        return Err(LATER);
    }
    if !tx.lease_event(id, now, until).await? {
        return Err(SOON);
    }
    tx.commit().await?;
    let work = async {
        let mut open = match Open::new(context, connection).await {
            Ok(open) => open,
            Err(Trouble::Closed) => return Ok(()),
            Err(trouble) => return Err(trouble.into()),
        };
        clear(context, &mut open, &booking, &link, (&calendar, remote_id), until).await
    };
    until_released(context, id, until, Box::pin(work)).await
}

/// Deletes the event in `calendar`, if it is certain that it is not the booking's own.
async fn clear(
    context: &Context,
    open: &mut Open<'_>,
    booking: &Booking,
    link: &EventLink,
    (calendar, remote_id): (&Calendar, &str),
    until: DateTime<Utc>,
) -> Result<(), Failure> {
    let event = match open.get(&calendar.remote_id, remote_id).await {
        Err(Trouble::Remote(RemoteError::NotFound)) => None,
        event => event?,
    };
    if !event.is_some_and(|event| event.original && event.booking == Some(booking.id)) {
        return Ok(());
    }
    if is_live(booking) && link.connection_id.0 == calendar.connection_id {
        let named = link.remote_id.as_deref().unwrap_or_default();
        if open.get(&link.calendar_remote_id, named).await?.is_none() {
            // The mentor has put it into this calendar: that is no cancellation.
            let mut tx = context.store.begin(Actor::Worker).await?;
            let hash = sha256(remote_id.as_bytes());
            tx.event_found(booking.id, until, CalendarId(calendar.id), remote_id, &hash).await?;
            jobs::leave_once(&mut tx, booking.mentor_id, &Task::Reconcile { booking: booking.id }, context.now())
                .await?;
            tx.commit().await?;
            context.jobs_left.notify_waiters();
            return Ok(());
        }
    } else if is_live(booking) {
        let mut tx = context.store.begin(Actor::Worker).await?;
        let other = tx.calendar_connection(link.connection_id).await?;
        if other.is_some_and(|other| other.provider == open.connection.provider) {
            // Two accounts may share a calendar, and then this is the booking's event itself. It takes no time, and is looked
            // at again when the booking has ended.
            return Ok(());
        }
    }
    Ok(open.delete(&calendar.remote_id, remote_id).await?)
}

fn is_live(booking: &Booking) -> bool {
    matches!(booking.status, Status::Pending | Status::Confirmed)
}

/// Why an event was not written.
enum Put {
    /// The one that was to be changed was deleted.
    Gone,
    Failed(Failure),
}

macro_rules! put_failed {
    ($($error:ty),*) => {
        $(impl From<$error> for Put {
            fn from(error: $error) -> Self {
                Self::Failed(error.into())
            }
        })*
    };
}
put_failed!(Failure, Trouble, crate::Error, store::StoreError);

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

    async fn write(&mut self) -> Result<(), Failure> {
        let found = self.locate().await?;
        if !is_live(&self.booking) {
            return self.remove().await;
        }
        match found {
            Found::Gone => self.gone().await,
            Found::There(event) if self.is_news(&event) => self.apply(event).await,
            Found::There(_) | Found::Unknown => {
                let known = self.link.remote_id.clone();
                match self.put(known.as_deref()).await {
                    Err(Put::Gone) => self.gone().await,
                    Err(Put::Failed(failure)) => Err(failure),
                    Ok(()) => Ok(()),
                }
            }
        }
    }

    /// What the mentor did to the event is followed or to be undone, and the write that follows from it is this one.
    fn is_decided(&self) -> bool {
        self.link.decided_sequence == self.booking.sequence && self.link.written_sequence != self.booking.sequence
    }

    /// Whether the mentor has changed the event once more since what they did was decided upon.
    fn is_news(&self, event: &RemoteEvent) -> bool {
        let as_booked = When::Timed(self.booking.start..self.booking.end);
        let look = event.look();
        self.is_decided()
            && self.booking.start > self.context.now()
            && self.link.decided_event.as_ref().is_some_and(|decided| *decided != look)
            && look != RemoteEvent::look_of(&as_booked, false)
    }

    /// The event was deleted. If the mentor knew the booking as it is, that cancels it; what changed since is newer than what
    /// they saw, so the event is made again, and they are told.
    async fn gone(&mut self) -> Result<(), Failure> {
        let Self { context, booking, link, until, .. } = self;
        // What the mentor has taken out of the calendar since, holds no details that could be erased.
        if booking.erased_at.is_some() || booking.start <= context.now() {
            let mut tx = context.store.begin(Actor::Worker).await?;
            tx.event_removed(booking.id, *until, booking.sequence).await?;
            return Ok(tx.commit().await?);
        }
        if link.written_sequence.max(link.decided_sequence) >= booking.sequence {
            let cancelled = bookings::cancel_by_calendar(context, booking.id, booking.sequence).await?;
            return if cancelled { Ok(()) } else { Err(SOON) };
        }
        match self.put(None).await {
            Ok(()) => Ok(()),
            Err(Put::Gone) => Err(SOON),
            Err(Put::Failed(failure)) => Err(failure),
        }
    }

    /// Where the event is. If the mentor has put it into another calendar since it was written, it is written there, and not
    /// brought back to where it was.
    async fn locate(&mut self) -> Result<Found, Failure> {
        let Some(remote_id) = self.link.remote_id.clone() else { return Ok(Found::Unknown) };
        let event = match self.open.get(&self.link.calendar_remote_id, &remote_id).await {
            Ok(Some(event)) => Some(event),
            // What cannot be read can be written over.
            Err(Trouble::Remote(RemoteError::Refused(_))) => return Ok(Found::Unknown),
            Ok(None) => self.elsewhere(&remote_id).await?,
            Err(trouble) => return Err(trouble.into()),
        };
        Ok(event.map_or(Found::Gone, Found::There))
    }

    /// Writes the event: the one with the id `known`, if it is there, or else whichever carries the booking's mark, or a new
    /// one.
    async fn put(&mut self, known: Option<&str>) -> Result<(), Put> {
        let draft = self.draft().await?;
        let Self { context, booking, link, until, open } = self;
        let written = match open.put(&link.calendar_remote_id, &draft, known).await {
            Err(Trouble::Remote(RemoteError::EventGone)) => return Err(Put::Gone),
            written => written?,
        };
        let mut tx = context.store.begin(Actor::Worker).await?;
        let hash = sha256(written.id.as_bytes());
        if !tx.event_written(link, *until, &written.id, &hash, draft.sequence, &draft.during).await? {
            return Ok(self.lost().await?);
        }
        if known.is_none() && link.remote_id.is_some() {
            bookings::event_made_again(context, &mut tx, booking).await?;
        }
        let asked = draft.meeting.is_some();
        if let Some(url) = written.meeting_url.as_ref().filter(|_| asked) {
            tx.set_location_value(booking.id, url).await?;
        }
        // The provider may be making the link still: the next write tells.
        let changed_at = tx.last_change(booking.id).await?.unwrap_or(booking.created_at);
        let awaited = asked && written.meeting_url.is_none() && context.now() < changed_at + notices::LINK_TAKES;
        if awaited {
            let look = RemoteEvent::look_of(&When::Timed(draft.during.clone()), false);
            tx.event_decided(booking.id, draft.sequence, &look).await?;
            tx.rewrite_event(booking.id).await?;
        }
        tx.commit().await?;
        context.jobs_left.notify_waiters();
        if awaited { Err(Put::Failed(SOON)) } else { Ok(()) }
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
        let Some(remote_id) = self.link.remote_id.clone() else { return Ok(()) };
        // What is over stays as it was. What is yet to be written wins: it is newer than what the mentor saw there.
        let seen = self.link.written_sequence == self.booking.sequence || self.is_decided();
        if !is_live(&self.booking) || self.booking.start <= self.context.now() || !seen {
            return Ok(());
        }
        let event = match self.open.get(&self.link.calendar_remote_id, &remote_id).await? {
            Some(event) => Some(event),
            None => self.elsewhere(&remote_id).await?,
        };
        match event {
            None => self.gone().await,
            // The write that follows from what was decided is on its way.
            Some(event) if self.is_decided() && !self.is_news(&event) => Ok(()),
            Some(event) => self.apply(event).await,
        }
    }

    /// The booking follows what the mentor did to the event, or the event goes back.
    async fn apply(&self, event: RemoteEvent) -> Result<(), Failure> {
        let Self { context, booking, .. } = self;
        let booked = booking.start..booking.end;
        let look = event.look();
        // As we wrote it before, and late. Where a decision waits to be written, it is the mentor who has put it back there.
        let older = event.revision.as_ref().filter(|shown| shown.sequence < booking.sequence && !event.recurring);
        let late =
            |during: &Range<DateTime<Utc>>| older.is_some_and(|shown| *during == booked || *during == shown.during);
        let decided = self.is_decided();
        let during = match event.when {
            When::Timed(ref during) if !decided && late(during) => {
                bookings::restore_event(context, booking.id, booking.sequence, &look).await?;
                return Ok(());
            }
            When::Timed(ref during) if *during == booked && !event.recurring => return Ok(()),
            When::Timed(ref during) => during.clone(),
            // Whole days say nothing of when in them a session would be.
            When::AllDay { .. } => booked.start..booked.start + TimeDelta::days(1),
        };
        let change = CalendarChange { during, repeated: event.recurring, look };
        let followed = bookings::change_by_calendar(context, booking.id, booking.sequence, change).await?;
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
