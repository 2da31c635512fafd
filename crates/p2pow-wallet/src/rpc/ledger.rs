//! What the ledger holds of a wallet's accounts: asked of the node behind, and put together for the wallet.

use super::{
    call::Call,
    shape::{Answer, list, object},
};
use crate::{refusal::Refusal, service::Service};
use futures_util::{StreamExt, TryStreamExt, stream};
use nano_primitives::{Account, Amount};
use nano_rpc::{AccountInfo, HistoryEntry, HistoryQuery, Receivable, ReceivableQuery, Request};
use serde_json::{Map, Value, json};
use std::cmp::Reverse;

/// Calls of the node at the same time.
const AT_ONCE: usize = 16;
/// Accounts asked about in one call of the node.
const TOGETHER: usize = 500;
/// Entries of an account's history asked for at once.
const PAGE: u64 = 1000;

pub(super) async fn answer(service: &Service, call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "wallet_info" | "wallet_balance_total" => info(service, call).await,
        "wallet_balances" => balances(service, call).await,
        "wallet_frontiers" => frontiers(service, call).await,
        "wallet_receivable" => receivable(service, call).await,
        "wallet_pending" => receivable(service, call).await.map(deprecated),
        "wallet_history" => history(service, call).await,
        "wallet_ledger" => ledger(service, call).await,
        _ => return None,
    })
}

/// As a node marks the answer to an old name.
fn deprecated(mut answer: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("deprecated".to_owned(), json!("1"));
    }
    answer
}

async fn info(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    let accounts = service.wallets.accounts(&wallet)?;
    let counts = service.wallets.counts(&wallet)?;
    let (mut balance, mut receivable) = (Some(Amount::ZERO), Some(Amount::ZERO));
    let (mut blocks, mut cemented) = (0, 0);
    for (_, held) in service.balances(&accounts, TOGETHER).await? {
        balance = balance.and_then(|sum| sum.checked_add(held.balance));
        receivable = receivable.and_then(|sum| sum.checked_add(held.receivable));
    }
    for (_, info) in infos(service, accounts.clone()).await? {
        blocks += info.block_count;
        cemented += info.confirmed_height.unwrap_or_default();
    }
    let (balance, receivable) = (balance.unwrap_or(Amount::MAX), receivable.unwrap_or(Amount::MAX));
    Ok(json!({
        "balance": balance,
        "pending": receivable,
        "receivable": receivable,
        "accounts_count": accounts.len().to_string(),
        "accounts_block_count": blocks.to_string(),
        "accounts_cemented_block_count": cemented.to_string(),
        "deterministic_count": counts.deterministic.to_string(),
        "adhoc_count": counts.adhoc.to_string(),
        "deterministic_index": counts.next_index.to_string(),
    }))
}

