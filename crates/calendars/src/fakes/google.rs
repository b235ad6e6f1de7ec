//! Google Calendar, API version 3, as far as a booking system can see it.
//! <https://developers.google.com/workspace/calendar/api/v3/reference>

use super::{Channel, Cursor, Moment, NewEvent, Reply, Seen, State, Stored, meets, merge, unknown, window_of};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use std::ops::Range;

/// What may be written of an event.
const WRITABLE: [&str; 15] = [
    "id",
    "summary",
    "description",
    "location",
    "start",
    "end",
    "status",
    "transparency",
    "visibility",
    "reminders",
    "extendedProperties",
    "conferenceData",
    "attendees",
    "colorId",
    "recurrence",
];

pub(super) fn times(start: Moment, end: Moment) -> Value {
    let time = |moment| match moment {
        Moment::At(at) => {
            json!({ "dateTime": DateTime::<Utc>::to_rfc3339_opts(&at, SecondsFormat::Secs, true), "date": null })
        }
        Moment::On(date) => json!({ "date": date, "dateTime": null }),
    };
    json!({ "start": time(start), "end": time(end) })
}

pub(super) fn body(event: &NewEvent) -> Value {
    let mut body = json!({
        "kind": "calendar#event", "status": "confirmed", "summary": event.title, "description": "private",
        "eventType": event.event_type.as_deref().unwrap_or("default"),
    });
    if event.free {
        body["transparency"] = json!("transparent");
    }
    if event.declined {
        body["attendees"] = json!([
            { "email": "somebody@example.com", "organizer": true, "responseStatus": "accepted" },
            { "email": super::ACCOUNT, "self": true, "responseStatus": "declined" },
        ]);
    }
    body
}

pub(super) fn moments(body: &Value) -> Option<(Moment, Moment)> {
    let at = |time: &Value| match time["dateTime"].as_str() {
        Some(at) => DateTime::parse_from_rfc3339(at).ok().map(|at| Moment::At(at.to_utc())),
        None => time["date"].as_str()?.parse::<NaiveDate>().ok().map(Moment::On),
    };
    Some((at(&body["start"])?, at(&body["end"])?))
}

fn span(body: &Value) -> Option<Range<DateTime<Utc>>> {
    moments(body).map(|(start, end)| start.instant()..end.instant())
}

/// Times are one of a date and an instant with its offset, and of one kind.
fn sound(body: &Value) -> bool {
    let one = |time: &Value| time["date"].is_string() != time["dateTime"].is_string();
    let known = |time: &Value| !unknown(time, &["date", "dateTime", "timeZone"]);
    let (start, end) = (&body["start"], &body["end"]);
    one(start)
        && one(end)
        && known(start)
        && known(end)
        && start["date"].is_string() == end["date"].is_string()
        && span(body).is_some_and(|span| span.start <= span.end)
}

/// An event as it is told: of a deleted one hardly anything.
fn told(id: &str, event: &Stored) -> Value {
    let mut body = event.body.clone();
    if event.deleted {
        body = json!({ "kind": "calendar#event", "id": id, "status": "cancelled" });
        if let Some(series) = &event.series {
            body["recurringEventId"] = json!(series);
            body["originalStartTime"] = event.body["originalStartTime"].clone();
        }
    }
    body["etag"] = json!(format!("\"{}\"", event.changed));
    body
}

/// A partial answer: `a,b(c,d),e/f`.
/// <https://developers.google.com/workspace/calendar/api/guides/performance#partial-response>
fn partial(value: &Value, fields: &str) -> Value {
    if let Value::Array(members) = value {
        return members.iter().map(|member| partial(member, fields)).collect();
    }
    let mut depth = 0;
    let top = fields.split(|c: char| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        c == ',' && depth == 0
    });
    let mut part = Map::new();
    for field in top {
        let at = field.find(['(', '/']).unwrap_or(field.len());
        let (name, below) = field.split_at(at);
        if let Some(member) = value.get(name) {
            let below = below.strip_prefix('/').or_else(|| below.strip_prefix('(')?.strip_suffix(')'));
            part.insert(name.into(), below.map_or_else(|| member.clone(), |below| partial(member, below)));
        }
    }
    Value::Object(part)
}

