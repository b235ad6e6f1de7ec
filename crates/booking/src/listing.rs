//! Which start times are offered: the one place that reads what [`scheduling::slots`] decides from. Listing, booking and
//! moving all come through [`offered`].

use crate::bookings::Limits;
use crate::recent::Recent;
use crate::{Context, Error};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use scheduling::{
    Availability, BookingId, ClockTime, MARGIN, MentorId, OffsetTable, Policy, Request, SessionType, SessionTypeId,
    WeeklyWindow,
};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use store::{Actor, Mentor, OwnedSessionType, Timetable, Tx};
use tokio::sync::watch;

/// Existing bookings reach this far beyond their own time: a day of session and a day of buffer, and one to be sure.
const REACH: TimeDelta = TimeDelta::days(3);

/// Who asks for which kind of session.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// How long, how often, how soon.
    pub policy: Policy,
    /// Whose bookings count against the daily limit; none of a session type that was deleted.
    pub session_type: Option<SessionTypeId>,
    /// The booking that is being moved does not count against itself.
    pub moving: Option<BookingId>,
}

impl From<&OwnedSessionType> for Wish {
    fn from(owned: &OwnedSessionType) -> Self {
        Self { policy: Policy::from(&owned.session_type), session_type: Some(owned.id), moving: None }
    }
}

/// The starts offered in `range`, read in `tx`.
pub(crate) async fn offered(
    context: &Context,
    tx: &mut Tx,
    mentor: MentorId,
    timezone: &str,
    wish: Wish,
    range: Range<DateTime<Utc>>,
) -> Result<Vec<DateTime<Utc>>, Error> {
    let now = context.now();
    let range = within_horizon(range, wish.policy.horizon_days, now);
    if range.start >= range.end {
        return Ok(Vec::new());
    }
    let zone = rules(context, timezone, now, range.end)?;
    let timetable = timetable(tx, mentor, &range, now, wish.moving).await?;
    Ok(starts(&timetable, &zone, wish, range, now))
}

/// What of `range` can hold a start at all, on the safe side.
fn within_horizon(range: Range<DateTime<Utc>>, horizon_days: u16, now: DateTime<Utc>) -> Range<DateTime<Utc>> {
    range.start.max(now)..range.end.min(now + TimeDelta::days(i64::from(horizon_days) + 2))
}

/// The rules of a mentor's zone that decide on starts before `end`. From now on: the horizon counts from today's local
/// date.
fn rules(context: &Context, timezone: &str, now: DateTime<Utc>, end: DateTime<Utc>) -> Result<OffsetTable, Error> {
    let rules = context.zones.table(timezone, now - MARGIN..end + MARGIN);
    rules.ok_or_else(|| Error::Internal("a mentor's time zone is unknown".into()))
}

/// The starts that a timetable, read for `range` [widened](reach), leaves in it.
fn starts(
    timetable: &Timetable,
    zone: &OffsetTable,
    wish: Wish,
    range: Range<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let busy = timetable.busy(wish.session_type);
    let request = Request { availability: &timetable.hours, zone, policy: wish.policy, busy: &busy, now };
    scheduling::slots(&request, range)
}

/// What can matter to a start in `range`.
fn reach(range: &Range<DateTime<Utc>>) -> Range<DateTime<Utc>> {
    range.start - REACH..range.end + REACH
}

