//! Hours from outside: whatever they are, they are refused, or have one normal form.

use scheduling::Availability;

/// Panics where what must be true is not.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(hours) = serde_json::from_slice::<Availability>(bytes) else { return };
    match hours.normalise() {
        Ok(normal) => {
            assert_eq!(normal.clone().normalise().as_ref(), Ok(&normal), "normalising twice is normalising once");
            let text = serde_json::to_vec(&normal).expect("it is written");
            assert_eq!(serde_json::from_slice::<Availability>(&text).ok(), Some(normal), "it is read as it is written");
        }
        Err(errors) => assert!(!errors.is_empty(), "refused, and nobody says why"),
    }
}
