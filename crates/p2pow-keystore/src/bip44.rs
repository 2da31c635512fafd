//! [`Bip39Seed`]: derives keys along the path 44'/165'/n', as hardware wallets do.
//!
//! Sources: BIP39 (the seed), SLIP-10 (derivation for ed25519, hardened steps alone), SLIP-44 (165 is Nano), nano-docs
//! "key management". The curve's own hash is Nano's Blake2b, as for any Nano key.

use hmac::{Hmac, KeyInit, Mac};
use nano_block::SecretKey;
use sha2::Sha512;
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// What SLIP-10 keys the first step with for this curve.
const CURVE: &[u8] = b"ed25519 seed";
const HARDENED: u32 = 1 << 31;
const PURPOSE: u32 = 44;
const NANO: u32 = 165;

/// The 64 bytes that BIP39 makes from words and a passphrase. Wiped from memory when dropped; `Debug` does not show it.
#[derive(Clone)]
pub struct Bip39Seed(Zeroizing<[u8; 64]>);

/// A text that is no BIP39 seed. It is not repeated: it may be most of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("found {found} characters, wanted 128 hexadecimal digits")]
pub struct SeedError {
    /// Characters found.
    pub found: usize,
}

/// A node of the tree of keys.
struct Node {
    key: Zeroizing<[u8; 32]>,
    chain: Zeroizing<[u8; 32]>,
}

impl Bip39Seed {
    /// The seed of these 64 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret key at 44'/165'/index'. There is none from 2^31 upwards.
    #[must_use]
    pub fn derive(&self, index: u32) -> Option<SecretKey> {
        if index >= HARDENED {
            return None;
        }
        let mut node = Node::new(CURVE, &[&*self.0]);
        for step in [PURPOSE, NANO, index] {
            node = node.step(step);
        }
        Some(SecretKey::from_bytes(*node.key))
    }

    /// The seed, for the one place that must seal it.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// The seed in hexadecimal, for the one place that must write it down.
    #[must_use]
    pub fn expose_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode_upper(*self.0))
    }
}

impl Node {
    fn new(key: &[u8], parts: &[&[u8]]) -> Self {
        let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
        parts.iter().for_each(|part| mac.update(part));
        let bytes: Zeroizing<[u8; 64]> = Zeroizing::new(mac.finalize().into_bytes().into());
        let mut node = Self { key: Zeroizing::new([0; 32]), chain: Zeroizing::new([0; 32]) };
        node.key.copy_from_slice(&bytes[..32]);
        node.chain.copy_from_slice(&bytes[32..]);
        node
    }

    /// The hardened child.
    fn step(&self, index: u32) -> Self {
        let index = (index | HARDENED).to_be_bytes();
        Self::new(&*self.chain, &[&[0], &*self.key, &index])
    }
}

impl FromStr for Bip39Seed {
    type Err = SeedError;

    fn from_str(text: &str) -> Result<Self, SeedError> {
        let mut bytes = Zeroizing::new([0; 64]);
        hex::decode_to_slice(text, bytes.as_mut())
            .map_err(|_| SeedError { found: text.chars().count() })?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Bip39Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bip39Seed(..)")
    }
}
