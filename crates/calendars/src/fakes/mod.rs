//! Stand-ins for Google Calendar and Microsoft Graph: servers on this machine that remember, that are as strict as the
//! vendors' pages, and that fail when they are told to.
//!
//! Whoever tests in Rust holds a [`Fake`]; a browser test talks to its `/control/…` (see [`control`]).

pub mod control;
mod event;
mod google;
mod graph;
mod oauth;
mod push;

pub use event::{Moment, NewEvent};

use crate::remote::{Provider, When};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// What registers Yaksok with every fake.
pub const CLIENT_ID: &str = "yaksok";
/// What registers Yaksok with every fake.
pub const CLIENT_SECRET: &str = "open sesame";
/// Whose account every fake keeps.
pub const ACCOUNT: &str = "mentor@example.com";

/// A thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// This status, with the vendor's usual word for it.
    Status(u16),
    /// This status, with this code.
    Code(u16, String),
    /// 429, with `Retry-After` in seconds.
    Throttled(u32),
    /// Nothing is answered, ever.
    Hang,
    /// The connection breaks, and nothing was done.
    Drop,
    /// The connection breaks after it was done.
    LostAnswer,
    /// The connection breaks, and it is done when [`Fake::land`] says so.
    Late,
    /// The answer waits for [`Fake::release`].
    Gate,
    /// The list comes without its members.
    Empty,
    /// The list comes with a tombstone of this event, which is there.
    Phantom(String),
    /// The answer is no JSON.
    Garbage,
    /// The answer is larger than anybody should read.
    Large,
    /// The links to other pages lead to this origin.
    Elsewhere(String),
    /// The answer sends the caller to this address.
    Redirect(String),
}

/// The next requests that fail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failing {
    /// Part of `METHOD /path?query`, as it was sent.
    #[serde(default)]
    pub matching: String,
    /// How many of them.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens.
    pub fault: Fault,
}

fn once() -> u32 {
    1
}

/// A request that a fake has seen.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// `GET` and so on.
    pub method: String,
    /// As it was sent, without the query.
    pub path: String,
    /// Unescaped.
    pub query: BTreeMap<String, String>,
    /// Its JSON, or its form as an object; `null` if it had none.
    pub body: Value,
    /// By lower-case name.
    #[serde(skip)]
    pub headers: HeaderMap,
}

impl Seen {
    /// The path's segments, unescaped.
    fn segments(&self) -> Vec<String> {
        // A form's way of unescaping would take a plus for a space.
        let plain = |segment: &str| {
            let url = Url::parse(&format!("http://fake/?{}", segment.replace('+', "%2B"))).ok();
            url.and_then(|url| url.query_pairs().next().map(|(name, _)| name.into_owned())).unwrap_or_default()
        };
        self.path
            .split('/')
            .skip(1)
            .map(|segment| if segment.contains('%') { plain(segment) } else { segment.into() })
            .collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }
}

/// An event as a fake keeps it.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    /// The calendar's id.
    pub calendar: String,
    /// The event's id.
    pub id: String,
    /// The vendor's JSON.
    pub body: Value,
}

/// A calendar of a fake's account.
#[derive(Clone, Debug)]
struct Calendar {
    id: String,
    name: String,
    timezone: &'static str,
    primary: bool,
    role: &'static str,
    owner: &'static str,
    events: BTreeMap<String, Stored>,
    /// Of transactions (Graph), the event.
    transactions: HashMap<String, String>,
}

#[derive(Clone, Debug)]
struct Stored {
    /// When it last changed, in the fake's own count.
    changed: u64,
    deleted: bool,
    /// Deleted so long ago that it is not even a tombstone.
    purged: bool,
    master: bool,
    /// Of a series, how many instances it has, a week apart.
    weeks: u32,
    series: Option<String>,
    body: Value,
}

