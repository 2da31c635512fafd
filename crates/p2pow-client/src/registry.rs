//! [`Registry`]: the entries of the ledger's registry, read once and remembered.
//!
//! The registry is open to anybody, so it may hold any number of entries, mostly dead or hostile. What holds here:
//!
//! - Entries are grouped by account before anything is looked up or left out, and of each account only the newest one
//!   counts: an account with thousands of entries costs as much as one with a few, and displaces nobody.
//! - Blocks are looked up many at a time, and an account's only when its number of entries has changed. The
//!   registration account has no owner, so nothing that was sent to it ever goes away.
//! - What was sent to it in all tells whether there is anything new: if not, a scan is two small questions.

mod cache;
mod listing;
mod lookup;

use crate::{Registration, Worker, clock::unix_seconds, config::Search};
use cache::{Cache, Memory, Registered};
use listing::Groups;
use nano_block::Network;
use nano_primitives::{Account, Amount};
use nano_rpc::{Client, RpcError};
use p2pow_protocol::registry::REGISTRATION_ACCOUNT;
use p2pow_store::Store;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The newest entry of each account that has registered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scan {
    /// By account, each at the address that it registered last.
    pub(crate) workers: BTreeMap<Account, Worker>,
}

/// The registry as a node shows it, with what is remembered of it.
#[derive(Debug)]
pub(crate) struct Registry<'a> {
    pub(crate) node: &'a Client,
    pub(crate) store: Option<&'a Arc<dyn Store>>,
    pub(crate) network: Network,
    pub(crate) search: &'a Search,
}

impl Registry<'_> {
    /// The newest entry of each account.
    ///
    /// A memory that cannot be read or written makes this slower and no less right.
    pub(crate) async fn scan(&self) -> Result<Scan, RpcError> {
        let cache = self.store.map(|store| Cache::new(Arc::clone(store), self.network));
        let known = match &cache {
            Some(cache) => cache.load().await,
            None => Memory::default(),
        };
        let total = self.node.account_balance(&REGISTRATION_ACCOUNT).await?.receivable;
        if total.is_zero() || self.is_current(&known, total).await? {
            let accounts = if total.is_zero() { BTreeMap::new() } else { known.accounts };
            return Ok(Scan::of(accounts));
        }
        let entries: usize = known.accounts.values().map(|known| known.count).sum();
        let groups = listing::list(self.node, self.search, entries).await?;
        let (before, mut known) = (known.total, known);
        let (accounts, news) = self.update(std::mem::take(&mut known.accounts), groups).await?;
        let memory = known.with(total, accounts);
        if let (Some(cache), true) = (&cache, !news.is_empty() || before != Some(total)) {
            cache.save(&memory, &news, unix_seconds()).await;
        }
        Ok(Scan::of(memory.accounts))
    }

    /// Whether nothing was sent to the registry since, on this very ledger: another one may have the same sum.
    async fn is_current(&self, known: &Memory, total: Amount) -> Result<bool, RpcError> {
        if known.total != Some(total) {
            return Ok(false);
        }
        let newest = known.accounts.values().filter_map(|known| known.entry.as_ref());
        let Some(probe) = newest.max_by_key(|entry| entry.seen) else { return Ok(false) };
        Ok(self.node.block_info(&probe.block).await?.is_some())
    }

    /// Looks up what is new; of which accounts there was anything.
    async fn update(
        &self,
        mut known: BTreeMap<Account, Registered>,
        groups: Groups,
    ) -> Result<(BTreeMap<Account, Registered>, BTreeSet<Account>), RpcError> {
        let mut changed = BTreeSet::new();
        known.retain(|account, known| {
            let is_same = groups.get(account).is_some_and(|hashes| hashes.len() == known.count);
            changed.extend((!is_same).then_some(*account));
            is_same
        });
        let is_known = |account: &Account| known.contains_key(account);
        let news: Groups = groups.into_iter().filter(|(account, _)| !is_known(account)).collect();
        changed.extend(news.keys().copied());
        known.extend(lookup::newest(self.node, news).await?);
        Ok((known, changed))
    }
}

impl Scan {
    fn of(accounts: BTreeMap<Account, Registered>) -> Self {
        let worker = |(account, known): (Account, Registered)| {
            let entry = known.entry?;
            let registration = Some(Registration {
                account,
                block: entry.block,
                height: entry.height,
                seen: entry.seen,
            });
            Some((account, Worker { address: entry.address, registration }))
        };
        Self { workers: accounts.into_iter().filter_map(worker).collect() }
    }
}
