//! Dates, times and durations in a language's habits. Pure: the same text on server and browser.

use crate::{ClockFormat, Language, OffsetTable, Price};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const WEEKDAYS_KO: [&str; 7] = ["일요일", "월요일", "화요일", "수요일", "목요일", "금요일", "토요일"];
const MINUS: char = '\u{2212}';

/// The weekday's name, 0 (Sunday) to 6 (Saturday): `Tuesday`, `화요일`. Higher numbers start again at Sunday.
pub fn weekday(day_of_week: u8, language: Language) -> &'static str {
    let names = match language {
        Language::En => &WEEKDAYS,
        Language::Ko => &WEEKDAYS_KO,
    };
    names[usize::from(day_of_week % 7)]
}

/// The weekday's name, short: `Tue`, `화`.
pub fn weekday_short(day_of_week: u8, language: Language) -> &'static str {
    let name = weekday(day_of_week, language);
    // Three letters of one byte, or one of three bytes.
    &name[..3]
}

/// Day of the week, 0 (Sunday) to 6 (Saturday).
pub fn day_of_week(date: NaiveDate) -> u8 {
    date.weekday().num_days_from_sunday() as u8
}

/// How many days of its week lie before this date, 0 to 6, where weeks begin on `week_start` (0: Sunday to 6: Saturday).
pub fn days_into_week(date: NaiveDate, week_start: u8) -> u8 {
    (day_of_week(date) + 7 - week_start % 7) % 7
}

/// `December 2026`, `2026년 12월`.
pub fn month(date: NaiveDate, language: Language) -> String {
    match language {
        Language::En => format!("{} {}", month_name(date), date.year()),
        Language::Ko => format!("{}년 {}월", date.year(), date.month()),
    }
}

/// `Tuesday, December 1`, `12월 1일 화요일`.
pub fn date(date: NaiveDate, language: Language) -> String {
    let weekday = weekday(day_of_week(date), language);
    match language {
        Language::En => format!("{weekday}, {} {}", month_name(date), date.day()),
        Language::Ko => format!("{}월 {}일 {weekday}", date.month(), date.day()),
    }
}

/// `Tuesday, December 1, 2026`, `2026년 12월 1일 화요일`.
pub fn date_with_year(day: NaiveDate, language: Language) -> String {
    match language {
        Language::En => format!("{}, {}", date(day, language), day.year()),
        Language::Ko => format!("{}년 {}", day.year(), date(day, language)),
    }
}

/// `Tue, Dec 1`, `12월 1일 (화)`.
pub fn date_short(date: NaiveDate, language: Language) -> String {
    let weekday = weekday_short(day_of_week(date), language);
    match language {
        Language::En => format!("{weekday}, {} {}", &month_name(date)[..3], date.day()),
        Language::Ko => format!("{}월 {}일 ({weekday})", date.month(), date.day()),
    }
}

/// `9:00 AM`, `오전 9:00`; `09:00` with 24 hours.
pub fn time(time: NaiveTime, clock: ClockFormat, language: Language) -> String {
    hour_and_minute(time.hour(), time.minute(), clock, language)
}

/// The clock time so many minutes after midnight; 1440, the end of a day, is `24:00` (`12:00 AM` with 12 hours).
pub fn minutes(minutes: u16, clock: ClockFormat, language: Language) -> String {
    hour_and_minute(u32::from(minutes) / 60, u32::from(minutes) % 60, clock, language)
}

fn hour_and_minute(hour: u32, minute: u32, clock: ClockFormat, language: Language) -> String {
    if clock == ClockFormat::TwentyFour {
        return format!("{hour:02}:{minute:02}");
    }
    let (morning, hour) = (hour % 24 < 12, (hour + 11) % 12 + 1);
    match (language, morning) {
        (Language::En, true) => format!("{hour}:{minute:02}\u{a0}AM"),
        (Language::En, false) => format!("{hour}:{minute:02}\u{a0}PM"),
        (Language::Ko, true) => format!("오전\u{a0}{hour}:{minute:02}"),
        (Language::Ko, false) => format!("오후\u{a0}{hour}:{minute:02}"),
    }
}

/// From and to on one day: `9:00 – 9:30 AM` would save a word and cost a thought, so both are whole.
pub fn time_range(from: NaiveDateTime, to: NaiveDateTime, clock: ClockFormat, language: Language) -> String {
    let mut text = time(from.time(), clock, language);
    text.push_str(" – ");
    text.push_str(&time(to.time(), clock, language));
    if from.date() != to.date() && to.time() != NaiveTime::MIN {
        text.push(' ');
        text.push_str(&day_shift((to.date() - from.date()).num_days()));
    }
    text
}

