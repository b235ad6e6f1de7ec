//! Work that follows a committed change: mail, and the expiry of pending bookings. Runs at least once; a failure is tried
//! again, later each time, and one job's failure holds up no other.

use crate::accounts;
use crate::{Context, Error, bookings, calendar, erasure, notices};
use chrono::{DateTime, TimeDelta, Utc};
use mailer::{BookingNotice, Recipient};
use scheduling::{BookingId, ConnectionId, EventId, MentorId};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use store::{Actor, EventKind, Job, NewEvent, Tx};
use tokio::sync::{Mutex, watch};

/// A worker that has not finished by then is taken for dead. Sending a message takes half a minute at most, writing an
/// event into a connected calendar three.
const LEASE: TimeDelta = TimeDelta::minutes(4);
/// With the waits of [`retry_after`], about three days.
const MOST_ATTEMPTS: i32 = 24;
/// How long an event in a connected calendar may take before the mentor is sent the invitation after all.
const INVITE_AFTER: TimeDelta = TimeDelta::hours(1);
/// How long jobs wait at most that nobody told us of: due later, failed, or left behind by another server.
const POLL: Duration = Duration::from_secs(1);
/// Whoever has just found nothing looks again no sooner: what a rush leaves behind is found together.
const PAUSE: Duration = Duration::from_millis(20);

/// Jobs that wait for the same kind of outside world. A calendar provider that hangs holds up no mail, and a mail server
/// that hangs no booking that ends.
#[derive(Clone, Copy, Debug)]
enum Lane {
    Mail,
    Calendar,
    /// What time alone does.
    Clock,
}

impl Lane {
    const ALL: [Self; 3] = [Self::Mail, Self::Calendar, Self::Clock];

    /// What the database's function `lane` calls it, and the kinds of [`Task`] in it. What a newer release has left there
    /// besides is not ours to do.
    fn kinds(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Mail => ("mail", &["notice", "invite", "account"]),
            Self::Calendar => ("calendar", &["event", "reconcile"]),
            Self::Clock => ("clock", &["expire"]),
        }
    }

    /// How many jobs of it run at once, in one server.
    fn workers(self) -> usize {
        match self {
            Self::Mail => 4,
            Self::Calendar => 8,
            Self::Clock => 1,
        }
    }

    fn wakes(self) -> Wakes {
        if matches!(self, Self::Clock) { Wakes::InTime } else { Wakes::AtOnce }
    }
}

/// When those who look for work look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wakes {
    /// As soon as something is left behind: it may be due.
    AtOnce,
    /// Once a second: what they do is due long after it was left.
    InTime,
}

/// What is to be done. Ids only: the rest is read when it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Task {
    /// Tell one side what happened to a booking.
    Notice { event: EventId, mentee: bool },
    /// Cancel a booking that still waits for approval when its start has passed.
    Expire { booking: BookingId },
    /// The mentor was told without an invitation, because the booking's event goes into a connected calendar. If it is not
    /// there by now, the invitation follows.
    Invite { event: EventId },
    /// Bring a booking's event in a connected calendar up to date.
    Event { booking: BookingId },
    /// A booking's event seems to have changed in a connected calendar.
    Reconcile { booking: BookingId },
    /// Mail a mentor about the account.
    Account { mentor: MentorId, notice: AccountMail },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountMail {
    Verify,
    Reset,
    EmailInUse,
    CalendarExpired { connection: ConnectionId },
}

/// A task's kind, and all of it.
fn written(task: &Task) -> Result<(String, serde_json::Value), Error> {
    let payload = serde_json::to_value(task).map_err(|error| Error::Internal(error.to_string()))?;
    let kind = payload.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
    Ok((kind, payload))
}

/// Of `mentor`, with whom it is deleted, or nobody's.
pub(crate) async fn leave(
    tx: &mut Tx,
    mentor: Option<MentorId>,
    task: &Task,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (kind, payload) = written(task)?;
    Ok(tx.enqueue(mentor, &kind, &payload, run_at, now).await?)
}

