//! CalDAV (RFC 4791): Nextcloud, Fastmail, iCloud, Radicale, xandikos and others, by user name and password.
//!
//! - `guard` and `wire`: requests, which reach no private network and end in time.
//! - `xml`: what is asked and answered.
//! - `ical`, `zone`, `recur`, `expand`: calendar objects, and their events one by one.
//!
//! A cursor is the calendar's sync token (RFC 6578) or `getctag`. As long as it stays, nothing has changed; when it does
//! not, everything in the window is read again, which every server can do, and most do better than sync reports.

mod discovery;
mod expand;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod guard;
mod ical;
mod reach;
mod recur;
#[cfg(test)]
mod tests;
mod wire;
mod xml;
mod zone;

use crate::remote::{Account, Change, Changes, Draft, Remote, RemoteError, RemoteEvent, Watch, WatchRequest, Written};
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use expand::{MARK, REVISION, Reader, UID_SUFFIX, booking_of, plain_address};
use guard::Guard;
use ical::{Component, escape, utc};
pub use reach::{Reach, ReachError};
use reqwest::header::{ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use reqwest::{StatusCode, Url};
use scheduling::BookingId;
use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use wire::{Answer, Ask, Wire};
use xml::Resource;
use zeroize::Zeroizing;
use zone::ObjectZones;
pub(crate) use zone::Zone;
use zones::Zones;

/// What time it is: for DTSTAMP, and for a `Retry-After` that names an instant.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Every call ends by then, whatever the server does.
const CALL: Duration = Duration::from_secs(55);
/// How often a write is tried anew because somebody else wrote in between.
const TRIES: usize = 4;
/// How often a window is cut in two because the answer is too large.
const HALVINGS: u32 = 4;
/// How many objects are asked for one by one, where a server does not send them together.
const MAX_SINGLE: usize = 200;
const ICALENDAR: &str = "text/calendar; charset=utf-8";
const XML: &str = "application/xml; charset=utf-8";
const DEPTH: HeaderName = HeaderName::from_static("depth");
/// RFC 6638, section 8.1: whether a server tells the organizer of what is deleted.
const SCHEDULE_REPLY: HeaderName = HeaderName::from_static("schedule-reply");

/// An account at a CalDAV server.
///
/// The password goes to the host of the URL that was given, to hosts below it, and within iCloud from one host to
/// another; a server that points elsewhere is refused. Only Basic authentication (RFC 7617) is spoken.
pub struct CalDav {
    wire: Wire,
    timezone: Zone,
    zones: Zones,
    clock: Clock,
    /// The mentor's address, where it is known: many accounts go by a name that is none.
    email: Option<String>,
    /// The account's own addresses: asked for once, where an event makes it matter.
    addresses: OnceCell<Vec<String>>,
}

impl std::fmt::Debug for CalDav {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CalDav(…)")
    }
}

impl CalDav {
    /// An account at `url`: a server, a principal, a calendar home or a calendar. Without a scheme, `https` is meant.
    ///
    /// `reach` says which servers may be reached; `true` stands for all of them, by http too. `timezone` is the IANA name of the
    /// zone that floating times are in, where the calendar tells none: the mentor's; UTC if there is no such zone. Nothing is
    /// asked of the server yet.
    ///
    /// # Errors
    /// [`RemoteError::Refused`], with a sentence that says what is wrong with the URL.
    pub fn new(
        url: &str,
        username: &str,
        password: Zeroizing<String>,
        reach: impl Into<Reach>,
        timezone: &str,
        zones: &Zones,
        clock: Clock,
    ) -> Result<Self, RemoteError> {
        let url = url.trim();
        let url = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
        let url = Url::parse(&url).map_err(|_| RemoteError::Refused("the address cannot be read".to_owned()))?;
        let wire = Wire::new(url, username.to_owned(), password, Guard::new(reach.into()))?;
        Ok(Self::over(wire, timezone, zones, clock))
    }

    fn over(wire: Wire, timezone: &str, zones: &Zones, clock: Clock) -> Self {
        let timezone = Zone::named(zones, timezone).unwrap_or_else(Zone::utc);
        Self { wire, timezone, zones: zones.clone(), clock, email: None, addresses: OnceCell::new() }
    }

