use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use scheduling::MentorId;
use uuid::Uuid;

/// A mentor, as everybody sees them.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Mentor {
    pub id: Uuid,
    pub handle: String,
    pub name: String,
    pub headline: Option<String>,
    pub bio: Option<String>,
    pub photo_url: Option<String>,
    pub timezone: String,
}

/// A mentor, as they and the server see them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Account {
    pub id: Uuid,
    pub handle: String,
    pub name: String,
    pub email: String,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub headline: Option<String>,
    pub bio: Option<String>,
    pub photo_url: Option<String>,
    pub timezone: String,
    pub language: String,
    /// `12h` or `24h`; unset: as is usual for the language.
    pub clock: Option<String>,
    /// 0 (Sunday) to 6 (Saturday); unset: as is usual for the language.
    pub week_start: Option<i16>,
    pub created_at: DateTime<Utc>,
    /// Since then the account is invisible, and it is deleted as soon as what follows is done.
    pub closed_at: Option<DateTime<Utc>>,
}

/// What a new mentor starts with.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewMentor {
    pub id: MentorId,
    pub handle: String,
    pub name: String,
    pub email: String,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub headline: Option<String>,
    pub bio: Option<String>,
    pub photo_url: Option<String>,
    pub timezone: String,
    pub language: String,
    /// `12h` or `24h`; unset: as is usual for the language.
    pub clock: Option<String>,
    /// 0 (Sunday) to 6 (Saturday); unset: as is usual for the language.
    pub week_start: Option<i16>,
    pub created_at: DateTime<Utc>,
}

/// What a mentor may change about themselves.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Profile {
    pub handle: String,
    pub name: String,
    pub headline: Option<String>,
    pub bio: Option<String>,
    pub photo_url: Option<String>,
    pub timezone: String,
    pub language: String,
    /// See [`Account::clock`].
    pub clock: Option<String>,
    /// See [`Account::week_start`].
    pub week_start: Option<i16>,
}

impl Mentor {
    /// The mentor's id.
    pub fn id(&self) -> MentorId {
        MentorId(self.id)
    }
}

