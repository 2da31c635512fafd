//! Blocks that wait for what they rest on.

use super::{Answer, Call, Refusal, block::contents_as_asked};
use serde_json::{Map, json};

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "unchecked" => unchecked(call),
        "unchecked_get" => unchecked_get(call),
        _ => return None,
    })
}

fn unchecked(call: &Call) -> Answer {
    let count = call.count_or(usize::MAX)?;
    let state = call.state();
    let entry = |(hash, block): (&_, &_)| (hash_text(hash), contents_as_asked(call, block));
    let found: Map<_, _> = state.unchecked.iter().take(count).map(entry).collect();
    Ok(json!({ "blocks": found }))
}

fn unchecked_get(call: &Call) -> Answer {
    let hash = call.hash("hash")?;
    let state = call.state();
    let mut found = state.unchecked.iter().filter(|(waiting, _)| **waiting == hash);
    let (_, block) = found.next().ok_or(Refusal::BLOCK_NOT_FOUND)?;
    Ok(json!({
        "modified_timestamp": crate::node::unix_seconds().to_string(),
        "contents": contents_as_asked(call, block),
    }))
}

fn hash_text(hash: &nano_primitives::BlockHash) -> String {
    hash.to_string()
}
