//! What a block does to the ledger, once it passed every check.

use super::{AccountInfo, BlockRecord, Receivable};
use nano_block::{Epoch, SignedBlock, Subtype};
use nano_primitives::{Account, Amount, BlockHash};

/// What a block does to other accounts' money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    Sent { destination: Account, epoch: Epoch },
    Received { source: BlockHash, entry: Receivable },
}

/// A checked block and what it changes. Only [`Ledger::check`](super::Ledger::check) makes one.
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
