//! The cases with a name: each a sentence of the contract, or a day on which some clock did something.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use common::{always, date, hours, minutes, utc, weekly};
use scheduling::*;
use std::{fmt::Write, ops::Range};

/// A question, with defaults that decide nothing: no buffers, no notice, no limit, a year's horizon.
struct Case {
    tz: Tz,
    availability: Availability,
    policy: Policy,
    busy: Vec<Busy>,
    now: DateTime<Utc>,
}

impl Case {
    fn new(tz: Tz, duration_minutes: u16, start_interval_minutes: u16) -> Self {
        let policy = Policy {
            duration_minutes,
            start_interval_minutes,
            buffer_before_minutes: 0,
            buffer_after_minutes: 0,
            minimum_notice_minutes: 0,
            horizon_days: 365,
            daily_limit: None,
        };
        Self { tz, availability: always(), policy, busy: vec![], now: DateTime::UNIX_EPOCH }
    }

    fn open(mut self, days: impl IntoIterator<Item = u8>, windows: &[&str]) -> Self {
        self.availability = hours(weekly(days, windows));
        self
    }

    /// A booking, from one local time to another, with its own buffers.
    fn booked(mut self, from: &str, to: &str, buffers: (u16, u16)) -> Self {
        self.busy.push(Busy {
            start: self.local(from),
            end: self.local(to),
            buffer_before_minutes: buffers.0,
            buffer_after_minutes: buffers.1,
            counts_to_daily_limit: true,
        });
        self
    }

    /// The first instant of a local time.
    fn local(&self, text: &str) -> DateTime<Utc> {
        let wall: NaiveDateTime = text.parse().unwrap();
        let start = wall - TimeDelta::days(2);
        common::table(self.tz, start.and_utc()..start.and_utc() + TimeDelta::days(4)).instants(wall).next().unwrap()
    }

    /// The slots of one local date.
    fn on_date(&self, date: &str) -> String {
        self.on(date, date)
    }

    /// The slots of some local dates, both included, as the clock shows them: a line a date and offset.
    fn on(&self, first: &str, last: &str) -> String {
        let (first, last) = (date(first), date(last));
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
        let zone = common::table(self.tz, midnight(first) - MARGIN * 2..midnight(last) + MARGIN * 2);
        // Unless the case says otherwise, it is the beginning of the first date.
        let now = if self.now == DateTime::UNIX_EPOCH { zone.date_start(first) } else { self.now };
        let Self { availability, policy, busy, .. } = self;
        let request = Request { availability, zone: &zone, policy: *policy, busy, now };
        let found = slots(&request, zone.date_start(first)..zone.date_start(last.succ_opt().unwrap()));
        let same_line = |a: &DateTime<Utc>, b: &DateTime<Utc>| {
            zone.wall(*a).date() == zone.wall(*b).date() && zone.offset_at(*a) == zone.offset_at(*b)
        };
        let mut text = String::new();
        for line in found.chunk_by(same_line) {
            write!(text, "{}", line[0].with_timezone(&zone).format("%a %F %:z:")).unwrap();
            for start in line {
                write!(text, " {}", zone.wall(*start).format("%H:%M")).unwrap();
            }
            text.push('\n');
        }
        if text.is_empty() { "nothing".into() } else { text }
    }
}

