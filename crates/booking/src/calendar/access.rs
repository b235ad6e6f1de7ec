//! From a connection to a client with a token that is good.

use crate::jobs::{self, AccountMail, Task};
use crate::{Context, Error, activity};
use calendars::caldav::CalDav;
use calendars::client::Client;
use calendars::google::Google;
use calendars::microsoft::Microsoft;
use calendars::oauth::Tokens;
use calendars::remote::{
    Account, Changes, Draft, Provider, Remote, RemoteError, RemoteEvent, Watch, WatchRequest, Written,
};
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{Actor as By, Change, ConnectionId, MentorId};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use store::{Actor, Connection, Grant, Tx};
use zeroize::Zeroizing;

/// A token that ends sooner is renewed before it is used.
const TOO_SHORT: TimeDelta = TimeDelta::seconds(60);
/// Asking for a new token takes less than this.
const REFRESH_LEASE: TimeDelta = TimeDelta::seconds(45);
/// A refusal of what opens an account is believed when it has been repeated so often, over so long: some servers refuse a
/// password that is right while they start or while what they ask about it is away.
const PASSWORD_REFUSED: (i32, TimeDelta) = (3, TimeDelta::minutes(10));
/// What OAuth calls `invalid_grant` (RFC 6749, section 5.2) is final, after a second look.
const GRANT_REFUSED: (i32, TimeDelta) = (2, TimeDelta::minutes(1));
/// Where a provider wants to be left alone for longer, the mentor is shown so.
const LASTS: TimeDelta = TimeDelta::minutes(30);

/// What can be opened with one connection's grant.
#[derive(Clone, Copy)]
pub(super) enum Secret {
    Access,
    /// The refresh token; of a CalDAV connection, the password.
    Refresh,
}

/// Why a provider was not asked, or did not do it.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The connection is gone, or waits for the mentor.
    Closed,
    Remote(RemoteError),
    Ours(Error),
}

