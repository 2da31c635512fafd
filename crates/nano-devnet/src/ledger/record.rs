//! What the ledger keeps: [`BlockRecord`], [`AccountInfo`], [`Receivable`], [`Confirmed`]; and [`Change`], what a block
//! does to it once it passed every check.

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

/// What a block does to other accounts' money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    Sent { destination: Account, epoch: Epoch },
    Received { source: BlockHash, entry: Receivable },
}

/// A checked block and what it changes. Only [`Ledger::check`](crate::Ledger::check) makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub(super) signed: SignedBlock,
    pub(super) account: Account,
    pub(super) before: Option<AccountInfo>,
    pub(super) subtype: Subtype,
    pub(super) amount: Amount,
    pub(super) balance: Amount,
    /// `None` where the block keeps the representative without naming it, as legacy sends and
    /// receives do.
    pub(super) representative: Option<Account>,
    pub(super) epoch: Epoch,
    pub(super) effect: Effect,
}

impl Change {
    /// The block.
    #[must_use]
    pub fn block(&self) -> &SignedBlock {
        &self.signed
    }

    /// What the block does.
    #[must_use]
    pub fn subtype(&self) -> Subtype {
        self.subtype
    }

    pub(super) fn into_records(self, now: u64) -> (AccountInfo, BlockRecord) {
        let info = self.account_after(now);
        let record = BlockRecord {
            signed: self.signed,
            account: self.account,
            subtype: self.subtype,
            amount: self.amount,
            balance: self.balance,
            height: info.block_count,
            timestamp: now,
            epoch: self.epoch,
            successor: None,
            before: self.before,
            effect: self.effect,
        };
        (info, record)
    }

    fn account_after(&self, now: u64) -> AccountInfo {
        let hash = self.signed.hash();
        let before = self.before.as_ref();
        let kept = before.map(|info| (info.representative, info.representative_block));
        let named = self.representative.map(|representative| (representative, hash));
        let (representative, representative_block) =
            named.or(kept).expect("a first block names its representative");
        AccountInfo {
            frontier: hash,
            open_block: before.map_or(hash, |info| info.open_block),
            representative,
            representative_block,
            balance: self.balance,
            block_count: before.map_or(1, |info| info.block_count + 1),
            modified: now,
            epoch: self.epoch,
        }
    }
}
