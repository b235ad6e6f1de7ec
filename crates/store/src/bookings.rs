use crate::jobs::NewJob;
use crate::mentors::sought;
use crate::session_types::{location, location_word};
use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::{Actor, ApiKeyId, BookingId, EventId, EventKind, Location, MentorId, Price, SessionTypeId, Status};
use serde_json::Value;
use sqlx::postgres::types::PgRange;
use std::ops::{Bound, Range};
use uuid::Uuid;

/// A booking. What it was made with (name of the session, length, buffers, notice, location) stays with it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Booking {
    pub id: BookingId,
    pub mentor_id: MentorId,
    pub session_type_id: Option<SessionTypeId>,
    pub session_slug: String,
    pub session_name: String,
    pub status: Status,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub buffer_before_minutes: u16,
    pub buffer_after_minutes: u16,
    pub cancel_notice_minutes: u32,
    pub location: Option<Location>,
    pub price: Option<Price>,
    pub name: String,
    pub email: String,
    pub timezone: String,
    pub language: String,
    /// `12h` or `24h`: how the booker counts hours; unset: as is usual for the language.
    pub clock: Option<String>,
    pub notes: Option<String>,
    pub sequence: i32,
    pub manage_token_sealed: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub cancelled_by: Option<Actor>,
    pub reason: Option<String>,
    /// Since then name, address, notes, reason and token are empty, the zone is UTC and the language English.
    pub erased_at: Option<DateTime<Utc>>,
}

/// A booking to be made.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewBooking {
    pub id: BookingId,
    pub mentor_id: MentorId,
    pub session_type_id: SessionTypeId,
    pub session_slug: String,
    pub session_name: String,
    pub status: Status,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub buffer_before_minutes: u16,
    pub buffer_after_minutes: u16,
    pub cancel_notice_minutes: u32,
    pub location: Option<Location>,
    pub price: Option<Price>,
    pub name: String,
    pub email: String,
    pub timezone: String,
    pub language: String,
    /// `12h` or `24h`: how the booker counts hours; unset: as is usual for the language.
    pub clock: Option<String>,
    pub notes: Option<String>,
    pub manage_token_hash: [u8; 32],
    pub manage_token_sealed: Vec<u8>,
    pub created_at: DateTime<Utc>,
}

impl From<NewBooking> for Booking {
    /// The booking as it reads once it is inserted.
    fn from(new: NewBooking) -> Self {
        Self {
            id: new.id,
            mentor_id: new.mentor_id,
            session_type_id: Some(new.session_type_id),
            session_slug: new.session_slug,
            session_name: new.session_name,
            status: new.status,
            start: new.start,
            end: new.end,
            buffer_before_minutes: new.buffer_before_minutes,
            buffer_after_minutes: new.buffer_after_minutes,
            cancel_notice_minutes: new.cancel_notice_minutes,
            location: new.location,
            price: new.price,
            name: new.name,
            email: new.email,
            timezone: new.timezone,
            language: new.language,
            clock: new.clock,
            notes: new.notes,
            sequence: 0,
            manage_token_sealed: new.manage_token_sealed,
            created_at: new.created_at,
            cancelled_at: None,
            cancelled_by: None,
            reason: None,
            erased_at: None,
        }
    }
}

/// A time that is kept for whoever fills in the form. It counts as a booking of its session type.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewHold {
    pub id: Uuid,
    pub mentor_id: MentorId,
    pub session_type_id: SessionTypeId,
    pub during: Range<DateTime<Utc>>,
    pub buffer_before_minutes: u16,
    pub buffer_after_minutes: u16,
    pub expires_at: DateTime<Utc>,
    pub client_hash: [u8; 32],
    pub created_at: DateTime<Utc>,
}

