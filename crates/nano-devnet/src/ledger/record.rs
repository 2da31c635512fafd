//! What the ledger keeps of blocks, accounts and sends.

use super::change::Effect;
use nano_block::{BlockKind, Epoch, SignedBlock, Subtype};
use nano_primitives::{Account, Amount, BlockHash};

/// A block and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockRecord {
    /// The block as it came.
    pub signed: SignedBlock,
    /// Whose chain it is on.
    pub account: Account,
    /// What it did. A first block is an [`Subtype::Open`], even where a node says "receive".
    pub subtype: Subtype,
    /// What was sent or received; zero for a change or epoch.
    pub amount: Amount,
    /// The balance after it.
    pub balance: Amount,
    /// The place in its chain, from 1.
    pub height: u64,
    /// When it was applied, in seconds since 1970.
    pub timestamp: u64,
    /// The account's epoch after it.
    pub epoch: Epoch,
    /// The next block of the chain.
    pub successor: Option<BlockHash>,
    pub(super) before: Option<AccountInfo>,
    pub(super) effect: Effect,
}

impl BlockRecord {
    /// The subtype in a node's words, which only state blocks have: a first block is a "receive".
    #[must_use]
    pub fn state_subtype(&self) -> Option<Subtype> {
        let is_state = self.signed.block.kind() == BlockKind::State;
        is_state.then_some(if self.subtype == Subtype::Open {
            Subtype::Receive
        } else {
            self.subtype
        })
    }

    /// Who the block sends to.
    #[must_use]
    pub fn destination(&self) -> Option<Account> {
        match self.effect {
            Effect::Sent { destination, .. } => Some(destination),
            _ => None,
        }
    }

    /// The send that the block receives.
    #[must_use]
    pub fn source(&self) -> Option<BlockHash> {
        match self.effect {
            Effect::Received { source, .. } => Some(source),
            _ => None,
        }
    }

    /// Whose money the block receives.
    #[must_use]
    pub fn source_account(&self) -> Option<Account> {
        match self.effect {
            Effect::Received { entry, .. } => Some(entry.source),
            _ => None,
        }
    }
}

/// The head of an account's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountInfo {
    /// The last block.
    pub frontier: BlockHash,
    /// The first block.
    pub open_block: BlockHash,
    /// Who votes with the balance.
    pub representative: Account,
    /// The block that named the representative.
    pub representative_block: BlockHash,
    /// The balance after the last block.
    pub balance: Amount,
    /// The number of blocks.
    pub block_count: u64,
    /// When the last block was applied, in seconds since 1970.
    pub modified: u64,
    /// The version of the account.
    pub epoch: Epoch,
}

/// A send that waits to be received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receivable {
    /// Who sent.
    pub source: Account,
    /// What was sent.
    pub amount: Amount,
    /// The sender's epoch then, which the receiver's account must reach.
    pub epoch: Epoch,
}

/// How far an account's chain is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Confirmed {
    /// The height of the last confirmed block.
    pub height: u64,
    /// The last confirmed block.
    pub frontier: BlockHash,
}
