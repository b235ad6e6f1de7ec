//! `slots` and `open_spans` against the naive reading of the contract in `common::oracle`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use common::{ZONES, Zone, always, at, hours, minutes, oracle::Oracle, weekly};
use proptest::{collection::vec, prelude::*, sample::select};
use scheduling::*;
use std::ops::Range;

/// Everything that is asked, apart from the zone.
#[derive(Debug)]
struct Question {
    availability: Availability,
    policy: Policy,
    busy: Vec<Busy>,
    now: DateTime<Utc>,
    range: Range<DateTime<Utc>>,
}

impl Question {
    fn request<'a>(&'a self, zone: &'a OffsetTable) -> Request<'a> {
        let Self { availability, policy, busy, now, .. } = self;
        Request { availability, zone, policy: *policy, busy, now: *now }
    }

    fn slots(&self, zone: &OffsetTable) -> Vec<DateTime<Utc>> {
        slots(&self.request(zone), self.range.clone())
    }

    fn oracle<W: Fn(DateTime<Utc>) -> NaiveDateTime>(&self, wall: W, step: TimeDelta) -> Oracle<'_, W> {
        Oracle::new(&self.availability, self.policy, &self.busy, self.now, wall, step)
    }
}

/// A time of day: on the hour, on a quarter, at any minute, or at an end of the day.
fn clock() -> impl Strategy<Value = ClockTime> {
    let minute = prop_oneof![
        4 => (0..=24u16).prop_map(|hour| hour * 60),
        2 => (0..=96u16).prop_map(|quarter| quarter * 15),
        2 => 0..=1440u16,
        1 => Just(0),
        1 => Just(1440),
    ];
    minute.prop_map(|minute| ClockTime::from_minutes(minute).unwrap())
}

fn window() -> impl Strategy<Value = Window> {
    (clock(), clock())
        .prop_filter_map("empty", |(a, b)| (a != b).then(|| Window { start_time: a.min(b), end_time: a.max(b) }))
}

