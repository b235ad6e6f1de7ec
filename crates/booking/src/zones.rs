//! Time zone rules, and how a running server follows an update of the host's.

pub use ::zones::{Refresh, Source, Zone, Zones, search};

use crate::{Context, Error};
use std::time::Duration;
use store::Actor;

/// A look reads one file and asks for the times of six hundred.
const INTERVAL: Duration = Duration::from_secs(600);
/// An update that is being written, or a database that is away, is looked at again this soon.
const SOON: Duration = Duration::from_secs(30);

/// Takes over the host's time zone data where it is newer, as [`Zones::refresh`] does. From then on slots, pages, mail and
/// jobs follow it. What connected calendars wrote as local times was reckoned by the old rules, so all calendars are read in
/// full at their next look.
///
/// # Errors
/// Where the database fails. The new data is in use all the same.
pub async fn refresh(context: &Context) -> Result<Refresh, Error> {
    let zones = context.zones.clone();
    let refresh = tokio::task::spawn_blocking(move || zones.refresh()).await;
    let refresh = refresh.map_err(|error| Error::Internal(error.to_string()))?;
    if refresh == Refresh::Replaced {
        reread_calendars(context).await?;
    }
    Ok(refresh)
}

async fn reread_calendars(context: &Context) -> Result<(), Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.reread_calendars().await?;
    Ok(tx.commit().await?)
}

/// Follows the host's data for as long as the server runs.
pub(crate) async fn follow_host(context: Context) {
    let (mut pause, mut warned) = (INTERVAL, None);
    loop {
        tokio::time::sleep(pause).await;
        let revision = context.zones.revision();
        let refresh = refresh(&context).await;
        if context.zones.revision() != revision {
            log(&context);
        }
        pause = if matches!(refresh, Ok(Refresh::Changing)) { SOON } else { INTERVAL };
        match refresh {
            Ok(Refresh::Incomplete(reason)) if warned.as_ref() != Some(&reason) => {
                tracing::warn!(reason, "the host's time zone data is not complete, so it is not used yet");
                warned = Some(reason);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "calendars are read with the new time zone data later");
                while reread_calendars(&context).await.is_err() {
                    tokio::time::sleep(SOON).await;
                }
            }
        }
    }
}

/// Logs which time zone data is in use, and warns where it is old.
pub fn log(context: &Context) {
    let zones = &context.zones;
    let (version, source) = (zones.version(), zones.source());
    tracing::info!(version, %source, "time zone data");
    if zones.is_stale(context.now()) {
        tracing::warn!(
            version,
            "the time zone data is over six months old: times in zones whose rules have changed since are wrong; update the \
             package tzdata of this machine (no restart is needed), or Yaksok"
        );
    }
}
