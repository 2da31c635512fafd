//! The ledger: what nano_node's ledger allows, over maps in memory.
//!
//! A block is first *checked*, which changes nothing and yields a [`Change`], and then *committed*.
//! Between the two the caller can write the block down. No clock and no I/O: the time of a block is
//! handed in.

mod change;
mod confirm;
mod epoch;
mod error;
mod genesis;
mod legacy;
mod query;
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
use std::collections::{BTreeMap, HashMap};

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
