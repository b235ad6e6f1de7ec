use serde::{Deserialize, Serialize};

/// One thing that is wrong with one field of a request, in the words of RFC 9457's `errors` member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Where: a member name, or a path such as `weekly[3].start_time`.
    pub field: String,
    /// What, for machines: `required`, `too_long`, `too_many`, `out_of_range`, `invalid`, `duplicate`, …
    pub code: String,
    /// What, for people, in English: a sentence that says what to do.
    pub message: String,
}

impl FieldError {
    /// An error of `field`.
    ///
    /// ```
    /// use scheduling::FieldError;
    /// let error = FieldError::new("weekly[3].end_time", "out_of_range", "The end must be after the start.");
    /// assert_eq!((&*error.field, &*error.code), ("weekly[3].end_time", "out_of_range"));
    /// ```
    pub fn new(field: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}
