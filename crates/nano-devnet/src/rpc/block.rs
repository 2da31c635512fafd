//! One block.

use super::{Answer, Call, Refusal, account::object};
use crate::{dialect::Dialect, ledger::Ledger, view::BlockView};
use nano_block::SignedBlock;
use nano_primitives::BlockHash;
use serde_json::{Map, Value, json};

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "block_info" | "block" => block_info(call),
        "block_account" => block_account(call),
        "block_hash" => call.block().map(|block| json!({ "hash": block.hash() })),
        "block_confirm" => block_confirm(call),
        "block_count" => block_count(call),
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
pub(super) fn info(call: &Call, view: &BlockView) -> Map<String, Value> {
    let mut fields = object(json!({
        "block_account": view.account,
        "amount": view.amount,
        "balance": view.balance,
        "height": view.height.to_string(),
        "local_timestamp": view.timestamp.to_string(),
        "successor": view.successor.unwrap_or(BlockHash::ZERO),
        "confirmed": view.confirmed.to_string(),
        "contents": contents_as_asked(call, &view.block),
    }));
    if let Some(subtype) = view.state_subtype {
        fields.insert("subtype".to_owned(), json!(subtype.as_str()));
    }
    fields
}

/// A block as an object, or as a text that holds one, as `json_block` asks.
pub(super) fn contents_as_asked(call: &Call, block: &SignedBlock) -> Value {
    let as_object = call.flag("json_block", false) || call.node.settings.dialect == Dialect::RsNano;
    let object = contents(block);
    if as_object { object } else { json!(format!("{object:#}\n")) }
}

/// A block as an object.
pub(crate) fn contents(block: &SignedBlock) -> Value {
    serde_json::to_value(block).expect("a block is an object of texts")
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