/// `+1` and `−1`, for a time that falls on another date; empty for none.
pub fn day_shift(days: i64) -> String {
    match days {
        0 => String::new(),
        1.. => format!("+{days}"),
        _ => format!("{MINUS}{}", days.unsigned_abs()),
    }
}

/// `30 min`, `1 h`, `1 h 30 min`, `2 days`; `30분`, `1시간 30분`, `2일`.
pub fn duration(minutes: u32, language: Language) -> String {
    let (days, hours, rest) = (minutes / 1440, minutes % 1440 / 60, minutes % 60);
    let mut text = String::new();
    let mut add = |count: u32, one: &str, many: &str| {
        if count > 0 {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&count.to_string());
            text.push_str(if count == 1 { one } else { many });
        }
    };
    match language {
        Language::En => {
            add(days, "\u{a0}day", "\u{a0}days");
            add(hours, "\u{a0}h", "\u{a0}h");
            add(rest, "\u{a0}min", "\u{a0}min");
        }
        Language::Ko => {
            add(days, "일", "일");
            add(hours, "시간", "시간");
            add(rest, "분", "분");
        }
    }
    if text.is_empty() {
        text.push_str(match language {
            Language::En => "0\u{a0}min",
            Language::Ko => "0분",
        });
    }
    text
}

/// A time to wait, roughly: whole days, whole hours, or five minutes at least.
pub fn wait(minutes: u32, language: Language) -> String {
    let whole = match minutes {
        0..60 => (minutes / 5 * 5).max(5),
        60..1440 => minutes / 60 * 60,
        _ => minutes / 1440 * 1440,
    };
    duration(whole, language)
}

/// How long ago, roughly: `just now`, `3 minutes ago`, `2 hours ago`, `5 days ago`; `방금`, `3분 전`.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>, language: Language) -> String {
    let minutes = (now - at).num_minutes().max(0);
    let (count, one, many, ko) = match minutes {
        0 => {
            return match language {
                Language::En => "just now".into(),
                Language::Ko => "방금".into(),
            };
        }
        1..60 => (minutes, "a minute ago", "minutes ago", "분 전"),
        60..1440 => (minutes / 60, "an hour ago", "hours ago", "시간 전"),
        _ => (minutes / 1440, "a day ago", "days ago", "일 전"),
    };
    match language {
        Language::En if count == 1 => one.into(),
        Language::En => format!("{count}\u{a0}{many}"),
        Language::Ko => format!("{count}{ko}"),
    }
}

/// `$30.00`, `₩30,000`, `CHF 12.50`.
pub fn price(price: &Price) -> String {
    price.in_words()
}

pub use crate::currency;

/// `UTC+9`, `UTC−3:30`, `UTC`.
pub fn offset(seconds: i32) -> String {
    let sign = match seconds {
        0 => return "UTC".into(),
        1.. => '+',
        _ => MINUS,
    };
    let minutes = seconds.unsigned_abs() / 60;
    match minutes % 60 {
        0 => format!("UTC{sign}{}", minutes / 60),
        rest => format!("UTC{sign}{}:{rest:02}", minutes / 60),
    }
}

/// A zone's name for people: `America/New York`.
pub fn zone_name(name: &str) -> String {
    name.replace('_', " ")
}

/// The zone's place alone: `New York`, `Seoul`.
pub fn zone_city(name: &str) -> String {
    zone_name(name.rsplit('/').next().unwrap_or(name))
}

/// Name and offset: `Asia/Seoul (UTC+9)`.
pub fn zone_with_offset(zone: &OffsetTable, at: DateTime<Utc>) -> String {
    format!("{} ({})", zone_name(&zone.name), offset(zone.offset_at(at)))
}