impl Account {
    /// The mentor's id.
    pub fn id(&self) -> MentorId {
        MentorId(self.id)
    }
}

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Visitor: the mentor of a handle, which may be one that they [gave up](Self::give_up_handle): the answer has the
    /// handle of today.
    pub async fn mentor_by_handle(&mut self, handle: &str) -> Result<Option<Mentor>, StoreError> {
        Ok(sqlx::query_as!(
            Mentor,
            "SELECT id, handle, name, headline, bio, photo_url, timezone FROM mentors
             WHERE id = coalesce((SELECT id FROM mentors WHERE handle = $1),
                 (SELECT mentor_id FROM former_handles WHERE handle = $1))",
            sought(handle)
        )
        .fetch_optional(self.connection())
        .await?)
    }

    /// Visitor: acts for the mentor of a handle from here on, and holds their calendar as [`lock_calendar`] does, if nobody
    /// else holds it now. Who, and whether it is held.
    ///
    /// [`lock_calendar`]: Self::lock_calendar
    pub async fn enter_calendar(&mut self, handle: &str) -> Result<Option<(MentorId, bool)>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT id, pg_try_advisory_xact_lock(hashtextextended(id::text, 0)) AS "held!",
                   set_config('app.mentor_id', id::text, true)
               FROM mentors
               WHERE id = coalesce((SELECT id FROM mentors WHERE handle = $1),
                   (SELECT mentor_id FROM former_handles WHERE handle = $1))"#,
            sought(handle)
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| {
            let mentor = MentorId(row.id);
            if row.held {
                self.changes_slots(mentor);
            }
            (mentor, row.held)
        }))
    }

    /// Visitor: the mentor of an id.
    pub async fn mentor_by_id(&mut self, id: MentorId) -> Result<Option<Mentor>, StoreError> {
        Ok(sqlx::query_as!(
            Mentor,
            "SELECT id, handle, name, headline, bio, photo_url, timezone FROM mentors WHERE id = $1",
            id.0
        )
        .fetch_optional(self.connection())
        .await?)
    }

    /// Visitor: mentors by handle, after `after`, whose name, handle or headline holds `query`, in any letter case, with or
    /// without accents, composed or decomposed (`search_text` in migration 16).
    pub async fn mentors(&mut self, query: &str, after: &str, limit: i64) -> Result<Vec<Mentor>, StoreError> {
        Ok(sqlx::query_as!(
            Mentor,
            "SELECT id, handle, name, headline, bio, photo_url, timezone FROM mentors
             WHERE handle > $1 AND strpos(search, (SELECT search_text($2))) > 0
             ORDER BY handle LIMIT $3",
            sought(after),
            sought(query),
            limit
        )
        .fetch_all(self.connection())
        .await?)
    }

    /// Mentor, worker: the whole row.
    pub async fn account(&mut self, id: MentorId) -> Result<Option<Account>, StoreError> {
        Ok(sqlx::query_as!(
            Account,
            "SELECT id, handle, name, email, email_verified_at, headline, bio, photo_url, timezone, language, clock,
                 week_start, created_at, closed_at
             FROM mentors WHERE id = $1",
            id.0
        )
        .fetch_optional(self.connection())
        .await?)
    }

    /// Worker: the whole row, by e-mail address in any letter case, unless the account is closed.
    pub async fn account_by_email(&mut self, email: &str) -> Result<Option<Account>, StoreError> {
        Ok(sqlx::query_as!(
            Account,
            "SELECT id, handle, name, email, email_verified_at, headline, bio, photo_url, timezone, language, clock,
                 week_start, created_at, closed_at
             FROM mentors WHERE lower(email) = lower($1) AND closed_at IS NULL",
            sought(email)
        )
        .fetch_optional(self.connection())
        .await?)
    }

    /// Worker: the whole row, by handle, unless the account is closed.
    pub async fn account_by_handle(&mut self, handle: &str) -> Result<Option<Account>, StoreError> {
        Ok(sqlx::query_as!(
            Account,
            "SELECT id, handle, name, email, email_verified_at, headline, bio, photo_url, timezone, language, clock,
                 week_start, created_at, closed_at
             FROM mentors WHERE handle = $1 AND closed_at IS NULL",
            sought(handle)
        )
        .fetch_optional(self.connection())
        .await?)
    }

    /// Worker: how many mentors there are.
    pub async fn count_mentors(&mut self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM mentors"#).fetch_one(self.connection()).await?)
    }

    /// Worker: adds a mentor. [`StoreError::HandleTaken`], [`StoreError::EmailTaken`].
    pub async fn insert_mentor(&mut self, mentor: &NewMentor) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO mentors
                 (id, handle, name, email, email_verified_at, headline, bio, photo_url, timezone, language, clock,
                  week_start, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            mentor.id.0,
            mentor.handle,
            mentor.name,
            mentor.email,
            mentor.email_verified_at,
            mentor.headline,
            mentor.bio,
            mentor.photo_url,
            mentor.timezone,
            mentor.language,
            mentor.clock,
            mentor.week_start,
            mentor.created_at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Mentor: changes their own profile. [`StoreError::HandleTaken`].
    pub async fn update_profile(&mut self, id: MentorId, profile: &Profile) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE mentors SET handle = $2, name = $3, headline = $4, bio = $5, photo_url = $6, timezone = $7, language = $8,
                 clock = $9, week_start = $10
             WHERE id = $1",
            id.0,
            profile.handle,
            profile.name,
            profile.headline,
            profile.bio,
            profile.photo_url,
            profile.timezone,
            profile.language,
            profile.clock,
            profile.week_start
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Mentor: another time zone for their hours.
    pub async fn set_timezone(&mut self, id: MentorId, timezone: &str) -> Result<(), StoreError> {
        sqlx::query!("UPDATE mentors SET timezone = $2 WHERE id = $1", id.0, timezone)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Worker: the address is confirmed.
    pub async fn set_email_verified(&mut self, id: MentorId, at: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!("UPDATE mentors SET email_verified_at = coalesce(email_verified_at, $2) WHERE id = $1", id.0, at)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Worker: deletes an account, and with it every row that belongs to it.
    pub async fn delete_mentor(&mut self, id: MentorId) -> Result<bool, StoreError> {
        let done = sqlx::query!("DELETE FROM mentors WHERE id = $1", id.0).execute(self.connection()).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Worker: deletes an account whose address nobody has confirmed; `false` where somebody did, even just now.
    pub async fn delete_if_unconfirmed(&mut self, id: MentorId) -> Result<bool, StoreError> {
        let done = sqlx::query!("DELETE FROM mentors WHERE id = $1 AND email_verified_at IS NULL", id.0)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Worker: frees handles and addresses whose owner never confirmed the address since `before`.
    pub async fn delete_unconfirmed(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query!("DELETE FROM mentors WHERE email_verified_at IS NULL AND created_at < $1", before)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }
}

/// Text from outside, to look for. PostgreSQL keeps no NUL: another character stands in, which names do not have either.
pub(crate) fn sought(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
