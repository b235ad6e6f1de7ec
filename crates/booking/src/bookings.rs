//! Booking, moving, cancelling, confirming, declining. Each is one transaction that holds the mentor's calendar.

use crate::activity::Author;
use crate::jobs::{self, Task};
use crate::listing::{self, Horizon, Wish};
use crate::secrets::{self, Kind, Secret, sha256};
use crate::{Context, Error};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use mailer::Invite;
use scheduling::{
    Actor as By, ApiKeyId, BookingId, EventId, FieldError, Language, MentorId, Policy, Status, rules, urls,
};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use store::{Actor, Booking, BookingFilter, EventKind, Idempotent, Mentor, NewBooking, NewEvent, Tx};
use uuid::Uuid;

/// How long an idempotency key is remembered.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// By which right somebody reads or changes a booking.
#[derive(Clone, Debug)]
pub enum Key {
    /// The manage token: the mentee.
    Token(Secret),
    /// The mentor, and which booking.
    Mentor(MentorId, BookingId),
    /// The mentor with an API key, and which booking.
    ApiKey(MentorId, ApiKeyId, BookingId),
}

impl Key {
    fn by(&self) -> By {
        match self {
            Self::Token(_) => By::Mentee,
            Self::Mentor(..) | Self::ApiKey(..) => By::Mentor,
        }
    }

    fn api_key(&self) -> Option<ApiKeyId> {
        match self {
            Self::ApiKey(_, id, _) => Some(*id),
            Self::Token(_) | Self::Mentor(..) => None,
        }
    }
}

/// What a mentee asks for.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Request {
    pub mentor: String,
    pub session_type: String,
    pub start: DateTime<Utc>,
    pub name: String,
    pub email: String,
    pub timezone: String,
    pub notes: Option<String>,
    pub language: Language,
    /// The hold that keeps the start for whoever books.
    pub hold: Option<Uuid>,
    pub idempotency: Option<Idempotency>,
}

/// The same key with the same content gives the first answer again.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// Chosen by whoever books.
    pub key: String,
    /// SHA-256 of what was asked.
    pub request_hash: [u8; 32],
}

/// The answer to a booking that was made: as it was then, also when it is repeated.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Made {
    pub id: BookingId,
    pub status: Status,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub timezone: String,
    pub mentor: MadeWith,
    pub session_type: MadeOf,
}

/// The mentor in [`Made`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MadeWith {
    pub handle: String,
    pub name: String,
    pub timezone: String,
}

/// The session type in [`Made`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MadeOf {
    pub slug: String,
    pub name: String,
    pub duration_minutes: i64,
}

/// A booking with its mentor.
#[derive(Clone, Debug)]
pub struct Booked {
    /// The booking as it is now.
    pub booking: Booking,
    /// Whose it is.
    pub mentor: Mentor,
}

impl Request {
    fn validate(&self, context: &Context) -> Result<(), Error> {
        let zone_known = context.zones.contains(&self.timezone);
        let key_fits = self.idempotency.as_ref().is_none_or(|i| (1..=255).contains(&i.key.len()));
        Error::check([
            rules::check_name("name", &self.name),
            rules::check_email("email", &self.email),
            self.notes.as_deref().and_then(|notes| rules::check_text("notes", notes, rules::MAX_TEXT)),
            (!zone_known).then(|| unknown_zone(&self.timezone)).flatten(),
            (!key_fits).then(|| {
                FieldError::new("Idempotency-Key", "out_of_range", "Send an Idempotency-Key of 1 to 255 characters.")
            }),
        ])
    }
}

fn unknown_zone(name: &str) -> Option<FieldError> {
    match listing::unknown_zone("timezone", name) {
        Error::Invalid(errors) => errors.into_iter().next(),
        _ => None,
    }
}