fn month_name(date: NaiveDate) -> &'static str {
    MONTHS[date.month0() as usize % 12]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use Language::{En, Ko};

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn dates_follow_the_language() {
        let first = day(2026, 12, 1);
        assert_eq!(date(first, En), "Tuesday, December 1");
        assert_eq!(date(first, Ko), "12월 1일 화요일");
        assert_eq!(date_with_year(first, En), "Tuesday, December 1, 2026");
        assert_eq!(date_with_year(first, Ko), "2026년 12월 1일 화요일");
        assert_eq!(date_short(first, En), "Tue, Dec 1");
        assert_eq!(date_short(first, Ko), "12월 1일 (화)");
        assert_eq!(month(first, En), "December 2026");
        assert_eq!(month(first, Ko), "2026년 12월");
    }

    #[test]
    fn every_weekday_has_a_short_name() {
        let short = |language| (0..7).map(|day| weekday_short(day, language)).collect::<Vec<_>>();
        assert_eq!(short(En), ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]);
        assert_eq!(short(Ko), ["일", "월", "화", "수", "목", "금", "토"]);
        assert_eq!(weekday(7, En), "Sunday");
    }

    #[test]
    fn weeks_begin_on_any_day() {
        let tuesday = day(2026, 12, 1);
        let counted: Vec<_> = (0..8).map(|week_start| days_into_week(tuesday, week_start)).collect();
        assert_eq!(counted, [2, 1, 0, 6, 5, 4, 3, 2]);
    }

    #[test]
    fn clock_times_at_noon_and_midnight() {
        let text = |h, m, clock, language| time(NaiveTime::from_hms_opt(h, m, 0).unwrap(), clock, language);
        assert_eq!(text(9, 0, ClockFormat::Twelve, En), "9:00\u{a0}AM");
        assert_eq!(text(0, 5, ClockFormat::Twelve, En), "12:05\u{a0}AM");
        assert_eq!(text(12, 0, ClockFormat::Twelve, En), "12:00\u{a0}PM");
        assert_eq!(text(9, 0, ClockFormat::Twelve, Ko), "오전\u{a0}9:00");
        assert_eq!(text(21, 30, ClockFormat::Twelve, Ko), "오후\u{a0}9:30");
        assert_eq!(text(9, 0, ClockFormat::TwentyFour, En), "09:00");
        assert_eq!(minutes(1440, ClockFormat::TwentyFour, Ko), "24:00");
        assert_eq!(minutes(1440, ClockFormat::Twelve, En), "12:00\u{a0}AM");
    }

    #[test]
    fn a_range_says_when_it_ends_on_another_day() {
        let at = |d, h| day(2026, 12, d).and_hms_opt(h, 0, 0).unwrap();
        assert_eq!(time_range(at(1, 9), at(1, 10), ClockFormat::TwentyFour, En), "09:00 – 10:00");
        assert_eq!(time_range(at(1, 23), at(2, 1), ClockFormat::TwentyFour, En), "23:00 – 01:00 +1");
        assert_eq!(time_range(at(1, 23), at(2, 0), ClockFormat::TwentyFour, En), "23:00 – 00:00");
    }

    #[test]
    fn durations_and_shifts() {
        assert_eq!(duration(30, En), "30\u{a0}min");
        assert_eq!(duration(90, En), "1\u{a0}h 30\u{a0}min");
        assert_eq!(duration(2880, En), "2\u{a0}days");
        assert_eq!(duration(0, Ko), "0분");
        assert_eq!(duration(30, Ko), "30분");
        assert_eq!(duration(1500, Ko), "1일 1시간");
        assert_eq!([day_shift(1), day_shift(0), day_shift(-1)], ["+1", "", "\u{2212}1"]);
    }

    #[test]
    fn the_past_is_told_roughly() {
        let now = DateTime::UNIX_EPOCH;
        let text = |seconds, language| ago(now - chrono::TimeDelta::seconds(seconds), now, language);
        assert_eq!(text(59, En), "just now");
        assert_eq!(text(-5, Ko), "방금");
        assert_eq!(text(60, En), "a minute ago");
        assert_eq!(text(180, En), "3\u{a0}minutes ago");
        assert_eq!(text(7200, Ko), "2시간 전");
        assert_eq!(text(86_400, En), "a day ago");
    }

    #[test]
    fn a_wait_is_told_roughly() {
        for (minutes, told) in [(0, "5\u{a0}min"), (59, "55\u{a0}min"), (119, "1\u{a0}h"), (2879, "1\u{a0}day")] {
            assert_eq!(wait(minutes, En), told, "{minutes}");
        }
        assert_eq!(wait(4321, Ko), "3일");
    }

    #[test]
    fn prices_know_their_minor_unit() {
        let text = |amount, currency: &str| price(&Price { amount, currency: currency.into() });
        assert_eq!(text(3000, "USD"), "$30.00");
        assert_eq!(text(30_000, "KRW"), "₩30,000");
        assert_eq!(text(1_234_567, "JPY"), "¥1,234,567");
        assert_eq!(text(1250, "CHF"), "CHF\u{a0}12.50");
        assert_eq!(text(1005, "KWD"), "KWD\u{a0}1.005");
        assert_eq!(text(5, "EUR"), "€0.05");
        assert_eq!(text(12_345, "CLF"), "CLF\u{a0}1.2345");
    }

    #[test]
    fn offsets_and_zones() {
        assert_eq!(offset(9 * 3600), "UTC+9");
        assert_eq!(offset(-12_600), "UTC\u{2212}3:30");
        assert_eq!(offset(0), "UTC");
        assert_eq!(zone_city("America/Argentina/Buenos_Aires"), "Buenos Aires");
        assert_eq!(zone_city("UTC"), "UTC");
        assert_eq!(
            zone_with_offset(&OffsetTable::fixed("Asia/Seoul", 32_400), DateTime::UNIX_EPOCH),
            "Asia/Seoul (UTC+9)"
        );
    }
}
