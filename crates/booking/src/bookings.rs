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
    Actor as By, ApiKeyId, BookingId, ClockFormat, EventId, FieldError, Language, MentorId, Policy, RegionalFormat,
    SessionType, Status, rules, urls,
};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use store::{Actor, Booking, BookingFilter, EventKind, Idempotent, Mentor, NewBooking, NewEvent, OwnedSessionType, Tx};
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
    /// How the mentee counts hours.
    pub clock: ClockFormat,
    /// The hold that keeps the start for whoever books.
    pub hold: Option<Uuid>,
    pub idempotency: Option<Idempotency>,
}

/// How the mentee counts hours: as they said when they booked, else as is usual for their language.
pub fn clock_of(booking: &Booking) -> ClockFormat {
    let said = booking.clock.as_deref().and_then(ClockFormat::from_tag);
    said.unwrap_or_else(|| RegionalFormat::of_tag(&booking.language).clock)
}

/// Which limits a start must keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// It must be listed.
    #[default]
    Listed,
    /// The mentor chooses it knowingly: hours, grid, notice, horizon, daily limit and busy time of connected calendars do not
    /// bind. Sessions and holds do, with their buffers.
    OutsideHours,
}

/// A booking that was made, as its own transaction knows it.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// As it was at first, also where this is a repeat and it has changed since.
    pub made: Made,
    /// What opens it.
    pub token: Secret,
    /// As it is now.
    pub booked: Booked,
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
            context.check_email("email", &self.email),
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
    let Receipt { made, token, .. } = book_with_receipt(context, request, None).await?;
    Ok((made, token))
}

/// As [`book`], and answers the booking as the transaction itself knows it: nothing is read after the commit, so nothing can
/// fail there. `host`: the mentor books for a mentee, at a time of their own choice; see [`Limits::OutsideHours`]. Then it
/// needs no approval, and hidden session types can be booked too.
///
/// # Errors
/// As there; [`Error::NotFound`] where `host` is another mentor.
pub async fn book_with_receipt(context: &Context, request: Request, host: Option<Author>) -> Result<Receipt, Error> {
    request.validate(context)?;
    let actor = match &request.idempotency {
        Some(idempotency) => Actor::Booker(sha256(idempotency.key.as_bytes())),
        None => Actor::Visitor,
    };
    let mut tx = context.store.begin(actor).await?;
    let (id, held) = tx.enter_calendar(&request.mentor).await?.ok_or(Error::NotFound)?;
    if host.is_some_and(|host| host.mentor != id) {
        return Err(Error::NotFound);
    }
    if !held {
        // Under contention, late comers are refused without waiting for the lock. Repeats and holds do wait: the start may be
        // their own. So does the mentor.
        if request.idempotency.is_none()
            && request.hold.is_none()
            && host.is_none()
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
        return repeat(context, tx, idempotency, kept).await;
    }

    // Read what the decision depends on after taking the lock.
    if host.is_some() {
        tx.act_as_mentor(id).await?;
    }
    let mentor = tx.mentor_by_id(id).await?.ok_or(Error::NotFound)?;
    let owned = tx.session_type(id, &request.session_type).await?.ok_or(Error::NotFound)?;
    let held = tx.take_hold(request.hold, now).await?;
    if request.hold.is_some() && held != Some((request.start, Some(owned.id))) {
        return Err(Error::HoldExpired);
    }
    let limits = if host.is_some() { Limits::OutsideHours } else { Limits::Listed };
    if !listing::is_possible(context, &mut tx, id, &mentor.timezone, Wish::from(&owned), request.start, limits).await? {
        return Err(Error::SlotUnavailable);
    }
    let token = secrets::new_token(context, Kind::Manage);
    let new = request.new_booking(context, id, owned, host.is_some(), &token)?;
    let booked = Booked { booking: new.clone().into(), mentor };
    let made = Made::of(&booked);
    if host.is_some() {
        tx.act_as_visitor().await?;
    }
    tx.insert_booking(&new).await?;
    if let Some(idempotency) = &request.idempotency {
        let answer = serde_json::to_value(&made).map_err(|error| Error::Internal(error.to_string()))?;
        let kept = Idempotent {
            request_hash: idempotency.request_hash.to_vec(),
            booking_id: new.id.0,
            answer,
            manage_token_sealed: new.manage_token_sealed.clone(),
            created_at: now,
        };
        tx.remember(id, &kept).await?;
    }
    let pending = new.status == Status::Pending;
    if pending {
        jobs::expire_at(&mut tx, id, new.id, new.start, now).await?;
    }
    if host.is_some() {
        tx.act_as_mentor(id).await?;
    }
    let event = NewEvent {
        id: EventId(context.new_id()),
        booking_id: new.id,
        mentor_id: id,
        kind: if pending { EventKind::Requested } else { EventKind::Booked },
        actor: if host.is_some() { By::Mentor } else { By::Mentee },
        api_key: host.and_then(|host| host.api_key),
        sequence: 0,
        during: new.start..new.end,
        previous: None,
        reason: None,
        created_at: now,
    };
    write_down(&mut tx, &event).await?;
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(Receipt { made, token, booked })
}

