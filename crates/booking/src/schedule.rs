//! What a mentor sets: hours and session types.

use crate::activity::Author;
use crate::version::{self, Expected};
use crate::{Context, Error, listing};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{
    Availability, BookingId, Busy, Change, LocationKind, MentorId, SessionType, SessionTypeId, Status, rules,
};
use store::{Actor, BookingFilter, Tx};

/// A mentor's hours, with notes.
///
/// # Errors
/// Where the database fails.
pub async fn availability(context: &Context, mentor: MentorId) -> Result<Availability, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    own_hours(&mut tx, mentor).await
}

async fn own_hours(tx: &mut Tx, mentor: MentorId) -> Result<Availability, Error> {
    let account = tx.account(mentor).await?.ok_or(Error::NotFound)?;
    Ok(tx.own_hours(mentor, &account.timezone).await?)
}

/// Length and buffers of a session type, set together with the hours.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Times {
    pub slug: String,
    pub duration_minutes: u16,
    pub start_interval_minutes: u16,
    pub buffer_before_minutes: u16,
    pub buffer_after_minutes: u16,
}

impl From<&SessionType> for Times {
    fn from(session_type: &SessionType) -> Self {
        Self {
            slug: session_type.slug.clone(),
            duration_minutes: session_type.duration_minutes,
            start_interval_minutes: session_type.start_interval_minutes,
            buffer_before_minutes: session_type.buffer_before_minutes,
            buffer_after_minutes: session_type.buffer_after_minutes,
        }
    }
}

/// What is saved in one transaction. What is not in it stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// All hours, and what must be saved now for them to replace it.
    pub hours: Option<(Availability, Expected)>,
    /// Times of session types, each with what they must be now (`None`: whatever they are).
    pub times: Vec<(Times, Option<Times>)>,
}

/// A booking to come, as the editor of hours needs it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Upcoming {
    pub id: BookingId,
    /// The booker's; empty once their details are erased.
    pub name: String,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

/// All that the editor of hours shows, read in one transaction.
#[derive(Clone, Debug)]
pub struct Editing {
    /// As saved.
    pub availability: Availability,
    /// Of the hours.
    pub version: String,
    /// All of them, oldest first.
    pub session_types: Vec<SessionType>,
    /// When the mentor is taken in the next three weeks.
    pub busy: Vec<Busy>,
    /// The next bookings, soonest first; at most [`MOST_UPCOMING`].
    pub upcoming: Vec<Upcoming>,
    /// When this was read.
    pub now: DateTime<Utc>,
}

/// So many bookings to come are compared with changed hours.
pub const MOST_UPCOMING: i64 = 500;

/// What the editor of hours begins with.
///
/// # Errors
/// Where the database fails.
pub async fn editing(context: &Context, mentor: MentorId) -> Result<Editing, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    read_editing(context, &mut tx, mentor).await
}

async fn read_editing(context: &Context, tx: &mut Tx, mentor: MentorId) -> Result<Editing, Error> {
    let now = context.now();
    let availability = own_hours(tx, mentor).await?;
    let session_types = tx.session_types(mentor).await?.into_iter().map(|owned| owned.session_type).collect();
    let timetable = listing::timetable(tx, mentor, &(now..now + TimeDelta::days(21)), now, None).await?;
    let filter = BookingFilter {
        ends_after: Some(now),
        statuses: vec![Status::Pending, Status::Confirmed],
        limit: MOST_UPCOMING,
        ..BookingFilter::default()
    };
    let upcoming = tx.bookings(mentor, &filter).await?.into_iter();
    let upcoming = upcoming.map(|b| Upcoming { id: b.id, name: b.name, start: b.start, end: b.end });
    Ok(Editing {
        version: version::of(&availability)?,
        availability,
        session_types,
        busy: timetable.busy(None),
        upcoming: upcoming.collect(),
        now,
    })
}

/// Replaces all hours at once, whatever is saved, and a session type's times in the same transaction. Answers the normal
/// form. Bookings stay as they are.
///
/// # Errors
/// As [`save`].
pub async fn save_availability(
    context: &Context,
    author: impl Into<Author>,
    availability: Availability,
    times: Option<Times>,
) -> Result<Availability, Error> {
    let hours = Some((availability, Expected::Anything));
    let times = times.into_iter().map(|times| (times, None)).collect();
    Ok(save(context, author, Changes { hours, times }).await?.availability)
}

