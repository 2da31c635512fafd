//! Many blocks at once.

use super::{
    Answer, Call, Refusal,
    block::{contents_as_asked, info},
    call::parse_hash,
};
use crate::{
    dialect::Dialect,
    ledger::{BlockRecord, Ledger},
    view::BlockView,
};
use nano_primitives::BlockHash;
use serde_json::{Map, Value, json};

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "blocks" => blocks(call),
        "blocks_info" => blocks_info(call),
        _ => return None,
    })
}

fn blocks(call: &Call) -> Answer {
    let state = call.state();
    let mut found = Map::new();
    for text in call.list("hashes")? {
        let hash = parse_hash(text).ok_or(Refusal::BAD_HASH_NUMBER)?;
        let record = state.ledger.block(&hash).ok_or(Refusal::BLOCK_NOT_FOUND)?;
        found.insert(text.to_owned(), contents_as_asked(call, &record.signed));
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
        let waits = if is_receivable(ledger, hash) { "1" } else { "0" };
        fields.insert("receivable".to_owned(), json!(waits));
        if call.node.settings.dialect == Dialect::Reference {
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

/// Whether the block is a send that nobody received.
pub(super) fn is_receivable(ledger: &Ledger, hash: &BlockHash) -> bool {
    ledger
        .block(hash)
        .and_then(BlockRecord::destination)
        .is_some_and(|destination| ledger.receivable_entry(&destination, hash).is_some())
}

/// The block that received a send, searched from the destination's last block down.
fn receiver_of(ledger: &Ledger, send: &BlockRecord, hash: &BlockHash) -> Option<BlockHash> {
    let destination = send.destination()?;
    if is_receivable(ledger, hash) {
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
