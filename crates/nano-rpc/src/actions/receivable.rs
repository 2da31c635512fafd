//! What was sent to an account and not received yet.

use crate::{AnswerError, Client, Request, RpcError, answers, lenient};
use nano_primitives::{Account, Amount, BlockHash};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::{cmp::Reverse, collections::BTreeMap};

/// Which receivable sends are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceivableQuery {
    /// At most this many; the node decides which. `None` for all.
    pub count: Option<u64>,
    /// At least this much each.
    pub threshold: Option<Amount>,
    /// Sends that are not confirmed as well: they may be rolled back.
    pub include_unconfirmed: bool,
}

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
    /// The epoch of the send: 0, 1 or 2. A receive must have the work of the higher of this and its account's epoch.
    pub min_version: Option<u8>,
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
    pub min_version: Option<u8>,
}

impl ReceivableEntry {
    fn known(self) -> Option<Receivable> {
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
    #[serde(default, deserialize_with = "lenient::optional_number")]
    min_version: Option<u8>,
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

impl ReceivableQuery {
    fn fill(&self, request: Request) -> Request {
        request
            .set_some("count", self.count)
            .set_some("threshold", self.threshold)
            .set("source", true)
            .set("min_version", true)
            .set("include_only_confirmed", !self.include_unconfirmed)
    }
}

/// The calls about receivable sends.
impl Client {
    /// What was sent to an account and not received yet, the largest amount first.
    ///
    /// Asks a node that does not know `receivable` for `pending`, the old name.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn receivable(
        &self,
        account: &Account,
        query: &ReceivableQuery,
    ) -> Result<Vec<Receivable>, RpcError> {
        let request = |action| query.fill(Request::new(action).set("account", account));
        let mut entries = self.ask(request("receivable"), answers::receivable).await;
        if matches!(&entries, Err(error) if error.is_unknown_action()) {
            entries = self.ask(request("pending"), answers::receivable).await;
        }
        self.complete(entries?).await
    }

    /// [`receivable`](Self::receivable) for many accounts; those without any are not in the result.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn accounts_receivable(
        &self,
        accounts: &[Account],
        query: &ReceivableQuery,
    ) -> Result<BTreeMap<Account, Vec<Receivable>>, RpcError> {
        let request = |action| query.fill(Request::new(action).list("accounts", accounts));
        let mut found =
            self.ask(request("accounts_receivable"), answers::accounts_receivable).await;
        if matches!(&found, Err(error) if error.is_unknown_action()) {
            found = self.ask(request("accounts_pending"), answers::accounts_receivable).await;
        }
        let mut complete = BTreeMap::new();
        for (account, entries) in found? {
            if !entries.is_empty() {
                complete.insert(account, self.complete(entries).await?);
            }
        }
        Ok(complete)
    }

    /// Looks up what a node left out that takes no notice of `source`.
    async fn complete(&self, entries: Vec<ReceivableEntry>) -> Result<Vec<Receivable>, RpcError> {
        let (known, short): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.known().is_some());
        let mut known: Vec<_> = known.into_iter().filter_map(ReceivableEntry::known).collect();
        if !short.is_empty() {
            known.extend(self.look_up(&short).await?);
        }
        known.sort_by_key(|receivable| (Reverse(receivable.amount), receivable.hash));
        Ok(known)
    }

    async fn look_up(&self, short: &[ReceivableEntry]) -> Result<Vec<Receivable>, RpcError> {
        let hashes: Vec<_> = short.iter().map(|entry| entry.hash).collect();
        let infos = self.blocks_info(&hashes).await?.blocks;
        let full = |entry: &ReceivableEntry| {
            let info = infos.get(&entry.hash)?;
            Some(Receivable {
                hash: entry.hash,
                amount: entry.amount.or(info.amount)?,
                source: entry.source.unwrap_or(info.account),
                min_version: entry.min_version,
            })
        };
        short.iter().map(|entry| full(entry).ok_or_else(|| no_amount(entry.hash))).collect()
    }
}

fn no_amount(hash: BlockHash) -> RpcError {
    let wanted = "a block whose amount the node knows".to_owned();
    let found = format!("the receivable block {hash}, unknown to blocks_info");
    RpcError::answer("receivable", AnswerError::Untrue { field: "blocks", found, wanted })
}
