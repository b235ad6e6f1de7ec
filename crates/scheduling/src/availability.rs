use crate::{ClockTime, FieldError, intervals::merged, rules};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The years that dates may lie in.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

/// A mentor's hours, in the shape of `GET` and `PUT /api/v1/availability`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// IANA time zone name that all of the below is written in.
    pub timezone: String,
    /// Windows that repeat every week; at most 500.
    #[serde(default)]
    pub weekly: Vec<WeeklyWindow>,
    /// Dates with hours of their own; at most one entry a date, and 1,000 in all.
    #[serde(default)]
    pub overrides: Vec<DateOverride>,
    /// Date ranges without any hours; they win over overrides. At most 1,000.
    #[serde(default)]
    pub blocked: Vec<BlockedRange>,
}

/// A half-open `[start_time, end_time)` on one day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WeeklyWindow {
    /// 0 (Sunday) to 6 (Saturday).
    pub day_of_week: u8,
    /// First minute that is open.
    pub start_time: ClockTime,
    /// First minute that is closed again.
    pub end_time: ClockTime,
}

/// A half-open `[start_time, end_time)` of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// First minute that is open.
    pub start_time: ClockTime,
    /// First minute that is closed again.
    pub end_time: ClockTime,
}

/// Other hours for one date; no windows closes the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateOverride {
    /// The mentor's local date, of the years 1970 to 2200.
    pub date: NaiveDate,
    /// The hours of that date; at most 100 windows.
    #[serde(default)]
    pub windows: Vec<Window>,
}

/// Local dates without hours, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedRange {
    /// First blocked date, of the years 1970 to 2200.
    pub starts_on: NaiveDate,
    /// Last blocked date, not before the first.
    pub ends_on: NaiveDate,
    /// The mentor's own note, at most 4,000 characters; never shown to a visitor.
    #[serde(default)]
    pub note: Option<String>,
}

impl Availability {
    /// Checks everything and answers the one normal form: sorted, windows of a day merged where they overlap or touch,
    /// blocked ranges kept apart with their notes (trimmed; an empty note is none).
    ///
    /// The limits are those of the fields' documentation. The time zone's name is checked by who knows the zones, not
    /// here.
    ///
    /// # Errors
    /// Every field that is wrong, with its path. Of a list that is too long no more than that is said.
    ///
    /// ```
    /// use scheduling::{Availability, WeeklyWindow};
    /// let window = |start: &str, end: &str| WeeklyWindow {
    ///     day_of_week: 1,
    ///     start_time: start.parse().unwrap(),
    ///     end_time: end.parse().unwrap(),
    /// };
    /// let hours = |weekly| Availability { timezone: "UTC".into(), weekly, overrides: vec![], blocked: vec![] };
    ///
    /// let normal = hours(vec![window("12:00", "17:00"), window("09:00", "12:00")]).normalise().unwrap();
    /// assert_eq!(normal.weekly, [window("09:00", "17:00")]);
    ///
    /// let errors = hours(vec![window("17:00", "09:00")]).normalise().unwrap_err();
    /// assert_eq!(errors[0].field, "weekly[0].end_time");
    /// ```
    pub fn normalise(self) -> Result<Self, Vec<FieldError>> {
        let errors = self.check();
        if errors.is_empty() { Ok(self.in_normal_form()) } else { Err(errors) }
    }

    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (i, weekly) in bounded("weekly", &self.weekly, 500, &mut errors) {
            let path = format!("weekly[{i}]");
            if weekly.day_of_week > 6 {
                let message = "Choose a day from 0 (Sunday) to 6 (Saturday).";
                errors.push(FieldError::new(format!("{path}.day_of_week"), "out_of_range", message));
            }
            errors.extend(check_window(&path, weekly.start_time, weekly.end_time));
        }
        let mut dates = BTreeSet::new();
        for (i, other) in bounded("overrides", &self.overrides, 1000, &mut errors) {
            let path = format!("overrides[{i}]");
            errors.extend(check_date(&format!("{path}.date"), other.date));
            if !dates.insert(other.date) {
                let message = "This date has hours already; put all of a date's windows into one entry.";
                errors.push(FieldError::new(format!("{path}.date"), "duplicate", message));
            }
            for (j, window) in bounded(&format!("{path}.windows"), &other.windows, 100, &mut errors) {
                errors.extend(check_window(&format!("{path}.windows[{j}]"), window.start_time, window.end_time));
            }
        }
        for (i, blocked) in bounded("blocked", &self.blocked, 1000, &mut errors) {
            let path = format!("blocked[{i}]");
            errors.extend(check_date(&format!("{path}.starts_on"), blocked.starts_on));
            errors.extend(check_date(&format!("{path}.ends_on"), blocked.ends_on));
            if blocked.ends_on < blocked.starts_on {
                let message = "The last blocked date must not be before the first.";
                errors.push(FieldError::new(format!("{path}.ends_on"), "out_of_range", message));
            }
            let note = blocked.note.as_deref().unwrap_or_default().trim();
            errors.extend(rules::check_text(&format!("{path}.note"), note, rules::MAX_TEXT));
        }
        errors
    }

    fn in_normal_form(mut self) -> Self {
        let of_day = |day_of_week| {
            let windows = self.weekly.iter().filter(move |w| w.day_of_week == day_of_week);
            merged(windows.map(|w| w.start_time..w.end_time)).into_iter().map(move |w| WeeklyWindow {
                day_of_week,
                start_time: w.start,
                end_time: w.end,
            })
        };
        self.weekly = (0..7).flat_map(of_day).collect();
        for other in &mut self.overrides {
            let windows = merged(other.windows.iter().map(|w| w.start_time..w.end_time));
            other.windows = windows.into_iter().map(|w| Window { start_time: w.start, end_time: w.end }).collect();
        }
        self.overrides.sort_by_key(|other| other.date);
        for blocked in &mut self.blocked {
            blocked.note = blocked.note.take().map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
        }
        self.blocked.sort_by_key(|blocked| (blocked.starts_on, blocked.ends_on));
        self
    }
}

/// The entries of a list with their places; none, and an error, where the list has more than `max`.
fn bounded<'a, T>(
    path: &str,
    list: &'a [T],
    max: usize,
    errors: &mut Vec<FieldError>,
) -> impl Iterator<Item = (usize, &'a T)> + use<'a, T> {
    let too_many = list.len() > max;
    if too_many {
        let message = format!("Please keep to {max} entries; there are {}.", list.len());
        errors.push(FieldError::new(path, "too_many", message));
    }
    list.iter().enumerate().take(if too_many { 0 } else { max })
}

fn check_window(path: &str, start: ClockTime, end: ClockTime) -> Option<FieldError> {
    let message = "The end must be after the start; 24:00 is the end of the day.";
    (end <= start).then(|| FieldError::new(format!("{path}.end_time"), "out_of_range", message))
}

fn check_date(field: &str, date: NaiveDate) -> Option<FieldError> {
    let message = || format!("Choose a date of the years {} to {}.", YEARS.start(), YEARS.end());
    (!YEARS.contains(&date.year())).then(|| FieldError::new(field, "out_of_range", message()))
}