/// Saves hours and times of session types in one transaction. Answers what is saved then. Bookings stay as they are.
///
/// # Errors
/// [`Error::Invalid`] with every field that is wrong; [`Error::NotFound`] for an unknown session type; [`Error::Stale`] where
/// something else is saved than is expected. Then nothing has changed.
pub async fn save(context: &Context, author: impl Into<Author>, changes: Changes) -> Result<Editing, Error> {
    let Changes { hours, times } = changes;
    let hours = hours.map(|(hours, expected)| Ok::<_, Error>((checked(context, hours)?, expected))).transpose()?;
    let author = author.into();
    let mentor = author.mentor;
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.lock_calendar(mentor).await?;
    for (times, expected) in times {
        save_times(context, &mut tx, author, times, expected).await?;
    }
    if let Some((hours, expected)) = hours {
        save_hours(context, &mut tx, author, &hours, &expected).await?;
    }
    let saved = read_editing(context, &mut tx, mentor).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The normal form of hours.
fn checked(context: &Context, availability: Availability) -> Result<Availability, Error> {
    let zone_is_known = context.zones.contains(&availability.timezone);
    let zone_error = (!zone_is_known).then(|| listing::unknown_zone("timezone", &availability.timezone));
    match (availability.normalise(), zone_error) {
        (Ok(availability), None) => Ok(availability),
        (Ok(_), Some(error)) => Err(error),
        (Err(mut errors), zone) => {
            if let Some(Error::Invalid(more)) = zone {
                errors.splice(0..0, more);
            }
            Err(Error::Invalid(errors))
        }
    }
}

async fn save_times(
    context: &Context,
    tx: &mut Tx,
    author: Author,
    times: Times,
    expected: Option<Times>,
) -> Result<(), Error> {
    let owned = tx.session_type(author.mentor, &times.slug).await?.ok_or(Error::NotFound)?;
    if expected.is_some_and(|expected| expected != Times::from(&owned.session_type)) {
        return Err(Error::Stale);
    }
    let changed = SessionType {
        duration_minutes: times.duration_minutes,
        start_interval_minutes: times.start_interval_minutes,
        buffer_before_minutes: times.buffer_before_minutes,
        buffer_after_minutes: times.buffer_after_minutes,
        ..owned.session_type.clone()
    };
    changed.validate_change(&owned.session_type).map_err(Error::Invalid)?;
    if changed != owned.session_type {
        tx.put_session_type(author.mentor, owned.id, context.now(), &changed).await?;
        author.wrote(context, tx, Change::SessionTypeChanged { slug: changed.slug }).await?;
    }
    Ok(())
}

async fn save_hours(
    context: &Context,
    tx: &mut Tx,
    author: Author,
    hours: &Availability,
    expected: &Expected,
) -> Result<(), Error> {
    let mentor = author.mentor;
    let before = own_hours(tx, mentor).await?;
    expected.check(Some(&before))?;
    tx.set_timezone(mentor, &hours.timezone).await?;
    tx.replace_hours(mentor, hours).await?;
    let saved = own_hours(tx, mentor).await?;
    if saved != before {
        let change = Change::HoursChanged {
            windows: saved.weekly.len(),
            overrides: saved.overrides.len(),
            blocked: saved.blocked.len(),
            timezone: moved(before.timezone, &saved.timezone),
        };
        author.wrote(context, tx, change).await?;
    }
    Ok(())
}

/// From and to, where they differ.
pub(crate) fn moved(from: String, to: &str) -> Option<[String; 2]> {
    (from != to).then(|| [from, to.to_owned()])
}

/// All session types of a mentor, active or not, oldest first.
///
/// # Errors
/// Where the database fails.
pub async fn session_types(context: &Context, mentor: MentorId) -> Result<Vec<SessionType>, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    Ok(tx.session_types(mentor).await?.into_iter().map(|owned| owned.session_type).collect())
}

/// A session type of a mentor, active or not.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn session_type(context: &Context, mentor: MentorId, slug: &str) -> Result<SessionType, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    Ok(tx.session_type(mentor, slug).await?.ok_or(Error::NotFound)?.session_type)
}

/// The provider (`google`, `microsoft`, `caldav`) of the connected calendar that bookings are written into, if one works.
///
/// # Errors
/// Where the database fails.
pub async fn receiving_provider(context: &Context, mentor: MentorId) -> Result<Option<String>, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    provider_that_receives(&mut tx, mentor).await
}

