//! What a mentee would see, before anything is saved: the shared crate's slots, by day.

use super::dates::blocking;
use crate::api::dashboard::Upcoming;
use crate::components::pick::day_shift;
use chrono::{NaiveDate, NaiveTime};
use scheduling::{Availability, OffsetTable, Request, open_spans, slots};

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

/// The bookings that do not lie wholly within the hours.
pub fn outside_hours(availability: &Availability, zone: &OffsetTable, bookings: &[Upcoming]) -> Vec<Upcoming> {
    let start = bookings.iter().map(|booking| booking.start).min();
    let end = bookings.iter().map(|booking| booking.end).max();
    let Some((start, end)) = start.zip(end) else { return Vec::new() };
    let open = open_spans(availability, zone, start..end);
    let inside = |booking: &Upcoming| open.iter().any(|span| span.start <= booking.start && booking.end <= span.end);
    bookings.iter().filter(|booking| !inside(booking)).cloned().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use scheduling::{BlockedRange, BookingId, DateOverride, Policy, SessionType, WeeklyWindow};

    #[test]
    fn bookings_outside_the_hours_are_found() {
        let nine_to_five = |day_of_week| WeeklyWindow {
            day_of_week,
            start_time: "09:00".parse().unwrap(),
            end_time: "17:00".parse().unwrap(),
        };
        let mut availability = Availability {
            timezone: "Asia/Seoul".into(),
            weekly: (0..7).map(nine_to_five).collect(),
            overrides: vec![],
            blocked: vec![],
        };
        let zone = OffsetTable::fixed("Asia/Seoul", 9 * 3600);
        let booking = |start: &str| {
            let start = start.parse().unwrap();
            Upcoming {
                id: BookingId(Default::default()),
                name: "Ada".into(),
                start,
                end: start + TimeDelta::minutes(30),
            }
        };
        // In Seoul: at nine, half out at the end, at night, and the day after at nine.
        let bookings = ["2026-12-01T00:00:00Z", "2026-12-01T07:45:00Z", "2026-12-01T14:00:00Z", "2026-12-02T00:00:00Z"]
            .map(booking);
        assert_eq!(outside_hours(&availability, &zone, &bookings), bookings[1..3]);
        let day = "2026-12-02".parse().unwrap();
        availability.blocked.push(BlockedRange { starts_on: day, ends_on: day, note: None });
        assert_eq!(outside_hours(&availability, &zone, &bookings), bookings[1..]);
        assert_eq!(outside_hours(&availability, &zone, &[]), []);
    }

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