/// The mentor's timetable, as far as it can matter to a start in `range`.
pub(crate) async fn timetable(
    tx: &mut Tx,
    mentor: MentorId,
    range: &Range<DateTime<Utc>>,
    now: DateTime<Utc>,
    moving: Option<BookingId>,
) -> Result<Timetable, Error> {
    tx.timetables(&[mentor], reach(range), now, moving).await?.pop().ok_or(Error::NotFound)
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

/// Whether `start` is possible within these limits. [`Limits::OutsideHours`] is the same rule with other facts: the mentor is
/// always open, at every whole minute, and connected calendars are not busy.
pub(crate) async fn is_possible(
    context: &Context,
    tx: &mut Tx,
    mentor: MentorId,
    timezone: &str,
    wish: Wish,
    start: DateTime<Utc>,
    limits: Limits,
) -> Result<bool, Error> {
    if limits == Limits::Listed {
        return is_offered(context, tx, mentor, timezone, wish, start).await;
    }
    let now = context.now();
    let policy = Policy {
        start_interval_minutes: 1,
        minimum_notice_minutes: 0,
        horizon_days: FURTHEST,
        daily_limit: None,
        ..wish.policy
    };
    let far = now + TimeDelta::days(i64::from(FURTHEST));
    if start < now || start > far {
        return Ok(false);
    }
    let range = start..start + TimeDelta::nanoseconds(1);
    let zone = rules(context, timezone, now, range.end)?;
    let timetable = timetable(tx, mentor, &range, now, wish.moving).await?;
    let busy = timetable.sessions();
    let request = Request { availability: &always_open(), zone: &zone, policy, busy: &busy, now };
    Ok(scheduling::slots(&request, range).contains(&start))
}

/// The longest horizon that a session type can have.
const FURTHEST: u16 = 730;

fn always_open() -> Availability {
    let (start_time, end_time) = (ClockTime::MIDNIGHT, ClockTime::MIDNIGHT_END);
    let weekly = (0..7).map(|day_of_week| WeeklyWindow { day_of_week, start_time, end_time });
    Availability { timezone: String::new(), weekly: weekly.collect(), overrides: Vec::new(), blocked: Vec::new() }
}

/// Whether a connected calendar is busy at any time of `during`.
pub(crate) async fn is_busy_in_calendar(
    context: &Context,
    tx: &mut Tx,
    mentor: MentorId,
    during: &Range<DateTime<Utc>>,
) -> Result<bool, Error> {
    let timetable = timetable(tx, mentor, during, context.now(), None).await?;
    Ok(timetable.events().iter().any(|busy| busy.start < during.end && during.start < busy.end))
}

/// What visitors have just looked at: a page is asked for by many at once when its link is shared.
#[derive(Debug)]
pub(crate) struct Looks {
    mentors: Recent<String, (Mentor, Vec<SessionType>)>,
    /// By handle, session type and the zone that was asked for.
    horizons: Recent<(String, String, Option<String>), Horizon>,
}

impl Default for Looks {
    /// A few megabytes at most: a profile is 16 kB at its largest, a session type 8.
    fn default() -> Self {
        Self {
            mentors: Recent::new(64, |(_, types)| types.len() <= 8),
            horizons: Recent::new(64, |horizon| horizon.starts.len() <= 4096),
        }
    }
}

/// A mentor and their active session types.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn mentor(context: &Context, handle: &str) -> Result<(Mentor, Vec<SessionType>), Error> {
    let read = async |handle: &String| {
        let mut tx = context.store.begin(Actor::Visitor).await?;
        let mentor = tx.mentor_by_handle(handle).await?.ok_or(Error::NotFound)?;
        let types = tx.session_types(mentor.id()).await?;
        Ok((mentor, types.into_iter().map(|owned| owned.session_type).collect()))
    };
    context.looks.mentors.ask(context, handle.to_owned(), read).await
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

/// Which mentors of the directory are asked for.
#[derive(Clone, Debug)]
pub struct Search {
    /// Name, handle or headline holds this, in any letter case.
    pub query: String,
    /// Where the page before left off.
    pub cursor: Option<String>,
    /// Only those who can be booked for a start in this span, of whichever session type.
    pub free: Option<Range<DateTime<Utc>>>,
    /// So many at most.
    pub limit: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { query: String::new(), cursor: None, free: None, limit: 50 }
    }
}

/// A mentor of the directory.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Who.
    pub mentor: Mentor,
    /// The first start that is offered, of whichever session type; of the span that was asked for, if one was.
    pub next_free: Option<DateTime<Utc>>,
}

/// The largest page of the directory, and how many mentors are looked at for a page at most.
pub const MOST_MENTORS: usize = 1000;

