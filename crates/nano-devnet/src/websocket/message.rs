//! The messages, in the node's shapes: every scalar is a text.

use super::options::Options;
use crate::{event::Confirmation, node::unix_millis, rpc::contents, view::BlockView};
use serde_json::{Value, json};

pub(super) fn ack(action: &str, id: &Value) -> String {
    let mut message = json!({ "ack": action, "time": unix_millis().to_string() });
    match id {
        Value::String(id) if !id.is_empty() => message["id"] = json!(id),
        Value::Number(id) => message["id"] = json!(id.to_string()),
        _ => {}
    }
    message.to_string()
}

pub(super) fn new_unconfirmed_block(block: &BlockView) -> String {
    json!({
        "topic": "new_unconfirmed_block",
        "time": unix_millis().to_string(),
        "hash": block.hash,
        "message": with_subtype(block),
    })
    .to_string()
}

pub(super) fn confirmation(confirmation: &Confirmation, options: &Options) -> String {
    let view = &confirmation.block;
    let mut message = json!({
        "account": view.account,
        "amount": view.amount,
        "hash": view.hash,
        "confirmation_type": confirmation.kind.as_str(),
    });
    if options.include_election_info {
        message["election_info"] = election_info(confirmation);
    }
    if options.include_block {
        message["block"] = with_subtype(view);
        if options.include_linked_account {
            let linked = view.counterpart.map_or("0".to_owned(), |account| account.to_string());
            message["block"]["linked_account"] = json!(linked);
        }
    }
    if options.include_sideband_info {
        message["sideband"] = json!({
            "height": view.height.to_string(),
            "local_timestamp": view.timestamp.to_string(),
        });
    }
    json!({
        "topic": "confirmation",
        "time": unix_millis().to_string(),
        "message": message,
    })
    .to_string()
}

/// How an election went, without its block.
pub(crate) fn election_info(confirmation: &Confirmation) -> Value {
    json!({
        "duration": confirmation.duration_ms.to_string(),
        "time": confirmation.time_ms.to_string(),
        "tally": confirmation.tally,
        "final": confirmation.tally,
        "blocks": "1",
        "voters": "1",
        "request_count": "0",
    })
}

fn with_subtype(view: &BlockView) -> Value {
    let mut block = contents(&view.block);
    if let Some(subtype) = view.state_subtype {
        block["subtype"] = json!(subtype.as_str());
    }
    block
}
