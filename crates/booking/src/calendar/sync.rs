//! Looks at each connection in its turn: what is busy there, and what happened to our own events.

use super::access::{Open, Trouble};
use super::connections;
use crate::jobs::{self, Task, Wakes};
use crate::secrets::{Kind, new_token, sha256};
use crate::{Context, Error};
use calendars::remote::{Change, Provider, RemoteError, RemoteEvent, Watch, WatchRequest, When};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use scheduling::{BookingId, CalendarId, ConnectionId, MentorId, urls};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;
use store::{Actor, Calendar, LinkedEvent, Progress, Tx};
use tokio::sync::watch;

/// A look at one calendar that takes longer is taken for dead, and given up a little before.
const LEASE: TimeDelta = TimeDelta::minutes(10);
const LONGEST: Duration = Duration::from_secs(9 * 60);
/// An answer without anything where there was something is believed if it is the same after this, or after the time
/// between two looks, where that is shorter.
const DOUBT: TimeDelta = TimeDelta::minutes(2);
/// Busy times of one calendar.
const MOST_EVENTS: usize = 50_000;
/// So many connections to each provider are looked at at once, by one server.
const LOOKERS: usize = 4;
/// After so many failures in a row the mentor sees an error.
const PATIENCE: i32 = 3;
/// Where the provider tells us of changes, we still look now and then.
const WATCHED_INTERVAL: TimeDelta = TimeDelta::minutes(15);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(30);
/// For how long we ask to be told of changes, and how long before its end we ask anew.
const WATCH: TimeDelta = TimeDelta::days(6);
const WATCH_LEFT: TimeDelta = TimeDelta::days(1);
/// As far as a session type without a horizon of its own would reach.
const SHORTEST_HORIZON: i64 = 60;

/// Looks at connections until told to stop.
pub(crate) async fn run(context: Context, stopped: watch::Receiver<bool>) {
    let look = |context: Context, leased| async move { visit(&context, leased).await };
    let lookers = Provider::ALL.map(|provider| {
        let find = move |context: Context| async move { lease(&context, provider).await };
        let (context, stopped) = (context.clone(), stopped.clone());
        tokio::spawn(jobs::many_hands(context, "connected calendars", (LOOKERS, Wakes::AtOnce), stopped, find, look))
    });
    for looker in lookers {
        let _ = looker.await;
    }
}

/// Looks at every connection that is due, one after the other, and answers how many there were. For tests.
///
/// # Errors
/// Where the database fails.
pub async fn sync_due(context: &Context) -> Result<usize, Error> {
    let mut count = 0;
    for provider in Provider::ALL {
        while let Some(leased) = lease(context, provider).await? {
            visit(context, leased).await?;
            count += 1;
        }
    }
    Ok(count)
}

/// How many connections should have been looked at, and were not.
///
/// # Errors
/// Where the database fails.
pub async fn lagging(context: &Context) -> Result<i64, Error> {
    let allowed = context.calendars.sync_interval.max(WATCHED_INTERVAL) * 3;
    let mut tx = context.store.begin(Actor::Worker).await?;
    Ok(tx.count_lagging(context.now() - allowed).await?)
}

/// The connection to a provider whose turn it is, and until when it is ours.
async fn lease(context: &Context, provider: Provider) -> Result<Option<(ConnectionId, DateTime<Utc>)>, Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some(id) = tx.lease_sync(provider.as_str(), now, now + LEASE).await? else { return Ok(None) };
    tx.commit().await?;
    Ok(Some((id, now + LEASE)))
}

