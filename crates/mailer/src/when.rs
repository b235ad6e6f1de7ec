//! Dates and times in the habits of each language, never without their time zone.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc, Weekday};
use scheduling::{ClockFormat, Language, OffsetTable};

/// From when to when, by the clocks of `zone`: `Tuesday, December 1, 2026, 9:00 – 9:30 AM (Asia/Seoul, UTC+9)`.
///
/// A session that ends on another date shows both dates; one during which the clocks change shows both offsets.
pub(crate) fn span(
    language: Language,
    clock: ClockFormat,
    zone: &OffsetTable,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
) -> String {
    let (from, to) = (zone.wall(start), zone.wall(end));
    let time = |wall| time(language, clock, wall);
    let on_day = |wall, text: String| match language {
        Language::En => format!("{}, {text}", date(language, wall)),
        Language::Ko => format!("{} {text}", date(language, wall)),
    };
    let same_day = from.date() == to.date();
    // Then the half of the day is written once: behind both times in English, before both in Korean.
    let same_half = same_day && clock == ClockFormat::Twelve && from.hour12().0 == to.hour12().0;
    let range = match language {
        _ if !same_day => format!("{} – {}", on_day(from, time(from)), on_day(to, time(to))),
        Language::En if same_half => on_day(from, format!("{} – {}", from.format("%-I:%M"), time(to))),
        Language::Ko if same_half => on_day(from, format!("{} – {}", time(from), to.format("%-I:%M"))),
        _ => on_day(from, format!("{} – {}", time(from), time(to))),
    };
    format!("{range} ({})", zone_label(zone, start, end))
}

/// The date alone, short, for a subject: `Tue, Dec 1`, `12월 1일 (화)`.
pub(crate) fn short_date(language: Language, zone: &OffsetTable, at: DateTime<Utc>) -> String {
    let wall = zone.wall(at);
    match language {
        Language::En => wall.format("%a, %b %-d").to_string(),
        Language::Ko => format!("{}월 {}일 ({})", wall.month(), wall.day(), weekday_ko(wall.date())),
    }
}

fn date(language: Language, wall: NaiveDateTime) -> String {
    match language {
        Language::En => wall.format("%A, %B %-d, %Y").to_string(),
        Language::Ko => {
            format!("{}년 {}월 {}일 ({})", wall.year(), wall.month(), wall.day(), weekday_ko(wall.date()))
        }
    }
}

fn time(language: Language, clock: ClockFormat, wall: NaiveDateTime) -> String {
    match (clock, language) {
        (ClockFormat::TwentyFour, _) => wall.format("%H:%M").to_string(),
        (ClockFormat::Twelve, Language::En) => wall.format("%-I:%M %p").to_string(),
        (ClockFormat::Twelve, Language::Ko) => {
            let half = if wall.hour12().0 { "오후" } else { "오전" };
            format!("{half} {}", wall.format("%-I:%M"))
        }
    }
}

fn weekday_ko(date: NaiveDate) -> &'static str {
    match date.weekday() {
        Weekday::Mon => "월",
        Weekday::Tue => "화",
        Weekday::Wed => "수",
        Weekday::Thu => "목",
        Weekday::Fri => "금",
        Weekday::Sat => "토",
        Weekday::Sun => "일",
    }
}

/// `Asia/Seoul, UTC+9`; `UTC` alone says it all.
fn zone_label(zone: &OffsetTable, start: DateTime<Utc>, end: DateTime<Utc>) -> String {
    let (before, after) = (zone.offset_at(start), zone.offset_at(end));
    if before != after {
        format!("{}, {} → {}", zone.name, utc_offset(before), utc_offset(after))
    } else if zone.name == "UTC" {
        zone.name.clone()
    } else {
        format!("{}, {}", zone.name, utc_offset(before))
    }
}

/// `UTC+9`, `UTC−3:30`, `UTC+0`.
fn utc_offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '−' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() % 3600 / 60);
    if minutes == 0 { format!("UTC{sign}{hours}") } else { format!("UTC{sign}{hours}:{minutes:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scheduling::Transition;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn both(zone: &OffsetTable, start: &str, end: &str) -> [String; 2] {
        Language::ALL.map(|language| span(language, ClockFormat::Twelve, zone, at(start), at(end)))
    }

    #[test]
    fn one_half_of_a_day() {
        assert_eq!(
            both(&OffsetTable::fixed("Asia/Seoul", 9 * 3600), "2026-12-01T00:00:00Z", "2026-12-01T00:30:00Z"),
            [
                "Tuesday, December 1, 2026, 9:00 – 9:30 AM (Asia/Seoul, UTC+9)",
                "2026년 12월 1일 (화) 오전 9:00 – 9:30 (Asia/Seoul, UTC+9)",
            ]
        );
    }

    #[test]
    fn with_24_hours() {
        let seoul = OffsetTable::fixed("Asia/Seoul", 9 * 3600);
        let text = |language, start, end| span(language, ClockFormat::TwentyFour, &seoul, at(start), at(end));
        assert_eq!(
            text(Language::En, "2026-12-01T00:00:00Z", "2026-12-01T00:30:00Z"),
            "Tuesday, December 1, 2026, 09:00 – 09:30 (Asia/Seoul, UTC+9)"
        );
        assert_eq!(
            text(Language::Ko, "2026-12-01T14:45:00Z", "2026-12-01T15:15:00Z"),
            "2026년 12월 1일 (화) 23:45 – 2026년 12월 2일 (수) 00:15 (Asia/Seoul, UTC+9)"
        );
    }

    #[test]
    fn across_noon() {
        assert_eq!(
            both(&OffsetTable::utc(), "2026-12-06T11:45:00Z", "2026-12-06T12:15:00Z"),
            [
                "Sunday, December 6, 2026, 11:45 AM – 12:15 PM (UTC)",
                "2026년 12월 6일 (일) 오전 11:45 – 오후 12:15 (UTC)",
            ]
        );
    }

    #[test]
    fn across_midnight() {
        assert_eq!(
            both(&OffsetTable::fixed("America/St_Johns", -12_600), "2027-01-01T03:15:00Z", "2027-01-01T03:45:00Z"),
            [
                "Thursday, December 31, 2026, 11:45 PM – Friday, January 1, 2027, 12:15 AM (America/St_Johns, UTC−3:30)",
                "2026년 12월 31일 (목) 오후 11:45 – 2027년 1월 1일 (금) 오전 12:15 (America/St_Johns, UTC−3:30)",
            ]
        );
    }

    #[test]
    fn while_clocks_fall_back() {
        let fall = Transition { at: 1_793_512_800, offset: -5 * 3600 };
        let zone = OffsetTable { name: "America/New_York".into(), first_offset: -4 * 3600, transitions: vec![fall] };
        assert_eq!(
            both(&zone, "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z")[0],
            "Sunday, November 1, 2026, 1:30 – 1:30 AM (America/New_York, UTC−4 → UTC−5)"
        );
    }

    #[test]
    fn short_dates() {
        let zone = OffsetTable::fixed("Asia/Seoul", 9 * 3600);
        assert_eq!(
            Language::ALL.map(|language| short_date(language, &zone, at("2026-11-30T15:00:00Z"))),
            ["Tue, Dec 1", "12월 1일 (화)"]
        );
    }

    #[test]
    fn greenwich_keeps_its_name() {
        let winter = both(&OffsetTable::fixed("Europe/London", 0), "2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z");
        assert!(winter[0].ends_with("(Europe/London, UTC+0)"));
    }
}
