//! What accounts may receive. The old names, with `pending`, answer the same and say that they are
//! deprecated.

use super::call::{Answer, Call, Refusal, object, parse_account};
use crate::ledger::{Ledger, Receivable};
use nano_primitives::{Account, Amount, BlockHash};
use serde_json::{Map, Value, json};

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "receivable" => receivable(call),
        "pending" => receivable(call).map(deprecated),
        "accounts_receivable" => accounts_receivable(call),
        "accounts_pending" => accounts_receivable(call).map(deprecated),
        "receivable_exists" => receivable_exists(call),
        "pending_exists" => receivable_exists(call).map(deprecated),
        _ => return None,
    })
}

fn receivable(call: &Call) -> Answer {
    let account = call.account()?;
    let wanted = WantedSends::read(call)?;
    let offset = call.offset()?;
    let state = call.state();
    Ok(json!({ "blocks": wanted.list(&state.ledger, &account, offset) }))
}

fn accounts_receivable(call: &Call) -> Answer {
    let wanted = WantedSends::read(call)?;
    let state = call.state();
    let mut found = Map::new();
    for text in call.list("accounts")? {
        let account = parse_account(text)?;
        let list = wanted.list(&state.ledger, &account, 0);
        let is_empty = list.as_array().is_some_and(Vec::is_empty)
            || list.as_object().is_some_and(Map::is_empty);
        if !is_empty {
            found.insert(account.to_string(), list);
        }
    }
    Ok(json!({ "blocks": found }))
}

fn receivable_exists(call: &Call) -> Answer {
    let hash = call.hash("hash")?;
    let only_confirmed = call.flag("include_only_confirmed", true);
    let state = call.state();
    let ledger = &state.ledger;
    ledger.block(&hash).ok_or(Refusal::BLOCK_NOT_FOUND)?;
    let exists = ledger.is_receivable(&hash) && (!only_confirmed || ledger.is_confirmed(&hash));
    Ok(json!({ "exists": if exists { "1" } else { "0" } }))
}

fn deprecated(answer: Value) -> Value {
    let mut fields = object(answer);
    fields.insert("deprecated".to_owned(), json!("1"));
    Value::Object(fields)
}

/// Which sends the request asks for, and how much of them.
struct WantedSends {
    count: usize,
    threshold: Amount,
    source: bool,
    min_version: bool,
    sorting: bool,
    only_confirmed: bool,
}

impl WantedSends {
    fn read(call: &Call) -> Result<Self, Refusal> {
        Ok(Self {
            count: call.count_or(usize::MAX)?,
            threshold: call.threshold()?,
            source: call.flag("source", false),
            min_version: call.flag("min_version", false),
            sorting: call.flag("sorting", false),
            only_confirmed: call.flag("include_only_confirmed", true),
        })
    }

    /// A list of hashes if nothing more is asked for, else an object by hash.
    fn list(&self, ledger: &Ledger, account: &Account, offset: usize) -> Value {
        let there = ledger.receivable(account).filter(|(hash, _)| self.sees(ledger, hash));
        let is_enough = |entry: &Receivable| entry.amount >= self.threshold;
        let found: Vec<_> = if self.sorting {
            let mut found: Vec<_> = there.filter(|(_, entry)| is_enough(entry)).collect();
            found.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.amount));
            found.into_iter().skip(offset).take(self.count).collect()
        } else {
            // As in the reference node: what is below the threshold counts among those that are left out.
            let rest = there.skip(offset).filter(|(_, entry)| is_enough(entry));
            rest.take(self.count).collect()
        };
        let found = found.into_iter();
        if self.is_simple() {
            found.map(|(hash, _)| json!(hash)).collect()
        } else {
            found.map(|(hash, entry)| (hash.to_string(), self.entry(entry))).collect()
        }
    }

    fn sees(&self, ledger: &Ledger, hash: &BlockHash) -> bool {
        !self.only_confirmed || ledger.is_confirmed(hash)
    }

    fn is_simple(&self) -> bool {
        self.threshold.is_zero() && !self.source && !self.min_version && !self.sorting
    }

    fn entry(&self, entry: &Receivable) -> Value {
        if !self.source && !self.min_version {
            return json!(entry.amount);
        }
        let mut fields = object(json!({ "amount": entry.amount }));
        if self.source {
            fields.insert("source".to_owned(), json!(entry.source));
        }
        if self.min_version {
            fields.insert("min_version".to_owned(), json!(entry.epoch.number().to_string()));
        }
        Value::Object(fields)
    }
}
