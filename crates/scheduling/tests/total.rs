//! There is no input that panics or never ends, and no answer that is not one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use common::{always, at};
use proptest::{collection::vec, prelude::*};
use scheduling::*;

/// Numbers of every size: small, of our time, extreme.
fn number() -> impl Strategy<Value = i64> {
    let ours = 1_800_000_000i64;
    prop_oneof![
        4 => ours - 400_000..ours + 400_000,
        1 => -100_000..100_000i64,
        1 => any::<i64>(),
        1 => prop::sample::select(vec![i64::MIN, i64::MAX, 0]),
        1 => prop::sample::select(vec![DateTime::<Utc>::MIN_UTC.timestamp(), DateTime::<Utc>::MAX_UTC.timestamp()]),
    ]
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    // Two thousand million nanoseconds: leap seconds too.
    (number(), 0..2_000_000_000u32).prop_map(|(second, nanos)| {
        let end = if second < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        DateTime::from_timestamp(second, nanos).or(DateTime::from_timestamp(second, nanos / 2)).unwrap_or(end)
    })
}

fn day() -> impl Strategy<Value = NaiveDate> {
    prop_oneof![
        4 => instant().prop_map(|t| t.date_naive()),
        1 => Just(NaiveDate::MIN),
        1 => Just(NaiveDate::MAX),
    ]
}

fn offset() -> impl Strategy<Value = i32> {
    prop_oneof![4 => -90_000..90_000i32, 1 => any::<i32>(), 1 => prop::sample::select(vec![i32::MIN, i32::MAX])]
}

/// Not checked, not sorted.
fn zone() -> impl Strategy<Value = OffsetTable> {
    let transition = (number(), offset()).prop_map(|(at, offset)| Transition { at, offset });
    (offset(), vec(transition, 0..8)).prop_map(|(first_offset, transitions)| OffsetTable {
        name: String::new(),
        first_offset,
        transitions,
    })
}

fn clock() -> impl Strategy<Value = ClockTime> {
    (0..=1440u16).prop_map(|minutes| ClockTime::from_minutes(minutes).unwrap())
}

fn availability() -> impl Strategy<Value = Availability> {
    let weekly = (any::<u8>().prop_map(|n| n % 9), clock(), clock())
        .prop_map(|(day_of_week, start_time, end_time)| WeeklyWindow { day_of_week, start_time, end_time });
    let windows = || vec((clock(), clock()).prop_map(|(start_time, end_time)| Window { start_time, end_time }), 0..4);
    let overrides = (day(), windows()).prop_map(|(date, windows)| DateOverride { date, windows });
    let blocked = (day(), day(), any::<Option<String>>()).prop_map(|(starts_on, ends_on, note)| BlockedRange {
        starts_on,
        ends_on,
        note,
    });
    let any = (vec(weekly, 0..9), vec(overrides, 0..4), vec(blocked, 0..2), any::<String>())
        .prop_map(|(weekly, overrides, blocked, timezone)| Availability { timezone, weekly, overrides, blocked });
    prop_oneof![3 => any, 1 => Just(always())]
}

fn policy() -> impl Strategy<Value = Policy> {
    let few = || prop_oneof![1 => 0..3u16, 4 => 3..200u16, 1 => any::<u16>()];
    let notice = prop_oneof![3 => 0..3000u32, 1 => any::<u32>()];
    (few(), few(), few(), few(), notice, any::<u16>(), proptest::option::of(0..3u16)).prop_map(|p| Policy {
        duration_minutes: p.0,
        start_interval_minutes: p.1,
        buffer_before_minutes: p.2,
        buffer_after_minutes: p.3,
        minimum_notice_minutes: p.4,
        horizon_days: p.5,
        daily_limit: p.6,
    })
}

fn busy() -> impl Strategy<Value = Busy> {
    (instant(), instant(), any::<u16>(), any::<u16>(), any::<bool>()).prop_map(|b| Busy {
        start: b.0,
        end: b.1,
        buffer_before_minutes: b.2,
        buffer_after_minutes: b.3,
        counts_to_daily_limit: b.4,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn slots_of_anything(
        (availability, zone, policy) in (availability(), zone(), policy()),
        busy in vec(busy(), 0..5),
        (now, start, end) in (instant(), instant(), instant()),
    ) {
        let request = Request { availability: &availability, zone: &zone, policy, busy: &busy, now };
        let found = slots(&request, start..end);
        prop_assert!(found.is_sorted_by(|a, b| a < b));
        prop_assert!(found.iter().all(|t| start <= *t && *t < end && now <= *t));

        let spans = open_spans(&availability, &zone, start..end);
        prop_assert!(spans.iter().all(|s| s.start < s.end && start <= s.start && s.end <= end));
        prop_assert!(spans.windows(2).all(|pair| pair[0].end < pair[1].start));

        if let Ok(normal) = availability.clone().normalise() {
            let request = Request { availability: &normal, ..request };
            prop_assert_eq!(slots(&request, start..end), found);
        }
    }

    #[test]
    fn offset_tables_of_anything(zone in zone(), t in instant(), date in day(), time in 0..86_400u32) {
        let offset = zone.offset_at(t);
        prop_assert!(offset.abs() < 86_400);
        let wall = date.and_time(NaiveTime::from_num_seconds_from_midnight_opt(time, 0).unwrap());
        prop_assert!(zone.instants(wall).is_sorted());
        let _ = (zone.wall(t), zone.date_start(date), zone.offset_from_utc_datetime(&wall));
        let _ = (zone.from_local_datetime(&wall), zone.offset_from_utc_date(&date));

        // What is read is checked.
        let json = serde_json::to_string(&zone).unwrap();
        let fine = zone.transitions.is_sorted_by(|a, b| a.at < b.at)
            && zone.transitions.iter().all(|t| t.offset.unsigned_abs() < 86_400)
            && zone.first_offset.unsigned_abs() < 86_400;
        prop_assert_eq!(serde_json::from_str(&json).ok(), fine.then_some(zone));
    }
}

/// The most that can be asked for ends soon: a long range is cut.
#[test]
fn the_longest_range_is_cut() {
    let availability = always();
    let mut policy = Policy::from(&SessionType::first());
    (policy.start_interval_minutes, policy.horizon_days) = (60, u16::MAX);
    let zone = OffsetTable::utc();
    let now = at(1_800_000_000 / 86_400 * 86_400);
    let request = Request { availability: &availability, zone: &zone, policy, busy: &[], now };
    let all = DateTime::<Utc>::MIN_UTC..DateTime::<Utc>::MAX_UTC;
    let found = slots(&request, all.clone());
    assert_eq!(found.len(), usize::from(MAX_RANGE_DAYS) * 24);
    assert_eq!(found[0], now);
    assert_eq!(
        open_spans(&availability, &zone, all.clone()),
        [all.start..all.start + TimeDelta::days(MAX_RANGE_DAYS.into())]
    );
}

/// Neither a session nor a step of no length is endless.
#[test]
fn nothing_of_no_length_is_offered() {
    let availability = always();
    let now = at(1_800_000_000);
    let policy = Policy::from(&SessionType::first());
    for policy in [Policy { duration_minutes: 0, ..policy }, Policy { start_interval_minutes: 0, ..policy }] {
        let request = Request { availability: &availability, zone: &OffsetTable::utc(), policy, busy: &[], now };
        assert!(slots(&request, now..now + TimeDelta::days(1)).is_empty());
    }
}
