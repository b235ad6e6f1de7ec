//! What is kept: PostgreSQL, tenant transactions, queries per aggregate, the embedded cluster.
//!
//! The pool is private to this crate. The one way to the data is [`Store::begin`], which opens a transaction in a role
//! (`visitor`, `mentor`, `worker`) and for whom it acts; row level security does the rest.

mod accounts;
mod activity;
pub mod backup;
mod bookings;
mod calendars;
pub mod embedded;
mod error;
mod hours;
mod jobs;
mod keys;
mod live;
mod mentors;
mod seed;
mod session_types;
mod timetables;
mod transaction;

pub use accounts::{ApiKey, SingleUse};
pub use activity::{Activity, Happened, NewAccountEvent};
pub use bookings::{Booking, BookingEvent, BookingFilter, Idempotent, NewBooking, NewEvent, NewHold};
pub use calendars::{Authorization, Calendar, Connection, EventLink, Grant, LinkedEvent, NewConnection, Progress};
pub use error::StoreError;
pub use jobs::{Job, NewJob, UNROUTED};
pub use mentors::{Account, Mentor, NewMentor, Profile};
pub use session_types::OwnedSessionType;
pub use timetables::Timetable;
pub use transaction::{Actor, Tx};

pub use scheduling::EventKind;

use live::Live;
use scheduling::MentorId;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// How long a transaction may wait for a connection: where the database is away, its callers hear so soon.
const ACQUIRE: Duration = Duration::from_secs(5);

/// A connection that has rested for so long is asked whether it still lives, before it is used.
const RESTED: Duration = Duration::from_millis(100);

/// The database, through a pool of connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    live: Arc<Live>,
}

impl Store {
    /// Connects to `url`, which the application uses, with at most `connections` of them.
    ///
    /// # Errors
    /// Where the URL cannot be read or no connection can be made.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = options(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
            // Whether a connection still lives is asked where it has rested for a while; a database that ends takes longer
            // than that to come back.
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > RESTED {
                        sqlx::Connection::ping(connection).await?;
                    }
                    Ok(true)
                })
            })
            // A request dropped in the middle of `begin` may hand a connection back inside a transaction (sqlx #4393).
            // In the good case nothing is open, and a mere ROLLBACK would leave a warning in the log.
            .after_release(|connection, _| {
                Box::pin(async move {
                    // A connection over which nothing comes any more would be waited for until TCP gives up.
                    let done = sqlx::raw_sql("BEGIN; ROLLBACK").execute(connection);
                    tokio::time::timeout(ACQUIRE, done).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self { live: Live::new(pool.clone()), pool })
    }

    /// Brings the schema up to date as its owner, and lets the application's role take on the three roles.
    /// Replicas that start together wait for each other (advisory lock).
    ///
    /// # Errors
    /// Where PostgreSQL is older than 15, the owner may not change the schema, or the schema is newer than this program.
    pub async fn migrate(owner_url: &str, application_url: &str) -> Result<(), StoreError> {
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options(owner_url)?).await?;
        let version: i32 =
            sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(&pool).await?;
        if version < 150_000 {
            return Err(StoreError::TooOld(version / 10_000));
        }
        MIGRATIONS.run(&pool).await?;
        if owner_url != application_url {
            let application = PgPoolOptions::new().max_connections(1).connect_with(options(application_url)?).await?;
            let user: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&application).await?;
            application.close().await;
            // Roles belong to the whole cluster: another server may grant the same at this moment.
            let grant = format!(
                "DO $grant$
                 DECLARE role_name text;
                 BEGIN
                     FOREACH role_name IN ARRAY ARRAY['visitor', 'mentor', 'worker'] LOOP
                         BEGIN
                             EXECUTE format('GRANT %I TO %I', role_name, '{}');
                         EXCEPTION WHEN unique_violation THEN
                             NULL;
                         END;
                     END LOOP;
                 END $grant$",
                user.replace('\'', "''")
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(grant)).execute(&pool).await?;
        }
        pool.close().await;
        Ok(())
    }

    /// Opens a transaction in the role of `actor`, and for whom it acts. Dropped without [`Tx::commit`], it is rolled back.
    ///
    /// # Errors
    /// Where no connection is to be had.
    pub async fn begin(&self, actor: Actor) -> Result<Tx, StoreError> {
        Tx::begin(&self.pool, &self.live, actor).await
    }

    /// Tells every server, in a while, that this mentor's slots may have changed. A transaction that changes them does so by
    /// itself, once it is committed; this is for what time alone changes. Nothing is told once the store is gone: a task
    /// that waits keeps no connection open.
    pub fn announce_after(&self, mentor: MentorId, wait: Duration) {
        let live = Arc::downgrade(&self.live);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if let Some(live) = live.upgrade() {
                live.announce(mentor);
            }
        });
    }

    /// Changes its value whenever this mentor's slots may have changed, whichever server changed them, once
    /// [`listen`](Self::listen) was called.
    pub fn changes(&self, mentor: MentorId) -> watch::Receiver<u64> {
        self.live.changes(mentor)
    }

    /// Another number after whatever was committed through this store or announced by any server, once
    /// [`listen`](Self::listen) was called: what was read at the same number is as it was, as far as is known here.
    pub fn changes_seen(&self) -> u64 {
        self.live.changes_seen()
    }

    /// From here on hears what other servers announce, and this one, through a connection of its own. `owner_url` leads to
    /// the database itself: a pooler of transactions cannot listen. A connection that is lost is made again.
    ///
    /// # Errors
    /// Where the URL cannot be read.
    pub fn listen(&self, owner_url: &str) -> Result<(), StoreError> {
        self.live.listen(live::listening_pool(owner_url)?);
        Ok(())
    }

    /// Whether every migration of this program has been applied. A newer program's may have been as well.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn is_migrated(&self) -> Result<bool, StoreError> {
        let versions: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        let mut tx = self.begin(Actor::Worker).await?;
        // Without the last ones, there is nothing that we may read.
        Ok(tx.applied(&versions).await?.is_some_and(|applied| applied == versions.len() as i64))
    }

    /// How many connections are in use, and how many idle.
    pub fn connections(&self) -> (u32, u32) {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        (self.pool.size().saturating_sub(idle), idle)
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.live.stop_listening();
        self.pool.close().await;
    }
}

/// Whether this is an address of a database.
///
/// ```
/// assert!(store::is_address("postgres://yaksok:secret@db.example.com:5432/yaksok?sslmode=require"));
/// assert!(!store::is_address("postgres://db.example.com:port/yaksok"));
/// assert!(!store::is_address("mysql://db.example.com/yaksok"));
/// ```
pub fn is_address(url: &str) -> bool {
    (url.starts_with("postgres://") || url.starts_with("postgresql://")) && PgConnectOptions::from_str(url).is_ok()
}

fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    Ok(PgConnectOptions::from_str(url)?.application_name("yaksok").options([
        ("timezone", "UTC"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("lock_timeout", "5s"),
    ]))
}