/// A page of the directory: mentors by handle, and the cursor of the next page. Where a span is asked for, a page may hold
/// fewer than there are: no more than [`MOST_MENTORS`] are looked at for it.
///
/// # Errors
/// Where the database fails.
pub async fn mentors(context: &Context, search: &Search) -> Result<(Vec<Listed>, Option<String>), Error> {
    let limit = search.limit.clamp(1, MOST_MENTORS);
    let now = context.now();
    let mut tx = context.store.begin(Actor::Visitor).await?;
    let mut cursor = search.cursor.clone().unwrap_or_default();
    let mut page = Vec::new();
    let mut looked_at = 0;
    loop {
        let some = if search.free.is_some() { limit.max(200) } else { limit };
        let mut mentors = tx.mentors(search.query.trim(), &cursor, some as i64 + 1).await?;
        let more = mentors.len() > some;
        mentors.truncate(some);
        looked_at += mentors.len();
        let starts = first_starts(context, &mut tx, &mentors, search.free.as_ref(), now).await?;
        for mentor in mentors {
            let next_free = starts.get(&mentor.id()).copied();
            if search.free.is_none() || next_free.is_some() {
                if page.len() == limit {
                    return Ok((page, Some(cursor)));
                }
                cursor.clone_from(&mentor.handle);
                page.push(Listed { mentor, next_free });
            } else if page.len() < limit {
                cursor.clone_from(&mentor.handle);
            }
        }
        if !more {
            return Ok((page, None));
        }
        if page.len() == limit || looked_at >= MOST_MENTORS {
            return Ok((page, Some(cursor)));
        }
    }
}

/// The first start that each of these mentors offers, of whichever session type, in `span` (`None`: ever). The days ahead
/// are looked at first, for nearly everybody has a free start there, and what is far is read for the others only.
async fn first_starts(
    context: &Context,
    tx: &mut Tx,
    mentors: &[Mentor],
    span: Option<&Range<DateTime<Utc>>>,
    now: DateTime<Utc>,
) -> Result<HashMap<MentorId, DateTime<Utc>>, Error> {
    const FIRST_LOOK: TimeDelta = TimeDelta::days(7);
    let ids: Vec<MentorId> = mentors.iter().map(Mentor::id).collect();
    let mut wishes: HashMap<MentorId, Vec<Wish>> = HashMap::new();
    for (mentor, session_type, policy) in tx.policies(&ids).await? {
        wishes.entry(mentor).or_default().push(Wish { policy, session_type: Some(session_type), moving: None });
    }
    let furthest = wishes.values().flatten().map(|wish| wish.policy.horizon_days).max().unwrap_or_default();
    let whole = span.cloned().unwrap_or(now..DateTime::<Utc>::MAX_UTC);
    let whole = within_horizon(whole, furthest, now);
    let near = whole.start..whole.end.min(whole.start + FIRST_LOOK);
    let mut found = HashMap::new();
    for range in [near.clone(), near.end..whole.end] {
        if range.start >= range.end {
            continue;
        }
        let wanting =
            mentors.iter().filter(|mentor| wishes.contains_key(&mentor.id()) && !found.contains_key(&mentor.id()));
        let wanting: HashMap<MentorId, &Mentor> = wanting.map(|mentor| (mentor.id(), mentor)).collect();
        if wanting.is_empty() {
            break;
        }
        let mut zones: HashMap<&str, OffsetTable> = HashMap::new();
        let ids: Vec<MentorId> = wanting.keys().copied().collect();
        for timetable in tx.timetables(&ids, reach(&range), now, None).await? {
            let (Some(mentor), Some(wishes)) = (wanting.get(&timetable.mentor), wishes.get(&timetable.mentor)) else {
                continue;
            };
            let zone = match zones.entry(&mentor.timezone) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(rules(context, &mentor.timezone, now, range.end)?),
            };
            let first =
                wishes.iter().filter_map(|wish| starts(&timetable, zone, *wish, range.clone(), now).first().copied());
            if let Some(first) = first.min() {
                found.insert(timetable.mentor, first);
            }
        }
    }
    Ok(found)
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
    let owned = tx.session_type(mentor.id(), session_type).await?.ok_or(Error::NotFound)?;
    horizon_of(context, &mut tx, &mentor, Wish::from(&owned), timezone).await
}

/// The same for whoever looks around, who may see what somebody else has [just](crate::recent) seen.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn recent_horizon(
    context: &Context,
    handle: &str,
    session_type: &str,
    timezone: Option<&str>,
) -> Result<Horizon, Error> {
    let question = (handle.to_owned(), session_type.to_owned(), timezone.map(str::to_owned));
    context
        .looks
        .horizons
        .ask(context, question, async |_| horizon(context, handle, session_type, timezone).await)
        .await
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
