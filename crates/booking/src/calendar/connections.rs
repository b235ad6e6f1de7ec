//! What a mentor does with connected calendars.

use super::Service;
use super::access::{self, Open, Trouble};
use crate::activity::Author;
use crate::jobs::{self, Task};
use crate::secrets::{Secret, sha256};
use crate::{Context, Error, version};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use calendars::client::Client;
use calendars::remote::{Account, Provider, Remote, RemoteError, Watch};
use calendars::{google::Google, microsoft::Microsoft};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{CalendarId, Change, ConnectionId, FieldError, MentorId, rules, urls};
use serde::Serialize;
use store::{Actor, Authorization, Calendar, Connection, Grant, NewConnection, Tx};
use uuid::Uuid;
use zeroize::Zeroizing;

/// How long the way to a provider and back may take.
const AUTHORIZATION: TimeDelta = TimeDelta::minutes(15);
const MOST_CONNECTIONS: usize = 20;
const MOST_CALENDARS: usize = 200;

/// Why a calendar was not connected. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The mentor said no at the provider.
    #[error("permission was not given")]
    Denied,
    /// Not begun in this session, used already, or too long ago.
    #[error("the way back from the calendar is not known")]
    Stale,
    /// Some of what is needed was not ticked.
    #[error("some of the permissions were not given")]
    ScopeMissing,
    /// The provider does not answer.
    #[error("the calendar cannot be reached")]
    Unreachable,
    /// The provider does not do it.
    #[error("the calendar refused")]
    Refused,
    /// There are as many connections as there can be.
    #[error("too many calendars are connected")]
    TooMany,
}

/// A connection as its mentor sees it.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct ConnectionView {
    pub id: ConnectionId,
    pub provider: String,
    pub account: String,
    /// `active`, `expired` or `error`.
    pub status: String,
    pub last_synced_at: Option<DateTime<Utc>>,
    pub next_sync_at: Option<DateTime<Utc>>,
    /// `unreachable`, `throttled`, `refused`, `calendar_gone`, `grant_refused`.
    pub error: Option<String>,
    pub calendars: Vec<CalendarView>,
}

/// A calendar as its mentor sees it.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct CalendarView {
    pub id: CalendarId,
    pub name: String,
    pub writable: bool,
    pub primary: bool,
    pub blocks: bool,
    pub receives: bool,
}

/// Which calendars block, and which one receives bookings.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Choice {
    pub blocking: Vec<CalendarId>,
    pub receiving: Option<CalendarId>,
}

/// The mentor's connections, oldest first.
///
/// # Errors
/// Where the database fails.
pub async fn list(context: &Context, mentor: MentorId) -> Result<Vec<ConnectionView>, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    list_in(&mut tx, mentor).await
}

/// The same, in a transaction of the mentor's or the worker's: a change answers with what it has made, and reads nothing after
/// its commit.
async fn list_in(tx: &mut Tx, mentor: MentorId) -> Result<Vec<ConnectionView>, Error> {
    let connections = tx.connections(mentor).await?;
    let calendars = tx.calendars(mentor).await?;
    Ok(connections.into_iter().map(|connection| view(connection, &calendars)).collect())
}

/// The version of which calendars block and which one receives, as [`choose`] replaces it.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn choice_version(connections: &[ConnectionView]) -> Result<String, Error> {
    let all = connections.iter().flat_map(|connection| &connection.calendars);
    let mut choice: Vec<_> = all.map(|calendar| (calendar.id, calendar.blocks, calendar.receives)).collect();
    choice.sort_unstable_by_key(|(id, ..)| *id);
    version::of(&choice)
}

fn view(connection: Connection, calendars: &[Calendar]) -> ConnectionView {
    let own = calendars.iter().filter(|calendar| calendar.connection_id == connection.id);
    ConnectionView {
        id: connection.id(),
        calendars: own
            .map(|calendar| CalendarView {
                id: CalendarId(calendar.id),
                name: calendar.name.clone(),
                writable: calendar.writable,
                primary: calendar.is_primary,
                blocks: calendar.blocks,
                receives: calendar.receives,
            })
            .collect(),
        provider: connection.provider,
        account: connection.account,
        status: connection.status,
        last_synced_at: connection.last_synced_at,
        next_sync_at: connection.next_sync_at,
        error: connection.error,
    }
}

