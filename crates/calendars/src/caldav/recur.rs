//! Recurrence rules (RFC 5545, section 3.3.10), in clock time: what zone it is of does not matter here.
//!
//! Each period of the frequency (a year, a month, … a second) is looked at in turn; its days pass all `BY…` parts that
//! speak of days, its times all that speak of times. Without `COUNT` nothing before the range asked for is looked at.
//! A [`Budget`] bounds the work, so that no rule, however hostile, takes long.

use super::ical::Stamp;
use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};
use std::ops::RangeInclusive;

/// Instances that one series may have in one window.
const MAX_INSTANCES: usize = 5_000;
/// Days and times that one series may look at.
const MAX_STEPS: u64 = 300_000;

/// How much work may still be done, for all series of a calendar.
#[derive(Debug)]
pub(super) struct Budget {
    steps: u64,
}

impl Budget {
    pub(super) const fn new(steps: u64) -> Self {
        Self { steps }
    }

    /// Whether that many steps could still be paid.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        match self.steps.checked_sub(steps as u64) {
            Some(left) => {
                self.steps = left;
                true
            }
            None => {
                self.steps = 0;
                false
            }
        }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.steps == 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frequency {
    Yearly,
    Monthly,
    Weekly,
    Daily,
    Hourly,
    Minutely,
    Secondly,
}

/// A rule, read but not yet applied.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    frequency: Frequency,
    interval: i64,
    count: Option<u32>,
    until: Option<Stamp>,
    months: Vec<i32>,
    weeks: Vec<i32>,
    year_days: Vec<i32>,
    month_days: Vec<i32>,
    /// With 0 for every such day of the week.
    weekdays: Vec<(i32, Weekday)>,
    hours: Vec<i32>,
    minutes: Vec<i32>,
    seconds: Vec<i32>,
    positions: Vec<i32>,
    week_start: Weekday,
}

/// Numbers of a list, in order, each once. None where one is no number or too large.
fn numbers(list: &str, largest: i32) -> Option<Vec<i32>> {
    let mut numbers = list.split(',').map(|n| n.trim().parse().ok()).collect::<Option<Vec<i32>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    numbers.iter().all(|n| n.abs() <= largest).then_some(numbers)
}

fn weekday(text: &str) -> Option<Weekday> {
    const NAMES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let at = NAMES.iter().position(|name| text.eq_ignore_ascii_case(name))?;
    Weekday::try_from(u8::try_from(at).ok()?).ok()
}

fn weekday_with_number(text: &str) -> Option<(i32, Weekday)> {
    let text = text.trim();
    let at = text.len().checked_sub(2).filter(|at| text.is_char_boundary(*at))?;
    let (number, name) = text.split_at(at);
    let number = if number.is_empty() { 0 } else { number.parse().ok()? };
    Some((number, weekday(name)?))
}

fn days_of_year(date: NaiveDate) -> i32 {
    if date.leap_year() { 366 } else { 365 }
}

fn week_start(date: NaiveDate, first: Weekday) -> Option<NaiveDate> {
    date.checked_sub_days(Days::new(date.weekday().days_since(first).into()))
}

/// The first day of the first week, the one that has four days or more in this year.
fn first_week(year: i32, first: Weekday) -> Option<NaiveDate> {
    week_start(NaiveDate::from_ymd_opt(year, 1, 4)?, first)
}

/// Does one of these, counted from the front (1, 2 …) or the end (-1, -2 …), say `at` of `length`?
fn says(numbers: &[i32], at: i32, length: i32) -> bool {
    numbers.iter().any(|n| *n == at || *n == at - length - 1)
}