/// Books, if and only if the start is offered at this moment. Both sides are told.
///
/// # Errors
/// [`Error::Invalid`], [`Error::NotFound`] (mentor or session type), [`Error::SlotUnavailable`],
/// [`Error::HoldExpired`], [`Error::IdempotencyKeyReused`].
pub async fn book(context: &Context, request: Request) -> Result<(Made, Secret), Error> {
    request.validate(context)?;
    let actor = match &request.idempotency {
        Some(idempotency) => Actor::Booker(sha256(idempotency.key.as_bytes())),
        None => Actor::Visitor,
    };
    let mut tx = context.store.begin(actor).await?;
    let (id, held) = tx.enter_calendar(&request.mentor).await?.ok_or(Error::NotFound)?;
    if !held {
        // In a rush for one start, whoever comes too late hears so without standing in line. Repeats and holds do stand:
        // the start may be their own.
        if request.idempotency.is_none()
            && request.hold.is_none()
            && !is_wanted_start_offered(context, &mut tx, id, &request).await?
        {
            return Err(Error::SlotUnavailable);
        }
        tx.lock_calendar(id).await?;
    }
    let now = context.now();

    // Whoever sent the same before has the lock until the answer is known.
    if let Some(idempotency) = &request.idempotency
        && let Some(kept) = tx.idempotent(now - REMEMBERED).await?
    {
        if kept.request_hash != idempotency.request_hash {
            return Err(Error::IdempotencyKeyReused);
        }
        let made = serde_json::from_value(kept.answer).map_err(|e| Error::Internal(e.to_string()))?;
        let token = open_token(context, BookingId(kept.booking_id), &kept.manage_token_sealed)?;
        // An expired key that was forgotten just now stays forgotten.
        tx.commit().await?;
        return Ok((made, token));
    }

    // Read what the decision depends on after taking the lock.
    let mentor = tx.mentor_by_id(id).await?.ok_or(Error::NotFound)?;
    let owned = tx.session_type(id, &request.session_type).await?.ok_or(Error::NotFound)?;
    let held = tx.take_hold(request.hold, now).await?;
    if request.hold.is_some() && held != Some((request.start, Some(owned.id))) {
        return Err(Error::HoldExpired);
    }
    if !listing::is_offered(context, &mut tx, id, &mentor.timezone, Wish::from(&owned), request.start).await? {
        return Err(Error::SlotUnavailable);
    }

    let session_type = owned.session_type;
    let token = secrets::new_token(context, Kind::Manage);
    let booking_id = BookingId(context.new_id());
    let sealed = seal_token(context, booking_id, &token)?;
    let pending = session_type.requires_approval;
    let new = NewBooking {
        id: booking_id,
        mentor_id: id,
        session_type_id: owned.id,
        session_slug: session_type.slug,
        session_name: session_type.name,
        status: if pending { Status::Pending } else { Status::Confirmed },
        start: request.start,
        end: request.start + TimeDelta::minutes(i64::from(session_type.duration_minutes)),
        buffer_before_minutes: session_type.buffer_before_minutes,
        buffer_after_minutes: session_type.buffer_after_minutes,
        cancel_notice_minutes: session_type.cancel_notice_minutes,
        location: session_type.location,
        name: request.name.trim().to_owned(),
        email: request.email.trim().to_owned(),
        timezone: request.timezone,
        language: request.language.tag().to_owned(),
        notes: request.notes.map(|notes| notes.trim().to_owned()).filter(|notes| !notes.is_empty()),
        manage_token_hash: token.hash(),
        manage_token_sealed: sealed.clone(),
        created_at: now,
    };
    let made = Made {
        id: new.id,
        status: new.status,
        start: new.start,
        end: new.end,
        timezone: new.timezone.clone(),
        mentor: MadeWith { handle: mentor.handle, name: mentor.name, timezone: mentor.timezone },
        session_type: MadeOf {
            slug: new.session_slug.clone(),
            name: new.session_name.clone(),
            duration_minutes: i64::from(session_type.duration_minutes),
        },
    };
    tx.insert_booking(&new).await?;
    let event = NewEvent {
        id: EventId(context.new_id()),
        booking_id,
        mentor_id: id,
        kind: if pending { EventKind::Requested } else { EventKind::Booked },
        actor: By::Mentee,
        api_key: None,
        sequence: 0,
        during: new.start..new.end,
        previous: None,
        reason: None,
        created_at: now,
    };
    write_down(&mut tx, &event).await?;
    if pending {
        jobs::expire_at(&mut tx, id, booking_id, new.start, now).await?;
    }
    if let Some(idempotency) = request.idempotency {
        let answer = serde_json::to_value(&made).map_err(|error| Error::Internal(error.to_string()))?;
        let kept = Idempotent {
            request_hash: idempotency.request_hash.to_vec(),
            booking_id: booking_id.0,
            answer,
            manage_token_sealed: sealed,
            created_at: now,
        };
        tx.remember(id, &kept).await?;
    }
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok((made, token))
}

