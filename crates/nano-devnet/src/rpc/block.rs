//! Blocks: one, many at once, along a chain, and those that wait for what they rest on.

use super::call::{Answer, Call, Refusal, object, parse_hash};
use crate::{
    dialect::Dialect,
    ledger::{BlockRecord, Ledger},
    node::unix_seconds,
    told::BlockView,
};
use nano_primitives::BlockHash;
use serde_json::{Map, Value, json};

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "block_info" | "block" => block_info(call),
        "block_account" => block_account(call),
        "block_hash" => call.block().map(|block| json!({ "hash": block.hash() })),
        "block_confirm" => block_confirm(call),
        "block_count" => block_count(call),
        "blocks" => blocks(call),
        "blocks_info" => blocks_info(call),
        "chain" => chain(call, call.flag("reverse", false)),
        "successors" => chain(call, !call.flag("reverse", false)),
        "unchecked" => unchecked(call),
        "unchecked_get" => unchecked_get(call),
        _ => return None,
    })
}

fn block_info(call: &Call) -> Answer {
    let hash = call.hash("hash")?;
    let state = call.state();
    let view = BlockView::new(&state.ledger, &hash).ok_or(Refusal::BLOCK_NOT_FOUND)?;
    Ok(Value::Object(info(call, &view)))
}

/// What `block_info` and `blocks_info` tell of a block.
fn info(call: &Call, view: &BlockView) -> Map<String, Value> {
    let mut fields = object(json!({
        "block_account": view.account,
        "amount": view.amount,
        "balance": view.balance,
        "height": view.height.to_string(),
        "local_timestamp": view.timestamp.to_string(),
        "successor": view.successor.unwrap_or(BlockHash::ZERO),
        "confirmed": view.confirmed.to_string(),
        "contents": call.contents(&view.block),
    }));
    if let Some(subtype) = view.state_subtype {
        fields.insert("subtype".to_owned(), json!(subtype.as_str()));
    }
    fields
}

fn block_account(call: &Call) -> Answer {
    let hash = call.hash("hash")?;
    let state = call.state();
    let record = state.ledger.block(&hash).ok_or(Refusal::BLOCK_NOT_FOUND)?;
    Ok(json!({ "account": record.account }))
}

/// Starts an election; here that confirms the block at once, also while blocks are left
/// unconfirmed.
fn block_confirm(call: &Call) -> Answer {
    let hash = call.hash("hash")?;
    call.node.confirm(&hash).map_err(|_| Refusal::BLOCK_NOT_FOUND)?;
    Ok(json!({ "started": "1" }))
}

fn block_count(call: &Call) -> Answer {
    let state = call.state();
    let ledger: &Ledger = &state.ledger;
    Ok(json!({
        "count": ledger.block_count().to_string(),
        "unchecked": state.unchecked.len().to_string(),
        "cemented": ledger.cemented_count().to_string(),
    }))
}

fn blocks(call: &Call) -> Answer {
    let state = call.state();
    let mut found = Map::new();
    for text in call.list("hashes")? {
        let hash = parse_hash(text).ok_or(Refusal::BAD_HASH_NUMBER)?;
        let record = state.ledger.block(&hash).ok_or(Refusal::BLOCK_NOT_FOUND)?;
        found.insert(text.to_owned(), call.contents(&record.signed));
    }
    Ok(json!({ "blocks": found }))
}

fn blocks_info(call: &Call) -> Answer {
    let include_not_found = call.flag("include_not_found", false);
    let state = call.state();
    let (mut found, mut missing) = (Map::new(), Vec::new());
    for text in call.list("hashes")? {
        let hash = parse_hash(text).ok_or(Refusal::BAD_HASH_NUMBER)?;
        match BlockView::new(&state.ledger, &hash) {
            Some(view) => {
                let mut fields = info(call, &view);
                fields.extend(receivable_fields(call, &state.ledger, &hash));
                found.insert(text.to_owned(), Value::Object(fields));
            }
            None if include_not_found => missing.push(text),
            None => return Err(Refusal::BLOCK_NOT_FOUND),
        }
    }
    let mut answer = Map::from_iter([("blocks".to_owned(), Value::Object(found))]);
    if include_not_found {
        answer.insert("blocks_not_found".to_owned(), json!(missing));
    }
    Ok(Value::Object(answer))
}

/// Whether a send is still receivable, which block received it, and whose money a receive takes.
fn receivable_fields(call: &Call, ledger: &Ledger, hash: &BlockHash) -> Map<String, Value> {
    let mut fields = Map::new();
    let Some(record) = ledger.block(hash) else { return fields };
    if call.flag("receivable", call.flag("pending", false)) {
        let waits = if ledger.is_receivable(hash) { "1" } else { "0" };
        fields.insert("receivable".to_owned(), json!(waits));
        if call.dialect() == Dialect::Reference {
            fields.insert("pending".to_owned(), json!(waits));
        }
    }
    if call.flag("receive_hash", false) {
        let received = receiver_of(ledger, record, hash).unwrap_or(BlockHash::ZERO);
        fields.insert("receive_hash".to_owned(), json!(received));
    }
    if call.flag("source", false) {
        let source = record.source_account().map_or("0".to_owned(), |source| source.to_string());
        fields.insert("source_account".to_owned(), json!(source));
    }
    fields
}

/// The block that received a send, searched from the destination's last block down.
fn receiver_of(ledger: &Ledger, send: &BlockRecord, hash: &BlockHash) -> Option<BlockHash> {
    let destination = send.destination()?;
    if ledger.is_receivable(hash) {
        return None;
    }
    let mut candidate = ledger.account(&destination)?.frontier;
    loop {
        let record = ledger.block(&candidate)?;
        if record.source() == Some(*hash) {
            return Some(candidate);
        }
        candidate = record.signed.block.previous()?;
    }
}

/// The blocks of a chain, up or down.
fn chain(call: &Call, upwards: bool) -> Answer {
    let start = call.hash("block")?;
    let (count, offset) = (call.count()?, call.offset()?);
    let state = call.state();
    let blocks: Vec<_> = state.ledger.chain(start, upwards).skip(offset).take(count).collect();
    Ok(json!({ "blocks": blocks }))
}

fn unchecked(call: &Call) -> Answer {
    let count = call.count_or(usize::MAX)?;
    let state = call.state();
    let waiting = state.unchecked.iter().take(count);
    let found: Map<_, _> =
        waiting.map(|(hash, block)| (hash.to_string(), call.contents(block))).collect();
    Ok(json!({ "blocks": found }))
}

fn unchecked_get(call: &Call) -> Answer {
    let hash = call.hash("hash")?;
    let state = call.state();
    let mut found = state.unchecked.iter().filter(|(waiting, _)| **waiting == hash);
    let (_, block) = found.next().ok_or(Refusal::BLOCK_NOT_FOUND)?;
    Ok(json!({
        "modified_timestamp": unix_seconds().to_string(),
        "contents": call.contents(block),
    }))
}