fn to_i32(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Rule {
    /// None where it is no rule, or counts in another calendar than the Gregorian.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rule = Self {
            frequency: Frequency::Yearly,
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Mon,
        };
        let mut frequency = None;
        for part in text.split(';').filter(|part| !part.trim().is_empty()) {
            let (key, value) = part.split_once('=')?;
            let value = value.trim();
            match key.trim().to_ascii_uppercase().as_str() {
                "FREQ" => {
                    frequency = Some(match value.to_ascii_uppercase().as_str() {
                        "YEARLY" => Frequency::Yearly,
                        "MONTHLY" => Frequency::Monthly,
                        "WEEKLY" => Frequency::Weekly,
                        "DAILY" => Frequency::Daily,
                        "HOURLY" => Frequency::Hourly,
                        "MINUTELY" => Frequency::Minutely,
                        "SECONDLY" => Frequency::Secondly,
                        _ => return None,
                    });
                }
                "INTERVAL" => rule.interval = value.parse::<u32>().ok().filter(|n| *n > 0)?.into(),
                "COUNT" => rule.count = Some(value.parse().ok()?),
                "UNTIL" => rule.until = Some(Stamp::parse(value)?),
                "BYMONTH" => rule.months = numbers(value, 12)?,
                "BYWEEKNO" => rule.weeks = numbers(value, 53)?,
                "BYYEARDAY" => rule.year_days = numbers(value, 366)?,
                "BYMONTHDAY" => rule.month_days = numbers(value, 31)?,
                "BYDAY" => {
                    rule.weekdays = value.split(',').map(weekday_with_number).collect::<Option<_>>()?;
                    rule.weekdays.sort_unstable_by_key(|(n, day)| (*n, day.num_days_from_monday()));
                    rule.weekdays.dedup();
                }
                "BYHOUR" => rule.hours = numbers(value, 23)?,
                "BYMINUTE" => rule.minutes = numbers(value, 59)?,
                "BYSECOND" => rule.seconds = numbers(value, 59)?,
                "BYSETPOS" => rule.positions = numbers(value, 366)?,
                "WKST" => rule.week_start = weekday(value)?,
                "RSCALE" if !value.eq_ignore_ascii_case("GREGORIAN") => return None,
                _ => {}
            }
        }
        rule.frequency = frequency?;
        Some(rule)
    }

    /// Until when, in the clock time that `to_local` makes of UTC.
    pub(super) fn until(&self, to_local: impl FnOnce(NaiveDateTime) -> NaiveDateTime) -> Option<NaiveDateTime> {
        Some(match self.until? {
            Stamp::Date(date) => date.and_hms_opt(23, 59, 59)?,
            Stamp::Local(local) => local,
            Stamp::Utc(utc) => to_local(utc),
        })
    }

    /// The starts in `range` of a series that begins with `first`, in order, `first` itself being one of them in any case.
    /// Those that the budget or the cap of a series do not reach are left out.
    pub(super) fn starts(
        &self,
        first: NaiveDateTime,
        until: Option<NaiveDateTime>,
        range: &RangeInclusive<NaiveDateTime>,
        budget: &mut Budget,
    ) -> Vec<NaiveDateTime> {
        let rule = self.with_defaults(first);
        let mut found: Vec<_> = Some(first).filter(|first| range.contains(first)).into_iter().collect();
        let mut counted = 1;
        let mut series = Budget::new(MAX_STEPS);
        let begin = if self.count.is_none() { self.periods_before(first, *range.start()) } else { 0 };
        for period in (begin..).map_while(|k| rule.period(first, k)) {
            if period.first > *range.end() || until.is_some_and(|until| period.first > until) {
                break;
            }
            let times = rule.times_of(&period);
            let steps = 1 + period.days + times.len();
            if !series.spend(steps) || !budget.spend(steps) {
                break;
            }
            let days: Vec<NaiveDate> = if times.is_empty() {
                Vec::new()
            } else {
                let days = period.first.date().iter_days().take(period.days);
                days.filter(|day| rule.includes(*day)).collect()
            };
            let size = days.len() * times.len();
            if !series.spend(size) || !budget.spend(size) {
                break;
            }
            let set = days.iter().flat_map(|day| times.iter().map(|time| day.and_time(*time)));
            for (at, start) in (1..).zip(set) {
                let length = i32::try_from(size).unwrap_or(i32::MAX);
                if start <= first || !(rule.positions.is_empty() || says(&rule.positions, at, length)) {
                    continue;
                }
                counted += 1;
                let over = until.is_some_and(|until| start > until) || self.count.is_some_and(|count| counted > count);
                if over || start > *range.end() || found.len() == MAX_INSTANCES {
                    return found;
                }
                if start >= *range.start() {
                    found.push(start);
                }
            }
        }
        found
    }

    /// What the rule leaves open is taken from the first instance.
    fn with_defaults(&self, first: NaiveDateTime) -> Self {
        let mut rule = self.clone();
        let open = rule.year_days.is_empty() && rule.month_days.is_empty() && rule.weekdays.is_empty();
        match rule.frequency {
            Frequency::Yearly if open && !rule.weeks.is_empty() => rule.weekdays = vec![(0, first.weekday())],
            Frequency::Yearly if open => {
                if rule.months.is_empty() {
                    rule.months = vec![to_i32(first.month())];
                }
                rule.month_days = vec![to_i32(first.day())];
            }
            Frequency::Monthly if open && rule.weeks.is_empty() => rule.month_days = vec![to_i32(first.day())],
            Frequency::Weekly if open && rule.weeks.is_empty() => rule.weekdays = vec![(0, first.weekday())],
            _ => {}
        }
        let coarse = |than: &[Frequency]| !than.contains(&rule.frequency);
        let (hourly, minutely, secondly) = (Frequency::Hourly, Frequency::Minutely, Frequency::Secondly);
        let (any_hour, any_minute, any_second) =
            (coarse(&[hourly, minutely, secondly]), coarse(&[minutely, secondly]), coarse(&[secondly]));
        for (open, list, value) in [
            (any_hour, &mut rule.hours, first.hour()),
            (any_minute, &mut rule.minutes, first.minute()),
            (any_second, &mut rule.seconds, first.second()),
        ] {
            if open && list.is_empty() {
                list.push(to_i32(value));
            }
        }
        rule
    }

    /// How many periods certainly end before `from`.
    fn periods_before(&self, first: NaiveDateTime, from: NaiveDateTime) -> i64 {
        let since = from - first;
        let months = i64::from(from.year() - first.year()) * 12 + i64::from(from.month()) - i64::from(first.month());
        let units = match self.frequency {
            Frequency::Yearly => i64::from(from.year() - first.year()),
            Frequency::Monthly => months,
            Frequency::Weekly => since.num_weeks(),
            Frequency::Daily => since.num_days(),
            Frequency::Hourly => since.num_hours(),
            Frequency::Minutely => since.num_minutes(),
            Frequency::Secondly => since.num_seconds(),
        };
        (units / self.interval - 1).max(0)
    }

    /// The period `k` times the interval after the one that `first` is in; None at the end of time.
    fn period(&self, first: NaiveDateTime, k: i64) -> Option<Period> {
        let ahead = k.checked_mul(self.interval)?;
        let days_ahead = |days: i64| first.date().checked_add_days(Days::new(u64::try_from(days).ok()?));
        let whole = |from: NaiveDate, days: usize| Period { first: from.and_time(NaiveTime::MIN), days };
        let within = |unit: TimeDelta, into: i64| {
            let begin = first - TimeDelta::seconds(into);
            let ahead = TimeDelta::try_seconds(unit.num_seconds().checked_mul(ahead)?)?;
            Some(Period { first: begin.checked_add_signed(ahead)?, days: 1 })
        };
        let (minute, second) = (i64::from(first.minute()), i64::from(first.second()));
        match self.frequency {
            Frequency::Yearly => {
                let year = i32::try_from(i64::from(first.year()).checked_add(ahead)?).ok()?;
                let day = NaiveDate::from_ymd_opt(year, 1, 1)?;
                Some(whole(day, usize::try_from(days_of_year(day)).ok()?))
            }
            Frequency::Monthly => {
                let day = first.date().with_day(1)?.checked_add_months(Months::new(u32::try_from(ahead).ok()?))?;
                Some(whole(day, day.num_days_in_month().into()))
            }
            Frequency::Weekly => {
                let day = days_ahead(ahead.checked_mul(7)?)?;
                Some(whole(week_start(day, self.week_start)?, 7))
            }
            Frequency::Daily => Some(whole(days_ahead(ahead)?, 1)),
            Frequency::Hourly => within(TimeDelta::hours(1), minute * 60 + second),
            Frequency::Minutely => within(TimeDelta::minutes(1), second),
            Frequency::Secondly => within(TimeDelta::seconds(1), 0),
        }
    }

    /// The times of each day of a period, in order; none where the period itself does not pass.
    fn times_of(&self, period: &Period) -> Vec<NaiveTime> {
        let at = period.first.time();
        let own = |finer: &[Frequency], list: &[i32], value: u32| -> Vec<u32> {
            if finer.contains(&self.frequency) {
                // The period lies within this hour (minute, second): the list lets it pass or not.
                let passes = list.is_empty() || list.contains(&to_i32(value));
                return Some(value).filter(|_| passes).into_iter().collect();
            }
            list.iter().filter_map(|n| u32::try_from(*n).ok()).collect()
        };
        use Frequency::{Hourly, Minutely, Secondly};
        let hours = own(&[Hourly, Minutely, Secondly], &self.hours, at.hour());
        let minutes = own(&[Minutely, Secondly], &self.minutes, at.minute());
        let seconds = own(&[Secondly], &self.seconds, at.second());
        let mut times = Vec::with_capacity(hours.len() * minutes.len() * seconds.len());
        for hour in &hours {
            for minute in &minutes {
                times.extend(seconds.iter().filter_map(|second| NaiveTime::from_hms_opt(*hour, *minute, *second)));
            }
        }
        times
    }

    /// Whether all parts that speak of days let this one pass.
    fn includes(&self, day: NaiveDate) -> bool {
        let (of_year, year) = (to_i32(day.ordinal()), days_of_year(day));
        let (of_month, month) = (to_i32(day.day()), i32::from(day.num_days_in_month()));
        let by_month =
            self.frequency == Frequency::Monthly || self.frequency == Frequency::Yearly && !self.months.is_empty();
        let numbered = matches!(self.frequency, Frequency::Yearly | Frequency::Monthly);
        let weekday = |(n, weekday): &(i32, Weekday)| {
            let (at, length) = if by_month { (of_month, month) } else { (of_year, year) };
            let nth = *n == (at - 1) / 7 + 1 || *n == -((length - at) / 7 + 1);
            *weekday == day.weekday() && (*n == 0 || !numbered || nth)
        };
        (self.months.is_empty() || self.months.contains(&to_i32(day.month())))
            && (self.year_days.is_empty() || says(&self.year_days, of_year, year))
            && (self.month_days.is_empty() || says(&self.month_days, of_month, month))
            && (self.weekdays.is_empty() || self.weekdays.iter().any(weekday))
            && (self.weeks.is_empty() || self.includes_week(day).unwrap_or(false))
    }

    fn includes_week(&self, day: NaiveDate) -> Option<bool> {
        let first_of = |year| first_week(year, self.week_start);
        let year = match day.year() {
            year if day >= first_of(year + 1)? => year + 1,
            year if day < first_of(year)? => year - 1,
            year => year,
        };
        let (begin, end) = (first_of(year)?, first_of(year + 1)?);
        let week = |days: TimeDelta| i32::try_from(days.num_weeks()).ok();
        Some(says(&self.weeks, week(day - begin)? + 1, week(end - begin)?))
    }
}