/// Address and user name of a CalDAV connection of the mentor's, to fill in when it is connected again.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn caldav_login(
    context: &Context,
    mentor: MentorId,
    id: ConnectionId,
) -> Result<Option<(String, String)>, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.calendar_connection(id).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let mut tx = context.store.begin(Actor::Worker).await?;
    Ok(tx.grant(id).await?.and_then(|grant| grant.url.zip(grant.username)))
}

/// Where the mentor gives permission. Bound to the session with this token (RFC 9700, 4.7), works once.
///
/// # Errors
/// [`Error::NotFound`] where the provider is not switched on.
pub async fn begin(context: &Context, mentor: MentorId, session: &Secret, provider: Provider) -> Result<String, Error> {
    let service = context.calendars.service(provider).ok_or(Error::NotFound)?;
    let mut bytes = [0; 32];
    context.random.fill(&mut bytes);
    let state = URL_SAFE_NO_PAD.encode(bytes);
    let started = service.app.start(&state, &context.link(&urls::calendar_callback(provider.as_str())));
    let started = started.map_err(|error| Error::Internal(error.to_string()))?;
    let hash = sha256(state.as_bytes());
    let now = context.now();
    let sealed = context.sealer.seal(started.verifier.as_bytes(), &hash);
    let authorization = Authorization {
        mentor_id: mentor.0,
        session_hash: session.hash().to_vec(),
        provider: provider.as_str().to_owned(),
        verifier_sealed: sealed.map_err(|error| Error::Internal(error.to_string()))?,
        expires_at: now + AUTHORIZATION,
    };
    let mut tx = context.store.begin(Actor::Worker).await?;
    tx.insert_authorization(&hash, &authorization, now).await?;
    tx.commit().await?;
    Ok(started.url)
}

/// The mentor is back from the provider, in the session with this token: with a code, or without one.
///
/// # Errors
/// [`Error::NotFound`] where the provider is not switched on; [`Error::Connect`].
pub async fn finish(
    context: &Context,
    mentor: MentorId,
    session: &Secret,
    provider: Provider,
    state: &str,
    code: Option<Secret>,
) -> Result<ConnectionId, Error> {
    let service = context.calendars.service(provider).ok_or(Error::NotFound)?;
    let hash = sha256(state.as_bytes());
    let mut tx = context.store.begin(Actor::Worker).await?;
    let begun = tx.take_authorization(&hash).await?.ok_or(ConnectError::Stale)?;
    tx.commit().await?;
    let same = begun.mentor_id == mentor.0
        && begun.session_hash == session.hash()
        && begun.provider == provider.as_str()
        && begun.expires_at > context.now();
    if !same {
        return Err(ConnectError::Stale.into());
    }
    let code = code.ok_or(ConnectError::Denied)?;
    let opened = context.sealer.open(&begun.verifier_sealed, &hash).map_err(|e| Error::Internal(e.to_string()))?;
    let verifier = Zeroizing::new(String::from_utf8_lossy(&opened).into_owned());
    let Service { app, api_url } = service;
    let http = &context.calendars.http;
    let redirect = context.link(&urls::calendar_callback(provider.as_str()));
    let tokens = app.exchange(http, code.reveal(), &verifier, &redirect).await.map_err(refused)?;
    let token = tokens.access.clone();
    let client = match provider {
        Provider::Google => Client::Google(Google::new(http.clone(), api_url.clone(), token)),
        Provider::Microsoft | Provider::CalDav => {
            Client::Microsoft(Microsoft::new(http.clone(), api_url.clone(), token, context.zones.clone()))
        }
    };
    let account = client.account().await.map_err(refused)?;
    let mut tx = context.store.begin(Actor::Worker).await?;
    let new = NewConnection {
        id: ConnectionId(context.new_id()),
        mentor_id: mentor,
        provider: provider.as_str(),
        account: account.name.clone(),
        url: None,
        username: None,
        now: context.now(),
    };
    let id = connect(context, &mut tx, mentor.into(), &new, &account).await?;
    access::keep(context, &mut tx, mentor, provider, id, &tokens).await?;
    leave_unwritten(context, &mut tx, mentor, false).await?;
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(id)
}