/// As [`leave`], to be run at once, unless the same waits already.
pub(crate) async fn leave_once(tx: &mut Tx, mentor: MentorId, task: &Task, now: DateTime<Utc>) -> Result<(), Error> {
    let (kind, payload) = written(task)?;
    Ok(tx.enqueue_once(mentor, &kind, &payload, now).await?)
}

/// What follows a change of a booking: both are told, and its event is written. Kinds and payloads.
pub(crate) fn that_follow(event: &NewEvent) -> Result<[(String, serde_json::Value); 3], Error> {
    let notice = |mentee| written(&Task::Notice { event: event.id, mentee });
    Ok([notice(true)?, notice(false)?, written(&Task::Event { booking: event.booking_id })?])
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
    let (stopping, stopped) = watch::channel(false);
    let workers = Lane::ALL.map(|lane| {
        let find = move |context: Context| async move {
            if matches!(lane, Lane::Calendar) {
                pass_over_unconnected(&context).await?;
            }
            lease(&context, lane).await
        };
        let work = |context: Context, job| async move { within_lease(&context, job).await };
        let hands = (lane.workers(), lane.wakes());
        tokio::spawn(many_hands(context.clone(), "jobs", hands, stopped.clone(), find, work))
    });
    let lookers = tokio::spawn(calendar::run(context.clone(), stopped));
    let keeper = tokio::spawn(keep_house(context));
    stop.await;
    keeper.abort();
    stopping.send_replace(true);
    for worker in workers {
        let _ = worker.await;
    }
    let _ = lookers.await;
}

/// So many do what `find` finds of this kind, each in its own time, until told to stop. One at a time looks for work, so that
/// what is left behind wakes one of them and not all; or none, where they only follow the clock.
pub(crate) async fn many_hands<T, Found, Done>(
    context: Context,
    kind: &'static str,
    (hands, wakes): (usize, Wakes),
    stopped: watch::Receiver<bool>,
    find: impl Fn(Context) -> Found + Clone + Send + Sync + 'static,
    work: impl Fn(Context, T) -> Done + Clone + Send + Sync + 'static,
) where
    T: Send + 'static,
    Found: Future<Output = Result<Option<T>, Error>> + Send + 'static,
    Done: Future<Output = Result<(), Error>> + Send + 'static,
{
    let turn = Arc::new(Mutex::new(()));
    let hands: Vec<_> = (0..hands)
        .map(|_| {
            let (context, mut stopped, turn) = (context.clone(), stopped.clone(), turn.clone());
            let (find, work) = (find.clone(), work.clone());
            tokio::spawn(async move {
                loop {
                    let looking = turn.lock().await;
                    let found = loop {
                        if *stopped.borrow() {
                            return;
                        }
                        let left = context.jobs_left.notified();
                        match survived(find(context.clone())).await {
                            Ok(Some(found)) => break found,
                            Ok(None) => {}
                            Err(error) => tracing::warn!(%error, "{kind} cannot be read"),
                        }
                        let pause = tokio::time::sleep(PAUSE);
                        tokio::select! {
                            () = left, if wakes == Wakes::AtOnce => pause.await,
                            () = tokio::time::sleep(POLL) => {}
                            _ = stopped.changed() => {}
                        }
                    };
                    drop(looking);
                    if let Err(error) = survived(work(context.clone(), found)).await {
                        tracing::warn!(%error, "how one of the {kind} went cannot be written down");
                    }
                }
            })
        })
        .collect();
    for hand in hands {
        let _ = hand.await;
    }
}

/// Whoever takes longer than the lease has lost the job, and must not be lost with it.
async fn within_lease(context: &Context, job: Job) -> Result<(), Error> {
    let late = |_| Err(Error::Internal("a job took longer than its lease".into()));
    let lease = LEASE.to_std().unwrap_or_default();
    tokio::time::timeout(lease, carry_out(context, job)).await.unwrap_or_else(late)
}