/// One step of the frequency.
struct Period {
    first: NaiveDateTime,
    /// That it touches.
    days: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use std::io::Write;

    fn expand(rule: &str, first: &str, range: (&str, &str)) -> Vec<String> {
        let time = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
        let rule = Rule::parse(rule).unwrap();
        let until = rule.until(|utc| utc);
        let starts = rule.starts(time(first), until, &(time(range.0)..=time(range.1)), &mut Budget::new(1_000_000));
        starts.iter().map(|start| start.format("%m-%dT%H:%M").to_string()).collect()
    }

    const YEAR: (&str, &str) = ("2026-01-01T00:00", "2026-12-31T23:59");

    #[test]
    fn months_without_the_day_are_skipped() {
        let starts = expand("FREQ=MONTHLY;COUNT=4", "2026-01-31T09:00", YEAR);
        assert_eq!(starts, ["01-31T09:00", "03-31T09:00", "05-31T09:00", "07-31T09:00"]);
    }

    #[test]
    fn the_last_working_day_of_the_month() {
        let starts = expand(
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2026-01-30T09:00",
            ("2026-04-01T00:00", "2026-06-30T23:00"),
        );
        assert_eq!(starts, ["04-30T09:00", "05-29T09:00", "06-30T09:00"]);
    }

    #[test]
    fn every_other_week_by_the_start_of_the_week() {
        let rule = |start: &str| format!("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={start}");
        let monday = expand(&rule("MO"), "2026-08-04T09:00", YEAR);
        assert_eq!(monday, ["08-04T09:00", "08-09T09:00", "08-18T09:00", "08-23T09:00"]);
        let sunday = expand(&rule("SU"), "2026-08-04T09:00", YEAR);
        assert_eq!(sunday, ["08-04T09:00", "08-16T09:00", "08-18T09:00", "08-30T09:00"]);
    }