/// The state of those accounts that are opened.
async fn infos(
    service: &Service,
    accounts: Vec<Account>,
) -> Result<Vec<(Account, AccountInfo)>, Refusal> {
    let asked = stream::iter(accounts).map(async |account| {
        let info = service.node.account_info(&account).await?;
        Ok::<_, Refusal>(info.map(|info| (account, info)))
    });
    let found: Vec<_> = asked.buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// What the node knows of each account that is opened.
async fn ledger(service: &Service, call: &Call) -> Answer {
    let since = call.modified_since()?.unwrap_or(0);
    let (representative, weight) = (call.flag("representative", false), call.flag("weight", false));
    let receivable = call.flag("receivable", call.flag("pending", false));
    let accounts = service.wallets.accounts(&call.wallet()?)?;
    let mut shown = Map::new();
    for (account, info) in infos(service, accounts).await? {
        let modified = info.modified_timestamp.unwrap_or(0);
        if modified < since {
            continue;
        }
        let mut entry = json!({
            "frontier": info.frontier,
            "open_block": info.open_block,
            "representative_block": info.representative_block,
            "balance": info.balance,
            "modified_timestamp": modified.to_string(),
            "block_count": info.block_count.to_string(),
        });
        if representative {
            entry["representative"] = json!(info.representative);
        }
        if weight {
            let request = Request::new("account_weight").set("account", account);
            let answer: Value = service.node.call(request).await?;
            entry["weight"] = answer["weight"].clone();
        }
        if receivable {
            let waiting = info.receivable.unwrap_or(Amount::ZERO);
            (entry["pending"], entry["receivable"]) = (json!(waiting), json!(waiting));
        }
        shown.insert(account.to_string(), entry);
    }
    Ok(json!({ "accounts": object(shown) }))
}

async fn balances(service: &Service, call: &Call) -> Answer {
    let accounts = service.wallets.accounts(&call.wallet()?)?;
    let threshold = call.threshold()?.unwrap_or(Amount::ZERO);
    let mut shown = Map::new();
    for (account, held) in service.balances(&accounts, TOGETHER).await? {
        if held.balance >= threshold {
            let entry = json!({
                "balance": held.balance, "pending": held.receivable, "receivable": held.receivable,
            });
            shown.insert(account.to_string(), entry);
        }
    }
    Ok(json!({ "balances": object(shown) }))
}

async fn frontiers(service: &Service, call: &Call) -> Answer {
    let accounts = service.wallets.accounts(&call.wallet()?)?;
    let mut shown = Map::new();
    for some in accounts.chunks(TOGETHER) {
        for (account, frontier) in service.node.accounts_frontiers(some).await? {
            if let Ok(frontier) = frontier {
                shown.insert(account.to_string(), json!(frontier));
            }
        }
    }
    Ok(json!({ "frontiers": object(shown) }))
}

async fn receivable(service: &Service, call: &Call) -> Answer {
    let accounts = service.wallets.accounts(&call.wallet()?)?;
    let query = ReceivableQuery {
        count: call.count_if_there()?,
        threshold: call.threshold()?,
        include_unconfirmed: !call.flag("include_only_confirmed", true),
        ..ReceivableQuery::default()
    };
    let shape = Shape {
        is_plain: query.threshold.is_none_or(Amount::is_zero),
        source: call.flag("source", false),
        min_version: call.flag("min_version", false),
    };
    let mut shown = Map::new();
    for some in accounts.chunks(TOGETHER) {
        for (account, entries) in service.node.accounts_receivable(some, &query).await? {
            shown.insert(account.to_string(), shape.show(&entries));
        }
    }
    Ok(json!({ "blocks": object(shown) }))
}

/// How receivable sends are written: their hashes, amounts by hash, or objects by hash.
struct Shape {
    is_plain: bool,
    source: bool,
    min_version: bool,
}

impl Shape {
    fn show(&self, entries: &[Receivable]) -> Value {
        if self.is_plain && !self.source {
            return list(entries.iter().map(|entry| json!(entry.hash)).collect());
        }
        object(entries.iter().map(|entry| (entry.hash.to_string(), self.entry(entry))).collect())
    }

    fn entry(&self, entry: &Receivable) -> Value {
        if !self.source && !self.min_version {
            return json!(entry.amount);
        }
        let mut fields = Map::from_iter([("amount".to_owned(), json!(entry.amount))]);
        if self.source {
            fields.insert("source".to_owned(), json!(entry.source));
        }
        if let (true, Some(version)) = (self.min_version, entry.min_version) {
            fields.insert("min_version".to_owned(), json!(version.to_string()));
        }
        Value::Object(fields)
    }
}

async fn history(service: &Service, call: &Call) -> Answer {
    let since = call.modified_since()?.unwrap_or(1);
    let accounts = service.wallets.accounts(&call.wallet()?)?;
    let asked = stream::iter(accounts)
        .map(async |account| Ok::<_, Refusal>((account, past(service, &account, since).await?)));
    let found: Vec<_> = asked.buffer_unordered(AT_ONCE).try_collect().await?;
    let mut entries: Vec<(u64, Value)> = Vec::new();
    for (account, past) in found {
        entries.extend(past.iter().filter_map(|entry| shown(&account, entry)));
    }
    entries.sort_by_key(|(timestamp, _)| Reverse(*timestamp));
    Ok(json!({ "history": list(entries.into_iter().map(|(_, entry)| entry).collect()) }))
}

/// What an account sent and received since then, the newest first.
async fn past(
    service: &Service,
    account: &Account,
    since: u64,
) -> Result<Vec<HistoryEntry>, Refusal> {
    let (mut all, mut query) = (Vec::new(), HistoryQuery::newest(PAGE));
    loop {
        let part = service.node.account_history(account, &query).await?;
        let is_young = |entry: &HistoryEntry| entry.local_timestamp.unwrap_or(u64::MAX) >= since;
        let reaches_back = part.entries.iter().any(|entry| !is_young(entry));
        all.extend(part.entries.into_iter().filter(is_young));
        match part.previous {
            Some(head) if !reaches_back => query.head = Some(head),
            _ => return Ok(all),
        }
    }
}

fn shown(account: &Account, entry: &HistoryEntry) -> Option<(u64, Value)> {
    let timestamp = entry.local_timestamp.unwrap_or_default();
    let kind = match entry.subtype? {
        nano_block::Subtype::Send => "send",
        nano_block::Subtype::Receive | nano_block::Subtype::Open => "receive",
        _ => return None,
    };
    let shown = json!({
        "type": kind,
        "account": entry.account,
        "amount": entry.amount,
        "block_account": account,
        "hash": entry.hash,
        "local_timestamp": timestamp.to_string(),
    });
    Some((timestamp, shown))
}