/// The manage token of the booking that was made under an idempotency key, if there is one.
///
/// # Errors
/// [`Error::NotFound`] (mentor); where the database fails.
pub async fn booked_by_key(context: &Context, mentor: &str, key: &str) -> Result<Option<Secret>, Error> {
    let mut tx = context.store.begin(Actor::Booker(sha256(key.as_bytes()))).await?;
    tx.enter_calendar(mentor).await?.ok_or(Error::NotFound)?;
    let kept = tx.idempotent(context.now() - REMEMBERED).await?;
    tx.commit().await?;
    kept.map(|kept| open_token(context, BookingId(kept.booking_id), &kept.manage_token_sealed)).transpose()
}

async fn is_wanted_start_offered(
    context: &Context,
    tx: &mut Tx,
    mentor: MentorId,
    request: &Request,
) -> Result<bool, Error> {
    let timezone = tx.mentor_by_id(mentor).await?.ok_or(Error::NotFound)?.timezone;
    let owned = tx.session_type(mentor, &request.session_type).await?.ok_or(Error::NotFound)?;
    listing::is_offered(context, tx, mentor, &timezone, Wish::from(&owned), request.start).await
}

/// The booking as it is now.
///
/// # Errors
/// [`Error::NotFound`] for an unknown token, or a booking that is not the mentor's.
pub async fn get(context: &Context, key: &Key) -> Result<Booked, Error> {
    let (_, booked) = open(context, key).await?;
    Ok(booked)
}

/// Cancels. After its start, and past the cancel notice, only the mentor may.
///
/// # Errors
/// [`Error::NotFound`], [`Error::AlreadyCancelled`], [`Error::TooLate`], [`Error::Invalid`] (the reason).
pub async fn cancel(context: &Context, key: &Key, reason: Option<String>) -> Result<Booked, Error> {
    let reason = checked_reason(reason)?;
    let mut held = Held::open(context, key).await?;
    refuse_ended(&held.booking)?;
    refuse_late(&held.booking, held.by, held.now)?;
    held.end(Status::Cancelled, reason);
    held.write_down(context, EventKind::Cancelled, None).await
}

/// Moves to another start that is offered; the old time is given up in the same transaction, never before.
/// Moving to the same start changes nothing.
///
/// # Errors
/// [`Error::NotFound`], [`Error::AlreadyCancelled`], [`Error::TooLate`], [`Error::SlotUnavailable`].
pub async fn reschedule(context: &Context, key: &Key, start: DateTime<Utc>) -> Result<Booked, Error> {
    let held = Held::open(context, key).await?;
    refuse_ended(&held.booking)?;
    if held.now >= held.booking.start {
        return Err(Error::TooLate);
    }
    refuse_late(&held.booking, held.by, held.now)?;
    if held.booking.start == start {
        return Ok(held.unchanged());
    }
    held.move_to(context, start).await?.map_err(|_| Error::SlotUnavailable)
}

/// The mentor says yes to a pending booking.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotPending`].
pub async fn confirm(context: &Context, author: impl Into<Author>, id: BookingId) -> Result<Booked, Error> {
    let mut held = Held::open(context, &author.into().booking(id)).await?;
    refuse_not_pending(&held.booking, held.now)?;
    held.booking.status = Status::Confirmed;
    held.write_down(context, EventKind::Confirmed, None).await
}

