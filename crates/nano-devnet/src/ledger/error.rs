//! [`ProcessError`]: why the ledger refuses a block, in the node's words; [`WorkCheck`]: whether it looks at the work.

use nano_block::SignedBlock;
use nano_primitives::{BlockHash, Difficulty};

/// Why a block is refused. `Display` is the node's own text (source: nano_node,
/// nano/lib/errors.cpp).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The signature is not that of the account, or of the epoch signer for an epoch block.
    #[error("Bad signature")]
    BadSignature,
    /// The block is in the ledger already.
    #[error("Old block")]
    Old,
    /// A legacy send whose balance is above the one before.
    #[error("Negative spend")]
    NegativeSpend,
    /// Another block has the same predecessor.
    #[error("Fork")]
    Fork,
    /// The send is for somebody else, or received already.
    #[error("Unreceivable")]
    Unreceivable,
    /// The predecessor is not in the ledger.
    #[error("Gap previous block")]
    GapPrevious,
    /// The send that is received is not in the ledger.
    #[error("Gap source block")]
    GapSource,
    /// An epoch block opens an account that has nothing receivable.
    #[error("Gap pending for open epoch block")]
    GapEpochOpen,
    /// The burn account cannot have blocks.
    #[error("Block attempts to open the burn account")]
    BurnAccount,
    /// The balance does not change by what is received.
    #[error("Balance and amount delta do not match")]
    BalanceMismatch,
    /// A legacy block after a state block, or an epoch out of sequence.
    #[error("This block cannot follow the previous block")]
    BlockPosition,
    /// The work is too little for what the block does.
    #[error("Block work is insufficient")]
    InsufficientWork,
    /// An epoch block that changes the representative.
    #[error("Representative mismatch")]
    RepresentativeMismatch,
    /// The ledger's file could not be written; the block was not applied.
    #[error("Error processing block")]
    NotStored,
}

/// A block that is not in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("block {hash} is not in the ledger")]
pub struct UnknownBlock {
    /// The hash that was asked for.
    pub hash: BlockHash,
}

/// Why a block cannot be rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RollbackError {
    /// It is not there.
    #[error(transparent)]
    Unknown(#[from] UnknownBlock),
    /// It is confirmed, and what is confirmed stays.
    #[error("block {hash} is confirmed, only unconfirmed blocks can be rolled back")]
    Confirmed {
        /// The block.
        hash: BlockHash,
    },
    /// The ledger's file could not be written; nothing was rolled back.
    #[error("the ledger's file could not be written")]
    NotStored,
}

/// Whether a block must carry enough work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkCheck {
    /// As a node does.
    Required,
    /// For blocks that the network was seeded with.
    Waived,
}

impl WorkCheck {
    /// Checks that the block's work reaches the threshold.
    pub(super) fn check(
        self,
        signed: &SignedBlock,
        threshold: Difficulty,
    ) -> Result<(), ProcessError> {
        let reached = || signed.work_value().is_some_and(|value| value >= threshold);
        if self == Self::Waived || reached() { Ok(()) } else { Err(ProcessError::InsufficientWork) }
    }
}
