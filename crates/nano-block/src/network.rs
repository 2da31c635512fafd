//! The networks that share these blocks.

use crate::{Thresholds, names::read_by_name};
use nano_primitives::{Difficulty, Prefix, Unit};

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

    /// The networks with this base threshold and this threshold of receives: what a node tells as `network_minimum` and
    /// `network_receive_minimum` (action `active_difficulty`). None if no known network is like that; live and test
    /// cannot be told apart.
    #[must_use]
    pub fn of_thresholds(base: Difficulty, receive: Difficulty) -> Vec<Self> {
        let is_like = |network: &Self| {
            let thresholds = network.thresholds();
            thresholds.base() == base && thresholds.epoch_2_receive == receive
        };
        Self::ALL.into_iter().filter(is_like).collect()
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

read_by_name!(Network, UnknownNetwork, "network", "live, beta, test, dev or banano");
