//! Re-encrypts every sealed secret under the current key, a hundred at a time, while the server runs.

use crate::{Context, Error, bookings, calendar};
use scheduling::{BookingId, ConnectionId};
use store::Actor;
use uuid::Uuid;

/// What the first server on a database seals, and where it belongs: nowhere else does it open.
const CANARY: &[u8] = b"canary";

/// Re-encrypts what is sealed under another than the current key. Answers how many secrets that were.
///
/// # Errors
/// Where one does not open under either key; what was re-encrypted before stays so.
pub async fn rotate(context: &Context) -> Result<usize, Error> {
    let count = rotate_manage_tokens(context).await? + rotate_calendar_tokens(context).await?;
    rotate_canary(context).await?;
    Ok(count)
}

/// Whether this server has the key that the database is used with: what was sealed last, by whichever server, opens here as
/// well. The first on an empty database leaves something sealed for the next ones, so that of two with different keys one
/// fits, however close they come.
///
/// # Errors
/// Where the database fails.
pub async fn key_fits(context: &Context) -> Result<bool, Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let canary = tx.keep_canary(&seal_canary(context)?).await?;
    let newest = tx.newest_sealed().await?;
    let fits = context.sealer.open(&canary, CANARY).is_ok() && newest.iter().all(|sealed| context.sealer.knows(sealed));
    if fits {
        tx.commit().await?;
    }
    Ok(fits)
}

fn seal_canary(context: &Context) -> Result<Vec<u8>, Error> {
    context.sealer.seal(CANARY, CANARY).map_err(|error| Error::Internal(error.to_string()))
}

async fn rotate_canary(context: &Context) -> Result<(), Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let fresh = seal_canary(context)?;
    let kept = tx.keep_canary(&fresh).await?;
    context.sealer.open(&kept, CANARY).map_err(|error| Error::Internal(error.to_string()))?;
    if !context.sealer.is_current(&kept) {
        tx.reseal_canary(&fresh).await?;
    }
    Ok(tx.commit().await?)
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