    #[test]
    fn a_rule_from_long_ago_costs_little() {
        let mut budget = Budget::new(1_000);
        let rule = Rule::parse("FREQ=SECONDLY;INTERVAL=3600").unwrap();
        let first = NaiveDate::from_ymd_opt(1970, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0)).unwrap();
        let from = NaiveDate::from_ymd_opt(2026, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0)).unwrap();
        assert_eq!(rule.starts(first, None, &(from..=from + TimeDelta::hours(23)), &mut budget).len(), 24);
    }

    #[test]
    fn what_is_no_rule() {
        for bad in [
            "",
            "FREQ=",
            "COUNT=1",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;BYDAY=XX",
            "FREQ=DAILY;BYDAY=é",
            "FREQ=DAILY;BYHOUR=25",
            "RSCALE=CHINESE;FREQ=YEARLY",
        ] {
            assert!(Rule::parse(bad).is_none(), "{bad}");
        }
    }

    /// Reads lines of start and rule, and writes the instances of 2026 and 2027 as dateutil sees them.
    const ORACLE: &str = r#"
import sys
from datetime import datetime
from dateutil.rrule import rrulestr
for line in sys.stdin:
    start, rule = line.split()
    start = datetime.strptime(start, "%Y%m%dT%H%M%S")
    try:
        found = rrulestr(rule, dtstart=start).between(datetime(2026, 1, 1), datetime(2027, 12, 31), inc=True)
    except ValueError:
        print("never")
        continue
    print(" ".join(t.strftime("%Y%m%dT%H%M%S") for t in found if t != start))