/// An event to be written down.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewEvent {
    pub id: EventId,
    pub booking_id: BookingId,
    pub mentor_id: MentorId,
    pub kind: EventKind,
    pub actor: Actor,
    /// With which API key the mentor did it, if with one.
    pub api_key: Option<ApiKeyId>,
    pub sequence: i32,
    pub during: Range<DateTime<Utc>>,
    pub previous: Option<Range<DateTime<Utc>>>,
    pub reason: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// An event with the booking as it was made.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct BookingEvent {
    pub kind: EventKind,
    /// Approval had been asked for, and not been given by then.
    pub unapproved: bool,
    pub actor: Actor,
    pub sequence: i32,
    pub during: Range<DateTime<Utc>>,
    pub previous: Option<Range<DateTime<Utc>>>,
    pub reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub booking: Booking,
}

/// Which bookings of a mentor to list. All conditions hold at once.
#[derive(Clone, Debug, Default)]
pub struct BookingFilter {
    /// Starts at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Starts before this instant.
    pub to: Option<DateTime<Utc>>,
    /// Ends after this instant.
    pub ends_after: Option<DateTime<Utc>>,
    /// Ends at this instant or before.
    pub ends_by: Option<DateTime<Utc>>,
    /// One of these; empty: any.
    pub statuses: Vec<Status>,
    /// Name or e-mail address holds this, in any letter case.
    pub query: String,
    /// Newest first.
    pub descending: bool,
    /// Comes after this one in that order.
    pub after: Option<(DateTime<Utc>, BookingId)>,
    /// At most so many.
    pub limit: i64,
}

/// What an idempotency key was used for.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Idempotent {
    pub request_hash: Vec<u8>,
    pub booking_id: Uuid,
    pub answer: serde_json::Value,
    pub manage_token_sealed: Vec<u8>,
    pub created_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    mentor_id: Uuid,
    session_type_id: Option<Uuid>,
    session_slug: String,
    session_name: String,
    status: String,
    during: PgRange<DateTime<Utc>>,
    buffer_before_minutes: i16,
    buffer_after_minutes: i16,
    cancel_notice_minutes: i32,
    location_kind: Option<String>,
    location_value: Option<String>,
    price_amount: Option<i64>,
    price_currency: Option<String>,
    booker_name: Option<String>,
    booker_email: Option<String>,
    booker_timezone: Option<String>,
    booker_language: Option<String>,
    booker_clock: Option<String>,
    notes: Option<String>,
    sequence: i32,
    manage_token_sealed: Option<Vec<u8>>,
    created_at: DateTime<Utc>,
    cancelled_at: Option<DateTime<Utc>>,
    cancelled_by: Option<String>,
    reason: Option<String>,
    erased_at: Option<DateTime<Utc>>,
}

pub(crate) fn range(range: PgRange<DateTime<Utc>>) -> Result<Range<DateTime<Utc>>, StoreError> {
    match (range.start, range.end) {
        (Bound::Included(start), Bound::Excluded(end)) => Ok(start..end),
        _ => Err(StoreError::Corrupt("a range without ends")),
    }
}

pub(crate) fn event_kind(word: &str) -> Result<EventKind, StoreError> {
    EventKind::from_word(word).ok_or(StoreError::Corrupt("booking_events.kind"))
}

pub(crate) fn actor(word: &str) -> Result<Actor, StoreError> {
    Actor::from_word(word).ok_or(StoreError::Corrupt("an actor"))
}

impl TryFrom<Row> for Booking {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let erased = row.erased_at.is_some();
        let details = |text: Option<String>, neutral: &str| match text {
            None if erased => Ok(neutral.to_owned()),
            text => text.ok_or(StoreError::Corrupt("a booking without a booker")),
        };
        let during = range(row.during)?;
        let small = |n: i16| u16::try_from(n).unwrap_or_default();
        Ok(Self {
            id: BookingId(row.id),
            mentor_id: MentorId(row.mentor_id),
            session_type_id: row.session_type_id.map(SessionTypeId),
            session_slug: row.session_slug,
            session_name: row.session_name,
            status: Status::from_word(&row.status).ok_or(StoreError::Corrupt("bookings.status"))?,
            start: during.start,
            end: during.end,
            buffer_before_minutes: small(row.buffer_before_minutes),
            buffer_after_minutes: small(row.buffer_after_minutes),
            cancel_notice_minutes: u32::try_from(row.cancel_notice_minutes).unwrap_or_default(),
            location: location(row.location_kind, row.location_value),
            price: row.price_amount.zip(row.price_currency).map(|(amount, currency)| Price { amount, currency }),
            name: details(row.booker_name, "")?,
            email: details(row.booker_email, "")?,
            timezone: details(row.booker_timezone, "UTC")?,
            language: details(row.booker_language, "en")?,
            clock: row.booker_clock,
            notes: row.notes,
            sequence: row.sequence,
            // The database sees to it that it is there, unless it was erased.
            manage_token_sealed: row.manage_token_sealed.unwrap_or_default(),
            created_at: row.created_at,
            cancelled_at: row.cancelled_at,
            cancelled_by: row.cancelled_by.as_deref().map(actor).transpose()?,
            reason: row.reason,
            erased_at: row.erased_at,
        })
    }
}