#[test]
fn an_ordinary_week_in_seoul() {
    let case = Case::new(Tz::Asia__Seoul, 60, 60).open(1..=5, &["09:00-12:00", "13:00-15:00"]);
    insta::assert_snapshot!(case.on("2026-12-04", "2026-12-07"), @"
    Fri 2026-12-04 +09:00: 09:00 10:00 11:00 13:00 14:00
    Mon 2026-12-07 +09:00: 09:00 10:00 11:00 13:00 14:00
    ");
}

#[test]
fn new_york_springs_forward() {
    // 02:00 to 03:00 is missing; a session of an hour at 01:30 ends at 03:30 on the clock.
    let case = Case::new(Tz::America__New_York, 60, 30).open([0], &["01:00-04:30"]);
    insta::assert_snapshot!(case.on_date("2027-03-14"), @"
    Sun 2027-03-14 -05:00: 01:00 01:30
    Sun 2027-03-14 -04:00: 03:00 03:30
    ");
}

#[test]
fn a_grid_counts_minutes_of_the_clock_across_a_gap() {
    // 00:15 and every 50 minutes of the clock: 01:05, 01:55, (02:45 is missing), 03:35.
    let case = Case::new(Tz::America__New_York, 30, 50).open([0], &["00:15-05:00"]);
    insta::assert_snapshot!(case.on_date("2027-03-14"), @"
    Sun 2027-03-14 -05:00: 00:15 01:05 01:55
    Sun 2027-03-14 -04:00: 03:35 04:25
    ");
}

#[test]
fn a_window_within_the_gap_is_nothing() {
    let case = Case::new(Tz::America__New_York, 30, 30).open([0], &["02:00-03:00"]);
    insta::assert_snapshot!(case.on_date("2027-03-14"), @"nothing");
}

#[test]
fn new_york_falls_back() {
    // 01:00 to 02:00 is there twice.
    let case = Case::new(Tz::America__New_York, 30, 30).open([0], &["00:30-02:30"]);
    insta::assert_snapshot!(case.on_date("2027-11-07"), @"
    Sun 2027-11-07 -04:00: 00:30 01:00 01:30
    Sun 2027-11-07 -05:00: 01:00 01:30 02:00
    ");
}

#[test]
fn a_window_that_ends_in_the_fold_opens_twice() {
    // 01:00 to 01:30 twice, and shut for the half hour in between: an hour fits nowhere but before.
    let case = Case::new(Tz::America__New_York, 60, 30).open([0], &["00:00-01:30"]);
    insta::assert_snapshot!(case.on_date("2027-11-07"), @"Sun 2027-11-07 -04:00: 00:00 00:30");
    let case = Case::new(Tz::America__New_York, 30, 30).open([0], &["00:00-01:30"]);
    insta::assert_snapshot!(case.on_date("2027-11-07"), @"
    Sun 2027-11-07 -04:00: 00:00 00:30 01:00
    Sun 2027-11-07 -05:00: 01:00
    ");
}

#[test]
fn lord_howe_moves_by_half_an_hour() {
    let case = Case::new(Tz::Australia__Lord_Howe, 30, 30).open([0], &["01:00-03:30"]);
    insta::assert_snapshot!(case.on_date("2027-04-04"), @"
    Sun 2027-04-04 +11:00: 01:00 01:30
    Sun 2027-04-04 +10:30: 01:30 02:00 02:30 03:00
    ");
    insta::assert_snapshot!(case.on_date("2027-10-03"), @"
    Sun 2027-10-03 +10:30: 01:00 01:30
    Sun 2027-10-03 +11:00: 02:30 03:00
    ");
    // On an hourly grid the half hour is felt: 02:00 is missing.
    let case = Case::new(Tz::Australia__Lord_Howe, 30, 60).open([0], &["01:00-05:00"]);
    insta::assert_snapshot!(case.on_date("2027-10-03"), @"
    Sun 2027-10-03 +10:30: 01:00
    Sun 2027-10-03 +11:00: 03:00 04:00
    ");
}

#[test]
fn apia_skips_a_date() {
    // 29 December 2011 runs into the 31st, and a session runs with it.
    let case = Case::new(Tz::Pacific__Apia, 1440, 720);
    insta::assert_snapshot!(case.on("2011-12-28", "2011-12-31"), @"
    Wed 2011-12-28 -10:00: 00:00 12:00
    Thu 2011-12-29 -10:00: 00:00 12:00
    Sat 2011-12-31 +14:00: 00:00 12:00
    ");
    insta::assert_snapshot!(case.on_date("2011-12-30"), @"nothing");
}

#[test]
fn santiago_has_no_midnight_in_september() {
    let case = Case::new(Tz::America__Santiago, 30, 30).open([6, 0], &["00:00-02:00", "23:00-24:00"]);
    insta::assert_snapshot!(case.on("2027-09-04", "2027-09-05"), @"
    Sat 2027-09-04 -04:00: 00:00 00:30 01:00 01:30 23:00 23:30
    Sun 2027-09-05 -03:00: 01:00 01:30 23:00 23:30
    ");
}

#[test]
fn santiago_has_the_last_hour_of_a_saturday_twice() {
    let case = Case::new(Tz::America__Santiago, 30, 30).open([6], &["22:00-24:00"]);
    insta::assert_snapshot!(case.on("2027-04-03", "2027-04-04"), @"
    Sat 2027-04-03 -03:00: 22:00 22:30 23:00 23:30
    Sat 2027-04-03 -04:00: 23:00 23:30
    ");
}

#[test]
fn a_date_may_come_back() {
    // In Goose Bay, one minute past midnight of 7 November 2010 was followed by 23:01 of the 6th, whose horizon had
    // passed for a minute.
    let mut case = Case::new(Tz::America__Goose_Bay, 20, 20).open([6, 0], &["00:00-00:20", "23:00-24:00"]);
    case.policy.horizon_days = 0;
    case.now = case.local("2010-11-06T12:00:00");
    insta::assert_snapshot!(case.on("2010-11-05", "2010-11-08"), @"
    Sat 2010-11-06 -03:00: 23:00 23:20 23:40
    Sat 2010-11-06 -04:00: 23:20 23:40
    ");
    case.policy.horizon_days = 1;
    insta::assert_snapshot!(case.on("2010-11-05", "2010-11-08"), @"
    Sat 2010-11-06 -03:00: 23:00 23:20 23:40
    Sun 2010-11-07 -03:00: 00:00
    Sat 2010-11-06 -04:00: 23:20 23:40
    Sun 2010-11-07 -04:00: 00:00 23:00 23:20 23:40
    ");
}

#[test]
fn windows_that_meet_at_midnight_join_up() {
    // 23:30 runs past midnight; Saturday's grid begins anew at 00:00; 01:30 of Saturday is the end.
    let mut case = Case::new(Tz::Europe__Berlin, 90, 60).open([5], &["21:30-24:00"]);
    case.availability.weekly.extend(weekly([6], &["00:00-01:30"]));
    insta::assert_snapshot!(case.on("2026-12-04", "2026-12-05"), @"
    Fri 2026-12-04 +01:00: 21:30 22:30 23:30
    Sat 2026-12-05 +01:00: 00:00
    ");
}

#[test]
fn windows_of_one_date_that_touch_have_one_grid() {
    let case = Case::new(Tz::UTC, 30, 40).open([5], &["10:00-11:00", "09:00-10:00"]);
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +00:00: 09:00 09:40 10:20");
}

#[test]
fn sessions_may_touch_busy_times_and_the_grid_stands_still() {
    let case = Case::new(Tz::Asia__Seoul, 30, 30).open([5], &["09:00-12:00"]).booked(
        "2026-12-04T09:45:00",
        "2026-12-04T10:30:00",
        (0, 0),
    );
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +09:00: 09:00 10:30 11:00 11:30");
}

#[test]
fn of_buffers_that_face_each_other_the_larger_counts() {
    // 10:00 to 10:30 is booked. Before it, its own 20 minutes beat the 5 asked for after: the last start is 09:10.
    // After it, the 15 asked for before beat its own 10: the first start is 10:45. Never their sums.
    let mut case = Case::new(Tz::Asia__Seoul, 30, 5).open([5], &["09:00-11:20"]);
    (case.policy.buffer_before_minutes, case.policy.buffer_after_minutes) = (15, 5);
    let case = case.booked("2026-12-04T10:00:00", "2026-12-04T10:30:00", (20, 10));
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +09:00: 09:00 09:05 09:10 10:45 10:50");
}

#[test]
fn buffers_may_lie_outside_the_hours() {
    let mut case = Case::new(Tz::Asia__Seoul, 60, 60).open([5], &["09:00-11:00"]);
    (case.policy.buffer_before_minutes, case.policy.buffer_after_minutes) = (60, 60);
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +09:00: 09:00 10:00");
    // There they still must be free.
    let case = case.booked("2026-12-04T08:30:00", "2026-12-04T08:45:00", (0, 0));
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +09:00: 10:00");
}

#[test]
fn a_full_date_is_closed_and_its_neighbours_are_not() {
    let mut case = Case::new(Tz::Asia__Seoul, 60, 60).open(0..7, &["00:00-01:00", "12:00-13:00", "23:00-24:00"]);
    case.policy.daily_limit = Some(2);
    // The second starts on the 4th and runs into the 5th; a calendar event counts for nothing.
    let mut case = case
        .booked("2026-12-03T12:00:00", "2026-12-03T13:00:00", (0, 0))
        .booked("2026-12-04T00:00:00", "2026-12-04T01:00:00", (0, 0))
        .booked("2026-12-04T23:30:00", "2026-12-05T00:30:00", (0, 0))
        .booked("2026-12-03T15:00:00", "2026-12-03T16:00:00", (0, 0));
    case.busy[3].counts_to_daily_limit = false;
    insta::assert_snapshot!(case.on("2026-12-03", "2026-12-05"), @"
    Thu 2026-12-03 +09:00: 00:00 23:00
    Sat 2026-12-05 +09:00: 12:00 23:00
    ");
}

#[test]
fn a_limit_of_nothing_offers_nothing() {
    let mut case = Case::new(Tz::Asia__Seoul, 60, 60);
    case.policy.daily_limit = Some(0);
    insta::assert_snapshot!(case.on("2026-12-03", "2026-12-05"), @"nothing");
}

#[test]
fn a_block_beats_an_override_and_an_override_beats_the_week() {
    let mut case = Case::new(Tz::Asia__Seoul, 60, 60).open(0..7, &["09:00-10:00"]);
    let window = Window { start_time: "20:00".parse().unwrap(), end_time: "22:00".parse().unwrap() };
    let other = |day, windows| DateOverride { date: date(day), windows };
    case.availability.overrides =
        vec![other("2026-12-02", vec![window]), other("2026-12-03", vec![]), other("2026-12-05", vec![window])];
    let (starts_on, ends_on) = (date("2026-12-05"), date("2026-12-06"));
    case.availability.blocked = vec![BlockedRange { starts_on, ends_on, note: None }];
    insta::assert_snapshot!(case.on("2026-12-01", "2026-12-07"), @"
    Tue 2026-12-01 +09:00: 09:00
    Wed 2026-12-02 +09:00: 20:00 21:00
    Fri 2026-12-04 +09:00: 09:00
    Mon 2026-12-07 +09:00: 09:00
    ");
}

#[test]
fn notice_is_exact_to_the_nanosecond() {
    let mut case = Case::new(Tz::Asia__Seoul, 30, 30).open([5], &["09:00-11:00"]);
    case.policy.minimum_notice_minutes = 60;
    case.now = case.local("2026-12-04T08:30:00");
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +09:00: 09:30 10:00 10:30");
    case.now += TimeDelta::nanoseconds(1);
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +09:00: 10:00 10:30");
}

#[test]
fn the_horizon_counts_the_mentors_dates() {
    // 23:59 in Seoul is 14:59 in UTC: a minute later it is tomorrow, and one date more can be booked.
    let mut case = Case::new(Tz::Asia__Seoul, 60, 60).open(0..7, &["09:00-10:00"]);
    case.policy.horizon_days = 2;
    case.now = case.local("2026-12-01T23:59:00");
    insta::assert_snapshot!(case.on("2026-12-01", "2026-12-07"), @"
    Wed 2026-12-02 +09:00: 09:00
    Thu 2026-12-03 +09:00: 09:00
    ");
    case.now += minutes(1);
    insta::assert_snapshot!(case.on("2026-12-01", "2026-12-07"), @"
    Wed 2026-12-02 +09:00: 09:00
    Thu 2026-12-03 +09:00: 09:00
    Fri 2026-12-04 +09:00: 09:00
    ");
}

#[test]
fn busy_times_of_no_length_meet_nothing() {
    let case = Case::new(Tz::Asia__Seoul, 60, 60)
        .open([5], &["09:00-11:00"])
        .booked("2026-12-04T09:30:00", "2026-12-04T09:30:00", (60, 60))
        .booked("2026-12-04T10:30:00", "2026-12-04T09:30:00", (60, 60));
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +09:00: 09:00 10:00");
}

#[test]
fn kathmandu_and_chatham_have_quarter_hours() {
    let case = Case::new(Tz::Asia__Kathmandu, 60, 60).open([5], &["09:00-11:00"]);
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +05:45: 09:00 10:00");
    let case = Case::new(Tz::Pacific__Chatham, 30, 30).open([0], &["02:00-04:30"]);
    insta::assert_snapshot!(case.on_date("2027-04-04"), @"
    Sun 2027-04-04 +13:45: 02:00 02:30 03:00 03:30
    Sun 2027-04-04 +12:45: 03:00 03:30 04:00
    ");
}

#[test]
fn brussels_was_seventeen_and_a_half_minutes_ahead() {
    // Local mean time, 00:17:30, which chrono shows in whole minutes.
    let mut case = Case::new(Tz::Europe__Brussels, 60, 60).open(0..7, &["09:00-11:00"]);
    (case.now, case.policy.horizon_days) = (case.local("1890-01-01T08:00:00"), 0);
    insta::assert_snapshot!(case.on("1889-12-31", "1890-01-02"), @"Wed 1890-01-01 +00:18: 09:00 10:00");
}

/// Open hours beyond the end of the range still carry a session over it.
#[test]
fn a_range_holds_starts_and_sessions_may_leave_it() {
    let zone = OffsetTable::utc();
    let availability = hours(weekly([5], &["09:00-11:00"]));
    let policy = Case::new(Tz::UTC, 90, 30).policy;
    let range = utc("2026-12-04T09:00:00Z")..utc("2026-12-04T09:30:00.000000001Z");
    let request = Request { availability: &availability, zone: &zone, policy, busy: &[], now: range.start };
    let found =
        |range: Range<_>| slots(&request, range).iter().map(|t| t.format("%H:%M").to_string()).collect::<Vec<_>>();
    assert_eq!(found(range.clone()), ["09:00", "09:30"]);
    assert_eq!(found(range.start..range.end - TimeDelta::nanoseconds(1)), ["09:00"]);
    assert_eq!(found(range.start + TimeDelta::nanoseconds(1)..range.end), ["09:30"]);
    assert_eq!(found(range.end..range.start), [""; 0]);
}

/// Calendars may hold times between two seconds.
#[test]
fn a_nanosecond_of_busy_time_is_busy_time() {
    let mut case = Case::new(Tz::Asia__Seoul, 60, 60).open([5], &["09:00-12:00"]).booked(
        "2026-12-04T10:00:00",
        "2026-12-04T11:00:00",
        (0, 0),
    );
    case.busy[0].end += TimeDelta::nanoseconds(1);
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +09:00: 09:00");
    case.busy[0].start -= TimeDelta::nanoseconds(1);
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"nothing");
    case.busy[0].start += TimeDelta::nanoseconds(2);
    case.busy[0].end = case.busy[0].start;
    insta::assert_snapshot!(case.on_date("2026-12-04"), @"Fri 2026-12-04 +09:00: 09:00 10:00 11:00");
}

/// Clocks that jump out of the hours a second before a session would end leave no room for it.
#[test]
fn a_second_too_short_is_too_short() {
    let availability = hours(weekly([5], &["09:00-10:00"]));
    let policy = Case::new(Tz::UTC, 30, 15).policy;
    let range = utc("2026-12-04T00:00:00Z")..utc("2026-12-05T00:00:00Z");
    let found = |jump: &str| {
        let jump = Transition { at: utc(jump).timestamp(), offset: 3600 };
        let zone = OffsetTable::new("Odd/Zone", 0, vec![jump]).unwrap();
        let request = Request { availability: &availability, zone: &zone, policy, busy: &[], now: range.start };
        slots(&request, range.clone())
    };
    assert_eq!(found("2026-12-04T09:45:00Z"), [utc("2026-12-04T09:00:00Z"), utc("2026-12-04T09:15:00Z")]);
    assert_eq!(found("2026-12-04T09:44:59Z"), [utc("2026-12-04T09:00:00Z")]);
}
