//! [`DataKey`]: seals bytes with XChaCha20-Poly1305. Nonces are random: 24 bytes never repeat by chance.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use nano_block::{RandomError, random_bytes};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a nonce.
pub(crate) const NONCE: usize = 24;

/// A key that seals bytes. Wiped from memory when dropped; `Debug` does not show it.
///
/// Who keeps many secrets under one password seals each with a data key, and the data key with the password (as
/// [`Secret::DataKey`](crate::Secret::DataKey)): the password is worked on once, and changed at one place.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

/// Bytes that do not open: another key, another context, or changed since they were sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sealed bytes do not open: they are another key's, of another context, or were changed"
)]
pub struct Unopened;

impl DataKey {
    /// The key of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) const fn of(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// A key from the system's random source.
    ///
    /// # Errors
    /// The random source failed.
    pub fn generate() -> Result<Self, RandomError> {
        random_bytes().map(Self)
    }

    /// The key, for the one place that must seal it.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals the bytes for a context, such as "the seed of wallet 7": they open for the same context only, so that a
    /// thief cannot put one in the place of another. The nonce stands in front.
    ///
    /// # Errors
    /// The random source failed.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, RandomError> {
        let nonce = random_bytes()?;
        let mut sealed = nonce.to_vec();
        sealed.extend(self.encrypt(&nonce, plain, context));
        Ok(sealed)
    }

    /// Opens what [`seal`](Self::seal) has made for the same context.
    ///
    /// # Errors
    /// Another key, another context, or other bytes.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let (nonce, sealed) = sealed.split_first_chunk().ok_or(Unopened)?;
        self.decrypt(nonce, sealed, context)
    }

    pub(crate) fn encrypt(&self, nonce: &[u8; NONCE], plain: &[u8], context: &[u8]) -> Vec<u8> {
        let payload = Payload { msg: plain, aad: context };
        self.cipher()
            .encrypt(&XNonce::from(*nonce), payload)
            .expect("a secret is shorter than the 256 GiB that the cipher takes")
    }

    pub(crate) fn decrypt(
        &self,
        nonce: &[u8; NONCE],
        sealed: &[u8],
        context: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let payload = Payload { msg: sealed, aad: context };
        let plain = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        plain.map(Zeroizing::new).map_err(|_| Unopened)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::{DataKey, Unopened};

    #[test]
    fn what_is_sealed_opens_with_its_key_and_context_alone() {
        let key = DataKey::from_bytes([1; 32]);
        let sealed = key.seal(b"secret", b"wallet 1").unwrap();
        assert_eq!(key.open(&sealed, b"wallet 1").unwrap().as_slice(), b"secret");
        assert_eq!(key.open(&sealed, b"wallet 2").unwrap_err(), Unopened);
        assert_eq!(DataKey::from_bytes([2; 32]).open(&sealed, b"wallet 1"), Err(Unopened));
        for length in 0..sealed.len() {
            assert_eq!(key.open(&sealed[..length], b"wallet 1"), Err(Unopened), "{length} bytes");
        }
    }

    #[test]
    fn the_same_bytes_are_never_sealed_to_the_same() {
        let key = DataKey::from_bytes([1; 32]);
        assert_ne!(key.seal(b"x", b"").unwrap(), key.seal(b"x", b"").unwrap());
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", DataKey::from_bytes([1; 32])), "DataKey(..)");
    }
}
