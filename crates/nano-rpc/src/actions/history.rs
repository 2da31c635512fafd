//! The history of an account.

use super::{ACCOUNT_NOT_FOUND, found, real};
use crate::{Client, Request, RpcError, answers, lenient};
use nano_block::Subtype;
use nano_primitives::{Account, Amount, BlockHash};
use serde::Deserialize;

/// Which part of an account's history is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// At most this many entries.
    pub count: u64,
    /// Changes of representative and epoch blocks as well.
    pub all_kinds: bool,
    /// Oldest first.
    pub reverse: bool,
    /// The block to start at instead of the newest (or, reversed, the oldest).
    pub head: Option<BlockHash>,
    /// Entries to leave out at the start.
    pub offset: u64,
    /// Only what was sent to or received from one of these accounts; empty for everything.
    pub account_filter: Vec<Account>,
}

impl HistoryQuery {
    /// The newest `count` sends and receives.
    #[must_use]
    pub const fn newest(count: u64) -> Self {
        Self {
            count,
            all_kinds: false,
            reverse: false,
            head: None,
            offset: 0,
            account_filter: Vec::new(),
        }
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
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub next: Option<BlockHash>,
    /// The block before the last one here, if the order was newest first and there are more.
    #[serde(default, deserialize_with = "lenient::optional_text")]
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

impl Client {
    /// A part of an account's history; empty if it has no block yet.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_history(
        &self,
        account: &Account,
        query: &HistoryQuery,
    ) -> Result<History, RpcError> {
        let answer = self.ask(history_request(account, query), answers::account_history).await;
        let mut history = found(answer, &[ACCOUNT_NOT_FOUND])?.unwrap_or_default();
        history.next = real(history.next);
        history.previous = real(history.previous);
        Ok(history)
    }
}

fn history_request(account: &Account, query: &HistoryQuery) -> Request {
    let mut request = Request::new("account_history")
        .set("account", account)
        .set("count", query.count)
        .set_some("head", query.head);
    if query.all_kinds {
        request = request.set("raw", true);
    }
    if query.reverse {
        request = request.set("reverse", true);
    }
    if query.offset > 0 {
        request = request.set("offset", query.offset);
    }
    if !query.account_filter.is_empty() {
        request = request.list("account_filter", &query.account_filter);
    }
    request
}
