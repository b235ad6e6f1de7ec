use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::{BookingId, ConnectionId, MentorId};
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
    /// Which workers run it; `None` where a server of the release before left it.
    pub queue: Option<String>,
    /// The account at a provider that it was routed to: see [`Tx::route_jobs`].
    pub mailbox: Option<Uuid>,
}

/// A job that is left.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewJob {
    pub kind: String,
    pub queue: &'static str,
    /// Ids only.
    pub payload: serde_json::Value,
}

/// Where jobs for connected calendars are left, until [`Tx::route_jobs`] puts them into their provider's queue.
pub const UNROUTED: &str = "calendar";

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Visitor, mentor (acting for the mentor), worker (also nobody's): leaves a job, which runs once this transaction
    /// has committed and `run_at` has come. The payload holds ids only.
    pub async fn enqueue(
        &mut self,
        mentor: Option<MentorId>,
        job: &NewJob,
        run_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO jobs (mentor_id, kind, queue, payload, run_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            mentor.map(|id| id.0),
            job.kind,
            job.queue,
            job.payload,
            run_at,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: as [`enqueue`](Self::enqueue), to be run at once, unless the same waits already and nobody has begun it.
    pub async fn enqueue_once(&mut self, mentor: MentorId, job: &NewJob, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO jobs (mentor_id, kind, queue, payload, run_at, created_at)
             SELECT $1, $2, $3, $4, $5, $5 WHERE NOT EXISTS (
                 SELECT FROM jobs WHERE mentor_id = $1 AND kind = $2 AND payload = $4 AND dead_at IS NULL
                     AND (locked_until IS NULL OR locked_until <= $5))",
            mentor.0,
            job.kind,
            job.queue,
            job.payload,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: leases the job of a queue that has been due longest until `lease_until`. A worker that dies lets the lease
    /// lapse, and another takes the job up; so a job runs at least once. Of the `kinds` only: others are a newer release's.
    /// With `per_mailbox`, no more than so many run at once for one account, on all servers together. The commit does not wait
    /// for the disk: a lease that a crash of the database takes along only lapses sooner.
    pub async fn lease_job(
        &mut self,
        queue: &str,
        kinds: &[&str],
        per_mailbox: Option<i64>,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
    ) -> Result<Option<Job>, StoreError> {
        if per_mailbox.is_some() {
            // Two servers that count at once would both find a place free.
            sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 28))", queue)
                .execute(self.connection())
                .await?;
        }
        let row = sqlx::query!(
            "UPDATE jobs SET locked_until = $2, attempts = attempts + 1
             WHERE id = (
                 SELECT id FROM jobs
                 WHERE dead_at IS NULL AND queue = $3 AND kind = ANY($4) AND run_at <= $1
                     AND (locked_until IS NULL OR locked_until <= $1)
                     AND ($5::bigint IS NULL OR mailbox IS NULL OR mailbox NOT IN (
                         SELECT busy.mailbox FROM jobs busy
                         WHERE busy.dead_at IS NULL AND busy.queue = $3 AND busy.locked_until > $1
                             AND busy.mailbox IS NOT NULL
                         GROUP BY busy.mailbox HAVING count(*) >= $5))
                 ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING id, mentor_id, kind, payload, attempts, created_at, queue, mailbox,
                 set_config('synchronous_commit', 'off', true)",
            now,
            lease_until,
            queue,
            kinds as &[&str],
            per_mailbox
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
            queue: row.queue,
            mailbox: row.mailbox,
        }))
    }

    /// Worker: jobs that a server of the release before left get the queue of their kind, of `kinds` and `queues` side by
    /// side. Answers how many.
    pub async fn assign_queues(&mut self, kinds: &[&str], queues: &[&str]) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "UPDATE jobs SET queue = known.queue FROM unnest($1::text[], $2::text[]) AS known (kind, queue)
             WHERE jobs.queue IS NULL AND jobs.dead_at IS NULL AND jobs.kind = known.kind",
            kinds as &[&str],
            queues as &[&str]
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Worker: jobs for connected calendars that are due go into the queue of the provider that has to be asked: of the
    /// calendar that the job names, of the one that the booking's event is in, or else of the one that receives bookings.
    /// Answers how many, and how many were finished because there is no such calendar, so nothing is to be written. As with
    /// [`finish_job`](Self::finish_job), the commit does not wait for the disk.
    pub async fn route_jobs(&mut self, now: DateTime<Utc>) -> Result<(u64, u64), StoreError> {
        let routed = sqlx::query!(
            "UPDATE jobs SET queue = route.provider, mailbox = route.mailbox
             FROM (
                 SELECT j.id, t.provider, (
                     SELECT o.id FROM mentor_calendar_tokens o WHERE o.provider = t.provider AND o.account = t.account
                     ORDER BY o.created_at, o.id LIMIT 1) AS mailbox
                 FROM jobs j
                 JOIN calendars c ON c.id = coalesce(
                     (SELECT named.id FROM calendars named WHERE named.id = (j.payload ->> 'calendar')::uuid),
                     (SELECT e.calendar_id FROM booking_calendar_events e
                      WHERE e.booking_id = (j.payload ->> 'booking')::uuid),
                     (SELECT r.id FROM calendars r JOIN bookings b ON b.mentor_id = r.mentor_id
                      WHERE b.id = (j.payload ->> 'booking')::uuid AND r.receives))
                 JOIN mentor_calendar_tokens t ON t.id = c.connection_id
                 WHERE j.dead_at IS NULL AND j.queue = $2 AND j.run_at <= $1
                 FOR UPDATE OF j SKIP LOCKED) AS route
             WHERE jobs.id = route.id
             RETURNING set_config('synchronous_commit', 'off', true)",
            now,
            UNROUTED
        )
        .fetch_all(self.connection())
        .await?;
        let done = sqlx::query!(
            "DELETE FROM jobs WHERE id IN (
                 SELECT id FROM jobs j
                 WHERE dead_at IS NULL AND queue = $2 AND run_at <= $1 AND (locked_until IS NULL OR locked_until <= $1)
                     AND NOT EXISTS (SELECT FROM calendars named WHERE named.id = (j.payload ->> 'calendar')::uuid)
                     AND NOT EXISTS (
                         SELECT FROM booking_calendar_events e WHERE e.booking_id = (j.payload ->> 'booking')::uuid)
                     AND NOT EXISTS (
                         SELECT FROM calendars r JOIN bookings b ON b.mentor_id = r.mentor_id
                         WHERE b.id = (j.payload ->> 'booking')::uuid AND r.receives)
                 FOR UPDATE SKIP LOCKED)
             RETURNING set_config('synchronous_commit', 'off', true)",
            now,
            UNROUTED
        )
        .fetch_all(self.connection())
        .await?;
        Ok((routed.len() as u64, done.len() as u64))
    }

    /// Worker: the provider of a connection, and its account by the oldest connection to it: what
    /// [`route_jobs`](Self::route_jobs) writes into a job.
    pub async fn route(&mut self, connection: ConnectionId) -> Result<Option<(String, Uuid)>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT t.provider, (
                   SELECT o.id FROM mentor_calendar_tokens o WHERE o.provider = t.provider AND o.account = t.account
                   ORDER BY o.created_at, o.id LIMIT 1) AS "mailbox!"
               FROM mentor_calendar_tokens t WHERE t.id = $1"#,
            connection.0
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| (row.provider, row.mailbox)))
    }

    /// Worker: the job has to ask another account than it was routed to. That was no attempt.
    pub async fn reroute_job(&mut self, id: i64) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE jobs SET queue = $2, mailbox = NULL, locked_until = NULL, attempts = attempts - 1 WHERE id = $1",
            id,
            UNROUTED
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: the job is done. This commit does not wait for the disk either: what a crash of the database takes along is
    /// done once more, as after any crash between doing it and saying so.
    pub async fn finish_job(&mut self, id: i64) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM jobs WHERE id = $1 RETURNING set_config('synchronous_commit', 'off', true)", id)
            .fetch_optional(self.connection())
            .await?;
        Ok(())
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
