//! Work thresholds, as data: by network, subtype and epoch.

use crate::{Epoch, Network, Subtype};
use nano_primitives::Difficulty;

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
