//! Seeds: one secret from which the keys of many accounts are derived.

use crate::{
    RandomError, SecretKey,
    secret::{parse_secret, random_bytes},
};
use blake2::{Blake2b, Digest, digest::consts::U32};
use nano_primitives::HexError;
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// A seed of 32 bytes. Wiped from memory when dropped; `Debug` does not show it.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// The seed of these 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A seed from the system's random source.
    ///
    /// # Errors
    /// The random source failed.
    pub fn generate() -> Result<Self, RandomError> {
        random_bytes().map(Self)
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