/// The mentor says no to a pending booking.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotPending`], [`Error::Invalid`] (the reason).
pub async fn decline(
    context: &Context,
    author: impl Into<Author>,
    id: BookingId,
    reason: Option<String>,
) -> Result<Booked, Error> {
    let reason = checked_reason(reason)?;
    let mut held = Held::open(context, &author.into().booking(id)).await?;
    refuse_not_pending(&held.booking, held.now)?;
    held.end(Status::Declined, reason);
    held.write_down(context, EventKind::Declined, None).await
}

/// All starts to which the booking could be moved.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn horizon_to_move(context: &Context, key: &Key, timezone: Option<&str>) -> Result<Horizon, Error> {
    let (mut tx, booked) = open(context, key).await?;
    let Booked { booking, mentor } = booked;
    match wish_to_move(&mut tx, &booking, key.by()).await? {
        Some(wish) => listing::horizon_of(context, &mut tx, &mentor, wish, timezone).await,
        None => {
            // The session type is gone: nothing is offered any more.
            let now = context.now();
            let no_rules = || Error::Internal("a zone without rules".into());
            let mentor_zone = context.zones.around(&mentor.timezone, now).ok_or_else(no_rules)?;
            let zone = timezone.and_then(|name| context.zones.around(name, now)).unwrap_or_else(|| mentor_zone.clone());
            let duration_minutes = u16::try_from((booking.end - booking.start).num_minutes()).unwrap_or_default();
            Ok(Horizon { starts: Vec::new(), mentor_zone, zone, now, end: now, duration_minutes })
        }
    }
}

/// What the list of a mentor's bookings asks for.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct List {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub ends_after: Option<DateTime<Utc>>,
    pub ends_by: Option<DateTime<Utc>>,
    pub statuses: Vec<Status>,
    pub query: String,
    pub descending: bool,
    pub cursor: Option<String>,
}

/// A page of the mentor's bookings, and the cursor of the next.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is not ours.
pub async fn list(context: &Context, mentor: MentorId, list: List) -> Result<(Vec<Booked>, Option<String>), Error> {
    const PAGE: usize = 50;
    let filter = BookingFilter {
        from: list.from,
        to: list.to,
        ends_after: list.ends_after,
        ends_by: list.ends_by,
        statuses: list.statuses,
        query: list.query,
        descending: list.descending,
        after: list.cursor.as_deref().map(read_cursor).transpose()?.map(|(start, id)| (start, BookingId(id))),
        limit: PAGE as i64 + 1,
    };
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    let account = tx.mentor_by_id(mentor).await?.ok_or(Error::NotFound)?;
    let mut bookings = tx.bookings(mentor, &filter).await?;
    let next = (bookings.len() > PAGE).then(|| write_cursor(bookings[PAGE - 1].start, bookings[PAGE - 1].id.0));
    bookings.truncate(PAGE);
    Ok((bookings.into_iter().map(|booking| Booked { booking, mentor: account.clone() }).collect(), next))
}

/// The booking as a calendar file, in its newest state.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn invite(context: &Context, key: &Key) -> Result<Invite, Error> {
    let (_, booked) = open(context, key).await?;
    let mut tx = context.store.begin(Actor::Worker).await?;
    crate::notices::newest(context, &mut tx, &booked.booking, key.by() == By::Mentee).await
}

/// What the mentee's links are made of, for later mail.
pub(crate) fn open_token(context: &Context, booking: BookingId, sealed: &[u8]) -> Result<Secret, Error> {
    let opened =
        context.sealer.open(sealed, &belongs_to(booking)).map_err(|error| Error::Internal(error.to_string()))?;
    String::from_utf8(opened.to_vec())
        .map(Secret::new)
        .map_err(|_| Error::Internal("a manage token is not text".into()))
}

/// Seals a manage token for its booking.
pub(crate) fn seal_token(context: &Context, booking: BookingId, token: &Secret) -> Result<Vec<u8>, Error> {
    let sealed = context.sealer.seal(token.reveal().as_bytes(), &belongs_to(booking));
    sealed.map_err(|error| Error::Internal(error.to_string()))
}

