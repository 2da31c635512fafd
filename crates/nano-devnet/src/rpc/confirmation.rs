//! Elections, as far as there are any: every unconfirmed block has one, with itself as the only
//! candidate, and all weight votes for it.

use super::call::{Answer, Call, Refusal};
use crate::{
    dialect::Dialect,
    ledger::Ledger,
    told::{Confirmation, election_info},
};
use nano_block::SignedBlock;
use nano_primitives::{Amount, BlockHash, Root};
use serde_json::{Map, Value, json};

/// The share of the weight that confirms, in percent.
const QUORUM_PERCENT: u128 = 67;
/// The weight that a quorum is taken of at least: 60 million Nano.
const WEIGHT_MINIMUM: Amount = Amount::from_raw(60_000_000 * 10u128.pow(30));

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "confirmation_info" => confirmation_info(call),
        "confirmation_active" => confirmation_active(call),
        "confirmation_history" => confirmation_history(call),
        "confirmation_quorum" => Ok(confirmation_quorum(call)),
        _ => return None,
    })
}

fn confirmation_info(call: &Call) -> Answer {
    let (root, previous) = qualified_root(call.text("root")?).ok_or(Refusal::BAD_ROOT)?;
    let state = call.state();
    let ledger = &state.ledger;
    let hash = candidate(ledger, &root, &previous).ok_or(Refusal::NO_ELECTION)?;
    let record = ledger.block(&hash).ok_or(Refusal::NO_ELECTION)?;
    let tally = ledger.total_weight();
    let mut block = Map::from_iter([("tally".to_owned(), json!(tally))]);
    if call.flag("contents", true) {
        block.insert("contents".to_owned(), call.contents(&record.signed));
    }
    if call.flag("representatives", false) {
        let weights =
            ledger.weights().map(|(account, weight)| (account.to_string(), json!(weight)));
        block.insert("representatives".to_owned(), weights.collect());
    }
    Ok(json!({
        "announcements": "0",
        "voters": ledger.weights().count().to_string(),
        "last_winner": hash,
        "total_tally": tally,
        "final_tally": "0",
        "blocks": { hash.to_string(): block },
    }))
}

/// A qualified root is 128 digits: what the work is bound to, then the predecessor.
fn qualified_root(text: &str) -> Option<(Root, BlockHash)> {
    let (root, previous) = text.split_at_checked(64)?;
    Some((root.parse().ok()?, previous.parse().ok()?))
}

/// The unconfirmed block with that root.
fn candidate(ledger: &Ledger, root: &Root, previous: &BlockHash) -> Option<BlockHash> {
    let hash = if previous.is_zero() {
        let account = nano_primitives::PublicKey::from_bytes(root.to_bytes()).into();
        ledger.account(&account)?.open_block
    } else {
        ledger.block(previous)?.successor?
    };
    let fits = ledger.block(&hash)?.signed.root() == *root;
    (fits && !ledger.is_confirmed(&hash)).then_some(hash)
}

fn confirmation_active(call: &Call) -> Answer {
    let state = call.state();
    let ledger = &state.ledger;
    let mut roots: Vec<_> = ledger
        .unconfirmed()
        .filter_map(|hash| Some(root_of(&ledger.block(hash)?.signed)))
        .collect();
    roots.sort();
    let dialect = call.dialect();
    let confirmations: Vec<_> = roots.iter().map(|root| root_as_told(dialect, root)).collect();
    Ok(json!({
        "unconfirmed": roots.len().to_string(),
        "confirmed": "0",
        "confirmations": confirmations,
    }))
}

/// A qualified root: what the work is bound to, then the predecessor, zeros for a first block.
fn root_of(block: &SignedBlock) -> (Root, BlockHash) {
    (block.root(), block.block.previous().unwrap_or(BlockHash::ZERO))
}

/// The reference node tells a qualified root in one text, RsNano in an object.
fn root_as_told(dialect: Dialect, (root, previous): &(Root, BlockHash)) -> Value {
    match dialect {
        Dialect::Reference => json!(format!("{root}{previous}")),
        Dialect::RsNano => json!({ "root": root, "previous": previous }),
    }
}

fn confirmation_history(call: &Call) -> Answer {
    let only = call.optional_hash("hash", Refusal::BAD_HASH)?;
    let state = call.state();
    let wanted: Vec<_> = state
        .history
        .iter()
        .filter(|confirmation| only.is_none_or(|hash| hash == confirmation.block.hash))
        .collect();
    let mut stats = Map::from_iter([("count".to_owned(), json!(wanted.len().to_string()))]);
    let total: u64 = wanted.iter().map(|confirmation| confirmation.duration_ms).sum();
    if let Some(average) = total.checked_div(wanted.len() as u64) {
        stats.insert("average".to_owned(), json!(average.to_string()));
    }
    let confirmations: Vec<_> = wanted.into_iter().map(|each| election(each)).collect();
    Ok(json!({ "confirmation_stats": stats, "confirmations": confirmations }))
}

fn election(confirmation: &Confirmation) -> Value {
    let mut election = election_info(confirmation);
    election["hash"] = json!(confirmation.block.hash);
    election
}

fn confirmation_quorum(call: &Call) -> Value {
    let online = call.state().ledger.total_weight();
    let base = online.max(WEIGHT_MINIMUM);
    let mut answer = json!({
        "quorum_delta": percent(base, QUORUM_PERCENT),
        "online_weight_quorum_percent": QUORUM_PERCENT.to_string(),
        "online_weight_minimum": WEIGHT_MINIMUM,
        "online_stake_total": online,
        "trended_stake_total": online,
        "peers_stake_total": "0",
    });
    if call.flag("peer_details", false) {
        answer["peers"] = json!([]);
    }
    answer
}

/// A share, without the overflow that multiplying first would bring.
fn percent(amount: Amount, percent: u128) -> Amount {
    let raw = amount.to_raw();
    Amount::from_raw(raw / 100 * percent + raw % 100 * percent / 100)
}