impl From<RemoteError> for Trouble {
    fn from(error: RemoteError) -> Self {
        Self::Remote(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<store::StoreError> for Trouble {
    fn from(error: store::StoreError) -> Self {
        Self::Ours(error.into())
    }
}

/// A connection that can be used. A token that is refused is renewed once; a grant that is refused, and again later, marks the
/// connection as expired.
pub(super) struct Open<'a> {
    context: &'a Context,
    pub(super) connection: Connection,
    provider: Provider,
    client: Client,
    /// The sealed access token that the client has.
    token: Option<Vec<u8>>,
    /// The sealed refresh token, or password, that goes with it.
    refresh: Option<Vec<u8>>,
    /// Until then the provider wants not to be asked.
    throttled_until: Option<DateTime<Utc>>,
}

macro_rules! asked {
    ($self:ident, $client:ident => $call:expr) => {{
        $self.refuse_if_throttled()?;
        let $client = &$self.client;
        let answer = match $call.await {
            Err(RemoteError::Unauthorized) => {
                $self.renew().await?;
                let $client = &$self.client;
                $call.await
            }
            answer => answer,
        };
        if let Err(RemoteError::GrantRefused) = answer {
            // The one that was shown: the mentor may have given another meanwhile.
            let shown = $self.refresh.clone();
            return Err($self.refused(shown.as_deref()).await?);
        }
        if let Err(RemoteError::Throttled(Some(after))) = answer {
            $self.throttle(after).await?;
        }
        Ok(answer?)
    }};
}

impl<'a> Open<'a> {
    pub(super) async fn new(context: &'a Context, id: ConnectionId) -> Result<Self, Trouble> {
        let grant = grant(context, id).await?;
        let good = grant.connection.provider == Provider::CalDav.as_str()
            || grant.expires_at.is_some_and(|at| at > context.now() + TOO_SHORT);
        let mut open = Self::of(context, &grant)?;
        if !good {
            open.renew().await?;
        }
        Ok(open)
    }

    /// With the token as it is, of a connection that may not be kept any more.
    pub(super) fn of(context: &'a Context, grant: &Grant) -> Result<Self, Trouble> {
        let provider = Provider::from_word(&grant.connection.provider)
            .ok_or_else(|| Error::Internal("a connection to no provider".into()))?;
        let client = client(context, provider, grant)?;
        let (connection, token) = (grant.connection.clone(), grant.access_token.clone());
        let (refresh, throttled_until) = (grant.refresh_token.clone(), grant.throttled_until);
        Ok(Self { context, connection, provider, client, token, refresh, throttled_until })
    }

    /// Whether the provider may be asked (RFC 6585, section 4). Nobody is made to wait for longer than a day: some clock
    /// was wrong.
    fn refuse_if_throttled(&self) -> Result<(), RemoteError> {
        let left = self.throttled_until.map_or(TimeDelta::zero(), |until| until - self.context.now());
        let holds = left > TimeDelta::zero() && left <= TimeDelta::days(1);
        if holds { Err(RemoteError::Throttled(Some(left))) } else { Ok(()) }
    }

    /// The provider asks for patience: no look and no write begins for this connection, for so long.
    async fn throttle(&mut self, after: TimeDelta) -> Result<(), Trouble> {
        let until = self.context.now() + after;
        self.throttled_until = Some(until);
        let mut tx = self.context.store.begin(Actor::Worker).await?;
        tx.throttle(self.id(), until, after > LASTS).await?;
        Ok(tx.commit().await?)
    }

    fn id(&self) -> ConnectionId {
        self.connection.id()
    }

    pub(super) async fn account(&mut self) -> Result<Account, Trouble> {
        asked!(self, client => client.account())
    }

    pub(super) async fn changes(
        &mut self,
        calendar: &str,
        window: &Range<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> Result<Changes, Trouble> {
        asked!(self, client => client.changes(calendar, window, cursor))
    }

    pub(super) async fn put(&mut self, calendar: &str, draft: &Draft, known: Option<&str>) -> Result<Written, Trouble> {
        asked!(self, client => client.put(calendar, draft, known))
    }

    pub(super) async fn get(&mut self, calendar: &str, id: &str) -> Result<Option<RemoteEvent>, Trouble> {
        asked!(self, client => client.get(calendar, id))
    }

    pub(super) async fn delete(&mut self, calendar: &str, id: &str) -> Result<(), Trouble> {
        asked!(self, client => client.delete(calendar, id))
    }

    pub(super) async fn watch(&mut self, calendar: &str, request: &WatchRequest) -> Result<Option<Watch>, Trouble> {
        asked!(self, client => client.watch(calendar, request))
    }

    pub(super) async fn unwatch(&mut self, watch: &Watch) -> Result<(), Trouble> {
        asked!(self, client => client.unwatch(watch))
    }

    /// Takes back the permission at the provider, unless somebody has connected the same account: there it is one permission
    /// however often it was given.
    pub(super) async fn revoke(&mut self, grant: &Grant) -> Result<(), Trouble> {
        let Some(service) = self.context.calendars.service(self.provider) else { return Ok(()) };
        let mut tx = self.context.store.begin(Actor::Worker).await?;
        if tx.is_connected(&self.connection.provider, &self.connection.account, self.id()).await? {
            return Ok(());
        }
        drop(tx);
        let token = opened(self.context, &self.connection, Secret::Refresh, grant.refresh_token.as_deref())?;
        Ok(service.app.revoke(&self.context.calendars.http, &token).await?)
    }

    /// Gets a new access token, or the one that somebody else is getting at this moment.
    async fn renew(&mut self) -> Result<(), Trouble> {
        let Some(service) = self.context.calendars.service(self.provider) else {
            // No token that could be renewed, or the provider was switched off here.
            return Err(Trouble::Remote(RemoteError::Unavailable("it is not configured here".into())));
        };
        for _ in 0..200 {
            let now = self.context.now();
            let mut tx = self.context.store.begin(Actor::Worker).await?;
            let ours = tx.lease_refresh(self.id(), now, now + REFRESH_LEASE).await?;
            tx.commit().await?;
            let grant = grant(self.context, self.id()).await?;
            self.throttled_until = grant.throttled_until;
            if let Err(throttled) = self.refuse_if_throttled() {
                if ours {
                    self.release().await?;
                }
                return Err(throttled.into());
            }
            if grant.access_token != self.token && grant.expires_at.is_some_and(|at| at > now + TOO_SHORT) {
                if ours {
                    self.release().await?;
                }
                return self.take(&grant);
            }
            if !ours {
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
            let token = opened(self.context, &self.connection, Secret::Refresh, grant.refresh_token.as_deref())?;
            return match service.app.refresh(&self.context.calendars.http, &token).await {
                Ok(tokens) => {
                    let mut tx = self.context.store.begin(Actor::Worker).await?;
                    keep(self.context, &mut tx, self.connection.mentor(), self.provider, self.id(), &tokens).await?;
                    let grant = tx.grant(self.id()).await?.ok_or(Trouble::Closed)?;
                    tx.commit().await?;
                    self.take(&grant)
                }
                Err(RemoteError::GrantRefused) => Err(self.refused(grant.refresh_token.as_deref()).await?),
                Err(error) => {
                    if let RemoteError::Throttled(Some(after)) = error {
                        self.throttle(after).await?;
                    }
                    self.release().await?;
                    Err(error.into())
                }
            };
        }
        Err(Trouble::Remote(RemoteError::Unavailable("no new token in time".into())))
    }

    async fn release(&self) -> Result<(), Trouble> {
        let mut tx = self.context.store.begin(Actor::Worker).await?;
        tx.release_refresh(self.id()).await?;
        Ok(tx.commit().await?)
    }

    fn take(&mut self, grant: &Grant) -> Result<(), Trouble> {
        self.client = client(self.context, self.provider, grant)?;
        self.token.clone_from(&grant.access_token);
        self.refresh.clone_from(&grant.refresh_token);
        Ok(())
    }

    /// The provider refused what opens the account. It is asked again later, and nothing else until then; if it refuses
    /// still, the mentor must connect again. Answers what is the matter.
    async fn refused(&mut self, refused: Option<&[u8]>) -> Result<Trouble, Trouble> {
        let (often, long) = match self.provider {
            Provider::CalDav => PASSWORD_REFUSED,
            // Where calendars are read more often than that, the next time is the second look.
            Provider::Google | Provider::Microsoft => {
                (GRANT_REFUSED.0, GRANT_REFUSED.1.min(self.context.calendars.sync_interval))
            }
        };
        let now = self.context.now();
        let mut tx = self.context.store.begin(Actor::Worker).await?;
        let Some((refusals, since)) = tx.count_refusal(self.id(), refused, now).await? else {
            return Ok(Trouble::Closed);
        };
        if refusals >= often && now >= since + long {
            tx.commit().await?;
            self.expire(refused).await?;
            return Ok(Trouble::Closed);
        }
        let wait = long / (often - 1);
        tx.wait_after_refusal(self.id(), now + wait).await?;
        tx.commit().await?;
        self.throttled_until = Some(now + wait);
        tracing::info!(connection = %self.id(), refusals, "a calendar refused what opens it, and is asked again later");
        Ok(Trouble::Remote(RemoteError::Throttled(Some(wait))))
    }

    /// The mentor must connect again, and is told so once.
    async fn expire(&self, refused: Option<&[u8]>) -> Result<(), Trouble> {
        let (mentor, now) = (self.connection.mentor(), self.context.now());
        let mut tx = self.context.store.begin(Actor::Worker).await?;
        if tx.expire_connection(self.id(), refused).await? {
            let notice = AccountMail::CalendarExpired { connection: self.id() };
            jobs::leave(&mut tx, Some(mentor), &Task::Account { mentor, notice }, now, now).await?;
            let Connection { provider, account, .. } = self.connection.clone();
            let expired = Change::CalendarExpired { provider, account };
            activity::happened(self.context, &mut tx, mentor, By::Calendar, expired).await?;
        }
        tx.commit().await?;
        self.context.jobs_left.notify_waiters();
        Ok(())
    }
}

async fn grant(context: &Context, id: ConnectionId) -> Result<Grant, Trouble> {
    let mut tx = context.store.begin(Actor::Worker).await?;
    let grant = tx.grant(id).await?.ok_or(Trouble::Closed)?;
    if grant.connection.status == "expired" { Err(Trouble::Closed) } else { Ok(grant) }
}

fn client(context: &Context, provider: Provider, grant: &Grant) -> Result<Client, Trouble> {
    let settings = &context.calendars;
    if provider == Provider::CalDav {
        let password = opened(context, &grant.connection, Secret::Refresh, grant.refresh_token.as_deref())?;
        let (url, username) = (grant.url.as_deref().unwrap_or_default(), grant.username.as_deref().unwrap_or_default());
        return Ok(Client::CalDav(Box::new(caldav(
            context,
            (&grant.timezone, &grant.email),
            url,
            username,
            password,
        )?)));
    }
    let not_here = || Trouble::Remote(RemoteError::Unavailable("it is not configured here".into()));
    let service = settings.service(provider).ok_or_else(not_here)?;
    let token = match &grant.access_token {
        Some(sealed) => opened(context, &grant.connection, Secret::Access, Some(sealed))?,
        None => Zeroizing::default(),
    };
    let (http, url) = (settings.http.clone(), service.api_url.clone());
    Ok(match provider {
        Provider::Google => Client::Google(Google::new(http, url, token)),
        Provider::Microsoft | Provider::CalDav => {
            Client::Microsoft(Microsoft::new(http, url, token, context.zones.clone()))
        }
    })
}

/// A CalDAV account that is not kept yet, or is, of a mentor with this time zone and address.
pub(super) fn caldav(
    context: &Context,
    (timezone, email): (&str, &str),
    url: &str,
    username: &str,
    password: Zeroizing<String>,
) -> Result<CalDav, RemoteError> {
    let now = context.clone();
    let clock = Arc::new(move || now.now());
    Ok(CalDav::new(url, username, password, context.calendars.caldav.clone(), timezone, &context.zones, clock)?
        .of_person(email))
}

/// Keeps new tokens, sealed for their connection.
pub(super) async fn keep(
    context: &Context,
    tx: &mut Tx,
    mentor: MentorId,
    provider: Provider,
    connection: ConnectionId,
    tokens: &Tokens,
) -> Result<(), Error> {
    let seal = |token: &str, secret| sealed(context, mentor, provider, connection, secret, token);
    let access = seal(&tokens.access, Secret::Access)?;
    let refresh = tokens.refresh.as_deref().map(|token| seal(token, Secret::Refresh)).transpose()?;
    let expires_at = context.now() + tokens.expires_in;
    Ok(tx.keep_grant(connection, Some(&access), refresh.as_deref(), Some(expires_at)).await?)
}

/// Seals a secret of a connection.
pub(super) fn sealed(
    context: &Context,
    mentor: MentorId,
    provider: Provider,
    connection: ConnectionId,
    secret: Secret,
    text: &str,
) -> Result<Vec<u8>, Error> {
    let belongs_to = belongs_to(mentor, provider.as_str(), connection, secret);
    context.sealer.seal(text.as_bytes(), &belongs_to).map_err(|error| Error::Internal(error.to_string()))
}

/// Opens a secret of a connection.
pub(super) fn opened(
    context: &Context,
    connection: &Connection,
    secret: Secret,
    sealed: Option<&[u8]>,
) -> Result<Zeroizing<String>, Error> {
    let belongs_to = belongs_to(connection.mentor(), &connection.provider, connection.id(), secret);
    let bytes = context
        .sealer
        .open(sealed.unwrap_or_default(), &belongs_to)
        .map_err(|error| Error::Internal(error.to_string()))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::Internal("a calendar token is not text".into()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Mentor, provider and row: a token that is moved to another row does not open.
fn belongs_to(mentor: MentorId, provider: &str, connection: ConnectionId, secret: Secret) -> Vec<u8> {
    let kind = match secret {
        Secret::Access => "access",
        Secret::Refresh => "refresh",
    };
    format!("calendar {kind} token of mentor {mentor} at {provider}, connection {connection}").into_bytes()
}

/// Seals the secrets of a connection anew under the current key; answers how many that were.
pub(crate) async fn reseal(context: &Context, tx: &mut Tx, grant: &Grant) -> Result<usize, Error> {
    let connection = &grant.connection;
    let provider = Provider::from_word(&connection.provider).unwrap_or(Provider::CalDav);
    let mut count = 0;
    let mut fresh = |secret, old: Option<&Vec<u8>>| -> Result<Option<Vec<u8>>, Error> {
        let Some(old) = old else { return Ok(None) };
        if context.sealer.is_current(old) {
            return Ok(Some(old.clone()));
        }
        count += 1;
        let text = opened(context, connection, secret, Some(old))?;
        sealed(context, connection.mentor(), provider, connection.id(), secret, &text).map(Some)
    };
    let access = fresh(Secret::Access, grant.access_token.as_ref())?;
    let refresh = fresh(Secret::Refresh, grant.refresh_token.as_ref())?;
    if count > 0 {
        tx.keep_grant(connection.id(), access.as_deref(), refresh.as_deref(), grant.expires_at).await?;
    }
    Ok(count)
}
