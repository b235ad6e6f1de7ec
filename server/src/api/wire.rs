//! The shapes of answers.

use booking::bookings::{Booked, Made};
use booking::calendar::ConnectionView;
use booking::listing::{Listed, Slots};
use booking::store::{Account, Mentor};
use chrono::{DateTime, FixedOffset, NaiveDate, Offset, SecondsFormat, TimeDelta, Utc};
use scheduling::{OffsetTable, SessionType};
use serde::Serialize;
use serde_json::{Value, json};

/// An instant of RFC 3339. A leap second is the second after it.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    // chrono takes a space between date and time as well.
    let at =
        matches!(text.as_bytes().get(10), Some(b'T' | b't')).then(|| DateTime::parse_from_rfc3339(text).ok())??;
    let nanos = i64::from(at.timestamp_subsec_nanos());
    Some(DateTime::from_timestamp(at.timestamp(), 0)? + TimeDelta::nanoseconds(nanos))
}

/// A date `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    // chrono takes spaces and fewer digits as well.
    let fits = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    let fine = text.len() == 10 && text.bytes().enumerate().all(fits);
    fine.then(|| text.parse().ok()).flatten()
}

/// UTC, to the second.
pub(super) fn utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn with_offset(at: DateTime<Utc>, zone: &OffsetTable) -> String {
    let offset = FixedOffset::east_opt(zone.offset_at(at)).unwrap_or_else(|| Utc.fix());
    at.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Secs, false)
}

pub(super) fn mentor(mentor: &Mentor) -> Value {
    json!({
        "handle": mentor.handle, "name": mentor.name, "headline": mentor.headline, "bio": mentor.bio,
        "photo_url": mentor.photo_url, "timezone": mentor.timezone,
    })
}

pub(super) fn listed(listed: &Listed) -> Value {
    let mut item = mentor(&listed.mentor);
    item["next_free"] = json!(listed.next_free.map(utc));
    item
}

pub(super) fn account(account: &Account) -> Value {
    json!({
        "id": account.id, "handle": account.handle, "name": account.name, "email": account.email,
        "headline": account.headline, "bio": account.bio, "photo_url": account.photo_url, "timezone": account.timezone,
    })
}

pub(super) fn page(items: Vec<Value>, next_cursor: Option<String>) -> Value {
    json!({ "items": items, "next_cursor": next_cursor })
}

/// The answer about slots. Typed, because there may be thousands.
#[derive(Serialize)]
pub(super) struct SlotsAnswer<'a> {
    timezone: &'a str,
    session_type: &'a str,
    days: Vec<SlotsDay>,
}

#[derive(Serialize)]
struct SlotsDay {
    date: NaiveDate,
    slots: Vec<Slot>,
}

#[derive(Serialize)]
struct Slot {
    start: String,
    end: String,
}

pub(super) fn slots(slots: &Slots) -> SlotsAnswer<'_> {
    let length = TimeDelta::minutes(i64::from(slots.session_type.duration_minutes));
    let mut days: Vec<SlotsDay> = Vec::new();
    for start in &slots.starts {
        let date = slots.zone.wall(*start).date();
        let slot = Slot { start: with_offset(*start, &slots.zone), end: with_offset(*start + length, &slots.zone) };
        match days.last_mut() {
            Some(last) if last.date == date => last.slots.push(slot),
            _ => days.push(SlotsDay { date, slots: vec![slot] }),
        }
    }
    SlotsAnswer { timezone: &slots.zone.name, session_type: &slots.session_type.slug, days }
}

/// A booking as it was when it was made, also where this is a repeat and it has changed since.
pub(super) fn made(made: &Made, booked: &Booked, manage_url: String, manage_token: &str) -> Value {
    let mut answer = booking(booked);
    for (member, at_first) in [
        ("status", json!(made.status)),
        ("start", json!(utc(made.start))),
        ("end", json!(utc(made.end))),
        ("mentor", json!(made.mentor)),
        ("session_type", json!(made.session_type)),
        ("sequence", json!(0)),
        ("cancelled_at", Value::Null),
        ("cancelled_by", Value::Null),
        ("reason", Value::Null),
        ("manage_url", json!(manage_url)),
        ("manage_token", json!(manage_token)),
    ] {
        answer[member] = at_first;
    }
    answer
}

