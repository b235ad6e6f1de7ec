//! Microsoft Graph, version 1.0, as far as a booking system can see it.
//! <https://learn.microsoft.com/graph/api/resources/calendar>, <https://learn.microsoft.com/graph/api/event-delta>

use super::{Channel, Cursor, Moment, NewEvent, Reply, Seen, State, Stored, meets, merge, unknown, window_of};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::ops::Range;

/// What may be written of an event.
const WRITABLE: [&str; 16] = [
    "subject",
    "body",
    "start",
    "end",
    "isAllDay",
    "showAs",
    "location",
    "transactionId",
    "isReminderOn",
    "reminderMinutesBeforeStart",
    "isOnlineMeeting",
    "onlineMeetingProvider",
    "singleValueExtendedProperties",
    "categories",
    "sensitivity",
    "recurrence",
];
const SHOWN: [&str; 6] = ["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"];

pub(super) fn times(start: Moment, end: Moment) -> Value {
    let all_day = matches!(start, Moment::On(_));
    let time = |moment: Moment| json!({ "dateTime": moment.instant().format("%Y-%m-%dT%H:%M:%S.0000000").to_string(), "timeZone": "UTC" });
    json!({ "start": time(start), "end": time(end), "isAllDay": all_day })
}

pub(super) fn body(event: &NewEvent) -> Value {
    json!({
        "subject": event.title,
        "body": { "contentType": "text", "content": "private" },
        "type": "singleInstance",
        "seriesMasterId": null,
        "isCancelled": false,
        "showAs": if event.free { "free" } else { "busy" },
        "responseStatus": { "response": if event.declined { "declined" } else { "organizer" }, "time": "0001-01-01T00:00:00Z" },
        "originalStartTimeZone": "Korea Standard Time",
        "transactionId": null,
        "isOnlineMeeting": false,
        "onlineMeeting": null,
    })
}

pub(super) fn moments(body: &Value) -> Option<(Moment, Moment)> {
    let span = span(body)?;
    let moment =
        |at: DateTime<Utc>| if body["isAllDay"] == true { Moment::On(at.date_naive()) } else { Moment::At(at) };
    Some((moment(span.start), moment(span.end)))
}

fn span(body: &Value) -> Option<Range<DateTime<Utc>>> {
    let at = |time: &Value| -> Option<DateTime<Utc>> {
        let zone = time["timeZone"].as_str()?;
        let at: NaiveDateTime = time["dateTime"].as_str()?.parse().ok()?;
        (zone == "UTC").then(|| at.and_utc())
    };
    Some(at(&body["start"])?..at(&body["end"])?)
}

/// An event as it is told.
fn told(id: &str, event: &Stored) -> Value {
    let mut body = event.body.clone();
    body["id"] = json!(id);
    body["@odata.etag"] = json!(format!("W/\"{}\"", event.changed));
    body
}

/// An event as a delta tells it: of an occurrence only when it is.
fn in_delta(id: &str, event: &Stored) -> Value {
    let mut body = told(id, event);
    if event.body["type"] == "occurrence" {
        let rest = ["id", "type", "seriesMasterId", "start", "end", "@odata.etag"];
        body = selected(&body, &rest);
    }
    // What has to be asked for by `$expand` is never there.
    body.as_object_mut().map(|body| body.remove("singleValueExtendedProperties"));
    body
}

fn removed(id: &str) -> Value {
    json!({ "@odata.type": "#microsoft.graph.event", "id": id, "@removed": { "reason": "deleted" } })
}

fn selected(body: &Value, names: &[&str]) -> Value {
    let members =
        body.as_object().into_iter().flatten().filter(|(name, _)| names.contains(&name.as_str()) || *name == "id");
    Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}

/// What stands between two words.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

