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
    let waiting = state.unchecked.iter().take(count);
    let found: Map<_, _> =
        waiting.map(|(hash, block)| (hash.to_string(), contents_as_asked(call, block))).collect();
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
