//! The ledger: what nano_node's ledger allows, over maps in memory.
//!
//! A block is first *checked*, which changes nothing and yields a [`Change`], and then *committed*. Between the two the
//! caller can write the block down. No clock and no I/O: the time of a block is handed in.

mod change;
mod confirm;
mod epoch;
mod error;
mod genesis;
mod legacy;
mod record;
mod rollback;
mod state;

pub use {
    change::Change,
    error::{ProcessError, RollbackError, UnknownBlock},
    genesis::Genesis,
    record::{AccountInfo, BlockRecord, Confirmed, Receivable},
};

use change::Effect;
use nano_block::{Block, SignedBlock, Thresholds};
use nano_primitives::{Account, Amount, BlockHash, Difficulty};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

/// Whether a block must carry enough work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkCheck {
    /// As a node does.
    Required,
    /// For blocks that the network was seeded with.
    Waived,
}

/// The blocks, the accounts, what is receivable, and what is confirmed.
///
/// ```
/// use nano_block::Network;
/// use nano_devnet::{Genesis, Ledger};
///
/// let ledger = Ledger::new(&Genesis::dev(), Network::Dev.thresholds());
/// assert_eq!(ledger.block_count(), 1);
/// assert_eq!(ledger.cemented_count(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Ledger {
    genesis: BlockHash,
    epoch_signer: Account,
    thresholds: Thresholds,
    blocks: HashMap<BlockHash, BlockRecord>,
    accounts: BTreeMap<Account, AccountInfo>,
    receivable: BTreeMap<(Account, BlockHash), Receivable>,
    weights: BTreeMap<Account, Amount>,
    confirmed: HashMap<Account, Confirmed>,
    cemented: u64,
}

impl Ledger {
    /// A ledger that holds the genesis block alone, confirmed. The genesis key signs epochs.
    #[must_use]
    pub fn new(genesis: &Genesis, thresholds: Thresholds) -> Self {
        let mut ledger = Self {
            genesis: genesis.hash(),
            epoch_signer: genesis.account(),
            thresholds,
            blocks: HashMap::new(),
            accounts: BTreeMap::new(),
            receivable: BTreeMap::new(),
            weights: BTreeMap::new(),
            confirmed: HashMap::new(),
            cemented: 0,
        };
        ledger.commit(genesis.to_change(), 0);
        ledger.cement(&genesis.hash());
        ledger
    }

    /// Checks a block in nano_node's order and tells what it would change.
    ///
    /// # Errors
    /// The first rule that the block breaks.
    pub fn check(&self, signed: &SignedBlock, work: WorkCheck) -> Result<Change, ProcessError> {
        match &signed.block {
            Block::State(block) => state::check(self, signed, block, work),
            Block::Send(block) => legacy::check_send(self, signed, block, work),
            Block::Receive(block) => legacy::check_receive(self, signed, block, work),
            Block::Open(block) => legacy::check_open(self, signed, block, work),
            Block::Change(block) => legacy::check_change(self, signed, block, work),
        }
    }

    /// Checks and commits a block; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// As [`check`](Self::check); the ledger is then unchanged.
    pub fn apply(
        &mut self,
        signed: &SignedBlock,
        work: WorkCheck,
        now: u64,
    ) -> Result<BlockHash, ProcessError> {
        let change = self.check(signed, work)?;
        Ok(self.commit(change, now))
    }

    /// Puts a checked block in. The ledger must be the one that checked it, unchanged since.
    pub fn commit(&mut self, change: Change, now: u64) -> BlockHash {
        let (info, record) = change.into_records(now);
        let hash = info.frontier;
        if let Some(before) = &record.before {
            self.take_weight(before.representative, before.balance);
            self.set_successor(&before.frontier, Some(hash));
        }
        self.give_weight(info.representative, info.balance);
        match record.effect {
            Effect::None => {}
            Effect::Sent { destination, epoch } => {
                let entry = Receivable { source: record.account, amount: record.amount, epoch };
                self.receivable.insert((destination, hash), entry);
            }
            Effect::Received { source, .. } => {
                self.receivable.remove(&(record.account, source));
            }
        }
        self.accounts.insert(record.account, info);
        self.blocks.insert(hash, record);
        hash
    }

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

    fn must_be_new(&self, hash: &BlockHash) -> Result<(), ProcessError> {
        if self.blocks.contains_key(hash) { Err(ProcessError::Old) } else { Ok(()) }
    }

    fn give_weight(&mut self, representative: Account, amount: Amount) {
        let weight = self.weight(&representative).checked_add(amount);
        self.set_weight(representative, weight.expect("all balances together are the supply"));
    }

    fn take_weight(&mut self, representative: Account, amount: Amount) {
        let weight = self.weight(&representative).checked_sub(amount);
        self.set_weight(representative, weight.expect("a weight is a sum of balances"));
    }

    fn set_weight(&mut self, representative: Account, weight: Amount) {
        if weight.is_zero() {
            self.weights.remove(&representative);
        } else {
            self.weights.insert(representative, weight);
        }
    }

    fn set_successor(&mut self, hash: &BlockHash, successor: Option<BlockHash>) {
        if let Some(record) = self.blocks.get_mut(hash) {
            record.successor = successor;
        }
    }
}

fn check_work(
    signed: &SignedBlock,
    threshold: Difficulty,
    work: WorkCheck,
) -> Result<(), ProcessError> {
    let reached = || signed.work_value().is_some_and(|value| value >= threshold);
    if work == WorkCheck::Waived || reached() {
        Ok(())
    } else {
        Err(ProcessError::InsufficientWork)
    }
}
