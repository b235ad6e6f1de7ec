//! Which start times are offered: the one place that reads what [`scheduling::slots`] decides from. Listing, booking and
//! moving all come through [`offered`].

use crate::{Context, Error};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use scheduling::{BookingId, Busy, MARGIN, MentorId, OffsetTable, Policy, Request, SessionType, SessionTypeId};
use std::ops::Range;
use store::{Actor, Mentor, OwnedSessionType, Tx};
use tokio::sync::watch;

/// Existing bookings reach this far beyond their own time: a day of session and a day of buffer, and one to be sure.
const REACH: TimeDelta = TimeDelta::days(3);

/// Who asks for which kind of session.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// How long, how often, how soon.
    pub policy: Policy,
    /// Whose bookings count against the daily limit.
    pub session_type: SessionTypeId,
    /// The booking that is being moved does not count against itself.
    pub moving: Option<BookingId>,
}

impl From<&OwnedSessionType> for Wish {
    fn from(owned: &OwnedSessionType) -> Self {
        Self { policy: Policy::from(&owned.session_type), session_type: owned.id, moving: None }
    }
}

/// The starts offered in `range`, read in `tx`, which acts for the mentor.
pub(crate) async fn offered(
    context: &Context,
    tx: &mut Tx,
    mentor: MentorId,
    timezone: &str,
    wish: Wish,
    range: Range<DateTime<Utc>>,
) -> Result<Vec<DateTime<Utc>>, Error> {
    let now = context.now();
    let horizon = now + TimeDelta::days(i64::from(wish.policy.horizon_days) + 2);
    let range = range.start.max(now)..range.end.min(horizon);
    if range.start >= range.end {
        return Ok(Vec::new());
    }
    let zone = context
        .zones
        // From now on: the horizon counts from today's local date.
        .table(timezone, now - MARGIN..range.end + MARGIN)
        .ok_or_else(|| Error::Internal("a mentor's time zone is unknown".into()))?;
    let availability = tx.hours(mentor, timezone).await?;
    let busy = busy(tx, &range, now, Some(wish.session_type), wish.moving).await?;
    Ok(scheduling::slots(
        &Request { availability: &availability, zone: &zone, policy: wish.policy, busy: &busy, now },
        range,
    ))
}

/// When the mentor, for whom `tx` acts, is taken, as far as it can matter to a start in `range`.
pub(crate) async fn busy(
    tx: &mut Tx,
    range: &Range<DateTime<Utc>>,
    now: DateTime<Utc>,
    session_type: Option<SessionTypeId>,
    moving: Option<BookingId>,
) -> Result<Vec<Busy>, Error> {
    Ok(tx.busy(range.start - REACH..range.end + REACH, now, session_type, moving).await?)
}

/// Whether `start` is offered: the same question as listing it.
pub(crate) async fn is_offered(
    context: &Context,
    tx: &mut Tx,
    mentor: MentorId,
    timezone: &str,
    wish: Wish,
    start: DateTime<Utc>,
) -> Result<bool, Error> {
    let Some(end) = start.checked_add_signed(TimeDelta::nanoseconds(1)) else { return Ok(false) };
    // Beyond every horizon; also keeps the arithmetic within what the calendar can express.
    if end > context.now() + TimeDelta::days(800) {
        return Ok(false);
    }
    let starts = offered(context, tx, mentor, timezone, wish, start..end).await?;
    Ok(starts.contains(&start))
}

/// A mentor and their active session types.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn mentor(context: &Context, handle: &str) -> Result<(Mentor, Vec<SessionType>), Error> {
    let mut tx = context.store.begin(Actor::Visitor).await?;
    let mentor = tx.mentor_by_handle(handle).await?.ok_or(Error::NotFound)?;
    tx.act_for(mentor.id()).await?;
    let types = tx.session_types(mentor.id()).await?;
    Ok((mentor, types.into_iter().map(|owned| owned.session_type).collect()))
}

/// Changes its value whenever this mentor's slots may have changed, on whichever server: time to read them again.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn changes(context: &Context, handle: &str) -> Result<watch::Receiver<u64>, Error> {
    let mut tx = context.store.begin(Actor::Visitor).await?;
    let mentor = tx.mentor_by_handle(handle).await?.ok_or(Error::NotFound)?;
    Ok(context.store.changes(mentor.id()))
}

/// A page of the directory: mentors by handle, and the cursor of the next page.
///
/// # Errors
/// Where the database fails.
pub async fn mentors(
    context: &Context,
    query: &str,
    cursor: Option<&str>,
) -> Result<(Vec<Mentor>, Option<String>), Error> {
    const PAGE: usize = 50;
    let mut tx = context.store.begin(Actor::Visitor).await?;
    let mut mentors = tx.mentors(query.trim(), cursor.unwrap_or_default(), PAGE as i64 + 1).await?;
    let next = (mentors.len() > PAGE).then(|| mentors[PAGE - 1].handle.clone());
    mentors.truncate(PAGE);
    Ok((mentors, next))
}

