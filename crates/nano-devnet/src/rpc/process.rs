//! Handing a block in: the subtype that the caller names, the entry threshold, then the ledger, in
//! the order of the reference node (source: nano_node, json_handler.cpp, process).

use super::call::{Answer, Call, Refusal};
use crate::{
    dialect::Dialect,
    ledger::{Ledger, ProcessError},
};
use nano_block::{Block, Epoch, SignedBlock, StateBlock, Thresholds};
use nano_primitives::Difficulty;
use serde_json::json;

pub(super) fn answer(call: &Call) -> Option<Answer> {
    (call.action() == "process").then(|| process(call))
}

fn process(call: &Call) -> Answer {
    let block = call.block()?;
    if let (Block::State(state), Some(subtype)) = (&block.block, subtype(call)) {
        check_subtype(&call.state().ledger, state, subtype)?;
    }
    let entry = entry_threshold(call.state().ledger.thresholds(), &block.block);
    if block.work_value().is_none_or(|value| value < entry) {
        return Err(Refusal::WORK_BELOW_ENTRY);
    }
    if call.flag("async", false) { process_async(call, &block) } else { process_now(call, &block) }
}

/// What every block of the kind must reach, before the ledger is asked. Of a state block that is the least of all, for
/// only the ledger knows what it does; of a legacy block it is the one threshold that there is for it.
fn entry_threshold(thresholds: Thresholds, block: &Block) -> Difficulty {
    match block {
        Block::State(_) => thresholds.entry(),
        _ => thresholds.for_legacy(),
    }
}

fn subtype(call: &Call) -> Option<&str> {
    call.optional("subtype").filter(|subtype| !subtype.is_empty())
}

/// Whether the block can be of the subtype, by what the account has now. So a send that is handed
/// in again with its subtype is not an old block: its balance is no longer below the account's.
fn check_subtype(ledger: &Ledger, block: &StateBlock, subtype: &str) -> Result<(), Refusal> {
    if !block.is_first() && ledger.block(&block.previous).is_none() {
        return Err(ProcessError::GapPrevious.into());
    }
    let balance = ledger.balance(&block.account);
    let refusal = match subtype {
        "send" if balance <= block.balance => Refusal::SUBTYPE_BALANCE,
        "receive" if balance > block.balance => Refusal::SUBTYPE_BALANCE,
        "open" if !block.is_first() => Refusal::SUBTYPE_PREVIOUS,
        "change" | "epoch" if balance != block.balance => Refusal::SUBTYPE_BALANCE,
        "change" if block.is_first() => Refusal::SUBTYPE_PREVIOUS,
        "epoch" if Epoch::from_link(&block.link).is_none() => Refusal::SUBTYPE_EPOCH_LINK,
        "send" | "receive" | "open" | "change" | "epoch" => return Ok(()),
        _ => Refusal::SUBTYPE_UNKNOWN,
    };
    Err(refusal)
}

fn process_async(call: &Call, block: &SignedBlock) -> Answer {
    if !matches!(block.block, Block::State(_)) {
        return Err(Refusal::NOT_STATE);
    }
    if let Err(error) = call.node.process(block) {
        tracing::debug!(hash = %block.hash(), %error, "refused");
    }
    Ok(json!({ "started": "1" }))
}

fn process_now(call: &Call, block: &SignedBlock) -> Answer {
    let hash = block.hash();
    match call.node.process(block) {
        Ok(hash) => Ok(json!({ "hash": hash })),
        Err(ProcessError::Fork) if call.flag("force", false) => {
            if let Err(error) = call.node.process_by_force(block) {
                tracing::debug!(%hash, %error, "refused, though by force");
            }
            // As in a node, that is the answer whether the block got its place or not.
            Ok(json!({ "hash": hash }))
        }
        // The reference node has no words of its own for this one.
        Err(ProcessError::RepresentativeMismatch) if call.dialect() == Dialect::Reference => {
            Err(ProcessError::NotStored.into())
        }
        Err(error) => Err(error.into()),
    }
}
