//! Outlook, through Microsoft Graph, version 1.0. <https://learn.microsoft.com/graph/api/resources/calendar>

use crate::caldav::Zone;
use crate::http::{Answer, Http, below, endpoint};
use crate::remote::{
    Account, Change, Changes, Draft, Meeting, Remote, RemoteCalendar, RemoteError, RemoteEvent, Revision, Watch,
    WatchRequest, When, Written,
};
use crate::windows_zones;
use chrono::{DateTime, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};
use reqwest::{Method, RequestBuilder, Url};
use scheduling::BookingId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;
use zeroize::Zeroizing;
use zones::Zones;

/// The extended property that marks our events, and can be searched by.
const MARK: &str = "String {5c1f6f0e-6d0b-4d7a-9a53-3f0c8f0b7a21} Name yaksokBooking";
/// The one that says what they were written as.
const REVISION: &str = "String {5c1f6f0e-6d0b-4d7a-9a53-3f0c8f0b7a21} Name yaksokRevision";
/// Ids that stay when an event moves between folders, times in UTC, texts as text, pages that fit into memory.
const PREFER: &str =
    r#"IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text", odata.maxpagesize=50"#;
/// What is read of a single event. A delta cannot be told.
const EVENT: &str =
    "id,type,seriesMasterId,isCancelled,isAllDay,showAs,responseStatus,start,end,originalStartTimeZone,transactionId";
/// More pages than any calendar has: a provider that answers in circles is out of order.
const MOST_PAGES: usize = 400;
/// So many series of which only the occurrences are told are asked for one by one; where there are more, the occurrences are
/// read with all that they say, page by page.
const FEW_MASTERS: usize = 10;
/// A subscription to events lives 10,080 minutes at most; an hour for clocks that differ.
/// <https://learn.microsoft.com/graph/api/resources/subscription#subscription-lifetime>
const LONGEST_WATCH: TimeDelta = TimeDelta::minutes(10_080 - 60);

/// An account at Microsoft.
pub struct Microsoft {
    http: Http,
    api: String,
    token: Zeroizing<String>,
    zones: Zones,
}

impl fmt::Debug for Microsoft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Microsoft").field("api", &self.api).finish_non_exhaustive()
    }
}

/// Where to look next time, and which series there were: that one of them is removed is said of the series only.
#[derive(Serialize, Deserialize)]
struct Cursor {
    link: String,
    series: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    delta: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    is_default_calendar: bool,
    can_edit: Option<bool>,
    #[serde(default)]
    owner: Owner,
}

#[derive(Default, Deserialize)]
struct Owner {
    name: Option<String>,
    address: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    id: String,
    #[serde(rename = "@removed")]
    removed: Option<serde::de::IgnoredAny>,
    #[serde(rename = "type")]
    kind: Option<String>,
    series_master_id: Option<String>,
    is_cancelled: Option<bool>,
    is_all_day: Option<bool>,
    show_as: Option<String>,
    response_status: Option<Response>,
    start: Option<Time>,
    end: Option<Time>,
    original_start_time_zone: Option<String>,
    transaction_id: Option<String>,
    is_online_meeting: Option<bool>,
    online_meeting: Option<OnlineMeeting>,
    #[serde(default)]
    single_value_extended_properties: Vec<Property>,
}