/// What is done once; should it panic, the one who does it goes on with something else.
async fn survived<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work).await.unwrap_or_else(|error| Err(Error::Internal(error.to_string())))
}

/// Runs every job that is due, one after the other, and answers how many there were. For tests.
///
/// # Errors
/// Where the database fails.
pub async fn run_due(context: &Context) -> Result<usize, Error> {
    let mut count = 0;
    loop {
        let before = count;
        for lane in Lane::ALL {
            if let Some(job) = lease(context, lane).await? {
                carry_out(context, job).await?;
                count += 1;
            }
        }
        if count == before {
            return Ok(count);
        }
    }
}

/// How it stands with the jobs.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    /// Jobs that wait, those of the future included.
    pub waiting: i64,
    /// Jobs that were given up: dead letters.
    pub given_up: i64,
    /// For how long the oldest one has been due.
    pub oldest: TimeDelta,
}

/// How it stands with the jobs.
///
/// # Errors
/// Where the database fails.
pub async fn queue(context: &Context) -> Result<Queue, Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let (waiting, given_up, oldest) = tx.count_jobs(now).await?;
    Ok(Queue { waiting, given_up, oldest: oldest.map_or(TimeDelta::zero(), |since| now - since) })
}

/// How many messages and calendar writes of a mentor were given up.
///
/// # Errors
/// Where the database fails.
pub async fn given_up(context: &Context, mentor: MentorId) -> Result<u32, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    Ok(u32::try_from(tx.given_up(mentor).await?).unwrap_or_default())
}

/// What was given up of a mentor's is tried again.
///
/// # Errors
/// Where the database fails.
pub async fn try_again(context: &Context, mentor: MentorId) -> Result<(), Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.try_again(mentor, context.now()).await?;
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(())
}

/// How many jobs wait, and how many were given up.
///
/// # Errors
/// Where the database fails.
pub async fn state(context: &Context) -> Result<(i64, i64), Error> {
    let queue = queue(context).await?;
    Ok((queue.waiting, queue.given_up))
}

async fn lease(context: &Context, lane: Lane) -> Result<Option<Job>, Error> {
    let now = context.now();
    let (lane, kinds) = lane.kinds();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some(job) = tx.lease_job(lane, kinds, now, now + LEASE).await? else { return Ok(None) };
    tx.commit().await?;
    Ok(Some(job))
}

/// Where a mentor has no calendar connected, there is no event to be written: such jobs are done without being begun, all at
/// once. A calendar that is connected at this very moment gets what it lacks with the first look at it.
async fn pass_over_unconnected(context: &Context) -> Result<(), Error> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let done = tx.finish_events_of_unconnected(context.now()).await?;
    if done > 0 {
        tx.commit().await?;
        metrics::counter!("yaksok_jobs_total", "kind" => "event", "result" => "done").increment(done);
    }
    Ok(())
}