/// What a sealed manage token belongs to.
fn belongs_to(booking: BookingId) -> Vec<u8> {
    [b"manage token of booking ".as_slice(), booking.0.as_bytes()].concat()
}

/// Cancels a pending booking whose start has passed; does nothing to any other.
pub(crate) async fn expire(context: &Context, id: BookingId) -> Result<(), Error> {
    let Some(mut held) = Held::by_worker(context, id, By::Expiry).await? else { return Ok(()) };
    if held.booking.status == Status::Pending && held.booking.start <= held.now {
        held.end(Status::Cancelled, None);
        held.write_down(context, EventKind::Cancelled, None).await?;
    }
    Ok(())
}

/// The mentor deleted the event of a booking in a connected calendar: the booking is cancelled. Answers whether the booking
/// was still as it was at `sequence`; if not, nothing is done.
pub(crate) async fn cancel_by_calendar(context: &Context, id: BookingId, sequence: i32) -> Result<bool, Error> {
    let Some(mut held) = Held::by_calendar(context, id, sequence).await? else { return Ok(false) };
    refuse_ended(&held.booking)?;
    held.end(Status::Cancelled, None);
    held.write_down(context, EventKind::Cancelled, None).await?;
    Ok(true)
}

/// The mentor moved the event of a booking in a connected calendar to `wanted`: the booking moves, keeping its length, or
/// it stays where that cannot be, and the mentor is told. Answers as [`cancel_by_calendar`].
pub(crate) async fn move_by_calendar(
    context: &Context,
    id: BookingId,
    sequence: i32,
    wanted: Range<DateTime<Utc>>,
) -> Result<bool, Error> {
    let Some(held) = Held::by_calendar(context, id, sequence).await? else { return Ok(false) };
    match held.move_to(context, wanted.start).await? {
        Ok(_) => Ok(true),
        Err(mut held) => {
            let event = NewEvent { previous: Some(wanted), ..held.event(context, EventKind::MoveRefused, None) };
            held.tx.insert_event(&event, &[]).await?;
            let notice = Task::Notice { event: event.id, mentee: false };
            jobs::leave(&mut held.tx, Some(event.mentor_id), &notice, held.now, held.now).await?;
            held.restore_event(context).await?;
            Ok(true)
        }
    }
}

/// The event of a booking goes back to where the booking is.
pub(crate) async fn restore_event(context: &Context, id: BookingId) -> Result<(), Error> {
    match Held::by_worker(context, id, By::Calendar).await? {
        Some(held) => held.restore_event(context).await,
        None => Ok(()),
    }
}

/// Opens a transaction by right of `key`, with the booking in it, acting for the mentor.
async fn open(context: &Context, key: &Key) -> Result<(Tx, Booked), Error> {
    let (mut tx, booking) = match key {
        Key::Token(token) => {
            let mut tx = context.store.begin(Actor::Mentee(token.hash())).await?;
            let booking = tx.booking_by_token(&token.hash()).await?.ok_or(Error::NotFound)?;
            tx.act_for(booking.mentor_id).await?;
            (tx, booking)
        }
        Key::Mentor(mentor, id) | Key::ApiKey(mentor, _, id) => {
            let mut tx = context.store.begin(Actor::Mentor(*mentor)).await?;
            let booking = tx.booking(*id).await?.ok_or(Error::NotFound)?;
            (tx, booking)
        }
    };
    let mentor = tx.mentor_by_id(booking.mentor_id).await?.ok_or(Error::NotFound)?;
    Ok((tx, Booked { booking, mentor }))
}

/// A booking whose mentor's calendar is held: what is read of it stays true until the transaction ends.
struct Held {
    tx: Tx,
    booking: Booking,
    mentor: Mentor,
    by: By,
    api_key: Option<ApiKeyId>,
    now: DateTime<Utc>,
}

