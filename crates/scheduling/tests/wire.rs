//! The JSON of the wire types: what the contract shows, both ways.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use scheduling::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::fmt::Debug;

/// Reads and writes the same JSON; members that nobody knows are passed over.
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(json: Value) -> T {
    let value: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), json);
    let mut more = json;
    if let Value::Object(members) = &mut more {
        members.insert("unknown_member".into(), json!({"a": [1, null]}));
    }
    assert_eq!(serde_json::from_value::<T>(more).unwrap(), value);
    value
}

#[test]
fn availability() {
    let hours: Availability = round_trip(json!({
        "timezone": "Asia/Seoul",
        "weekly": [{"day_of_week": 1, "start_time": "09:00", "end_time": "24:00"}],
        "overrides": [{"date": "2026-12-24", "windows": [{"start_time": "00:00", "end_time": "00:05"}]}],
        "blocked": [{"starts_on": "2026-12-31", "ends_on": "2027-01-01", "note": "연말"}],
    }));
    assert_eq!(hours.weekly[0].end_time, ClockTime::MIDNIGHT_END);

    let least: Availability = serde_json::from_value(json!({"timezone": "UTC"})).unwrap();
    assert_eq!((least.weekly.len(), least.overrides.len(), least.blocked.len()), (0, 0, 0));
    let closed: DateOverride = serde_json::from_value(json!({"date": "2026-12-24"})).unwrap();
    assert!(closed.windows.is_empty());
    let blocked: BlockedRange =
        serde_json::from_value(json!({"starts_on": "2026-12-24", "ends_on": "2026-12-24"})).unwrap();
    assert_eq!(blocked.note, None);
}

#[test]
fn session_type() {
    let mut json = json!({
        "slug": "session", "name": "Session", "description": "Half an hour.\nBring questions.",
        "duration_minutes": 30, "start_interval_minutes": 30, "buffer_before_minutes": 0, "buffer_after_minutes": 15,
        "minimum_notice_minutes": 120, "horizon_days": 60, "daily_limit": 4,
        "requires_approval": false, "cancel_notice_minutes": 60,
        "price": {"amount": 3000, "currency": "USD"},
        "location": {"kind": "in_person", "value": "Room 7"},
        "active": true,
    });
    assert_eq!(round_trip::<SessionType>(json.clone()).validate(), Ok(()));
    for member in ["description", "daily_limit", "price", "location"] {
        json[member] = Value::Null;
    }
    assert_eq!(round_trip::<SessionType>(json).validate(), Ok(()));
    for kind in ["link", "phone", "in_person", "meet", "teams"] {
        round_trip::<Location>(json!({"kind": kind, "value": "x"}));
    }
}

#[test]
fn what_slots_are_computed_from() {
    round_trip::<OffsetTable>(json!({
        "name": "America/New_York", "first_offset": -18000, "transitions": [{"at": 1_805_007_600, "offset": -14400}],
    }));
    round_trip::<Busy>(json!({
        "start": "2026-12-01T00:00:00Z", "end": "2026-12-01T00:30:00.250Z",
        "buffer_before_minutes": 0, "buffer_after_minutes": 15, "counts_to_daily_limit": true,
    }));
    round_trip::<Policy>(json!({
        "duration_minutes": 30, "start_interval_minutes": 30, "buffer_before_minutes": 0, "buffer_after_minutes": 15,
        "minimum_notice_minutes": 0, "horizon_days": 60, "daily_limit": null,
    }));
    round_trip::<FieldError>(json!({"field": "weekly[3].end_time", "code": "out_of_range", "message": "Sooner."}));
    round_trip::<BookingId>(json!("01930000-0000-7000-8000-000000000000"));
}

#[test]
fn clock_times() {
    for (text, minutes) in [("00:00", 0), ("00:01", 1), ("09:30", 570), ("23:59", 1439), ("24:00", 1440)] {
        assert_eq!(round_trip::<ClockTime>(json!(text)).minutes(), minutes);
    }
    for text in ["24:01", "25:00", "00:60", "9:00", "09:00:00", " 9:00", "+9:00", "-1:00", "0900", "٠٩:٠٠", ""] {
        assert!(serde_json::from_value::<ClockTime>(json!(text)).is_err(), "{text}");
    }
    assert!(serde_json::from_value::<ClockTime>(json!(540)).is_err());
    // An escape makes the text no longer borrowable.
    assert_eq!(serde_json::from_str::<ClockTime>(r#""\u0030\u0039:00""#).unwrap().minutes(), 540);
}

proptest! {
    #[test]
    fn every_clock_time_reads_back(minutes in 0..=1440u16) {
        let time = ClockTime::from_minutes(minutes).unwrap();
        prop_assert_eq!(time.to_string().parse(), Ok(time));
    }

    #[test]
    fn any_text_is_a_clock_time_or_is_not(text in ".{0,8}|[0-9]{2}:[0-9]{2}") {
        if let Ok(time) = text.parse::<ClockTime>() {
            prop_assert_eq!(time.to_string(), text);
        }
    }
}
