//! What is told of the ledger: [`Event`]s as they happen, [`AccountView`] and [`BlockView`], copies taken at one moment; and
//! the JSON that RPC and WebSocket have in common.

use crate::ledger::Ledger;
use nano_block::{AccountState, Epoch, SignedBlock, Subtype};
use nano_primitives::{Account, Amount, BlockHash};
use serde_json::{Value, json};
use std::sync::Arc;

/// An opened account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountView {
    /// The account.
    pub account: Account,
    /// Its last block.
    pub frontier: BlockHash,
    /// Its first block.
    pub open_block: BlockHash,
    /// Its balance after the last block.
    pub balance: Amount,
    /// Who votes with its balance.
    pub representative: Account,
    /// The number of its blocks.
    pub block_count: u64,
    /// Its version.
    pub epoch: Epoch,
    /// When its last block was applied, in seconds since 1970.
    pub modified: u64,
    /// Its last confirmed block.
    pub confirmed_frontier: Option<BlockHash>,
    /// The number of its confirmed blocks.
    pub confirmed_height: u64,
    /// Its balance after the last confirmed block.
    pub confirmed_balance: Amount,
    /// Its representative after the last confirmed block.
    pub confirmed_representative: Option<Account>,
}

impl AccountView {
    pub(crate) fn new(ledger: &Ledger, account: &Account) -> Option<Self> {
        let info = ledger.account(account)?;
        let confirmed = ledger.confirmed(account);
        let then = confirmed.and_then(|confirmed| ledger.account_at(&confirmed.frontier));
        Some(Self {
            account: *account,
            frontier: info.frontier,
            open_block: info.open_block,
            balance: info.balance,
            representative: info.representative,
            block_count: info.block_count,
            epoch: info.epoch,
            modified: info.modified,
            confirmed_frontier: confirmed.map(|confirmed| confirmed.frontier),
            confirmed_height: confirmed.map_or(0, |confirmed| confirmed.height),
            confirmed_balance: then.map_or(Amount::ZERO, |info| info.balance),
            confirmed_representative: then.map(|info| info.representative),
        })
    }

    /// What the account's next block is built from.
    #[must_use]
    pub fn state(&self) -> AccountState {
        AccountState {
            account: self.account,
            frontier: Some(self.frontier),
            balance: self.balance,
            representative: self.representative,
        }
    }
}

/// A block of the ledger and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockView {
    /// Its hash.
    pub hash: BlockHash,
    /// The block as it came.
    pub block: SignedBlock,
    /// Whose chain it is on.
    pub account: Account,
    /// What it did.
    pub subtype: Subtype,
    /// The same in the node's words, for state blocks alone: an open is a "receive".
    pub state_subtype: Option<Subtype>,
    /// What was sent or received; zero for a change or epoch.
    pub amount: Amount,
    /// The balance after it.
    pub balance: Amount,
    /// The place in its chain, from 1.
    pub height: u64,
    /// When it was applied, in seconds since 1970.
    pub timestamp: u64,
    /// The next block of the chain.
    pub successor: Option<BlockHash>,
    /// Who it sends to, or whose money it receives.
    pub counterpart: Option<Account>,
    /// Whether it is confirmed.
    pub confirmed: bool,
}

impl BlockView {
    pub(crate) fn new(ledger: &Ledger, hash: &BlockHash) -> Option<Self> {
        let record = ledger.block(hash)?;
        Some(Self {
            hash: *hash,
            block: record.signed,
            account: record.account,
            subtype: record.subtype,
            state_subtype: record.state_subtype(),
            amount: record.amount,
            balance: record.balance,
            height: record.height,
            timestamp: record.timestamp,
            successor: record.successor,
            counterpart: record.destination().or(record.source_account()),
            confirmed: ledger.is_confirmed(hash),
        })
    }
}

/// Something that happened on the ledger.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A block was accepted; it is not confirmed yet.
    Applied(Arc<BlockView>),
    /// A block was confirmed.
    Confirmed(Arc<Confirmation>),
    /// A block was taken out again.
    RolledBack(BlockHash),
}

/// A block's confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Confirmation {
    /// The block.
    pub block: BlockView,
    /// How it came about.
    pub kind: ConfirmationKind,
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// How long after the block was accepted, in milliseconds.
    pub duration_ms: u64,
    /// The weight that voted.
    pub tally: Amount,
}

/// How a confirmation came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmationKind {
    /// By its own election.
    Quorum,
    /// By the election of a block that rests on it.
    Height,
    /// Without an election: the network was seeded with it.
    Seeded,
}

impl ConfirmationKind {
    /// The node's word, as in the WebSocket's `confirmation_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quorum => "active_quorum",
            Self::Height => "active_confirmation_height",
            Self::Seeded => "inactive",
        }
    }
}

/// A block as an object.
pub(crate) fn contents(block: &SignedBlock) -> Value {
    serde_json::to_value(block).expect("a block is an object of texts")
}

/// How an election went, without its block.
pub(crate) fn election_info(confirmation: &Confirmation) -> Value {
    json!({
        "duration": confirmation.duration_ms.to_string(),
        "time": confirmation.time_ms.to_string(),
        "tally": confirmation.tally,
        "final": confirmation.tally,
        "blocks": "1",
        "voters": "1",
        "request_count": "0",
    })
}
