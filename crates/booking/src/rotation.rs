//! Re-encrypts every sealed secret under the current key, a hundred at a time, while the server runs.

use crate::{Context, Error, bookings, calendar};
use scheduling::{BookingId, ConnectionId};
use store::Actor;
use uuid::Uuid;

/// Re-encrypts what is sealed under another than the current key. Answers how many secrets that were.
///
/// # Errors
/// Where one does not open under either key; what was re-encrypted before stays so.
pub async fn rotate(context: &Context) -> Result<usize, Error> {
    Ok(rotate_manage_tokens(context).await? + rotate_calendar_tokens(context).await?)
}

/// Whether what was sealed last, by whichever server, opens here as well. An empty database tells nothing.
///
/// # Errors
/// Where the database fails.
pub async fn key_fits(context: &Context) -> Result<bool, Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    Ok(tx.newest_sealed().await?.iter().all(|sealed| context.sealer.knows(sealed)))
}

async fn rotate_calendar_tokens(context: &Context) -> Result<usize, Error> {
    let mut count = 0;
    let mut after = ConnectionId(Uuid::nil());
    loop {
        let mut tx = context.store.begin(Actor::Worker).await?;
        let batch = tx.grants(after, 100).await?;
        let Some(last) = batch.last() else { return Ok(count) };
        after = last.connection.id();
        for grant in &batch {
            count += calendar::reseal(context, &mut tx, grant).await?;
        }
        tx.commit().await?;
    }
}

async fn rotate_manage_tokens(context: &Context) -> Result<usize, Error> {
    let mut count = 0;
    let mut after = BookingId(Uuid::nil());
    loop {
        let mut tx = context.store.begin(Actor::Worker).await?;
        let batch = tx.sealed_tokens(after, 100).await?;
        let Some((last, _)) = batch.last() else { return Ok(count) };
        after = *last;
        for (booking, sealed) in batch.iter().filter(|(_, sealed)| !context.sealer.is_current(sealed)) {
            let token = bookings::open_token(context, *booking, sealed)?;
            let fresh = bookings::seal_token(context, *booking, &token)?;
            tx.reseal(*booking, &fresh).await?;
            count += 1;
        }
        tx.commit().await?;
    }
}
