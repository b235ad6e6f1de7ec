//! What `make fuzz` starts from, and whatever it has found, holds in every test run.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../../fuzz/shared/hours.rs"]
mod hours;
#[path = "../../../fuzz/shared/slots.rs"]
mod slots;

fn every_seed(target: &str, check: fn(&[u8])) {
    let seeds = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(seeds).unwrap() {
        check(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{count} seeds");
}

#[test]
fn every_seed_of_hours_holds() {
    every_seed("hours", hours::check);
}

#[test]
fn every_seed_of_slots_holds() {
    every_seed("slots", slots::check);
}
