//! The rules, against a second source, and replaced while they are in use.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod host;

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use host::HostData;
use scheduling::Transition;
use std::collections::BTreeSet;
use zones::{Refresh, Source, Zones};

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
    assert_eq!(zones.find("asia/seoul").unwrap().name(), Some("Asia/Seoul"));
    assert!(zones.find("Mars/Base").is_none());
}

#[test]
fn every_zone_has_rules_for_the_next_years() {
    let zones = Zones::newest();
    let now = utc("2026-11-22T00:00:00Z");
    for name in zones.names() {
        let table = zones.around(&name, now).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(table.name, name);
    }
}

/// chrono-tz parses the same rules with other code, from older data: where it differs, the data must have changed since,
/// and those zones are known.
#[test]
fn agrees_with_a_second_source() {
    let zones = Zones::newest();
    let span = utc("2026-01-01T00:00:00Z")..utc("2028-12-31T00:00:00Z");
    let mut differ = BTreeSet::new();
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
        "America/Havana",
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
        "Cuba",
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
    let years = utc("2026-01-01T00:00:00Z")..utc("2028-01-01T00:00:00Z");
    assert!(zones.table("Asia/Seoul", years).unwrap().transitions.is_empty());
}

/// In Havana every time from November 2026 on was an hour wrong with older data.
#[test]
fn the_compiled_in_data_is_of_2026f() {
    let table = Zones::compiled_in().around("America/Havana", utc("2026-11-29T00:00:00Z")).unwrap();
    assert_eq!(table.offset_at(utc("2026-12-24T00:00:00Z")), -4 * 3600);
}

#[test]
fn newer_data_of_the_host_takes_over_while_it_runs() {
    let host = HostData::new("2025b", "Asia/Tokyo");
    let zones = Zones::of(vec![host.path()]);
    let clone = zones.clone();
    let offset = |zones: &Zones| {
        let now = utc("2026-11-29T00:00:00Z");
        zones.around("Asia/Seoul", now).unwrap().offset_at(now) / 3600
    };
    assert_eq!((zones.source(), offset(&zones)), (Source::CompiledIn, 9), "older data is not used");
    assert_eq!(zones.refresh(), Refresh::Unchanged);

    // From now on Seoul has London's time.
    host.write("2099a", "Europe/London");
    assert_eq!(zones.refresh(), Refresh::Changing, "more may be on its way");
    assert_eq!(offset(&zones), 9);
    assert_eq!(zones.refresh(), Refresh::Replaced);
    assert_eq!((offset(&zones), offset(&clone)), (0, 0), "every clone follows");
    assert_eq!((clone.version().as_str(), clone.source()), ("2099a", Source::Host(host.path())));
    assert_eq!(
        zones.find("Asia/Seoul").unwrap().to_local(utc("2026-12-01T00:00:00Z")),
        utc("2026-12-01T00:00:00Z").naive_utc()
    );
    assert_eq!(offset(&Zones::of(vec![host.path()])), 0, "a server that starts now has it at once");
    assert_eq!((zones.refresh(), zones.revision()), (Refresh::Unchanged, 1));

    // A patched package of the same release.
    host.write("2099a", "Asia/Tokyo");
    assert_eq!((zones.refresh(), zones.refresh(), offset(&zones)), (Refresh::Changing, Refresh::Replaced, 9));

    // An older one, and none.
    host.write("2098a", "Europe/London");
    assert_eq!((zones.refresh(), zones.refresh(), offset(&zones)), (Refresh::Unchanged, Refresh::Unchanged, 9));
    host.remove();
    assert_eq!((zones.refresh(), zones.version().as_str(), offset(&zones)), (Refresh::Unchanged, "2099a", 9));
}

#[test]
fn an_update_that_is_being_written_is_waited_for() {
    let host = HostData::new("2099a", "Asia/Tokyo");
    let zones = Zones::of(vec![host.path()]);
    assert_eq!(zones.version(), "2099a");
    let keeps = |breaking: &dyn Fn()| {
        host.write("2099b", "Europe/London");
        breaking();
        let looks = [zones.refresh(), zones.refresh(), zones.refresh()];
        assert!(matches!(looks[1], Refresh::Incomplete(_)), "{looks:?}");
        assert!(matches!(looks[2], Refresh::Incomplete(_)), "it is tried again: {looks:?}");
        assert_eq!((zones.version().as_str(), zones.revision()), ("2099a", 1));
        assert!(Zones::of(vec![host.path()]).source() == Source::CompiledIn, "nobody starts with half of it");
    };
    keeps(&|| host.cut("Asia/Seoul", 60));
    keeps(&|| host.cut("Asia/Seoul", 0));
    keeps(&|| host.delete("Europe/Paris"));
    keeps(&|| host.cut("tzdata.zi", 5_003));
    // One file after the other: never the same twice.
    host.write("2099c", "Europe/London");
    for name in ["Asia/Seoul", "Europe/Paris", "America/Lima"] {
        assert_eq!(zones.refresh(), Refresh::Changing);
        host.touch(name);
    }
    assert_eq!([zones.refresh(), zones.refresh()], [Refresh::Changing, Refresh::Replaced]);
    assert_eq!(zones.version(), "2099c");
}

#[test]
fn links_that_a_package_leaves_out_follow_their_target() {
    let host = HostData::new("2099a", "Europe/London");
    host.delete("ROK");
    let zones = Zones::of(vec![host.path()]);
    let now = utc("2026-12-01T00:00:00Z");
    assert_eq!(zones.version(), "2099a");
    assert_eq!(zones.around("ROK", now).unwrap().offset_at(now), 0);
}

#[test]
fn where_only_compiled_files_are_the_data_is_that_of_the_program() {
    let host = HostData::new("2099a", "Europe/London");
    host.delete("tzdata.zi");
    assert_eq!(Zones::of(vec![host.path()]).source(), Source::CompiledIn, "files without a release say no age");
    // As on macOS.
    host.file("+VERSION", b"2099a\n");
    host.file("zone1970.tab", b"# comment\nKR\t+3733+12658\tAsia/Seoul\nXX\t+0000+00000\tAsia/Newtown\n");
    host.copy("Asia/Seoul", "Asia/Newtown");
    let zones = Zones::of(vec![host.path()]);
    assert_eq!(zones.version(), "2099a");
    assert!(zones.contains("Asia/Newtown"));
}

#[test]
fn data_is_old_after_half_a_year() {
    let zones = Zones::compiled_in();
    assert!(!zones.is_stale(utc("2027-04-28T00:00:00Z")));
    assert!(zones.is_stale(utc("2027-04-30T00:00:00Z")));
    let host = HostData::new("2099a", "Asia/Seoul");
    let zones = Zones::of(vec![host.path()]);
    assert_eq!(zones.released().unwrap().to_string(), "2099-01-01", "the file is older than its release can be");
}
