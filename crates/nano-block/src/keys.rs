//! [`SecretKey`], [`Seed`] and [`verify`]: Ed25519 with Blake2b-512 in place of SHA-512.
//!
//! Nothing here can show a secret by accident: `Debug` hides it, there is no `Display` and no serde, an error never
//! repeats what could be a mistyped secret, and memory is wiped when a value is dropped.

use alloc::string::String;
use blake2::{Blake2b, Blake2b512, Digest, digest::consts::U32};
use core::{fmt, str::FromStr};
use ed25519_dalek::{
    VerifyingKey,
    hazmat::{ExpandedSecretKey, raw_sign, raw_verify},
};
use nano_primitives::{Account, BlockHash, HexError, PublicKey, Signature};
use zeroize::Zeroizing;

/// Reads 64 hexadecimal digits. The error never repeats the text, which may be a mistyped secret.
fn parse_secret(what: &'static str, text: &str) -> Result<Zeroizing<[u8; 32]>, HexError> {
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

    /// The secret, for the one place that must seal it.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 32] {
        &self.bytes
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

/// A seed of 32 bytes. Wiped from memory when dropped; `Debug` does not show it.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// The seed of these 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    #[cfg(feature = "random")]
    pub(crate) const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The secret key at `index`: Blake2b-256 of the seed and the index, big endian (source: nano-docs, "the basics",
    /// account, key, seed).
    #[must_use]
    pub fn derive(&self, index: u32) -> SecretKey {
        let key: [u8; 32] = Blake2b::<U32>::new()
            .chain_update(*self.0)
            .chain_update(index.to_be_bytes())
            .finalize()
            .into();
        SecretKey::new(Zeroizing::new(key))
    }

    /// The seed in hexadecimal, for the one place that must write it down.
    #[must_use]
    pub fn expose_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode_upper(*self.0))
    }

    /// The seed, for the one place that must seal it or tell its words.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

impl FromStr for Seed {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        parse_secret("a seed", text).map(Self)
    }
}

/// Why a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The public key is no point of the curve.
    #[error("public key {key} is no point of the curve")]
    NoPoint {
        /// The key found.
        key: PublicKey,
    },
    /// The public key has low order: anybody could sign for it.
    #[error("public key {key} has low order, so its signatures prove nothing")]
    WeakKey {
        /// The key found.
        key: PublicKey,
    },
    /// The signature is not one of this hash by this key, or is not in canonical form.
    #[error("signature is not one of {hash} by public key {key}")]
    Mismatch {
        /// The key that should have signed.
        key: PublicKey,
        /// The hash that should have been signed.
        hash: BlockHash,
    },
}

/// Checks that `signature` is `key`'s over `hash`.
///
/// Stricter than a node where that costs no honest signer anything: a scalar S not below the group order, a
/// non-canonical R, and keys of low order are refused.
///
/// # Errors
/// The key is unusable or the signature is not one of this hash by this key.
pub fn verify(
    key: &PublicKey,
    hash: &BlockHash,
    signature: &Signature,
) -> Result<(), SignatureError> {
    let point = VerifyingKey::from_bytes(key.as_bytes())
        .map_err(|_| SignatureError::NoPoint { key: *key })?;
    if point.is_weak() {
        return Err(SignatureError::WeakKey { key: *key });
    }
    let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
    raw_verify::<Blake2b512>(&point, hash.as_bytes(), &signature)
        .map_err(|_| SignatureError::Mismatch { key: *key, hash: *hash })
}
