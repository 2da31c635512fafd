//! [`Worker`]: who could be hired, by the registry on the ledger. It is open to anybody, so what is read is bounded,
//! only the newest entry of an account counts, and only public addresses are dialled.

use crate::{Config, config::Search};
use futures_util::{StreamExt, TryStreamExt, stream};
use nano_block::{SignedState, Subtype};
use nano_primitives::{Account, BlockHash};
use nano_rpc::{BlockInfo, Client, ReceivableQuery, RpcError};
use p2pow_protocol::registry::{REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT, decode, is_dialable};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// Blocks that are fetched at the same time.
const AT_ONCE: usize = 8;

/// A worker that could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker {
    /// Where it listens.
    pub address: IpAddr,
    /// How it is known; `None` if the user named the address.
    pub registration: Option<Registration>,
}

/// An entry of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration {
    /// Who registered. Nothing ties it to the account that is rewarded.
    pub account: Account,
    /// The block that did it.
    pub block: BlockHash,
    /// Its place in that account's chain.
    pub height: u64,
    /// When the node first saw it, in seconds since 1970, if it knows.
    pub seen: Option<u64>,
}

/// The workers to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Those that are worth asking.
    pub(crate) workers: Vec<Worker>,
    /// Registrations that were left out because of their addresses.
    pub(crate) not_dialable: usize,
}

/// Finds the workers to choose from: those that the user named, or else the registered ones, newest first.
pub(crate) async fn find(node: &Client, config: &Config) -> Result<Found, RpcError> {
    if !config.workers.is_empty() {
        let named = |&address| Worker { address, registration: None };
        let workers = config.workers.iter().map(named).collect();
        return Ok(Found { workers, not_dialable: 0 });
    }
    let entries = entries(node, &config.search).await?;
    Ok(select(entries, config.allow_local, config.search.max_workers))
}

async fn entries(node: &Client, search: &Search) -> Result<Vec<Worker>, RpcError> {
    let query = ReceivableQuery {
        count: Some(search.max_entries),
        threshold: Some(REGISTRATION_AMOUNT),
        ..ReceivableQuery::default()
    };
    let found = node.receivable(&REGISTRATION_ACCOUNT, &query).await?;
    let exact = found.into_iter().filter(|entry| entry.amount == REGISTRATION_AMOUNT);
    let entries: Vec<Option<Worker>> = stream::iter(exact)
        .map(|entry| async move {
            let info = node.block_info(&entry.hash).await?;
            Ok::<_, RpcError>(info.and_then(|info| read(entry.hash, &info)))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(entries.into_iter().flatten().collect())
}

/// Reads a registration; anything odd about it makes it nobody's.
fn read(hash: BlockHash, info: &BlockInfo) -> Option<Worker> {
    let signed = SignedState::try_from(info.contents).ok()?;
    let is_registration = info.subtype.is_none_or(|subtype| subtype == Subtype::Send)
        && signed.block.link.to_account() == REGISTRATION_ACCOUNT;
    if !is_registration || signed.hash() != hash || signed.verify().is_err() {
        return None;
    }
    let registration = Registration {
        account: signed.block.account,
        block: hash,
        height: info.height,
        seen: info.local_timestamp,
    };
    Some(Worker {
        address: decode(&signed.block.representative)?,
        registration: Some(registration),
    })
}

/// The newest entry of each account, each address once, those that may be dialled, the newest first, and not too many.
fn select(entries: Vec<Worker>, allow_local: bool, max: usize) -> Found {
    let mut newest: BTreeMap<Account, (Registration, Worker)> = BTreeMap::new();
    for worker in entries {
        let Some(entry) = worker.registration else { continue };
        match newest.get(&entry.account) {
            Some((known, _)) if known.height >= entry.height => {}
            _ => {
                newest.insert(entry.account, (entry, worker));
            }
        }
    }
    let (mut workers, others): (Vec<_>, Vec<_>) =
        newest.into_values().partition(|(_, worker)| is_dialable(worker.address, allow_local));
    workers.sort_by_key(|(entry, _)| (Reverse(entry.seen), entry.account));
    let mut known = BTreeSet::new();
    workers.retain(|(_, worker)| known.insert(worker.address));
    let workers = workers.into_iter().map(|(_, worker)| worker).take(max).collect();
    Found { workers, not_dialable: others.len() }
}

#[cfg(test)]
mod tests {
    use super::{Found, Registration, Worker, select};
    use nano_primitives::{Account, BlockHash, PublicKey};
    use std::net::IpAddr;

    fn entry(address: &str, account: u8, height: u64, seen: u64) -> Worker {
        let account = Account::new(PublicKey::from_bytes([account; 32]));
        let block = BlockHash::from_bytes([9; 32]);
        let registration = Some(Registration { account, block, height, seen: Some(seen) });
        Worker { address: address.parse().unwrap(), registration }
    }

    fn addresses(found: &Found) -> Vec<String> {
        found.workers.iter().map(|worker| IpAddr::to_string(&worker.address)).collect()
    }

    #[test]
    fn the_newest_entry_of_an_account_counts() {
        let entries = vec![entry("8.8.8.8", 1, 5, 50), entry("8.8.4.4", 1, 9, 40)];
        assert_eq!(addresses(&select(entries, false, 10)), ["8.8.4.4"]);
    }

    #[test]
    fn the_newest_come_first_and_no_more_than_wanted() {
        let entries =
            vec![entry("8.8.8.1", 1, 1, 1), entry("8.8.8.3", 3, 1, 3), entry("8.8.8.2", 2, 1, 2)];
        assert_eq!(addresses(&select(entries, false, 2)), ["8.8.8.3", "8.8.8.2"]);
    }

    #[test]
    fn an_address_is_asked_once_however_many_register_it() {
        let entries = vec![entry("8.8.8.8", 1, 1, 1), entry("8.8.8.8", 2, 1, 2)];
        assert_eq!(select(entries, false, 10).workers.len(), 1);
    }

    #[test]
    fn local_addresses_are_never_dialled_unless_told_so() {
        let local = ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1"];
        let entries: Vec<Worker> =
            local.iter().zip(1..).map(|(address, account)| entry(address, account, 1, 1)).collect();
        let wanted = Found { workers: Vec::new(), not_dialable: local.len() };
        assert_eq!(select(entries.clone(), false, 10), wanted);
        assert!(!select(entries, true, 10).workers.is_empty());
    }
}
