//! What the sender wants done.

use nano_block::{AccountState, BuildError, StateBlock};
use nano_primitives::{Account, Amount, BlockHash};

/// One block that the sender wants on its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Sends `amount` to `destination`.
    Send {
        /// Who gets it.
        destination: Account,
        /// How much.
        amount: Amount,
    },
    /// Pockets the send `source` of `amount`.
    Receive {
        /// The hash of the send.
        source: BlockHash,
        /// What it sent.
        amount: Amount,
    },
    /// Changes the representative.
    Change {
        /// The new one.
        representative: Account,
    },
}

impl Order {
    /// The block that does this on top of `state`.
    pub(crate) fn block(&self, state: &AccountState) -> Result<StateBlock, BuildError> {
        match *self {
            Self::Send { destination, amount } => state.send(destination, amount),
            Self::Receive { source, amount } => state.receive(source, amount),
            Self::Change { representative } => state.change(representative),
        }
    }
}
