//! Work that follows a committed change: mail, and the expiry of pending bookings. Runs at least once; a failure is tried
//! again, later each time, and one job's failure holds up no other.

use crate::{Context, Error, accounts, bookings, calendar, closing, erasure, notices, zones};
use calendars::remote::Provider;
use chrono::{DateTime, TimeDelta, Utc};
use mailer::{BookingNotice, Recipient};
use scheduling::{BookingId, CalendarId, ConnectionId, EventId, MentorId};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use store::{Actor, EventKind, Job, NewEvent, NewJob, Tx, UNROUTED};
use tokio::sync::futures::Notified;
use tokio::sync::{Mutex, Notify, watch};

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

/// How many jobs run at once for one account at a provider, on all servers together. Outlook takes four requests at a time
/// for a mailbox (<https://learn.microsoft.com/graph/throttling-limits>), and one belongs to whoever reads the calendar.
const PER_MAILBOX: i64 = 3;

/// Jobs that wait for the same server outside. A calendar provider that hangs delays no mail and no other provider, and a mail
/// server that hangs no booking that ends. The queue is written with the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    Mail,
    /// For a connected calendar: [`route`] puts the job into its provider's queue.
    Unrouted,
    Calendar(Provider),
    /// What time alone does.
    Clock,
}

impl Queue {
    /// Those that have workers.
    const WORKED: [Self; 5] = [
        Self::Mail,
        Self::Clock,
        Self::Calendar(Provider::Google),
        Self::Calendar(Provider::Microsoft),
        Self::Calendar(Provider::CalDav),
    ];

    /// As it stands in the database.
    fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Unrouted => UNROUTED,
            Self::Calendar(provider) => provider.as_str(),
            Self::Clock => "clock",
        }
    }

    /// The kinds of [`Task`] in it. What a newer release has left there besides is not ours to do.
    fn kinds(self) -> Vec<&'static str> {
        let holds = |of: Self| of == self || (of == Self::Unrouted && matches!(self, Self::Calendar(_)));
        KINDS.into_iter().filter(|(_, queue)| holds(*queue)).map(|(kind, _)| kind).collect()
    }

    /// How many jobs of it run at once, in one server.
    fn workers(self) -> usize {
        match self {
            Self::Mail => 4,
            Self::Calendar(_) => 8,
            Self::Clock | Self::Unrouted => 1,
        }
    }

    fn per_mailbox(self) -> Option<i64> {
        matches!(self, Self::Calendar(_)).then_some(PER_MAILBOX)
    }

    fn wakes(self, routed: &Arc<Notify>) -> Wakes {
        match self {
            Self::Clock => Wakes::InTime,
            Self::Calendar(_) => Wakes::By(routed.clone()),
            Self::Mail | Self::Unrouted => Wakes::AtOnce,
        }
    }
}

/// When those who look for work look again.
#[derive(Clone, Debug)]
pub(crate) enum Wakes {
    /// As soon as something is left behind: it may be due.
    AtOnce,
    /// Once a second: what they do is due long after it was left.
    InTime,
    /// When this says so, and once a second.
    By(Arc<Notify>),
}

