//! `OffsetTable` against chrono-tz, around every transition of two years and some famous ones.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use chrono::{DateTime, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use common::{ZONES, Zone, at, date, minutes, table, utc};
use proptest::prelude::*;
use scheduling::{OffsetTable, Transition};

/// A zone and an instant within two days of one of its transitions.
fn near_a_transition() -> impl Strategy<Value = (&'static Zone, DateTime<Utc>)> {
    (0..ZONES.len(), any::<prop::sample::Index>(), -172_800..172_800i64, 0..1_000_000_000i64).prop_map(
        |(zone, index, seconds, nanos)| {
            let zone = &ZONES[zone];
            let second = index.get(&zone.table.transitions).at + seconds;
            (zone, at(second) + TimeDelta::nanoseconds(nanos))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_chrono_tz((zone, t) in near_a_transition()) {
        let theirs = t.with_timezone(&zone.tz);
        let ours = t.with_timezone(&zone.table);
        prop_assert_eq!(zone.table.offset_at(t), theirs.offset().fix().local_minus_utc());
        prop_assert_eq!(zone.table.wall(t), theirs.naive_local());
        prop_assert_eq!(ours.to_rfc3339(), theirs.to_rfc3339());

        // Arithmetic finds the offset anew.
        let later = TimeDelta::hours(30);
        prop_assert_eq!((ours + later).to_rfc3339(), (theirs + later).to_rfc3339());

        // From the clock back to the instants: as many, and the same.
        let wall = t.naive_utc();
        let instants: Vec<_> = zone.table.instants(wall).collect();
        prop_assert!(instants.is_sorted() && instants.iter().all(|t| zone.table.wall(*t) == wall));
        let same = |ours: DateTime<OffsetTable>, theirs: DateTime<Tz>| ours.to_utc() == theirs.to_utc();
        match (wall.and_local_timezone(zone.table.clone()), wall.and_local_timezone(zone.tz)) {
            (chrono::LocalResult::None, chrono::LocalResult::None) => prop_assert_eq!(instants.len(), 0),
            (chrono::LocalResult::Single(ours), chrono::LocalResult::Single(theirs)) => {
                prop_assert_eq!(instants, [theirs.to_utc()]);
                prop_assert!(same(ours, theirs));
            }
            (chrono::LocalResult::Ambiguous(early, late), chrono::LocalResult::Ambiguous(their_early, their_late)) => {
                prop_assert_eq!(instants, [their_early.to_utc(), their_late.to_utc()]);
                prop_assert!(same(early, their_early) && same(late, their_late));
            }
            (ours, theirs) => prop_assert!(false, "{ours:?} {theirs:?}"),
        }
    }

    #[test]
    fn a_date_starts_at_the_first_instant_that_shows_it((zone, t) in near_a_transition()) {
        let date = t.date_naive();
        let start = zone.table.date_start(date);
        prop_assert!(start.with_timezone(&zone.tz).date_naive() >= date);
        let mut before = start - TimeDelta::days(2);
        while before < start {
            prop_assert!(before.with_timezone(&zone.tz).date_naive() < date, "{before} before {start}");
            before += minutes(1);
        }
    }
}

fn start(tz: Tz, day: &str) -> String {
    let day = date(day);
    let midnight = day.and_time(NaiveTime::MIN).and_utc();
    let table = table(tz, midnight - TimeDelta::days(3)..midnight + TimeDelta::days(3));
    table.date_start(day).with_timezone(&table).to_rfc3339()
}

#[test]
fn where_dates_start() {
    assert_eq!(start(Tz::Asia__Seoul, "2026-12-01"), "2026-12-01T00:00:00+09:00");
    // Midnight is missing.
    assert_eq!(start(Tz::America__Santiago, "2027-09-05"), "2027-09-05T01:00:00-03:00");
    // The date is missing.
    assert_eq!(start(Tz::Pacific__Apia, "2011-12-30"), "2011-12-31T00:00:00+14:00");
    assert_eq!(start(Tz::Pacific__Apia, "2011-12-31"), "2011-12-31T00:00:00+14:00");
    // The last hour of the day before comes twice; the date starts once.
    assert_eq!(start(Tz::America__Santiago, "2027-04-04"), "2027-04-04T00:00:00-04:00");
    // Havana has midnight twice: the first counts.
    assert_eq!(start(Tz::America__Havana, "2027-11-07"), "2027-11-07T00:00:00-04:00");
}

#[test]
fn before_the_first_and_after_the_last_transition_the_offsets_go_on() {
    let zone = table(Tz::Europe__Berlin, utc("2027-01-01T00:00:00Z")..utc("2027-05-01T00:00:00Z"));
    assert_eq!(zone.offset_at(DateTime::<Utc>::MIN_UTC), 3600);
    assert_eq!(zone.offset_at(DateTime::<Utc>::MAX_UTC), 7200);
    assert_eq!(zone.offset_at(utc("2027-03-28T00:59:59.999999999Z")), 3600);
    assert_eq!(zone.offset_at(utc("2027-03-28T01:00:00Z")), 7200);
}

#[test]
fn only_zones_are_let_in() {
    let table = |first_offset, transitions: &[(i64, i32)]| {
        let transitions = transitions.iter().map(|(at, offset)| Transition { at: *at, offset: *offset }).collect();
        OffsetTable::new("Some/Zone", first_offset, transitions).map(|_| ()).map_err(|error| error.to_string())
    };
    let (order, offset) =
        (Err("transitions are strictly ascending".into()), Err("an offset from UTC is less than a day".into()));
    assert_eq!(table(0, &[(1, 3600), (2, 0)]), Ok(()));
    assert_eq!(table(-86_399, &[(i64::MIN, 86_399), (i64::MAX, 0)]), Ok(()));
    assert_eq!(table(0, &[(2, 3600), (2, 0)]), order);
    assert_eq!(table(0, &[(2, 3600), (1, 0)]), order);
    assert_eq!(table(86_400, &[]), offset);
    assert_eq!(table(0, &[(0, -86_400)]), offset);
    assert_eq!(table(i32::MIN, &[(0, i32::MAX)]), offset);

    let json = r#"{"name":"Some/Zone","first_offset":0,"transitions":[{"at":2,"offset":1},{"at":1,"offset":2}]}"#;
    let error = serde_json::from_str::<OffsetTable>(json).unwrap_err();
    assert_eq!(error.to_string(), "transitions are strictly ascending");
}

#[test]
fn the_ends_of_the_calendar_are_its_ends() {
    for zone in
        [OffsetTable::fixed("East", 86_399), OffsetTable::fixed("West", -86_399), OffsetTable::fixed("No", i32::MIN)]
    {
        for end in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let wall = zone.wall(end);
            assert!((wall - end.naive_utc()).abs() < TimeDelta::days(1));
            assert!(zone.instants(wall).count() <= 1);
        }
        assert!(zone.date_start(NaiveDate::MIN) <= DateTime::<Utc>::MIN_UTC + TimeDelta::days(2));
        assert!(zone.date_start(NaiveDate::MAX) >= DateTime::<Utc>::MAX_UTC - TimeDelta::days(2));
    }
}

#[test]
fn parsing_and_showing_are_chronos_own() {
    let zone = table(Tz::America__New_York, common::two_years());
    let t = zone.with_ymd_and_hms(2027, 7, 4, 12, 0, 0).unwrap();
    assert_eq!(t.to_string(), "2027-07-04 12:00:00 -04:00");
    assert_eq!(t.timezone(), zone);
    assert_eq!((t + TimeDelta::days(180)).to_string(), "2027-12-31 11:00:00 -05:00");
}
