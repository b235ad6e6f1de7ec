//! Tokens that open something: 256 random bits. The database keeps their SHA-256; a look-up by hash tells nothing by its
//! timing, because whoever asks cannot choose the hash.

use crate::Context;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// A secret text. Does not print; shown only by [`Secret::reveal`].
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Of a text that came from outside.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, to show it to whom it belongs.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the database knows of it.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }
}

/// What kind of token it is, by its first characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ysk_…`, a mentor's API key.
    ApiKey,
    /// `ysm_…`, a booking's manage token.
    Manage,
    /// `yss_…`, a session cookie.
    Session,
    /// `ysl_…`, a link that works once.
    SingleUse,
    /// `ysw_…`, what a calendar provider shows when it tells of changes.
    Watch,
}

impl Kind {
    /// `ysk_`, `ysm_`, `yss_`, `ysl_`, `ysw_`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::ApiKey => "ysk_",
            Self::Manage => "ysm_",
            Self::Session => "yss_",
            Self::SingleUse => "ysl_",
            Self::Watch => "ysw_",
        }
    }
}

/// A new token of 256 random bits.
pub fn new_token(context: &Context, kind: Kind) -> Secret {
    let mut bytes = Zeroizing::new([0; 32]);
    context.random.fill(bytes.as_mut());
    Secret::new(format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(bytes.as_ref())))
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
