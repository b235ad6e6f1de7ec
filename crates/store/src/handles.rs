//! Handles that mentors gave up.

use crate::mentors::sought;
use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::MentorId;
use uuid::Uuid;

/// Who may take a handle, as far as former owners are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormerHandle {
    /// Nobody has given it up.
    Unknown,
    /// Its former owner has it reserved; none where the account was deleted.
    Of(Option<MentorId>),
}

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Waits until no other transaction takes or gives up one of these handles, and holds them until the end of this one.
    /// Always in the same order, so that two transactions never wait for each other.
    pub async fn lock_handles(&mut self, handles: &[&str]) -> Result<(), StoreError> {
        let mut handles = handles.to_vec();
        handles.sort_unstable();
        handles.dedup();
        for handle in handles {
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 2))")
                .bind(sought(handle))
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// Visitor, mentor, worker: whether somebody gave this handle up, and who.
    pub async fn former_handle(&mut self, handle: &str) -> Result<FormerHandle, StoreError> {
        let row: Option<Option<Uuid>> = sqlx::query_scalar("SELECT mentor_id FROM former_handles WHERE handle = $1")
            .bind(sought(handle))
            .fetch_optional(self.connection())
            .await?;
        Ok(row.map_or(FormerHandle::Unknown, |owner| FormerHandle::Of(owner.map(MentorId))))
    }

    /// Mentor, worker: how many handles this mentor has reserved.
    pub async fn count_former_handles(&mut self, mentor: MentorId) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM former_handles WHERE mentor_id = $1")
            .bind(mentor.0)
            .fetch_one(self.connection())
            .await?)
    }

    /// Mentor, worker: `handle` leads to the mentor until `until`, and nobody else can take it.
    pub async fn give_up_handle(
        &mut self,
        mentor: MentorId,
        handle: &str,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO former_handles (handle, mentor_id, reserved_until) VALUES ($1, $2, $3)")
            .bind(handle)
            .bind(mentor.0)
            .bind(until)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Mentor, worker: the mentor uses a handle again that they gave up.
    pub async fn take_back_handle(&mut self, mentor: MentorId, handle: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM former_handles WHERE handle = $1 AND mentor_id = $2")
            .bind(handle)
            .bind(mentor.0)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Worker: handles are free again whose time is over.
    pub async fn release_handles(&mut self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM former_handles WHERE reserved_until <= $1")
            .bind(now)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }
}
