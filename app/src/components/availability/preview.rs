//! What a mentee would see, before anything is saved: the shared crate's slots, by day.

use super::dates::blocking;
use crate::components::pick::day_shift;
use chrono::{NaiveDate, NaiveTime};
use scheduling::{Request, slots};

/// So many days are shown.
pub const DAYS: usize = 14;

/// Why a day looks as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The weekday's hours.
    Weekly,
    /// Hours of its own.
    Override,
    /// Blocked.
    Blocked,
}

/// One day of the preview, in the mentor's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Its date.
    pub date: NaiveDate,
    /// The starts that are offered, as local clock times.
    pub starts: Vec<NaiveTime>,
    /// Whose hours it has.
    pub reason: Reason,
}

/// The local date at `now`, and the days after it.
pub fn preview(request: &Request<'_>) -> Vec<Day> {
    let today = request.zone.wall(request.now).date();
    let from = request.zone.date_start(today);
    let to = request.zone.date_start(day_shift(today, DAYS as i64));
    let mut days: Vec<_> = (0..DAYS as i64)
        .map(|n| day_shift(today, n))
        .map(|date| Day { date, starts: Vec::new(), reason: reason(request, date) })
        .collect();
    for start in slots(request, from..to) {
        let wall = request.zone.wall(start);
        if let Some(day) = days.iter_mut().find(|day| day.date == wall.date()) {
            day.starts.push(wall.time());
        }
    }
    days
}

fn reason(request: &Request<'_>, date: NaiveDate) -> Reason {
    let availability = request.availability;
    if blocking(&availability.blocked, date).is_some() {
        Reason::Blocked
    } else if availability.overrides.iter().any(|other| other.date == date) {
        Reason::Override
    } else {
        Reason::Weekly
    }
}

/// How many starts there are in all.
pub fn total(days: &[Day]) -> usize {
    days.iter().map(|day| day.starts.len()).sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use scheduling::{Availability, BlockedRange, DateOverride, OffsetTable, Policy, SessionType, WeeklyWindow};

    #[test]
    fn two_weeks_by_day_with_their_reasons() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let availability = Availability {
            timezone: "Asia/Seoul".into(),
            weekly: vec![WeeklyWindow {
                day_of_week: 1,
                start_time: "09:00".parse().unwrap(),
                end_time: "10:00".parse().unwrap(),
            }],
            overrides: vec![DateOverride { date: date("2026-11-25"), windows: vec![] }],
            blocked: vec![BlockedRange { starts_on: date("2026-11-30"), ends_on: date("2026-11-30"), note: None }],
        };
        let request = Request {
            availability: &availability,
            zone: &OffsetTable::fixed("Asia/Seoul", 9 * 3600),
            policy: Policy::from(&SessionType::first()),
            busy: &[],
            // Monday, 23 November 2026, 00:30 in Seoul.
            now: "2026-11-22T15:30:00Z".parse().unwrap(),
        };
        let days = preview(&request);
        assert_eq!(days.len(), DAYS);
        assert_eq!(days[0].date, date("2026-11-23"));
        assert_eq!(days[0].starts.iter().map(ToString::to_string).collect::<Vec<_>>(), ["09:00:00", "09:30:00"]);
        assert_eq!(
            (days[2].reason, days[7].reason, days[8].reason),
            (Reason::Override, Reason::Blocked, Reason::Weekly)
        );
        assert_eq!(total(&days), 2);
    }
}
