//! What happens on the ledger, told to the WebSocket and to listeners in process.

use crate::view::BlockView;
use nano_primitives::{Amount, BlockHash};
use std::sync::Arc;

/// Something that happened on the ledger.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A block was accepted; it is not confirmed yet.
    Applied(Arc<BlockView>),
    /// A block was confirmed.
    Confirmed(Arc<Confirmation>),
    /// A block was taken out again.
    RolledBack(BlockHash),
}

/// A block's confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Confirmation {
    /// The block.
    pub block: BlockView,
    /// How it came about.
    pub kind: ConfirmationKind,
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// How long after the block was accepted, in milliseconds.
    pub duration_ms: u64,
    /// The weight that voted.
    pub tally: Amount,
}

/// How a confirmation came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmationKind {
    /// By its own election.
    Quorum,
    /// By the election of a block that rests on it.
    Height,
    /// Without an election: the network was seeded with it.
    Seeded,
}

impl ConfirmationKind {
    /// The node's word, as in the WebSocket's `confirmation_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quorum => "active_quorum",
            Self::Height => "active_confirmation_height",
            Self::Seeded => "inactive",
        }
    }
}