/// The answer to a request that was sent before.
async fn repeat(context: &Context, mut tx: Tx, idempotency: &Idempotency, kept: Idempotent) -> Result<Receipt, Error> {
    if kept.request_hash != idempotency.request_hash {
        return Err(Error::IdempotencyKeyReused);
    }
    let made = serde_json::from_value(kept.answer).map_err(|e| Error::Internal(e.to_string()))?;
    let token = open_token(context, BookingId(kept.booking_id), &kept.manage_token_sealed)?;
    tx.show_token(&token.hash()).await?;
    let booking = tx.booking_by_token(&token.hash()).await?.ok_or(Error::NotFound)?;
    let mentor = tx.mentor_by_id(booking.mentor_id).await?.ok_or(Error::NotFound)?;
    // An expired key that was forgotten just now stays forgotten.
    tx.commit().await?;
    Ok(Receipt { made, token, booked: Booked { booking, mentor } })
}

impl Request {
    /// The booking that is asked for.
    fn new_booking(
        &self,
        context: &Context,
        mentor: MentorId,
        owned: OwnedSessionType,
        by_host: bool,
        token: &Secret,
    ) -> Result<NewBooking, Error> {
        let session_type = owned.session_type;
        let id = BookingId(context.new_id());
        let pending = session_type.requires_approval && !by_host;
        Ok(NewBooking {
            id,
            mentor_id: mentor,
            session_type_id: owned.id,
            session_slug: session_type.slug,
            session_name: session_type.name,
            status: if pending { Status::Pending } else { Status::Confirmed },
            start: self.start,
            end: self.start + TimeDelta::minutes(i64::from(session_type.duration_minutes)),
            buffer_before_minutes: session_type.buffer_before_minutes,
            buffer_after_minutes: session_type.buffer_after_minutes,
            cancel_notice_minutes: session_type.cancel_notice_minutes,
            location: session_type.location,
            price: session_type.price,
            name: self.name.trim().to_owned(),
            email: self.email.trim().to_owned(),
            timezone: self.timezone.clone(),
            language: self.language.tag().to_owned(),
            clock: Some(self.clock.tag().to_owned()),
            notes: self.notes.as_deref().map(|notes| notes.trim().to_owned()).filter(|notes| !notes.is_empty()),
            manage_token_hash: token.hash(),
            manage_token_sealed: seal_token(context, id, token)?,
            created_at: context.now(),
        })
    }
}

