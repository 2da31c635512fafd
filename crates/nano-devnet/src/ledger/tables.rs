//! [`Ledger`]: the tables, what they can be asked, and the one way in which a checked block gets into them. It begins with
//! a [`Genesis`].

use super::{
    error::ProcessError,
    record::{AccountInfo, BlockRecord, Change, Confirmed, Effect, Receivable},
};
use nano_block::{Block, Epoch, OpenBlock, SecretKey, SignedBlock, Subtype, Thresholds};
use nano_primitives::{Account, Amount, BlockHash, Work};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

/// The private key of the dev network's genesis account, public in the sources of nano_node.
const DEV_KEY: [u8; 32] = [
    0x34, 0xf0, 0xa3, 0x7a, 0xad, 0x20, 0xf4, 0xa2, 0x60, 0xf0, 0xa5, 0xb3, 0xcb, 0x3d, 0x7f, 0xb5,
    0x06, 0x73, 0x21, 0x22, 0x63, 0xe5, 0x8a, 0x38, 0x0b, 0xc1, 0x04, 0x74, 0xbb, 0x03, 0x9c, 0xe4,
];
/// The work of the dev network's genesis block, as every node has it.
const DEV_WORK: Work = Work::from_u64(0x7b42_a00e_e91d_5810);

/// A genesis block and the key of the account that it opens with the whole supply.
#[derive(Debug, Clone)]
pub struct Genesis {
    key: SecretKey,
    block: SignedBlock,
}

impl Genesis {
    /// The genesis of Nano's dev network. Everybody knows its key; its money is worth nothing.
    #[must_use]
    pub fn dev() -> Self {
        let key = SecretKey::from_bytes(DEV_KEY);
        let account = key.account();
        let source = BlockHash::from_bytes(*account.as_bytes());
        let open = Block::Open(OpenBlock { source, representative: account, account });
        let block = open.sign(&key).with_work(DEV_WORK);
        Self { key, block }
    }

    /// The key of the genesis account, which also signs epochs.
    #[must_use]
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// The account with the whole supply.
    #[must_use]
    pub fn account(&self) -> Account {
        self.key.account()
    }

    /// The block.
    #[must_use]
    pub fn block(&self) -> &SignedBlock {
        &self.block
    }

    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        self.block.hash()
    }

    pub(super) fn to_change(&self) -> Change {
        Change {
            signed: self.block,
            account: self.account(),
            before: None,
            subtype: Subtype::Open,
            amount: Amount::MAX,
            balance: Amount::MAX,
            representative: Some(self.account()),
            epoch: Epoch::Epoch0,
            effect: Effect::None,
        }
    }
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
    /// Every block, its `successor` the next of its chain that is here.
    pub(super) blocks: HashMap<BlockHash, BlockRecord>,
    /// Whoever has a block; `frontier` is the last of the chain.
    pub(super) accounts: BTreeMap<Account, AccountInfo>,
    /// The sends here that no block here receives, by who may.
    pub(super) receivable: BTreeMap<(Account, BlockHash), Receivable>,
    /// The sums of the balances in `accounts` by representative; none is zero.
    weights: BTreeMap<Account, Amount>,
    /// The last confirmed block of each chain. What a confirmed block rests on is confirmed.
    pub(super) confirmed: HashMap<Account, Confirmed>,
    /// The number of confirmed blocks.
    pub(super) cemented: u64,
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

    /// Puts a checked block in. The ledger must be the one that checked it, unchanged since.
    pub fn commit(&mut self, change: Change, now: u64) -> BlockHash {
        let (info, record) = change.into_records(now);
        let hash = info.frontier;
        // Weight first leaves the old representative, then comes to the new one, so that no sum exceeds the supply.
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

    pub(super) fn must_be_new(&self, hash: &BlockHash) -> Result<(), ProcessError> {
        if self.blocks.contains_key(hash) { Err(ProcessError::Old) } else { Ok(()) }
    }

    pub(super) fn give_weight(&mut self, representative: Account, amount: Amount) {
        let weight = self.weight(&representative).checked_add(amount);
        self.set_weight(representative, weight.expect("all balances together are the supply"));
    }

    pub(super) fn take_weight(&mut self, representative: Account, amount: Amount) {
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

    pub(super) fn set_successor(&mut self, hash: &BlockHash, successor: Option<BlockHash>) {
        if let Some(record) = self.blocks.get_mut(hash) {
            record.successor = successor;
        }
    }
    pub(super) fn cement(&mut self, hash: &BlockHash) {
        if let Some(record) = self.blocks.get(hash) {
            let confirmed = Confirmed { height: record.height, frontier: *hash };
            self.confirmed.insert(record.account, confirmed);
            self.cemented += 1;
        }
    }
}

/// What it can be asked.
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
            // Every block keeps what the account was before it, for rollbacks; so its predecessor's end state is there too.
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

    /// All that an account may receive; what confirmed sends sent, if it must be that.
    #[must_use]
    #[allow(clippy::missing_panics_doc)] // it cannot
    pub fn receivable_total(&self, account: &Account, only_confirmed: bool) -> Amount {
        self.receivable(account)
            .filter(|(hash, _)| !only_confirmed || self.is_confirmed(hash))
            .try_fold(Amount::ZERO, |sum, (_, entry)| sum.checked_add(entry.amount))
            .expect("what is receivable is a part of the supply")
    }

    /// Whether the block is a send that nobody received.
    #[must_use]
    pub fn is_receivable(&self, send: &BlockHash) -> bool {
        self.block(send)
            .and_then(BlockRecord::destination)
            .is_some_and(|destination| self.receivable_entry(&destination, send).is_some())
    }

    /// All weight that may vote.
    #[must_use]
    #[allow(clippy::missing_panics_doc)] // it cannot
    pub fn total_weight(&self) -> Amount {
        self.weights().fold(Amount::ZERO, |sum, (_, weight)| {
            sum.checked_add(*weight).expect("all weights together are at most the supply")
        })
    }

    /// The blocks of a chain from `start` on, up or down; none if it is not in the ledger.
    pub fn chain(
        &self,
        start: BlockHash,
        upwards: bool,
    ) -> impl Iterator<Item = BlockHash> + use<'_> {
        let known = move |hash: &BlockHash| self.block(hash).is_some();
        std::iter::successors(Some(start).filter(known), move |hash| {
            let record = self.block(hash)?;
            if upwards { record.successor } else { record.signed.block.previous() }
        })
        .take_while(known)
    }
}