async fn carry_out(context: &Context, job: Job) -> Result<(), Error> {
    let outcome = perform(context, &job).await;
    let result = match &outcome {
        Ok(()) => "done",
        Err(Failure::Later(_)) => "postponed",
        Err(Failure::Failed { permanent, .. }) if *permanent || job.attempts >= MOST_ATTEMPTS => "given_up",
        Err(Failure::Failed { .. }) => "failed",
    };
    metrics::counter!("yaksok_jobs_total", "kind" => job.kind.clone(), "result" => result).increment(1);
    let mut tx = context.store.begin(Actor::Worker).await?;
    match outcome {
        Ok(()) => tx.finish_job(job.id).await?,
        Err(Failure::Later(delay)) => tx.postpone_job(job.id, context.now() + delay).await?,
        Err(Failure::Failed { error, permanent, after }) => {
            let now = context.now();
            let wait = retry_after(job.attempts).max(after.unwrap_or_default());
            let retry_at = (!permanent && job.attempts < MOST_ATTEMPTS).then(|| now + wait);
            tracing::warn!(
                job = job.id,
                kind = job.kind,
                attempts = job.attempts,
                error,
                given_up = retry_at.is_none(),
                "a job failed"
            );
            tx.fail_job(job.id, &error, retry_at, now).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// 5 s, 10 s, 20 s, … 4 h.
fn retry_after(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(12);
    TimeDelta::seconds(5 * (1 << doublings)).min(TimeDelta::hours(4))
}

/// Why a job is not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It waits for something of ours; that is no failed attempt.
    Later(TimeDelta),
    /// It is tried again, not before `after`; or never, if that is of no use.
    Failed { error: String, permanent: bool, after: Option<TimeDelta> },
}

impl Failure {
    fn permanent(error: String) -> Self {
        Self::Failed { error, permanent: true, after: None }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed { error: error.to_string(), permanent: false, after: None }
    }
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        Error::from(error).into()
    }
}

async fn perform(context: &Context, job: &Job) -> Result<(), Failure> {
    let task: Task = serde_json::from_value(job.payload.clone())
        .map_err(|error| Failure::permanent(format!("a payload cannot be read: {error}")))?;
    let message = match task {
        Task::Expire { booking } => {
            bookings::expire(context, booking).await?;
            return Ok(());
        }
        Task::Event { booking } => return calendar::write(context, booking).await,
        Task::Reconcile { booking } => return calendar::reconcile(context, booking).await,
        Task::Notice { event, mentee } => {
            let mut tx = context.store.begin(Actor::Worker).await?;
            // The mentor, and with them the booking, may have been deleted since.
            let Some(found) = tx.event(event).await? else { return Ok(()) };
            if mentee && found.booking.erased_at.is_some() {
                return Ok(());
            }
            let (recipient, word) = if mentee { (Recipient::Mentee, "mentee") } else { (Recipient::Mentor, "mentor") };
            if notices::awaits_link(context, &mut tx, &found).await? {
                return Err(Failure::Later(TimeDelta::seconds(2)));
            }
            let notice = notices::of_event(context, &mut tx, &found, recipient, format!("{event}.{word}")).await?;
            if !notice.with_invite && found.kind != EventKind::MoveRefused {
                let at = found.created_at + INVITE_AFTER;
                let mentor = Some(found.booking.mentor_id);
                leave(&mut tx, mentor, &Task::Invite { event }, at, context.now()).await?;
            }
            tx.commit().await?;
            notice.compose(context.mailer.organizer())
        }
        Task::Invite { event } => {
            let mut tx = context.store.begin(Actor::Worker).await?;
            let Some(found) = tx.event(event).await? else { return Ok(()) };
            let link = tx.event_link(found.booking.id).await?;
            let written = link.is_some_and(|link| link.written_sequence >= found.sequence);
            // What came later has an invitation of its own.
            if written || found.booking.sequence > found.sequence {
                return Ok(());
            }
            let id = format!("{event}.mentor.invite");
            let notice = notices::of_event(context, &mut tx, &found, Recipient::Mentor, id).await?;
            BookingNotice { with_invite: true, ..notice }.compose(context.mailer.organizer())
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
        Err(error) => Err(Failure::Failed { permanent: error.permanent, error: error.to_string(), after: None }),
    }
}

/// Once an hour: forgets what has expired, and whom to forget.
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
    tx.delete_expired_holds(now).await?;
    tx.forget_idempotent(now - TimeDelta::hours(25)).await?;
    tx.forget_sent_forms(now - TimeDelta::hours(25)).await?;
    tx.delete_unconfirmed(now - accounts::UNCONFIRMED_KEPT).await?;
    tx.commit().await?;
    erasure::erase_old(context).await?;
    Ok(())
}