impl Held {
    async fn open(context: &Context, key: &Key) -> Result<Self, Error> {
        let (mut tx, Booked { booking, mentor }) = open(context, key).await?;
        tx.lock_calendar(mentor.id()).await?;
        // Read again: both may have changed until the lock was ours.
        let booking = tx.booking(booking.id).await?.ok_or(Error::NotFound)?;
        let mentor = tx.mentor_by_id(mentor.id()).await?.ok_or(Error::NotFound)?;
        Ok(Self { tx, booking, mentor, by: key.by(), api_key: key.api_key(), now: context.now() })
    }

    /// As the worker, in a job of the booking's mentor. `None`: the booking is gone.
    async fn by_worker(context: &Context, id: BookingId, by: By) -> Result<Option<Self>, Error> {
        let mut tx = context.store.begin(Actor::Worker).await?;
        let Some(booking) = tx.booking(id).await? else { return Ok(None) };
        tx.act_for(booking.mentor_id).await?;
        tx.lock_calendar(booking.mentor_id).await?;
        // Read again: it may have changed until the lock was ours.
        let Some(booking) = tx.booking(id).await? else { return Ok(None) };
        let Some(mentor) = tx.mentor_by_id(booking.mentor_id).await? else { return Ok(None) };
        Ok(Some(Self { tx, booking, mentor, by, api_key: None, now: context.now() }))
    }

    /// The same, for what the mentor did in a connected calendar to the booking as it was at `sequence`.
    async fn by_calendar(context: &Context, id: BookingId, sequence: i32) -> Result<Option<Self>, Error> {
        let held = Self::by_worker(context, id, By::Calendar).await?;
        Ok(held.filter(|held| held.booking.sequence == sequence))
    }

    /// Moves to another start if it is offered; else gives back what is held, unchanged.
    async fn move_to(mut self, context: &Context, start: DateTime<Utc>) -> Result<Result<Booked, Self>, Error> {
        let Self { tx, booking, mentor, by, now, .. } = &mut self;
        let Some(wish) = wish_to_move(tx, booking, *by).await? else { return Ok(Err(self)) };
        tx.take_hold(None, *now).await?;
        if !listing::is_offered(context, tx, mentor.id(), &mentor.timezone, wish, start).await? {
            return Ok(Err(self));
        }
        let previous = booking.start..booking.end;
        booking.end = start + (previous.end - previous.start);
        booking.start = start;
        if booking.status == Status::Pending {
            jobs::expire_at(tx, mentor.id(), booking.id, start, *now).await?;
        }
        self.write_down(context, EventKind::Moved, Some(previous)).await.map(Ok)
    }

    /// Leaves it to a job to write the event anew.
    async fn restore_event(mut self, context: &Context) -> Result<(), Error> {
        let id = self.booking.id;
        self.tx.rewrite_event(id).await?;
        let task = Task::Event { booking: id };
        jobs::leave(&mut self.tx, Some(self.booking.mentor_id), &task, self.now, self.now).await?;
        self.tx.commit().await?;
        context.jobs_left.notify_waiters();
        Ok(())
    }

    fn event(&self, context: &Context, kind: EventKind, previous: Option<Range<DateTime<Utc>>>) -> NewEvent {
        NewEvent {
            id: EventId(context.new_id()),
            booking_id: self.booking.id,
            mentor_id: self.booking.mentor_id,
            kind,
            actor: self.by,
            api_key: self.api_key,
            sequence: self.booking.sequence,
            during: self.booking.start..self.booking.end,
            previous,
            reason: self.booking.reason.clone(),
            created_at: self.now,
        }
    }

    fn end(&mut self, status: Status, reason: Option<String>) {
        self.booking.status = status;
        self.booking.cancelled_at = Some(self.now);
        self.booking.cancelled_by = Some(self.by);
        self.booking.reason = reason;
    }

    fn unchanged(self) -> Booked {
        Booked { booking: self.booking, mentor: self.mentor }
    }

