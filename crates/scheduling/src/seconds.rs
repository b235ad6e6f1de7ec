//! The units that slots are computed in: Unix seconds for instants, days since 1970-01-01 for local dates, both `i64`,
//! where nothing that chrono can express comes near an overflow.

use chrono::{DateTime, NaiveDate, Utc};

/// Seconds of a minute.
pub(crate) const MINUTE: i64 = 60;
/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// The first whole second at or after an instant.
pub(crate) fn ceil(at: DateTime<Utc>) -> i64 {
    at.timestamp() + i64::from(at.timestamp_subsec_nanos() > 0)
}

/// The instant of a Unix second, or the end of chrono's calendar nearest to it.
pub(crate) fn instant(second: i64) -> DateTime<Utc> {
    let end = if second < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp(second, 0).unwrap_or(end)
}

/// The number of a date.
pub(crate) fn day_number(date: NaiveDate) -> i64 {
    date.to_epoch_days().into()
}
