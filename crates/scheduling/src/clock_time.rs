use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// A clock time of a day in whole minutes, `00:00` to `24:00` (which ends a day).
///
/// ```
/// use scheduling::ClockTime;
/// let nine: ClockTime = "09:00".parse().unwrap();
/// assert_eq!(nine.minutes(), 540);
/// assert_eq!(ClockTime::MIDNIGHT_END.to_string(), "24:00");
/// assert!("24:01".parse::<ClockTime>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime(u16);

/// The text is not a clock time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a clock time is HH:MM, from 00:00 to 24:00")]
pub struct ParseClockTimeError;

impl ClockTime {
    /// `00:00`, where a day begins.
    pub const MIDNIGHT: Self = Self(0);
    /// `24:00`, where a day ends.
    pub const MIDNIGHT_END: Self = Self(1440);

    /// The clock time `minutes` after midnight, 0 to 1440; `None` outside.
    ///
    /// ```
    /// use scheduling::ClockTime;
    /// assert_eq!(ClockTime::from_minutes(1440), Some(ClockTime::MIDNIGHT_END));
    /// assert_eq!(ClockTime::from_minutes(1441), None);
    /// ```
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= 1440 { Some(Self(minutes)) } else { None }
    }

    /// Minutes since midnight, 0 to 1440.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for ClockTime {
    type Err = ParseClockTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let [h1, h2, b':', m1, m2] = *text.as_bytes() else {
            return Err(ParseClockTimeError);
        };
        if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
            return Err(ParseClockTimeError);
        }
        let two = |a: u8, b: u8| u16::from(a - b'0') * 10 + u16::from(b - b'0');
        let (hours, minutes) = (two(h1, h2), two(m1, m2));
        if minutes > 59 {
            return Err(ParseClockTimeError);
        }
        Self::from_minutes(hours * 60 + minutes).ok_or(ParseClockTimeError)
    }
}

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
