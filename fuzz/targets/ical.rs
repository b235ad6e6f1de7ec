//! Calendar objects as a CalDAV server may send them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        calendars::caldav::fuzzing::read(text);
    }
});