    /// With the mentor's own address: an event that this address declined does not block.
    #[must_use]
    pub fn of_person(self, email: &str) -> Self {
        Self { email: Some(email.to_owned()), ..self }
    }

    fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// The error that a status is.
    fn refusal(&self, answer: &Answer) -> RemoteError {
        answer.error(self.now())
    }

    async fn ask(
        &self,
        method: &'static str,
        url: &Url,
        headers: &[(HeaderName, &str)],
        body: Option<(&'static str, String)>,
    ) -> Result<Answer, RemoteError> {
        self.wire.ask(&Ask { method, url, headers, body }).await
    }

    /// Asks in XML, and reads the multistatus answer, off the async threads. With it, where it came from.
    async fn multistatus(
        &self,
        method: &'static str,
        url: &Url,
        depth: &'static str,
        body: String,
    ) -> Result<(Url, Vec<Resource>), RemoteError> {
        let answer = self.ask(method, url, &[(DEPTH, depth)], Some((XML, body))).await?;
        if answer.status != StatusCode::MULTI_STATUS {
            return Err(match answer.status.is_success() {
                true => RemoteError::Refused("this is no calendar server".to_owned()),
                false => self.refusal(&answer),
            });
        }
        let from = answer.url.clone();
        let resources = blocking(move || xml::multistatus(&answer.text()?)).await?;
        Ok((from, resources))
    }

    /// The properties of one resource, and where it is.
    async fn properties(&self, url: &Url, properties: &str) -> Result<(Url, Resource), RemoteError> {
        let (from, resources) = self.multistatus("PROPFIND", url, "0", xml::propfind(properties)).await?;
        let resource = resources.into_iter().next().ok_or(RemoteError::NotFound)?;
        match resource.status {
            None | Some(200..300) => Ok((from, resource)),
            Some(_) => Err(RemoteError::NotFound),
        }
    }

    /// The calendar itself: its zone and its cursor.
    async fn calendar(&self, calendar: &Url) -> Result<Resource, RemoteError> {
        let properties = "<D:resourcetype/><D:sync-token/><S:getctag/><C:calendar-timezone-id/><C:calendar-timezone/><D:current-user-principal/>";
        let (_, resource) = self.properties(calendar, properties).await?;
        if resource.is_calendar { Ok(resource) } else { Err(RemoteError::NotFound) }
    }

    /// The texts of the calendar objects that have events in `window`, by their ids.
    async fn objects(
        &self,
        calendar: &Url,
        window: &Range<DateTime<Utc>>,
    ) -> Result<BTreeMap<String, String>, RemoteError> {
        let mut objects = BTreeMap::new();
        let mut windows = vec![(window.clone(), HALVINGS)];
        while let Some((part, halvings)) = windows.pop() {
            let filter = format!("<C:time-range start=\"{}\" end=\"{}\"/>", utc(part.start), utc(part.end));
            match self.query(calendar, &filter).await? {
                Some(found) => objects.extend(found),
                None if halvings == 0 => return Err(RemoteError::Refused("the calendar is too large".to_owned())),
                None => {
                    let middle = part.start + (part.end - part.start) / 2;
                    windows.extend([(part.start..middle, halvings - 1), (middle..part.end, halvings - 1)]);
                }
            }
        }
        Ok(objects)
    }

    /// The objects that pass a filter; `None` where they are more than the server tells at once, or than we read at once.
    async fn query(&self, calendar: &Url, filter: &str) -> Result<Option<Vec<(String, String)>>, RemoteError> {
        let body = xml::calendar_query("<D:getetag/><C:calendar-data/>", filter);
        let answer = self.ask("REPORT", calendar, &[(DEPTH, "1")], Some((XML, body))).await?;
        if answer.cut {
            return Ok(None);
        }
        if answer.status != StatusCode::MULTI_STATUS {
            let error = self.refusal(&answer);
            let too_many = answer.status == StatusCode::INSUFFICIENT_STORAGE
                || names_precondition(answer, "number-of-matches-within-limits").await?;
            return if too_many { Ok(None) } else { Err(error) };
        }
        let resources = blocking(move || xml::multistatus(&answer.text()?)).await?;
        // RFC 5323, section 2.3.1: this is how an answer says that it was cut short.
        if resources.iter().any(|resource| resource.status == Some(507)) {
            return Ok(None);
        }
        let hits = resources.into_iter().filter(|resource| matches!(resource.status, None | Some(200..300)));
        let mut found = Vec::new();
        let mut asked = 0;
        for resource in hits {
            let Some(id) = object_id(calendar, &resource.href) else { continue };
            let text = match resource.data {
                Some(text) => Some(text),
                // Some servers only name what they found. What is left out would seem to be deleted.
                None if asked == MAX_SINGLE => {
                    return Err(RemoteError::Refused("the calendar does not show its events".to_owned()));
                }
                None => {
                    asked += 1;
                    self.object(&object_url(calendar, &id)?).await?.map(|(text, _)| text)
                }
            };
            found.extend(text.map(|text| (id, text)));
        }
        Ok(Some(found))
    }

    /// The object of a UID, wherever in the calendar it is: its id and text.
    async fn by_uid(&self, calendar: &Url, uid: &str) -> Result<Option<(String, String)>, RemoteError> {
        let filter = format!(
            "<C:prop-filter name=\"UID\"><C:text-match collation=\"i;octet\">{uid}</C:text-match></C:prop-filter>"
        );
        let found = self.query(calendar, &filter).await?.unwrap_or_default();
        // Some servers match parts, or do not look at the filter at all.
        let of_uid = |text: &str| event_of(text).is_some_and(|event| event.value("UID") == uid);
        Ok(found.into_iter().find(|(_, text)| of_uid(text)))
    }

    async fn reader(
        &self,
        resource: &Resource,
        window: Range<DateTime<Utc>>,
        has_attendees: bool,
    ) -> Result<Reader, RemoteError> {
        let told = timezone_of(&self.zones, resource);
        let mine = match has_attendees {
            true => self.addresses.get_or_try_init(|| self.own_addresses(resource)).await?.clone(),
            false => Vec::new(),
        };
        let timezone = told.as_ref().and_then(|zone| zone.name().map(str::to_owned));
        let zone = told.unwrap_or_else(|| self.timezone.clone());
        Ok(Reader { window, timezone, zone, zones: self.zones.clone(), mine })
    }

    /// What `calendar-user-address-set` (RFC 6638, section 2.4.1) says, the user name, and the mentor's address.
    async fn own_addresses(&self, calendar: &Resource) -> Result<Vec<String>, RemoteError> {
        let mut addresses = vec![plain_address(self.wire.username())];
        addresses.extend(self.email.as_deref().map(plain_address));
        let principal = calendar.principal.as_ref().and_then(|href| self.wire.home().join(href).ok());
        if let Some(principal) = principal {
            match self.properties(&principal, "<C:calendar-user-address-set/>").await {
                Ok((_, principal)) => addresses.extend(principal.addresses.iter().map(|it| plain_address(it))),
                // Servers without scheduling; whatever may be better later is not kept.
                Err(RemoteError::NotFound | RemoteError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(addresses)
    }

    /// The events of an object: all of them, or those near the instance that is asked for.
    async fn events_of(
        &self,
        calendar: &Resource,
        window: Range<DateTime<Utc>>,
        object: (String, String),
    ) -> Result<Vec<RemoteEvent>, RemoteError> {
        let reader = self.reader(calendar, window, has_attendees(&object.1)).await?;
        blocking(move || reader.events([object])).await
    }

    async fn look(
        &self,
        calendar: &str,
        window: &Range<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> Result<Changes, RemoteError> {
        let url = collection(calendar)?;
        let resource = self.calendar(&url).await?;
        let newest = resource.sync_token.clone().or_else(|| resource.ctag.clone());
        if newest.is_some() && newest.as_deref() == cursor {
            return Ok(Changes { changes: Vec::new(), cursor: newest, complete: false });
        }
        // Servers differ in the zone that they see floating times and whole days in.
        let margin = TimeDelta::days(1);
        let objects = self.objects(&url, &(window.start - margin..window.end + margin)).await?;
        let reader = self.reader(&resource, window.clone(), objects.values().any(|text| has_attendees(text))).await?;
        let events = blocking(move || reader.events(objects)).await?;
        Ok(Changes { changes: events.into_iter().map(Change::Present).collect(), cursor: newest, complete: true })
    }

    /// The text of an object, and its ETag if it can be used in a condition.
    async fn object(&self, url: &Url) -> Result<Option<(String, Option<String>)>, RemoteError> {
        let answer = self.ask("GET", url, &[], None).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            status if status.is_success() => {
                let etag = answer.headers.get(ETAG).and_then(|etag| etag.to_str().ok());
                // A weak one never matches (RFC 9110, section 13.1.1).
                let etag = etag.filter(|etag| !etag.starts_with("W/")).map(str::to_owned);
                Ok(Some((answer.text()?, etag)))
            }
            _ => Err(self.refusal(&answer)),
        }
    }

    async fn write(&self, calendar: &str, draft: &Draft, known: Option<&str>) -> Result<Written, RemoteError> {
        let collection = collection(calendar)?;
        let mut id = known.map_or_else(|| own_id(draft.booking), |known| object_of(known).0.to_owned());
        let mut there = None;
        // A first write needs no look: `If-None-Match` sees whether there is anything.
        let mut look = known.is_some();
        for _ in 0..TRIES {
            let url = object_url(&collection, &id)?;
            if look {
                there = self.object(&url).await?;
                if there.is_none() && known.is_some() {
                    // Only a calendar that answers can say that an event is gone; and it may have another name.
                    self.calendar(&collection).await?;
                    match self.by_uid(&collection, &own_uid(draft.booking)).await? {
                        Some((other, _)) if other != id => id = other,
                        _ => return Err(RemoteError::EventGone),
                    }
                    continue;
                }
            }
            let text = event_text(draft, there.as_ref().map(|(text, _)| text.as_str()), self.now());
            let condition = match &there {
                None => Some((IF_NONE_MATCH, "*")),
                Some((_, etag)) => etag.as_deref().map(|etag| (IF_MATCH, etag)),
            };
            let headers: Vec<_> = condition.into_iter().collect();
            let answer = self.ask("PUT", &url, &headers, Some((ICALENDAR, text))).await?;
            match answer.status {
                status if status.is_success() => return Ok(Written { id, meeting_url: None }),
                // Servers refuse a second event of one UID with any of these.
                status @ (StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT | StatusCode::FORBIDDEN) => {
                    look = true;
                    if names_precondition(answer, "no-uid-conflict").await? {
                        // Its owner has moved it to another calendar and back, and it has another name since.
                        let elsewhere = self.by_uid(&collection, &own_uid(draft.booking)).await?;
                        id = elsewhere.map_or(id, |(other, _)| other);
                    } else if status != StatusCode::PRECONDITION_FAILED {
                        // A calendar that is gone says so by itself.
                        self.calendar(&collection).await?;
                        return Err(RemoteError::Refused(format!("status {}", status.as_u16())));
                    }
                }
                _ => return Err(self.refusal(&answer)),
            }
        }
        Err(RemoteError::Unavailable("somebody else keeps changing the event".to_owned()))
    }

    async fn read(&self, calendar: &str, id: &str) -> Result<Option<RemoteEvent>, RemoteError> {
        let collection = collection(calendar)?;
        let (object, instance) = object_of(id);
        let mut object =
            (object.to_owned(), self.object(&object_url(&collection, object)?).await?.map(|(text, _)| text));
        // Only a calendar that answers can say that an event is gone.
        let resource = self.calendar(&collection).await?;
        if object.1.is_none()
            && let Some(booking) = booking_in(&object.0)
            && let Some((other, text)) = self.by_uid(&collection, &own_uid(booking)).await?
        {
            object = (other, Some(text));
        }
        let (name, Some(text)) = object else { return Ok(None) };
        if event_of(&text).is_none() {
            return Err(RemoteError::Refused("the event cannot be read".to_owned()));
        }
        let wanted = instance.map_or_else(|| name.clone(), |instance| format!("{name}#{instance}"));
        // Near where the instance was, and then anywhere: it may have been moved far away.
        for window in instance.and_then(around).into_iter().chain([anytime()]) {
            let events = self.events_of(&resource, window, (name.clone(), text.clone())).await?;
            if let Some(event) = events.into_iter().find(|event| event.id == wanted) {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    async fn remove(&self, calendar: &str, id: &str) -> Result<(), RemoteError> {
        let url = object_url(&collection(calendar)?, object_of(id).0)?;
        let answer = self.ask("DELETE", &url, &[(SCHEDULE_REPLY, "F")], None).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(()),
            status if status.is_success() => Ok(()),
            StatusCode::FORBIDDEN => Err(RemoteError::Refused("status 403".to_owned())),
            _ => Err(self.refusal(&answer)),
        }
    }
}

impl Remote for CalDav {
    async fn account(&self) -> Result<Account, RemoteError> {
        in_time(self.discover()).await
    }

    async fn changes(
        &self,
        calendar: &str,
        window: &Range<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> Result<Changes, RemoteError> {
        in_time(self.look(calendar, window, cursor)).await
    }

    async fn put(&self, calendar: &str, draft: &Draft, known: Option<&str>) -> Result<Written, RemoteError> {
        in_time(self.write(calendar, draft, known)).await
    }

    async fn get(&self, calendar: &str, id: &str) -> Result<Option<RemoteEvent>, RemoteError> {
        in_time(self.read(calendar, id)).await
    }

    async fn delete(&self, calendar: &str, id: &str) -> Result<(), RemoteError> {
        in_time(self.remove(calendar, id)).await
    }

    /// CalDAV has no notifications that servers agree on.
    async fn watch(&self, _calendar: &str, _request: &WatchRequest) -> Result<Option<Watch>, RemoteError> {
        Ok(None)
    }

    async fn unwatch(&self, _watch: &Watch) -> Result<(), RemoteError> {
        Ok(())
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T, RemoteError>>) -> Result<T, RemoteError> {
    match tokio::time::timeout(CALL, call).await {
        Ok(result) => result,
        Err(_) => Err(RemoteError::Unavailable("too slow".to_owned())),
    }
}

/// Work that may take a while, off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RemoteError> + Send + 'static,
) -> Result<T, RemoteError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(RemoteError::Unavailable("the work was given up".to_owned())),
    }
}

/// Whether a refusal names this precondition of CalDAV.
async fn names_precondition(answer: Answer, name: &'static str) -> Result<bool, RemoteError> {
    blocking(move || Ok(xml::names_precondition(&answer.text()?, name))).await
}

/// A calendar's URL, which ends in a slash, so that names of objects can be joined to it.
fn collection(calendar: &str) -> Result<Url, RemoteError> {
    let mut url = Url::parse(calendar).map_err(|_| RemoteError::NotFound)?;
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

/// The id of an object: its path, below the calendar where it is there. `None` for the calendar itself.
fn object_id(collection: &Url, href: &str) -> Option<String> {
    let path = normal(collection.join(href).ok()?.path());
    match path.strip_prefix(normal(collection.path()).as_str()) {
        Some("") => None,
        Some(name) => Some(name.to_owned()),
        None => Some(path),
    }
}

/// Where the object of an id is.
fn object_url(collection: &Url, id: &str) -> Result<Url, RemoteError> {
    // A name with a colon in front would be taken for a scheme.
    let relative = if id.starts_with('/') { id.to_owned() } else { format!("./{id}") };
    let url = collection.join(&relative).map_err(|_| RemoteError::NotFound)?;
    if url.origin() == collection.origin() { Ok(url) } else { Err(RemoteError::NotFound) }
}

/// An event's id in two: the object, and which of its instances.
fn object_of(id: &str) -> (&str, Option<&str>) {
    match id.split_once('#') {
        Some((object, instance)) => (object, Some(instance)),
        None => (id, None),
    }
}

/// A path with percent signs only where they are needed (RFC 3986, section 6.2.2): servers write the same one differently.
fn normal(path: &str) -> String {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        normal.push_str(&rest[..at]);
        let Some(byte) = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()) else {
            normal.push('%');
            rest = &rest[at + 1..];
            continue;
        };
        match char::from(byte) {
            plain if plain.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(plain) => normal.push(plain),
            _ => normal.push_str(&format!("%{byte:02X}")),
        }
        rest = &rest[at + 3..];
    }
    normal + rest
}

fn own_id(booking: BookingId) -> String {
    format!("{booking}.ics")
}

fn own_uid(booking: BookingId) -> String {
    format!("{booking}{UID_SUFFIX}")
}

/// The booking whose event was written under this id.
fn booking_in(id: &str) -> Option<BookingId> {
    id.strip_suffix(".ics")?.parse().ok()
}

/// RFC 5545 has properties at the start of a line, where nothing is folded.
fn has_attendees(text: &str) -> bool {
    text.contains("\nATTENDEE")
}

/// Two days on each side of the instance that a key names.
fn around(key: &str) -> Option<Range<DateTime<Utc>>> {
    let at = match ical::Stamp::parse(key)? {
        ical::Stamp::Date(day) => day.and_hms_opt(0, 0, 0)?,
        ical::Stamp::Local(time) | ical::Stamp::Utc(time) => time,
    };
    let (at, days) = (at.and_utc(), TimeDelta::days(2));
    Some(at.checked_sub_signed(days)?..at.checked_add_signed(days)?)
}

/// Any time that a person may have in mind.
fn anytime() -> Range<DateTime<Utc>> {
    let year = |year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single().unwrap_or_default();
    year(1970)..year(2100)
}

/// The zone that a calendar says it is in.
fn timezone_of(zones: &Zones, calendar: &Resource) -> Option<Zone> {
    let by_id = calendar.timezone_id.as_deref().and_then(|id| Zone::named(zones, id));
    by_id.or_else(|| {
        let description = Component::parse(calendar.timezone.as_deref()?)?;
        let id = description.children.iter().find(|child| child.name == "VTIMEZONE")?.value("TZID").to_owned();
        let mut budget = recur::Budget::new(1_000_000);
        ObjectZones::of(zones, &description, &anytime(), &mut budget).get(&id).cloned()
    })
}

/// The event of an object, of a recurring one the series.
fn event_of(text: &str) -> Option<Component> {
    let calendar = Component::parse(text)?;
    let mut events = calendar.children.into_iter().filter(|child| child.name == "VEVENT").collect::<Vec<_>>();
    let at = events.iter().position(|event| event.line("RECURRENCE-ID").is_none())?;
    Some(events.swap_remove(at))
}

/// The object of a draft. Of what is there, all is kept but what the booking decides: alarms, notes, categories, colours,
/// guests. Repetitions are not, and neither are the guests of an invitation that came by mail: it has the same UID, and a
/// server that schedules (RFC 6638) would write to them whenever we write.
fn event_text(draft: &Draft, there: Option<&str>, now: DateTime<Utc>) -> String {
    let mut calendar = there.and_then(Component::parse).filter(|it| it.name == "VCALENDAR").unwrap_or_else(|| {
        let mut calendar = Component { name: "VCALENDAR".to_owned(), ..Component::default() };
        calendar.set("VERSION", "2.0");
        calendar.set("PRODID", "-//Yaksok//Yaksok//EN");
        calendar
    });
    let is_ours = |child: &Component| {
        child.name == "VEVENT" && child.line("RECURRENCE-ID").is_none() && booking_of(child) == Some(draft.booking)
    };
    let mut event = match calendar.children.iter().position(is_ours) {
        Some(at) => calendar.children.remove(at),
        None => Component { name: "VEVENT".to_owned(), ..Component::default() },
    };
    calendar.children.retain(|child| child.name != "VEVENT");
    // Nothing goes out from a calendar; what came as an invitation would be sent again.
    calendar.remove("METHOD");

    if event.line(MARK).is_none() {
        for name in ["ORGANIZER", "ATTENDEE", "REQUEST-STATUS"] {
            event.remove(name);
        }
    }
    for name in ["DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE"] {
        event.remove(name);
    }
    let sequence = event.value("SEQUENCE").parse().unwrap_or(0).max(draft.sequence);
    event.set("UID", &own_uid(draft.booking));
    event.set("DTSTAMP", &utc(now));
    event.set("LAST-MODIFIED", &utc(now));
    event.set("DTSTART", &utc(draft.during.start));
    event.set("DTEND", &utc(draft.during.end));
    event.set("SEQUENCE", &sequence.to_string());
    event.set("STATUS", if draft.tentative { "TENTATIVE" } else { "CONFIRMED" });
    event.set("SUMMARY", &escape(&draft.title));
    event.set("DESCRIPTION", &escape(&draft.description));
    if let Some(location) = &draft.location {
        event.set("LOCATION", &escape(location));
    }
    event.set(MARK, &draft.booking.to_string());
    event.set(REVISION, &draft.revision().to_string());
    calendar.children.push(event);
    calendar.write()
}
