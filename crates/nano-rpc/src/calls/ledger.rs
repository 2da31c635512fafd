//! The calls that look at the ledger: accounts, blocks, what is receivable, and elections that run.

use crate::{
    AccountBalance, AccountInfo, AnswerError, BlockInfo, BlocksInfo, Client, ConfirmationInfo,
    History, PerAccount, Receivable, ReceivableEntry, Request, RpcError,
    answers::{self, block::same_hash},
};
use nano_block::{Block, SignedBlock};
use nano_primitives::{Account, Amount, BlockHash, PublicKey, Root};
use std::{cmp::Reverse, collections::BTreeMap, fmt};

/// What nodes say of an account without blocks.
const ACCOUNT_NOT_FOUND: &str = "Account not found";
/// What nodes say of a block that they do not have.
const BLOCK_NOT_FOUND: &str = "Block not found";

/// Turns the node's word that there is no such thing into `None`.
fn found<T>(result: Result<T, RpcError>, missing: &[&str]) -> Result<Option<T>, RpcError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.node_text() {
            Some(text) if missing.iter().any(|known| known.eq_ignore_ascii_case(text)) => Ok(None),
            _ => Err(error),
        },
    }
}

/// The calls about accounts.
impl Client {
    /// The state of an account; `None` if it has no block yet.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_info(&self, account: &Account) -> Result<Option<AccountInfo>, RpcError> {
        let request = Request::new("account_info")
            .set("account", account)
            .set("representative", true)
            // Both names: older nodes know the second alone, and what is not known is ignored.
            .set("receivable", true)
            .set("pending", true)
            .set("include_confirmed", true);
        found(self.ask(request, answers::account_info).await, &[ACCOUNT_NOT_FOUND])
    }

    /// The confirmed balance of an account and what it can receive; zeros if it has no block yet.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_balance(&self, account: &Account) -> Result<AccountBalance, RpcError> {
        let request = Request::new("account_balance")
            .set("account", account)
            .set("include_only_confirmed", true);
        self.ask(request, answers::account_balance).await
    }

    /// The representative of an account; `None` if it has no block yet.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_representative(
        &self,
        account: &Account,
    ) -> Result<Option<Account>, RpcError> {
        let request = Request::new("account_representative").set("account", account);
        found(self.ask(request, answers::account_representative).await, &[ACCOUNT_NOT_FOUND])
    }

    /// The public key of an account, as the node computes it.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_key(&self, account: &Account) -> Result<PublicKey, RpcError> {
        self.ask(Request::new("account_key").set("account", account), answers::account_key).await
    }

    /// The account of a public key, as the node computes it.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_get(&self, key: &PublicKey) -> Result<Account, RpcError> {
        self.ask(Request::new("account_get").set("key", key), answers::account_get).await
    }

    /// The newest block of each account, confirmed or not; an error for an account without blocks.
    ///
    /// Every account that was asked for is in the result, whichever way the node writes that it has no blocks.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn accounts_frontiers(
        &self,
        accounts: &[Account],
    ) -> Result<PerAccount<BlockHash>, RpcError> {
        let request = Request::new("accounts_frontiers").list("accounts", accounts);
        let found = self.ask(request, answers::accounts_frontiers).await?;
        Ok(with_all(found, accounts))
    }

    /// The confirmed balance of each account and what it can receive.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<PerAccount<AccountBalance>, RpcError> {
        let request = Request::new("accounts_balances")
            .list("accounts", accounts)
            .set("include_only_confirmed", true);
        let found = self.ask(request, answers::accounts_balances).await?;
        Ok(with_all(found, accounts))
    }
}

/// Adds the accounts that the node left out.
fn with_all<T>(mut found: PerAccount<T>, accounts: &[Account]) -> PerAccount<T> {
    for account in accounts {
        found.entry(*account).or_insert_with(|| Err(ACCOUNT_NOT_FOUND.to_owned()));
    }
    found
}

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

/// The call about an account's history.
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
        Ok(found(answer, &[ACCOUNT_NOT_FOUND])?.unwrap_or_default())
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

/// The calls about blocks.
impl Client {
    /// A block and its place in the ledger; `None` if the node does not have it.
    ///
    /// The contents are checked to hash to `hash`; the signature is not looked at.
    ///
    /// # Errors
    /// The call failed, the node answered something else, or another block.
    pub async fn block_info(&self, hash: &BlockHash) -> Result<Option<BlockInfo>, RpcError> {
        let request = Request::new("block_info").set("json_block", true).set("hash", hash);
        let info = found(self.ask(request, answers::block_info).await, &[BLOCK_NOT_FOUND])?;
        // A caller may sign on what this says, so it must be about the block that was asked for.
        if let Some(info) = &info {
            same_hash("contents", info.contents.hash(), hash)
                .map_err(|error| RpcError::answer("block_info", error))?;
        }
        Ok(info)
    }

    /// Many blocks at once. Each one's contents are checked to hash to its key.
    ///
    /// # Errors
    /// The call failed, the node answered something else, or another block.
    pub async fn blocks_info(&self, hashes: &[BlockHash]) -> Result<BlocksInfo, RpcError> {
        let request = Request::new("blocks_info")
            .set("json_block", true)
            .set("include_not_found", true)
            .list("hashes", hashes);
        let found = self.ask(request, answers::blocks_info).await?;
        for (hash, info) in &found.blocks {
            same_hash("contents", info.contents.hash(), hash)
                .map_err(|error| RpcError::answer("blocks_info", error))?;
        }
        Ok(found)
    }

    /// The hash of a block, as the node computes it.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn block_hash(&self, block: &SignedBlock) -> Result<BlockHash, RpcError> {
        self.ask(Request::new("block_hash").block(block), answers::block_hash).await
    }
}

/// Which receivable sends are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceivableQuery {
    /// At most this many; the node decides which. `None` for all.
    pub count: Option<u64>,
    /// So many are left out first, in the order of the hashes, those below the threshold among them: pages are
    /// therefore asked for without a threshold.
    pub offset: u64,
    /// At least this much each.
    pub threshold: Option<Amount>,
    /// Sends that are not confirmed as well: they may be rolled back.
    pub include_unconfirmed: bool,
}

impl ReceivableQuery {
    fn fill(&self, request: Request) -> Request {
        request
            .set_some("count", self.count)
            .set_some("offset", (self.offset > 0).then_some(self.offset))
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
        let request =
            |action: &'static str| query.fill(Request::new(action).set("account", account));
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
        let request =
            |action: &'static str| query.fill(Request::new(action).list("accounts", accounts));
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
        // Sorted here: what was looked up comes after what was known, and nodes differ in their own order.
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

/// What an election is about: a root and the previous block, 64 bytes in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QualifiedRoot {
    /// The block's root.
    pub root: Root,
    /// The previous block; zeros for a first block.
    pub previous: BlockHash,
}

impl From<&Block> for QualifiedRoot {
    fn from(block: &Block) -> Self {
        Self { root: block.root(), previous: block.previous().unwrap_or(BlockHash::ZERO) }
    }
}

impl fmt::Display for QualifiedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.root, self.previous)
    }
}

/// The call about elections.
impl Client {
    /// The election about a block, while it runs; `None` if none does.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn confirmation_info(
        &self,
        root: &QualifiedRoot,
    ) -> Result<Option<ConfirmationInfo>, RpcError> {
        let request = Request::new("confirmation_info")
            .set("json_block", true)
            .set("contents", true)
            .set("root", root);
        found(
            self.ask(request, answers::confirmation_info).await,
            &["Active confirmation not found", "Confirmation not found"],
        )
    }
}