/// What a cursor or a page token stands for.
#[derive(Clone, Debug)]
struct Cursor {
    calendar: String,
    version: u64,
    parameters: BTreeMap<String, String>,
    window: Range<DateTime<Utc>>,
    /// The rest of a list.
    pending: Vec<Value>,
}

#[derive(Clone, Debug)]
struct Channel {
    id: String,
    resource: String,
    url: String,
    secret: String,
    messages: u64,
    expires: String,
}

#[derive(Debug)]
struct State {
    provider: Provider,
    origin: String,
    version: u64,
    serial: u64,
    page: usize,
    now: Option<DateTime<Utc>>,
    meetings: bool,
    masters: bool,
    lingering: bool,
    stubborn: bool,
    calendars: Vec<Calendar>,
    cursors: HashMap<String, Cursor>,
    channels: Vec<Channel>,
    failing: Vec<Failing>,
    late: Vec<Seen>,
    seen: Vec<Seen>,
    grants: oauth::Grants,
    rotating: bool,
    /// Closed: whoever waits goes on.
    gate: Arc<Semaphore>,
    /// Requests to the API that are being answered, and the most that were at once.
    at_once: usize,
    most_at_once: usize,
    /// Requests that the caller gave up before they were answered.
    abandoned: usize,
}

/// What a fake answers.
#[derive(Clone, Debug)]
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self { status: 200, headers: Vec::new(), body }
    }

    fn created(body: Value) -> Self {
        Self { status: 201, ..Self::ok(body) }
    }

    fn nothing() -> Self {
        Self { status: 204, ..Self::ok(Value::Null) }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let body = match self.body {
            Value::Null => Body::empty(),
            Value::String(text) => Body::from(text),
            body => Body::from(body.to_string()),
        };
        let mut response = Response::builder().status(self.status);
        if !self.headers.iter().any(|(name, _)| *name == "content-type") {
            response = response.header("content-type", "application/json; charset=utf-8");
        }
        let response = self.headers.into_iter().fold(response, |response, (name, value)| response.header(name, value));
        response.body(body).unwrap_or_default()
    }
}

/// A body that breaks off.
struct Broken;

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(Err(io::Error::other("told to break"))))
    }
}

impl State {
    fn next(&mut self, prefix: &str) -> String {
        self.serial += 1;
        format!("{prefix}{}", self.serial)
    }