impl Made {
    fn of(Booked { booking, mentor }: &Booked) -> Self {
        Self {
            id: booking.id,
            status: booking.status,
            start: booking.start,
            end: booking.end,
            timezone: booking.timezone.clone(),
            mentor: MadeWith {
                handle: mentor.handle.clone(),
                name: mentor.name.clone(),
                timezone: mentor.timezone.clone(),
            },
            session_type: MadeOf {
                slug: booking.session_slug.clone(),
                name: booking.session_name.clone(),
                duration_minutes: (booking.end - booking.start).num_minutes(),
            },
        }
    }
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
    reschedule_within(context, key, start, Limits::Listed).await
}

/// As [`reschedule`], within other limits.
///
/// # Errors
/// As there; [`Error::Invalid`] where a mentee asks for [`Limits::OutsideHours`].
pub async fn reschedule_within(
    context: &Context,
    key: &Key,
    start: DateTime<Utc>,
    limits: Limits,
) -> Result<Booked, Error> {
    if limits == Limits::OutsideHours && key.by() == By::Mentee {
        return Err(Error::invalid(
            "outside_hours",
            "invalid",
            "Leave it out: only the mentor may choose such a time.",
        ));
    }
    let held = Held::open(context, key).await?;
    refuse_ended(&held.booking)?;
    if held.now >= held.booking.start {
        return Err(Error::TooLate);
    }
    refuse_late(&held.booking, held.by, held.now)?;
    if held.booking.start == start {
        return Ok(held.unchanged());
    }
    held.move_to(context, start, limits).await?.map_err(|_| Error::SlotUnavailable)
}

/// What stands in the way of a start, and what the mentor should know about it before they choose it knowingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside {
    /// No session and no hold is there: the booking can be moved.
    pub possible: bool,
    /// It is listed anyway.
    pub listed: bool,
    /// A connected calendar is busy then.
    pub busy_in_calendar: bool,
}