pub(super) fn booking(booked: &Booked) -> Value {
    let Booked { booking: b, mentor } = booked;
    json!({
        "id": b.id, "status": b.status, "start": utc(b.start), "end": utc(b.end), "timezone": b.timezone,
        "clock": booking::bookings::clock_of(b),
        "mentor": { "handle": mentor.handle, "name": mentor.name, "timezone": mentor.timezone },
        "session_type": {
            "slug": b.session_slug, "name": b.session_name, "duration_minutes": (b.end - b.start).num_minutes(),
        },
        "name": b.name, "email": b.email, "notes": b.notes, "location": b.location, "sequence": b.sequence,
        "created_at": utc(b.created_at), "cancelled_at": b.cancelled_at.map(utc), "cancelled_by": b.cancelled_by,
        "reason": b.reason, "erased_at": b.erased_at.map(utc),
    })
}

pub(super) fn connection(connection: &ConnectionView) -> Value {
    json!({
        "id": connection.id, "provider": connection.provider, "account": connection.account,
        "status": connection.status, "last_synced_at": connection.last_synced_at.map(utc),
        "error": connection.error.as_deref().map(in_words),
    })
}

/// What the mentor should know about a session type that was saved all the same.
pub(super) fn warnings(session_type: &SessionType, receiving_provider: Option<&str>) -> Value {
    if !booking::schedule::lacks_link(session_type, receiving_provider) {
        return json!([]);
    }
    let message = "No connected calendar makes this meeting link. Connect a calendar of that provider which receives \
                   bookings, or give a link; until then mentees read that you will send it.";
    json!([{ "field": "location", "code": "no_meeting_link", "message": message }])
}

/// Why a connected calendar could not be read, and what to do.
fn in_words(code: &str) -> &'static str {
    match code {
        "grant_refused" => "The permission was withdrawn or has lapsed: connect the calendar again.",
        "throttled" => "The calendar asked us to come back later; we will.",
        "calendar_gone" => "A calendar that was chosen is not there any more: choose another.",
        "refused" => "The calendar refuses what we ask for: connect it again.",
        _ => "The calendar does not answer; we keep trying.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_those_of_rfc_3339() {
        let read = |text| instant(text).map(utc);
        for (text, means) in [
            ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
            ("2026-12-01t09:00:00z", "2026-12-01T09:00:00Z"),
            ("2026-12-01T09:00:00.5+09:00", "2026-12-01T00:00:00Z"),
            ("2026-12-01T09:00:00-00:00", "2026-12-01T09:00:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(means), "{text}");
        }
        for text in [
            "",
            "now",
            "2026-12-01",
            "2026-12-01T09:00:00",
            "2026-12-01 09:00:00Z",
            "2026-12-01T09:00Z",
            "2026-12-01T24:00:00Z",
            "2026-02-30T09:00:00Z",
            "2026-12-01T09:00:00+9:00",
            "2026-12-01T09:00:00+0900",
            "10000-01-01T00:00:00Z",
            "+2026-12-01T09:00:00Z",
            "-001-12-01T09:00:00Z",
            "2026-12-01T09:00:61Z",
            " 2026-12-01T09:00:00Z",
            "1764579600",
            "2026-12-01T09:00:00+24:00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn dates_have_ten_characters() {
        assert_eq!(date("2024-02-29").unwrap().to_string(), "2024-02-29");
        for text in [
            "2026-02-30",
            "2026-2-3",
            "2026- 2- 3",
            "+2026-2-03",
            "20260203",
            "2026-13-01",
            "2026-01-00",
            "２026-01-1",
            "",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
