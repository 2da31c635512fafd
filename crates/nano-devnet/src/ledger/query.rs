//! What the ledger can be asked.

use super::{AccountInfo, BlockRecord, Confirmed, Ledger, Receivable};
use nano_block::Thresholds;
use nano_primitives::{Account, Amount, BlockHash};
use std::ops::Bound;

impl Ledger {
    /// The block that everything started with.
    #[must_use]
    pub fn genesis(&self) -> BlockHash {
        self.genesis
    }

    /// The thresholds that blocks must reach.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// Who signs epoch blocks.
    #[must_use]
    pub fn epoch_signer(&self) -> Account {
        self.epoch_signer
    }

    /// A block of the ledger.
    #[must_use]
    pub fn block(&self, hash: &BlockHash) -> Option<&BlockRecord> {
        self.blocks.get(hash)
    }

    /// An opened account.
    #[must_use]
    pub fn account(&self, account: &Account) -> Option<&AccountInfo> {
        self.accounts.get(account)
    }

    /// Opened accounts in order, from `start` on.
    pub fn accounts_from(
        &self,
        start: Account,
    ) -> impl Iterator<Item = (&Account, &AccountInfo)> + use<'_> {
        self.accounts.range(start..)
    }

    /// The state that an account had just after the block.
    #[must_use]
    pub fn account_at(&self, hash: &BlockHash) -> Option<&AccountInfo> {
        let record = self.blocks.get(hash)?;
        match record.successor {
            Some(successor) => self.blocks.get(&successor)?.before.as_ref(),
            None => self.accounts.get(&record.account),
        }
    }

    /// The balance of an account, zero if it is unopened.
    #[must_use]
    pub fn balance(&self, account: &Account) -> Amount {
        self.accounts.get(account).map_or(Amount::ZERO, |info| info.balance)
    }

    /// The sends that an account may receive, in order of their hashes.
    pub fn receivable(
        &self,
        account: &Account,
    ) -> impl Iterator<Item = (&BlockHash, &Receivable)> + use<'_> {
        let (first, last) = (BlockHash::ZERO, BlockHash::from_bytes([0xff; 32]));
        self.receivable
            .range((*account, first)..=(*account, last))
            .map(|((_, hash), entry)| (hash, entry))
    }

    /// The accounts that may receive something, in order, from `start` on.
    pub fn receivers_from(&self, start: Account) -> impl Iterator<Item = Account> + use<'_> {
        let first = self.receivable.range((start, BlockHash::ZERO)..).next();
        std::iter::successors(first.map(|((account, _), _)| *account), |account| {
            let after = (*account, BlockHash::from_bytes([0xff; 32]));
            self.receivable
                .range((Bound::Excluded(after), Bound::Unbounded))
                .next()
                .map(|((account, _), _)| *account)
        })
    }

    /// One send that an account may receive.
    #[must_use]
    pub fn receivable_entry(&self, account: &Account, send: &BlockHash) -> Option<&Receivable> {
        self.receivable.get(&(*account, *send))
    }

    /// The balances that name `representative` as theirs.
    #[must_use]
    pub fn weight(&self, representative: &Account) -> Amount {
        self.weights.get(representative).copied().unwrap_or(Amount::ZERO)
    }

    /// All representatives with weight, in order.
    pub fn weights(&self) -> impl Iterator<Item = (&Account, &Amount)> + use<'_> {
        self.weights.iter()
    }

    /// How far an account is confirmed.
    #[must_use]
    pub fn confirmed(&self, account: &Account) -> Option<&Confirmed> {
        self.confirmed.get(account)
    }

    /// Whether the block is in the ledger and confirmed.
    #[must_use]
    pub fn is_confirmed(&self, hash: &BlockHash) -> bool {
        self.blocks.get(hash).is_some_and(|record| {
            let confirmed = self.confirmed.get(&record.account);
            confirmed.is_some_and(|confirmed| record.height <= confirmed.height)
        })
    }

    /// Every unconfirmed block, in no order.
    pub fn unconfirmed(&self) -> impl Iterator<Item = &BlockHash> + use<'_> {
        self.blocks.keys().filter(|hash| !self.is_confirmed(hash))
    }

    /// The number of blocks.
    #[must_use]
    pub fn block_count(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// The number of opened accounts.
    #[must_use]
    pub fn account_count(&self) -> u64 {
        self.accounts.len() as u64
    }

    /// The number of confirmed blocks.
    #[must_use]
    pub fn cemented_count(&self) -> u64 {
        self.cemented
    }
}
