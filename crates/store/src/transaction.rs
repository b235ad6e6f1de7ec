use crate::StoreError;
use crate::live::Live;
use scheduling::MentorId;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Postgres, Transaction};
use std::fmt::Write as _;
use std::sync::Arc;

/// How long a transaction may wait for a lock, and rest. Of the transaction, not of the session: a pooler of transactions gives
/// each to another session, and takes no start-up options.
const LIMITS: &str = "SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '30s'";

/// In which role a transaction runs, and for whom it acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Actor {
    /// Nobody in particular: public rows.
    #[default]
    Visitor,
    /// Whoever shows the manage token with this SHA-256.
    Mentee([u8; 32]),
    /// Whoever books under an idempotency key with this SHA-256.
    Booker([u8; 32]),
    /// A mentor who is logged in or shows an API key.
    Mentor(MentorId),
    /// The server on its own account: jobs, logging in, signing up.
    Worker,
}

/// A transaction in a role. Its methods are the queries, in one file for each aggregate.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    live: Arc<Live>,
    /// Whose slots it may have changed.
    changed: Option<MentorId>,
}

impl Tx {
    pub(crate) async fn begin(pool: &PgPool, live: &Arc<Live>, actor: Actor) -> Result<Self, StoreError> {
        // One round trip. Nothing in it is text from outside: an UUID and hexadecimal digits.
        let (role, setting) = match actor {
            Actor::Visitor => ("yaksok_visitor", String::new()),
            Actor::Mentee(hash) => ("yaksok_visitor", format!("; SET LOCAL app.token_hash = '{}'", hex(&hash))),
            Actor::Booker(hash) => ("yaksok_visitor", format!("; SET LOCAL app.key_hash = '{}'", hex(&hash))),
            Actor::Mentor(id) => ("yaksok_mentor", format!("; SET LOCAL app.mentor_id = '{id}'")),
            Actor::Worker => ("yaksok_worker", String::new()),
        };
        let sql = format!("BEGIN; {LIMITS}; SET LOCAL ROLE {role}{setting}");
        // Whatever fails before anything was asked is the database's condition: it is away, it changes hands, it refuses us.
        let inner = pool.begin_with(AssertSqlSafe(sql)).await.map_err(StoreError::Unavailable)?;
        Ok(Self { inner, live: live.clone(), changed: None })
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// From here on the transaction acts for this mentor: a visitor sees the mentor's hours and busy times.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn act_for(&mut self, mentor: MentorId) -> Result<(), StoreError> {
        let sql = format!("SET LOCAL app.mentor_id = '{mentor}'");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(self.connection()).await?;
        Ok(())
    }

    /// From here on the transaction has the rights of this mentor, until [`act_as_visitor`](Self::act_as_visitor). What is
    /// shown (tokens, idempotency keys) stays shown.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn act_as_mentor(&mut self, mentor: MentorId) -> Result<(), StoreError> {
        self.exchange_role("visitor", "mentor").await?;
        self.act_for(mentor).await
    }

    /// From here on the transaction has the rights of a visitor again.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn act_as_visitor(&mut self) -> Result<(), StoreError> {
        self.exchange_role("mentor", "visitor").await
    }

    /// One of our roles takes the place of another until the end of the transaction. Their names differ in nothing else.
    async fn exchange_role(&mut self, from: &str, to: &str) -> Result<(), StoreError> {
        sqlx::query("SELECT set_config('role', replace(current_setting('role'), $1, $2), true)")
            .bind(from)
            .bind(to)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// From here on the manage token with this SHA-256 is shown.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn show_token(&mut self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        let sql = format!("SET LOCAL app.token_hash = '{}'", hex(token_hash));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(self.connection()).await?;
        Ok(())
    }

    /// This mentor's slots change with the transaction: once it is committed, every server is told. Whatever
    /// [locks the calendar](Self::lock_calendar) need not say so.
    pub fn changes_slots(&mut self, mentor: MentorId) {
        self.changed = Some(mentor);
    }

    /// Waits until no other transaction holds the mentor's calendar, and holds it until the end of this one. Read what
    /// a decision depends on after this, not before. It is there to change something: the commit tells every server so.
    ///
    /// # Errors
    /// Where the wait takes longer than the lock timeout, or the database fails.
    pub async fn lock_calendar(&mut self, mentor: MentorId) -> Result<(), StoreError> {
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(mentor.to_string())
            .execute(self.connection())
            .await?;
        self.changed = Some(mentor);
        Ok(())
    }

    /// Waits until no other transaction counts what this client has, and lets no other until the end of this one. Before
    /// [`lock_calendar`](Self::lock_calendar), never after it.
    ///
    /// # Errors
    /// As there.
    pub async fn lock_client(&mut self, client_hash: &[u8; 32]) -> Result<(), StoreError> {
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))")
            .bind(hex(client_hash))
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Makes it so.
    ///
    /// # Errors
    /// Where the database fails; then nothing has happened.
    pub async fn commit(self) -> Result<(), StoreError> {
        let committed = self.inner.commit().await;
        // Also where nobody knows how it went.
        self.live.changed();
        committed?;
        if let Some(mentor) = self.changed {
            self.live.announce(mentor);
        }
        Ok(())
    }

    pub(crate) async fn is_writable(&mut self) -> Result<bool, StoreError> {
        // `on` during recovery, too.
        let read_only = "SELECT current_setting('transaction_read_only')::boolean";
        Ok(!sqlx::query_scalar::<_, bool>(read_only).fetch_one(self.connection()).await?)
    }

    /// Worker: how many of these migrations have been applied; `None` where that may not be read.
    pub(crate) async fn applied(&mut self, versions: &[i64]) -> Result<Option<i64>, StoreError> {
        let may = "SELECT coalesce(has_column_privilege(to_regclass('_sqlx_migrations'), 'version', 'select'), false)";
        if !sqlx::query_scalar(may).fetch_one(self.connection()).await? {
            return Ok(None);
        }
        let count = "SELECT count(*) FROM _sqlx_migrations WHERE success AND version = ANY($1)";
        Ok(Some(sqlx::query_scalar(count).bind(versions).fetch_one(self.connection()).await?))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