impl State {
    pub(super) fn google(&mut self, path: &[&str], seen: &Seen) -> Result<Reply, Reply> {
        let Some(scopes) = self.shown(seen) else { return Err(self.refuse(401, "")) };
        let listing = path.first() == Some(&"users");
        let scope = if listing { "calendar.calendarlist.readonly" } else { "calendar.events" };
        if !scopes.contains(&format!("https://www.googleapis.com/auth/{scope}")) {
            return Err(self.refuse(403, "insufficientPermissions"));
        }
        let calendar = match path {
            ["calendars", "primary", ..] => self.primary().to_owned(),
            ["calendars", calendar, ..] => (*calendar).to_owned(),
            _ => String::new(),
        };
        if !calendar.is_empty() && self.calendar(&calendar).is_none() {
            return Err(self.refuse(404, ""));
        }
        let writes = matches!(seen.method.as_str(), "POST" | "PATCH" | "DELETE") && path.last() != Some(&"watch");
        if writes && self.calendar(&calendar).is_some_and(|calendar| calendar.role == "reader") {
            return Err(self.refuse(403, "requiredAccessLevel"));
        }
        let reply = match (seen.method.as_str(), path) {
            ("GET", ["users", "me", "calendarList"]) => self.calendar_list(seen)?,
            ("GET", ["calendars", _, "events"]) => self.list(&calendar, seen)?,
            ("POST", ["calendars", _, "events"]) => self.insert(&calendar, seen)?,
            ("POST", ["calendars", _, "events", "watch"]) => self.open(&calendar, seen)?,
            ("GET", ["calendars", _, "events", id]) => {
                self.only(seen, &["fields", "maxAttendees", "timeZone"])?;
                let event = self.event(&calendar, id)?;
                Reply::ok(told(id, event))
            }
            ("PATCH", ["calendars", _, "events", id]) => self.patch(&calendar, id, seen)?,
            ("DELETE", ["calendars", _, "events", id]) => {
                self.only(seen, &["sendUpdates"])?;
                if self.event(&calendar, id)?.deleted {
                    return Err(self.refuse(410, "deleted"));
                }
                self.delete_in(&calendar, id);
                Reply::nothing()
            }
            ("POST", ["channels", "stop"]) => {
                let before = self.channels.len();
                let (id, resource) = (seen.text("id"), seen.text("resourceId"));
                self.channels.retain(|channel| channel.id != id || channel.resource != resource);
                if self.channels.len() == before {
                    return Err(self.refuse(404, ""));
                }
                Reply::nothing()
            }
            _ => return Err(self.refuse(404, "")),
        };
        let fields = seen.query.get("fields");
        Ok(match fields {
            Some(fields) => Reply { body: partial(&reply.body, fields), ..reply },
            None => reply,
        })
    }

    /// No parameters but these.
    fn only(&self, seen: &Seen, known: &[&str]) -> Result<(), Reply> {
        let fine = seen.query.keys().all(|name| known.contains(&name.as_str()));
        let updates =
            seen.query.get("sendUpdates").is_none_or(|to| matches!(to.as_str(), "all" | "externalOnly" | "none"));
        if fine && updates { Ok(()) } else { Err(self.refuse(400, "badRequest")) }
    }

    fn event(&mut self, calendar: &str, id: &str) -> Result<&mut Stored, Reply> {
        let missing = self.refuse(404, "");
        let event = self.calendar(calendar).and_then(|calendar| calendar.events.get_mut(id));
        event.filter(|event| !event.purged).ok_or(missing)
    }

    fn calendar_list(&mut self, seen: &Seen) -> Result<Reply, Reply> {
        self.only(seen, &["maxResults", "pageToken", "minAccessRole", "showHidden", "showDeleted", "fields"])?;
        let cursor = match seen.query.get("pageToken") {
            Some(token) => self.cursors.remove(token).ok_or_else(|| self.refuse(400, "invalid"))?,
            None => {
                let entries = self.calendars.iter().map(|calendar| {
                    let mut entry = json!({
                        "id": calendar.id, "summary": calendar.name, "timeZone": calendar.timezone, "accessRole": calendar.role,
                    });
                    // Where it is not, Google leaves it out.
                    if calendar.primary {
                        entry["primary"] = json!(true);
                    }
                    entry
                });
                let window = DateTime::<Utc>::MIN_UTC..DateTime::<Utc>::MAX_UTC;
                let pending = entries.collect();
                Cursor { calendar: String::new(), version: 0, parameters: Default::default(), window, pending }
            }
        };
        let (items, next) = self.page(cursor, self.page);
        let mut body = json!({ "kind": "calendar#calendarList", "items": items });
        if let Some(next) = next {
            body["nextPageToken"] = json!(next);
        }
        Ok(Reply::ok(body))
    }

