//! [`list`]: every entry of the registry, page by page, by the account that made it.

use crate::config::Search;
use futures_util::{StreamExt, TryStreamExt, stream};
use nano_primitives::{Account, BlockHash};
use nano_rpc::{Client, Receivable, ReceivableQuery, RpcError};
use p2pow_protocol::registry::{REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT};
use std::collections::{BTreeMap, BTreeSet};

/// The hashes of each account's entries.
pub(super) type Groups = BTreeMap<Account, Vec<BlockHash>>;

/// Pages that are asked for at the same time, at most.
const AT_ONCE: usize = 4;

/// All entries, as far as the bound of the search goes. So many were there the last time: as many pages as those fill are
/// asked for at the same time.
///
/// Pages are asked for without a threshold: nodes count what is below it among what they skip. An entry that arrives
/// meanwhile moves others to a later page, so that they are told twice, but none is left out.
pub(super) async fn list(
    node: &Client,
    search: &Search,
    before: usize,
) -> Result<Groups, RpcError> {
    let mut seen = BTreeSet::new();
    let mut groups = Groups::new();
    let size = search.page.max(1);
    let starts = (0..search.max_entries).step_by(usize::try_from(size).unwrap_or(usize::MAX));
    let at_once = before / usize::try_from(size).unwrap_or(usize::MAX) + 1;
    let mut pages = stream::iter(starts)
        .map(|offset| async move {
            let count = size.min(search.max_entries - offset);
            ask(node, Some(count), offset).await.map(|page| (count, page))
        })
        .buffered(at_once.min(AT_ONCE));
    while let Some((count, page)) = pages.try_next().await? {
        let is_last = u64::try_from(page.len()).unwrap_or(u64::MAX) < count;
        if take(page, &mut seen, &mut groups) == 0 && !is_last {
            // A node that takes no notice of the offset: all at once then.
            take(ask(node, None, 0).await?, &mut seen, &mut groups);
            break;
        }
        if is_last {
            break;
        }
    }
    Ok(groups)
}

async fn ask(node: &Client, count: Option<u64>, offset: u64) -> Result<Vec<Receivable>, RpcError> {
    let query = ReceivableQuery { count, offset, ..ReceivableQuery::default() };
    node.receivable(&REGISTRATION_ACCOUNT, &query).await
}

/// Sorts entries by account; how many of all sends were not seen before.
fn take(page: Vec<Receivable>, seen: &mut BTreeSet<BlockHash>, groups: &mut Groups) -> usize {
    let before = seen.len();
    for entry in page {
        if seen.insert(entry.hash) && entry.amount == REGISTRATION_AMOUNT {
            groups.entry(entry.source).or_default().push(entry.hash);
        }
    }
    seen.len() - before
}