"#;

    /// Rules of which dateutil and the RFC think alike.
    fn some_rule() -> impl Strategy<Value = String> {
        let part = |text: &'static str| prop_oneof![3 => Just(String::new()), 1 => text.prop_map(|it: String| format!(";{it}"))];
        let days = prop_oneof![
            (
                "YEARLY|MONTHLY",
                part("BYMONTH=([1-9]|1[0-2]),(4|8)"),
                part(
                    "BYDAY=(-[1-5]|[1-5])(MO|WE|SU),[1-4]TU|BYDAY=(MO|WE|SA)(,FR)?|BYMONTHDAY=(-[1-9]|[12][0-9]|31)(,1)?"
                ),
                part("BYSETPOS=(-1|[1-3])(,-2)?"),
            ),
            (
                "YEARLY",
                part("BYWEEKNO=(-1|1|2[0-9]|53);BYDAY=(MO|TH|SU),TU"),
                part("BYYEARDAY=(-[1-9]|1[0-9]{2}|366|1)"),
                Just(String::new()),
            ),
            ("WEEKLY|DAILY", part("BYDAY=(MO|TU|SU),(WE|FR)"), part("BYMONTH=[1-9]"), Just(String::new())),
            ("HOURLY", part("BYHOUR=(9|1[0-7]),8"), part("BYDAY=MO,SA"), Just(";BYMINUTE=0,30;BYMONTH=3".to_owned())),
        ];
        let rest = (
            part("INTERVAL=[1-7]"),
            part("COUNT=[1-9][0-9]{0,2}|UNTIL=202(6|7)0[1-9]1[0-9]T120000"),
            part("WKST=(MO|SU|TH)"),
        );
        let times =
            prop_oneof![3 => Just(String::new()), 1 => "BYHOUR=(9|14),11".prop_map(|it: String| format!(";{it}"))];
        (days, rest, times).prop_map(|((frequency, a, b, c), (interval, end, week), times)| {
            format!("FREQ={frequency}{a}{b}{c}{interval}{end}{week}{times}")
        })
    }

    #[test]
    fn a_second_opinion() {
        let python = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/caldav/bin/python");
        assert!(python.exists(), "dateutil is missing, which this test compares with. Install it:  make setup");
        let mut runner = TestRunner::deterministic();
        let start = ("202[4-6](0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])T(0[0-9]|1[0-9])(00|30)00", some_rule());
        let cases: Vec<_> = (0..200).map(|_| start.new_tree(&mut runner).unwrap().current()).collect();
        let lines: String = cases.iter().map(|(start, rule)| format!("{start} {rule}\n")).collect();
        let mut child = std::process::Command::new(python)
            .args(["-c", ORACLE])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        let opinions = String::from_utf8(output.stdout).unwrap();
        assert_eq!(opinions.lines().count(), cases.len());
        let time = |text: &str| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").unwrap();
        let range = time("20260101T000000")..=time("20271231T000000");
        for ((start, text), theirs) in cases.iter().zip(opinions.lines()) {
            let (first, rule) = (time(start), Rule::parse(text).unwrap());
            let until = rule.until(|utc| utc);
            let mut ours = rule.starts(first, until, &range, &mut Budget::new(10_000_000));
            ours.retain(|start| *start != first);
            let mut theirs: Vec<_> = theirs.split_whitespace().filter(|it| *it != "never").map(time).collect();
            // A start that does not fit its rule counts all the same, but not for dateutil.
            if text.contains("COUNT") && theirs.len() == ours.len() + 1 {
                theirs.pop();
            }
            assert_eq!(ours, theirs, "{start} {text}");
        }
    }
}