/// Connects a calendar server (RFC 4791) by address, user name and password.
///
/// # Errors
/// [`Error::Invalid`] with what is wrong, as far as the server tells it; [`Error::Connect`].
pub async fn connect_caldav(
    context: &Context,
    author: impl Into<Author>,
    url: &str,
    username: &str,
    password: Secret,
) -> Result<ConnectionView, Error> {
    let author = author.into();
    let mentor = author.mentor;
    let (url, username) = (url.trim(), username.trim());
    Error::check([
        rules::check_url("url", url),
        rules::check_line("username", username, 320),
        (!(1..=1000).contains(&password.reveal().len())).then(|| {
            FieldError::new("password", "required", "Give the password, or an app password, of the calendar.")
        }),
    ])?;
    let secret = Zeroizing::new(password.reveal().to_owned());
    let person = crate::accounts::account(context, mentor).await?;
    let account = match access::caldav(context, (&person.timezone, &person.email), url, username, secret) {
        Ok(client) => client.account().await,
        Err(error) => Err(error),
    };
    let account = account.map_err(|error| match error {
        RemoteError::GrantRefused | RemoteError::Unauthorized => Error::invalid(
            "password",
            "refused",
            "The server refuses this user name and password. Many services want an app password here.",
        ),
        RemoteError::NotFound => Error::invalid("url", "not_found", "There is no calendar at this address."),
        RemoteError::Refused(_) => {
            Error::invalid("url", "refused", "This address cannot be used as a calendar server.")
        }
        _ => Error::invalid("url", "unreachable", "The server at this address does not answer as a calendar should."),
    })?;
    let mut tx = context.store.begin(Actor::Worker).await?;
    let host = url.split("//").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let name = if account.name.contains('@') { account.name.clone() } else { format!("{}@{host}", account.name) };
    let new = NewConnection {
        id: ConnectionId(context.new_id()),
        mentor_id: mentor,
        provider: Provider::CalDav.as_str(),
        account: name,
        url: Some(url.to_owned()),
        username: Some(username.to_owned()),
        now: context.now(),
    };
    let id = connect(context, &mut tx, author, &new, &account).await?;
    let sealed = access::sealed(context, mentor, Provider::CalDav, id, access::Secret::Refresh, password.reveal())?;
    tx.keep_grant(id, None, Some(&sealed), None).await?;
    leave_unwritten(context, &mut tx, mentor, false).await?;
    let connected = list_in(&mut tx, mentor).await?.into_iter().find(|connection| connection.id == id);
    let connected = connected.ok_or(Error::NotFound)?;
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(connected)
}

/// Keeps the account with its calendars. The mentor's own calendars block, and the first one receives bookings, until they
/// choose otherwise; what they chose before stays.
async fn connect(
    context: &Context,
    tx: &mut Tx,
    author: Author,
    new: &NewConnection,
    account: &Account,
) -> Result<ConnectionId, Error> {
    let mentor = new.mentor_id;
    tx.lock_calendar(mentor).await?;
    let others = tx.connections(mentor).await?;
    let again = others.iter().any(|other| other.provider == new.provider && other.account == new.account);
    if !again && others.len() >= MOST_CONNECTIONS {
        return Err(ConnectError::TooMany.into());
    }
    let id = tx.put_connection(new).await?;
    let mut received = tx.calendars(mentor).await?.iter().any(|calendar| calendar.receives);
    for row in rows(context, id, account) {
        let receives = row.is_primary && row.writable && !received;
        received |= receives;
        tx.put_calendar(mentor, &Calendar { receives, ..row }).await?;
    }
    let connected = Change::CalendarConnected { provider: new.provider.to_owned(), account: new.account.clone() };
    author.wrote(context, tx, connected).await?;
    Ok(id)
}

/// An account's calendars, as rows that are new.
pub(super) fn rows(context: &Context, connection: ConnectionId, account: &Account) -> Vec<Calendar> {
    let line = |text: &str| text.chars().filter(|c| !c.is_control()).take(200).collect::<String>();
    let row = |calendar: &calendars::remote::RemoteCalendar| Calendar {
        id: context.new_id(),
        connection_id: connection.0,
        remote_id: calendar.id.clone(),
        name: line(&calendar.name),
        timezone: calendar.timezone.clone().filter(|zone| context.zones.contains(zone)),
        writable: calendar.writable,
        is_primary: calendar.primary,
        blocks: calendar.owned,
        receives: false,
    };
    account.calendars.iter().take(MOST_CALENDARS).map(row).collect()
}

