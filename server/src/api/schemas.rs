//! The shapes of requests and answers, as JSON Schema. `required` keeps the order in which people read the members.

use scheduling::rules::{MAX_NAME, MAX_TEXT, MAX_URL};
use serde_json::{Map, Value, json};

type Members = Vec<(&'static str, Value)>;

/// Where an object that need not be whole keeps the order of its members.
pub(super) const ORDER: &str = "x-order";

/// Every schema by its name, in the order in which they are told.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    vec![
        ("MentorPage", page("Mentor")),
        ("Mentor", listed()),
        ("MentorProfile", object(joined(profile(), vec![("session_types", list(of("SessionType")))]))),
        ("NewMentor", lenient(new_mentor(), &["headline", "bio", "photo_url"])),
        ("CreatedMentor", created_mentor()),
        (
            "LoginLink",
            object(vec![
                ("url", url("https://book.example.com/enter?token=ysl_…")),
                ("expires_at", instant("2026-11-22T09:15:00Z")),
            ]),
        ),
        ("Slots", slots()),
        ("Availability", availability()),
        ("SessionTypes", list(of("SessionType"))),
        ("SessionType", session_type()),
        ("SessionTypeInput", without(session_type(), "slug")),
        ("SavedSessionType", saved_session_type()),
        ("NewHold", object(new_hold())),
        (
            "Hold",
            object(vec![
                ("id", about(id(), "Whoever shows it may book the start.")),
                ("expires_at", instant("2026-11-22T09:05:00Z")),
            ]),
        ),
        ("NewBooking", lenient(new_booking(), &["notes", "hold", "clock", "outside_hours"])),
        ("MadeBooking", object(joined(booking(), manage()))),
        ("BookingPage", page("Booking")),
        ("Booking", object(booking())),
        (
            "NewStart",
            lenient(
                object(vec![("start", instant("2026-12-02T00:00:00Z")), ("outside_hours", outside_hours())]),
                &["outside_hours"],
            ),
        ),
        ("Reason", lenient(object(vec![("reason", or_null(long_text("I am ill.")))]), &["reason"])),
        ("Connections", list(of("Connection"))),
        ("Connection", object(connection())),
        ("NewCaldav", object(new_caldav())),
        ("Readiness", readiness()),
        ("Problem", problem()),
    ]
}

fn joined(mut first: Members, second: Members) -> Members {
    first.extend(second);
    first
}

