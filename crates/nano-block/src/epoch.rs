//! Epochs: versions of the ledger, to which an account is lifted by a block of the epoch signer.

use crate::kind::read_by_name;
use nano_primitives::Link;

/// The version of an account or block. Ordered: a later epoch is greater. As text it is its number, as nodes write
/// `account_version` and `min_version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Epoch {
    /// Before any epoch block.
    Epoch0,
    /// State blocks only.
    Epoch1,
    /// Separate thresholds for sends and receives.
    Epoch2,
}

impl Epoch {
    const ALL: [Self; 3] = [Self::Epoch0, Self::Epoch1, Self::Epoch2];

    /// The epoch of a version number, as in `account_version`.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Epoch0),
            1 => Some(Self::Epoch1),
            2 => Some(Self::Epoch2),
            _ => None,
        }
    }

    /// The version number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Epoch0 => 0,
            Self::Epoch1 => 1,
            Self::Epoch2 => 2,
        }
    }

    /// The version number as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Epoch0 => "0",
            Self::Epoch1 => "1",
            Self::Epoch2 => "2",
        }
    }

    /// The epoch of an account at `account` after it receives a send of epoch `source`: the later one of both, where
    /// that can be told. An account or a send of an unknown epoch counts only if the other is of the newest one.
    ///
    /// Source: nano-node, `ledger_processor::state_block_impl` (a receive takes the higher of the two epochs).
    #[must_use]
    pub fn after_receive(account: Option<Self>, source: Option<Self>) -> Option<Self> {
        match (account, source) {
            (Some(Self::Epoch2), _) | (_, Some(Self::Epoch2)) => Some(Self::Epoch2),
            (Some(account), Some(source)) => Some(account.max(source)),
            _ => None,
        }
    }

    /// The link of the block that lifts an account to this epoch: an ASCII text, padded with zeros.
    #[must_use]
    pub fn link(self) -> Option<Link> {
        match self {
            Self::Epoch0 => None,
            Self::Epoch1 => Some(marker(b"epoch v1 block")),
            Self::Epoch2 => Some(marker(b"epoch v2 block")),
        }
    }

    /// The epoch whose marker this link is.
    #[must_use]
    pub fn from_link(link: &Link) -> Option<Self> {
        [Self::Epoch1, Self::Epoch2].into_iter().find(|epoch| epoch.link().as_ref() == Some(link))
    }
}

read_by_name!(Epoch, UnknownEpoch, "epoch", "0, 1 or 2");

fn marker(text: &[u8; 14]) -> Link {
    let mut bytes = [0; 32];
    bytes[..14].copy_from_slice(text);
    Link::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::Epoch::{self, Epoch0, Epoch1, Epoch2};

    #[test]
    fn a_receive_takes_the_later_epoch_and_unknown_ones_are_not_guessed() {
        let after = Epoch::after_receive;
        assert_eq!(after(Some(Epoch0), Some(Epoch1)), Some(Epoch1));
        assert_eq!(after(Some(Epoch1), Some(Epoch0)), Some(Epoch1));
        assert_eq!(after(None, Some(Epoch2)), Some(Epoch2));
        assert_eq!(after(Some(Epoch2), None), Some(Epoch2));
        assert_eq!(after(None, Some(Epoch1)), None);
        assert_eq!(after(Some(Epoch0), None), None);
        assert_eq!(after(None, None), None);
    }
}