    fn touch(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    fn primary(&self) -> &str {
        self.calendars.iter().find(|calendar| calendar.primary).map_or("", |calendar| &calendar.id)
    }

    fn calendar(&mut self, id: &str) -> Option<&mut Calendar> {
        self.calendars.iter_mut().find(|calendar| calendar.id == id)
    }

    /// The event, where it is; else where it was.
    fn stored(&mut self, id: &str) -> Option<&mut Stored> {
        let events = self.calendars.iter_mut().filter_map(|calendar| calendar.events.get_mut(id));
        events.min_by_key(|event| event.deleted)
    }

    /// The rest of a list, cut to a page, and a name for what is left.
    fn page(&mut self, mut cursor: Cursor, most: usize) -> (Vec<Value>, Option<String>) {
        let page = cursor.pending.drain(..cursor.pending.len().min(most)).collect();
        let more = !cursor.pending.is_empty();
        let next = more.then(|| self.keep("page", cursor));
        (page, next)
    }

    fn keep(&mut self, prefix: &str, cursor: Cursor) -> String {
        let name = self.next(prefix);
        self.cursors.insert(name.clone(), cursor);
        name
    }

    fn refuse(&self, status: u16, code: &str) -> Reply {
        let code = match (status, code, self.provider) {
            (_, code, _) if !code.is_empty() => code,
            (401, _, Provider::Google) => "authError",
            (401, ..) => "InvalidAuthenticationToken",
            (403, _, Provider::Google) => "rateLimitExceeded",
            (404, _, Provider::Google) => "notFound",
            (404, ..) => "ErrorItemNotFound",
            (410, _, Provider::Google) => "fullSyncRequired",
            (410, ..) => "syncStateNotFound",
            (412, _, Provider::Google) => "conditionNotMet",
            (412, ..) => "ErrorIrresolvableConflict",
            _ => "backendError",
        };
        // The sentence names a person, as the vendors' sometimes do: nothing of it may be repeated.
        let message = format!("{ACCOUNT} cannot have this");
        let body = match self.provider {
            Provider::Google => {
                json!({ "error": { "code": status, "message": message, "errors": [{ "domain": "global", "reason": code, "message": message }] } })
            }
            _ => json!({ "error": { "code": code, "message": message, "innerError": { "request-id": "1" } } }),
        };
        Reply { status, headers: Vec::new(), body }
    }

    fn answer(&mut self, seen: &Seen) -> Reply {
        let segments = seen.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let answer = match (path.as_slice(), self.provider) {
            (["auth"], _) => Ok(self.consent(seen)),
            (["token"], _) => Ok(self.token(seen)),
            (["revoke"], Provider::Google) => Ok(self.revoke(seen)),
            (["control", what], _) => Ok(self.controlled(what, seen)),
            (["calendar", "v3", path @ ..], Provider::Google) => self.google(path, seen),
            (["v1.0", path @ ..], Provider::Microsoft) => self.graph(path, seen),
            _ => Err(self.refuse(404, "")),
        };
        answer.unwrap_or_else(|refusal| refusal)
    }
}

/// A running fake. It stops when all clones are gone.
#[derive(Clone, Debug)]
pub struct Fake {
    state: Arc<Mutex<State>>,
    _server: Arc<Server>,
}

#[derive(Debug)]
struct Server(tokio::task::JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Fake {
    /// Google Calendar at a free port of this machine.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn google() -> Self {
        Self::start(Provider::Google, "127.0.0.1:0").await.expect("a free port")
    }

    /// Microsoft Graph at a free port of this machine.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn graph() -> Self {
        Self::start(Provider::Microsoft, "127.0.0.1:0").await.expect("a free port")
    }

