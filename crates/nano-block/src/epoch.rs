//! Epochs: versions of the ledger, to which an account is lifted by a block of the epoch signer.

use nano_primitives::Link;

/// The version of an account or block. Ordered: a later epoch is greater.
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

fn marker(text: &[u8; 14]) -> Link {
    let mut bytes = [0; 32];
    bytes[..14].copy_from_slice(text);
    Link::from_bytes(bytes)
}
