use crate::mentors::sought;
use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::{Location, LocationKind, MentorId, Policy, Price, SessionType, SessionTypeId};
use uuid::Uuid;

/// A session type with its id.
#[derive(Clone, Debug)]
pub struct OwnedSessionType {
    /// Stays when the rest is replaced; a deleted and newly made one of the same slug is another.
    pub id: SessionTypeId,
    /// The rest.
    pub session_type: SessionType,
}

struct Row {
    id: Uuid,
    slug: String,
    name: String,
    description: Option<String>,
    duration_minutes: i16,
    start_interval_minutes: i16,
    buffer_before_minutes: i16,
    buffer_after_minutes: i16,
    minimum_notice_minutes: i32,
    horizon_days: i16,
    daily_limit: Option<i16>,
    requires_approval: bool,
    cancel_notice_minutes: i32,
    price_amount: Option<i64>,
    price_currency: Option<String>,
    location_kind: Option<String>,
    location_value: Option<String>,
    active: bool,
}

impl From<Row> for OwnedSessionType {
    fn from(row: Row) -> Self {
        // The table's checks bound every number.
        let small = |n: i16| u16::try_from(n).unwrap_or_default();
        Self {
            id: SessionTypeId(row.id),
            session_type: SessionType {
                slug: row.slug,
                name: row.name,
                description: row.description,
                duration_minutes: small(row.duration_minutes),
                start_interval_minutes: small(row.start_interval_minutes),
                buffer_before_minutes: small(row.buffer_before_minutes),
                buffer_after_minutes: small(row.buffer_after_minutes),
                minimum_notice_minutes: u32::try_from(row.minimum_notice_minutes).unwrap_or_default(),
                horizon_days: small(row.horizon_days),
                daily_limit: row.daily_limit.map(small),
                requires_approval: row.requires_approval,
                cancel_notice_minutes: u32::try_from(row.cancel_notice_minutes).unwrap_or_default(),
                price: row.price_amount.zip(row.price_currency).map(|(amount, currency)| Price { amount, currency }),
                location: location(row.location_kind, row.location_value),
                active: row.active,
            },
        }
    }
}

pub(crate) fn location(kind: Option<String>, value: Option<String>) -> Option<Location> {
    let kind = match kind?.as_str() {
        "link" => LocationKind::Link,
        "phone" => LocationKind::Phone,
        "in_person" => LocationKind::InPerson,
        "meet" => LocationKind::Meet,
        "teams" => LocationKind::Teams,
        _ => return None,
    };
    Some(Location { kind, value: value? })
}

pub(crate) fn location_word(location: &Location) -> &'static str {
    match location.kind {
        LocationKind::Link => "link",
        LocationKind::Phone => "phone",
        LocationKind::InPerson => "in_person",
        LocationKind::Meet => "meet",
        LocationKind::Teams => "teams",
    }
}

