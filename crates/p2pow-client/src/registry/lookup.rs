//! [`newest`]: the newest entry of each account, looked up in as few questions as it takes.

use super::{
    cache::{Place, Registered},
    listing::Groups,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use nano_block::{SignedState, Subtype};
use nano_primitives::{Account, BlockHash};
use nano_rpc::{BlockInfo, Client, HistoryQuery, RpcError};
use p2pow_protocol::registry::{REGISTRATION_ACCOUNT, decode};
use std::{cmp::Reverse, collections::BTreeMap};

/// An account with more entries is asked for its newest one, in place of looking up all of them.
const FEW: usize = 16;
/// The newest sends to the registry that such an account is asked for: one may be of another amount, or unconfirmed.
const NEWEST: u64 = 4;
/// Blocks of one question: half a megabyte of answer.
const TOGETHER: usize = 500;
/// Questions at the same time.
const AT_ONCE: usize = 4;

/// The newest entry of each account that can be read; of an account whose newest is odd there is none.
pub(super) async fn newest(
    node: &Client,
    groups: Groups,
) -> Result<BTreeMap<Account, Registered>, RpcError> {
    let counts: Vec<(Account, usize)> =
        groups.iter().map(|(account, hashes)| (*account, hashes.len())).collect();
    let infos = infos(node, candidates(node, groups).await?).await?;
    let mut of_account: BTreeMap<Account, Vec<(BlockHash, BlockInfo)>> = BTreeMap::new();
    for (hash, info) in infos {
        of_account.entry(info.account).or_default().push((hash, info));
    }
    let known = counts.into_iter().map(|(account, count)| {
        let found = of_account.remove(&account).unwrap_or_default();
        (account, Registered { count, entry: best(account, found) })
    });
    Ok(known.collect())
}

/// The blocks that have to be looked up.
async fn candidates(node: &Client, groups: Groups) -> Result<Vec<BlockHash>, RpcError> {
    let (few, many): (Groups, Groups) =
        groups.into_iter().partition(|(_, hashes)| hashes.len() <= FEW);
    let mut wanted: Vec<BlockHash> = few.into_values().flatten().collect();
    let last: Vec<Vec<BlockHash>> = stream::iter(many)
        .map(|(account, hashes)| last(node, account, hashes))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    wanted.extend(last.into_iter().flatten());
    Ok(wanted)
}

/// The newest of an account's many entries, by its history.
async fn last(
    node: &Client,
    account: Account,
    hashes: Vec<BlockHash>,
) -> Result<Vec<BlockHash>, RpcError> {
    let query =
        HistoryQuery { account_filter: vec![REGISTRATION_ACCOUNT], ..HistoryQuery::newest(NEWEST) };
    let history = node.account_history(&account, &query).await?;
    let newest = history.entries.into_iter().map(|entry| entry.hash);
    Ok(newest.filter(|hash| hashes.contains(hash)).take(1).collect())
}

async fn infos(
    node: &Client,
    hashes: Vec<BlockHash>,
) -> Result<BTreeMap<BlockHash, BlockInfo>, RpcError> {
    let parts = hashes.chunks(TOGETHER).map(<[BlockHash]>::to_vec);
    stream::iter(parts)
        .map(|part| async move { Ok(node.blocks_info(&part).await?.blocks) })
        .buffer_unordered(AT_ONCE)
        .try_fold(BTreeMap::new(), |mut all, part| async move {
            all.extend(part);
            Ok(all)
        })
        .await
}

/// The newest block of them, if it is a registration. The one before it does not count where it is not: the account
/// has said something else since.
fn best(account: Account, mut found: Vec<(BlockHash, BlockInfo)>) -> Option<Place> {
    found.sort_by_key(|(hash, info)| (Reverse(info.height), *hash));
    let (hash, info) = found.into_iter().next()?;
    read(account, hash, info)
}

/// Reads a registration; anything odd about it makes it nobody's.
fn read(account: Account, block: BlockHash, info: BlockInfo) -> Option<Place> {
    let (height, seen) = (info.height, info.local_timestamp);
    let is_send = info.subtype.is_none_or(|subtype| subtype == Subtype::Send);
    let signed = SignedState::try_from(info.contents).ok()?;
    let is_registration = is_send
        && signed.block.account == account
        && signed.block.link.to_account() == REGISTRATION_ACCOUNT;
    if !is_registration || signed.hash() != block || signed.verify().is_err() {
        return None;
    }
    Some(Place { address: decode(&signed.block.representative)?, block, height, seen })
}
