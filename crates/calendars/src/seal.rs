//! Authenticated encryption of secrets that must be shown again: AES-256-GCM (NIST SP 800-38D).
//!
//! A sealed secret is `key id (4 bytes) ‖ nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes)`. What it belongs to (a booking, a
//! mentor and a provider) goes in as associated data, so that a sealed secret moved to another row does not open.

use aes_gcm::aead::{Aead, Generate, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use zeroize::Zeroizing;

const KEY_ID: usize = 4;
const NONCE: usize = 12;

/// A 256-bit key. Does not print.
pub struct SealKey {
    id: [u8; KEY_ID],
    cipher: Aes256Gcm,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl SealKey {
    /// A key of 32 random bytes. Its id is derived from it, one way.
    pub fn new(bytes: &[u8; 32]) -> Self {
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*bytes));
        // The encryption of a block that no sealing uses: a name for the key that tells nothing of it.
        let marker = cipher.encrypt(&Nonce::from([0xff; NONCE]), b"yaksok key id".as_slice()).unwrap_or_default();
        let mut id = [0; KEY_ID];
        id.iter_mut().zip(marker.iter().rev()).for_each(|(to, from)| *to = *from);
        Self { id, cipher }
    }
}

/// The secret does not open: another key, another place, or damage.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Sealed under a key that is not at hand.
    #[error("sealed under a key that is not configured; set CALENDAR_TOKEN_ENCRYPTION_KEY_PREVIOUS")]
    UnknownKey,
    /// Changed, or moved from somewhere else.
    #[error("a sealed secret does not belong here, or is damaged")]
    Damaged,
}

/// Seals under the current key; opens under the current and the previous one.
///
/// ```
/// use calendars::seal::{SealKey, Sealer};
/// let sealer = Sealer::new(SealKey::new(&[7; 32]), None);
/// let sealed = sealer.seal(b"token", b"booking 1").unwrap();
/// assert_eq!(*sealer.open(&sealed, b"booking 1").unwrap(), b"token");
/// assert!(sealer.open(&sealed, b"booking 2").is_err());
/// ```
#[derive(Debug)]
pub struct Sealer {
    current: SealKey,
    previous: Option<SealKey>,
}

impl Sealer {
    /// Seals under `current`.
    pub fn new(current: SealKey, previous: Option<SealKey>) -> Self {
        Self { current, previous }
    }

    /// Seals `secret` for the place that `belongs_to` names.
    ///
    /// # Errors
    /// [`SealError::Damaged`] where the secret is longer than AES-GCM allows (64 GiB).
    pub fn seal(&self, secret: &[u8], belongs_to: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = Nonce::generate();
        let payload = Payload { msg: secret, aad: belongs_to };
        let ciphertext = self.current.cipher.encrypt(&nonce, payload).map_err(|_| SealError::Damaged)?;
        Ok([self.current.id.as_slice(), nonce.as_slice(), &ciphertext].concat())
    }

    /// Opens what was sealed for that place.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open(&self, sealed: &[u8], belongs_to: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, rest) = sealed.split_first_chunk::<KEY_ID>().ok_or(SealError::Damaged)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Damaged)?;
        let key = [Some(&self.current), self.previous.as_ref()].into_iter().flatten().find(|key| key.id == *id);
        let key = key.ok_or(SealError::UnknownKey)?;
        let payload = Payload { msg: ciphertext, aad: belongs_to };
        let opened = key.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealError::Damaged)?;
        Ok(Zeroizing::new(opened))
    }

    /// Whether it was sealed under a key that is at hand.
    pub fn knows(&self, sealed: &[u8]) -> bool {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten().any(|key| sealed.starts_with(&key.id))
    }

    /// Whether it was sealed under the current key.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.starts_with(&self.current.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_opens_the_old_and_seals_the_new() {
        let old = Sealer::new(SealKey::new(&[1; 32]), None);
        let sealed = old.seal(b"secret", b"here").unwrap();
        let both = Sealer::new(SealKey::new(&[2; 32]), Some(SealKey::new(&[1; 32])));
        assert!(!both.is_current(&sealed) && both.knows(&sealed));
        assert_eq!(*both.open(&sealed, b"here").unwrap(), b"secret");
        let again = both.seal(b"secret", b"here").unwrap();
        assert!(both.is_current(&again) && both.knows(&again) && !old.knows(&again));
        assert!(matches!(old.open(&again, b"here"), Err(SealError::UnknownKey)));
    }

    #[test]
    fn a_changed_byte_or_place_does_not_open() {
        let sealer = Sealer::new(SealKey::new(&[3; 32]), None);
        let sealed = sealer.seal(b"secret", b"here").unwrap();
        assert!(matches!(sealer.open(&sealed, b"there"), Err(SealError::Damaged)));
        for at in KEY_ID..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(matches!(sealer.open(&changed, b"here"), Err(SealError::Damaged)));
        }
        assert!(sealer.open(&sealed[..10], b"here").is_err());
        assert_ne!(sealed, sealer.seal(b"secret", b"here").unwrap(), "a nonce is used once");
    }
}
