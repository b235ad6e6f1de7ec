//! What a mentor sets: hours and session types.

use crate::activity::Author;
use crate::{Context, Error, listing};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{Availability, Busy, Change, MentorId, SessionType, SessionTypeId, rules};
use store::{Actor, Tx};

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
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Times {
    pub slug: String,
    pub duration_minutes: u16,
    pub start_interval_minutes: u16,
    pub buffer_before_minutes: u16,
    pub buffer_after_minutes: u16,
}

/// Replaces all hours at once, and a session type's times in the same transaction. Answers the normal form.
/// Bookings stay as they are.
///
/// # Errors
/// [`Error::Invalid`] with every field that is wrong; [`Error::NotFound`] for an unknown session type.
pub async fn save_availability(
    context: &Context,
    author: impl Into<Author>,
    availability: Availability,
    times: Option<Times>,
) -> Result<Availability, Error> {
    let zone_is_known = context.zones.contains(&availability.timezone);
    let zone_error = (!zone_is_known).then(|| listing::unknown_zone("timezone", &availability.timezone));
    let availability = match (availability.normalise(), zone_error) {
        (Ok(availability), None) => availability,
        (Ok(_), Some(error)) => return Err(error),
        (Err(mut errors), zone) => {
            if let Some(Error::Invalid(more)) = zone {
                errors.splice(0..0, more);
            }
            return Err(Error::Invalid(errors));
        }
    };
    let author = author.into();
    let mentor = author.mentor;
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.lock_calendar(mentor).await?;
    let before = own_hours(&mut tx, mentor).await?;
    if let Some(times) = times {
        let owned = tx.session_type(mentor, &times.slug).await?.ok_or(Error::NotFound)?;
        let changed = SessionType {
            duration_minutes: times.duration_minutes,
            start_interval_minutes: times.start_interval_minutes,
            buffer_before_minutes: times.buffer_before_minutes,
            buffer_after_minutes: times.buffer_after_minutes,
            ..owned.session_type.clone()
        };
        changed.validate().map_err(Error::Invalid)?;
        if changed != owned.session_type {
            tx.put_session_type(mentor, owned.id, context.now(), &changed).await?;
            author.wrote(context, &mut tx, Change::SessionTypeChanged { slug: changed.slug }).await?;
        }
    }
    tx.set_timezone(mentor, &availability.timezone).await?;
    tx.replace_hours(mentor, &availability).await?;
    let saved = own_hours(&mut tx, mentor).await?;
    if saved != before {
        let change = Change::HoursChanged {
            windows: saved.weekly.len(),
            overrides: saved.overrides.len(),
            blocked: saved.blocked.len(),
            timezone: moved(before.timezone, &saved.timezone),
        };
        author.wrote(context, &mut tx, change).await?;
    }
    tx.commit().await?;
    Ok(saved)
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

/// Creates or replaces the session type of its slug. Bookings stay as they are.
///
/// # Errors
/// [`Error::Invalid`], also for more than 100 session types.
pub async fn put_session_type(
    context: &Context,
    author: impl Into<Author>,
    session_type: SessionType,
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

/// When the mentor is taken in the next three weeks, for the editor's preview.
///
/// # Errors
/// Where the database fails.
pub async fn busy_soon(context: &Context, mentor: MentorId) -> Result<(Vec<Busy>, DateTime<Utc>), Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    let timetable = listing::timetable(&mut tx, mentor, &(now..now + TimeDelta::days(21)), now, None).await?;
    Ok((timetable.busy(None), now))
}