#[derive(Deserialize)]
struct Response {
    response: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Time {
    date_time: NaiveDateTime,
    time_zone: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnlineMeeting {
    join_url: Option<String>,
}

#[derive(Deserialize)]
struct Property {
    id: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    id: String,
    expiration_date_time: DateTime<Utc>,
}

impl Time {
    /// The instant. Everything is asked for in UTC; what comes in another zone all the same is read by its rules, because
    /// a time that is not understood would be free.
    fn instant(&self, zones: &Zones) -> Option<DateTime<Utc>> {
        match windows_zones::iana(&self.time_zone).unwrap_or(&self.time_zone) {
            "UTC" | "Etc/UTC" => Some(self.date_time.and_utc()),
            name => Zone::named(zones, name)?.to_utc(self.date_time),
        }
    }
}

impl Event {
    fn is_master(&self) -> bool {
        self.kind.as_deref() == Some("seriesMaster")
    }

    fn cancelled(&self) -> bool {
        self.is_cancelled == Some(true)
    }

    fn booking(&self) -> Option<BookingId> {
        self.property(MARK).and_then(|mark| mark.parse().ok()).or_else(|| self.transaction())
    }

    /// The booking whose event was made in this transaction.
    fn transaction(&self) -> Option<BookingId> {
        self.transaction_id.as_deref()?.split('.').next()?.parse().ok()
    }

    fn property(&self, id: &str) -> Option<&str> {
        let property = self.single_value_extended_properties.iter().find(|property| property.id == id)?;
        Some(&property.value)
    }

    fn when(&self, zones: &Zones, master: Option<&Self>) -> Option<When> {
        let (from, to) = (self.start.as_ref()?, self.end.as_ref()?);
        let all_day = self.is_all_day.or(master.and_then(|master| master.is_all_day)) == Some(true);
        if all_day && from.date_time.time() == NaiveTime::MIN && to.date_time.time() == NaiveTime::MIN {
            let zone = |event: &Self| {
                event.original_start_time_zone.as_deref().and_then(windows_zones::iana).map(str::to_owned)
            };
            let timezone = zone(self).or_else(|| master.and_then(zone));
            return Some(When::AllDay { first: from.date_time.date(), after: to.date_time.date(), timezone });
        }
        let (start, end) = (from.instant(zones)?, to.instant(zones)?);
        Some(When::Timed(start..end.max(start)))
    }

    /// What an occurrence does not say, its master says; what nobody says is busy.
    fn busy(&self, master: Option<&Self>) -> bool {
        let told = if self.show_as.is_none() { master.unwrap_or(self) } else { self };
        let declined =
            told.response_status.as_ref().is_some_and(|status| status.response.as_deref() == Some("declined"));
        !self.cancelled() && !told.cancelled() && told.show_as.as_deref() != Some("free") && !declined
    }

    fn read(&self, zones: &Zones, master: Option<&Self>) -> Option<RemoteEvent> {
        let when = self.when(zones, master)?;
        let revision = self.property(REVISION).and_then(Revision::parse);
        let told = master.unwrap_or(self);
        Some(RemoteEvent {
            id: self.id.clone(),
            when,
            busy: self.busy(master),
            booking: self.booking().or_else(|| told.booking()),
            revision,
            // A copy has no transaction of ours.
            original: told.transaction().is_some(),
            recurring: self.is_master(),
            series: self.series_master_id.clone(),
        })
    }

    fn change(&self, zones: &Zones, masters: &HashMap<&str, &Self>) -> Option<Change> {
        let gone = || Some(Change::Gone { id: self.id.clone(), booking: self.booking() });
        if self.removed.is_some() || self.cancelled() {
            return gone();
        }
        // A master stands for its occurrences, which are told besides.
        let master = self.series_master_id.as_deref().and_then(|id| masters.get(id).copied());
        if self.is_master() { None } else { self.read(zones, master).map(Change::Present).or_else(gone) }
    }
}

fn written(event: Event) -> Written {
    Written { id: event.id, meeting_url: event.online_meeting.and_then(|meeting| meeting.join_url) }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What has to be said whenever an event is written; whatever else the mentor has put into it stays.
fn body(draft: &Draft) -> Value {
    let time = |at: DateTime<Utc>| json!({ "dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC" });
    let mut body = json!({
        "subject": draft.title,
        "body": { "contentType": "text", "content": draft.description },
        "start": time(draft.during.start),
        "end": time(draft.during.end),
        "isAllDay": false,
        "showAs": if draft.tentative { "tentative" } else { "busy" },
        "singleValueExtendedProperties": [
            { "id": MARK, "value": draft.booking.to_string() },
            { "id": REVISION, "value": draft.revision().to_string() },
        ],
    });
    if let Some(location) = &draft.location {
        body["location"] = json!({ "displayName": location });
    }
    body
}

/// Asks for a Teams link.
fn meet(body: &mut Value) {
    body["isOnlineMeeting"] = json!(true);
    body["onlineMeetingProvider"] = json!("teamsForBusiness");
}

/// The provider does not know where we were (<https://learn.microsoft.com/graph/delta-query-overview>).
fn lost(answer: &Answer) -> bool {
    let code = answer.code().to_ascii_lowercase();
    !answer.status.is_success() && (code.starts_with("syncstate") || code.starts_with("resync"))
}

impl Microsoft {
    /// The account whose access token this is. `api_url` ends in `/v1.0`.
    pub fn new(http: Http, api_url: impl Into<String>, access_token: Zeroizing<String>, zones: Zones) -> Self {
        Self { http, api: api_url.into(), token: access_token, zones }
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, RemoteError> {
        Ok(self.at(method, below(&self.api, path)?))
    }

    fn at(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url).bearer_auth(&*self.token).header("prefer", PREFER)
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Answer, RemoteError> {
        self.http.send(request).await
    }

    /// A link that was answered, if it leads to where we show our token anyway.
    fn follow(&self, link: &str) -> Result<RequestBuilder, RemoteError> {
        let url = endpoint(link)?;
        if url.origin() == endpoint(&self.api)?.origin() {
            Ok(self.at(Method::GET, url))
        } else {
            Err(RemoteError::Refused("a link leads elsewhere".into()))
        }
    }

    /// All pages, and the link to what comes after them.
    async fn pages<T: DeserializeOwned>(
        &self,
        mut request: RequestBuilder,
    ) -> Result<(Vec<T>, Option<String>), RemoteError> {
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.ask(request).await?;
            if lost(&answer) {
                return Err(RemoteError::CursorGone);
            }
            let page: Page<T> = answer.json()?;
            all.extend(page.value);
            match page.next {
                Some(next) => request = self.follow(&next)?,
                None => return Ok((all, page.delta)),
            }
        }
        Err(RemoteError::Unavailable("an answer does not end".into()))
    }

    async fn full(&self, calendar: &str, window: &Range<DateTime<Utc>>) -> Result<Changes, RemoteError> {
        let request = self
            .request(Method::GET, &["me", "calendars", calendar, "calendarView", "delta"])?
            .query(&[("startDateTime", instant(window.start)), ("endDateTime", instant(window.end))]);
        let (mut events, link) = self.pages::<Event>(request).await?;
        let series: BTreeSet<_> = events
            .iter()
            .filter_map(|event| if event.is_master() { Some(&event.id) } else { event.series_master_id.as_ref() })
            .cloned()
            .collect();
        events.extend(self.masters(calendar, window, &events).await?);
        let masters = events.iter().filter(|event| event.is_master()).map(|event| (event.id.as_str(), event)).collect();
        let changes = events.iter().filter_map(|event| event.change(&self.zones, &masters)).collect();
        let cursor = link.and_then(|link| serde_json::to_string(&Cursor { link, series }).ok());
        Ok(Changes { changes, cursor, complete: true })
    }

    /// The masters that occurrences need and that were not told with them.
    async fn masters(
        &self,
        calendar: &str,
        window: &Range<DateTime<Utc>>,
        events: &[Event],
    ) -> Result<Vec<Event>, RemoteError> {
        let needed =
            events.iter().filter(|event| event.show_as.is_none()).filter_map(|event| event.series_master_id.as_deref());
        let mut missing: BTreeSet<_> = needed.filter(|id| !events.iter().any(|event| event.id == *id)).collect();
        let mut masters = Vec::new();
        if missing.len() > FEW_MASTERS {
            for occurrence in self.view(calendar, window).await? {
                // Any occurrence says of its series what the series says; an exception speaks for itself.
                if let Some(id) = occurrence.series_master_id.clone().filter(|id| missing.remove(id.as_str())) {
                    masters.push(Event { id, kind: Some("seriesMaster".into()), ..occurrence });
                }
            }
        }
        // All of whose occurrences in the window are exceptions, or that are few.
        for id in missing {
            match self.event(calendar, id, "").await {
                Err(RemoteError::NotFound) => {}
                master => masters.push(Event { kind: Some("seriesMaster".into()), ..master? }),
            }
        }
        Ok(masters)
    }

    /// Occurrences in a window that are as their series is, with all that they say.
    async fn view(&self, calendar: &str, window: &Range<DateTime<Utc>>) -> Result<Vec<Event>, RemoteError> {
        let query = [
            ("startDateTime", instant(window.start)),
            ("endDateTime", instant(window.end)),
            ("$select", EVENT.into()),
            ("$top", "100".into()),
        ];
        let request = self.request(Method::GET, &["me", "calendars", calendar, "calendarView"])?.query(&query);
        let (events, _) = self.pages::<Event>(request).await?;
        Ok(events.into_iter().filter(|event| event.kind.as_deref() == Some("occurrence")).collect())
    }

    async fn event(&self, calendar: &str, id: &str, also: &str) -> Result<Event, RemoteError> {
        let query = [
            ("$select", format!("{EVENT}{also}")),
            ("$expand", format!("singleValueExtendedProperties($filter=id eq '{MARK}' or id eq '{REVISION}')")),
        ];
        self.ask(self.request(Method::GET, &["me", "calendars", calendar, "events", id])?.query(&query)).await?.json()
    }

    /// The event, if it is in this calendar. An immutable id may lead to what was deleted as well, for as long as it lies in
    /// some folder, so the calendar has to list it too.
    /// <https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3047>
    async fn there(&self, calendar: &str, id: &str, also: &str) -> Result<Option<Event>, RemoteError> {
        let event = match self.event(calendar, id, also).await {
            // Whether it is the event or the calendar that is not there, only the calendar can say.
            Err(RemoteError::NotFound) => {
                let request = self.request(Method::GET, &["me", "calendars", calendar])?.query(&[("$select", "id")]);
                return self.ask(request).await?.done().map(|()| None);
            }
            event => event?,
        };
        if event.cancelled() {
            return Ok(None);
        }
        match self.lists(calendar, &event).await {
            Ok(false) => {}
            // Where that cannot be asked, the event's own answer counts.
            Ok(true) | Err(RemoteError::NotFound | RemoteError::Refused(_)) => return Ok(Some(event)),
            Err(error) => return Err(error),
        }
        // A list that leaves something out is no proof. That the event is in no calendar at all is one.
        let request = self.request(Method::GET, &["me", "events", id, "calendar"])?.query(&[("$select", "id")]);
        match self.ask(request).await?.done() {
            Err(RemoteError::NotFound) => Ok(None),
            done => done.and(Err(RemoteError::Unavailable("the calendar contradicts itself".into()))),
        }
    }

    /// Whether the calendar lists the event. A series is in no view of a calendar, which shows its occurrences, but among the
    /// events that carry a mark. <https://learn.microsoft.com/graph/api/user-list-events>
    async fn lists(&self, calendar: &str, event: &Event) -> Result<bool, RemoteError> {
        if event.is_master()
            && let Some(booking) = event.booking()
        {
            let marked = self.marked(calendar, booking).await?;
            return Ok(marked.iter().any(|marked| marked.id == event.id));
        }
        let broken = || RemoteError::Unavailable("an answer is broken".into());
        let at = |time: &Option<Time>| time.as_ref()?.instant(&self.zones);
        let (start, end) = at(&event.start).zip(at(&event.end)).ok_or_else(broken)?;
        let day = TimeDelta::days(1);
        let query = [
            ("startDateTime", instant(start - day)),
            ("endDateTime", instant(end + day)),
            ("$select", "id,seriesMasterId".into()),
            ("$top", "100".into()),
        ];
        let request = self.request(Method::GET, &["me", "calendars", calendar, "calendarView"])?.query(&query);
        let (listed, _) = self.pages::<Event>(request).await?;
        let is_it = |listed: &Event| listed.id == event.id || listed.series_master_id.as_ref() == Some(&event.id);
        Ok(listed.iter().any(is_it))
    }

    /// Single events and series that carry the booking's mark.
    async fn marked(&self, calendar: &str, booking: BookingId) -> Result<Vec<Event>, RemoteError> {
        let filter = format!("singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq '{booking}')");
        let expand = format!("singleValueExtendedProperties($filter=id eq '{MARK}')");
        let query = [("$filter", filter.as_str()), ("$select", EVENT), ("$expand", &expand)];
        let request = self.request(Method::GET, &["me", "calendars", calendar, "events"])?.query(&query);
        Ok(self.pages::<Event>(request).await?.0)
    }

    /// The event that carries the booking's mark: the one that we made, before a copy.
    async fn find(&self, calendar: &str, booking: BookingId) -> Result<Option<String>, RemoteError> {
        let mut events = match self.marked(calendar, booking).await {
            Ok(events) => events,
            // The transaction's id keeps a repeat from making a second one all the same.
            Err(RemoteError::Refused(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        events.sort_by_key(|event| event.transaction().is_none());
        let mut ours = events.into_iter().filter(|event| event.booking() == Some(booking) && !event.cancelled());
        Ok(ours.next().map(|event| event.id))
    }

    /// `None`: there is nothing to change.
    async fn patch(&self, calendar: &str, draft: &Draft, id: &str) -> Result<Option<Written>, RemoteError> {
        let Some(now) = self.there(calendar, id, ",isOnlineMeeting").await? else { return Ok(None) };
        let mut body = body(draft);
        if now.is_online_meeting == Some(true) {
            // The way in stands in the text, and without it Outlook ends the meeting.
            // <https://learn.microsoft.com/graph/outlook-calendar-online-meetings>
            body.as_object_mut().map(|body| body.remove("body"));
        } else if draft.meeting == Some(Meeting::Teams) {
            meet(&mut body);
        }
        if now.is_master() {
            // A booking is one event: what repeats it is taken away, and its occurrences with it.
            body["recurrence"] = Value::Null;
        }
        let request = self.request(Method::PATCH, &["me", "calendars", calendar, "events", id])?.json(&body);
        let event: Event = match self.ask(request).await?.json() {
            Err(RemoteError::NotFound) => return Ok(None),
            event => event?,
        };
        if event.is_master() {
            return self.replace(calendar, draft, id).await.map(Some);
        }
        Ok(Some(written(event)))
    }

    /// The series stays one, whatever is asked of it: a single event takes its place, and only then it goes.
    async fn replace(&self, calendar: &str, draft: &Draft, series: &str) -> Result<Written, RemoteError> {
        let again = format!("{}.{}", draft.booking, draft.sequence);
        let made = match self.create(calendar, draft, &again).await? {
            Some(made) => made,
            None => {
                // Made before, by a write that did not come further.
                let marked = self.marked(calendar, draft.booking).await?;
                let is_it = |event: &Event| event.id != series && event.transaction().is_some() && !event.cancelled();
                let made = marked.into_iter().find(is_it).map(written);
                made.ok_or_else(|| RemoteError::Unavailable("the event stays a series".into()))?
            }
        };
        self.delete(calendar, series).await?;
        Ok(made)
    }

    /// `None`: the transaction is used up.
    async fn create(&self, calendar: &str, draft: &Draft, transaction: &str) -> Result<Option<Written>, RemoteError> {
        let mut body = body(draft);
        body["transactionId"] = json!(transaction);
        body["isReminderOn"] = json!(true);
        if draft.meeting == Some(Meeting::Teams) {
            meet(&mut body);
        }
        let request = self.request(Method::POST, &["me", "calendars", calendar, "events"])?.json(&body);
        let answer = self.ask(request).await?;
        if answer.status == http::StatusCode::CONFLICT {
            return Ok(None);
        }
        answer.json().map(written).map(Some)
    }

    async fn written(&self, calendar: &str, draft: &Draft, known: Option<&str>) -> Result<Written, RemoteError> {
        if let Some(known) = known {
            return self.patch(calendar, draft, known).await?.ok_or(RemoteError::EventGone);
        }
        // A repeat after a lost answer finds what the first try has made.
        if let Some(found) = self.find(calendar, draft.booking).await?
            && let Some(written) = self.patch(calendar, draft, &found).await?
        {
            return Ok(written);
        }
        // A transaction makes one event ever, also when that was deleted since.
        let (first, again) = (draft.booking.to_string(), format!("{}.{}", draft.booking, draft.sequence));
        for transaction in [&first, &again] {
            if let Some(written) = self.create(calendar, draft, transaction).await? {
                return Ok(written);
            }
        }
        Err(RemoteError::Refused("409 duplicate".into()))
    }
}

impl Remote for Microsoft {
    async fn account(&self) -> Result<Account, RemoteError> {
        let request = self.request(Method::GET, &["me", "calendars"])?.query(&[("$top", "100")]);
        let (mut listed, _) = self.pages::<Listed>(request).await?;
        listed.sort_by_key(|calendar| !calendar.is_default_calendar);
        let owner = listed.first().filter(|first| first.is_default_calendar).map(|first| &first.owner);
        let address = owner.and_then(|owner| owner.address.clone());
        let name = address.clone().or_else(|| owner.and_then(|owner| owner.name.clone())).unwrap_or_default();
        let calendars = listed.into_iter().map(|calendar| RemoteCalendar {
            id: calendar.id,
            name: calendar.name,
            timezone: None,
            primary: calendar.is_default_calendar,
            owned: calendar.is_default_calendar || (address.is_some() && calendar.owner.address == address),
            // Into the account's own one everybody may write.
            writable: calendar.can_edit.unwrap_or(calendar.is_default_calendar),
        });
        Ok(Account { name, calendars: calendars.collect() })
    }

    async fn changes(
        &self,
        calendar: &str,
        window: &Range<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> Result<Changes, RemoteError> {
        let Some(cursor) = cursor else { return self.full(calendar, window).await };
        let Cursor { link, series } = serde_json::from_str(cursor).map_err(|_| RemoteError::CursorGone)?;
        let (events, next) = self.pages::<Event>(self.follow(&link)?).await?;
        // Occurrences that a change of their series took away are not told, and a moved one has another id. So a series that
        // changed is read afresh with all the rest. <https://github.com/microsoftgraph/microsoft-graph-docs/pull/4501>
        let of_series =
            |event: &Event| event.is_master() || event.series_master_id.is_some() || series.contains(&event.id);
        if events.iter().any(of_series) {
            return self.full(calendar, window).await;
        }
        let changes = events.iter().filter_map(|event| event.change(&self.zones, &HashMap::new())).collect();
        let cursor = next.and_then(|link| serde_json::to_string(&Cursor { link, series }).ok());
        Ok(Changes { changes, cursor, complete: false })
    }

    async fn put(&self, calendar: &str, draft: &Draft, known: Option<&str>) -> Result<Written, RemoteError> {
        match self.written(calendar, draft, known).await {
            // An account without Teams still gets its event.
            Err(RemoteError::Refused(_)) if draft.meeting.is_some() => {
                self.written(calendar, &Draft { meeting: None, ..draft.clone() }, known).await
            }
            written => written,
        }
    }

    async fn get(&self, calendar: &str, id: &str) -> Result<Option<RemoteEvent>, RemoteError> {
        let Some(event) = self.there(calendar, id, "").await? else { return Ok(None) };
        event.read(&self.zones, None).map(Some).ok_or_else(|| RemoteError::Unavailable("an answer is broken".into()))
    }

    async fn delete(&self, calendar: &str, id: &str) -> Result<(), RemoteError> {
        let answer = self.ask(self.request(Method::DELETE, &["me", "calendars", calendar, "events", id])?).await?;
        match answer.done() {
            Err(RemoteError::NotFound | RemoteError::CursorGone) => Ok(()),
            // So it is said of what was deleted before.
            Err(RemoteError::Refused(_)) if answer.code() == "ErrorCannotDeleteObject" => Ok(()),
            done => done,
        }
    }

    async fn watch(&self, calendar: &str, request: &WatchRequest) -> Result<Option<Watch>, RemoteError> {
        let body = json!({
            "changeType": "created,updated,deleted",
            "notificationUrl": request.url,
            "lifecycleNotificationUrl": request.url,
            "resource": format!("/me/calendars/{calendar}/events"),
            "expirationDateTime": instant(request.until.min(request.now + LONGEST_WATCH)),
            "clientState": request.secret,
        });
        let subscription: Subscription =
            self.ask(self.request(Method::POST, &["subscriptions"])?.json(&body)).await?.json()?;
        Ok(Some(Watch { id: subscription.id, resource: None, expires_at: subscription.expiration_date_time }))
    }

    async fn unwatch(&self, watch: &Watch) -> Result<(), RemoteError> {
        match self.ask(self.request(Method::DELETE, &["subscriptions", &watch.id])?).await?.done() {
            Err(RemoteError::NotFound) => Ok(()),
            done => done,
        }
    }
}
