//! Secret keys: signing, and nothing that could show the key by accident.

use blake2::{Blake2b512, Digest};
use ed25519_dalek::{
    VerifyingKey,
    hazmat::{ExpandedSecretKey, raw_sign},
};
use nano_primitives::{Account, BlockHash, HexError, PublicKey, Signature};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// The system gave no random bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source failed: {reason}")]
pub struct RandomError {
    reason: String,
}

/// 32 random bytes from the system.
pub(crate) fn random_bytes() -> Result<Zeroizing<[u8; 32]>, RandomError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut()).map_err(|error| RandomError { reason: error.to_string() })?;
    Ok(bytes)
}

/// Reads 64 hexadecimal digits. The error never repeats the text, which may be a mistyped secret.
pub(crate) fn parse_secret(
    what: &'static str,
    text: &str,
) -> Result<Zeroizing<[u8; 32]>, HexError> {
    let found = text.chars().count();
    if found != 64 {
        return Err(HexError::Length { what, found, wanted: 64 });
    }
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text, bytes.as_mut())
        .map_err(|_| HexError::Digit { what, found: "(not shown)".into() })?;
    Ok(bytes)
}

/// The secret key of one account. Wiped from memory when dropped; `Debug` does not show it.
pub struct SecretKey {
    bytes: Zeroizing<[u8; 32]>,
    expanded: ExpandedSecretKey,
    public: VerifyingKey,
}

impl SecretKey {
    /// The key of these 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self::new(Zeroizing::new(bytes))
    }

    /// A key from the system's random source.
    ///
    /// # Errors
    /// The random source failed.
    pub fn generate() -> Result<Self, RandomError> {
        random_bytes().map(Self::new)
    }

    pub(crate) fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        let hash: Zeroizing<[u8; 64]> = Zeroizing::new(Blake2b512::digest(*bytes).into());
        let expanded = ExpandedSecretKey::from_bytes(&hash);
        let public = VerifyingKey::from(&expanded);
        Self { bytes, expanded, public }
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.public.to_bytes())
    }

    /// The account of the public key.
    #[must_use]
    pub fn account(&self) -> Account {
        Account::new(self.public_key())
    }

    /// Signs a block hash. The same key and hash always give the same signature.
    #[must_use]
    pub fn sign(&self, hash: &BlockHash) -> Signature {
        let signature = raw_sign::<Blake2b512>(&self.expanded, hash.as_bytes(), &self.public);
        Signature::from_bytes(signature.to_bytes())
    }

    /// The secret in hexadecimal, for the one place that must write it down.
    #[must_use]
    pub fn expose_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode_upper(*self.bytes))
    }
}

impl Clone for SecretKey {
    fn clone(&self) -> Self {
        Self::new(self.bytes.clone())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl FromStr for SecretKey {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        parse_secret("a secret key", text).map(Self::new)
    }
}
