use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::{BookingId, MentorId};
use uuid::Uuid;

/// Work that must follow a committed change.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Job {
    pub id: i64,
    pub mentor_id: Option<Uuid>,
    pub kind: String,
    pub payload: serde_json::Value,
    /// How often it was begun, this time included.
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
}

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Visitor, mentor (acting for the mentor), worker (also nobody's): leaves a job, which runs once this transaction
    /// has committed and `run_at` has come. The payload holds ids only.
    pub async fn enqueue(
        &mut self,
        mentor: Option<MentorId>,
        kind: &str,
        payload: &serde_json::Value,
        run_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO jobs (mentor_id, kind, payload, run_at, created_at) VALUES ($1, $2, $3, $4, $5)",
            mentor.map(|id| id.0),
            kind,
            payload,
            run_at,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: as [`enqueue`](Self::enqueue), to be run at once, unless the same waits already and nobody has begun it.
    pub async fn enqueue_once(
        &mut self,
        mentor: MentorId,
        kind: &str,
        payload: &serde_json::Value,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO jobs (mentor_id, kind, payload, run_at, created_at)
             SELECT $1, $2, $3, $4, $4 WHERE NOT EXISTS (
                 SELECT FROM jobs WHERE mentor_id = $1 AND kind = $2 AND payload = $3 AND dead_at IS NULL
                     AND (locked_until IS NULL OR locked_until <= $4))",
            mentor.0,
            kind,
            payload,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: leases the job that has been due longest until `lease_until`. A worker that dies lets the lease lapse,
    /// and another takes the job up; so a job runs at least once. Of the `kinds` in `lane` only (where the database's function
    /// of that name puts them). The commit does not wait for the disk: a lease that a crash of the database takes along only
    /// lapses sooner.
    pub async fn lease_job(
        &mut self,
        lane: &str,
        kinds: &[&str],
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
    ) -> Result<Option<Job>, StoreError> {
        let row = sqlx::query!(
            "UPDATE jobs SET locked_until = $2, attempts = attempts + 1
             WHERE id = (
                 SELECT id FROM jobs
                 WHERE dead_at IS NULL AND lane(kind) = $3 AND kind = ANY($4) AND run_at <= $1
                     AND (locked_until IS NULL OR locked_until <= $1)
                 ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING id, mentor_id, kind, payload, attempts, created_at,
                 set_config('synchronous_commit', 'off', true)",
            now,
            lease_until,
            lane,
            kinds as &[&str]
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| Job {
            id: row.id,
            mentor_id: row.mentor_id,
            kind: row.kind,
            payload: row.payload,
            attempts: row.attempts,
            created_at: row.created_at,
        }))
    }

    /// Worker: the job is done. This commit does not wait for the disk either: what a crash of the database takes along is
    /// done once more, as after any crash between doing it and saying so.
    pub async fn finish_job(&mut self, id: i64) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM jobs WHERE id = $1 RETURNING set_config('synchronous_commit', 'off', true)", id)
            .fetch_optional(self.connection())
            .await?;
        Ok(())
    }

    /// Worker: events that are due, and whose mentors have no calendar connected, are done. Answers how many. As with
    /// [`finish_job`](Self::finish_job), the commit does not wait for the disk.
    pub async fn finish_events_of_unconnected(&mut self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "DELETE FROM jobs WHERE id IN (
                 SELECT id FROM jobs j
                 WHERE dead_at IS NULL AND lane(kind) = 'calendar' AND kind = 'event' AND run_at <= $1
                     AND (locked_until IS NULL OR locked_until <= $1)
                     AND NOT EXISTS (SELECT FROM mentor_calendar_tokens t WHERE t.mentor_id = j.mentor_id)
                 FOR UPDATE SKIP LOCKED)
             RETURNING set_config('synchronous_commit', 'off', true)",
            now
        )
        .fetch_all(self.connection())
        .await?;
        Ok(done.len() as u64)
    }

    /// Worker: the job waits until `until`; that was no attempt.
    pub async fn postpone_job(&mut self, id: i64, until: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE jobs SET locked_until = NULL, attempts = attempts - 1, run_at = $2 WHERE id = $1",
            id,
            until
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: the job failed; it is tried again at `retry_at`, or given up (`None`).
    pub async fn fail_job(
        &mut self,
        id: i64,
        error: &str,
        retry_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE jobs SET locked_until = NULL, last_error = $2, run_at = coalesce($3, run_at),
                 dead_at = CASE WHEN $3::timestamptz IS NULL THEN $4::timestamptz END
             WHERE id = $1",
            id,
            error,
            retry_at,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: the bookers of these bookings are told nothing more, and why other jobs about them failed is forgotten.
    pub async fn forget_in_jobs(&mut self, mentor: MentorId, bookings: &[BookingId]) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = bookings.iter().map(|id| id.0).collect();
        sqlx::query!(
            "DELETE FROM jobs WHERE mentor_id = $1 AND kind = 'notice' AND payload ->> 'mentee' = 'true'
                 AND payload ->> 'event' IN (SELECT id::text FROM booking_events WHERE booking_id = ANY($2))",
            mentor.0,
            &ids
        )
        .execute(self.connection())
        .await?;
        sqlx::query!(
            "UPDATE jobs SET last_error = NULL WHERE mentor_id = $1 AND last_error IS NOT NULL
                 AND (payload ->> 'booking' IN (SELECT id::text FROM unnest($2::uuid[]) id)
                     OR payload ->> 'event' IN (SELECT id::text FROM booking_events WHERE booking_id = ANY($2)))",
            mentor.0,
            &ids
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Mentor: how many jobs of theirs were given up.
    pub async fn given_up(&mut self, mentor: MentorId) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM jobs WHERE mentor_id = $1 AND dead_at IS NOT NULL"#,
            mentor.0
        )
        .fetch_one(self.connection())
        .await?)
    }

    /// Mentor: their jobs that were given up are tried again, as if for the first time.
    pub async fn try_again(&mut self, mentor: MentorId, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE jobs SET dead_at = NULL, run_at = $2, attempts = 0 WHERE mentor_id = $1 AND dead_at IS NOT NULL",
            mentor.0,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: how many jobs wait, how many were given up, and since when the first one that waits has been due, if it is.
    pub async fn count_jobs(&mut self, now: DateTime<Utc>) -> Result<(i64, i64, Option<DateTime<Utc>>), StoreError> {
        let row = sqlx::query!(
            r#"SELECT count(*) FILTER (WHERE dead_at IS NULL) AS "waiting!",
                   count(*) FILTER (WHERE dead_at IS NOT NULL) AS "dead!",
                   min(run_at) FILTER (WHERE dead_at IS NULL AND run_at <= $1) AS oldest FROM jobs"#,
            now
        )
        .fetch_one(self.connection())
        .await?;
        Ok((row.waiting, row.dead, row.oldest))
    }
}
