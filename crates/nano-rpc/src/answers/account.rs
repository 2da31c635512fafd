//! What nodes answer about accounts: [`AccountInfo`], [`AccountBalance`], [`History`], and [`PerAccount`] for many at
//! once.

use super::reader::error_text;
use crate::lenient;
use nano_block::{AccountState, Epoch, Subtype};
use nano_primitives::{Account, Amount, BlockHash, PublicKey};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// The state of an opened account.
///
/// What is not called confirmed is the newest that the node has seen, and may be rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "AccountInfoWire")]
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
    /// The account's epoch; `None` for one that is not known here.
    pub account_version: Option<Epoch>,
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
struct AccountInfoWire {
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
    #[serde(deserialize_with = "lenient::known_text")]
    account_version: Option<Epoch>,
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

impl From<AccountInfoWire> for AccountInfo {
    fn from(wire: AccountInfoWire) -> Self {
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
            // Zeros stand for an account of which nothing is confirmed.
            confirmed_frontier: real(wire.confirmed_frontier.or(wire.confirmation_height_frontier)),
            confirmed_balance: wire.confirmed_balance,
            receivable: wire.receivable.or(wire.pending),
            confirmed_receivable: wire.confirmed_receivable.or(wire.confirmed_pending),
        }
    }
}

/// The balance of an account and what it can receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "BalanceWire")]
#[non_exhaustive]
pub struct AccountBalance {
    /// The balance after the newest confirmed block.
    pub balance: Amount,
    /// What confirmed sends have sent to the account and it has not received yet.
    pub receivable: Amount,
}

#[derive(Deserialize)]
struct BalanceWire {
    #[serde(deserialize_with = "lenient::text")]
    balance: Amount,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    receivable: Option<Amount>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pending: Option<Amount>,
}

impl From<BalanceWire> for AccountBalance {
    fn from(wire: BalanceWire) -> Self {
        let receivable = wire.receivable.or(wire.pending).unwrap_or(Amount::ZERO);
        Self { balance: wire.balance, receivable }
    }
}

impl FromEntry for AccountBalance {
    fn from_entry(value: Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(value)
    }
}

#[derive(Deserialize)]
pub(crate) struct RepresentativeWire {
    #[serde(deserialize_with = "lenient::text")]
    representative: Account,
}

impl From<RepresentativeWire> for Account {
    fn from(wire: RepresentativeWire) -> Self {
        wire.representative
    }
}

#[derive(Deserialize)]
pub(crate) struct KeyWire {
    #[serde(deserialize_with = "lenient::text")]
    key: PublicKey,
}

impl From<KeyWire> for PublicKey {
    fn from(wire: KeyWire) -> Self {
        wire.key
    }
}

#[derive(Deserialize)]
pub(crate) struct AccountWire {
    #[serde(deserialize_with = "lenient::text")]
    account: Account,
}

impl From<AccountWire> for Account {
    fn from(wire: AccountWire) -> Self {
        wire.account
    }
}

/// A part of an account's history.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[non_exhaustive]
pub struct History {
    /// The blocks, in the order that was asked for.
    #[serde(rename = "history", deserialize_with = "lenient::list")]
    pub entries: Vec<HistoryEntry>,
    /// The block after the last one here, if the order was oldest first and there are more.
    #[serde(default, deserialize_with = "real_text")]
    pub next: Option<BlockHash>,
    /// The block before the last one here, if the order was newest first and there are more.
    #[serde(default, deserialize_with = "real_text")]
    pub previous: Option<BlockHash>,
}

/// A block of an account's history.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "EntryWire")]
#[non_exhaustive]
pub struct HistoryEntry {
    /// The block's hash.
    pub hash: BlockHash,
    /// What the block does; `None` if the node's word for it is not known.
    pub subtype: Option<Subtype>,
    /// The other account: the destination of a send, the sender of a receive.
    pub account: Option<Account>,
    /// How much was sent or received.
    pub amount: Option<Amount>,
    /// The block's number in its chain, 1 for the first.
    pub height: Option<u64>,
    /// When the node saw the block, in seconds since 1970.
    pub local_timestamp: Option<u64>,
    /// Whether the block is confirmed.
    pub confirmed: Option<bool>,
}

