//! Accounts: one, many at once, all of them; and the representatives that they name.

use super::call::{Answer, Call, Refusal, object, opened, parse_account};
use crate::{
    dialect::Dialect,
    ledger::{AccountInfo, Ledger},
    told::AccountView,
};
use nano_primitives::{Account, Amount, BlockHash, PublicKey};
use serde_json::{Map, Value, json};

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "account_info" => account_info(call),
        "account_balance" => account_balance(call),
        "account_representative" => account_representative(call),
        "account_weight" => account_weight(call),
        "account_block_count" => account_block_count(call),
        "account_key" => account_key(call),
        "account_get" => account_get(call),
        "validate_account_number" => validate_account_number(call),
        "accounts_balances" => {
            let only_confirmed = call.flag("include_only_confirmed", true);
            for_each(call, "balances", |ledger, account| {
                Ok(balances(ledger, account, only_confirmed))
            })
        }
        "accounts_frontiers" => for_each(call, "frontiers", |ledger, account| {
            opened(ledger, account).map(|info| json!(info.frontier))
        }),
        "accounts_representatives" => for_each(call, "representatives", |ledger, account| {
            opened(ledger, account).map(|info| json!(info.representative))
        }),
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

fn account_info(call: &Call) -> Answer {
    let account = call.account()?;
    let state = call.state();
    let ledger = &state.ledger;
    let info = opened(ledger, &account)?;
    let view = AccountView::new(ledger, &account).ok_or(Refusal::ACCOUNT_NOT_FOUND)?;
    let mut answer = object(json!({
        "frontier": info.frontier,
        "open_block": info.open_block,
        "representative_block": info.representative_block,
        "balance": info.balance,
        "modified_timestamp": info.modified.to_string(),
        "block_count": info.block_count.to_string(),
        "account_version": info.epoch.number().to_string(),
    }));
    answer.extend(confirmed_fields(call, &view));
    answer.extend(representative_fields(call, &view));
    answer.extend(weight_fields(call, ledger, &account));
    answer.extend(receivable_fields(call, ledger, &account));
    Ok(Value::Object(answer))
}

/// The confirmed height has two names: the old ones stand where `include_confirmed` is not asked
/// for. RsNano gives both for the height, whatever is asked.
fn confirmed_fields(call: &Call, view: &AccountView) -> Map<String, Value> {
    let height = view.confirmed_height.to_string();
    let frontier = view.confirmed_frontier.unwrap_or(BlockHash::ZERO);
    let mut fields = if call.flag("include_confirmed", false) {
        object(json!({
            "confirmed_height": height,
            "confirmed_frontier": frontier,
            "confirmed_balance": view.confirmed_balance,
        }))
    } else {
        object(json!({
            "confirmation_height": height,
            "confirmation_height_frontier": frontier,
        }))
    };
    if call.dialect() == Dialect::RsNano {
        fields.insert("confirmed_height".to_owned(), json!(height));
        fields.insert("confirmation_height".to_owned(), json!(height));
    }
    fields
}

fn representative_fields(call: &Call, view: &AccountView) -> Map<String, Value> {
    if !call.flag("representative", false) {
        return Map::new();
    }
    let mut fields = object(json!({ "representative": view.representative }));
    if call.flag("include_confirmed", false) {
        let confirmed = view.confirmed_representative.unwrap_or(Account::ZERO);
        fields.insert("confirmed_representative".to_owned(), json!(confirmed));
    }
    fields
}

fn weight_fields(call: &Call, ledger: &Ledger, account: &Account) -> Map<String, Value> {
    if call.flag("weight", false) {
        object(json!({ "weight": ledger.weight(account) }))
    } else {
        Map::new()
    }
}

fn receivable_fields(call: &Call, ledger: &Ledger, account: &Account) -> Map<String, Value> {
    if !call.flag("receivable", call.flag("pending", false)) {
        return Map::new();
    }
    let all = ledger.receivable_total(account, false);
    let mut fields = object(json!({ "pending": all, "receivable": all }));
    if call.flag("include_confirmed", false) {
        let confirmed = ledger.receivable_total(account, true);
        fields.insert("confirmed_pending".to_owned(), json!(confirmed));
        fields.insert("confirmed_receivable".to_owned(), json!(confirmed));
    }
    fields
}

fn account_balance(call: &Call) -> Answer {
    let account = call.account()?;
    let only_confirmed = call.flag("include_only_confirmed", true);
    Ok(balances(&call.state().ledger, &account, only_confirmed))
}

/// The balance and what is receivable, of an account that may be unopened.
fn balances(ledger: &Ledger, account: &Account, only_confirmed: bool) -> Value {
    let view = AccountView::new(ledger, account);
    let balance = view.map_or(Amount::ZERO, |view| {
        if only_confirmed { view.confirmed_balance } else { view.balance }
    });
    let receivable = ledger.receivable_total(account, only_confirmed);
    json!({ "balance": balance, "pending": receivable, "receivable": receivable })
}

fn account_representative(call: &Call) -> Answer {
    let account = call.account()?;
    Ok(json!({ "representative": opened(&call.state().ledger, &account)?.representative }))
}

fn account_weight(call: &Call) -> Answer {
    let account = call.account()?;
    Ok(json!({ "weight": call.state().ledger.weight(&account) }))
}

fn account_block_count(call: &Call) -> Answer {
    let account = call.account()?;
    let count = opened(&call.state().ledger, &account)?.block_count;
    Ok(json!({ "block_count": count.to_string() }))
}

fn account_key(call: &Call) -> Answer {
    Ok(json!({ "key": call.account()?.public_key() }))
}

fn account_get(call: &Call) -> Answer {
    let key: PublicKey = call.text("key")?.parse().map_err(|_| Refusal::BAD_PUBLIC_KEY)?;
    Ok(json!({ "account": Account::new(key) }))
}

fn validate_account_number(call: &Call) -> Answer {
    let valid = parse_account(call.text("account")?).is_ok();
    Ok(json!({ "valid": if valid { "1" } else { "0" } }))
}

/// The same for many accounts. What goes wrong with one is told under `errors`, beside the answers for the others.
fn for_each(call: &Call, name: &str, answer_one: impl Fn(&Ledger, &Account) -> Answer) -> Answer {
    let state = call.state();
    let (mut answers, mut errors) = (Map::new(), Map::new());
    for text in call.list("accounts")? {
        match parse_account(text).and_then(|account| answer_one(&state.ledger, &account)) {
            Ok(value) => answers.insert(text.to_owned(), value),
            Err(refusal) => errors.insert(text.to_owned(), json!(refusal.text())),
        };
    }
    assemble(call.dialect(), (name, answers), errors)
}

/// The reference node leaves out what is empty, and refuses to answer nothing at all.
fn assemble(
    dialect: Dialect,
    (name, answers): (&str, Map<String, Value>),
    errors: Map<String, Value>,
) -> Answer {
    if dialect == Dialect::Reference && answers.is_empty() && errors.is_empty() {
        return Err(Refusal::EMPTY);
    }
    let mut whole = Map::new();
    if dialect == Dialect::RsNano || !answers.is_empty() {
        whole.insert(name.to_owned(), Value::Object(answers));
    }
    if !errors.is_empty() {
        whole.insert("errors".to_owned(), Value::Object(errors));
    }
    Ok(Value::Object(whole))
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
    let burned = ledger.receivable_total(&Account::ZERO, false);
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
        .map(|account| (account, ledger.receivable_total(&account, false)))
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
