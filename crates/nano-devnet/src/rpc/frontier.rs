//! All accounts, and all representatives.

use super::{Answer, Call, Refusal, call::parse_account};
use crate::{
    ledger::{AccountInfo, Ledger},
    view::AccountView,
};
use nano_primitives::{Account, Amount, PublicKey};
use serde_json::{Map, Value, json};

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "frontiers" => frontiers(call),
        "frontier_count" | "account_count" => {
            Ok(json!({ "count": call.state().ledger.account_count().to_string() }))
        }
        "delegators" => delegators(call),
        "delegators_count" => delegators_count(call),
        "representatives" => representatives(call),
        "representatives_online" => representatives_online(call),
        "available_supply" => Ok(json!({ "available": available_supply(&call.state().ledger) })),
        "unopened" => unopened(call),
        _ => return None,
    })
}

fn frontiers(call: &Call) -> Answer {
    let (start, count) = (call.account()?, call.count()?);
    let state = call.state();
    let entry =
        |(account, info): (&Account, &AccountInfo)| (account.to_string(), json!(info.frontier));
    let found: Map<_, _> = state.ledger.accounts_from(start).take(count).map(entry).collect();
    Ok(json!({ "frontiers": found }))
}

fn delegators(call: &Call) -> Answer {
    let representative = call.account()?;
    let (count, threshold) = (call.count_or(1024)?, call.threshold()?);
    let after = call.optional_account("start", Refusal::BAD_ACCOUNT)?;
    let state = call.state();
    let found: Map<_, _> = state
        .ledger
        .accounts_from(after.unwrap_or(Account::ZERO))
        .filter(|(account, _)| after.as_ref() != Some(account))
        .filter(|(_, info)| info.representative == representative && info.balance >= threshold)
        .take(count)
        .map(|(account, info)| (account.to_string(), json!(info.balance)))
        .collect();
    Ok(json!({ "delegators": found }))
}

fn delegators_count(call: &Call) -> Answer {
    let representative = call.account()?;
    let state = call.state();
    let all = state.ledger.accounts_from(Account::ZERO);
    let count = all.filter(|(_, info)| info.representative == representative).count();
    Ok(json!({ "count": count.to_string() }))
}

fn representatives(call: &Call) -> Answer {
    let count = call.count_or(usize::MAX)?;
    let state = call.state();
    let mut weights: Vec<_> = state.ledger.weights().collect();
    if call.flag("sorting", false) {
        weights.sort_by_key(|(_, weight)| std::cmp::Reverse(**weight));
    }
    let entry = |(account, weight): (&Account, &Amount)| (account.to_string(), json!(weight));
    let found: Map<_, _> = weights.into_iter().take(count).map(entry).collect();
    Ok(json!({ "representatives": found }))
}

/// Whoever has weight is online here.
fn representatives_online(call: &Call) -> Answer {
    let only = call
        .optional_list("accounts")
        .map(|list| list.into_iter().map(parse_account).collect::<Result<Vec<_>, _>>());
    let only = only.transpose()?;
    let state = call.state();
    let online = state
        .ledger
        .weights()
        .filter(|(account, _)| only.as_ref().is_none_or(|only| only.contains(account)));
    let found: Value = if call.flag("weight", false) {
        online.map(|(account, weight)| (account.to_string(), json!({ "weight": weight }))).collect()
    } else {
        online.map(|(account, _)| json!(account)).collect()
    };
    Ok(json!({ "representatives": found }))
}

/// The supply without what genesis still has, and without what was sent to the burn account.
fn available_supply(ledger: &Ledger) -> Amount {
    let genesis = ledger.block(&ledger.genesis()).map(|record| record.account);
    let held = genesis
        .and_then(|account| AccountView::new(ledger, &account))
        .map_or(Amount::ZERO, |view| view.balance);
    let burned = super::receivable_total(ledger, &Account::ZERO, false);
    let available = Amount::MAX.checked_sub(held).and_then(|rest| rest.checked_sub(burned));
    available.unwrap_or(Amount::ZERO)
}

/// Accounts without blocks that somebody sent to; not the burn account, unless it is asked for.
fn unopened(call: &Call) -> Answer {
    let (count, threshold) = (call.count_or(usize::MAX)?, call.threshold()?);
    let start = call.optional_account("account", Refusal::BAD_ACCOUNT)?;
    let start = start.unwrap_or_else(first_after_burn);
    let state = call.state();
    let ledger = &state.ledger;
    let found: Map<_, _> = ledger
        .receivers_from(start)
        .filter(|account| ledger.account(account).is_none())
        .map(|account| (account, super::receivable_total(ledger, &account, false)))
        .filter(|(_, sum)| *sum >= threshold)
        .take(count)
        .map(|(account, sum)| (account.to_string(), json!(sum)))
        .collect();
    Ok(json!({ "accounts": found }))
}

fn first_after_burn() -> Account {
    let mut bytes = [0; 32];
    bytes[31] = 1;
    Account::new(PublicKey::from_bytes(bytes))
}
