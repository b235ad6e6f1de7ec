//! What must be true of calendar objects whatever they say; for `make fuzz`, and for its seeds in the tests.

use super::expand::Reader;
use super::ical::Component;
use super::zone::Zone;
use crate::remote::When;
use chrono::{DateTime, TimeDelta};
use zones::Zones;

/// Reads a calendar object as a server may have sent it.
///
/// # Panics
/// Where what must be true is not.
pub fn read(text: &str) {
    if let Some(calendar) = Component::parse(text) {
        let written = calendar.write();
        assert_eq!(Component::parse(&written).as_ref(), Some(&calendar), "it is read as it was written");
    }
    let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_700);
    let window = start..start + TimeDelta::days(200);
    let zones = Zones::compiled_in();
    for zone in ["UTC", "America/New_York"] {
        let reader = Reader {
            window: window.clone(),
            timezone: Some(zone.to_owned()),
            zone: Zone::named(&zones, zone).unwrap_or_else(Zone::utc),
            zones: zones.clone(),
            mine: vec!["kim@example.com".to_owned()],
        };
        for event in reader.events([("id".to_owned(), text.to_owned())]).unwrap_or_default() {
            match event.when {
                When::Timed(during) => {
                    assert!(during.start <= during.end, "{during:?} is reversed");
                    assert!(during.start < window.end && during.end >= window.start, "{during:?} was not asked for");
                }
                When::AllDay { first, after, .. } => assert!(first < after, "no whole day: {first} {after}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_seed_holds() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/ical");
        let mut count = 0;
        for entry in std::fs::read_dir(seeds).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            super::read(&String::from_utf8_lossy(&bytes));
            count += 1;
        }
        assert!(count >= 10, "{count} seeds");
    }
}
