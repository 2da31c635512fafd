//! The networks that share these blocks.

use crate::Thresholds;
use nano_primitives::{Prefix, Unit};
use std::{fmt, str::FromStr};

/// A network: its thresholds, its address prefix and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Network {
    /// The main Nano network.
    #[default]
    Live,
    /// Nano's beta network.
    Beta,
    /// Nano's test network; thresholds as live.
    Test,
    /// A private development network, with light work.
    Dev,
    /// The main Banano network.
    Banano,
}

impl Network {
    const ALL: [Self; 5] = [Self::Live, Self::Beta, Self::Test, Self::Dev, Self::Banano];

    /// The network's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Beta => "beta",
            Self::Test => "test",
            Self::Dev => "dev",
            Self::Banano => "banano",
        }
    }

    /// The work that the network asks for.
    #[must_use]
    pub const fn thresholds(self) -> Thresholds {
        Thresholds::of(self)
    }

    /// What the network's addresses start with.
    #[must_use]
    pub const fn prefix(self) -> Prefix {
        match self {
            Self::Banano => Prefix::BANANO,
            _ => Prefix::NANO,
        }
    }

    /// The unit that people count in.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Banano => Unit::BANANO,
            _ => Unit::XNO,
        }
    }
}

/// A text that names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no network, wanted live, beta, test, dev or banano")]
pub struct UnknownNetwork {
    /// The text found, at most its first 80 characters.
    pub found: String,
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, UnknownNetwork> {
        let found = || UnknownNetwork { found: text.chars().take(80).collect() };
        Self::ALL.into_iter().find(|network| network.as_str() == text).ok_or_else(found)
    }
}