macro_rules! select {
    ($tail:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            "SELECT id, slug, name, description, duration_minutes, start_interval_minutes, buffer_before_minutes,
                 buffer_after_minutes, minimum_notice_minutes, horizon_days, daily_limit, requires_approval,
                 cancel_notice_minutes, price_amount, price_currency, location_kind, location_value, active
             FROM session_types " + $tail,
            $($argument),*
        )
    };
}

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Visitor: the active ones of a mentor. Mentor: all of their own. Oldest first.
    pub async fn session_types(&mut self, mentor: MentorId) -> Result<Vec<OwnedSessionType>, StoreError> {
        let rows =
            select!("WHERE mentor_id = $1 ORDER BY created_at, id", mentor.0).fetch_all(self.connection()).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Visitor: of the active ones of these mentors whose they are, and what decides where they fit; in no order.
    pub async fn policies(
        &mut self,
        mentors: &[MentorId],
    ) -> Result<Vec<(MentorId, SessionTypeId, Policy)>, StoreError> {
        let mentors: Vec<_> = mentors.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            "SELECT id, mentor_id, duration_minutes, start_interval_minutes, buffer_before_minutes, buffer_after_minutes,
                 minimum_notice_minutes, horizon_days, daily_limit
             FROM session_types WHERE mentor_id = ANY($1)",
            &mentors
        )
        .fetch_all(self.connection())
        .await?;
        let small = |n: i16| u16::try_from(n).unwrap_or_default();
        let policies = rows.into_iter().map(|row| {
            let policy = Policy {
                duration_minutes: small(row.duration_minutes),
                start_interval_minutes: small(row.start_interval_minutes),
                buffer_before_minutes: small(row.buffer_before_minutes),
                buffer_after_minutes: small(row.buffer_after_minutes),
                minimum_notice_minutes: u32::try_from(row.minimum_notice_minutes).unwrap_or_default(),
                horizon_days: small(row.horizon_days),
                daily_limit: row.daily_limit.map(small),
            };
            (MentorId(row.mentor_id), SessionTypeId(row.id), policy)
        });
        Ok(policies.collect())
    }

    /// Visitor: an active one. Mentor: one of their own.
    pub async fn session_type(&mut self, mentor: MentorId, slug: &str) -> Result<Option<OwnedSessionType>, StoreError> {
        let row = select!("WHERE mentor_id = $1 AND slug = $2", mentor.0, sought(slug))
            .fetch_optional(self.connection())
            .await?;
        Ok(row.map(Into::into))
    }

    /// Visitor: an active one. Mentor: one of their own.
    pub async fn session_type_by_id(&mut self, id: SessionTypeId) -> Result<Option<OwnedSessionType>, StoreError> {
        let row = select!("WHERE id = $1", id.0).fetch_optional(self.connection()).await?;
        Ok(row.map(Into::into))
    }

    /// Mentor, worker: creates the session type of this slug, or replaces all of it but id and slug.
    pub async fn put_session_type(
        &mut self,
        mentor: MentorId,
        new_id: SessionTypeId,
        now: DateTime<Utc>,
        s: &SessionType,
    ) -> Result<(), StoreError> {
        let small = |n: u16| i16::try_from(n).unwrap_or(i16::MAX);
        let large = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        sqlx::query!(
            "INSERT INTO session_types (id, mentor_id, slug, name, description, duration_minutes, start_interval_minutes,
                 buffer_before_minutes, buffer_after_minutes, minimum_notice_minutes, horizon_days, daily_limit,
                 requires_approval, cancel_notice_minutes, price_amount, price_currency, location_kind, location_value,
                 active, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
             ON CONFLICT (mentor_id, slug) DO UPDATE SET name = excluded.name, description = excluded.description,
                 duration_minutes = excluded.duration_minutes, start_interval_minutes = excluded.start_interval_minutes,
                 buffer_before_minutes = excluded.buffer_before_minutes,
                 buffer_after_minutes = excluded.buffer_after_minutes,
                 minimum_notice_minutes = excluded.minimum_notice_minutes, horizon_days = excluded.horizon_days,
                 daily_limit = excluded.daily_limit, requires_approval = excluded.requires_approval,
                 cancel_notice_minutes = excluded.cancel_notice_minutes, price_amount = excluded.price_amount,
                 price_currency = excluded.price_currency, location_kind = excluded.location_kind,
                 location_value = excluded.location_value, active = excluded.active",
            new_id.0,
            mentor.0,
            s.slug,
            s.name,
            s.description,
            small(s.duration_minutes),
            small(s.start_interval_minutes),
            small(s.buffer_before_minutes),
            small(s.buffer_after_minutes),
            large(s.minimum_notice_minutes),
            small(s.horizon_days),
            s.daily_limit.map(small),
            s.requires_approval,
            large(s.cancel_notice_minutes),
            s.price.as_ref().map(|p| p.amount),
            s.price.as_ref().map(|p| p.currency.as_str()),
            s.location.as_ref().map(location_word),
            s.location.as_ref().map(|l| l.value.as_str()),
            s.active,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Mentor: deletes one; bookings of it stay. `false` where there was none.
    pub async fn delete_session_type(&mut self, mentor: MentorId, slug: &str) -> Result<bool, StoreError> {
        let done = sqlx::query!("DELETE FROM session_types WHERE mentor_id = $1 AND slug = $2", mentor.0, sought(slug))
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() > 0)
    }
}
