//! Google Calendar, API version 3. <https://developers.google.com/workspace/calendar/api/v3/reference>

use crate::http::{Answer, Http, below};
use crate::remote::{
    Account, Change, Changes, Draft, Meeting, Remote, RemoteCalendar, RemoteError, RemoteEvent, Revision, Watch,
    WatchRequest, When, Written,
};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use reqwest::{Method, RequestBuilder};
use scheduling::BookingId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;
use std::ops::Range;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The private extended property that marks our events.
const MARK: &str = "yaksokBooking";
/// The one that says what they were written as.
const REVISION: &str = "yaksokRevision";
/// What is read of an event, so that nothing else of people's lives comes here.
const EVENT: &str = "id,status,start,end,transparency,eventType,recurrence,recurringEventId,attendees(self,responseStatus),extendedProperties/private";
/// More pages than any calendar has: a provider that answers in circles is out of order.
const MOST_PAGES: usize = 200;
/// How often a write is tried again because the event was changed in between.
const TRIES: usize = 3;

/// An account at Google.
pub struct Google {
    http: Http,
    api: String,
    token: Zeroizing<String>,
}

impl fmt::Debug for Google {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Google").field("api", &self.api).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    #[serde(default = "Vec::new")]
    items: Vec<T>,
    next_page_token: Option<String>,
    next_sync_token: Option<String>,
    time_zone: Option<String>,
    summary: Option<String>,
    access_role: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    #[serde(default)]
    summary: String,
    summary_override: Option<String>,
    time_zone: Option<String>,
    #[serde(default)]
    primary: bool,
    access_role: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    id: String,
    #[serde(default)]
    status: String,
    start: Option<Time>,
    end: Option<Time>,
    transparency: Option<String>,
    event_type: Option<String>,
    #[serde(default)]
    recurrence: Vec<String>,
    recurring_event_id: Option<String>,
    etag: Option<String>,
    #[serde(default)]
    attendees: Vec<Attendee>,
    #[serde(default)]
    extended_properties: Properties,
    hangout_link: Option<String>,
    conference_data: Option<Conference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Time {
    date: Option<NaiveDate>,
    date_time: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attendee {
    #[serde(default, rename = "self")]
    this: bool,
    response_status: Option<String>,
}

#[derive(Default, Deserialize)]
struct Properties {
    #[serde(default)]
    private: std::collections::HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conference {
    #[serde(default)]
    entry_points: Vec<EntryPoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryPoint {
    entry_point_type: Option<String>,
    uri: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Channel {
    id: String,
    resource_id: Option<String>,
    /// Milliseconds since 1970, as text.
    expiration: Option<String>,
}

impl Event {
    fn cancelled(&self) -> bool {
        self.status == "cancelled"
    }

    fn booking(&self) -> Option<BookingId> {
        let marked = self.extended_properties.private.get(MARK).and_then(|id| id.parse().ok());
        // Of an instance that was deleted hardly more is told than which series it was of.
        marked.or_else(|| booking_of(&self.id)).or_else(|| booking_of(self.recurring_event_id.as_deref()?))
    }

    fn busy(&self) -> bool {
        let declined = |guest: &Attendee| guest.this && guest.response_status.as_deref() == Some("declined");
        !self.cancelled()
            && self.transparency.as_deref() != Some("transparent")
            && self.event_type.as_deref() != Some("workingLocation")
            && !self.attendees.iter().any(declined)
    }

    fn when(&self, timezone: Option<&str>) -> Option<When> {
        let (start, end) = (self.start.as_ref()?, self.end.as_ref()?);
        match (start.date_time, end.date_time, start.date, end.date) {
            (Some(start), Some(end), ..) => Some(When::Timed(start..end.max(start))),
            (_, _, Some(first), Some(after)) => {
                Some(When::AllDay { first, after, timezone: timezone.map(str::to_owned) })
            }
            _ => None,
        }
    }

    fn read(&self, timezone: Option<&str>) -> Option<RemoteEvent> {
        let when = self.when(timezone)?;
        let revision = self.extended_properties.private.get(REVISION).and_then(|mark| Revision::parse(mark));
        let booking = self.booking();
        let own_id = self.recurring_event_id.as_deref().unwrap_or(&self.id);
        Some(RemoteEvent {
            id: self.id.clone(),
            when,
            busy: self.busy(),
            booking,
            revision,
            // A client may name an event as it likes: the mark has to agree.
            original: booking.is_some() && booking_of(own_id) == booking,
            recurring: !self.recurrence.is_empty(),
            series: self.recurring_event_id.clone(),
        })
    }

    /// What it means to who watches a window. Sync tokens do not promise to stay inside it.
    fn change(&self, timezone: Option<&str>, window: &Range<DateTime<Utc>>) -> Change {
        let present = self.read(timezone).filter(|event| !self.cancelled() && event.when.meets(window));
        present.map_or_else(|| Change::Gone { id: self.id.clone(), booking: self.booking() }, Change::Present)
    }

    fn meeting_url(&self) -> Option<String> {
        let video = |entry: &&EntryPoint| entry.entry_point_type.as_deref() == Some("video");
        let conference = || self.conference_data.as_ref()?.entry_points.iter().find(video)?.uri.clone();
        self.hangout_link.clone().or_else(conference)
    }
}

/// An id that Google takes (base32hex: `a` to `v` and digits) and that says whose it is. `again` tells a second try from
/// the first, where the first id is burnt.
fn event_id(booking: BookingId, again: Option<i32>) -> String {
    let again = again.map(|sequence| format!("r{sequence}")).unwrap_or_default();
    format!("b{}{again}", booking.0.simple())
}

/// The booking of such an id.
fn booking_of(id: &str) -> Option<BookingId> {
    let rest = id.strip_prefix('b')?;
    let (hex, again) = rest.split_at_checked(32)?;
    let again = again.is_empty() || again.strip_prefix('r').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    Uuid::try_parse(hex).ok().filter(|_| again).map(BookingId)
}

/// What has to be said whenever an event is written; whatever else the mentor has put into it stays.
fn body(draft: &Draft) -> Value {
    // The null takes back an all-day date.
    let time = |at: DateTime<Utc>| json!({ "dateTime": at.to_rfc3339_opts(SecondsFormat::Secs, true), "date": null });
    let mut body = json!({
        "summary": draft.title,
        "description": draft.description,
        "start": time(draft.during.start),
        "end": time(draft.during.end),
        "status": if draft.tentative { "tentative" } else { "confirmed" },
        "extendedProperties": { "private": {
            MARK: draft.booking.to_string(),
            REVISION: draft.revision().to_string(),
        } },
    });
    if let Some(location) = &draft.location {
        body["location"] = json!(location);
    }
    body
}

/// Asks for a link. Asked twice under one name, Google makes one.
fn conference(draft: &Draft) -> Value {
    json!({ "createRequest": {
        "requestId": format!("{}-{}", draft.booking, draft.sequence),
        "conferenceSolutionKey": { "type": "hangoutsMeet" },
    } })
}

impl Google {
    /// The account whose access token this is. `api_url` ends in `/calendar/v3`.
    pub fn new(http: Http, api_url: impl Into<String>, access_token: Zeroizing<String>) -> Self {
        Self { http, api: api_url.into(), token: access_token }
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, RemoteError> {
        Ok(self.http.request(method, below(&self.api, path)?).bearer_auth(&*self.token))
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Answer, RemoteError> {
        self.http.send(request).await
    }

    fn write(&self, method: Method, path: &[&str], draft: &Draft, body: &Value) -> Result<RequestBuilder, RemoteError> {
        let mut request = self.request(method, path)?.query(&[("sendUpdates", "none")]).json(body);
        if draft.meeting == Some(Meeting::Meet) {
            request = request.query(&[("conferenceDataVersion", "1")]);
        }
        Ok(request)
    }

    async fn insert(&self, calendar: &str, draft: &Draft, id: &str) -> Result<Option<Written>, RemoteError> {
        let mut body = body(draft);
        for end in ["start", "end"] {
            body[end].as_object_mut().map(|time| time.remove("date"));
        }
        body["id"] = json!(id);
        body["transparency"] = json!("opaque");
        body["reminders"] = json!({ "useDefault": true });
        if draft.meeting == Some(Meeting::Meet) {
            body["conferenceData"] = conference(draft);
        }
        let answer = self.ask(self.write(Method::POST, &["calendars", calendar, "events"], draft, &body)?).await?;
        if answer.status == http::StatusCode::CONFLICT {
            return Ok(None);
        }
        answer.json().map(|event: Event| Some(told(&event)))
    }

    /// Changes an event that is there; `None` where it was deleted. The condition keeps it from coming back by its status, and
    /// the owner's own change from being lost.
    /// <https://developers.google.com/workspace/calendar/api/guides/version-resources>
    async fn change(&self, calendar: &str, draft: &Draft, id: &str) -> Result<Option<Written>, RemoteError> {
        for _ in 0..TRIES {
            let query = [("fields", "id,status,etag,recurrence")];
            let request = self.request(Method::GET, &["calendars", calendar, "events", id])?.query(&query);
            let now: Event = match self.ask(request).await?.json() {
                // Whether it is the event or the calendar that is not there, only the calendar can say.
                Err(RemoteError::NotFound | RemoteError::CursorGone) => {
                    return self.peek(calendar).await.map(|_| None);
                }
                event => event?,
            };
            if now.cancelled() {
                return Ok(None);
            }
            match self.patch(calendar, draft, id, Some(&now)).await {
                Ok(None) => {}
                written => return written,
            }
        }
        Err(RemoteError::Unavailable("the event keeps being changed".into()))
    }

    /// `None`: there is nothing to change, or it is not as it was any more. A deleted event comes back by its status.
    async fn patch(
        &self,
        calendar: &str,
        draft: &Draft,
        id: &str,
        now: Option<&Event>,
    ) -> Result<Option<Written>, RemoteError> {
        let path = ["calendars", calendar, "events", id];
        let mut body = body(draft);
        if now.is_none_or(|now| !now.recurrence.is_empty()) {
            // A booking is one event: what repeats it is taken away, and its instances with it.
            body["recurrence"] = Value::Null;
        }
        let mut request = self.write(Method::PATCH, &path, draft, &body)?;
        if let Some(etag) = now.and_then(|now| now.etag.as_deref()) {
            request = request.header(http::header::IF_MATCH, etag);
        }
        let answer = self.ask(request).await?;
        if answer.status == http::StatusCode::PRECONDITION_FAILED {
            return Ok(None);
        }
        let mut event: Event = match answer.json() {
            Err(RemoteError::NotFound | RemoteError::CursorGone) => return Ok(None),
            event => event?,
        };
        if !event.recurrence.is_empty() {
            return Err(RemoteError::Refused("the event stays a series".into()));
        }
        // Only where there is none of any kind: the mentor may have put their own there.
        let bare = event.conference_data.is_none() && event.hangout_link.is_none();
        if bare && draft.meeting == Some(Meeting::Meet) {
            let body = json!({ "conferenceData": conference(draft) });
            event = self.ask(self.write(Method::PATCH, &path, draft, &body)?).await?.json()?;
        }
        Ok(Some(told(&event)))
    }

    /// The first events of a calendar, to see that it is there.
    async fn peek(&self, calendar: &str) -> Result<Page<serde::de::IgnoredAny>, RemoteError> {
        let query = [("maxResults", "1"), ("fields", "summary,timeZone,accessRole")];
        self.ask(self.request(Method::GET, &["calendars", calendar, "events"])?.query(&query)).await?.json()
    }

    /// The account without its list: an account that may not list its calendars still has a primary one.
    async fn primary_only(&self) -> Result<Account, RemoteError> {
        let page = self.peek("primary").await?;
        let role = page.access_role.as_deref().unwrap_or(OWNER);
        let name = page.summary.unwrap_or_default();
        let primary = RemoteCalendar {
            id: "primary".into(),
            name: name.clone(),
            timezone: page.time_zone,
            primary: true,
            owned: role == OWNER,
            writable: writable(role),
        };
        Ok(Account { name, calendars: vec![primary] })
    }

    async fn written(&self, calendar: &str, draft: &Draft, known: Option<&str>) -> Result<Written, RemoteError> {
        if let Some(known) = known {
            return self.change(calendar, draft, known).await?.ok_or(RemoteError::EventGone);
        }
        // The second id is for when the first is used up, and what had it is gone for good.
        for id in [event_id(draft.booking, None), event_id(draft.booking, Some(draft.sequence))] {
            if let Some(written) = self.insert(calendar, draft, &id).await? {
                return Ok(written);
            }
            if let Some(written) = self.change(calendar, draft, &id).await? {
                return Ok(written);
            }
            if let Some(written) = self.patch(calendar, draft, &id, None).await? {
                return Ok(written);
            }
        }
        Err(RemoteError::Refused("409 duplicate".into()))
    }
}

fn told(event: &Event) -> Written {
    Written { id: event.id.clone(), meeting_url: event.meeting_url() }
}

/// The role in the primary calendar, whether it is told or not.
const OWNER: &str = "owner";

fn writable(role: &str) -> bool {
    matches!(role, OWNER | "writer")
}

impl Remote for Google {
    async fn account(&self) -> Result<Account, RemoteError> {
        let mut listed = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut request =
                self.request(Method::GET, &["users", "me", "calendarList"])?.query(&[("maxResults", "250")]);
            if let Some(token) = &token {
                request = request.query(&[("pageToken", token)]);
            }
            let page: Page<Listed> = match self.ask(request).await?.json() {
                Err(RemoteError::Refused(_) | RemoteError::NotFound) => return self.primary_only().await,
                page => page?,
            };
            listed.extend(page.items);
            token = page.next_page_token;
            if token.is_none() {
                break;
            }
        }
        listed.sort_by_key(|calendar| !calendar.primary);
        // The primary calendar's id is the account's address.
        let name = listed.first().filter(|first| first.primary).map(|first| first.id.clone()).unwrap_or_default();
        let calendars = listed.into_iter().map(|calendar| {
            let role = calendar.access_role.as_deref().unwrap_or(if calendar.primary { OWNER } else { "" });
            RemoteCalendar {
                name: calendar.summary_override.unwrap_or(calendar.summary),
                timezone: calendar.time_zone,
                primary: calendar.primary,
                owned: role == OWNER,
                writable: writable(role),
                id: calendar.id,
            }
        });
        Ok(Account { name, calendars: calendars.collect() })
    }

    async fn changes(
        &self,
        calendar: &str,
        window: &Range<DateTime<Utc>>,
        cursor: Option<&str>,
    ) -> Result<Changes, RemoteError> {
        let fields = format!("nextPageToken,nextSyncToken,timeZone,items({EVENT})");
        let (from, to) = (
            window.start.to_rfc3339_opts(SecondsFormat::Secs, true),
            window.end.to_rfc3339_opts(SecondsFormat::Secs, true),
        );
        // A sync token wants all the rest to stay as it was, and does not go with the window.
        let mut query = vec![
            ("singleEvents", "true"),
            ("showDeleted", "true"),
            ("maxResults", "2500"),
            ("maxAttendees", "1"),
            ("fields", &fields),
        ];
        match cursor {
            Some(cursor) => query.push(("syncToken", cursor)),
            None => query.extend([("timeMin", from.as_str()), ("timeMax", &to)]),
        }
        let mut changes = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut request = self.request(Method::GET, &["calendars", calendar, "events"])?.query(&query);
            if let Some(token) = &token {
                request = request.query(&[("pageToken", token)]);
            }
            let page: Page<Event> = self.ask(request).await?.json()?;
            changes.extend(page.items.iter().map(|event| event.change(page.time_zone.as_deref(), window)));
            token = page.next_page_token;
            if token.is_none() {
                return Ok(Changes { changes, cursor: page.next_sync_token, complete: cursor.is_none() });
            }
        }
        Err(RemoteError::Unavailable("an answer does not end".into()))
    }

    async fn put(&self, calendar: &str, draft: &Draft, known: Option<&str>) -> Result<Written, RemoteError> {
        match self.written(calendar, draft, known).await {
            // An account without Meet still gets its event.
            Err(RemoteError::Refused(_)) if draft.meeting.is_some() => {
                self.written(calendar, &Draft { meeting: None, ..draft.clone() }, known).await
            }
            written => written,
        }
    }

    async fn get(&self, calendar: &str, id: &str) -> Result<Option<RemoteEvent>, RemoteError> {
        let request = self.request(Method::GET, &["calendars", calendar, "events", id])?.query(&[("fields", EVENT)]);
        let event: Event = match self.ask(request).await?.json() {
            // Whether it is the event or the calendar that is not there, only the calendar can say.
            Err(RemoteError::NotFound) => return self.peek(calendar).await.map(|_| None),
            event => event?,
        };
        if event.cancelled() {
            return Ok(None);
        }
        // A single event does not say the calendar's zone.
        let all_day = event.start.as_ref().is_some_and(|start| start.date.is_some());
        let timezone = if all_day { self.peek(calendar).await?.time_zone } else { None };
        event.read(timezone.as_deref()).map(Some).ok_or_else(|| RemoteError::Unavailable("an answer is broken".into()))
    }

    async fn delete(&self, calendar: &str, id: &str) -> Result<(), RemoteError> {
        let request =
            self.request(Method::DELETE, &["calendars", calendar, "events", id])?.query(&[("sendUpdates", "none")]);
        match self.ask(request).await?.done() {
            Err(RemoteError::NotFound | RemoteError::CursorGone) => Ok(()),
            done => done,
        }
    }

    async fn watch(&self, calendar: &str, request: &WatchRequest) -> Result<Option<Watch>, RemoteError> {
        let body = json!({
            "id": request.id,
            "type": "web_hook",
            "address": request.url,
            "token": request.secret,
            "expiration": request.until.timestamp_millis().to_string(),
        });
        let answer =
            self.ask(self.request(Method::POST, &["calendars", calendar, "events", "watch"])?.json(&body)).await?;
        // Holidays and the like.
        if answer.code() == "pushNotSupportedForRequestedResource" {
            return Ok(None);
        }
        let channel: Channel = answer.json()?;
        let told = channel.expiration.and_then(|at| DateTime::from_timestamp_millis(at.parse().ok()?));
        Ok(Some(Watch { id: channel.id, resource: channel.resource_id, expires_at: told.unwrap_or(request.until) }))
    }

    async fn unwatch(&self, watch: &Watch) -> Result<(), RemoteError> {
        let body = json!({ "id": watch.id, "resourceId": watch.resource });
        match self.ask(self.request(Method::POST, &["channels", "stop"])?.json(&body)).await?.done() {
            Err(RemoteError::NotFound) => Ok(()),
            done => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_googles_alphabet_and_lead_back() {
        let booking = BookingId("0193f00d-0000-7000-8000-00000000cafe".parse().unwrap());
        for id in [event_id(booking, None), event_id(booking, Some(12))] {
            assert!(id.bytes().all(|b| matches!(b, b'a'..=b'v' | b'0'..=b'9')), "{id}");
            assert_eq!(booking_of(&id), Some(booking));
        }
        for other in ["", "b", "bé", "b0193", &format!("{}x", event_id(booking, None)), "standup"] {
            assert_eq!(booking_of(other), None, "{other}");
        }
    }
}