    /// A fake of this provider at this address.
    ///
    /// # Errors
    /// Where the address cannot be listened at.
    pub async fn start(provider: Provider, address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(Mutex::new(State::new(provider, origin)));
        let app = Router::new().fallback(serve).with_state(Arc::clone(&state));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { state, _server: Arc::new(Server(server)) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// `http://127.0.0.1:port`.
    pub fn origin(&self) -> String {
        self.state().origin.clone()
    }

    /// For `GOOGLE_CALENDAR_API_URL` or `MICROSOFT_GRAPH_URL`.
    pub fn api_url(&self) -> String {
        self.state().api()
    }

    /// Yaksok as this fake knows it.
    pub fn app(&self) -> crate::oauth::App {
        let (origin, provider) = (self.origin(), self.state().provider);
        crate::oauth::App {
            provider,
            client_id: CLIENT_ID.into(),
            client_secret: CLIENT_SECRET.to_owned().into(),
            auth_url: format!("{origin}/auth"),
            token_url: format!("{origin}/token"),
            revoke_url: (provider == Provider::Google).then(|| format!("{origin}/revoke")),
        }
    }

    /// An access token that may do everything.
    pub fn token(&self) -> zeroize::Zeroizing<String> {
        let mut state = self.state();
        let scopes = oauth::needed(state.provider);
        state.access(scopes).into()
    }

    /// All access tokens have run out.
    pub fn expire_access_tokens(&self) {
        self.state().grants.access.clear();
    }

    /// The person has withdrawn the permission: `invalid_grant` from now on.
    pub fn withdraw(&self) {
        let grants = &mut self.state().grants;
        (grants.access, grants.refresh) = Default::default();
    }

    /// All sync tokens or delta links are too old.
    pub fn expire_cursors(&self) {
        self.state().cursors.clear();
    }

    /// Lists come in pages of so many.
    pub fn page_size(&self, most: usize) {
        self.state().page = most.max(1);
    }

    /// The time it is, for limits that depend on it. Not known, they are not checked.
    pub fn set_now(&self, now: DateTime<Utc>) {
        self.state().now = Some(now);
    }

    /// Whether the account can make meeting links. It can, at first.
    pub fn allow_meetings(&self, allowed: bool) {
        self.state().meetings = allowed;
    }

    /// Whether Graph names a series beside its occurrences. It does, at first, and in the world not always.
    pub fn tell_masters(&self, told: bool) {
        self.state().masters = told;
    }

    /// Whether Graph still answers the id of what was deleted, as if it were there.
    pub fn let_linger(&self, lingering: bool) {
        self.state().lingering = lingering;
    }

    /// Whether Graph lets a series be, when it is asked to make a single event of it.
    pub fn keep_series(&self, kept: bool) {
        self.state().stubborn = kept;
    }

    /// The next `times` requests of which `METHOD /path?query` holds `matching` fail like this.
    pub fn fail(&self, matching: &str, times: u32, fault: Fault) {
        self.state().failing.push(Failing { matching: matching.into(), times, fault });
    }

    /// Nothing fails any more.
    pub fn clear_faults(&self) {
        self.state().failing.clear();
    }

    /// What came late is done now, in the order in which it was asked for.
    pub fn land(&self) {
        let mut state = self.state();
        for seen in std::mem::take(&mut state.late) {
            state.answer(&seen);
        }
    }

    /// All that waits at a gate goes on, now and later.
    pub fn release(&self) {
        self.state().gate.close();
    }

    /// How many requests to the API are being answered at this moment.
    pub fn at_once(&self) -> usize {
        self.state().at_once
    }

    /// The most requests to the API that were being answered at once.
    pub fn most_at_once(&self) -> usize {
        self.state().most_at_once
    }

    /// How many requests the caller gave up before they were answered.
    pub fn abandoned(&self) -> usize {
        self.state().abandoned
    }

    /// All requests so far, those that failed included.
    pub fn requests(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.state().seen.clear();
    }

    /// The primary calendar's id.
    pub fn primary(&self) -> String {
        self.state().primary().to_owned()
    }

    /// Takes a calendar away, with all that is in it.
    pub fn remove_calendar(&self, id: &str) {
        self.state().calendars.retain(|calendar| calendar.id != id);
    }

    /// Puts an event in, and tells its id; of a series the series' own.
    pub fn add_event(&self, event: NewEvent) -> String {
        self.state().add(event)
    }

    /// The instances of a series, in order.
    pub fn instances(&self, series: &str) -> Vec<String> {
        let state = self.state();
        let events = state.calendars.iter().flat_map(|calendar| &calendar.events);
        events.filter(|(_, event)| event.series.as_deref() == Some(series)).map(|(id, _)| id.clone()).collect()
    }

    /// The owner moves an event.
    pub fn move_event(&self, id: &str, during: Range<DateTime<Utc>>) {
        let mut state = self.state();
        let change = state.times(Moment::At(during.start), Moment::At(during.end));
        state.change(id, &change);
    }

    /// The owner changes an event: members that are named are replaced, those that are null taken away.
    pub fn change_event(&self, id: &str, members: &Value) {
        self.state().change(id, members);
    }

    /// The owner repeats a single event: so many instances, a week apart. Google and Outlook keep its id for the series.
    pub fn repeat_event(&self, id: &str, weeks: u32) {
        self.state().repeat(id, weeks);
    }

    /// The owner deletes an event, an instance or a series.
    pub fn delete_event(&self, id: &str) {
        self.state().delete(id);
    }

    /// The owner brings back an event that was deleted.
    pub fn undelete_event(&self, id: &str) {
        let mut state = self.state();
        let changed = state.touch();
        let Some(event) = state.stored(id).filter(|event| event.deleted) else { return };
        (event.deleted, event.purged, event.changed) = (false, false, changed);
        let weeks = event.weeks;
        let holds = |calendar: &&Calendar| calendar.events.get(id).is_some_and(|event| !event.deleted);
        let calendar = state.calendars.iter().find(holds).map(|calendar| calendar.id.clone());
        if let Some(calendar) = calendar.filter(|_| weeks > 0) {
            state.spread(&calendar, id);
        }
    }

    /// The owner puts an event into another calendar, where it keeps its id.
    pub fn transfer_event(&self, id: &str, calendar: &str) {
        let mut state = self.state();
        let changed = state.touch();
        let Some(event) = state.stored(id) else { return };
        let there = Stored { changed, ..event.clone() };
        let weeks = there.weeks;
        state.delete(id);
        if let Some(calendar) = state.calendar(calendar) {
            calendar.events.insert(id.to_owned(), there);
        }
        if weeks > 0 {
            state.spread(calendar, id);
        }
    }

    /// A deleted event is forgotten: not even a tombstone is left, but its id stays used.
    pub fn purge_event(&self, id: &str) {
        if let Some(event) = self.state().stored(id) {
            event.purged = true;
        }
    }

    /// All events that are there. Of a series, instances only.
    pub fn events(&self) -> Vec<Kept> {
        self.state().kept()
    }

    /// How many channels or subscriptions there are.
    pub fn watches(&self) -> usize {
        self.state().channels.len()
    }

    /// Opens the consent page at `url` and follows the link that is called so (`Allow`, `Allow only some`, `Deny`), as far
    /// as the address it leads to. Answers its state, and its code if it has one.
    pub async fn follow(&self, url: &str, link: &str) -> Option<(String, Option<String>)> {
        let page = push::outgoing().get(url).send().await.ok()?.text().await.ok()?;
        let (before, _) = page.split_once(&format!("\">{link}</a>"))?;
        let (_, href) = before.rsplit_once("href=\"")?;
        let back = Url::parse(&href.replace("&amp;", "&")).ok()?;
        let value = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        Some((value("state")?, value("code")))
    }

    /// Tells everybody who watches that something has changed, and answers the statuses that came back.
    pub async fn notify(&self) -> Vec<u16> {
        push::tell(&self.state, "exists").await
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl State {
    fn new(provider: Provider, origin: String) -> Self {
        let calendar = |id: &str, name: &str, primary, role, owner| Calendar {
            id: id.into(),
            name: name.into(),
            timezone: "Asia/Seoul",
            primary,
            role,
            owner,
            events: BTreeMap::new(),
            transactions: HashMap::new(),
        };
        let calendars = match provider {
            Provider::Google => vec![
                calendar("team@group.calendar.google.com", "Team", false, "writer", "team@example.com"),
                calendar("en.holidays#days@group.v.calendar.google.com", "Holidays", false, "reader", ""),
                calendar(ACCOUNT, ACCOUNT, true, "owner", ACCOUNT),
            ],
            _ => vec![
                calendar("AAMkTeam=", "Team", false, "writer", "team@example.com"),
                calendar("AAMkHolidays=", "Holidays", false, "reader", ""),
                calendar("AAMkCalendar=", "Calendar", true, "owner", ACCOUNT),
            ],
        };
        Self {
            provider,
            origin,
            version: 0,
            serial: 0,
            page: 1000,
            now: None,
            meetings: true,
            masters: true,
            lingering: false,
            stubborn: false,
            calendars,
            cursors: HashMap::new(),
            channels: Vec::new(),
            failing: Vec::new(),
            late: Vec::new(),
            seen: Vec::new(),
            grants: oauth::Grants::default(),
            rotating: provider == Provider::Microsoft,
            gate: Arc::new(Semaphore::new(0)),
            at_once: 0,
            most_at_once: 0,
            abandoned: 0,
        }
    }

    fn api(&self) -> String {
        let path = if self.provider == Provider::Google { "calendar/v3" } else { "v1.0" };
        format!("{}/{path}", self.origin)
    }

    fn times(&self, start: Moment, end: Moment) -> Value {
        match self.provider {
            Provider::Google => google::times(start, end),
            _ => graph::times(start, end),
        }
    }

    fn add(&mut self, event: NewEvent) -> String {
        let calendar = event.calendar.clone().unwrap_or_else(|| self.primary().to_owned());
        let id = self.next(if self.provider == Provider::Google { "event" } else { "AAMkEvent" });
        let changed = self.touch();
        let mut body = match self.provider {
            Provider::Google => google::body(&event),
            _ => graph::body(&event),
        };
        body["id"] = json!(id);
        let mut stored = Stored { changed, deleted: false, purged: false, master: false, weeks: 0, series: None, body };
        merge(&mut stored.body, &self.times(event.start, event.end));
        if let Some(calendar) = self.calendar(&calendar) {
            calendar.events.insert(id.clone(), stored);
        }
        if let Some(weeks) = event.weekly {
            self.recur(&calendar, &id, weeks);
        }
        id
    }

    /// A single event that is there becomes a series.
    fn repeat(&mut self, id: &str, weeks: u32) {
        let holds = |calendar: &&Calendar| {
            calendar.events.get(id).is_some_and(|event| !event.deleted && !event.master && event.series.is_none())
        };
        if let Some(calendar) = self.calendars.iter().find(holds).map(|calendar| calendar.id.clone()) {
            self.recur(&calendar, id, weeks);
        }
    }

    fn recur(&mut self, calendar: &str, id: &str, weeks: u32) {
        let (changed, google) = (self.touch(), self.provider == Provider::Google);
        let Some(event) = self.calendar(calendar).and_then(|calendar| calendar.events.get_mut(id)) else { return };
        (event.master, event.weeks, event.changed) = (true, weeks, changed);
        let recurrence = match google {
            true => json!({ "recurrence": [format!("RRULE:FREQ=WEEKLY;COUNT={weeks}")] }),
            false => json!({ "recurrence": { "pattern": { "type": "weekly" } }, "type": "seriesMaster" }),
        };
        merge(&mut event.body, &recurrence);
        self.spread(calendar, id);
    }

    /// A series has the instances that it should have, and no others; one that does not repeat any more has none.
    fn spread(&mut self, calendar: &str, id: &str) {
        let (changed, provider) = (self.touch(), self.provider);
        let Some(calendar) = self.calendar(calendar) else { return };
        for event in calendar.events.values_mut().filter(|event| event.series.as_deref() == Some(id)) {
            if !event.deleted {
                (event.deleted, event.changed) = (true, changed);
            }
        }
        let Some(master) = calendar.events.get_mut(id) else { return };
        if master.body["recurrence"].is_null() {
            (master.master, master.weeks) = (false, 0);
            if provider != Provider::Google {
                master.body["type"] = json!("singleInstance");
            }
            return;
        }
        let whole = master.clone();
        let moments = match provider {
            Provider::Google => google::moments(&whole.body),
            _ => graph::moments(&whole.body),
        };
        let Some((start, end)) = moments else { return };
        for week in 0..whole.weeks {
            let (start, end) = (start.weeks_later(week), end.weeks_later(week));
            let name = format!("{id}_{}", start.instant().format("%Y%m%dT%H%M%SZ"));
            let mut instance =
                Stored { master: false, weeks: 0, series: Some(id.to_owned()), changed, ..whole.clone() };
            let of = match provider {
                Provider::Google => {
                    merge(&mut instance.body, &google::times(start, end));
                    let original = instance.body["start"].clone();
                    json!({ "id": name, "recurringEventId": id, "originalStartTime": original, "recurrence": null })
                }
                _ => {
                    merge(&mut instance.body, &graph::times(start, end));
                    json!({
                        "id": name, "seriesMasterId": id, "type": "occurrence", "recurrence": null, "transactionId": null,
                    })
                }
            };
            merge(&mut instance.body, &of);
            calendar.events.insert(name, instance);
        }
    }

    fn change(&mut self, id: &str, members: &Value) {
        let (changed, graph) = (self.touch(), self.provider == Provider::Microsoft);
        let Some(event) = self.stored(id) else { return };
        merge(&mut event.body, members);
        event.changed = changed;
        if graph && event.series.is_some() {
            event.body["type"] = json!("exception");
        }
        if !event.master {
            return;
        }
        let holds = |calendar: &&Calendar| calendar.events.get(id).is_some_and(|event| !event.deleted);
        if let Some(calendar) = self.calendars.iter().find(holds).map(|calendar| calendar.id.clone()) {
            self.spread(&calendar, id);
        }
    }

    fn delete(&mut self, id: &str) {
        for calendar in self.calendars.iter().map(|calendar| calendar.id.clone()).collect::<Vec<_>>() {
            self.delete_in(&calendar, id);
        }
    }

    fn delete_in(&mut self, calendar: &str, id: &str) {
        let changed = self.touch();
        let Some(calendar) = self.calendar(calendar) else { return };
        let of = |name: &str, event: &Stored| name == id || event.series.as_deref() == Some(id);
        for (_, event) in calendar.events.iter_mut().filter(|(name, event)| of(name, event) && !event.deleted) {
            (event.deleted, event.changed) = (true, changed);
        }
    }

    fn kept(&self) -> Vec<Kept> {
        let all = self
            .calendars
            .iter()
            .flat_map(|calendar| calendar.events.iter().map(|(id, event)| (&calendar.id, id, event)));
        all.filter(|(_, _, event)| !event.deleted && !event.master)
            .map(|(calendar, id, event)| Kept { calendar: calendar.clone(), id: id.clone(), body: event.body.clone() })
            .collect()
    }

    /// The fault that the next requests like this one have coming.
    fn fault(&mut self, line: &str) -> Option<Fault> {
        let failing = self.failing.iter_mut().find(|failing| failing.times > 0 && line.contains(&failing.matching))?;
        failing.times -= 1;
        Some(failing.fault.clone())
    }
}

/// RFC 7396, which Google's and Microsoft's PATCH are close to.
fn merge(target: &mut Value, change: &Value) {
    let Value::Object(change) = change else {
        *target = change.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in change {
        match target.as_object_mut() {
            Some(target) if value.is_null() => drop(target.remove(name)),
            _ => merge(&mut target[name], value),
        }
    }
}

/// The members of an object that are not among `known`.
fn unknown(body: &Value, known: &[&str]) -> bool {
    body.as_object().is_none_or(|body| body.keys().any(|name| !known.contains(&name.as_str())))
}

fn window_of(start: Option<&String>, end: Option<&String>) -> Option<Range<DateTime<Utc>>> {
    let at = |text: Option<&String>| DateTime::parse_from_rfc3339(text?).ok().map(|at| at.to_utc());
    Some(at(start)?..at(end)?).filter(|window| window.start < window.end)
}

async fn serve(
    axum::extract::State(state): axum::extract::State<Arc<Mutex<State>>>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let query = Url::parse(&format!("http://fake{target}"))
        .map(|url| url.query_pairs().into_owned().collect())
        .unwrap_or_default();
    let form = parts.headers.get("content-type").is_some_and(|kind| kind == "application/x-www-form-urlencoded");
    let body = if form {
        let pairs = Url::parse(&format!("http://fake/?{}", String::from_utf8_lossy(&body)));
        pairs
            .map(|url| {
                url.query_pairs().map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect()
            })
            .unwrap_or_default()
    } else {
        serde_json::from_slice(&body).unwrap_or_default()
    };
    let seen =
        Seen { method: parts.method.to_string(), path: parts.uri.path().into(), query, body, headers: parts.headers };
    let controlled = seen.path.starts_with("/control/");
    let api = ["/calendar/v3/", "/v1.0/"].iter().any(|api| seen.path.starts_with(api));
    let serving = api.then(|| Serving::new(&state));
    let fault = {
        let mut state = lock(&state);
        if controlled {
            None
        } else {
            state.seen.push(seen.clone());
            state.fault(&format!("{} {target}", parts.method))
        }
    };
    match &fault {
        Some(Fault::Status(status)) => return lock(&state).refuse(*status, "").into_response(),
        Some(Fault::Code(status, code)) => return lock(&state).refuse(*status, code).into_response(),
        Some(Fault::Throttled(seconds)) => {
            let mut reply = lock(&state).refuse(429, "rateLimitExceeded");
            reply.headers.push(("retry-after", seconds.to_string()));
            return reply.into_response();
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Gate) => {
            let gate = lock(&state).gate.clone();
            // Closed is open: nobody gets a permit.
            let _ = gate.acquire().await;
        }
        Some(Fault::Late) => {
            lock(&state).late.push(seen);
            return Response::new(Body::new(Broken));
        }
        Some(Fault::Drop) => return Response::new(Body::new(Broken)),
        Some(Fault::Garbage) => return "<html>".into_response(),
        Some(Fault::Large) => return " ".repeat(9 << 20).into_response(),
        Some(Fault::Redirect(to)) => return (StatusCode::FOUND, [("location", to.clone())]).into_response(),
        _ => {}
    }
    if seen.method == "POST" && seen.path == "/v1.0/subscriptions" && !push::shaken(seen.text("notificationUrl")).await
    {
        return lock(&state).refuse(400, "ValidationError").into_response();
    }
    if seen.path == "/control/notify" {
        return axum::Json(push::tell(&state, "exists").await).into_response();
    }
    let mut reply = lock(&state).answer(&seen);
    if seen.method == "POST" && seen.path.ends_with("/events/watch") && reply.status == 200 {
        // Google's first message says that the channel is open.
        tokio::spawn(async move { push::tell(&state, "sync").await });
    }
    if let Some(mut serving) = serving {
        serving.answered = true;
    }
    match fault {
        Some(Fault::LostAnswer) => return Response::new(Body::new(Broken)),
        Some(fault) => spoil(&mut reply.body, &fault),
        None => {}
    }
    reply.into_response()
}

/// A request to the API that is being answered.
struct Serving {
    state: Arc<Mutex<State>>,
    answered: bool,
}

impl Serving {
    fn new(state: &Arc<Mutex<State>>) -> Self {
        let mut counts = lock(state);
        counts.at_once += 1;
        counts.most_at_once = counts.most_at_once.max(counts.at_once);
        drop(counts);
        Self { state: Arc::clone(state), answered: false }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let mut counts = lock(&self.state);
        counts.at_once -= 1;
        if !self.answered {
            counts.abandoned += 1;
        }
    }
}

/// What a fault does to a list.
fn spoil(body: &mut Value, fault: &Fault) {
    for list in ["items", "value"] {
        match (body.get_mut(list).and_then(Value::as_array_mut), fault) {
            (Some(list), Fault::Empty) => list.clear(),
            (Some(members), Fault::Phantom(id)) => members.push(match list {
                "items" => json!({ "id": id, "status": "cancelled" }),
                _ => json!({ "id": id, "@removed": { "reason": "deleted" } }),
            }),
            _ => {}
        }
    }
    for link in ["@odata.nextLink", "@odata.deltaLink"] {
        if let (Some(link), Fault::Elsewhere(origin)) = (body.get_mut(link), fault) {
            *link = json!(format!("{origin}/v1.0/me/calendarView/delta?$skiptoken=1"));
        }
    }
}

/// Whether an event takes any of a window.
fn meets(span: &Range<DateTime<Utc>>, window: &Range<DateTime<Utc>>) -> bool {
    When::Timed(span.clone()).meets(window)
}

/// When a token was given out runs by this clock, which tests can stop.
fn soon(life: Duration) -> Instant {
    Instant::now() + life
}

type Scopes = BTreeSet<String>;
