//! Which times are offered, against the rule as the contract tells it.
#![no_main]

#[path = "../shared/slots.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shared::check(bytes));
