//! Walking along a chain.

use super::{Answer, Call};
use crate::ledger::Ledger;
use nano_primitives::BlockHash;
use serde_json::json;

pub(super) fn answer(call: &Call) -> Option<Answer> {
    let reverse = call.flag("reverse", false);
    match call.action() {
        "chain" => Some(walk(call, reverse)),
        "successors" => Some(walk(call, !reverse)),
        _ => None,
    }
}

fn walk(call: &Call, upwards: bool) -> Answer {
    let start = call.hash("block")?;
    let (count, offset) = (call.count()?, call.offset()?);
    let state = call.state();
    let blocks: Vec<_> = blocks(&state.ledger, start, upwards).skip(offset).take(count).collect();
    Ok(json!({ "blocks": blocks }))
}

/// The blocks of a chain from `start` on, up or down; none if it is not in the ledger.
pub(super) fn blocks(
    ledger: &Ledger,
    start: BlockHash,
    upwards: bool,
) -> impl Iterator<Item = BlockHash> + use<'_> {
    let known = move |hash: &BlockHash| ledger.block(hash).is_some();
    std::iter::successors(Some(start).filter(known), move |hash| {
        let record = ledger.block(hash)?;
        if upwards { record.successor } else { record.signed.block.previous() }
    })
    .take_while(known)
}
