//! What has been chosen so far, in the address.

use crate::context::use_visit;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, SecondsFormat, Utc};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use leptos_router::params::ParamsMap;
use scheduling::ClockFormat;
use scheduling::OffsetTable;

/// What somebody has chosen so far, as it stands in the address: the same page comes back from a link, a reload, the
/// back button, and without a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pick {
    /// `month=2026-12`
    pub month: Option<String>,
    /// `date=2026-12-01`, in the zone that is shown.
    pub date: Option<NaiveDate>,
    /// `tz=America/New_York`, also read as `timezone=…`
    pub timezone: Option<String>,
    /// `start=2026-12-01T00:00:00Z`
    pub start: Option<DateTime<Utc>>,
    /// `h=24`
    pub hours: Option<ClockFormat>,
}

impl Pick {
    /// Reads a query. What cannot be read counts as not chosen.
    pub fn from_query(query: &ParamsMap) -> Self {
        let get = |name| query.get_str(name).filter(|value| !value.is_empty());
        let date: Option<NaiveDate> = get("date").and_then(|text| text.parse().ok());
        let start = get("start").and_then(instant);
        // A start brings its month as it is in UTC: at its edges the neighbouring one, which is only what is shown first.
        let month =
            get("month").map(String::from).or_else(|| date.or(start.map(|start| start.date_naive())).map(month_tag));
        let timezone = get("tz").or_else(|| get("timezone")).map(String::from);
        Self { month, date, timezone, start, hours: get("h").and_then(ClockFormat::from_tag) }
    }

    /// The address of this choice on the page at `path`, which `fixed` parts of the query belong to.
    pub fn href(&self, path: &str, fixed: &[(&str, &str)]) -> String {
        let mut query: Vec<(&str, String)> = fixed.iter().map(|(name, value)| (*name, (*value).into())).collect();
        if let Some(month) = &self.month {
            query.push(("month", month.clone()));
        }
        if let Some(date) = self.date {
            query.push(("date", date.to_string()));
        }
        if let Some(start) = self.start {
            query.push(("start", instant_tag(start)));
        }
        if let Some(timezone) = &self.timezone {
            query.push(("tz", timezone.clone()));
        }
        if let Some(hours) = self.hours {
            query.push(("h", hours.tag().into()));
        }
        with_query(path, &query)
    }

    /// The same zone and hours, and nothing chosen yet.
    pub fn cleared(&self) -> Self {
        Self { month: None, date: None, start: None, ..self.clone() }
    }

    /// How far the choice has come: `date`, `time` or `details`. A narrow window shows one at a time.
    pub fn step(&self) -> &'static str {
        match (self.date, self.start) {
            (_, Some(_)) => "details",
            (Some(_), None) => "time",
            (None, None) => "date",
        }
    }
}

/// The query of this page's address. On the way to another page it stays what it was: the address is the next page's
/// already while this one is still there.
pub fn use_page_query() -> Memo<ParamsMap> {
    let query = use_query_map();
    let pathname = use_location().pathname;
    let here = pathname.get_untracked();
    Memo::new(move |before: Option<&ParamsMap>| match before {
        Some(before) if pathname.with(|path| *path != here) => before.clone(),
        _ => query.get(),
    })
}

/// What the address of this page has chosen.
pub fn use_pick() -> Memo<Pick> {
    let query = use_page_query();
    Memo::new(move |_| query.with(Pick::from_query))
}

/// How hours are counted on this page: as the address says, else as this visitor wants them everywhere.
pub fn use_shown_clock(pick: Memo<Pick>) -> Memo<ClockFormat> {
    let visit = use_visit();
    Memo::new(move |_| pick.with(|pick| pick.hours).unwrap_or_else(|| visit.with(|visit| visit.format.clock)))
}

/// `2026-12`
pub fn month_tag(date: NaiveDate) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}

/// An instant as it stands in addresses and forms.
pub fn instant_tag(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Reads what [`instant_tag`] wrote.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

/// The first day of this date's month.
pub fn month_start(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// The first day of the month before or after; the same day at the end of the calendar.
pub fn month_shift(first_day: NaiveDate, by: i8) -> NaiveDate {
    let months = Months::new(u32::from(by.unsigned_abs()));
    let shifted = if by < 0 { first_day.checked_sub_months(months) } else { first_day.checked_add_months(months) };
    shifted.unwrap_or(first_day)
}

/// The date so many days away; the same at the end of the calendar.
pub fn day_shift(date: NaiveDate, by: i64) -> NaiveDate {
    let days = Days::new(by.unsigned_abs());
    let shifted = if by < 0 { date.checked_sub_days(days) } else { date.checked_add_days(days) };
    shifted.unwrap_or(date)
}

/// The starts that fall on `date` in `zone`; `starts` ascend.
pub fn starts_on<'a>(
    starts: &'a [DateTime<Utc>],
    zone: &'a OffsetTable,
    date: NaiveDate,
) -> impl Iterator<Item = DateTime<Utc>> + 'a {
    starts.iter().copied().filter(move |start| zone.wall(*start).date() == date)
}

/// `path` with a query, encoded.
pub fn with_query(path: &str, query: &[(&str, String)]) -> String {
    let mut address = String::from(path);
    for (index, (name, value)) in query.iter().enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        encode(value, &mut address);
    }
    address
}

/// Percent-encodes all but what a query may hold as it is.
pub fn encode(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => {
                into.push(char::from(byte));
            }
            _ => {
                into.push('%');
                into.push(char::from(HEX[usize::from(byte >> 4)]));
                into.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn query(pairs: &[(&'static str, &str)]) -> ParamsMap {
        pairs.iter().map(|(name, value)| (*name, (*value).to_string())).collect()
    }

    #[test]
    fn an_address_says_what_was_chosen() {
        let pairs = [
            ("month", "2026-12"),
            ("date", "2026-12-01"),
            ("start", "2026-12-01T00:00:00Z"),
            ("tz", "Etc/GMT+5"),
            ("h", "24"),
        ];
        let pick = Pick::from_query(&query(&pairs));
        assert_eq!(pick.step(), "details");
        let href = pick.href("/kim/session", &[("move", "1")]);
        assert_eq!(
            href,
            "/kim/session?move=1&month=2026-12&date=2026-12-01&start=2026-12-01T00:00:00Z&tz=Etc/GMT%2B5&h=24h"
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_chosen() {
        let pick = Pick::from_query(&query(&[("date", "tomorrow"), ("start", "9"), ("h", "25"), ("tz", "")]));
        assert_eq!(pick, Pick::default());
        assert_eq!(pick.href("/kim", &[]), "/kim");
    }

    #[test]
    fn a_date_or_a_start_brings_its_month() {
        assert_eq!(Pick::from_query(&query(&[("date", "2027-01-31")])).month.unwrap(), "2027-01");
        assert_eq!(Pick::from_query(&query(&[("start", "2027-01-31T12:00:00Z")])).month.unwrap(), "2027-01");
    }

    #[test]
    fn months_and_days_pass_the_ends_of_the_year() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(month_shift(date("2026-12-01"), 1), date("2027-01-01"));
        assert_eq!(month_shift(date("2026-01-01"), -1), date("2025-12-01"));
        assert_eq!(day_shift(date("2026-12-31"), 1), date("2027-01-01"));
        assert_eq!(month_start(date("2026-12-31")), date("2026-12-01"));
    }

    #[test]
    fn hangul_in_an_address_is_encoded() {
        assert_eq!(with_query("/", &[("query", "김 a&b".into())]), "/?query=%EA%B9%80%20a%26b");
    }
}