    fn list(&mut self, calendar: &str, seen: &Seen) -> Result<Reply, Reply> {
        self.only(
            seen,
            &[
                "singleEvents",
                "showDeleted",
                "maxResults",
                "maxAttendees",
                "fields",
                "timeMin",
                "timeMax",
                "syncToken",
                "pageToken",
            ],
        )?;
        let query = &seen.query;
        let number = |name: &str| {
            query.get(name).map_or(Some(250), |n| n.parse::<usize>().ok()).filter(|n| (1..=2500).contains(n))
        };
        let (Some(most), Some(_)) = (number("maxResults"), number("maxAttendees")) else {
            return Err(self.refuse(400, "invalidParameter"));
        };
        let without = |names: &[&str]| -> std::collections::BTreeMap<_, _> {
            query
                .iter()
                .filter(|(name, _)| !names.contains(&name.as_str()))
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect()
        };
        let whole = without(&["pageToken"]);
        let lasting = without(&["pageToken", "syncToken", "timeMin", "timeMax"]);
        let bounded = query.contains_key("timeMin") || query.contains_key("timeMax");
        if query.contains_key("syncToken") && (bounded || query.get("showDeleted").is_some_and(|show| show == "false"))
        {
            return Err(self.refuse(400, "syncTokenWithNonDefaultOrdering"));
        }
        let cursor = if let Some(token) = query.get("pageToken") {
            let cursor =
                self.cursors.remove(token).filter(|cursor| cursor.parameters == whole && cursor.calendar == calendar);
            cursor.ok_or_else(|| self.refuse(400, "invalid"))?
        } else {
            let since = match query.get("syncToken") {
                // The vendor says "undefined behaviour"; here it is an error.
                Some(token) => match self.cursors.get(token) {
                    None => return Err(self.refuse(410, "")),
                    Some(cursor) if cursor.parameters != lasting || cursor.calendar != calendar => {
                        return Err(self.refuse(400, "invalid"));
                    }
                    Some(cursor) => Some((cursor.version, cursor.window.clone())),
                },
                None => None,
            };
            let window = match &since {
                Some((_, window)) => window.clone(),
                None if bounded => window_of(query.get("timeMin"), query.get("timeMax"))
                    .ok_or_else(|| self.refuse(400, "timeRangeEmpty"))?,
                None => DateTime::<Utc>::MIN_UTC..DateTime::<Utc>::MAX_UTC,
            };
            let flag = |name: &str| query.get(name).is_some_and(|value| value == "true");
            let pending = self.calendar(calendar).map(|calendar| {
                let events =
                    calendar.events.iter().filter(|(_, event)| !event.purged && event.master != flag("singleEvents"));
                let wanted = events.filter(|(_, event)| match &since {
                    Some((version, _)) => event.changed > *version,
                    None => {
                        (flag("showDeleted") || !event.deleted)
                            && span(&event.body).is_some_and(|span| meets(&span, &window))
                    }
                });
                wanted.map(|(id, event)| told(id, event)).collect()
            });
            let (version, calendar) = (self.version, calendar.to_owned());
            Cursor { calendar, version, parameters: whole, window, pending: pending.unwrap_or_default() }
        };
        let last = Cursor { parameters: lasting, pending: Vec::new(), ..cursor.clone() };
        let (mut items, next) = self.page(cursor, most.min(self.page));
        if query.contains_key("maxAttendees") {
            for attendees in items.iter_mut().filter_map(|item| item.get_mut("attendees")?.as_array_mut()) {
                attendees.retain(|attendee| attendee["self"] == true);
            }
        }
        let (name, zone, role) = self
            .calendar(calendar)
            .map(|calendar| (calendar.name.clone(), calendar.timezone, calendar.role))
            .unwrap_or_default();
        let mut body =
            json!({ "kind": "calendar#events", "summary": name, "timeZone": zone, "accessRole": role, "items": items });
        match next {
            Some(next) => body["nextPageToken"] = json!(next),
            None => body["nextSyncToken"] = json!(self.keep("sync", last)),
        }
        Ok(Reply::ok(body))
    }

