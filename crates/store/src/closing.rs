//! Accounts that are being closed.

use crate::{StoreError, Tx};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{BookingId, MentorId};
use uuid::Uuid;

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Worker: closes an account: it is invisible, and nothing opens it any more. Its handle and its address are free for the
    /// database; its other rows stay until [`delete_mentor`](Self::delete_mentor). `false` where it is closed already.
    pub async fn close_mentor(&mut self, id: MentorId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE mentors SET closed_at = $2, next_close_at = $2, handle = id::text WHERE id = $1 AND closed_at IS NULL",
        )
        .bind(id.0)
        .bind(now)
        .execute(self.connection())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        for ways_in in [
            "DELETE FROM sessions WHERE mentor_id = $1",
            "DELETE FROM single_use_tokens WHERE mentor_id = $1",
            "DELETE FROM calendar_authorizations WHERE mentor_id = $1",
            "DELETE FROM credentials WHERE mentor_id = $1",
            "UPDATE api_keys SET revoked_at = coalesce(revoked_at, (SELECT closed_at FROM mentors WHERE id = $1))
             WHERE mentor_id = $1",
            // Calendars are written to, and not read any more.
            "UPDATE mentor_calendar_tokens SET next_sync_at = NULL WHERE mentor_id = $1",
        ] {
            sqlx::query(ways_in).bind(id.0).execute(self.connection()).await?;
        }
        Ok(true)
    }

    /// Worker: the links of these bookings say that the mentor has closed the account, until so long after their start.
    pub async fn insert_closed_bookings(&mut self, ids: &[BookingId], kept: TimeDelta) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        sqlx::query(
            "INSERT INTO closed_bookings (manage_token_hash, mentor_id, forget_at)
             SELECT manage_token_hash, mentor_id, lower(during) + make_interval(secs => $2)
             FROM bookings WHERE id = ANY($1) AND manage_token_hash IS NOT NULL
             ON CONFLICT DO NOTHING",
        )
        .bind(&ids)
        .bind(kept.num_seconds() as f64)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Mentee: whether the booking whose token is shown was cancelled because the mentor closed the account.
    pub async fn is_closed_booking(&mut self, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT FROM closed_bookings WHERE manage_token_hash = $1)")
            .bind(token_hash.as_slice())
            .fetch_one(self.connection())
            .await?)
    }

    /// Worker: links of bookings of closed accounts are forgotten whose time is over.
    pub async fn forget_closed_bookings(&mut self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM closed_bookings WHERE forget_at <= $1")
            .bind(now)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }

    /// Worker: leases the closed account that is due longest until `until`. Who, and since when it is closed.
    pub async fn lease_closed(
        &mut self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<(MentorId, DateTime<Utc>)>, StoreError> {
        let row: Option<(Uuid, DateTime<Utc>)> = sqlx::query_as(
            "UPDATE mentors SET next_close_at = $2
             WHERE id = (
                 SELECT id FROM mentors WHERE closed_at IS NOT NULL AND next_close_at <= $1
                 ORDER BY next_close_at LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING id, closed_at",
        )
        .bind(now)
        .bind(until)
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|(id, closed_at)| (MentorId(id), closed_at)))
    }

    /// Worker: the closed account is looked at again at `at`.
    pub async fn close_later(&mut self, mentor: MentorId, at: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query("UPDATE mentors SET next_close_at = $2 WHERE id = $1 AND closed_at IS NOT NULL")
            .bind(mentor.0)
            .bind(at)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Worker: how many messages and calendar writes of a mentor are still to be done, and not given up.
    pub async fn unfinished_jobs(&mut self, mentor: MentorId) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT count(*) FROM jobs
             WHERE mentor_id = $1 AND dead_at IS NULL AND kind IN ('notice', 'event', 'reconcile', 'left_behind')",
        )
        .bind(mentor.0)
        .fetch_one(self.connection())
        .await?)
    }
}