/// With `raw`, `type` is the kind of block and `subtype` what it does; without, `type` is what it does.
#[derive(Deserialize)]
struct EntryWire {
    #[serde(deserialize_with = "lenient::text")]
    hash: BlockHash,
    #[serde(default, rename = "type", deserialize_with = "lenient::known_text")]
    kind: Option<Subtype>,
    #[serde(default, deserialize_with = "lenient::known_text")]
    subtype: Option<Subtype>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    account: Option<Account>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    amount: Option<Amount>,
    #[serde(default, deserialize_with = "lenient::optional_number")]
    height: Option<u64>,
    #[serde(default, deserialize_with = "lenient::optional_number")]
    local_timestamp: Option<u64>,
    #[serde(default, deserialize_with = "lenient::optional_flag")]
    confirmed: Option<bool>,
}

impl From<EntryWire> for HistoryEntry {
    fn from(wire: EntryWire) -> Self {
        Self {
            hash: wire.hash,
            subtype: wire.subtype.or(wire.kind),
            account: wire.account,
            amount: wire.amount,
            height: wire.height,
            local_timestamp: wire.local_timestamp,
            confirmed: wire.confirmed,
        }
    }
}

/// A value for each account that was asked for, or the node's words why there is none.
pub type PerAccount<T> = BTreeMap<Account, Result<T, String>>;

/// One account's entry in an answer for many: the value, or in its place an error, as a text (V24.0:
/// `"error: Account not found"`) or as an object.
pub(crate) struct Entry<T>(Result<T, String>);

impl<'de, T: FromEntry> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if let Some(text) = error_text(&value) {
            return Ok(Self(Err(text)));
        }
        if let Some(text) = value.as_str().and_then(|text| text.strip_prefix("error:")) {
            return Ok(Self(Err(text.trim().to_owned())));
        }
        T::from_entry(value).map(|value| Self(Ok(value))).map_err(D::Error::custom)
    }
}

/// What may stand for one account in an answer for many.
pub(crate) trait FromEntry: Sized {
    /// Reads the value.
    fn from_entry(value: Value) -> Result<Self, serde_json::Error>;
}

impl FromEntry for BlockHash {
    fn from_entry(value: Value) -> Result<Self, serde_json::Error> {
        lenient::text(value)
    }
}

/// An answer for many accounts: values, and errors, which newer nodes write apart. Where nobody has a value newer
/// nodes leave out the values; an answer with neither is no answer.
#[derive(Deserialize)]
#[serde(try_from = "ManyWire<T>", bound = "T: FromEntry")]
pub(crate) struct Many<T>(PerAccount<T>);

#[derive(Deserialize)]
#[serde(bound = "T: FromEntry")]
struct ManyWire<T> {
    #[serde(alias = "frontiers", alias = "balances")]
    values: Option<lenient::Map<Account, Entry<T>>>,
    errors: Option<lenient::Map<Account, lenient::Text<String>>>,
}

impl<T> TryFrom<ManyWire<T>> for Many<T> {
    type Error = &'static str;

    fn try_from(wire: ManyWire<T>) -> Result<Self, &'static str> {
        if wire.values.is_none() && wire.errors.is_none() {
            return Err("found neither values nor errors of accounts, wanted at least one of them");
        }
        let values = wire.values.unwrap_or_default().0;
        let errors = wire.errors.unwrap_or_default().0;
        let errors = errors.into_iter().map(|(account, lenient::Text(text))| (account, Err(text)));
        let values = values.into_iter().map(|(account, Entry(entry))| (account, entry));
        // Values last: of an account that has both, the value counts.
        Ok(Self(errors.chain(values).collect()))
    }
}

impl<T> From<Many<T>> for PerAccount<T> {
    fn from(many: Many<T>) -> Self {
        many.0
    }
}

/// All zeros stand for "no such block".
pub(super) fn real(hash: Option<BlockHash>) -> Option<BlockHash> {
    hash.filter(|hash| !hash.is_zero())
}

fn real_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BlockHash>, D::Error> {
    lenient::optional_text(deserializer).map(real)
}
