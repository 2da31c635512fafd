//! [`list`]: every entry of the registry, page by page, by the account that made it.

use crate::config::Search;
use nano_primitives::{Account, BlockHash};
use nano_rpc::{Client, Receivable, ReceivableQuery, RpcError};
use p2pow_protocol::registry::{REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT};
use std::collections::{BTreeMap, BTreeSet};

/// The hashes of each account's entries.
pub(super) type Groups = BTreeMap<Account, Vec<BlockHash>>;

/// All entries, as far as the bound of the search goes.
///
/// Pages are asked for without a threshold: nodes count what is below it among what they skip. An entry that arrives
/// meanwhile moves others to a later page, so that they are told twice, but none is left out.
pub(super) async fn list(node: &Client, search: &Search) -> Result<Groups, RpcError> {
    let mut seen = BTreeSet::new();
    let mut groups = Groups::new();
    let mut offset = 0;
    while offset < search.max_entries {
        let count = search.page.max(1).min(search.max_entries - offset);
        let page = ask(node, Some(count), offset).await?;
        let is_last = u64::try_from(page.len()).unwrap_or(u64::MAX) < count;
        if take(page, &mut seen, &mut groups) == 0 && !is_last {
            // A node that takes no notice of the offset: all at once then.
            take(ask(node, None, 0).await?, &mut seen, &mut groups);
            break;
        }
        if is_last {
            break;
        }
        offset += count;
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