impl Wakes {
    /// What is said from now on, also before anybody waits for it.
    fn said<'a>(&'a self, context: &'a Context) -> Option<Notified<'a>> {
        match self {
            Self::AtOnce => Some(context.jobs_left.notified()),
            Self::By(notify) => Some(notify.notified()),
            Self::InTime => None,
        }
    }
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
    /// A connected calendar holds an event that was made for a booking and is not the booking's event now: it is adopted,
    /// or deleted.
    LeftBehind { booking: BookingId, calendar: CalendarId, event: String },
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

/// The queue of each kind of [`Task`], as kinds stand in the database.
const KINDS: [(&str, Queue); 7] = [
    ("notice", Queue::Mail),
    ("invite", Queue::Mail),
    ("account", Queue::Mail),
    ("expire", Queue::Clock),
    ("event", Queue::Unrouted),
    ("reconcile", Queue::Unrouted),
    ("left_behind", Queue::Unrouted),
];

/// A task as it is kept.
fn written(task: &Task) -> Result<NewJob, Error> {
    let payload = serde_json::to_value(task).map_err(|error| Error::Internal(error.to_string()))?;
    let kind = payload.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
    let queue = KINDS.into_iter().find(|(known, _)| *known == kind).map(|(_, queue)| queue.word());
    let queue = queue.ok_or_else(|| Error::Internal(format!("a job of kind {kind} has no queue")))?;
    Ok(NewJob { kind, queue, payload })
}

/// Of `mentor`, with whom it is deleted, or nobody's.
pub(crate) async fn leave(
    tx: &mut Tx,
    mentor: Option<MentorId>,
    task: &Task,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    Ok(tx.enqueue(mentor, &written(task)?, run_at, now).await?)
}

/// As [`leave`], to be run at once, unless the same waits already.
pub(crate) async fn leave_once(tx: &mut Tx, mentor: MentorId, task: &Task, now: DateTime<Utc>) -> Result<(), Error> {
    Ok(tx.enqueue_once(mentor, &written(task)?, now).await?)
}

/// What follows a change of a booking: both are told, and its event is written.
pub(crate) fn that_follow(event: &NewEvent) -> Result<[NewJob; 3], Error> {
    let notice = |mentee| written(&Task::Notice { event: event.id, mentee });
    Ok([notice(true)?, notice(false)?, written(&Task::Event { booking: event.booking_id })?])
}

/// What follows where only the mentor is told, of what was done in a connected calendar.
pub(crate) fn notice_to_mentor(event: &NewEvent) -> Result<[NewJob; 1], Error> {
    Ok([written(&Task::Notice { event: event.id, mentee: false })?])
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
    let routed = Arc::new(Notify::new());
    let workers = Queue::WORKED.map(|queue| {
        let find = move |context: Context| async move { lease(&context, queue).await };
        let work = |context: Context, job| async move { within_lease(&context, job).await };
        let hands = (queue.workers(), queue.wakes(&routed));
        tokio::spawn(many_hands(context.clone(), "jobs", hands, stopped.clone(), find, work))
    });
    let closer = tokio::spawn(many_hands(
        context.clone(),
        "closed accounts",
        (1, Wakes::InTime),
        stopped.clone(),
        |context: Context| async move { closing::lease(&context).await },
        |context: Context, closed| async move { closing::finish(&context, closed).await },
    ));
    let router = {
        let find = |context: Context| async move { Ok(route(&context).await?.then_some(())) };
        let (wakes, routed) = (Queue::Unrouted.wakes(&routed), routed.clone());
        let wake = move |_, ()| {
            routed.notify_waiters();
            std::future::ready(Ok(()))
        };
        let hands = (Queue::Unrouted.workers(), wakes);
        tokio::spawn(many_hands(context.clone(), "jobs for connected calendars", hands, stopped.clone(), find, wake))
    };
    let lookers = tokio::spawn(calendar::run(context.clone(), stopped));
    let keeper = tokio::spawn(keep_house(context.clone()));
    let zones = tokio::spawn(zones::follow_host(context));
    stop.await;
    keeper.abort();
    zones.abort();
    stopping.send_replace(true);
    for worker in workers {
        let _ = worker.await;
    }
    let _ = router.await;
    let _ = lookers.await;
    let _ = closer.await;
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
            let (find, work, wakes) = (find.clone(), work.clone(), wakes.clone());
            tokio::spawn(async move {
                loop {
                    let looking = turn.lock().await;
                    let found = loop {
                        if *stopped.borrow() {
                            return;
                        }
                        let said = wakes.said(&context);
                        match survived(find(context.clone())).await {
                            Ok(Some(found)) => break found,
                            Ok(None) => {}
                            Err(error) => tracing::warn!(%error, "{kind} cannot be read"),
                        }
                        let pause = tokio::time::sleep(PAUSE);
                        let said = async {
                            match said {
                                Some(said) => said.await,
                                None => std::future::pending().await,
                            }
                        };
                        tokio::select! {
                            () = said => pause.await,
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
        route(context).await?;
        for queue in Queue::WORKED {
            if let Some(job) = lease(context, queue).await? {
                carry_out(context, job).await?;
                count += 1;
            }
        }
        if count == before {
            count += closing::finish_due(context).await?;
        }
        if count == before {
            return Ok(count);
        }
    }
}

/// How it stands with the jobs.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
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
pub async fn queue(context: &Context) -> Result<Backlog, Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let (waiting, given_up, oldest) = tx.count_jobs(now).await?;
    Ok(Backlog { waiting, given_up, oldest: oldest.map_or(TimeDelta::zero(), |since| now - since) })
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

async fn lease(context: &Context, queue: Queue) -> Result<Option<Job>, Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let leased = tx.lease_job(queue.word(), &queue.kinds(), queue.per_mailbox(), now, now + LEASE).await?;
    let Some(job) = leased else { return Ok(None) };
    tx.commit().await?;
    Ok(Some(job))
}

/// Jobs for connected calendars that are due go into the queues of their providers. Where a mentor has no calendar to write
/// into, there is no event to be written: such jobs are done without being begun, all at once, and a calendar that is
/// connected at this very moment gets what it lacks with the first look at it. Answers whether any job can be run now.
async fn route(context: &Context) -> Result<bool, Error> {
    let (kinds, queues): (Vec<_>, Vec<_>) = KINDS.into_iter().map(|(kind, queue)| (kind, queue.word())).unzip();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let assigned = tx.assign_queues(&kinds, &queues).await?;
    let (routed, done) = tx.route_jobs(context.now()).await?;
    if assigned + routed + done > 0 {
        tx.commit().await?;
        metrics::counter!("yaksok_jobs_total", "kind" => "event", "result" => "done").increment(done);
    }
    Ok(assigned + routed > 0)
}

async fn carry_out(context: &Context, job: Job) -> Result<(), Error> {
    let outcome = perform(context, &job).await;
    let result = match &outcome {
        Ok(()) => "done",
        Err(Failure::Later(_) | Failure::Elsewhere) => "postponed",
        Err(Failure::Failed { permanent, .. }) if *permanent || job.attempts >= MOST_ATTEMPTS => "given_up",
        Err(Failure::Failed { .. }) => "failed",
    };
    metrics::counter!("yaksok_jobs_total", "kind" => job.kind.clone(), "result" => result).increment(1);
    let mut tx = context.store.begin(Actor::Worker).await?;
    match outcome {
        Ok(()) => tx.finish_job(job.id).await?,
        Err(Failure::Later(delay)) => tx.postpone_job(job.id, context.now() + delay).await?,
        Err(Failure::Elsewhere) => tx.reroute_job(job.id).await?,
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
    /// It has to ask another account than it was routed to.
    Elsewhere,
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
        Task::Event { booking } => return Box::pin(calendar::write(context, booking, job)).await,
        Task::Reconcile { booking } => return Box::pin(calendar::reconcile(context, booking, job)).await,
        Task::LeftBehind { booking, calendar, event } => {
            return Box::pin(calendar::clear_left_behind(context, booking, calendar, &event, job)).await;
        }
        Task::Notice { event, mentee } => {
            let mut tx = context.store.begin(Actor::Worker).await?;
            // The mentor, and with them the booking, may have been deleted since.
            let Some(found) = tx.event(event).await? else { return Ok(()) };
            if mentee && found.booking.erased_at.is_some() {
                return Ok(());
            }
            let recipient = if mentee { Recipient::Mentee } else { Recipient::Mentor };
            if notices::awaits_link(context, &mut tx, &found).await? {
                return Err(Failure::Later(TimeDelta::seconds(2)));
            }
            let id = notices::message_id(event, &found, recipient);
            let notice = notices::of_event(context, &mut tx, &found, recipient, id).await?;
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
        Err(error) => {
            let cause = match error.cause {
                mailer::Cause::Temporary => "temporary",
                mailer::Cause::Operator => "operator",
                mailer::Cause::Final => "final",
            };
            metrics::counter!("yaksok_mail_refused_total", "cause" => cause).increment(1);
            Err(Failure::Failed { permanent: error.is_permanent(), error: error.to_string(), after: None })
        }
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
    tx.release_handles(now).await?;
    tx.forget_closed_bookings(now).await?;
    tx.commit().await?;
    erasure::erase_old(context).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One task of each kind.
    fn every_task() -> Vec<Task> {
        let (booking, event, mentor) =
            (BookingId(uuid::Uuid::nil()), EventId(uuid::Uuid::nil()), MentorId(uuid::Uuid::nil()));
        let all = vec![
            Task::Notice { event, mentee: true },
            Task::Expire { booking },
            Task::Invite { event },
            Task::Event { booking },
            Task::Reconcile { booking },
            Task::LeftBehind { booking, calendar: CalendarId(uuid::Uuid::nil()), event: "id".into() },
            Task::Account { mentor, notice: AccountMail::Verify },
        ];
        // A new kind does not compile here before it stands above.
        for task in &all {
            match task {
                Task::Notice { .. }
                | Task::Expire { .. }
                | Task::Invite { .. }
                | Task::Event { .. }
                | Task::Reconcile { .. }
                | Task::LeftBehind { .. }
                | Task::Account { .. } => {}
            }
        }
        all
    }

    #[test]
    fn every_kind_of_job_has_a_queue_and_workers() {
        let mut kinds: Vec<_> = every_task().iter().map(|task| written(task).unwrap().kind).collect();
        for task in every_task() {
            let job = written(&task).unwrap();
            let workers = Queue::WORKED.into_iter().filter(|queue| queue.kinds().contains(&job.kind.as_str()));
            assert!(workers.clone().count() > 0, "{} is never run", job.kind);
            let routed = workers.filter(|queue| matches!(queue, Queue::Calendar(_))).count();
            match job.queue == UNROUTED {
                true => assert_eq!(routed, 3, "{} is run for each provider", job.kind),
                false => assert!(Queue::WORKED.iter().any(|queue| queue.word() == job.queue), "{}", job.kind),
            }
            let read: Task = serde_json::from_value(job.payload).unwrap();
            assert_eq!(read, task);
        }
        kinds.sort();
        let mut known: Vec<_> = KINDS.iter().map(|(kind, _)| (*kind).to_owned()).collect();
        known.sort();
        assert_eq!(kinds, known);
    }
}
