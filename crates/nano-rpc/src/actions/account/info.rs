//! `account_info`: the state of one account.

use super::super::real;
use crate::lenient;
use nano_block::AccountState;
use nano_primitives::{Account, Amount, BlockHash};
use serde::Deserialize;

/// The state of an opened account.
///
/// What is not called confirmed is the newest that the node has seen, and may be rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "InfoWire")]
#[non_exhaustive]
pub struct AccountInfo {
    /// The newest block.
    pub frontier: BlockHash,
    /// The first block.
    pub open_block: BlockHash,
    /// The newest block that set the representative.
    pub representative_block: Option<BlockHash>,
    /// The representative.
    pub representative: Account,
    /// The balance after the newest block.
    pub balance: Amount,
    /// The number of blocks.
    pub block_count: u64,
    /// The account's epoch: 0, 1 or 2.
    pub account_version: u8,
    /// When the node saw the newest block, in seconds since 1970.
    pub modified_timestamp: Option<u64>,
    /// The number of confirmed blocks.
    pub confirmed_height: Option<u64>,
    /// The newest confirmed block; `None` if there is none, or the node does not say.
    pub confirmed_frontier: Option<BlockHash>,
    /// The balance after the newest confirmed block.
    pub confirmed_balance: Option<Amount>,
    /// What is sent to the account and not received yet, unconfirmed sends included.
    pub receivable: Option<Amount>,
    /// What is sent to the account by confirmed sends and not received yet.
    pub confirmed_receivable: Option<Amount>,
}

impl AccountInfo {
    /// Whether the newest block is confirmed.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.confirmed_frontier == Some(self.frontier)
    }

    /// What the account's next block is built on.
    #[must_use]
    pub const fn state(&self, account: Account) -> AccountState {
        AccountState {
            account,
            frontier: Some(self.frontier),
            balance: self.balance,
            representative: self.representative,
        }
    }
}

/// `account_info` as it is written. The confirmation fields have one name with `include_confirmed` and another without;
/// some nodes write both, as they do with the old and the new word for receivable.
#[derive(Deserialize)]
struct InfoWire {
    #[serde(deserialize_with = "lenient::text")]
    frontier: BlockHash,
    #[serde(deserialize_with = "lenient::text")]
    open_block: BlockHash,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    representative_block: Option<BlockHash>,
    #[serde(deserialize_with = "lenient::text")]
    representative: Account,
    #[serde(deserialize_with = "lenient::text")]
    balance: Amount,
    #[serde(deserialize_with = "lenient::number")]
    block_count: u64,
    #[serde(deserialize_with = "lenient::number")]
    account_version: u8,
    #[serde(default, deserialize_with = "lenient::optional_number")]
    modified_timestamp: Option<u64>,
    #[serde(default, deserialize_with = "lenient::optional_number")]
    confirmed_height: Option<u64>,
    #[serde(default, deserialize_with = "lenient::optional_number")]
    confirmation_height: Option<u64>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    confirmed_frontier: Option<BlockHash>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    confirmation_height_frontier: Option<BlockHash>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    confirmed_balance: Option<Amount>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    receivable: Option<Amount>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pending: Option<Amount>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    confirmed_receivable: Option<Amount>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    confirmed_pending: Option<Amount>,
}

impl From<InfoWire> for AccountInfo {
    fn from(wire: InfoWire) -> Self {
        Self {
            frontier: wire.frontier,
            open_block: wire.open_block,
            representative_block: wire.representative_block,
            representative: wire.representative,
            balance: wire.balance,
            block_count: wire.block_count,
            account_version: wire.account_version,
            modified_timestamp: wire.modified_timestamp,
            confirmed_height: wire.confirmed_height.or(wire.confirmation_height),
            confirmed_frontier: real(wire.confirmed_frontier.or(wire.confirmation_height_frontier)),
            confirmed_balance: wire.confirmed_balance,
            receivable: wire.receivable.or(wire.pending),
            confirmed_receivable: wire.confirmed_receivable.or(wire.confirmed_pending),
        }
    }
}
