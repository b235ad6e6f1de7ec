//! Holds: a time is kept for a few minutes for whoever fills in the form. Nobody else is offered it meanwhile.

use crate::listing::{self, Wish};
use crate::secrets::sha256;
use crate::{Context, Error};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use store::{Actor, NewHold};
use uuid::{Builder, Uuid, Version};

/// How long a time is kept.
pub const HOLD: TimeDelta = TimeDelta::minutes(5);
/// As many live holds may one client address have.
const MOST_HOLDS: i64 = 10;

/// So long after a hold's end, whoever looks at the mentor's slots is told. A breath later, so that it has ended by every
/// clock.
const TOLD_AFTER: Duration = Duration::from_millis(5 * 60 * 1000 + 100);

/// A time that is kept.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    /// Whoever shows it may book the time. Cannot be guessed.
    pub id: Uuid,
    /// From then on the time is everybody's again.
    pub expires_at: DateTime<Utc>,
}

/// Keeps a start, if and only if it is offered at this moment. `client` is the client's address.
///
/// # Errors
/// [`Error::NotFound`] (mentor or session type), [`Error::SlotUnavailable`], [`Error::TooManyHolds`].
pub async fn hold(
    context: &Context,
    client: &str,
    mentor: &str,
    session_type: &str,
    start: DateTime<Utc>,
) -> Result<Hold, Error> {
    exchange(context, client, mentor, session_type, start, None, None).await
}

/// As [`hold`]; the hold `before` is given up for it and does not count against it. If it is no good any more, that is fine.
/// Whoever chooses the hold's `id` can give it up without having seen the answer: a page that is reloaded in between.
///
/// # Errors
/// As there, and [`Error::Invalid`] where `id` is not random (version 4); then `before` is as it was.
pub async fn exchange(
    context: &Context,
    client: &str,
    mentor: &str,
    session_type: &str,
    start: DateTime<Utc>,
    before: Option<Uuid>,
    id: Option<Uuid>,
) -> Result<Hold, Error> {
    if id.is_some_and(|id| id.get_version() != Some(Version::Random)) {
        return Err(Error::invalid("id", "invalid", "Leave it out, or use a random UUID."));
    }
    let chosen = id;
    let client_hash = sha256(client.as_bytes());
    let mut tx = context.store.begin(Actor::Visitor).await?;
    let id = tx.mentor_by_handle(mentor).await?.ok_or(Error::NotFound)?.id();
    tx.act_for(id).await?;
    tx.lock_client(&client_hash).await?;
    tx.lock_calendar(id).await?;
    let now = context.now();
    let mentor = tx.mentor_by_id(id).await?.ok_or(Error::NotFound)?;
    let owned = tx.session_type(id, session_type).await?.ok_or(Error::NotFound)?;
    tx.take_hold(before, now).await?;
    let (count, first_ends_at) = tx.live_holds(&client_hash, now).await?;
    if count >= MOST_HOLDS {
        return Err(Error::TooManyHolds(first_ends_at.map_or(HOLD, |at| at - now)));
    }
    if !listing::is_offered(context, &mut tx, id, &mentor.timezone, Wish::from(&owned), start).await? {
        return Err(Error::SlotUnavailable);
    }
    let new_id = || {
        let mut random = [0; 16];
        context.random.fill(&mut random);
        Builder::from_random_bytes(random).into_uuid()
    };
    let hold = Hold { id: chosen.unwrap_or_else(new_id), expires_at: now + HOLD };
    tx.insert_hold(&NewHold {
        id: hold.id,
        mentor_id: id,
        session_type_id: owned.id,
        during: start..start + TimeDelta::minutes(i64::from(owned.session_type.duration_minutes)),
        buffer_before_minutes: owned.session_type.buffer_before_minutes,
        buffer_after_minutes: owned.session_type.buffer_after_minutes,
        expires_at: hold.expires_at,
        client_hash,
        created_at: now,
    })
    .await?;
    tx.commit().await?;
    // Nothing is written when a hold ends, so nobody else would say it. A hint: should we end before, nothing is lost.
    context.store.announce_after(id, TOLD_AFTER);
    Ok(hold)
}

/// Gives a time back that was kept. That it is everybody's already is fine.
///
/// # Errors
/// [`Error::NotFound`] (the mentor).
pub async fn release(context: &Context, mentor: &str, hold: Uuid) -> Result<(), Error> {
    let mut tx = context.store.begin(Actor::Visitor).await?;
    let id = tx.mentor_by_handle(mentor).await?.ok_or(Error::NotFound)?.id();
    tx.act_for(id).await?;
    tx.take_hold(Some(hold), context.now()).await?;
    tx.changes_slots(id);
    Ok(tx.commit().await?)
}
