//! What people type, and what they find.

#![allow(clippy::unwrap_used, reason = "a test may")]

use chrono::{DateTime, Utc};
use scheduling::Language;
use zones::Zones;
use zones::search::{Found, find, resolve, suggest};

fn now() -> DateTime<Utc> {
    "2026-11-29T10:00:00Z".parse().unwrap()
}

fn search(typed: &str, language: Language) -> Vec<Found> {
    find(&Zones::compiled_in(), typed, &[], language, now())
}

fn names(found: &[Found]) -> Vec<&str> {
    found.iter().map(|found| found.zone.as_str()).collect()
}

#[test]
fn the_zone_that_is_meant_comes_first() {
    let zones = Zones::compiled_in();
    let cases: Vec<_> = include_str!("searches.txt").lines().filter(|line| !line.starts_with("# ")).collect();
    assert!(cases.len() >= 200, "{} searches", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let (typed, expected) = case.split_once('\t').unwrap_or_else(|| panic!("{case}"));
        for language in [Language::En, Language::Ko] {
            let found = find(&zones, typed, &[], language, now());
            let first = found.first().map_or("-", |found| found.zone.as_str());
            if first != expected {
                wrong.push(format!("{typed}: {first}, not {expected} ({language:?})"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_option_says_its_place_and_offset_in_the_language_of_the_page() {
    let of = |typed, language| {
        let Found { zone, place, detail, offset } = search(typed, language).swap_remove(0);
        format!("{zone}: {place}, {detail}, {}", offset / 60)
    };
    assert_eq!(of("new york", Language::En), "America/New_York: New York, United States, -300");
    assert_eq!(of("뉴욕", Language::En), "America/New_York: New York, United States, -300");
    assert_eq!(of("new york", Language::Ko), "America/New_York: 뉴욕, 미국, -300");
    assert_eq!(of("munchen", Language::En), "Europe/Berlin: Munich, Germany, 60");
    assert_eq!(of("뮌헨", Language::Ko), "Europe/Berlin: 뮌헨, 독일, 60");
    assert_eq!(of("PST", Language::En), "America/Los_Angeles: Los Angeles, Pacific Time, -480");
    assert_eq!(of("utc", Language::En), "UTC: UTC, Coordinated Universal Time, 0");
    assert_eq!(of("california", Language::En), "America/Los_Angeles: California, United States, -480");
}

#[test]
fn an_abbreviation_offers_all_its_meanings() {
    for (typed, meanings) in [
        ("IST", &["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"][..]),
        ("CST", &["Asia/Shanghai", "America/Chicago", "America/Mexico_City", "Asia/Taipei"]),
        ("BST", &["Europe/London", "Asia/Dhaka"]),
        ("PST", &["America/Los_Angeles", "Asia/Manila"]),
        ("EST", &["America/New_York", "America/Toronto"]),
    ] {
        let found = search(typed, Language::En);
        let missing: Vec<_> = meanings.iter().filter(|zone| !names(&found).contains(zone)).collect();
        assert!(missing.is_empty(), "{typed} lacks {missing:?}: {:?}", names(&found));
    }
}

#[test]
fn a_country_offers_all_its_zones_the_most_populous_first() {
    let found = search("usa", Language::En);
    let first = ["America/New_York", "America/Chicago", "America/Los_Angeles"];
    assert_eq!(names(&found)[..3], first);
    assert!(names(&found).contains(&"Pacific/Honolulu"));
}

#[test]
fn of_equals_the_zone_that_is_known_comes_first() {
    let zones = Zones::compiled_in();
    let first = |typed, preferred| find(&zones, typed, &[preferred], Language::En, now()).swap_remove(0).zone;
    assert_eq!(first("+9", "Asia/Seoul"), "Asia/Seoul");
    assert_eq!(first("IST", "Europe/Dublin"), "Europe/Dublin");
    assert_eq!(first("+5:30", "Asia/Calcutta"), "Asia/Kolkata", "as older browsers call it");
    assert_eq!(first("tokyo", "Asia/Seoul"), "Asia/Tokyo", "what was typed counts more");
}

/// `Etc/GMT+9` is UTC−9.
#[test]
fn zones_with_the_sign_turned_round_are_never_offered() {
    let signs = ["", "+", "-", "gmt", "gmt+", "gmt-", "utc+", "utc-", "etc", "etc/gmt", "Etc/GMT+", "Etc/GMT-"];
    let queries = signs.iter().flat_map(|sign| (0..=14).map(move |hours| format!("{sign}{hours}")));
    for typed in queries.chain(signs.map(str::to_owned)) {
        for found in search(&typed, Language::En) {
            assert!(!found.zone.starts_with("Etc/"), "{typed}: {}", found.zone);
        }
    }
}

#[test]
fn nothing_that_is_typed_breaks_it() {
    for typed in ["|", "||", "a|b", "\u{0}", "'", "%", "（", "é", "𝔖𝔢𝔬𝔲𝔩", &"a".repeat(100_000), &" x".repeat(500)]
    {
        assert!(search(typed, Language::Ko).len() <= 12, "{typed}");
    }
    assert_eq!(names(&search("𝔖𝔢𝔬𝔲𝔩", Language::En)), ["Asia/Seoul"]);
}

#[test]
fn before_anything_is_typed_the_own_zone_comes_first() {
    let zones = Zones::compiled_in();
    let known = ["Asia/Calcutta", "Asia/Seoul", "", "Mars/Base", "Asia/Kolkata"];
    let found = suggest(&zones, &known, Language::En, now());
    assert_eq!(names(&found)[..2], ["Asia/Calcutta", "Asia/Seoul"]);
    assert_eq!(found[0].place, "Kolkata");
    let seoul = found.iter().filter(|found| found.zone == "Asia/Seoul").count();
    assert_eq!((seoul, found.iter().any(|found| found.zone == "Asia/Kolkata")), (1, false), "each once");
    assert!(found.iter().any(|found| found.zone == "America/Los_Angeles"));
}

#[test]
fn a_field_without_a_script_is_understood_alike() {
    let zones = Zones::compiled_in();
    let meant = |typed| resolve(&zones, typed, now());
    assert_eq!(meant("Asia/Seoul").as_deref(), Some("Asia/Seoul"));
    assert_eq!(meant("Etc/GMT+9").as_deref(), Some("Etc/GMT+9"), "a name of the database is taken as it is");
    assert_eq!(meant(" new york ").as_deref(), Some("America/New_York"));
    assert_eq!(meant("UTC+9").as_deref(), Some("Asia/Tokyo"));
    assert_eq!(meant("부산").as_deref(), Some("Asia/Seoul"));
    for typed in ["", " ", "a", "qqqq", "Mars/Base"] {
        assert_eq!(meant(typed), None, "{typed}");
    }
}