/// Hours with overrides and blocked dates around `middle`. Not normalised: windows overlap and touch.
fn availability(middle: DateTime<Utc>) -> impl Strategy<Value = Availability> {
    let weekly_window =
        |day_of_week, Window { start_time, end_time }| WeeklyWindow { day_of_week, start_time, end_time };
    let any_week = vec((0..7u8, window()), 0..14)
        .prop_map(move |windows| windows.into_iter().map(|(day, window)| weekly_window(day, window)).collect());
    let weekly = prop_oneof![
        4 => any_week,
        2 => vec(window(), 1..4).prop_map(move |windows| {
            let on = |day| windows.iter().map(move |window| weekly_window(day, *window)).collect::<Vec<_>>();
            (0..7).flat_map(on).collect()
        }),
        2 => Just(weekly(0..7, &["00:00-24:00"])),
        1 => Just(weekly(0..7, &["00:00-02:00", "22:00-24:00"])),
        1 => Just(weekly(1..6, &["09:00-17:00"])),
    ];
    let today = middle.date_naive();
    let day = move || (-3..=3i64).prop_map(move |days| today + TimeDelta::days(days));
    let overrides = vec((day(), vec(window(), 0..3)), 0..3).prop_map(|overrides| {
        let mut overrides: Vec<_> =
            overrides.into_iter().map(|(date, windows)| DateOverride { date, windows }).collect();
        overrides.sort_by_key(|o| o.date);
        overrides.dedup_by_key(|o| o.date);
        overrides
    });
    let blocked = prop_oneof![
        3 => Just(vec![]),
        1 => vec((day(), 0..2i64), 1..3).prop_map(|ranges| {
            let range = |(starts_on, days)| {
                BlockedRange { starts_on, ends_on: starts_on + TimeDelta::days(days), note: None }
            };
            ranges.into_iter().map(range).collect()
        }),
    ];
    (weekly, overrides, blocked).prop_map(|(weekly, overrides, blocked)| Availability {
        timezone: "UTC".into(),
        weekly,
        overrides,
        blocked,
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let few = || prop_oneof![12 => select(vec![5, 15, 20, 30, 45, 60, 90]), 3 => 5..=300u16, 1 => Just(1440)];
    let buffer = || prop_oneof![4 => Just(0), 6 => select(vec![5, 10, 15, 30, 60]), 1 => 0..=1440u16];
    let notice = prop_oneof![4 => Just(0), 2 => 0..=3000u32, 1 => 0..=20_000u32];
    let horizon = prop_oneof![1 => 1..=12u16, 3 => Just(60)];
    let limit = prop_oneof![2 => Just(None), 2 => (1..=3u16).prop_map(Some)];
    (few(), few(), buffer(), buffer(), notice, horizon, limit).prop_map(
        |(
            duration_minutes,
            start_interval_minutes,
            buffer_before_minutes,
            buffer_after_minutes,
            minimum_notice_minutes,
            horizon_days,
            daily_limit,
        )| Policy {
            duration_minutes,
            start_interval_minutes,
            buffer_before_minutes,
            buffer_after_minutes,
            minimum_notice_minutes,
            horizon_days,
            daily_limit,
        },
    )
}

/// An instant up to so many minutes away: on a minute as a rule, now and then between two seconds.
fn near(middle: DateTime<Utc>, away: Range<i64>) -> impl Strategy<Value = DateTime<Utc>> {
    let within = prop_oneof![6 => Just(0), 1 => 0..60_000_000_000i64, 1 => Just(1), 1 => Just(59_999_999_999)];
    (away, within).prop_map(move |(m, nanos)| middle + minutes(m) + TimeDelta::nanoseconds(nanos))
}

fn busy(middle: DateTime<Utc>) -> impl Strategy<Value = Busy> {
    let length = prop_oneof![6 => select(vec![15, 30, 60, 120]), 2 => 0..600i64, 1 => -60..=0i64, 1 => Just(2880)];
    let odd = prop_oneof![6 => Just(0), 1 => -2_000_000_000..2_000_000_000i64];
    let buffer = || prop_oneof![8 => Just(0), 6 => select(vec![5, 10, 15, 30, 60]), 1 => 0..=1440u16];
    (near(middle, -3000..3000), length, odd, buffer(), buffer(), any::<bool>()).prop_map(
        |(start, length, odd, buffer_before_minutes, buffer_after_minutes, counts_to_daily_limit)| Busy {
            start,
            end: start + minutes(length) + TimeDelta::nanoseconds(odd),
            buffer_before_minutes,
            buffer_after_minutes,
            counts_to_daily_limit,
        },
    )
}

fn question(middle: DateTime<Utc>) -> impl Strategy<Value = Question> {
    let now = prop_oneof![1 => near(middle, -1500..1500), 2 => near(middle, -15_000..-1500)];
    let busy = prop_oneof![1 => Just(vec![]), 3 => vec(busy(middle), 0..10)];
    (availability(middle), policy(), busy, now, near(middle, -2000..500), 0..3000i64).prop_map(
        |(availability, policy, busy, now, start, length)| Question {
            availability,
            policy,
            busy,
            now,
            range: start..start + minutes(length),
        },
    )
}

/// A zone, and a question about the days around one of its transitions.
fn around_a_transition() -> impl Strategy<Value = (&'static Zone, Question)> {
    let middle = (0..ZONES.len(), any::<prop::sample::Index>()).prop_map(|(zone, index)| {
        let zone = &ZONES[zone];
        (zone, at(index.get(&zone.table.transitions).at))
    });
    middle.prop_flat_map(|(zone, middle)| (Just(zone), question(middle)))
}

/// A zone of no country: odd offsets, jumps of any size in either direction, now and then close together, seconds too.
fn odd_zone(middle: DateTime<Utc>, unit: i32) -> impl Strategy<Value = OffsetTable> {
    let most = 86_399 / unit;
    let offset = move || prop_oneof![3 => -12 * 3600 / unit..14 * 3600 / unit, 1 => -most..=most];
    let transition = (-30 * 3600 / unit..30 * 3600 / unit, offset());
    (offset(), vec(transition, 0..4)).prop_map(move |(first, mut transitions)| {
        transitions.sort_by_key(|t| t.0);
        transitions.dedup_by_key(|t| t.0);
        let transition =
            |(at, offset)| Transition { at: middle.timestamp() + i64::from(at * unit), offset: offset * unit };
        OffsetTable::new("Odd/Zone", first * unit, transitions.into_iter().map(transition).collect()).unwrap()
    })
}

/// What the implementation does not use: the last transition that is not later, looked for from the end.
fn wall_of(table: &OffsetTable) -> impl Fn(DateTime<Utc>) -> NaiveDateTime {
    |t| {
        let last = table.transitions.iter().rev().find(|transition| transition.at <= t.timestamp());
        t.naive_utc() + TimeDelta::seconds(last.map_or(table.first_offset, |t| t.offset).into())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn slots_are_those_of_the_contract((zone, question) in around_a_transition()) {
        let oracle = question.oracle(|t| t.with_timezone(&zone.tz).naive_local(), minutes(1));
        let expected = oracle.slots(question.range.clone());
        prop_assert_eq!(question.slots(&zone.table), &expected[..], "{}", zone.tz);

        // The normal form says the same.
        let availability = question.availability.clone().normalise().unwrap();
        prop_assert_eq!(Question { availability, ..question }.slots(&zone.table), expected, "{}", zone.tz);
    }

    #[test]
    fn slots_are_those_of_the_contract_in_zones_of_no_country(
        (zone, question) in Just(at(1_800_000_000)).prop_flat_map(|middle| (odd_zone(middle, 60), question(middle)))
    ) {
        let oracle = question.oracle(wall_of(&zone), minutes(1));
        prop_assert_eq!(question.slots(&zone), oracle.slots(question.range.clone()));
    }

    #[test]
    fn open_spans_hold_the_open_minutes((zone, question) in around_a_transition()) {
        let oracle = question.oracle(|t| t.with_timezone(&zone.tz).naive_local(), minutes(1));
        let range = question.range.clone();
        let spans = open_spans(&question.availability, &zone.table, range.clone());
        prop_assert!(spans.iter().all(|s| s.start < s.end && range.start <= s.start && s.end <= range.end));
        prop_assert!(spans.windows(2).all(|pair| pair[0].end < pair[1].start), "they do not touch");
        let every_minute = (0..(range.end - range.start).num_minutes()).map(|n| range.start + minutes(n));
        for t in every_minute.chain([range.end - TimeDelta::nanoseconds(1)]).filter(|t| range.contains(t)) {
            prop_assert_eq!(spans.iter().any(|span| span.contains(&t)), oracle.is_open(t), "{}", t);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Local mean times have seconds; here every second is looked at.
    #[test]
    fn offsets_may_have_seconds(
        (zone, mut question) in Just(at(1_800_000_000)).prop_flat_map(|middle| (odd_zone(middle, 1), question(middle)))
    ) {
        question.range.end = question.range.end.min(question.range.start + minutes(600));
        question.policy.duration_minutes = question.policy.duration_minutes.min(60);
        let oracle = question.oracle(wall_of(&zone), TimeDelta::seconds(1));
        prop_assert_eq!(question.slots(&zone), oracle.slots(question.range.clone()));
    }
}

/// No zone and no transition is left to chance: all of them, with hours that feel every kind.
#[test]
fn every_transition_of_two_years() {
    let mut count = 0;
    let policy =
        Policy { start_interval_minutes: 25, minimum_notice_minutes: 0, ..Policy::from(&SessionType::first()) };
    let nights = hours(weekly(0..7, &["00:00-00:50", "01:10-02:20", "02:40-04:00", "23:00-24:00"]));
    for zone in ZONES.iter() {
        for transition in &zone.table.transitions {
            for availability in [always(), nights.clone()] {
                let middle = at(transition.at);
                let question = Question {
                    availability,
                    policy,
                    busy: vec![],
                    now: middle - TimeDelta::days(30),
                    range: middle - minutes(300)..middle + minutes(300),
                };
                let oracle = question.oracle(|t| t.with_timezone(&zone.tz).naive_local(), minutes(1));
                assert_eq!(question.slots(&zone.table), oracle.slots(question.range.clone()), "{} {middle}", zone.tz);
                count += 1;
            }
        }
    }
    assert!(count >= 200, "only {count}: is the time zone data complete?");
}