/// The slots of some days, and what to write them down with.
#[derive(Clone, Debug)]
pub struct Slots {
    /// Whose.
    pub mentor: Mentor,
    /// Of which kind.
    pub session_type: SessionType,
    /// Rules of the zone that was asked for.
    pub zone: OffsetTable,
    /// Ascending starts.
    pub starts: Vec<DateTime<Utc>>,
}

/// The slots of the days `from` to `to`, both included, of the zone `timezone` (`None`: the mentor's).
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for an unknown zone, reversed dates or more than 92 days.
pub async fn slots(
    context: &Context,
    handle: &str,
    session_type: &str,
    from: NaiveDate,
    to: NaiveDate,
    timezone: Option<&str>,
) -> Result<Slots, Error> {
    if to < from {
        return Err(Error::invalid("to", "out_of_range", "Choose a last day that is not before the first."));
    }
    if (to - from).num_days() >= 92 {
        return Err(Error::invalid("to", "out_of_range", "Ask for 92 days at most."));
    }
    if let Some(zone) = timezone.filter(|zone| !context.zones.contains(zone)) {
        return Err(unknown_zone("timezone", zone));
    }
    let mut tx = context.store.begin(Actor::Visitor).await?;
    let mentor = tx.mentor_by_handle(handle).await?.ok_or(Error::NotFound)?;
    tx.act_for(mentor.id()).await?;
    let owned = tx.session_type(mentor.id(), session_type).await?.ok_or(Error::NotFound)?;
    let name = timezone.unwrap_or(&mentor.timezone);
    let too_far = || Error::invalid("from", "out_of_range", "Choose dates of this century.");
    let day = |date: NaiveDate| date.and_hms_opt(0, 0, 0).map(|wall| wall.and_utc()).ok_or_else(too_far);
    let after = to.checked_add_days(Days::new(1)).ok_or_else(too_far)?;
    let spread = |at: DateTime<Utc>, days| at.checked_add_signed(TimeDelta::days(days)).ok_or_else(too_far);
    let span = spread(day(from)?, -3)?..spread(day(after)?, 3)?;
    let zone = context.zones.table(name, span).ok_or_else(|| Error::Internal("a zone without rules".into()))?;
    let range = zone.date_start(from)..zone.date_start(after);
    let starts = offered(context, &mut tx, mentor.id(), &mentor.timezone, Wish::from(&owned), range).await?;
    Ok(Slots { mentor, session_type: owned.session_type, zone, starts })
}

/// Everything that is offered from now to the horizon, and what to write it down with.
#[derive(Clone, Debug)]
pub struct Horizon {
    /// Ascending starts.
    pub starts: Vec<DateTime<Utc>>,
    /// The mentor's zone.
    pub mentor_zone: OffsetTable,
    /// The zone that was asked for, or the mentor's where it is unknown.
    pub zone: OffsetTable,
    /// When this was read.
    pub now: DateTime<Utc>,
    /// Nothing is offered from here on.
    pub end: DateTime<Utc>,
    /// How long a session is.
    pub duration_minutes: u16,
}

/// All starts that are offered for a session type of a mentor.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn horizon(
    context: &Context,
    handle: &str,
    session_type: &str,
    timezone: Option<&str>,
) -> Result<Horizon, Error> {
    let mut tx = context.store.begin(Actor::Visitor).await?;
    let mentor = tx.mentor_by_handle(handle).await?.ok_or(Error::NotFound)?;
    tx.act_for(mentor.id()).await?;
    let owned = tx.session_type(mentor.id(), session_type).await?.ok_or(Error::NotFound)?;
    horizon_of(context, &mut tx, &mentor, Wish::from(&owned), timezone).await
}

/// The same, for a wish, in a transaction that acts for the mentor.
pub(crate) async fn horizon_of(
    context: &Context,
    tx: &mut Tx,
    mentor: &Mentor,
    wish: Wish,
    timezone: Option<&str>,
) -> Result<Horizon, Error> {
    let now = context.now();
    let no_rules = || Error::Internal("a zone without rules".into());
    let mentor_zone = context.zones.around(&mentor.timezone, now).ok_or_else(no_rules)?;
    let zone = timezone.and_then(|name| context.zones.around(name, now)).unwrap_or_else(|| mentor_zone.clone());
    let last = mentor_zone.wall(now).date() + Days::new(u64::from(wish.policy.horizon_days) + 1);
    let end = mentor_zone.date_start(last);
    let starts = offered(context, tx, mentor.id(), &mentor.timezone, wish, now..end).await?;
    Ok(Horizon { starts, mentor_zone, zone, now, end, duration_minutes: wish.policy.duration_minutes })
}

pub(crate) fn unknown_zone(field: &str, name: &str) -> Error {
    let close = name.trim().is_empty();
    let (code, message) = if close {
        ("required", "Give a time zone, such as Europe/Berlin.")
    } else {
        ("invalid", "Give a time zone name of the IANA database, such as Europe/Berlin; letter case matters.")
    };
    Error::invalid(field, code, message)
}
