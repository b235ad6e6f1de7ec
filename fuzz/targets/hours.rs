//! Hours as they come in, and their normal form.
#![no_main]

#[path = "../shared/hours.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shared::check(bytes));