/// What would come of moving the mentor's booking to `start` with [`Limits::OutsideHours`].
///
/// # Errors
/// [`Error::NotFound`].
pub async fn outside(context: &Context, key: &Key, start: DateTime<Utc>) -> Result<Outside, Error> {
    let (mut tx, Booked { booking, mentor }) = open(context, key).await?;
    let listed = match wish_to_move(&mut tx, &booking, key.by()).await? {
        Some(wish) => listing::is_offered(context, &mut tx, mentor.id(), &mentor.timezone, wish, start).await?,
        None => false,
    };
    let wish = wish_without_rules(&booking);
    let possible =
        listing::is_possible(context, &mut tx, mentor.id(), &mentor.timezone, wish, start, Limits::OutsideHours);
    let possible = possible.await?;
    let during = start..start + (booking.end - booking.start);
    let busy_in_calendar = possible && listing::is_busy_in_calendar(context, &mut tx, mentor.id(), &during).await?;
    Ok(Outside { possible, listed, busy_in_calendar })
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

/// What the mentor did to the event of a booking in a connected calendar.
pub(crate) struct CalendarChange {
    /// When the event is now; of whole days, of a part of them.
    pub(crate) during: Range<DateTime<Utc>>,
    /// It was made a series. A booking is one event.
    pub(crate) repeated: bool,
    /// What it looks like: see `calendars::remote::RemoteEvent::look`.
    pub(crate) look: String,
}

/// The mentor changed the event of a booking in a connected calendar. Where it begins at another time, the booking moves if it
/// can be there: the mentor moved it knowingly, so it may lie [outside their hours](Limits::OutsideHours). Its length never
/// changes. What is not followed is undone, and the mentor is told. Answers as [`cancel_by_calendar`].
pub(crate) async fn change_by_calendar(
    context: &Context,
    id: BookingId,
    sequence: i32,
    change: CalendarChange,
) -> Result<bool, Error> {
    let Some(mut held) = Held::by_calendar(context, id, sequence).await? else { return Ok(false) };
    let CalendarChange { during: wanted, repeated, look } = change;
    let length = held.booking.end - held.booking.start;
    held.decided = Some(look.clone());
    let mut wanted = wanted;
    if wanted.start != held.booking.start {
        match held.move_to(context, wanted.start, Limits::OutsideHours).await? {
            Ok(_) if !repeated && wanted.end - wanted.start == length => return Ok(true),
            Ok(_) => {
                // The start was followed, the rest is undone by the write that follows anyway.
                let Some(moved) = Held::by_calendar(context, id, sequence + 1).await? else { return Ok(true) };
                if repeated {
                    wanted = moved.booking.start..moved.booking.end;
                }
                held = moved;
            }
            Err(unmoved) => held = unmoved,
        }
    } else if repeated {
        wanted = held.booking.start..held.booking.end;
    }
    let event = held.event(context, EventKind::MoveRefused, Some(wanted));
    held.tx.insert_event(&event, &jobs::notice_to_mentor(&event)?).await?;
    let sequence = held.booking.sequence;
    held.tx.event_decided(id, sequence, &look).await?;
    held.restore_event(context).await?;
    Ok(true)
}

/// The event of a booking, which looks like `look`, goes back to where the booking is, and nobody is told: it is as we wrote it,
/// too late. Does nothing to a booking that has changed since `sequence`, which is written anyway.
pub(crate) async fn restore_event(context: &Context, id: BookingId, sequence: i32, look: &str) -> Result<(), Error> {
    let Some(mut held) = Held::by_calendar(context, id, sequence).await? else { return Ok(()) };
    held.tx.event_decided(id, sequence, look).await?;
    held.restore_event(context).await
}

/// The mentor deleted the event of a booking that had changed since, so it was made again, and the mentor is told. `tx` is the
/// worker's.
pub(crate) async fn event_made_again(context: &Context, tx: &mut Tx, booking: &Booking) -> Result<(), Error> {
    let event = NewEvent {
        id: EventId(context.new_id()),
        booking_id: booking.id,
        mentor_id: booking.mentor_id,
        kind: EventKind::MoveRefused,
        actor: By::Calendar,
        api_key: None,
        sequence: booking.sequence,
        during: booking.start..booking.end,
        previous: None,
        reason: None,
        created_at: context.now(),
    };
    Ok(tx.insert_event(&event, &jobs::notice_to_mentor(&event)?).await?)
}

/// Opens a transaction by right of `key`, with the booking in it, acting for the mentor.
async fn open(context: &Context, key: &Key) -> Result<(Tx, Booked), Error> {
    let (mut tx, booking) = match key {
        Key::Token(token) => {
            let mut tx = context.store.begin(Actor::Mentee(token.hash())).await?;
            let Some(booking) = tx.booking_by_token(&token.hash()).await? else {
                return Err(missing(&mut tx, token).await?);
            };
            tx.act_for(booking.mentor_id).await?;
            let Some(mentor) = tx.mentor_by_id(booking.mentor_id).await? else {
                return Err(missing(&mut tx, token).await?);
            };
            return Ok((tx, Booked { booking, mentor }));
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

/// Why a token opens nothing.
async fn missing(tx: &mut Tx, token: &Secret) -> Result<Error, Error> {
    Ok(if tx.is_closed_booking(&token.hash()).await? { Error::AccountClosed } else { Error::NotFound })
}

/// A booking whose mentor's calendar is held: what is read of it stays true until the transaction ends.
struct Held {
    tx: Tx,
    booking: Booking,
    mentor: Mentor,
    by: By,
    api_key: Option<ApiKeyId>,
    now: DateTime<Utc>,
    /// What the event in the connected calendar looked like that this follows.
    decided: Option<String>,
}

impl Held {
    async fn open(context: &Context, key: &Key) -> Result<Self, Error> {
        let (mut tx, Booked { booking, mentor }) = open(context, key).await?;
        tx.lock_calendar(mentor.id()).await?;
        // Read again: both may have changed until the lock was ours.
        let booking = tx.booking(booking.id).await?.ok_or(Error::NotFound)?;
        let mentor = tx.mentor_by_id(mentor.id()).await?.ok_or(Error::NotFound)?;
        Ok(Self { tx, booking, mentor, by: key.by(), api_key: key.api_key(), now: context.now(), decided: None })
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
        Ok(Some(Self { tx, booking, mentor, by, api_key: None, now: context.now(), decided: None }))
    }

    /// The same, for what the mentor did in a connected calendar to the booking as it was at `sequence`.
    async fn by_calendar(context: &Context, id: BookingId, sequence: i32) -> Result<Option<Self>, Error> {
        let held = Self::by_worker(context, id, By::Calendar).await?;
        Ok(held.filter(|held| held.booking.sequence == sequence))
    }

    /// Moves to another start if the limits allow it; else gives back what is held, unchanged.
    async fn move_to(
        mut self,
        context: &Context,
        start: DateTime<Utc>,
        limits: Limits,
    ) -> Result<Result<Booked, Self>, Error> {
        let Self { tx, booking, mentor, by, now, .. } = &mut self;
        let wish = match limits {
            Limits::Listed => wish_to_move(tx, booking, *by).await?,
            Limits::OutsideHours => Some(wish_without_rules(booking)),
        };
        let Some(wish) = wish else { return Ok(Err(self)) };
        tx.take_hold(None, *now).await?;
        if !listing::is_possible(context, tx, mentor.id(), &mentor.timezone, wish, start, limits).await? {
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
        if let Some(look) = &self.decided {
            self.tx.event_decided(self.booking.id, self.booking.sequence, look).await?;
        }
        self.tx.commit().await?;
        context.jobs_left.notify_waiters();
        Ok(Booked { booking: self.booking, mentor: self.mentor })
    }
}

pub(crate) async fn write_down(tx: &mut Tx, event: &NewEvent) -> Result<(), Error> {
    Ok(tx.insert_event(event, &jobs::that_follow(event)?).await?)
}

/// By which rules a booking moves: those of its session type today, hidden or not, with the length and buffers it was made
/// with. `None`: its session type was deleted.
async fn wish_to_move(tx: &mut Tx, booking: &Booking, by: By) -> Result<Option<Wish>, Error> {
    let Some(id) = booking.session_type_id else { return Ok(None) };
    let Some(owned) = tx.session_type_by_id(id).await? else { return Ok(None) };
    let policy = Policy {
        minimum_notice_minutes: if by != By::Mentee { 0 } else { owned.session_type.minimum_notice_minutes },
        ..of_booking(booking, Policy::from(&owned.session_type))
    };
    Ok(Some(Wish { policy, session_type: Some(id), moving: Some(booking.id) }))
}

/// What is left of the rules where only other sessions matter.
fn wish_without_rules(booking: &Booking) -> Wish {
    let policy = of_booking(booking, Policy::from(&SessionType::first()));
    Wish { policy, session_type: booking.session_type_id, moving: Some(booking.id) }
}

/// A policy with the length and buffers that a booking was made with.
fn of_booking(booking: &Booking, policy: Policy) -> Policy {
    Policy {
        duration_minutes: u16::try_from((booking.end - booking.start).num_minutes()).unwrap_or_default(),
        buffer_before_minutes: booking.buffer_before_minutes,
        buffer_after_minutes: booking.buffer_after_minutes,
        ..policy
    }
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

/// Whether the mentor may confirm or decline the booking at `now`. One whose start has passed is about to be cancelled.
pub(crate) fn may_answer(booking: &Booking, now: DateTime<Utc>) -> bool {
    booking.status == Status::Pending && now < booking.start
}

fn refuse_not_pending(booking: &Booking, now: DateTime<Utc>) -> Result<(), Error> {
    if may_answer(booking, now) { Ok(()) } else { Err(Error::NotPending) }
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
