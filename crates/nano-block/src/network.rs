//! [`Network`] and its [`Thresholds`]: how much work a block needs, as data, by network, subtype and epoch.

use crate::{
    epoch::Epoch,
    kind::{Subtype, read_by_name},
};
use alloc::vec::Vec;
use nano_primitives::{Difficulty, Prefix, Unit};

/// A network: its thresholds, its address prefix and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
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

/// The thresholds of one network (source: nano-node, `nano/lib/config.cpp`; Banano: banano-work-server).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Every block of an account below epoch 2.
    pub epoch_1: Difficulty,
    /// Sends and changes at epoch 2.
    pub epoch_2: Difficulty,
    /// Receives, opens and epoch blocks at epoch 2.
    pub epoch_2_receive: Difficulty,
}

const fn thresholds(epoch_1: u64, epoch_2: u64, epoch_2_receive: u64) -> Thresholds {
    Thresholds {
        epoch_1: Difficulty::from_u64(epoch_1),
        epoch_2: Difficulty::from_u64(epoch_2),
        epoch_2_receive: Difficulty::from_u64(epoch_2_receive),
    }
}

const LIVE: Thresholds =
    thresholds(0xffff_ffc0_0000_0000, 0xffff_fff8_0000_0000, 0xffff_fe00_0000_0000);
const BETA: Thresholds =
    thresholds(0xffff_f000_0000_0000, 0xffff_f000_0000_0000, 0xffff_e000_0000_0000);
const DEV: Thresholds =
    thresholds(0xfe00_0000_0000_0000, 0xffc0_0000_0000_0000, 0xf000_0000_0000_0000);
const BANANO: Thresholds =
    thresholds(0xffff_fe00_0000_0000, 0xffff_fe00_0000_0000, 0xffff_fe00_0000_0000);

impl Thresholds {
    pub(crate) const fn of(network: Network) -> Self {
        match network {
            Network::Live | Network::Test => LIVE,
            Network::Beta => BETA,
            Network::Dev => DEV,
            Network::Banano => BANANO,
        }
    }

    /// The threshold of a state block that does `subtype`. `epoch` is the account's after the block: for a receive,
    /// the later one of the account's and the send's. So a receive of an old send onto an account below epoch 2 is
    /// harder than other receives.
    #[must_use]
    pub fn for_state(&self, subtype: Subtype, epoch: Epoch) -> Difficulty {
        match (epoch, subtype) {
            (Epoch::Epoch0 | Epoch::Epoch1, _) => self.epoch_1,
            (Epoch::Epoch2, Subtype::Send | Subtype::Change) => self.epoch_2,
            (Epoch::Epoch2, Subtype::Receive | Subtype::Open | Subtype::Epoch) => {
                self.epoch_2_receive
            }
        }
    }

    /// The most that a state block which does `subtype` may need: where its epoch (see
    /// [`for_state`](Self::for_state)) is not known, the hardest of all. Whoever finds work finds this.
    #[must_use]
    pub fn most_for(&self, subtype: Subtype, epoch: Option<Epoch>) -> Difficulty {
        match epoch {
            Some(epoch) => self.for_state(subtype, epoch),
            None => self.at_every_epoch(subtype, Epoch::Epoch0).fold(Difficulty::MIN, Ord::max),
        }
    }

    /// The least that a node may take for a state block which does `subtype`, on an account that is at `account` now or
    /// is lifted from there by a receive. Whoever checks another's claim that work is done checks this; the rest is for
    /// the ledger to say.
    #[must_use]
    pub fn least_for(&self, subtype: Subtype, account: Option<Epoch>) -> Difficulty {
        let oldest = account.unwrap_or(Epoch::Epoch0);
        self.at_every_epoch(subtype, oldest).fold(Difficulty::MAX, Ord::min)
    }

    fn at_every_epoch(&self, subtype: Subtype, oldest: Epoch) -> impl Iterator<Item = Difficulty> {
        let epochs = [Epoch::Epoch0, Epoch::Epoch1, Epoch::Epoch2].into_iter();
        epochs
            .filter(move |epoch| *epoch >= oldest)
            .map(move |epoch| self.for_state(subtype, epoch))
    }

    /// The threshold of a legacy block.
    #[must_use]
    pub const fn for_legacy(&self) -> Difficulty {
        self.epoch_1
    }

    /// The hardest of the three, to which multipliers are relative.
    #[must_use]
    pub fn base(&self) -> Difficulty {
        self.epoch_1.max(self.epoch_2).max(self.epoch_2_receive)
    }

    /// The easiest of the three: a node looks at no block below it.
    #[must_use]
    pub fn entry(&self) -> Difficulty {
        self.epoch_1.min(self.epoch_2).min(self.epoch_2_receive)
    }
}

#[cfg(test)]
mod tests {
    use super::{LIVE, Network, Thresholds};
    use crate::{Epoch, Subtype};

    #[test]
    fn what_is_not_known_of_an_epoch_widens_the_bounds() {
        let Thresholds { epoch_1, epoch_2, epoch_2_receive } = LIVE;
        assert_eq!(LIVE.most_for(Subtype::Receive, None), epoch_1);
        assert_eq!(LIVE.most_for(Subtype::Receive, Some(Epoch::Epoch2)), epoch_2_receive);
        assert_eq!(LIVE.most_for(Subtype::Send, None), epoch_2);
        assert_eq!(LIVE.least_for(Subtype::Receive, Some(Epoch::Epoch1)), epoch_2_receive);
        assert_eq!(LIVE.least_for(Subtype::Send, Some(Epoch::Epoch2)), epoch_2);
        assert_eq!(LIVE.least_for(Subtype::Send, None), epoch_1);
    }

    #[test]
    fn a_network_is_known_by_what_its_nodes_ask_for() {
        let of = |network: Network| {
            let thresholds = network.thresholds();
            Network::of_thresholds(thresholds.base(), thresholds.epoch_2_receive)
        };
        assert_eq!(of(Network::Live), [Network::Live, Network::Test]);
        assert_eq!(of(Network::Dev), [Network::Dev]);
        assert_eq!(of(Network::Beta), [Network::Beta]);
        assert_eq!(of(Network::Banano), [Network::Banano]);
        assert_eq!(Network::of_thresholds(LIVE.base(), LIVE.epoch_1), []);
    }
}
