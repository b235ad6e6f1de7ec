//! What a browser's cookies say of it: its time zone, the time that it holds, and what it has booked.
//!
//! A page knows these before it is rendered, so it is right before its script runs and where none ever does. They grant
//! nothing: a hold is checked when it is used, and a booking is looked up by its token. Whatever does not read as we write
//! it is ignored, and everything is bounded.

use chrono::{DateTime, Utc};
use scheduling::urls;
use std::str::FromStr;
use uuid::Uuid;

/// The browser's IANA time zone, written by the script in the page's head (`document.js`).
pub const ZONE: &str = "tz";
/// The time that is held for this browser.
pub const HOLD: &str = "hold";
/// What this browser has booked.
pub const BOOKED: &str = "booked";

/// The longest zone name that is read. The longest of the IANA database has 32 letters.
const LONGEST_ZONE: usize = 64;
/// The longest handle or token that is read.
const LONGEST_PART: usize = 80;
/// Only the newest bookings are remembered.
const MOST_BOOKED: usize = 4;

/// A time that is held for this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which hold it is.
    pub id: Uuid,
    /// The start that it keeps.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// The mentor's handle.
    pub mentor: String,
}

/// A booking that was made with this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its start when it was made.
    pub start: DateTime<Utc>,
    /// The mentor's handle.
    pub mentor: String,
    /// The manage token.
    pub token: String,
}

/// What the cookies of a request say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cookies {
    /// The browser's time zone, if it is one that the server knows.
    pub timezone: Option<String>,
    /// The time that is held.
    pub held: Option<Held>,
    /// The newest bookings, newest first.
    pub booked: Vec<Receipt>,
}

impl Cookies {
    /// Reads the values of the three cookies. `knows` tells whether there is a zone of that name.
    ///
    /// ```
    /// use app::api::cookies::{Cookies, ZONE};
    ///
    /// let read = |name: &str| (name == ZONE).then_some("Asia/Seoul");
    /// assert_eq!(Cookies::read(read, |_| true).timezone.as_deref(), Some("Asia/Seoul"));
    /// assert_eq!(Cookies::read(read, |_| false).timezone, None);
    /// ```
    pub fn read<'a>(value: impl Fn(&str) -> Option<&'a str>, knows: impl Fn(&str) -> bool) -> Self {
        Self {
            timezone: value(ZONE).filter(|zone| zone.len() <= LONGEST_ZONE && knows(zone)).map(str::to_owned),
            held: value(HOLD).and_then(Held::read),
            booked: value(BOOKED)
                .map(|value| value.split('.').take(MOST_BOOKED).filter_map(Receipt::read).collect())
                .unwrap_or_default(),
        }
    }

    /// The hold of this start, unless it has ended.
    pub fn hold_of(&self, mentor: &str, start: DateTime<Utc>, now: DateTime<Utc>) -> Option<Uuid> {
        self.held
            .as_ref()
            .filter(|held| held.mentor == mentor && held.start == start && held.until > now)
            .map(|held| held.id)
    }

    /// `Set-Cookie` that adds a booking to those that are remembered, until the browser is closed.
    pub fn with_booked(&self, new: Receipt, base_url: &str) -> String {
        let others = self.booked.iter().filter(|old| old.token != new.token);
        let all: Vec<_> = std::iter::once(&new).chain(others).take(MOST_BOOKED).map(Receipt::write).collect();
        set(BOOKED, &all.join("."), base_url)
    }
}

impl Held {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('~');
        let held = Self {
            id: parts.next()?.parse().ok()?,
            start: instant(parts.next()?)?,
            until: instant(parts.next()?)?,
            mentor: part(parts.next()?)?,
        };
        parts.next().is_none().then_some(held)
    }

    /// `Set-Cookie` for this hold.
    pub fn cookie(&self, base_url: &str) -> String {
        let Self { id, start, until, mentor } = self;
        set(HOLD, &format!("{id}~{}~{}~{mentor}", start.timestamp(), until.timestamp()), base_url)
    }
}

