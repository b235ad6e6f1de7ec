//! What is kept: PostgreSQL, tenant transactions, queries per aggregate, the embedded cluster.
//!
//! The pool is private to this crate. The one way to the data is [`Store::begin`], which opens a transaction in a role
//! (`yaksok_visitor`, `yaksok_mentor`, `yaksok_worker`) and for whom it acts; row level security does the rest.

mod accounts;
mod activity;
pub mod backup;
mod bookings;
mod calendars;
mod closing;
pub mod embedded;
mod error;
mod handles;
mod hours;
mod jobs;
mod keys;
mod live;
mod mentors;
mod migrate;
mod seed;
mod session_types;
mod timetables;
mod transaction;

pub use accounts::{ApiKey, SingleUse};
pub use activity::{Activity, Happened, NewAccountEvent};
pub use bookings::{Booking, BookingEvent, BookingFilter, Idempotent, NewBooking, NewEvent, NewHold};
pub use calendars::{Authorization, Calendar, Connection, EventLink, Grant, LinkedEvent, NewConnection, Progress};
pub use error::StoreError;
pub use handles::FormerHandle;
pub use jobs::{Job, NewJob, UNROUTED};
pub use mentors::{Account, Mentor, NewMentor, Profile};
pub use session_types::OwnedSessionType;
pub use timetables::Timetable;
pub use transaction::{Actor, Tx};

pub use scheduling::EventKind;

use live::Live;
use migrate::MIGRATIONS;
use scheduling::MentorId;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

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
        // Says at once why, where a pool would go on trying.
        migrate::connect(&options).await?.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
            // Whether a connection still lives is asked where it has rested for a while; a database that ends takes longer
            // than that to come back.
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > RESTED {
                        connection.ping().await?;
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
            .connect_lazy_with(options);
        Ok(Self { live: Live::new(pool.clone()), pool })
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

    /// Whether changes can be made. Reading goes on where they cannot: on a standby, on a primary that was demoted, and where
    /// an administrator has set `default_transaction_read_only`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn is_writable(&self) -> Result<bool, StoreError> {
        self.begin(Actor::Worker).await?.is_writable().await
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

/// No start-up options: poolers of transactions refuse them. What a session would be told with them, each transaction is told
/// as it begins (see `transaction.rs`).
fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url)?;
    // PostgreSQL 12 and newer write floating-point numbers exactly by themselves, and poolers do not know this parameter.
    Ok(options.application_name("yaksok").extra_float_digits(None))
}
