//! [`Secret`]: what can be sealed.

use crate::{Bip39Seed, DataKey};
use nano_block::{SecretKey, Seed};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A secret that can be sealed. `Debug` shows its kind alone.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)] // one at a time, on its way in or out
pub enum Secret {
    /// The private key of one account.
    Key(SecretKey),
    /// A Nano seed.
    Seed(Seed),
    /// A seed of BIP39, whose keys lie along 44'/165'/n'.
    Bip39(Bip39Seed),
    /// A key that seals other secrets.
    DataKey(DataKey),
}

/// The kinds of secrets, as the form names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Key,
    Seed,
    Bip39Seed,
    DataKey,
}

impl Secret {
    /// The key of the account at `index`, if there is one: a private key has the one at 0, a data key none.
    #[must_use]
    pub fn key(&self, index: u32) -> Option<SecretKey> {
        match self {
            Self::Key(key) => (index == 0).then(|| key.clone()),
            Self::Seed(seed) => Some(seed.derive(index)),
            Self::Bip39(seed) => seed.derive(index),
            Self::DataKey(_) => None,
        }
    }

    /// What it is, in words.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Key(_) => "private key",
            Self::Seed(_) => "seed",
            Self::Bip39(_) => "BIP39 seed",
            Self::DataKey(_) => "data key",
        }
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Key(_) => Kind::Key,
            Self::Seed(_) => Kind::Seed,
            Self::Bip39(_) => Kind::Bip39Seed,
            Self::DataKey(_) => Kind::DataKey,
        }
    }

    pub(crate) fn expose_bytes(&self) -> &[u8] {
        match self {
            Self::Key(key) => key.expose_bytes(),
            Self::Seed(seed) => seed.expose_bytes(),
            Self::Bip39(seed) => seed.expose_bytes(),
            Self::DataKey(key) => key.expose_bytes(),
        }
    }

    /// The secret of these bytes, if it has as many.
    pub(crate) fn of(kind: Kind, bytes: &[u8]) -> Option<Self> {
        Some(match kind {
            Kind::Key => Self::Key(SecretKey::from_bytes(*array(bytes)?)),
            Kind::Seed => Self::Seed(Seed::from_bytes(*array(bytes)?)),
            Kind::Bip39Seed => Self::Bip39(Bip39Seed::from_bytes(*array(bytes)?)),
            Kind::DataKey => Self::DataKey(DataKey::of(array(bytes)?)),
        })
    }
}

impl Kind {
    /// Bytes of such a secret.
    pub(crate) const fn length(self) -> usize {
        match self {
            Self::Bip39Seed => 64,
            Self::Key | Self::Seed | Self::DataKey => 32,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Seed => "seed",
            Self::Bip39Seed => "bip39-seed",
            Self::DataKey => "data-key",
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Option<Zeroizing<[u8; N]>> {
    <[u8; N]>::try_from(bytes).ok().map(Zeroizing::new)
}