fn object(members: Members) -> Value {
    let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> = members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

/// The object as it is asked for: some members, named with the way to them, may be left out.
fn lenient(mut object: Value, optional: &[&str]) -> Value {
    for way in optional {
        let mut at = &mut object;
        let mut names: Vec<&str> = way.split('.').collect();
        let last = names.pop();
        for name in names {
            at = &mut at["properties"][name];
            if at.get("items").is_some() {
                at = &mut at["items"];
            }
        }
        if at.get(ORDER).is_none() {
            at[ORDER] = at["required"].clone();
        }
        if let Some(required) = at["required"].as_array_mut() {
            required.retain(|name| name.as_str() != last);
        }
    }
    object
}

fn without(object: Value, name: &str) -> Value {
    let mut object = lenient(object, &[name]);
    if let Some(properties) = object["properties"].as_object_mut() {
        properties.remove(name);
    }
    object
}

/// The schema with more members.
fn with(mut schema: Value, more: Value) -> Value {
    if let (Value::Object(members), Value::Object(more)) = (&mut schema, more) {
        members.extend(more);
    }
    schema
}

fn about(schema: Value, description: &str) -> Value {
    with(schema, json!({ "description": description }))
}

fn or_null(mut schema: Value) -> Value {
    schema["type"] = json!([schema["type"], "null"]);
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
    schema
}

/// Null in the example.
fn mostly_null(schema: Value) -> Value {
    with(or_null(schema), json!({ "examples": [null] }))
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn at_most(list: Value, entries: u32) -> Value {
    with(list, json!({ "maxItems": entries }))
}

fn text(example: &str) -> Value {
    json!({ "type": "string", "examples": [example] })
}

fn words(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

fn flag(example: bool) -> Value {
    json!({ "type": "boolean", "examples": [example] })
}

pub(super) fn whole(from: u64, to: u64, example: u64) -> Value {
    json!({ "type": "integer", "minimum": from, "maximum": to, "examples": [example] })
}

fn format(format: &str, example: &str) -> Value {
    with(text(example), json!({ "format": format }))
}

pub(super) fn instant(example: &str) -> Value {
    format("date-time", example)
}

pub(super) fn date(example: &str) -> Value {
    format("date", example)
}

fn id() -> Value {
    format("uuid", "0193a5f2-7c1e-7b3a-9d54-2f0c8e6b1a77")
}

fn url(example: &str) -> Value {
    with(format("uri", example), json!({ "maxLength": MAX_URL }))
}

fn email(example: &str) -> Value {
    with(format("idn-email", example), json!({ "maxLength": 254 }))
}

fn pattern(pattern: &str, example: &str) -> Value {
    with(text(example), json!({ "pattern": pattern }))
}

fn handle() -> Value {
    pattern("^[a-z][a-z0-9-]{2,39}$", "kim-mentor")
}

pub(super) fn slug() -> Value {
    pattern("^[a-z0-9][a-z0-9-]{0,39}$", "session")
}

fn clock_time(example: &str) -> Value {
    about(pattern("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", example), "HH:MM.")
}

fn name(example: &str) -> Value {
    with(text(example), json!({ "minLength": 1, "maxLength": MAX_NAME }))
}

fn long_text(example: &str) -> Value {
    with(text(example), json!({ "maxLength": MAX_TEXT }))
}

pub(super) fn zone(example: &str) -> Value {
    about(text(example), "A zone or link name of the IANA database; letter case matters.")
}

pub(super) fn status() -> Value {
    words(&["pending", "confirmed", "declined", "cancelled"])
}

fn page(of_what: &str) -> Value {
    object(vec![
        ("items", list(of(of_what))),
        ("next_cursor", about(mostly_null(json!({ "type": "string" })), "For the next page; null on the last.")),
    ])
}

fn profile() -> Members {
    vec![
        ("handle", handle()),
        ("name", name("김멘토")),
        ("headline", or_null(name("Product design"))),
        ("bio", or_null(long_text("Twelve years of designing products."))),
        ("photo_url", or_null(url("https://example.com/kim.jpg"))),
        ("timezone", zone("Asia/Seoul")),
    ]
}

fn listed() -> Value {
    let next_free =
        about(or_null(instant("2026-11-30T00:00:00Z")), "The first start that can be booked; null: there is none.");
    object(joined(profile(), vec![("next_free", next_free)]))
}

fn new_mentor() -> Value {
    let mut members = profile();
    members.insert(2, ("email", email("kim@example.com")));
    object(members)
}

fn created_mentor() -> Value {
    let mut members = profile();
    members.insert(0, ("id", id()));
    members.insert(3, ("email", email("kim@example.com")));
    members.push(("api_key", about(text("ysk_…"), "Shown this once.")));
    object(members)
}

fn slots() -> Value {
    let slot =
        object(vec![("start", instant("2026-11-30T19:00:00-05:00")), ("end", instant("2026-11-30T19:30:00-05:00"))]);
    let day = object(vec![("date", date("2026-11-30")), ("slots", list(slot))]);
    object(vec![("timezone", zone("America/New_York")), ("session_type", slug()), ("days", list(day))])
}

fn window() -> Members {
    vec![
        ("start_time", clock_time("09:00")),
        ("end_time", about(clock_time("12:00"), "HH:MM, after the start; 24:00 ends a day.")),
    ]
}

fn availability() -> Value {
    let day = about(whole(0, 6, 1), "0 is Sunday, 6 is Saturday.");
    let weekly = list(object(joined(vec![("day_of_week", day)], window())));
    let other = list(object(vec![("date", date("2026-12-24")), ("windows", at_most(list(object(window())), 100))]));
    let blocked = list(object(vec![
        ("starts_on", date("2026-12-28")),
        ("ends_on", date("2027-01-03")),
        ("note", about(or_null(long_text("New Year")), "The mentor's own; nobody else sees it.")),
    ]));
    object(vec![
        ("timezone", about(zone("Asia/Seoul"), "The mentor's zone, in which all of this is written.")),
        ("weekly", at_most(weekly, 500)),
        ("overrides", about(at_most(other, 1000), "Other hours for one date; no windows closes the day.")),
        ("blocked", about(at_most(blocked, 1000), "Dates without hours, both ends included.")),
    ])
}

fn location() -> Value {
    or_null(object(vec![
        ("kind", words(&["link", "phone", "in_person", "meet", "teams"])),
        ("value", about(text("https://example.com/room"), "Link, number or address; may be empty for meet and teams.")),
    ]))
}

/// With what the mentor should know about it.
fn saved_session_type() -> Value {
    let warning = object(vec![
        ("field", text("location")),
        ("code", words(&["no_meeting_link"])),
        ("message", text("No connected calendar makes this meeting link.")),
    ]);
    let mut saved = session_type();
    saved["properties"]["warnings"] = list(warning);
    if let Some(required) = saved["required"].as_array_mut() {
        required.push("warnings".into());
    }
    saved
}

fn session_type() -> Value {
    let price = or_null(object(vec![
        ("amount", about(whole(0, 1_000_000_000_000, 3000), "In minor units (cents).")),
        ("currency", pattern("^[A-Z]{3}$", "USD")),
    ]));
    object(vec![
        ("slug", slug()),
        ("name", name("Session")),
        ("description", or_null(long_text("Half an hour on whatever you bring."))),
        ("duration_minutes", whole(5, 1440, 30)),
        ("start_interval_minutes", about(whole(5, 1440, 30), "The distance of starts.")),
        ("buffer_before_minutes", whole(0, 1440, 0)),
        ("buffer_after_minutes", whole(0, 1440, 15)),
        ("minimum_notice_minutes", whole(0, 525_600, 0)),
        ("horizon_days", whole(1, 730, 60)),
        ("daily_limit", about(or_null(whole(1, 1000, 4)), "Null: no limit.")),
        ("requires_approval", flag(false)),
        ("cancel_notice_minutes", whole(0, 525_600, 0)),
        ("price", price),
        ("location", location()),
        ("active", about(flag(true), "Whether visitors are offered it.")),
    ])
}

fn new_booking() -> Value {
    object(vec![
        ("mentor", handle()),
        ("session_type", slug()),
        ("start", about(instant("2026-12-01T00:00:00Z"), "One of the free times.")),
        ("name", name("Ada")),
        ("email", email("ada@example.com")),
        ("timezone", zone("America/New_York")),
        ("notes", or_null(long_text("About my portfolio."))),
        ("hold", about(mostly_null(id()), "The id of a hold of this start, if there is one.")),
        (
            "clock",
            about(
                or_null(words(&["12h", "24h"])),
                "How the mentee's mails count hours; left out: as is usual in the region that Accept-Language names.",
            ),
        ),
        ("outside_hours", outside_hours()),
    ])
}

fn outside_hours() -> Value {
    about(flag(false), "The mentor chooses a start that is not among the free times.")
}

fn new_hold() -> Members {
    vec![
        ("mentor", handle()),
        ("session_type", slug()),
        ("start", about(instant("2026-12-01T00:00:00Z"), "One of the free times.")),
    ]
}

fn booking() -> Members {
    let mentor = object(vec![("handle", handle()), ("name", name("김멘토")), ("timezone", zone("Asia/Seoul"))]);
    let session_type =
        object(vec![("slug", slug()), ("name", name("Session")), ("duration_minutes", whole(5, 1440, 30))]);
    let sequence = json!({ "type": "integer", "minimum": 0, "examples": [0] });
    vec![
        ("id", id()),
        ("status", with(status(), json!({ "examples": ["confirmed"] }))),
        ("start", instant("2026-12-01T00:00:00Z")),
        ("end", instant("2026-12-01T00:30:00Z")),
        ("timezone", about(zone("America/New_York"), "The mentee's; UTC once their details were erased.")),
        ("clock", about(words(&["12h", "24h"]), "How the mentee counts hours.")),
        ("mentor", mentor),
        ("session_type", session_type),
        ("name", about(with(text("Ada"), json!({ "maxLength": MAX_NAME })), "Empty once the details were erased.")),
        (
            "email",
            about(with(text("ada@example.com"), json!({ "maxLength": 254 })), "Empty once the details were erased."),
        ),
        ("notes", or_null(long_text("About my portfolio."))),
        ("location", location()),
        ("sequence", about(sequence, "One more at every change, as in the invite.")),
        ("created_at", instant("2026-11-22T09:00:00Z")),
        ("cancelled_at", mostly_null(instant(""))),
        ("cancelled_by", mostly_null(words(&["mentee", "mentor", "calendar", "expiry"]))),
        ("reason", mostly_null(json!({ "type": "string" }))),
        (
            "erased_at",
            about(
                mostly_null(instant("")),
                "When the mentee's details were erased; then nobody can change it any more.",
            ),
        ),
    ]
}

fn manage() -> Members {
    vec![
        ("manage_url", about(url("https://book.example.com/b/ysm_…"), "The booking's own page, for the mentee.")),
        ("manage_token", text("ysm_…")),
    ]
}

fn connection() -> Members {
    vec![
        ("id", id()),
        ("provider", words(&["google", "microsoft", "caldav"])),
        ("account", about(text("kim@example.com"), "By what the mentor knows it.")),
        (
            "status",
            about(
                words(&["active", "expired", "error"]),
                "`expired`: the mentor must connect it again; its last known busy time keeps blocking. `error`: it could \
                 not be read several times in a row; we keep trying.",
            ),
        ),
        ("last_synced_at", or_null(instant("2026-11-22T09:00:00Z"))),
        ("error", mostly_null(json!({ "type": "string" }))),
    ]
}

fn new_caldav() -> Members {
    vec![
        ("url", about(url("https://caldav.example.com/"), "The server, an account's address there, or one calendar.")),
        ("username", text("kim@example.com")),
        ("password", about(text("app password"), "Kept encrypted, and shown by no answer.")),
    ]
}

fn readiness() -> Value {
    let count = |example: u64| json!({ "type": "integer", "minimum": 0, "examples": [example] });
    object(vec![
        ("status", words(&["ready", "not ready"])),
        ("database", text("ok")),
        ("migrations", words(&["ok", "missing", "not known"])),
        ("time_zones", time_zones()),
        ("jobs", object(vec![("status", text("ok")), ("waiting", count(0)), ("given_up", count(0))])),
        (
            "mail",
            object(vec![
                ("status", words(&["ok", "failing"])),
                ("reason", or_null(text("the mail server refused STARTTLS"))),
            ]),
        ),
        ("calendars", object(vec![("lagging", count(0))])),
        (
            "proxy",
            object(vec![
                ("status", words(&["ok", "check"])),
                (
                    "findings",
                    about(
                        json!({ "type": "array", "items": { "type": "string", "examples": ["hops_unset"] } }),
                        "Settings that do not fit the requests of the last minutes; docs/operations.md lists them.",
                    ),
                ),
            ]),
        ),
    ])
}

fn time_zones() -> Value {
    object(vec![
        ("version", text("2026f")),
        ("source", words(&["compiled in", "host"])),
        ("released", or_null(format("date", "2026-10-27"))),
        ("stale", about(flag(false), "Over six months old.")),
        ("warning", about(or_null(text("over six months old")), "Null where there is nothing to do.")),
    ])
}

fn problem() -> Value {
    let error = object(vec![
        ("field", about(text("weekly[0].day_of_week"), "Its name, with the way to it.")),
        ("code", text("out_of_range")),
        ("message", text("Choose a day from 0 to 6.")),
    ]);
    object(vec![
        ("type", format("uri-reference", "/api/docs#invalid_request")),
        ("title", text("Unprocessable Entity")),
        ("status", whole(400, 599, 422)),
        ("code", text("invalid_request")),
        ("detail", text("Choose a day from 0 to 6.")),
        ("errors", list(error)),
    ])
}
