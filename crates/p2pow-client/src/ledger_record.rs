//! Looks up a [`LedgerRecord`]: what the ledger shows of an account that is paid for work.

use crate::LedgerRecord;
use nano_block::Subtype;
use nano_primitives::{Account, Amount};
use nano_rpc::{Client, HistoryQuery, ReceivableQuery, RpcError};
use std::collections::BTreeSet;

/// Blocks of the account, and sends that wait for it, that are looked at.
const LOOK: u64 = 100;

/// What was sent to the account lately, received or not.
pub(crate) async fn look_up(
    node: &Client,
    account: &Account,
    now: u64,
) -> Result<LedgerRecord, RpcError> {
    let newest = HistoryQuery::newest(LOOK);
    let waiting = ReceivableQuery { count: Some(LOOK), ..ReceivableQuery::default() };
    let (history, waiting) = futures_util::future::try_join(
        node.account_history(account, &newest),
        node.receivable(account, &waiting),
    )
    .await?;
    let mut record = LedgerRecord { as_of: now, ..LedgerRecord::default() };
    let mut senders = BTreeSet::new();
    let mut add = |sender: Option<Account>, amount: Amount| {
        record.rewards += 1;
        record.earned = record.earned.checked_add(amount).unwrap_or(Amount::MAX);
        senders.extend(sender.filter(|sender| sender != account));
    };
    let is_received = |subtype| matches!(subtype, Some(Subtype::Receive | Subtype::Open));
    let mut last = None;
    for entry in history.entries.iter().filter(|entry| is_received(entry.subtype)) {
        add(entry.account, entry.amount.unwrap_or_default());
        last = last.max(entry.local_timestamp);
    }
    for entry in &waiting {
        add(Some(entry.source), entry.amount);
    }
    // What waits has no date in the list; the newest of it would have to be looked up, one is enough.
    if let Some(entry) = waiting.first() {
        let info = node.block_info(&entry.hash).await?;
        last = last.max(info.and_then(|info| info.local_timestamp));
    }
    record.senders = senders.len();
    record.last = last;
    Ok(record)
}