/// Bookings to come whose newest state no event shows, get one: at once, since the mentor has changed something. The change is
/// committed already, so a failure here is no failure of it: the next look leaves the same behind.
async fn write_all(context: &Context, mentor: MentorId) {
    let leave = async {
        let mut tx = context.store.begin(Actor::Worker).await?;
        leave_unwritten(context, &mut tx, mentor, false).await?;
        Ok::<_, Error>(tx.commit().await?)
    };
    if let Err(error) = leave.await {
        tracing::warn!(%mentor, %error, "events are written with the next look at the calendar");
    }
    context.jobs_left.notify_waiters();
}

/// Leaves it to jobs, perhaps only where none is at it. `tx` is the worker's.
pub(super) async fn leave_unwritten(
    context: &Context,
    tx: &mut Tx,
    mentor: MentorId,
    unattended: bool,
) -> Result<(), Error> {
    let now = context.now();
    for booking in tx.unwritten_bookings(mentor, now, unattended).await? {
        jobs::leave(tx, Some(mentor), &Task::Event { booking }, now, now).await?;
    }
    Ok(())
}

fn refused(error: RemoteError) -> Error {
    match error {
        RemoteError::ScopeMissing => ConnectError::ScopeMissing,
        RemoteError::Unavailable(_) | RemoteError::Throttled(_) => ConnectError::Unreachable,
        RemoteError::GrantRefused | RemoteError::Unauthorized => ConnectError::Stale,
        _ => ConnectError::Refused,
    }
    .into()
}

/// Chooses which of the mentor's calendars block, and which one receives bookings, whatever was chosen before.
///
/// # Errors
/// [`Error::NotFound`] for a calendar that is not theirs; [`Error::Invalid`] for one that cannot be written into.
pub async fn choose(context: &Context, mentor: MentorId, choice: &Choice) -> Result<Vec<ConnectionView>, Error> {
    choose_expected(context, mentor, choice, None).await
}

/// As [`choose`], if the choice of today has the [version](choice_version) that is expected.
///
/// # Errors
/// As there, and [`Error::Stale`].
pub async fn choose_expected(
    context: &Context,
    mentor: MentorId,
    choice: &Choice,
    expected: Option<&str>,
) -> Result<Vec<ConnectionView>, Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.lock_calendar(mentor).await?;
    if let Some(expected) = expected
        && choice_version(&list_in(&mut tx, mentor).await?)? != expected
    {
        return Err(Error::Stale);
    }
    let calendars = tx.calendars(mentor).await?;
    let find = |id: CalendarId| calendars.iter().find(|calendar| calendar.id == id.0).ok_or(Error::NotFound);
    for id in &choice.blocking {
        find(*id)?;
    }
    if let Some(receiving) = choice.receiving
        && !find(receiving)?.writable
    {
        return Err(Error::invalid("receiving", "invalid", "Choose a calendar that can be written into."));
    }
    let blocking: Vec<Uuid> = choice.blocking.iter().map(|id| id.0).collect();
    tx.choose_calendars(mentor, &blocking, choice.receiving).await?;
    let as_before = calendars.iter().all(|calendar| {
        let receives = choice.receiving.is_some_and(|id| id.0 == calendar.id);
        calendar.blocks == blocking.contains(&calendar.id) && calendar.receives == receives
    });
    if !as_before {
        let chosen = Change::CalendarsChosen { blocking: blocking.len(), receiving: choice.receiving.is_some() };
        Author::from(mentor).wrote(context, &mut tx, chosen).await?;
    }
    for connection in tx.connections(mentor).await? {
        tx.request_sync(connection.id(), now).await?;
    }
    let chosen = list_in(&mut tx, mentor).await?;
    tx.commit().await?;
    write_all(context, mentor).await;
    Ok(chosen)
}

/// Looks at the provider as soon as can be. Answers the mentor's connections.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn sync_now(context: &Context, mentor: MentorId, id: ConnectionId) -> Result<Vec<ConnectionView>, Error> {
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.calendar_connection(id).await?.ok_or(Error::NotFound)?;
    tx.request_sync(id, context.now()).await?;
    let connections = list_in(&mut tx, mentor).await?;
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(connections)
}

