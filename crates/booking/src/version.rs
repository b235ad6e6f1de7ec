//! Versions of what a mentor sets, so that a save that began with something older is refused instead of overwriting.
//!
//! A version is made from the content: it is another one whenever the content is, whichever server or release wrote it. Content
//! that was changed and changed back has its old version again, and then an overwrite loses nothing.

use crate::Error;
use crate::secrets::sha256;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

/// The version of some content: 22 characters of base64url. Opaque to everybody else.
///
/// # Errors
/// Where the content cannot be written as JSON.
pub fn of(content: &impl Serialize) -> Result<String, Error> {
    let text = serde_json::to_vec(content).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(&sha256(&text)[..16]))
}

/// What must be saved at the moment of a change, for the change to be made. (RFC 9110, section 13.1.)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is.
    #[default]
    Anything,
    /// Something: the change replaces it.
    Something,
    /// Nothing: the change creates it.
    Nothing,
    /// One of these versions.
    OneOf(Vec<String>),
}

impl Expected {
    /// This version.
    pub fn is(version: impl Into<String>) -> Self {
        Self::OneOf(vec![version.into()])
    }

    /// Fails with [`Error::Stale`] where `current` (`None`: there is nothing) is something else.
    pub(crate) fn check(&self, current: Option<&impl Serialize>) -> Result<(), Error> {
        let fits = match (self, current) {
            (Self::Anything, _) | (Self::Something, Some(_)) | (Self::Nothing, None) => true,
            (Self::OneOf(versions), Some(current)) => versions.contains(&of(current)?),
            _ => false,
        };
        if fits { Ok(()) } else { Err(Error::Stale) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_version_follows_the_content() {
        assert_eq!(of(&"hours").unwrap(), of(&"hours".to_owned()).unwrap());
        assert_ne!(of(&"hours").unwrap(), of(&"other hours").unwrap());
        assert_eq!(of(&"hours").unwrap().len(), 22);
    }

    #[test]
    fn what_is_expected_decides() {
        let fits = |expected: &Expected, current: Option<&str>| expected.check(current.as_ref()).is_ok();
        let one = Expected::is(of(&"hours").unwrap());
        for (expected, there, other, nothing) in [
            (&Expected::Anything, true, true, true),
            (&Expected::Something, true, true, false),
            (&Expected::Nothing, false, false, true),
            (&one, true, false, false),
        ] {
            let found = (fits(expected, Some("hours")), fits(expected, Some("others")), fits(expected, None));
            assert_eq!(found, (there, other, nothing), "{expected:?}");
        }
    }
}