async fn visit(context: &Context, (id, mut leased): (ConnectionId, DateTime<Utc>)) -> Result<(), Error> {
    let outcome = look(context, id, &mut leased).await;
    let now = context.now();
    let interval = context.calendars.sync_interval;
    let mut tx = context.store.begin(Actor::Worker).await?;
    match outcome {
        Ok(watched) => {
            let next = if watched { interval.max(WATCHED_INTERVAL) } else { interval };
            tx.sync_done(id, leased, now, now + next).await?;
            // The provider answers: what was given up meanwhile is begun anew.
            if let Some(connection) = tx.calendar_connection(id).await? {
                connections::leave_unwritten(context, &mut tx, connection.mentor(), true).await?;
            }
        }
        // It is gone, waits for the mentor, or somebody else looks at it.
        Err(Trouble::Closed) => tx.release_sync(id, leased).await?,
        Err(trouble) => {
            let failures = u32::try_from(tx.sync_failures(id).await?).unwrap_or_default();
            let wait = interval.min(TimeDelta::minutes(1)) * (1 << failures.min(10));
            let (code, asked) = match &trouble {
                Trouble::Remote(RemoteError::Throttled(after)) => ("throttled", *after),
                Trouble::Remote(RemoteError::NotFound) => ("calendar_gone", None),
                Trouble::Remote(RemoteError::Refused(_) | RemoteError::ScopeMissing) => ("refused", None),
                _ => ("unreachable", None),
            };
            tracing::warn!(connection = %id, ?trouble, failures, "a connected calendar could not be read");
            let next = now + wait.min(LONGEST_WAIT).max(asked.unwrap_or_default());
            tx.sync_failed(id, leased, code, next, PATIENCE).await?;
        }
    }
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(())
}

/// Looks at all calendars of a connection; one that fails does not keep the others from being looked at. Answers whether
/// the provider tells us of changes of all of them. The lease that ends at `leased` is renewed for each.
async fn look(context: &Context, id: ConnectionId, leased: &mut DateTime<Utc>) -> Result<bool, Trouble> {
    let mut open = Open::new(context, id).await?;
    let mut tx = context.store.begin(Actor::Worker).await?;
    let calendars = tx.calendars_of(id).await?;
    let mut horizon = SHORTEST_HORIZON;
    for owned in tx.session_types(open.connection.mentor()).await? {
        horizon = horizon.max(i64::from(owned.session_type.horizon_days));
    }
    let window = window(context.now(), horizon);
    let with_events = tx.calendars_with_events(id, context.now()).await?;
    let never_read = tx.calendars_never_read(id).await?;
    drop(tx);

    let (mut watched, mut trouble) = (context.calendars.push, None);
    let matters =
        |calendar: &Calendar| calendar.blocks || calendar.receives || with_events.contains(&CalendarId(calendar.id));
    for calendar in &calendars {
        let matters = matters(calendar);
        // One that does not is read once, to see whether events of ours were left behind there.
        if !matters && !never_read.contains(&CalendarId(calendar.id)) {
            continue;
        }
        let until = context.now() + LEASE;
        let mut tx = context.store.begin(Actor::Worker).await?;
        if !tx.extend_sync(id, *leased, until).await? {
            return Err(Trouble::Closed);
        }
        tx.commit().await?;
        *leased = until;
        let too_slow = |_| Err(RemoteError::Unavailable("too slow".into()).into());
        let looked = tokio::time::timeout(LONGEST, look_at(context, &mut open, calendar, &window, matters));
        match looked.await.unwrap_or_else(too_slow) {
            Ok(told) => watched &= told || !matters,
            Err(no @ (Trouble::Closed | Trouble::Remote(RemoteError::Throttled(_)))) => return Err(no),
            Err(other) if !matters => {
                tracing::debug!(connection = %id, trouble = ?other, "a calendar that does not matter could not be read");
            }
            Err(Trouble::Remote(RemoteError::NotFound)) => {
                if let Err(other) = forget_if_gone(context, &mut open, calendar).await {
                    trouble = Some(other);
                }
            }
            Err(other) => trouble = Some(other),
        }
    }
    trouble.map_or(Ok(watched), Err)
}

/// From yesterday until no session type offers anything any more; the same for a whole day.
fn window(now: DateTime<Utc>, horizon_days: i64) -> Range<DateTime<Utc>> {
    let midnight = now - TimeDelta::seconds(i64::from(now.num_seconds_from_midnight()));
    let midnight = midnight.with_nanosecond(0).unwrap_or(midnight);
    midnight - TimeDelta::days(2)..midnight + TimeDelta::days(horizon_days + 4)
}

