//! Work that follows a committed change: mail, and the expiry of pending bookings. Runs at least once; a failure is tried
//! again, later each time, and one job's failure holds up no other.

use crate::accounts;
use crate::{Context, Error, bookings, notices};
use chrono::{DateTime, TimeDelta, Utc};
use mailer::Recipient;
use scheduling::{BookingId, EventId, MentorId};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::time::Duration;
use store::{Actor, Job, Tx};

/// A worker that has not finished by then is taken for dead. Sending a message takes half a minute at most.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// With the waits of [`retry_after`], about three days.
const MOST_ATTEMPTS: i32 = 24;
/// How long jobs wait at most that nobody told us of: due later, failed, or left behind by another server.
const POLL: Duration = Duration::from_secs(1);
const WORKERS: usize = 4;

/// What is to be done. Ids only: the rest is read when it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Task {
    /// Tell one side what happened to a booking.
    Notice { event: EventId, mentee: bool },
    /// Cancel a booking that still waits for approval when its start has passed.
    Expire { booking: BookingId },
    /// Mail a mentor about the account.
    Account { mentor: MentorId, notice: AccountMail },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountMail {
    Verify,
    Reset,
    EmailInUse,
}

/// Of `mentor`, with whom it is deleted, or nobody's.
pub(crate) async fn leave(
    tx: &mut Tx,
    mentor: Option<MentorId>,
    task: &Task,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let payload = serde_json::to_value(task).map_err(|error| Error::Internal(error.to_string()))?;
    let kind = payload.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
    Ok(tx.enqueue(mentor, &kind, &payload, run_at, now).await?)
}

pub(crate) async fn tell_both(tx: &mut Tx, mentor: MentorId, event: EventId, now: DateTime<Utc>) -> Result<(), Error> {
    for mentee in [true, false] {
        leave(tx, Some(mentor), &Task::Notice { event, mentee }, now, now).await?;
    }
    Ok(())
}

pub(crate) async fn expire_at(
    tx: &mut Tx,
    mentor: MentorId,
    booking: BookingId,
    start: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    leave(tx, Some(mentor), &Task::Expire { booking }, start, now).await
}

/// Runs jobs until `stop` is done; those in flight are finished first.
pub async fn run(context: Context, stop: impl Future<Output = ()>) {
    let (stopping, stopped) = tokio::sync::watch::channel(false);
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let (context, mut stopped) = (context.clone(), stopped.clone());
            tokio::spawn(async move {
                while !*stopped.borrow() {
                    let left = context.jobs_left.notified();
                    match run_one(&context).await {
                        Ok(true) => continue,
                        Ok(false) => {}
                        Err(error) => tracing::warn!(%error, "jobs cannot be read"),
                    }
                    tokio::select! {
                        () = left => {}
                        () = tokio::time::sleep(POLL) => {}
                        _ = stopped.changed() => {}
                    }
                }
            })
        })
        .collect();
    let keeper = tokio::spawn(keep_house(context));
    stop.await;
    keeper.abort();
    stopping.send_replace(true);
    for worker in workers {
        let _ = worker.await;
    }
}

/// Runs every job that is due, one after the other, and answers how many there were. For tests.
///
/// # Errors
/// Where the database fails.
pub async fn run_due(context: &Context) -> Result<usize, Error> {
    let mut count = 0;
    while run_one(context).await? {
        count += 1;
    }
    Ok(count)
}

/// How many jobs wait, and how many were given up.
///
/// # Errors
/// Where the database fails.
pub async fn state(context: &Context) -> Result<(i64, i64), Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    Ok(tx.count_jobs().await?)
}

async fn run_one(context: &Context) -> Result<bool, Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some(job) = tx.lease_job(now, now + LEASE).await? else { return Ok(false) };
    tx.commit().await?;

    let outcome = perform(context, &job).await;
    let mut tx = context.store.begin(Actor::Worker).await?;
    match outcome {
        Ok(()) => tx.finish_job(job.id).await?,
        Err(failure) => {
            let now = context.now();
            let retry_at =
                (!failure.permanent && job.attempts < MOST_ATTEMPTS).then(|| now + retry_after(job.attempts));
            tracing::warn!(
                job = job.id,
                kind = job.kind,
                attempts = job.attempts,
                error = failure.error,
                given_up = retry_at.is_none(),
                "a job failed"
            );
            tx.fail_job(job.id, &failure.error, retry_at, now).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// 5 s, 10 s, 20 s, … 4 h.
fn retry_after(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(12);
    TimeDelta::seconds(5 * (1 << doublings)).min(TimeDelta::hours(4))
}

struct Failure {
    permanent: bool,
    error: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { permanent: false, error: error.to_string() }
    }
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        Error::from(error).into()
    }
}

async fn perform(context: &Context, job: &Job) -> Result<(), Failure> {
    let task: Task = serde_json::from_value(job.payload.clone())
        .map_err(|error| Failure { permanent: true, error: format!("a payload cannot be read: {error}") })?;
    let message = match task {
        Task::Expire { booking } => {
            let mentor = MentorId(job.mentor_id.unwrap_or_default());
            bookings::expire(context, mentor, booking).await?;
            return Ok(());
        }
        Task::Notice { event, mentee } => {
            let mut tx = context.store.begin(Actor::Worker).await?;
            // The mentor, and with them the booking, may have been deleted since.
            let Some(found) = tx.event(event).await? else { return Ok(()) };
            let (recipient, word) = if mentee { (Recipient::Mentee, "mentee") } else { (Recipient::Mentor, "mentor") };
            let notice = notices::of_event(context, &mut tx, &found, recipient, format!("{event}.{word}")).await?;
            notice.compose(context.mailer.organizer())
        }
        Task::Account { mentor, notice } => {
            let Some(message) = accounts::compose(context, mentor, notice, job.id, job.created_at).await? else {
                return Ok(());
            };
            message
        }
    };
    match context.mailer.send(&message).await {
        Ok(sent) => {
            if let Some(path) = sent.path {
                tracing::info!(file = %path.display(), "mail written to a file");
            }
            Ok(())
        }
        Err(error) => Err(Failure { permanent: error.permanent, error: error.to_string() }),
    }
}

/// Once an hour: forgets what has expired.
async fn keep_house(context: Context) {
    loop {
        if let Err(error) = forget_expired(&context).await {
            tracing::warn!(%error, "what has expired could not be forgotten");
        }
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

async fn forget_expired(context: &Context) -> Result<(), Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.delete_expired(now).await?;
    tx.forget_idempotent(now - TimeDelta::hours(25)).await?;
    tx.delete_unconfirmed(now - accounts::UNCONFIRMED_KEPT).await?;
    Ok(tx.commit().await?)
}
