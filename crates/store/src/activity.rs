use crate::bookings::{actor, event_kind, range};
use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::{Actor, ApiKeyId, BookingId, Change, EventKind, MentorId};
use sqlx::postgres::types::PgRange;
use std::ops::Range;
use uuid::Uuid;

/// A change of a mentor's account, hours or calendars, to be written down.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewAccountEvent {
    pub id: Uuid,
    pub mentor_id: MentorId,
    pub actor: Actor,
    /// With which API key the mentor did it, if with one.
    pub api_key: Option<ApiKeyId>,
    pub change: Change,
    pub created_at: DateTime<Utc>,
}

/// One thing that happened to what is a mentor's.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Activity {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub actor: Actor,
    /// The name of the API key with which the mentor did it.
    pub api_key: Option<String>,
    pub what: Happened,
}

/// What it was.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Happened {
    /// To a booking, with the booking's name and session as they are now.
    Booking {
        id: BookingId,
        kind: EventKind,
        name: Option<String>,
        session_name: String,
        during: Range<DateTime<Utc>>,
        previous: Option<Range<DateTime<Utc>>>,
    },
    /// To the rest, with the name of the API key that it is about.
    Change { change: Change, key: Option<String> },
}

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Mentor (of their own doing), worker: writes down a change.
    pub async fn insert_account_event(&mut self, e: &NewAccountEvent) -> Result<(), StoreError> {
        let what = serde_json::to_value(&e.change).map_err(|_| StoreError::Corrupt("a change"))?;
        sqlx::query!(
            "INSERT INTO account_events (id, mentor_id, actor, api_key_id, what, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            e.id,
            e.mentor_id.0,
            e.actor.as_str(),
            e.api_key.map(|id| id.0),
            what,
            e.created_at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Mentor: what happened, newest first, before `before` in that order.
    pub async fn activity(
        &mut self,
        mentor: MentorId,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<Activity>, StoreError> {
        let (before_at, before_id) = before.unzip();
        let rows = sqlx::query!(
            r#"SELECT a.id AS "id!", a.created_at AS "created_at!", a.actor AS "actor!", k.name AS "api_key?",
                   a.kind AS "kind?", a.booking_id AS "booking_id?", b.booker_name AS "name?",
                   b.session_name AS "session_name?", a.during AS "during?: PgRange<DateTime<Utc>>",
                   a.previous_during AS "previous?: PgRange<DateTime<Utc>>", a.what AS "what?", s.name AS "key?"
               FROM (
                   (SELECT id, created_at, actor, api_key_id, kind, booking_id, during, previous_during, NULL::jsonb AS what
                    FROM booking_events
                    WHERE mentor_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
                    ORDER BY created_at DESC, id DESC LIMIT $4)
                   UNION ALL
                   (SELECT id, created_at, actor, api_key_id, NULL, NULL, NULL, NULL, what
                    FROM account_events
                    WHERE mentor_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
                    ORDER BY created_at DESC, id DESC LIMIT $4)) a
               LEFT JOIN bookings b ON b.id = a.booking_id
               LEFT JOIN api_keys k ON k.id = a.api_key_id
               LEFT JOIN api_keys s ON s.id = (a.what ->> 'key')::uuid
               ORDER BY a.created_at DESC, a.id DESC LIMIT $4"#,
            mentor.0,
            before_at,
            before_id,
            limit
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let what = match (row.kind, row.booking_id, row.during, row.what) {
                    (Some(kind), Some(id), Some(during), _) => Happened::Booking {
                        id: BookingId(id),
                        kind: event_kind(&kind)?,
                        name: row.name,
                        session_name: row.session_name.unwrap_or_default(),
                        during: range(during)?,
                        previous: row.previous.map(range).transpose()?,
                    },
                    (_, _, _, Some(what)) => Happened::Change {
                        change: serde_json::from_value(what).map_err(|_| StoreError::Corrupt("account_events.what"))?,
                        key: row.key,
                    },
                    _ => return Err(StoreError::Corrupt("an event of nothing")),
                };
                Ok(Activity { id: row.id, at: row.created_at, actor: actor(&row.actor)?, api_key: row.api_key, what })
            })
            .collect()
    }
}
