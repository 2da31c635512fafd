//! Many accounts at once. What goes wrong with one is told under `errors`, beside the answers for
//! the others.

use super::{
    Answer, Call, Refusal,
    account::balances,
    call::{opened, parse_account},
};
use crate::{dialect::Dialect, ledger::Ledger};
use nano_primitives::Account;
use serde_json::{Map, Value, json};

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
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
        _ => return None,
    })
}

fn for_each(call: &Call, name: &str, answer_one: impl Fn(&Ledger, &Account) -> Answer) -> Answer {
    let state = call.state();
    let (mut answers, mut errors) = (Map::new(), Map::new());
    for text in call.list("accounts")? {
        match parse_account(text).and_then(|account| answer_one(&state.ledger, &account)) {
            Ok(value) => answers.insert(text.to_owned(), value),
            Err(refusal) => errors.insert(text.to_owned(), json!(refusal.text())),
        };
    }
    assemble(call.node.settings.dialect, (name, answers), errors)
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
