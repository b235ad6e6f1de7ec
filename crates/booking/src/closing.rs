//! Closing an account, in two steps that each survive a crash.
//!
//! 1. [`close`], one transaction: every session to come is cancelled, with the jobs that notify both sides and remove the
//!    events; the account is invisible and nothing opens it any more.
//! 2. [`finish_due`], by the worker: once those jobs are done or given up, permissions are given back to the providers and the
//!    rows are deleted. What a provider does not answer is tried again, for [`AT_MOST`] in all.

use crate::calendar::{self, GiveBack};
use crate::{Context, Error, bookings};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{Actor as By, EventId, EventKind, MentorId, Status};
use store::{Actor, Booking, BookingFilter, NewEvent, Tx};

/// After so long an account is deleted, whatever could not be done outside: as long as a job is tried.
pub(crate) const AT_MOST: TimeDelta = TimeDelta::days(3);
/// So long after its start a session's link says what has happened.
const LINK_KEPT: TimeDelta = TimeDelta::days(30);
/// Whoever finishes a closing has it for so long.
const LEASE: TimeDelta = TimeDelta::minutes(4);
/// How long until jobs are counted again, and until a provider is asked again.
const JOBS_TAKE: TimeDelta = TimeDelta::seconds(2);
const PROVIDER_RESTS: TimeDelta = TimeDelta::minutes(5);

/// What closing the account will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    /// So many sessions to come are cancelled.
    pub upcoming: usize,
    /// Calendars are connected: their events of these sessions are removed.
    pub calendars: bool,
}

/// What closing the account would do now.
///
/// # Errors
/// Where the database fails.
pub(crate) async fn preview(context: &Context, mentor: MentorId) -> Result<Preview, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    let upcoming = upcoming(&mut tx, mentor, context.now()).await?.len();
    Ok(Preview { upcoming, calendars: !tx.connections(mentor).await?.is_empty() })
}

async fn upcoming(tx: &mut Tx, mentor: MentorId, now: DateTime<Utc>) -> Result<Vec<Booking>, Error> {
    let filter = BookingFilter {
        from: Some(now),
        statuses: vec![Status::Pending, Status::Confirmed],
        limit: i64::MAX,
        ..BookingFilter::default()
    };
    Ok(tx.bookings(mentor, &filter).await?)
}

/// Closes the account. Closing it twice is closing it once.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) async fn close(context: &Context, mentor: MentorId, handle_kept: TimeDelta) -> Result<(), Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.act_for(mentor).await?;
    tx.lock_calendar(mentor).await?;
    let account = tx.account(mentor).await?.ok_or(Error::NotFound)?;
    let now = context.now();
    tx.lock_handles(&[&account.handle]).await?;
    if !tx.close_mentor(mentor, now).await? {
        return Ok(());
    }
    tx.give_up_handle(mentor, &account.handle, now + handle_kept).await?;
    let bookings = upcoming(&mut tx, mentor, now).await?;
    let ids: Vec<_> = bookings.iter().map(|booking| booking.id).collect();
    tx.insert_closed_bookings(&ids, LINK_KEPT).await?;
    for booking in bookings {
        cancel(context, &mut tx, booking, now).await?;
    }
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(())
}

async fn cancel(context: &Context, tx: &mut Tx, mut booking: Booking, now: DateTime<Utc>) -> Result<(), Error> {
    booking.status = Status::Cancelled;
    booking.sequence += 1;
    booking.cancelled_at = Some(now);
    booking.cancelled_by = Some(By::Mentor);
    tx.update_booking(&booking).await?;
    let event = NewEvent {
        id: EventId(context.new_id()),
        booking_id: booking.id,
        mentor_id: booking.mentor_id,
        kind: EventKind::Cancelled,
        actor: By::Mentor,
        api_key: None,
        sequence: booking.sequence,
        during: booking.start..booking.end,
        previous: None,
        reason: None,
        created_at: now,
    };
    bookings::write_down(tx, &event).await
}

/// A closed account that is due, leased.
pub(crate) async fn lease(context: &Context) -> Result<Option<(MentorId, DateTime<Utc>)>, Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some(closed) = tx.lease_closed(now, now + LEASE).await? else { return Ok(None) };
    tx.commit().await?;
    Ok(Some(closed))
}

/// Deletes a closed account, if all that follows from closing it is done or its time is over; else it is due again later.
pub(crate) async fn finish(context: &Context, (mentor, closed_at): (MentorId, DateTime<Utc>)) -> Result<(), Error> {
    let now = context.now();
    let is_overdue = now >= closed_at + AT_MOST;
    let mut tx = context.store.begin(Actor::Worker).await?;
    if !is_overdue && tx.unfinished_jobs(mentor).await? > 0 {
        tx.close_later(mentor, now + JOBS_TAKE).await?;
        return Ok(tx.commit().await?);
    }
    let connections = tx.connections(mentor).await?;
    drop(tx);
    for connection in connections {
        let given_back = calendar::give_back(context, connection.id()).await;
        if given_back == GiveBack::TryAgain && !is_overdue {
            let mut tx = context.store.begin(Actor::Worker).await?;
            tx.close_later(mentor, now + PROVIDER_RESTS).await?;
            return Ok(tx.commit().await?);
        }
    }
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.lock_calendar(mentor).await?;
    tx.delete_mentor(mentor).await?;
    tx.commit().await?;
    tracing::info!(%mentor, "a closed account is deleted");
    Ok(())
}

/// Finishes every closed account that is due, and answers how many there were. For tests.
pub(crate) async fn finish_due(context: &Context) -> Result<usize, Error> {
    let mut count = 0;
    while let Some(closed) = lease(context).await? {
        finish(context, closed).await?;
        count += 1;
    }
    Ok(count)
}
