//! A booker's details are erased: on request, or once they have been kept long enough. The booking itself stays, for the
//! mentor's history: when, which session, and what became of it.
//!
//! What waits to be told to the booker is withdrawn, since there is no address any more; the mentor is told what there is to
//! tell, without the details. The event in the mentor's calendar is written once more, by a job.

use crate::bookings::{self, Booked, Key};
use crate::jobs::{self, Task};
use crate::secrets::Secret;
use crate::{Context, Error};
use chrono::{DateTime, Utc};
use scheduling::{Actor as By, EventId, EventKind, MentorId, Status};
use store::{Actor, Booking, NewEvent, Tx};

/// So many bookings of a mentor at once, while nobody else can book with them.
const BATCH: i64 = 100;

/// Whether its details may be erased at `now`: it is over, or will not take place.
pub fn erasable(booking: &Booking, now: DateTime<Utc>) -> bool {
    booking.erased_at.is_none() && (booking.end <= now || !is_live(booking))
}

fn is_live(booking: &Booking) -> bool {
    matches!(booking.status, Status::Pending | Status::Confirmed)
}

/// The mentee has their details erased, once the booking is over or cancelled. Erasing twice is erasing once.
///
/// # Errors
/// [`Error::NotFound`], [`Error::StillUpcoming`].
pub async fn erase(context: &Context, token: &Secret) -> Result<Booked, Error> {
    let key = Key::Token(token.clone());
    let Booked { booking, mentor } = bookings::get(context, &key).await?;
    let mut tx = locked(context, mentor.id()).await?;
    // Read again: it may have changed until the lock was ours.
    let booking = tx.booking(booking.id).await?.ok_or(Error::NotFound)?;
    let now = context.now();
    if booking.erased_at.is_none() {
        if !erasable(&booking, now) {
            return Err(Error::StillUpcoming);
        }
        forget(context, &mut tx, mentor.id(), std::slice::from_ref(&booking), By::Mentee).await?;
    }
    // Read before the commit: what fails after it must not turn what is done into an error.
    let booking = tx.booking(booking.id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(Booked { booking, mentor })
}

/// Erases the details of every booking that ended longer ago than they are kept, and answers how many those were. Several
/// servers may do so at once; what one mentor's calendar is in the way of waits for the next time.
///
/// # Errors
/// Where the database fails.
pub async fn erase_old(context: &Context) -> Result<usize, Error> {
    let Some(kept) = context.details_kept else { return Ok(0) };
    let before = context.now() - kept;
    let mentors = context.store.begin(Actor::Worker).await?.mentors_to_erase(before).await?;
    let mut count = 0;
    for mentor in mentors {
        loop {
            match erase_batch(context, mentor, before).await {
                Ok(0) => break,
                Ok(erased) => count += erased,
                Err(error) => {
                    tracing::warn!(%mentor, %error, "old details could not be erased");
                    break;
                }
            }
        }
    }
    if count > 0 {
        tracing::info!(count, "erased the details of old bookings");
        context.jobs_left.notify_waiters();
    }
    Ok(count)
}

async fn erase_batch(context: &Context, mentor: MentorId, before: DateTime<Utc>) -> Result<usize, Error> {
    let mut tx = locked(context, mentor).await?;
    let old = tx.bookings_to_erase(mentor, before, BATCH).await?;
    forget(context, &mut tx, mentor, &old, By::Retention).await?;
    tx.commit().await?;
    Ok(old.len())
}

/// As the worker, holding the mentor's calendar: nobody changes a booking meanwhile.
async fn locked(context: &Context, mentor: MentorId) -> Result<Tx, Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.act_for(mentor).await?;
    tx.lock_calendar(mentor).await?;
    Ok(tx)
}

async fn forget(context: &Context, tx: &mut Tx, mentor: MentorId, those: &[Booking], by: By) -> Result<(), Error> {
    let now = context.now();
    let ids: Vec<_> = those.iter().map(|booking| booking.id).collect();
    tx.erase_bookings(&ids, now).await?;
    tx.forget_in_jobs(mentor, &ids).await?;
    for booking in those {
        let event = NewEvent {
            id: EventId(context.new_id()),
            booking_id: booking.id,
            mentor_id: mentor,
            kind: EventKind::Erased,
            actor: by,
            api_key: None,
            sequence: booking.sequence,
            during: booking.start..booking.end,
            previous: None,
            reason: None,
            created_at: now,
        };
        tx.insert_event(&event, &[]).await?;
        // What was cancelled has no event any more, or a job that takes it away.
        let link = tx.event_link(booking.id).await?;
        if link.is_some_and(|link| is_live(booking) || link.written_sequence < booking.sequence) {
            tx.rewrite_event(booking.id).await?;
            jobs::leave(tx, Some(mentor), &Task::Event { booking: booking.id }, now, now).await?;
        }
    }
    Ok(())
}
