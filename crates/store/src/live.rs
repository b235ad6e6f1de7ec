//! Telling every server that a mentor's slots may have changed: `NOTIFY`, so that it reaches replicas.
//!
//! What is told is a hint to read again, nothing more: one too many does no harm, and one that is lost costs a page its
//! freshness, never a booking its time.

use crate::StoreError;
use scheduling::MentorId;
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

const CHANNEL: &str = "slots";
/// At most one statement in so long a time, for all mentors together.
const BATCH: Duration = Duration::from_millis(50);
/// How long between two tries to listen.
const PATIENCE: Duration = Duration::from_secs(1);

/// The two ends: what this server announces, and who waits here for what any server announced.
#[derive(Debug)]
pub(crate) struct Live {
    announced: mpsc::UnboundedSender<MentorId>,
    waiting: Arc<Waiting>,
    listener: Mutex<Option<AbortHandle>>,
}

impl Live {
    /// With a task that announces through `pool`, until this is dropped.
    pub(crate) fn new(pool: PgPool) -> Arc<Self> {
        let (announced, announcements) = mpsc::unbounded_channel();
        let waiting = Arc::new(Waiting::default());
        tokio::spawn(announce(pool, announcements, waiting.clone()));
        Arc::new(Self { announced, waiting, listener: Mutex::new(None) })
    }

    pub(crate) fn announce(&self, mentor: MentorId) {
        // Nobody takes it any more: the store is closed.
        let _ = self.announced.send(mentor);
    }

    pub(crate) fn changes(&self, mentor: MentorId) -> watch::Receiver<u64> {
        self.waiting.subscribe(mentor)
    }

    /// Something was changed through this store, whatever it was.
    pub(crate) fn changed(&self) {
        self.waiting.count();
    }

    pub(crate) fn changes_seen(&self) -> u64 {
        self.waiting.seen.load(Ordering::SeqCst)
    }

    pub(crate) fn listen(&self, owner: PgPool) {
        let listening = tokio::spawn(listen(owner, self.waiting.clone())).abort_handle();
        if let Some(before) = lock(&self.listener).replace(listening) {
            before.abort();
        }
    }

    pub(crate) fn stop_listening(&self) {
        if let Some(listening) = lock(&self.listener).take() {
            listening.abort();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop_listening();
    }
}

/// Who waits, by mentor: a change wakes nobody who looks at another.
#[derive(Debug, Default)]
struct Waiting {
    by_mentor: Mutex<HashMap<MentorId, watch::Sender<u64>>>,
    /// How many changes this server has made or heard of.
    seen: AtomicU64,
}

impl Waiting {
    fn count(&self) {
        self.seen.fetch_add(1, Ordering::SeqCst);
    }

    fn subscribe(&self, mentor: MentorId) -> watch::Receiver<u64> {
        let mut waiting = lock(&self.by_mentor);
        // Whoever has left is forgotten when the next one comes.
        waiting.retain(|_, sender| !sender.is_closed());
        waiting.entry(mentor).or_default().subscribe()
    }

    fn tell(&self, mentor: MentorId) {
        // Before: whoever is told reads again.
        self.count();
        if let Some(sender) = lock(&self.by_mentor).get(&mentor) {
            sender.send_modify(|count| *count += 1);
        }
    }

    fn tell_all(&self) {
        self.count();
        for sender in lock(&self.by_mentor).values() {
            sender.send_modify(|count| *count += 1);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is done under these locks can be half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A transaction that notifies holds a lock of the whole database while it commits, so bookings leave it to this task.
async fn announce(pool: PgPool, mut announcements: mpsc::UnboundedReceiver<MentorId>, waiting: Arc<Waiting>) {
    let mut batch = Vec::new();
    while announcements.recv_many(&mut batch, 1024).await > 0 {
        let mentors: BTreeSet<MentorId> = batch.drain(..).collect();
        let names: Vec<String> = mentors.iter().map(|mentor| format!("'{mentor}'")).collect();
        // Not prepared, as it is a transaction of its own: a pooler may run the statement in another session.
        let sql = format!("SELECT pg_notify('{CHANNEL}', mentor) FROM unnest(ARRAY[{}]) AS mentor", names.join(", "));
        let notify = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool);
        if let Err(error) = notify.await {
            if pool.is_closed() {
                return;
            }
            let error = StoreError::from(error);
            tracing::warn!(%error, "other servers could not be told of changed slots");
            mentors.into_iter().for_each(|mentor| waiting.tell(mentor));
        }
        tokio::time::sleep(BATCH).await;
    }
}

/// Listens for as long as the process lives. Whatever was announced while nobody listened may have been missed, so
/// everybody is told once listening begins anew.
async fn listen(owner: PgPool, waiting: Arc<Waiting>) {
    loop {
        if let Err(error) = listen_once(&owner, &waiting).await {
            tracing::warn!(%error, "changes of slots cannot be listened for");
        }
        tokio::time::sleep(PATIENCE).await;
    }
}

/// Until the connection is lost.
async fn listen_once(owner: &PgPool, waiting: &Waiting) -> Result<(), StoreError> {
    let mut listener = PgListener::connect_with(owner).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    waiting.tell_all();
    while let Some(notification) = listener.try_recv().await? {
        if let Ok(mentor) = notification.payload().parse() {
            waiting.tell(mentor);
        }
    }
    Ok(())
}

/// The one connection that listens: a pool, because that is what a listener wants.
pub(crate) fn listening_pool(owner_url: &str) -> Result<PgPool, StoreError> {
    Ok(PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(crate::options(owner_url)?))
}
