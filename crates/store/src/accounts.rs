use crate::mentors::sought;
use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::{ApiKeyId, MentorId};
use uuid::Uuid;

/// What a single-use link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SingleUse {
    /// Confirms an e-mail address.
    Verify,
    /// Sets a new password.
    Reset,
    /// Logs in.
    Login,
}

impl SingleUse {
    fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::Login => "login",
        }
    }
}

/// An API key, without its secret.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct ApiKey {
    pub id: Uuid,
    pub name: String,
    pub prefix: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Worker: the mentor's password hash.
    pub async fn password_hash(&mut self, mentor: MentorId) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar!("SELECT password_hash FROM credentials WHERE mentor_id = $1", mentor.0)
            .fetch_optional(self.connection())
            .await?)
    }

    /// Worker: sets the mentor's password hash.
    pub async fn set_password_hash(
        &mut self,
        mentor: MentorId,
        hash: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO credentials (mentor_id, password_hash, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (mentor_id) DO UPDATE SET password_hash = $2, changed_at = $3",
            mentor.0,
            hash,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: opens a session for whoever shows the token of this hash.
    pub async fn insert_session(
        &mut self,
        token_hash: &[u8; 32],
        mentor: MentorId,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO sessions (token_hash, mentor_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
            token_hash,
            mentor.0,
            now,
            expires_at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: whose session it is.
    pub async fn session(&mut self, token_hash: &[u8; 32], now: DateTime<Utc>) -> Result<Option<MentorId>, StoreError> {
        let id = sqlx::query_scalar!(
            "SELECT mentor_id FROM sessions WHERE token_hash = $1 AND expires_at > $2",
            token_hash,
            now
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(id.map(MentorId))
    }

    /// Worker: closes a session.
    pub async fn delete_session(&mut self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM sessions WHERE token_hash = $1", token_hash).execute(self.connection()).await?;
        Ok(())
    }

    /// Worker: closes every session of a mentor.
    pub async fn delete_sessions(&mut self, mentor: MentorId) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM sessions WHERE mentor_id = $1", mentor.0).execute(self.connection()).await?;
        Ok(())
    }

    /// Worker: forgets sessions and links that have expired.
    pub async fn delete_expired(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM sessions WHERE expires_at <= $1", now).execute(self.connection()).await?;
        sqlx::query!("DELETE FROM single_use_tokens WHERE expires_at <= $1", now).execute(self.connection()).await?;
        sqlx::query!("DELETE FROM calendar_authorizations WHERE expires_at <= $1", now)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Worker: a link that works once.
    pub async fn insert_single_use(
        &mut self,
        token_hash: &[u8; 32],
        mentor: MentorId,
        purpose: SingleUse,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO single_use_tokens (token_hash, mentor_id, purpose, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5)",
            token_hash,
            mentor.0,
            purpose.as_str(),
            now,
            expires_at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: waits until no other transaction signs up with this address, in any letter case.
    pub async fn lock_address(&mut self, email: &str) -> Result<(), StoreError> {
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended(lower($1), 1))")
            .bind(sought(email))
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Worker: writes down that a form was sent and is done by this transaction. Answers `false` where it was before.
    /// Where that is not decided yet, it waits for it.
    pub async fn record_sent_form(
        &mut self,
        form_hash: &[u8; 32],
        mentor: Option<MentorId>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "INSERT INTO sent_forms (form_hash, mentor_id, sent_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            form_hash,
            mentor.map(|mentor| mentor.0),
            now
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Worker: whose form it was, if it was sent since `since`.
    pub async fn sender_of_form(
        &mut self,
        form_hash: &[u8; 32],
        since: DateTime<Utc>,
    ) -> Result<Option<MentorId>, StoreError> {
        let sender = sqlx::query_scalar!(
            "SELECT mentor_id FROM sent_forms WHERE form_hash = $1 AND sent_at >= $2",
            form_hash,
            since
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(sender.flatten().map(MentorId))
    }

    /// Worker: forgets forms that were sent before `before`.
    pub async fn forget_sent_forms(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query!("DELETE FROM sent_forms WHERE sent_at < $1", before).execute(self.connection()).await?;
        Ok(done.rows_affected())
    }

    /// Worker: uses a link up; whose it was, if it was good. All links of that purpose go with it.
    pub async fn take_single_use(
        &mut self,
        token_hash: &[u8; 32],
        purpose: SingleUse,
        now: DateTime<Utc>,
    ) -> Result<Option<MentorId>, StoreError> {
        // The mentor first, then what belongs to them: in this order a mentor is deleted, too.
        sqlx::query!(
            "SELECT id FROM mentors WHERE id = (SELECT mentor_id FROM single_use_tokens WHERE token_hash = $1)
             FOR NO KEY UPDATE",
            token_hash
        )
        .fetch_optional(self.connection())
        .await?;
        let id = sqlx::query_scalar!(
            "DELETE FROM single_use_tokens WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 RETURNING mentor_id",
            token_hash,
            purpose.as_str(),
            now
        )
        .fetch_optional(self.connection())
        .await?;
        if let Some(id) = id {
            sqlx::query!("DELETE FROM single_use_tokens WHERE mentor_id = $1 AND purpose = $2", id, purpose.as_str())
                .execute(self.connection())
                .await?;
        }
        Ok(id.map(MentorId))
    }

    /// Mentor, worker: adds an API key.
    pub async fn insert_api_key(
        &mut self,
        id: ApiKeyId,
        mentor: MentorId,
        name: &str,
        prefix: &str,
        key_hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO api_keys (id, mentor_id, name, prefix, key_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            id.0,
            mentor.0,
            name,
            prefix,
            key_hash,
            now
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Worker: whose API key it is, and which, unless revoked. Notes the use, once an hour at most.
    pub async fn mentor_of_api_key(
        &mut self,
        key_hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<(MentorId, ApiKeyId)>, StoreError> {
        let Some(row) = sqlx::query!(
            "SELECT id, mentor_id, last_used_at FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL",
            key_hash
        )
        .fetch_optional(self.connection())
        .await?
        else {
            return Ok(None);
        };
        if row.last_used_at.is_none_or(|at| now - at > chrono::TimeDelta::hours(1)) {
            sqlx::query!("UPDATE api_keys SET last_used_at = $2 WHERE id = $1", row.id, now)
                .execute(self.connection())
                .await?;
        }
        Ok(Some((MentorId(row.mentor_id), ApiKeyId(row.id))))
    }

    /// Mentor: their API keys that work, oldest first.
    pub async fn api_keys(&mut self, mentor: MentorId) -> Result<Vec<ApiKey>, StoreError> {
        Ok(sqlx::query_as!(
            ApiKey,
            "SELECT id, name, prefix, created_at, last_used_at FROM api_keys
             WHERE mentor_id = $1 AND revoked_at IS NULL ORDER BY created_at, id",
            mentor.0
        )
        .fetch_all(self.connection())
        .await?)
    }

    /// Mentor: revokes an API key; `false` where there is none.
    pub async fn revoke_api_key(&mut self, id: ApiKeyId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query!("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", id.0, now)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() > 0)
    }
}
