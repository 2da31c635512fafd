//! What nodes answer about sends that are not received yet: [`ReceivableEntry`], in short or at length.

use crate::lenient;
use nano_block::Epoch;
use nano_primitives::{Account, Amount, BlockHash};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// A send that its destination has not received yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Receivable {
    /// The hash of the send.
    pub hash: BlockHash,
    /// How much it sent.
    pub amount: Amount,
    /// The sender.
    pub source: Account,
    /// The epoch of the send, where it is told and known here. A receive must have the work of the later one of this and
    /// its account's epoch.
    pub min_version: Option<Epoch>,
}

impl Receivable {
    /// A send that was heard of otherwise than by the question what is receivable: of `amount` from `source`, its epoch
    /// not known.
    #[must_use]
    pub const fn new(hash: BlockHash, amount: Amount, source: Account) -> Self {
        Self { hash, amount, source, min_version: None }
    }
}

/// A receivable send as far as the answer tells: its short form has hashes alone, a longer one amounts, the longest
/// the senders too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivableEntry {
    /// The hash of the send.
    pub hash: BlockHash,
    /// How much it sent.
    pub amount: Option<Amount>,
    /// The sender.
    pub source: Option<Account>,
    /// The epoch of the send.
    pub min_version: Option<Epoch>,
}

impl ReceivableEntry {
    /// The whole, if it is all there.
    pub(crate) fn known(self) -> Option<Receivable> {
        let Self { hash, amount, source, min_version } = self;
        Some(Receivable { hash, amount: amount?, source: source?, min_version })
    }
}

/// What may stand behind the hash of a receivable send: an amount, or an object.
#[derive(Default)]
struct Detail(DetailWire);

#[derive(Default, Deserialize)]
struct DetailWire {
    #[serde(default, deserialize_with = "lenient::optional_text")]
    amount: Option<Amount>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    source: Option<Account>,
    #[serde(default, deserialize_with = "lenient::known_text")]
    min_version: Option<Epoch>,
}

impl<'de> Deserialize<'de> for Detail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let wire = if value.is_object() {
            serde_json::from_value(value)
        } else {
            lenient::optional_text(value).map(|amount| DetailWire { amount, ..Default::default() })
        };
        wire.map(Self).map_err(D::Error::custom)
    }
}

/// The sends to one account.
struct Entries(Vec<ReceivableEntry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs: Vec<(BlockHash, Option<Detail>)> = lenient::pairs(deserializer)?;
        let entry = |(hash, detail): (_, Option<Detail>)| {
            let Detail(DetailWire { amount, source, min_version }) = detail.unwrap_or_default();
            ReceivableEntry { hash, amount, source, min_version }
        };
        Ok(Self(pairs.into_iter().map(entry).collect()))
    }
}

#[derive(Deserialize)]
pub(crate) struct ReceivableWire {
    blocks: Entries,
}

impl From<ReceivableWire> for Vec<ReceivableEntry> {
    fn from(wire: ReceivableWire) -> Self {
        wire.blocks.0
    }
}

#[derive(Deserialize)]
pub(crate) struct AccountsReceivableWire {
    #[serde(deserialize_with = "lenient::map")]
    blocks: BTreeMap<Account, Entries>,
}

impl From<AccountsReceivableWire> for BTreeMap<Account, Vec<ReceivableEntry>> {
    fn from(wire: AccountsReceivableWire) -> Self {
        wire.blocks.into_iter().map(|(account, Entries(entries))| (account, entries)).collect()
    }
}