    /// What is written, if it can be; with a link, if one was asked for.
    fn written(&mut self, seen: &Seen) -> Result<Value, Reply> {
        self.only(seen, &["sendUpdates", "conferenceDataVersion"])?;
        let mut body = seen.body.clone();
        let status =
            body["status"].as_str().is_none_or(|status| matches!(status, "confirmed" | "tentative" | "cancelled"));
        if unknown(&body, &WRITABLE) || !status {
            return Err(self.refuse(400, "invalid"));
        }
        if let Some(conference) = body.as_object_mut().and_then(|body| body.remove("conferenceData")) {
            let request = &conference["createRequest"];
            let versioned = seen.query.get("conferenceDataVersion").is_some_and(|version| version == "1");
            let named = request["requestId"].as_str().is_some_and(|id| !id.is_empty());
            let meet = request["conferenceSolutionKey"]["type"] == "hangoutsMeet";
            if !(versioned && named && meet && self.meetings) {
                return Err(self.refuse(400, "invalid"));
            }
            let link = format!("https://meet.google.com/{}", self.next("abc-"));
            body["hangoutLink"] = json!(link);
            body["conferenceData"] = json!({
                "createRequest": request, "entryPoints": [{ "entryPointType": "video", "uri": link }],
            });
        }
        Ok(body)
    }

    fn insert(&mut self, calendar: &str, seen: &Seen) -> Result<Reply, Reply> {
        let given = seen.body["id"].as_str().map(str::to_owned);
        let id = given.unwrap_or_else(|| self.next("made"));
        let fine = id.bytes().all(|b| matches!(b, b'a'..=b'v' | b'0'..=b'9')) && (5..=1024).contains(&id.len());
        if !fine || !sound(&seen.body) {
            return Err(self.refuse(400, "invalid"));
        }
        if self.calendar(calendar).is_some_and(|calendar| calendar.events.contains_key(&id)) {
            return Err(self.refuse(409, "duplicate"));
        }
        let mut body = self.written(seen)?;
        merge(&mut body, &json!({ "kind": "calendar#event", "id": id, "eventType": "default" }));
        let event = Stored {
            changed: self.touch(),
            deleted: false,
            purged: false,
            master: false,
            weeks: 0,
            series: None,
            body,
        };
        let answer = told(&id, &event);
        if let Some(calendar) = self.calendar(calendar) {
            calendar.events.insert(id, event);
        }
        Ok(Reply::ok(answer))
    }

    fn patch(&mut self, calendar: &str, id: &str, seen: &Seen) -> Result<Reply, Reply> {
        let now = self.event(calendar, id)?.clone();
        let expected = seen.header("if-match");
        if !expected.is_empty() && expected != "*" && expected != format!("\"{}\"", now.changed) {
            return Err(self.refuse(412, ""));
        }
        let change = self.written(seen)?;
        let mut body = now.body;
        merge(&mut body, &change);
        if !sound(&body) {
            return Err(self.refuse(400, "invalid"));
        }
        let changed = self.touch();
        // A status is what brings a deleted event back.
        let deleted = if change["status"].is_string() { change["status"] == "cancelled" } else { now.deleted };
        let event = self.event(calendar, id)?;
        *event = Stored { changed, deleted, body, ..event.clone() };
        if event.master {
            self.spread(calendar, id);
        }
        let event = self.event(calendar, id)?;
        Ok(Reply::ok(told(id, event)))
    }

    fn open(&mut self, calendar: &str, seen: &Seen) -> Result<Reply, Reply> {
        if self.calendar(calendar).is_some_and(|calendar| calendar.role == "reader") {
            return Err(self.refuse(400, "pushNotSupportedForRequestedResource"));
        }
        let (id, expires) = (seen.text("id"), seen.text("expiration"));
        let named =
            !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_+/=".contains(&b));
        let known = !unknown(&seen.body, &["id", "type", "address", "token", "expiration", "params", "payload"]);
        let until = expires.parse::<i64>().is_ok();
        if !(named && known && until && seen.text("type") == "web_hook" && seen.text("token").len() <= 256) {
            return Err(self.refuse(400, "invalid"));
        }
        if self.channels.iter().any(|channel| channel.id == id) {
            return Err(self.refuse(400, "channelIdNotUnique"));
        }
        let resource = self.next("resource");
        let reply = json!({ "kind": "api#channel", "id": id, "resourceId": resource, "expiration": expires });
        self.channels.push(Channel {
            id: id.into(),
            resource,
            url: seen.text("address").into(),
            secret: seen.text("token").into(),
            messages: 0,
            expires: expires.into(),
        });
        Ok(Reply::ok(reply))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_answers() {
        let whole = json!({ "a": 1, "b": [{ "c": 2, "d": { "e": 3, "f": 4 }, "g": 5 }], "h": 6 });
        assert_eq!(partial(&whole, "a,b(c,d/e)"), json!({ "a": 1, "b": [{ "c": 2, "d": { "e": 3 } }] }));
    }
}
