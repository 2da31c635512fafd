//! A ledger without a network, and blocks for it.

use super::raw;
use nano_block::{
    AccountState, Block, ChangeBlock, Epoch, Network, OpenBlock, ReceiveBlock, SecretKey,
    SendBlock, SignedBlock, StateBlock,
};
use nano_devnet::{Genesis, Ledger, ProcessError, WorkCheck};
use nano_primitives::{Account, Amount, BlockHash, Link};

/// A ledger and the key of its genesis account.
pub struct Book {
    pub ledger: Ledger,
    pub genesis: SecretKey,
}

impl Book {
    /// At epoch 0.
    pub fn new() -> Self {
        let genesis = Genesis::dev();
        let ledger = Ledger::new(&genesis, Network::Dev.thresholds());
        Self { ledger, genesis: genesis.key().clone() }
    }

    /// With the genesis account at epoch 2.
    pub fn at_epoch_2() -> Self {
        let mut book = Self::new();
        let genesis = book.genesis.clone();
        for epoch in [Epoch::Epoch1, Epoch::Epoch2] {
            let block = book.epoch_block(&genesis.account(), epoch);
            book.apply(&block).unwrap();
        }
        book
    }

    /// Applies a block; its work does not count.
    pub fn apply(&mut self, block: &SignedBlock) -> Result<BlockHash, ProcessError> {
        self.ledger.apply(block, WorkCheck::Waived, 7)
    }

    /// What applying would say.
    pub fn check(&self, block: &SignedBlock) -> Result<(), ProcessError> {
        self.ledger.check(block, WorkCheck::Waived).map(|_| ())
    }

    pub fn state(&self, account: &Account) -> AccountState {
        match self.ledger.account(account) {
            None => AccountState::unopened(*account, self.genesis.account()),
            Some(info) => AccountState {
                account: *account,
                frontier: Some(info.frontier),
                balance: info.balance,
                representative: info.representative,
            },
        }
    }

    /// Sends, with a state block.
    pub fn send(&mut self, key: &SecretKey, to: &Account, amount: u128) -> BlockHash {
        let block = self.state(&key.account()).send(*to, raw(amount)).unwrap().sign(key);
        self.apply(&block.into()).unwrap()
    }

    /// Receives, or opens, with a state block.
    pub fn receive(&mut self, key: &SecretKey, send: BlockHash) -> BlockHash {
        let account = key.account();
        let amount = self.ledger.receivable_entry(&account, &send).unwrap().amount;
        let block = self.state(&account).receive(send, amount).unwrap().sign(key);
        self.apply(&block.into()).unwrap()
    }

    /// Sends from genesis and receives.
    pub fn open(&mut self, key: &SecretKey, amount: u128) -> BlockHash {
        let genesis = self.genesis.clone();
        let send = self.send(&genesis, &key.account(), amount);
        self.receive(key, send)
    }

    /// The block that lifts the account, or opens it, in the epoch.
    pub fn epoch_block(&self, account: &Account, epoch: Epoch) -> SignedBlock {
        let info = self.ledger.account(account);
        let block = StateBlock {
            account: *account,
            previous: info.map_or(BlockHash::ZERO, |info| info.frontier),
            representative: info.map_or(Account::ZERO, |info| info.representative),
            balance: info.map_or(Amount::ZERO, |info| info.balance),
            link: epoch.link().unwrap(),
        };
        block.sign(&self.genesis).into()
    }

    pub fn frontier(&self, key: &SecretKey) -> BlockHash {
        self.ledger.account(&key.account()).unwrap().frontier
    }

    pub fn balance(&self, key: &SecretKey) -> u128 {
        self.ledger.balance(&key.account()).to_raw()
    }

    /// A state block that goes on where the account is.
    pub fn next(&self, key: &SecretKey, balance: u128, link: impl Into<Link>) -> StateBlock {
        let state = self.state(&key.account());
        StateBlock {
            account: state.account,
            previous: state.frontier.unwrap_or(BlockHash::ZERO),
            representative: state.representative,
            balance: raw(balance),
            link: link.into(),
        }
    }

    pub fn legacy_send(&self, key: &SecretKey, to: &Account, balance: u128) -> SignedBlock {
        let previous = self.frontier(key);
        let block = SendBlock { previous, destination: *to, balance: raw(balance) };
        Block::Send(block).sign(key)
    }

    pub fn legacy_receive(&self, key: &SecretKey, source: BlockHash) -> SignedBlock {
        Block::Receive(ReceiveBlock { previous: self.frontier(key), source }).sign(key)
    }

    pub fn legacy_open(&self, key: &SecretKey, source: BlockHash) -> SignedBlock {
        let representative = self.genesis.account();
        Block::Open(OpenBlock { source, representative, account: key.account() }).sign(key)
    }

    pub fn legacy_change(&self, key: &SecretKey, representative: Account) -> SignedBlock {
        Block::Change(ChangeBlock { previous: self.frontier(key), representative }).sign(key)
    }

    /// All money, wherever it is, is the supply; and every balance counts once as weight.
    pub fn assert_sound(&self) {
        let zero = Account::ZERO;
        let balances: Vec<_> = self.ledger.accounts_from(zero).map(|(_, info)| info).collect();
        let held: u128 = balances.iter().map(|info| info.balance.to_raw()).sum();
        let waiting: u128 = self
            .ledger
            .receivers_from(zero)
            .flat_map(|account| {
                self.ledger.receivable(&account).map(|(_, entry)| entry.amount.to_raw())
            })
            .sum();
        assert_eq!(held.checked_add(waiting), Some(u128::MAX));
        let weight: u128 = self.ledger.weights().map(|(_, weight)| weight.to_raw()).sum();
        assert_eq!(weight, held);
        let blocks: u64 = balances.iter().map(|info| info.block_count).sum();
        assert_eq!(blocks, self.ledger.block_count());
    }
}

/// A hash that no block has.
pub fn unknown() -> BlockHash {
    BlockHash::from_bytes([0xab; 32])
}