impl Receipt {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('~');
        let receipt =
            Self { start: instant(parts.next()?)?, mentor: part(parts.next()?)?, token: part(parts.next()?)? };
        parts.next().is_none().then_some(receipt)
    }

    fn write(&self) -> String {
        format!("{}~{}~{}", self.start.timestamp(), self.mentor, self.token)
    }

    /// The booking's own page.
    pub fn path(&self) -> String {
        urls::manage(&self.token)
    }
}

fn instant(seconds: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(i64::from_str(seconds).ok()?, 0)
}

/// A handle or a token.
fn part(text: &str) -> Option<String> {
    let fits = (1..=LONGEST_PART).contains(&text.len());
    (fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))).then(|| text.to_owned())
}

/// Closed to scripts, and forgotten when the browser is closed.
fn set(name: &str, value: &str, base_url: &str) -> String {
    let secure = if base_url.starts_with("https:") { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn receipt(hour: i64) -> Receipt {
        let start = at("2026-12-01T00:00:00Z") + chrono::TimeDelta::hours(hour);
        Receipt { start, mentor: "kim-mentor".into(), token: format!("ysm_{hour}_-x") }
    }

    fn value(cookie: &str) -> &str {
        cookie.split_once('=').unwrap().1.split(';').next().unwrap()
    }

    fn cookies(name: &'static str, value: &str) -> Cookies {
        Cookies::read(|asked| (asked == name).then_some(value), |zone| zone == "Asia/Seoul")
    }

    #[test]
    fn what_is_written_is_read() {
        let (start, until) = (at("2026-12-01T00:00:00Z"), at("2026-11-30T10:05:00Z"));
        let held = Held { id: Uuid::from_u128(7), start, until, mentor: "kim-mentor".into() };
        let cookie = held.cookie("https://yaksok.example");
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
        let read = cookies(HOLD, value(&cookie));
        assert_eq!(read.held.as_ref(), Some(&held));
        assert_eq!(read.hold_of("kim-mentor", start, until - chrono::TimeDelta::seconds(1)), Some(held.id));
        assert_eq!(read.hold_of("kim-mentor", start, until), None, "it has ended");
        assert_eq!(read.hold_of("other", start, at("2026-11-30T10:00:00Z")), None, "another mentor's");

        let mut read = Cookies::default();
        for hour in 0..6 {
            let cookie = read.with_booked(receipt(hour), "http://localhost:3000");
            assert!(!cookie.contains("Secure") && cookie.len() < 1024, "{cookie}");
            read = cookies(BOOKED, value(&cookie));
        }
        assert_eq!(read.booked, [5, 4, 3, 2].map(receipt));
        assert_eq!(read.booked[0].path(), "/b/ysm_5_-x");
        let cookie = read.with_booked(receipt(4), "http://localhost:3000");
        assert_eq!(cookies(BOOKED, value(&cookie)).booked, [4, 5, 3, 2].map(receipt), "no booking twice");
    }

    #[test]
    fn what_is_not_ours_is_ignored() {
        assert_eq!(cookies(ZONE, "Asia/Seoul").timezone.unwrap(), "Asia/Seoul");
        for zone in ["", "Mars/Olympus", &"A".repeat(5000), "<script>"] {
            assert_eq!(cookies(ZONE, zone), Cookies::default(), "{zone}");
        }
        let id = Uuid::from_u128(7);
        for held in ["", "x~1~2~kim", &format!("{id}~1~2"), &format!("{id}~1~2~a/b"), &format!("{id}~1~2~kim~x")] {
            assert_eq!(cookies(HOLD, held), Cookies::default(), "{held}");
        }
        for booked in
            ["", "1~kim", "x~kim~ysm_x", "1~kim~ysm_\"x", "1~kim~ysm_x~y", &format!("1~kim~{}", "y".repeat(81))]
        {
            assert_eq!(cookies(BOOKED, booked), Cookies::default(), "{booked}");
        }
        assert_eq!(cookies(BOOKED, &["1~kim~ysm_x"; 500].join(".")).booked.len(), 4);
    }
}
