//! One account.

use super::{
    Answer, Call, Refusal,
    call::{opened, parse_account},
    receivable::receivable_total,
};
use crate::{dialect::Dialect, ledger::Ledger, view::AccountView};
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
    if call.node.settings.dialect == Dialect::RsNano {
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
    let all = receivable_total(ledger, account, false);
    let mut fields = object(json!({ "pending": all, "receivable": all }));
    if call.flag("include_confirmed", false) {
        let confirmed = receivable_total(ledger, account, true);
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
pub(super) fn balances(ledger: &Ledger, account: &Account, only_confirmed: bool) -> Value {
    let view = AccountView::new(ledger, account);
    let balance = view.map_or(Amount::ZERO, |view| {
        if only_confirmed { view.confirmed_balance } else { view.balance }
    });
    let receivable = receivable_total(ledger, account, only_confirmed);
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

/// The fields of an object that is written as one.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