macro_rules! select {
    ($tail:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            "SELECT id, mentor_id, session_type_id, session_slug, session_name, status, during, buffer_before_minutes,
                 buffer_after_minutes, cancel_notice_minutes, location_kind, location_value, booker_name, booker_email,
                 booker_timezone, booker_language, booker_clock, notes, sequence, manage_token_sealed, created_at, cancelled_at,
                 cancelled_by, reason, erased_at, price_amount, price_currency
             FROM bookings WHERE status <> 'held' AND " + $tail,
            $($argument),*
        )
    };
}

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Visitor: makes a booking. [`StoreError::Overlap`] where the time is taken, whatever was checked before.
    pub async fn insert_booking(&mut self, b: &NewBooking) -> Result<(), StoreError> {
        let small = |n: u16| i16::try_from(n).unwrap_or(i16::MAX);
        sqlx::query!(
            "INSERT INTO bookings (id, mentor_id, session_type_id, session_slug, session_name, status, during,
                 buffer_before_minutes, buffer_after_minutes, cancel_notice_minutes, location_kind, location_value,
                 booker_name, booker_email, booker_timezone, booker_language, booker_clock, notes, manage_token_hash,
                 manage_token_sealed, created_at, price_amount, price_currency)
             VALUES ($1, $2, $3, $4, $5, $6, tstzrange($7, $8), $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                 $22, $23, $24)",
            b.id.0,
            b.mentor_id.0,
            b.session_type_id.0,
            b.session_slug,
            b.session_name,
            b.status.as_str(),
            b.start,
            b.end,
            small(b.buffer_before_minutes),
            small(b.buffer_after_minutes),
            i32::try_from(b.cancel_notice_minutes).unwrap_or(i32::MAX),
            b.location.as_ref().map(location_word),
            b.location.as_ref().map(|l| l.value.as_str()),
            b.name,
            b.email,
            b.timezone,
            b.language,
            b.clock,
            b.notes,
            &b.manage_token_hash,
            b.manage_token_sealed,
            b.created_at,
            b.price.as_ref().map(|price| price.amount),
            b.price.as_ref().map(|price| price.currency.as_str())
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Visitor: keeps a time for whoever knows `id`, until `expires_at`. [`StoreError::Overlap`] where it is taken.
    pub async fn insert_hold(&mut self, hold: &NewHold) -> Result<(), StoreError> {
        let small = |n: u16| i16::try_from(n).unwrap_or(i16::MAX);
        sqlx::query!(
            "INSERT INTO bookings (id, mentor_id, session_type_id, session_slug, session_name, status, during,
                 buffer_before_minutes, buffer_after_minutes, cancel_notice_minutes, hold_expires_at, hold_client, created_at)
             VALUES ($1, $2, $3, '', '', 'held', tstzrange($4, $5), $6, $7, 0, $8, $9, $10)",
            hold.id,
            hold.mentor_id.0,
            hold.session_type_id.0,
            hold.during.start,
            hold.during.end,
            small(hold.buffer_before_minutes),
            small(hold.buffer_after_minutes),
            hold.expires_at,
            hold.client_hash.as_slice(),
            hold.created_at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Visitor: how many live holds a client has, and when the first of them ends.
    pub async fn live_holds(
        &mut self,
        client_hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
        let row = sqlx::query!(r#"SELECT count AS "count!", first_ends_at FROM live_holds($1, $2)"#, client_hash, now)
            .fetch_one(self.connection())
            .await?;
        Ok((row.count, row.first_ends_at))
    }

    /// Worker: takes away every hold that has expired.
    pub async fn delete_expired_holds(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM bookings WHERE status = 'held' AND hold_expires_at <= $1", now)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Visitor, mentor, worker (acting for a mentor): takes away the mentor's holds that have expired, and `hold`. Answers
    /// the start and session type that it was for, if it was live; no type where that has been deleted since.
    pub async fn take_hold(
        &mut self,
        hold: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<Option<(DateTime<Utc>, Option<SessionTypeId>)>, StoreError> {
        let row = sqlx::query!(r#"SELECT starts_at AS "start!", session_type FROM take_hold($1, $2)"#, hold, now)
            .fetch_optional(self.connection())
            .await?;
        Ok(row.map(|row| (row.start, row.session_type.map(SessionTypeId))))
    }

    /// Mentee: the booking whose token is shown.
    pub async fn booking_by_token(&mut self, token_hash: &[u8; 32]) -> Result<Option<Booking>, StoreError> {
        let row = select!("manage_token_hash = $1", token_hash).fetch_optional(self.connection()).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// Mentee: the booking whose token is shown. Mentor: one of their own. Worker: any.
    pub async fn booking(&mut self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        let row = select!("id = $1", id.0).fetch_optional(self.connection()).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// Mentor: their own bookings, by start and id.
    pub async fn bookings(&mut self, mentor: MentorId, filter: &BookingFilter) -> Result<Vec<Booking>, StoreError> {
        let statuses: Vec<String> = filter.statuses.iter().map(|s| s.as_str().to_owned()).collect();
        let query = sought(&filter.query);
        let (after_start, after_id) = filter.after.map(|(start, id)| (start, id.0)).unzip();
        let rows = if filter.descending {
            select!(
                "mentor_id = $1
                 AND ($2::timestamptz IS NULL OR lower(during) >= $2) AND ($3::timestamptz IS NULL OR lower(during) < $3)
                 AND ($9::timestamptz IS NULL OR upper(during) > $9) AND ($10::timestamptz IS NULL OR upper(during) <= $10)
                 AND (cardinality($4::text[]) = 0 OR status = ANY($4)) AND strpos(coalesce(search_text(concat_ws(E'\\n', booker_name, booker_email)), ''), (SELECT search_text($5))) > 0
                 AND ($6::timestamptz IS NULL OR (lower(during), id) < ($6, $7::uuid))
                 ORDER BY lower(during) DESC, id DESC LIMIT $8",
                mentor.0,
                filter.from,
                filter.to,
                &statuses,
                query,
                after_start,
                after_id,
                filter.limit,
                filter.ends_after,
                filter.ends_by
            )
            .fetch_all(self.connection())
            .await?
        } else {
            select!(
                "mentor_id = $1
                 AND ($2::timestamptz IS NULL OR lower(during) >= $2) AND ($3::timestamptz IS NULL OR lower(during) < $3)
                 AND ($9::timestamptz IS NULL OR upper(during) > $9) AND ($10::timestamptz IS NULL OR upper(during) <= $10)
                 AND (cardinality($4::text[]) = 0 OR status = ANY($4)) AND strpos(coalesce(search_text(concat_ws(E'\\n', booker_name, booker_email)), ''), (SELECT search_text($5))) > 0
                 AND ($6::timestamptz IS NULL OR (lower(during), id) > ($6, $7::uuid))
                 ORDER BY lower(during), id LIMIT $8",
                mentor.0,
                filter.from,
                filter.to,
                &statuses,
                query,
                after_start,
                after_id,
                filter.limit,
                filter.ends_after,
                filter.ends_by
            )
            .fetch_all(self.connection())
            .await?
        };
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Mentee, mentor, worker: writes down a booking's new state; time, status, sequence, and who cancelled it why.
    /// [`StoreError::Overlap`] where the new time is taken.
    pub async fn update_booking(&mut self, b: &Booking) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE bookings SET status = $2, during = tstzrange($3, $4), sequence = $5, cancelled_at = $6,
                 cancelled_by = $7, reason = $8
             WHERE id = $1",
            b.id.0,
            b.status.as_str(),
            b.start,
            b.end,
            b.sequence,
            b.cancelled_at,
            b.cancelled_by.map(Actor::as_str),
            b.reason
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Visitor, mentor (acting for the mentor), worker: writes down what happened, and leaves the jobs that follow, each its
    /// kind and payload, to be run once this transaction has committed.
    pub async fn insert_event(&mut self, e: &NewEvent, jobs: &[NewJob]) -> Result<(), StoreError> {
        let kinds: Vec<String> = jobs.iter().map(|job| job.kind.clone()).collect();
        let queues: Vec<String> = jobs.iter().map(|job| job.queue.to_owned()).collect();
        let payloads: Vec<Value> = jobs.iter().map(|job| job.payload.clone()).collect();
        sqlx::query!(
            "WITH event AS (
                 INSERT INTO booking_events (id, booking_id, mentor_id, kind, actor, sequence, during, previous_during,
                     reason, created_at, api_key_id)
                 VALUES ($1, $2, $3, $4, $5, $6, tstzrange($7, $8),
                     CASE WHEN $9::timestamptz IS NULL THEN NULL ELSE tstzrange($9, $10) END, $11, $12, $13))
             INSERT INTO jobs (mentor_id, kind, payload, queue, run_at, created_at)
             SELECT $3, kind, payload, queue, $12, $12
             FROM unnest($14::text[], $15::jsonb[], $16::text[]) AS job (kind, payload, queue)",
            e.id.0,
            e.booking_id.0,
            e.mentor_id.0,
            e.kind.as_str(),
            e.actor.as_str(),
            e.sequence,
            e.during.start,
            e.during.end,
            e.previous.as_ref().map(|r| r.start),
            e.previous.as_ref().map(|r| r.end),
            e.reason,
            e.created_at,
            e.api_key.map(|id| id.0),
            &kinds,
            &payloads,
            &queues
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: an event with its booking.
    pub async fn event(&mut self, id: EventId) -> Result<Option<BookingEvent>, StoreError> {
        let Some(row) = sqlx::query!(
            r#"SELECT booking_id, kind, actor, sequence, during, previous_during, reason, created_at,
                 EXISTS (SELECT FROM booking_events o WHERE o.booking_id = e.booking_id AND o.kind = 'requested')
                     AND NOT EXISTS (SELECT FROM booking_events o WHERE o.booking_id = e.booking_id
                         AND o.kind = 'confirmed' AND o.sequence <= e.sequence) AS "unapproved!"
             FROM booking_events e WHERE id = $1"#,
            id.0
        )
        .fetch_optional(self.connection())
        .await?
        else {
            return Ok(None);
        };
        let Some(booking) = self.booking(BookingId(row.booking_id)).await? else { return Ok(None) };
        Ok(Some(BookingEvent {
            kind: event_kind(&row.kind)?,
            unapproved: row.unapproved,
            actor: actor(&row.actor)?,
            sequence: row.sequence,
            during: range(row.during)?,
            previous: row.previous_during.map(range).transpose()?,
            reason: row.reason,
            created_at: row.created_at,
            booking,
        }))
    }

    /// Mentee, mentor, worker: when the booking last changed.
    pub async fn last_change(&mut self, booking: BookingId) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(sqlx::query_scalar!("SELECT max(created_at) FROM booking_events WHERE booking_id = $1", booking.0)
            .fetch_one(self.connection())
            .await?)
    }

    /// Booker: what the idempotency key that is shown was used for, unless that was before `since`.
    pub async fn idempotent(&mut self, since: DateTime<Utc>) -> Result<Option<Idempotent>, StoreError> {
        sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < $1", since).execute(self.connection()).await?;
        Ok(sqlx::query_as!(
            Idempotent,
            "SELECT request_hash, booking_id, answer, manage_token_sealed, created_at FROM idempotency_keys"
        )
        .fetch_optional(self.connection())
        .await?)
    }

    /// Booker: remembers what the idempotency key that is shown was used for.
    pub async fn remember(&mut self, mentor: MentorId, kept: &Idempotent) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO idempotency_keys
                 (mentor_id, key_hash, request_hash, booking_id, answer, manage_token_sealed, created_at)
             VALUES ($1, shown_key(), $2, $3, $4, $5, $6)",
            mentor.0,
            kept.request_hash,
            kept.booking_id,
            kept.answer,
            kept.manage_token_sealed,
            kept.created_at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: forgets idempotency keys from before `since`.
    pub async fn forget_idempotent(&mut self, since: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < $1", since)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }

    /// Worker: mentors with bookings that ended before `before` and whose details are still there.
    pub async fn mentors_to_erase(&mut self, before: DateTime<Utc>) -> Result<Vec<MentorId>, StoreError> {
        let ids = sqlx::query_scalar!(
            "SELECT DISTINCT mentor_id FROM bookings
             WHERE erased_at IS NULL AND status <> 'held' AND upper(during) < $1",
            before
        )
        .fetch_all(self.connection())
        .await?;
        Ok(ids.into_iter().map(MentorId).collect())
    }

    /// Worker: such bookings of a mentor, the oldest first.
    pub async fn bookings_to_erase(
        &mut self,
        mentor: MentorId,
        before: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<Booking>, StoreError> {
        let rows = select!(
            "mentor_id = $1 AND erased_at IS NULL AND upper(during) < $2 ORDER BY upper(during) LIMIT $3",
            mentor.0,
            before,
            limit
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Worker: forgets who booked these, and every word of theirs. That the page of a booking still opens for whoever has
    /// its link tells nothing of them.
    pub async fn erase_bookings(&mut self, bookings: &[BookingId], at: DateTime<Utc>) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = bookings.iter().map(|id| id.0).collect();
        sqlx::query!(
            "UPDATE bookings SET erased_at = $2, booker_name = NULL, booker_email = NULL, booker_timezone = NULL,
                 booker_language = NULL, notes = NULL, reason = NULL, manage_token_sealed = NULL
             WHERE id = ANY($1)",
            &ids,
            at
        )
        .execute(self.connection())
        .await?;
        sqlx::query!("UPDATE booking_events SET reason = NULL WHERE booking_id = ANY($1)", &ids)
            .execute(self.connection())
            .await?;
        sqlx::query!("DELETE FROM idempotency_keys WHERE booking_id = ANY($1)", &ids)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Worker: sealed manage tokens, to re-encrypt them: `(booking, sealed)` after `after`, at most `limit`.
    pub async fn sealed_tokens(
        &mut self,
        after: BookingId,
        limit: i64,
    ) -> Result<Vec<(BookingId, Vec<u8>)>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT id, manage_token_sealed AS "sealed!" FROM bookings
               WHERE id > $1 AND manage_token_sealed IS NOT NULL ORDER BY id LIMIT $2"#,
            after.0,
            limit
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| (BookingId(row.id), row.sealed)).collect())
    }

    /// Worker: what was sealed last, of manage tokens and of calendar tokens.
    pub async fn newest_sealed(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        let newest = sqlx::query_scalar!(
            r#"(SELECT manage_token_sealed AS "sealed!" FROM bookings
                WHERE manage_token_sealed IS NOT NULL ORDER BY id DESC LIMIT 1)
               UNION ALL
               (SELECT refresh_token FROM mentor_calendar_tokens
                WHERE refresh_token IS NOT NULL ORDER BY id DESC LIMIT 1)"#
        );
        Ok(newest.fetch_all(self.connection()).await?)
    }

    /// Worker: stores a token that was sealed anew, for the booking and for idempotent repeats.
    pub async fn reseal(&mut self, booking: BookingId, sealed: &[u8]) -> Result<(), StoreError> {
        sqlx::query!("UPDATE bookings SET manage_token_sealed = $2 WHERE id = $1", booking.0, sealed)
            .execute(self.connection())
            .await?;
        sqlx::query!("UPDATE idempotency_keys SET manage_token_sealed = $2 WHERE booking_id = $1", booking.0, sealed)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