/// Forgets the connection with all that was kept of it, at once. The permission is taken back at the provider afterwards,
/// as far as it answers. Events that were written stay there. Answers the connections that are left.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn disconnect(
    context: &Context,
    author: impl Into<Author>,
    id: ConnectionId,
) -> Result<Vec<ConnectionView>, Error> {
    let author = author.into();
    let mentor = author.mentor;
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    let Connection { provider, account, .. } = tx.calendar_connection(id).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let farewell = Farewell::read(context, id).await?;
    let mut tx = context.store.begin(Actor::Mentor(mentor)).await?;
    tx.lock_calendar(mentor).await?;
    if !tx.delete_connection(id).await? {
        return Err(Error::NotFound);
    }
    author.wrote(context, &mut tx, Change::CalendarDisconnected { provider, account }).await?;
    let left = list_in(&mut tx, mentor).await?;
    tx.commit().await?;
    // Another connection may receive what had its event in this one.
    write_all(context, mentor).await;

    if let Some(farewell) = farewell {
        let context = context.clone();
        tokio::spawn(async move { farewell.say(&context).await });
    }
    Ok(left)
}

/// Whether a permission was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GiveBack {
    /// It was, or there is nothing that could be given back.
    Done,
    /// The provider does not answer now.
    TryAgain,
}

/// Ends watches and gives the permission of a connection back at its provider. The connection stays as it is; doing it twice
/// is doing it once.
pub(crate) async fn give_back(context: &Context, id: ConnectionId) -> GiveBack {
    match Farewell::read(context, id).await {
        Ok(Some(farewell)) => farewell.say(context).await,
        Ok(None) => GiveBack::Done,
        Err(error) => {
            tracing::warn!(%error, "a connection cannot be read");
            GiveBack::TryAgain
        }
    }
}

/// All that it takes to end a connection at its provider.
struct Farewell {
    grant: Grant,
    watches: Vec<(String, Option<String>, Option<DateTime<Utc>>)>,
}

impl Farewell {
    async fn read(context: &Context, id: ConnectionId) -> Result<Option<Self>, Error> {
        let mut tx = context.store.begin(Actor::Worker).await?;
        let Some(grant) = tx.grant(id).await? else { return Ok(None) };
        let mut watches = Vec::new();
        for calendar in tx.calendars_of(id).await? {
            if let Some((_, progress)) = tx.progress(CalendarId(calendar.id)).await? {
                watches.extend(progress.watch_id.map(|id| (id, progress.watch_resource, progress.watch_expires_at)));
            }
        }
        Ok(Some(Self { grant, watches }))
    }

    async fn say(self, context: &Context) -> GiveBack {
        let Self { grant, watches } = self;
        let farewell = async {
            let mut open = Open::of(context, &grant)?;
            for (id, resource, expires_at) in watches {
                let watch = Watch { id, resource, expires_at: expires_at.unwrap_or_else(|| context.now()) };
                // It ends by itself, sooner or later.
                let _ = open.unwatch(&watch).await;
            }
            open.revoke(&grant).await
        };
        match farewell.await {
            Ok(()) | Err(Trouble::Closed) => GiveBack::Done,
            Err(trouble) => {
                tracing::warn!(provider = grant.connection.provider, ?trouble, "a permission could not be taken back");
                let passes = matches!(
                    trouble,
                    Trouble::Remote(RemoteError::Unavailable(_) | RemoteError::Throttled(_)) | Trouble::Ours(_)
                );
                if passes { GiveBack::TryAgain } else { GiveBack::Done }
            }
        }
    }
}

/// A provider tells of a change in the calendar that is watched under this name and secret. Answers whether there is such
/// a one.
///
/// # Errors
/// Where the database fails.
pub async fn notify(context: &Context, watch_id: &str, secret: &Secret) -> Result<bool, Error> {
    let now = context.now();
    let mut tx = context.store.begin(Actor::Worker).await?;
    let Some(connection) = tx.notified(watch_id, &secret.hash(), now).await? else { return Ok(false) };
    tx.request_sync(connection, now).await?;
    tx.commit().await?;
    context.jobs_left.notify_waiters();
    Ok(true)
}