    /// Writes down the new state and what happened, leaves the mail to both, and commits.
    async fn write_down(
        mut self,
        context: &Context,
        kind: EventKind,
        previous: Option<Range<DateTime<Utc>>>,
    ) -> Result<Booked, Error> {
        self.booking.sequence += 1;
        self.tx.update_booking(&self.booking).await?;
        let event = self.event(context, kind, previous);
        write_down(&mut self.tx, &event).await?;
        self.tx.commit().await?;
        context.jobs_left.notify_waiters();
        Ok(Booked { booking: self.booking, mentor: self.mentor })
    }
}

async fn write_down(tx: &mut Tx, event: &NewEvent) -> Result<(), Error> {
    Ok(tx.insert_event(event, &jobs::that_follow(event)?).await?)
}

/// By which rules a booking moves: those of its session type today, with the length and buffers it was made with.
/// `None`: its session type is not offered any more.
async fn wish_to_move(tx: &mut Tx, booking: &Booking, by: By) -> Result<Option<Wish>, Error> {
    let Some(id) = booking.session_type_id else { return Ok(None) };
    let Some(owned) = tx.session_type_by_id(id).await?.filter(|owned| owned.session_type.active) else {
        return Ok(None);
    };
    let policy = Policy {
        duration_minutes: u16::try_from((booking.end - booking.start).num_minutes()).unwrap_or_default(),
        buffer_before_minutes: booking.buffer_before_minutes,
        buffer_after_minutes: booking.buffer_after_minutes,
        minimum_notice_minutes: if by != By::Mentee { 0 } else { owned.session_type.minimum_notice_minutes },
        ..Policy::from(&owned.session_type)
    };
    Ok(Some(Wish { policy, session_type: id, moving: Some(booking.id) }))
}

/// The last instant at which the mentee may change the booking.
pub fn change_until(booking: &Booking) -> DateTime<Utc> {
    booking.start - TimeDelta::minutes(i64::from(booking.cancel_notice_minutes))
}

/// Whether whoever acts as `by` may cancel and move the booking at `now`: `(cancel, move)`.
pub fn rights(booking: &Booking, by: By, now: DateTime<Utc>) -> (bool, bool) {
    let open = refuse_ended(booking).is_ok() && refuse_late(booking, by, now).is_ok();
    (open, open && now < booking.start)
}

fn refuse_ended(booking: &Booking) -> Result<(), Error> {
    match booking.status {
        Status::Declined | Status::Cancelled => Err(Error::AlreadyCancelled),
        // Nobody is left who could be told.
        Status::Pending | Status::Confirmed if booking.erased_at.is_some() => Err(Error::TooLate),
        Status::Pending | Status::Confirmed => Ok(()),
    }
}

fn refuse_late(booking: &Booking, by: By, now: DateTime<Utc>) -> Result<(), Error> {
    let late = by == By::Mentee && (now > change_until(booking) || now >= booking.start);
    if late { Err(Error::TooLate) } else { Ok(()) }
}

fn refuse_not_pending(booking: &Booking, now: DateTime<Utc>) -> Result<(), Error> {
    // One whose start has passed is about to be cancelled.
    if booking.status == Status::Pending && now < booking.start { Ok(()) } else { Err(Error::NotPending) }
}

fn checked_reason(reason: Option<String>) -> Result<Option<String>, Error> {
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    Error::check([reason.as_deref().and_then(|reason| rules::check_text("reason", reason, rules::MAX_TEXT))])?;
    Ok(reason)
}

/// Where a list goes on that is sorted by an instant and an id.
pub(crate) fn write_cursor(at: DateTime<Utc>, id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{id}", at.timestamp_micros()))
}

pub(crate) fn read_cursor(cursor: &str) -> Result<(DateTime<Utc>, Uuid), Error> {
    let parsed = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| {
        let text = String::from_utf8(bytes).ok()?;
        let (micros, id) = text.split_once(':')?;
        Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
    });
    // Neither chrono's first years nor its last ones are PostgreSQL's.
    let parsed = parsed.filter(|(at, _)| (0..10_000).contains(&at.year()));
    parsed.ok_or_else(|| store::StoreError::BadCursor.into())
}

/// The path of a booking's own page.
pub fn manage_path(token: &Secret) -> String {
    urls::manage(token.reveal())
}
