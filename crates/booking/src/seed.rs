//! A database to measure with: many mentors, and one who is very busy.

use crate::accounts::{self, NewAccount};
use crate::{Context, Error, schedule};
use chrono::{TimeDelta, Timelike};
use scheduling::{Availability, ClockTime, Language, SessionType, WeeklyWindow};
use store::Actor;

/// The handle of the mentor who is very busy.
pub const HANDLE: &str = "busy-mentor";
/// How much of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// Mentors besides the busy one, each with four bookings ahead.
    pub mentors: u32,
    /// Past bookings of the busy one.
    pub bookings: u32,
    /// Events in a connected calendar of the busy one, on the next thirty days.
    pub events: u32,
    /// Events there that come every week, for a year.
    pub series: u32,
}

impl Default for Amounts {
    fn default() -> Self {
        Self { mentors: 10_000, bookings: 50_000, events: 1_000, series: 30 }
    }
}

/// Fills the database. `false`, and nothing is done, where it has a mentor already, unless `force`.
///
/// # Errors
/// Where the database fails, or holds mentors of these names.
pub async fn fill(context: &Context, amounts: Amounts, force: bool) -> Result<bool, Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    if !force && tx.count_mentors().await? > 0 {
        return Ok(false);
    }
    drop(tx);
    let new = NewAccount {
        handle: HANDLE.into(),
        name: "Busy mentor".into(),
        email: "busy-mentor@example.com".into(),
        timezone: "Europe/Berlin".into(),
        headline: Some("For measurements".into()),
        bio: None,
        photo_url: None,
        language: Language::default(),
        format: None,
    };
    let (busy, _) = accounts::create(context, &new).await?;
    let busy = busy.id();
    let clock = |hours: u16| ClockTime::from_minutes(hours * 60).unwrap_or(ClockTime::MIDNIGHT);
    let weekly = (0..7).map(|day_of_week| WeeklyWindow { day_of_week, start_time: clock(9), end_time: clock(17) });
    let availability =
        Availability { timezone: new.timezone, weekly: weekly.collect(), overrides: Vec::new(), blocked: Vec::new() };
    schedule::save_availability(context, busy, availability, None).await?;

    let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let now = context.now();
    let hour = now.with_minute(0).and_then(|at| at.with_second(0)).and_then(|at| at.with_nanosecond(0)).unwrap_or(now);
    let midnight = hour.with_hour(0).unwrap_or(hour) + TimeDelta::days(1);
    // Nobody has these links; what stands in their place opens under the key of this server, as it must.
    let sealed = context.sealer.seal(b"seed", b"seed").map_err(|error| Error::Internal(error.to_string()))?;
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.seed_mentors(count(amounts.mentors), now).await?;
    tx.seed_offers(&SessionType::first(), now).await?;
    tx.seed_bookings(&[], 4, hour + TimeDelta::hours(2), 25, &sealed, now).await?;
    tx.seed_bookings(&[busy], count(amounts.bookings), hour - TimeDelta::hours(1), -1, &sealed, now).await?;
    tx.seed_calendar(busy, count(amounts.events), count(amounts.series), midnight).await?;
    tx.commit().await?;
    Ok(true)
}