impl State {
    pub(super) fn graph(&mut self, path: &[&str], seen: &Seen) -> Result<Reply, Reply> {
        if !self.shown(seen).ok_or_else(|| self.refuse(401, ""))?.contains("Calendars.ReadWrite") {
            return Err(self.refuse(403, "ErrorAccessDenied"));
        }
        // One request without it would bring ids that no other request knows.
        let prefers = |what: &str| seen.header("prefer").split(',').any(|one| one.trim() == what);
        if seen.method != "DELETE" && !(prefers(r#"IdType="ImmutableId""#) && prefers(r#"outlook.timezone="UTC""#)) {
            return Err(self.refuse(400, "ErrorInvalidIdMalformed"));
        }
        if let ["me", "calendars", calendar, ..] = path {
            let Some(role) = self.calendar(calendar).map(|calendar| calendar.role) else {
                return Err(self.refuse(404, ""));
            };
            if role == "reader" && matches!(seen.method.as_str(), "POST" | "PATCH" | "DELETE") {
                return Err(self.refuse(403, "ErrorAccessDenied"));
            }
        }
        match (seen.method.as_str(), path) {
            ("GET", ["me", "calendars"]) => {
                let name = "$skip";
                let skipped = seen.query.get(name).and_then(|n| n.parse().ok()).unwrap_or(0);
                self.parameters(seen, &["$top", name, "$select"])?;
                let all = self.calendars.iter().map(|calendar| {
                    json!({
                        "id": calendar.id, "name": calendar.name, "isDefaultCalendar": calendar.primary,
                        "canEdit": calendar.role != "reader", "owner": { "name": calendar.name, "address": calendar.owner },
                    })
                });
                let mut value: Vec<_> = all.skip(skipped).collect();
                let mut body = json!({});
                if value.len() > self.page {
                    value.truncate(self.page);
                    body["@odata.nextLink"] =
                        json!(format!("{}/me/calendars?$skip={}", self.api(), skipped + self.page));
                }
                body["value"] = json!(value);
                Ok(Reply::ok(body))
            }
            ("GET", ["me", "calendars", calendar]) => {
                self.parameters(seen, &["$select"])?;
                Ok(Reply::ok(json!({ "id": calendar })))
            }
            ("GET", ["me", "calendars", calendar, "calendarView", "delta"]) => self.delta(calendar, seen),
            ("GET", ["me", "calendars", calendar, "calendarView"]) => {
                self.parameters(seen, &["startDateTime", "endDateTime", "$select", "$top", "$skip"])?;
                let window = window_of(seen.query.get("startDateTime"), seen.query.get("endDateTime"));
                let window = window.ok_or_else(|| self.refuse(400, "ErrorInvalidParameter"))?;
                let number = |name: &str| seen.query.get(name).and_then(|n| n.parse::<usize>().ok());
                let (skip, top) = (number("$skip").unwrap_or(0), number("$top").unwrap_or(10).min(self.page));
                let page = self.page;
                let Some(events) = self.calendar(calendar).map(|calendar| &calendar.events) else {
                    return Err(self.refuse(404, ""));
                };
                // A view shows occurrences, with all that they say.
                let there = |event: &Stored| {
                    !event.deleted && !event.master && span(&event.body).is_some_and(|span| meets(&span, &window))
                };
                let all: Vec<_> = events.iter().filter(|(_, event)| there(event)).collect();
                let more = all.len() > skip + top;
                let value: Vec<_> =
                    all.into_iter().skip(skip).take(top).map(|(id, event)| shown(told(id, event), seen)).collect();
                let mut body = json!({ "value": value });
                if more {
                    let window = [window.start, window.end].map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
                    let select = seen.query.get("$select").map(|names| format!("&$select={names}")).unwrap_or_default();
                    body["@odata.nextLink"] = json!(format!(
                        "{}/me/calendars/{calendar}/calendarView?startDateTime={}&endDateTime={}{select}&$top={}&$skip={}",
                        self.api(),
                        window[0],
                        window[1],
                        top.min(page),
                        skip + top
                    ));
                }
                Ok(Reply::ok(body))
            }
            ("GET", ["me", "events", id, "calendar"]) => {
                self.parameters(seen, &["$select"])?;
                let there = |calendar: &&super::Calendar| calendar.events.get(*id).is_some_and(|event| !event.deleted);
                let calendar = self.calendars.iter().find(there).ok_or_else(|| self.refuse(404, ""))?;
                Ok(Reply::ok(json!({ "id": calendar.id })))
            }
            ("GET", ["me", "calendars", calendar, "events"]) => self.search(calendar, seen),
            ("POST", ["me", "calendars", calendar, "events"]) => self.create(calendar, seen),
            ("GET", ["me", "calendars", calendar, "events", id]) => {
                self.parameters(seen, &["$select", "$expand"])?;
                let event = self.outlook(calendar, id)?.clone();
                Ok(Reply::ok(shown(told(id, &event), seen)))
            }
            ("PATCH", ["me", "calendars", calendar, "events", id]) => self.update(calendar, id, seen),
            ("DELETE", ["me", "calendars", calendar, "events", id]) => {
                if self.outlook(calendar, id)?.deleted {
                    return Err(self.refuse(403, "ErrorCannotDeleteObject"));
                }
                self.delete_in(calendar, id);
                Ok(Reply::nothing())
            }
            ("POST", ["subscriptions"]) => self.subscribe(seen),
            ("DELETE", ["subscriptions", id]) => {
                let before = self.channels.len();
                self.channels.retain(|channel| channel.id != *id);
                if self.channels.len() == before {
                    Err(self.refuse(404, "ResourceNotFound"))
                } else {
                    Ok(Reply::nothing())
                }
            }
            _ => Err(self.refuse(404, "ResourceNotFound")),
        }
    }

    /// No parameters but these.
    fn parameters(&self, seen: &Seen, known: &[&str]) -> Result<(), Reply> {
        if seen.query.keys().all(|name| known.contains(&name.as_str())) {
            Ok(())
        } else {
            Err(self.refuse(400, "BadRequest"))
        }
    }

    fn outlook(&mut self, calendar: &str, id: &str) -> Result<&mut Stored, Reply> {
        let (missing, lingering) = (self.refuse(404, ""), self.lingering);
        let event = self.calendar(calendar).and_then(|calendar| calendar.events.get_mut(id));
        event.filter(|event| !event.deleted || lingering).ok_or(missing)
    }

    fn delta(&mut self, calendar: &str, seen: &Seen) -> Result<Reply, Reply> {
        let query = &seen.query;
        let token = query.get("$skiptoken").or(query.get("$deltatoken"));
        let cursor = match token {
            Some(token) => {
                self.parameters(seen, &["$skiptoken", "$deltatoken"])?;
                let known = self.cursors.get(token).filter(|cursor| cursor.calendar == calendar).cloned();
                let cursor = known.ok_or_else(|| self.refuse(410, ""))?;
                match query.contains_key("$skiptoken") {
                    true => cursor,
                    false => Cursor { pending: self.since(calendar, &cursor), version: self.version, ..cursor },
                }
            }
            None => {
                self.parameters(seen, &["startDateTime", "endDateTime"])?;
                let window = window_of(query.get("startDateTime"), query.get("endDateTime"));
                let window = window.ok_or_else(|| self.refuse(400, "ErrorInvalidParameter"))?;
                let (version, parameters, pending) = (self.version, Default::default(), Vec::new());
                let mut cursor = Cursor { calendar: calendar.into(), version, parameters, window, pending };
                cursor.pending = self.all(calendar, &cursor.window);
                cursor
            }
        };
        let most =
            between(&format!("{},", seen.header("prefer")), "odata.maxpagesize=", ",").and_then(|n| n.parse().ok());
        let last = Cursor { pending: Vec::new(), ..cursor.clone() };
        let (value, next) = self.page(cursor, most.unwrap_or(10).min(self.page));
        let (link, kind, token) = match next {
            Some(next) => ("@odata.nextLink", "skip", next),
            None => ("@odata.deltaLink", "delta", self.keep("delta", last)),
        };
        let at = format!("{}/me/calendars/{calendar}/calendarView/delta?${kind}token={token}", self.api());
        Ok(Reply::ok(json!({ "value": value, link: at })))
    }

    /// All there is in a window. A series' master stands before its occurrences, whenever it began.
    fn all(&mut self, calendar: &str, window: &Range<DateTime<Utc>>) -> Vec<Value> {
        let masters = self.masters;
        let Some(calendar) = self.calendar(calendar) else { return Vec::new() };
        let there = |event: &Stored| !event.deleted && span(&event.body).is_some_and(|span| meets(&span, window));
        let series: BTreeSet<_> =
            calendar.events.values().filter(|event| there(event)).filter_map(|event| event.series.clone()).collect();
        let wanted =
            |id: &str, event: &Stored| if event.master { masters && series.contains(id) } else { there(event) };
        calendar.events.iter().filter(|(id, event)| wanted(id, event)).map(|(id, event)| in_delta(id, event)).collect()
    }

    /// What changed: of a series all that is left, and nothing of what is not.
    fn since(&mut self, calendar: &str, cursor: &Cursor) -> Vec<Value> {
        let all = self.all(calendar, &cursor.window);
        let Some(calendar) = self.calendar(calendar) else { return Vec::new() };
        let changed = |event: &Stored| event.changed > cursor.version;
        let series: BTreeSet<_> =
            calendar.events.values().filter(|event| changed(event)).filter_map(|event| event.series.clone()).collect();
        let named = |event: &Value, name: &str| event[name].as_str().is_some_and(|id| series.contains(id));
        // What changed and is not in view any more, a series as a whole.
        let singles = calendar.events.iter().filter(|(_, event)| changed(event) && event.series.is_none());
        let gone: BTreeSet<_> = singles.map(|(id, _)| id).chain(&series).collect();
        let mut told: Vec<_> =
            gone.into_iter().filter(|id| !all.iter().any(|event| event["id"] == **id)).map(|id| removed(id)).collect();
        told.extend(all.into_iter().filter(|event| {
            let single = event["id"].as_str().and_then(|id| calendar.events.get(id)).is_some_and(changed);
            single || named(event, "id") || named(event, "seriesMasterId")
        }));
        told
    }

    /// Events that carry an extended property with a value.
    fn search(&mut self, calendar: &str, seen: &Seen) -> Result<Reply, Reply> {
        self.parameters(seen, &["$filter", "$select", "$expand", "$top"])?;
        let filter = seen.query.get("$filter").map(String::as_str).unwrap_or_default();
        let property = between(filter, "singleValueExtendedProperties/Any(ep: ep/id eq '", "'");
        let value = between(filter, "and ep/value eq '", "')");
        let (Some(property), Some(value)) = (property, value) else {
            return Err(self.refuse(400, "ErrorInvalidUrlQueryFilter"));
        };
        let wanted = json!({ "id": property, "value": value });
        let has = |event: &Stored| {
            let properties = event.body["singleValueExtendedProperties"].as_array();
            properties.is_some_and(|properties| properties.contains(&wanted))
        };
        let events = self.calendar(calendar).map(|calendar| {
            // Single events and series, no occurrences.
            let listed = |event: &Stored| !event.deleted && event.series.is_none() && has(event);
            let found = calendar.events.iter().filter(|(_, event)| listed(event));
            found.map(|(id, event)| shown(told(id, event), seen)).collect::<Vec<_>>()
        });
        Ok(Reply::ok(json!({ "value": events })))
    }

    /// What is written, if it can be; with a link, if one was asked for.
    fn composed(&mut self, seen: &Seen, before: &Value) -> Result<Value, Reply> {
        self.parameters(seen, &[])?;
        let mut body = seen.body.clone();
        let words = body["showAs"].as_str().is_none_or(|word| SHOWN.contains(&word));
        let ours = body["singleValueExtendedProperties"].as_array().is_none_or(|properties| {
            let typed = |id: &str| id.starts_with("String {") && id.contains("} Name ");
            properties
                .iter()
                .all(|property| property["id"].as_str().is_some_and(typed) && property["value"].is_string())
        });
        if unknown(&body, &WRITABLE) || !words || !ours {
            return Err(self.refuse(400, "RequestBodyRead"));
        }
        let online = body["isOnlineMeeting"] == true;
        if online && (body["onlineMeetingProvider"] != "teamsForBusiness" || !self.meetings) {
            return Err(self.refuse(400, "ErrorInvalidRequest"));
        }
        if online && before["onlineMeeting"].is_null() {
            body["onlineMeeting"] =
                json!({ "joinUrl": format!("https://teams.microsoft.com/l/meetup-join/{}", self.next("")) });
        }
        // Without the text in which the way in stands, the meeting is over.
        if before["isOnlineMeeting"] == true && body["body"].is_object() {
            merge(&mut body, &json!({ "isOnlineMeeting": false, "onlineMeeting": false }));
        }
        let mut whole = before.clone();
        merge(&mut whole, &body);
        if span(&whole).is_none_or(|span| span.start > span.end) {
            return Err(self.refuse(400, "ErrorPropertyValidationFailure"));
        }
        Ok(whole)
    }

    fn create(&mut self, calendar: &str, seen: &Seen) -> Result<Reply, Reply> {
        let transaction = seen.text("transactionId").to_owned();
        let known = self.calendar(calendar).and_then(|calendar| calendar.transactions.get(&transaction).cloned());
        if let Some(id) = known {
            let refused = self.refuse(409, "ErrorDuplicateTransactionId");
            let event = self.outlook(calendar, &id).ok().filter(|event| !event.deleted).ok_or(refused)?.clone();
            return Ok(Reply::created(told(&id, &event)));
        }
        let when = Moment::On(chrono::NaiveDate::MIN);
        let fresh = NewEvent {
            calendar: None,
            title: String::new(),
            start: when,
            end: when,
            free: false,
            declined: false,
            weekly: None,
            event_type: None,
        };
        let body = self.composed(seen, &body(&fresh))?;
        let id = self.next("AAMkEvent");
        let changed = self.touch();
        let event = Stored { changed, deleted: false, purged: false, master: false, weeks: 0, series: None, body };
        let answer = shown(told(&id, &event), seen);
        if let Some(calendar) = self.calendar(calendar) {
            calendar.transactions.insert(transaction, id.clone());
            calendar.events.insert(id, event);
        }
        Ok(Reply::created(answer))
    }

    fn update(&mut self, calendar: &str, id: &str, seen: &Seen) -> Result<Reply, Reply> {
        let now = self.outlook(calendar, id)?.clone();
        let expected = seen.header("if-match");
        if !expected.is_empty() && expected != "*" && expected != format!("W/\"{}\"", now.changed) {
            return Err(self.refuse(412, ""));
        }
        let mut body = self.composed(seen, &now.body)?;
        if self.stubborn {
            body["recurrence"] = now.body["recurrence"].clone();
        }
        let changed = self.touch();
        let event = self.outlook(calendar, id)?;
        *event = Stored { changed, body, ..now };
        if event.master {
            self.spread(calendar, id);
        }
        let event = self.outlook(calendar, id)?;
        Ok(Reply::ok(shown(told(id, event), seen)))
    }

    /// <https://learn.microsoft.com/graph/api/subscription-post-subscriptions>
    fn subscribe(&mut self, seen: &Seen) -> Result<Reply, Reply> {
        let known = [
            "changeType",
            "notificationUrl",
            "lifecycleNotificationUrl",
            "resource",
            "expirationDateTime",
            "clientState",
        ];
        let kinds = seen.text("changeType").split(',').all(|kind| matches!(kind, "created" | "updated" | "deleted"));
        let until = DateTime::parse_from_rfc3339(seen.text("expirationDateTime")).map(|at| at.to_utc());
        let soon =
            |until: DateTime<Utc>| self.now.is_none_or(|now| until > now && until - now <= TimeDelta::minutes(10_080));
        let calendar = between(seen.text("resource"), "/me/calendars/", "/events").unwrap_or_default().to_owned();
        let fine =
            !unknown(&seen.body, &known) && kinds && until.is_ok_and(soon) && seen.text("clientState").len() <= 128;
        if !fine || self.calendar(&calendar).is_none() {
            return Err(self.refuse(400, "ExtensionError"));
        }
        let id = self.next("subscription-");
        let mut reply = seen.body.clone();
        reply["id"] = json!(id);
        self.channels.push(Channel {
            id,
            resource: seen.text("resource").into(),
            url: seen.text("notificationUrl").into(),
            secret: seen.text("clientState").into(),
            messages: 0,
            expires: seen.text("expirationDateTime").into(),
        });
        Ok(Reply::created(reply))
    }
}

/// As `$select` and `$expand` ask.
fn shown(mut body: Value, seen: &Seen) -> Value {
    let properties = body.as_object_mut().and_then(|body| body.remove("singleValueExtendedProperties"));
    if let Some(select) = seen.query.get("$select") {
        body = selected(&body, &select.split(',').collect::<Vec<_>>());
    }
    let expand = seen.query.get("$expand").map(String::as_str).unwrap_or_default();
    if let (Some(properties), Some(ids)) =
        (properties, between(expand, "singleValueExtendedProperties($filter=id eq '", "')"))
    {
        let ids: Vec<_> = ids.split("' or id eq '").collect();
        let named = |property: &&Value| property["id"].as_str().is_some_and(|id| ids.contains(&id));
        let wanted = properties.as_array().into_iter().flatten().filter(named);
        body["singleValueExtendedProperties"] = wanted.cloned().collect();
    }
    body
}