/// The provider says that there is no such calendar. It is forgotten if the account still answers and does not name it;
/// the one that receives bookings stays, for the mentor to choose another.
async fn forget_if_gone(context: &Context, open: &mut Open<'_>, calendar: &Calendar) -> Result<(), Trouble> {
    let account = open.account().await?;
    let named = account.calendars.iter().any(|other| other.id == calendar.remote_id);
    if named || account.calendars.is_empty() || calendar.receives {
        return Err(RemoteError::NotFound.into());
    }
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some((_, progress)) = tx.progress(CalendarId(calendar.id)).await? else { return Ok(()) };
    if progress.doubted_at.is_none_or(|since| since > now - doubt(context)) {
        // It takes two looks to believe that: what is forgotten with the calendar does not come back.
        tx.doubt(CalendarId(calendar.id), now).await?;
        tx.commit().await?;
        return Err(RemoteError::NotFound.into());
    }
    tx.delete_calendar(CalendarId(calendar.id)).await?;
    Ok(tx.commit().await?)
}

/// For how long something is doubted that may be a provider's bad day.
fn doubt(context: &Context) -> TimeDelta {
    DOUBT.min(context.calendars.sync_interval)
}

/// Brings what we know of one calendar up to date. Answers whether the provider tells us of changes; it is asked to if the
/// calendar `matters` beyond this look.
async fn look_at(
    context: &Context,
    open: &mut Open<'_>,
    calendar: &Calendar,
    window: &Range<DateTime<Utc>>,
    matters: bool,
) -> Result<bool, Trouble> {
    let id = CalendarId(calendar.id);
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some((_, progress)) = tx.progress(id).await? else { return Ok(false) };
    drop(tx);
    // A cursor holds for its own window; the window moves on once a day, and then all is read again.
    let cursor = progress.cursor.as_deref().filter(|_| progress.window.as_ref() == Some(window));
    if cursor.is_none() {
        refresh_names(context, open).await?;
    }
    let changes = match open.changes(&calendar.remote_id, window, cursor).await {
        Err(Trouble::Remote(RemoteError::CursorGone)) => open.changes(&calendar.remote_id, window, None).await?,
        answer => answer?,
    };
    let silent = cursor.is_some() && !changes.complete && !changes.changes.is_empty() && never_told(open, &progress);

    let mentor = open.connection.mentor();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some((calendar, newest)) = tx.progress(id).await? else { return Ok(false) };
    if newest.cursor != progress.cursor {
        // The mentor chose otherwise meanwhile: this look is of no use, the next one is due already.
        return Ok(false);
    }
    let now = context.now();
    let in_doubt = newest.doubted_at.is_none_or(|since| since > now - doubt(context));
    if changes.complete && changes.changes.is_empty() && in_doubt && tx.is_busy(id, now).await? {
        tx.doubt(id, now).await?;
        tx.commit().await?;
        return Err(RemoteError::Unavailable("it says that nothing is left of what was there".into()).into());
    }
    let zone = match &calendar.timezone {
        Some(zone) => zone.clone(),
        None => tx.account(mentor).await?.map(|account| account.timezone).unwrap_or_default(),
    };
    // By the provider's id: a booking's event, or none of ours.
    let mut ours = BTreeMap::new();
    let mut unnamed = BTreeSet::new();
    for link in tx.event_links(id, window.start).await? {
        match link.remote_id.clone() {
            Some(remote_id) => drop(ours.insert(remote_id, link)),
            None => drop(unnamed.insert(link.booking)),
        }
    }
    let (mut busy, mut gone, mut asked) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    let (mut named, mut left_behind) = (BTreeSet::new(), BTreeSet::new());
    for change in changes.changes {
        let hash = sha256(change_id(&change).as_bytes()).to_vec();
        busy.remove(&hash);
        gone.insert(hash.clone());
        if let Some(link) = ours.get(change_id(&change)) {
            named.insert(change_id(&change).to_owned());
            if !is_as_written(&change, link) {
                asked.insert(link.booking);
            }
            continue;
        }
        let event = match change {
            Change::Present(event) => event,
            Change::Gone { booking, .. } => {
                // An instance of an event of ours that was repeated: the series may be gone, which is not told by itself.
                asked.extend(booking.filter(|booking| ours.values().any(|link| link.booking == *booking)));
                continue;
            }
        };
        if let Some(link) = event.series.as_ref().and_then(|series| ours.get(series)) {
            // The mentor repeats an event of ours. It becomes a single one again, so this is nobody's time.
            asked.insert(link.booking);
            continue;
        }
        match standing(&mut tx, &calendar, &event, &unnamed, mentor).await? {
            Standing::Theirs => {}
            Standing::Booking => continue,
            Standing::LeftBehind(booking) => {
                let event = event.series.unwrap_or(event.id);
                left_behind.insert((booking, event));
                continue;
            }
        }
        if event.busy
            && calendar.blocks
            && let Some(span) = span(context, &event, &zone, window)
        {
            busy.insert(hash, span);
        }
    }
    if changes.complete {
        // One that is not named is perhaps gone. It is asked for before anything is believed.
        let missing = ours.iter().filter(|(remote_id, link)| {
            !named.contains(*remote_id)
                && link.during.as_ref().is_some_and(|d| d.start < window.end && d.end > context.now())
        });
        asked.extend(missing.map(|(_, link)| link.booking));
    }
    if busy.len() > MOST_EVENTS {
        return Err(RemoteError::Refused("the calendar holds too many events".into()).into());
    }
    let (busy, gone): (Vec<_>, Vec<_>) = (busy.into_iter().collect(), gone.into_iter().collect());
    tx.keep_busy(id, mentor, changes.complete, &gone, &busy).await?;
    tx.keep_cursor(id, changes.cursor.as_deref(), window).await?;
    for booking in asked {
        jobs::leave_once(&mut tx, mentor, &Task::Reconcile { booking }, now).await?;
    }
    for (booking, event) in left_behind {
        jobs::leave_once(&mut tx, mentor, &Task::LeftBehind { booking, calendar: id, event }, now).await?;
    }
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    if context.calendars.push && matters {
        keep_watch(context, open, &calendar, &newest, silent).await
    } else {
        Ok(false)
    }
}