async fn provider_that_receives(tx: &mut Tx, mentor: MentorId) -> Result<Option<String>, Error> {
    let Some(calendar) = tx.receiving_calendar(mentor).await? else { return Ok(None) };
    let connections = tx.connections(mentor).await?;
    Ok(connections.into_iter().find(|c| c.id == calendar.connection_id).map(|connection| connection.provider))
}

/// Whether nothing will make the meeting link that this session type promises: bookings are not written into a calendar of
/// the provider whose links they are, and the mentor has given none.
pub fn lacks_link(session_type: &SessionType, receiving_provider: Option<&str>) -> bool {
    let maker = match session_type.location.as_ref().filter(|location| location.value.is_empty()).map(|l| l.kind) {
        Some(LocationKind::Meet) => "google",
        Some(LocationKind::Teams) => "microsoft",
        _ => return false,
    };
    receiving_provider != Some(maker)
}

/// Whether a session type that is offered [lacks its link](lacks_link).
///
/// # Errors
/// Where the database fails.
pub async fn any_lacks_link(context: &Context, mentor: MentorId) -> Result<bool, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    let types = tx.session_types(mentor).await?;
    let mut active = types.iter().map(|owned| &owned.session_type).filter(|session_type| session_type.active);
    // Without such a place nothing more is to be asked.
    if !active.clone().any(|session_type| lacks_link(session_type, None)) {
        return Ok(false);
    }
    let provider = provider_that_receives(&mut tx, mentor).await?;
    Ok(active.any(|session_type| lacks_link(session_type, provider.as_deref())))
}

/// Creates or replaces the session type of its slug, whatever is saved. Bookings stay as they are.
///
/// # Errors
/// [`Error::Invalid`], also for more than 100 session types.
pub async fn put_session_type(
    context: &Context,
    author: impl Into<Author>,
    session_type: SessionType,
) -> Result<SessionType, Error> {
    put_expected_session_type(context, author, session_type, &Expected::Anything).await
}

/// As [`put_session_type`], if what is saved is what is expected.
///
/// # Errors
/// As there, and [`Error::Stale`].
pub async fn put_expected_session_type(
    context: &Context,
    author: impl Into<Author>,
    session_type: SessionType,
    expected: &Expected,
) -> Result<SessionType, Error> {
    session_type.validate().map_err(Error::Invalid)?;
    Error::check([rules::check_slug("slug", &session_type.slug)])?;
    let author = author.into();
    let mentor = author.mentor;
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.lock_calendar(mentor).await?;
    let known = tx.session_types(mentor).await?;
    let reach = known.iter().map(|owned| owned.session_type.horizon_days).max();
    let before = known.iter().map(|owned| &owned.session_type).find(|other| other.slug == session_type.slug);
    expected.check(before)?;
    if before.is_none() && known.len() >= 100 {
        return Err(Error::invalid("slug", "out_of_range", "Delete a session type first: there can be 100 at most."));
    }
    let id = SessionTypeId(context.new_id());
    tx.put_session_type(mentor, id, context.now(), &session_type).await?;
    let saved = tx.session_type(mentor, &session_type.slug).await?.ok_or(Error::NotFound)?;
    let slug = saved.session_type.slug.clone();
    match before {
        Some(before) if *before == saved.session_type => {}
        Some(_) => author.wrote(context, &mut tx, Change::SessionTypeChanged { slug }).await?,
        None => author.wrote(context, &mut tx, Change::SessionTypeAdded { slug }).await?,
    }
    if reach.is_none_or(|days| days < session_type.horizon_days) {
        // Connected calendars were looked at only as far as anything was offered.
        for connection in tx.connections(mentor).await? {
            tx.request_sync(connection.id(), context.now()).await?;
        }
    }
    tx.commit().await?;
    Ok(saved.session_type)
}

/// Deletes a session type. Bookings stay as they are.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete_session_type(context: &Context, author: impl Into<Author>, slug: &str) -> Result<(), Error> {
    let author = author.into();
    let mentor = author.mentor;
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.lock_calendar(mentor).await?;
    if !tx.delete_session_type(mentor, slug).await? {
        return Err(Error::NotFound);
    }
    author.wrote(context, &mut tx, Change::SessionTypeDeleted { slug: slug.to_owned() }).await?;
    Ok(tx.commit().await?)
}
