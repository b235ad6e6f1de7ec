//! The shapes of answers.

use booking::bookings::{Booked, Made};
use booking::listing::Slots;
use booking::store::{Account, Mentor};
use chrono::{DateTime, FixedOffset, NaiveDate, Offset, SecondsFormat, TimeDelta, TimeZone, Utc};
use scheduling::OffsetTable;
use serde_json::{Value, json};

/// An RFC 3339 instant with an offset.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

/// A date `YYYY-MM-DD`, of four digits.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let fine = text.len() == 10 && text.as_bytes()[0].is_ascii_digit();
    fine.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// UTC, to the second.
pub(super) fn utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn with_offset(at: DateTime<Utc>, zone: &OffsetTable) -> String {
    let offset: FixedOffset = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    at.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Secs, false)
}

pub(super) fn mentor(mentor: &Mentor) -> Value {
    json!({
        "handle": mentor.handle, "name": mentor.name, "headline": mentor.headline, "bio": mentor.bio,
        "photo_url": mentor.photo_url, "timezone": mentor.timezone,
    })
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

pub(super) fn slots(slots: &Slots) -> Value {
    let length = TimeDelta::minutes(i64::from(slots.session_type.duration_minutes));
    let mut days: Vec<(NaiveDate, Vec<Value>)> = Vec::new();
    for start in &slots.starts {
        let date = slots.zone.wall(*start).date();
        let slot = json!({ "start": with_offset(*start, &slots.zone), "end": with_offset(*start + length, &slots.zone) });
        match days.last_mut() {
            Some((last, of_day)) if *last == date => of_day.push(slot),
            _ => days.push((date, vec![slot])),
        }
    }
    let days: Vec<Value> = days.into_iter().map(|(date, slots)| json!({ "date": date, "slots": slots })).collect();
    json!({ "timezone": slots.zone.name, "session_type": slots.session_type.slug, "days": days })
}

pub(super) fn made(made: &Made, manage_url: String, manage_token: &str) -> Value {
    json!({
        "id": made.id, "status": made.status, "start": utc(made.start), "end": utc(made.end), "timezone": made.timezone,
        "mentor": made.mentor, "session_type": made.session_type,
        "manage_url": manage_url, "manage_token": manage_token,
    })
}

pub(super) fn booking(booked: &Booked) -> Value {
    let Booked { booking: b, mentor } = booked;
    json!({
        "id": b.id, "status": b.status, "start": utc(b.start), "end": utc(b.end), "timezone": b.timezone,
        "mentor": { "handle": mentor.handle, "name": mentor.name, "timezone": mentor.timezone },
        "session_type": {
            "slug": b.session_slug, "name": b.session_name, "duration_minutes": (b.end - b.start).num_minutes(),
        },
        "name": b.name, "email": b.email, "notes": b.notes, "location": b.location, "sequence": b.sequence,
        "created_at": utc(b.created_at), "cancelled_at": b.cancelled_at.map(utc), "cancelled_by": b.cancelled_by,
        "reason": b.reason,
    })
}