/// Whether an event of ours is as it was written, so nothing has to be asked about it.
fn is_as_written(change: &Change, link: &LinkedEvent) -> bool {
    let Change::Present(event) = change else { return false };
    let same_time = matches!(&event.when, When::Timed(span) if Some(span) == link.during.as_ref());
    let newest = event.revision.as_ref().is_none_or(|shown| shown.sequence >= link.written_sequence);
    same_time && newest && !event.recurring && !link.decided
}

fn change_id(change: &Change) -> &str {
    match change {
        Change::Present(event) => &event.id,
        Change::Gone { id, .. } => id,
    }
}

/// What an event is to us that no link to this calendar names.
enum Standing {
    /// The mentor's own: it takes their time. So is a copy that they made of an event of ours, and an event of a booking that
    /// has ended, which they brought back.
    Theirs,
    /// The event of a booking, which takes the time by itself.
    Booking,
    /// Made for a booking, before the calendar was disconnected or another one chosen: it is to be adopted or deleted.
    LeftBehind(BookingId),
}

async fn standing(
    tx: &mut Tx,
    calendar: &Calendar,
    event: &RemoteEvent,
    unnamed: &BTreeSet<BookingId>,
    mentor: MentorId,
) -> Result<Standing, Trouble> {
    let Some(id) = event.booking.filter(|_| event.original) else { return Ok(Standing::Theirs) };
    if unnamed.contains(&id) {
        // Its write is on its way, and finds it.
        return Ok(Standing::Booking);
    }
    if tx.booking(id).await?.is_none_or(|booking| booking.mentor_id != mentor) {
        return Ok(Standing::Theirs);
    }
    let Some(link) = tx.event_link(id).await? else { return Ok(Standing::LeftBehind(id)) };
    let remote_id = event.series.as_ref().unwrap_or(&event.id);
    if link.remote_id.as_ref() != Some(remote_id) || link.calendar_remote_id != calendar.remote_id {
        return Ok(Standing::LeftBehind(id));
    }
    // The same event: here its booking has ended, or it is seen by another account that shares the calendar.
    let here = link.calendar_id.0 == calendar.id;
    Ok(if here { Standing::Theirs } else { Standing::Booking })
}

/// When the event is; `None` for one without length, in a zone that nobody knows, or out of the window.
fn span(
    context: &Context,
    event: &RemoteEvent,
    zone: &str,
    window: &Range<DateTime<Utc>>,
) -> Option<Range<DateTime<Utc>>> {
    let span = match &event.when {
        When::Timed(span) => span.clone(),
        When::AllDay { first, after, timezone } => {
            let zone = timezone.as_deref().filter(|zone| context.zones.contains(zone)).unwrap_or(zone);
            // Days that do not matter are not reckoned with: there are a great many until the year 9999.
            let days = TimeDelta::days(3);
            let (from, to) = ((window.start - days).date_naive(), (window.end + days).date_naive());
            let (first, after) = ((*first).clamp(from, to), (*after).clamp(from, to));
            let around = |date: &chrono::NaiveDate, days| {
                date.and_hms_opt(0, 0, 0)?.and_utc().checked_add_signed(TimeDelta::days(days))
            };
            let table = context.zones.table(zone, around(&first, -3)?..around(&after, 3)?)?;
            table.date_start(first)..table.date_start(after)
        }
    };
    (span.start < span.end && span.start < window.end && span.end > window.start).then_some(span)
}

/// Calendars come, go and are renamed.
async fn refresh_names(context: &Context, open: &mut Open<'_>) -> Result<(), Trouble> {
    let account = open.account().await?;
    let (id, mentor) = (open.connection.id(), open.connection.mentor());
    let mut tx = context.store.begin(Actor::Worker).await?;
    // Whoever chooses changes the same rows.
    tx.lock_calendar(mentor).await?;
    let known = tx.calendars_of(id).await?;
    for row in connections::rows(context, id, &account) {
        // One that is new since the mentor chose does not block before the mentor says so.
        let blocks = row.blocks && known.is_empty();
        tx.put_calendar(mentor, &Calendar { blocks, ..row }).await?;
    }
    Ok(tx.commit().await?)
}

/// Whether a change was found that the provider should have told us of since the last look, and did not.
fn never_told(open: &Open<'_>, progress: &Progress) -> bool {
    progress.watch_id.is_some() && progress.notified_at < open.connection.last_synced_at
}

/// Has the provider tell us of changes, anew where that ends soon or has fallen silent. That it does not want to is no
/// failure: we look more often then.
async fn keep_watch(
    context: &Context,
    open: &mut Open<'_>,
    calendar: &Calendar,
    progress: &Progress,
    silent: bool,
) -> Result<bool, Trouble> {
    let now = context.now();
    let good = progress.watch_expires_at.is_some_and(|at| at > now + WATCH_LEFT) && !silent;
    if good {
        return Ok(true);
    }
    let (secret, id) = (new_token(context, Kind::Watch), context.new_id().to_string());
    let request = WatchRequest {
        id: id.clone(),
        url: context.link(&urls::calendar_notify(&open.connection.provider)),
        secret: secret.reveal().to_owned(),
        until: now + WATCH,
        now,
    };
    let watch = match open.watch(&calendar.remote_id, &request).await {
        Ok(watch) => watch,
        Err(Trouble::Remote(error)) => {
            tracing::warn!(connection = %open.connection.id(), %error, "a provider does not tell of changes");
            return Ok(progress.watch_expires_at.is_some_and(|at| at > now));
        }
        Err(trouble) => return Err(trouble),
    };
    let Some(watch) = watch else { return Ok(false) };
    let mut tx = context.store.begin(Actor::Worker).await?;
    let calendar = CalendarId(calendar.id);
    tx.keep_watch(calendar, &watch.id, watch.resource.as_deref(), &secret.hash(), watch.expires_at).await?;
    tx.commit().await?;
    if let Some(id) = &progress.watch_id {
        let expires_at = progress.watch_expires_at.unwrap_or(now);
        let old = Watch { id: id.clone(), resource: progress.watch_resource.clone(), expires_at };
        // It ends by itself, sooner or later.
        let _ = open.unwatch(&old).await;
    }
    Ok(true)
}
