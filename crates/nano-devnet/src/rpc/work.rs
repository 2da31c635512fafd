//! `work_generate`, `work_validate` and `work_cancel`, in the reference node's way.

use super::call::{Answer, Call, Refusal};
use crate::ledger::Ledger;
use nano_block::{Block, Epoch, Network, SignedBlock, Subtype};
use nano_pow::{Puzzle, Solution};
use nano_primitives::{Difficulty, Root, Work};
use serde_json::{Map, Value, json};

/// The hardest work that is found on demand, as a multiple of the network's base.
const MAX_MULTIPLIER: f64 = 64.0;

pub(super) async fn generate(call: &Call) -> Answer {
    let root = root(call)?;
    let threshold = threshold(call, &root)?;
    if call.flag("use_peers", false) {
        // There are no peers, and then the reference node takes its own processor.
        tracing::debug!("use_peers is ignored, as there are none");
    }
    let solution =
        solve(call, Puzzle::new(root, threshold)).await.ok_or(Refusal::WORK_CANCELLED)?;
    let mut answer = evaluation(call, solution.value());
    answer.insert("hash".to_owned(), json!(root));
    answer.insert("work".to_owned(), json!(solution.work()));
    Ok(Value::Object(answer))
}

/// `None` if the job is cancelled. When the caller hangs up the job goes too.
pub(super) async fn solve(call: &Call, job: Puzzle) -> Option<Solution> {
    let ticket = call.node.pool().submit(job);
    match ticket.await {
        Ok(solution) => Some(solution),
        Err(error) => {
            tracing::debug!(%error, "no work found");
            None
        }
    }
}

fn root(call: &Call) -> Result<Root, Refusal> {
    check_version(call)?;
    call.hash("hash").map(Root::from)
}

pub(super) fn check_version(call: &Call) -> Result<(), Refusal> {
    match call.optional("version") {
        None | Some("work_1") => Ok(()),
        Some(_) => Err(Refusal::BAD_WORK_VERSION),
    }
}

fn threshold(call: &Call, root: &Root) -> Result<Difficulty, Refusal> {
    let network = call.node.settings.network;
    let asked = asked_difficulty(call)?;
    let difficulty = asked.unwrap_or(network.thresholds().base());
    check_limits(network, difficulty)?;
    if !call.has("block") {
        return Ok(difficulty);
    }
    let block = call.block()?;
    if block.root() != *root {
        return Err(Refusal::ROOT_MISMATCH);
    }
    let difficulty = asked.unwrap_or_else(|| ledger_threshold(&call.state().ledger, &block));
    if block.work_value().is_some_and(|value| value >= difficulty) {
        return Err(Refusal::WORK_ENOUGH);
    }
    Ok(difficulty)
}

/// A difficulty or a multiplier of the network's base; the multiplier counts if both are there.
pub(super) fn asked_difficulty(call: &Call) -> Result<Option<Difficulty>, Refusal> {
    let difficulty = call.optional_difficulty()?;
    let Some(text) = call.optional("multiplier") else { return Ok(difficulty) };
    let multiplier: f64 = text.parse().map_err(|_| Refusal::BAD_MULTIPLIER)?;
    let base = call.node.settings.network.thresholds().base();
    Difficulty::from_multiplier(multiplier, base).map(Some).map_err(|_| Refusal::BAD_MULTIPLIER)
}

fn check_limits(network: Network, difficulty: Difficulty) -> Result<(), Refusal> {
    let thresholds = network.thresholds();
    let hardest = Difficulty::from_multiplier(MAX_MULTIPLIER, thresholds.base())
        .expect("a multiple above 1 of a difficulty is one");
    if difficulty < thresholds.entry() || difficulty > hardest {
        return Err(Refusal::DIFFICULTY_LIMIT);
    }
    Ok(())
}

/// What the block's work must reach, as far as the ledger can tell: the base if it knows neither
/// the predecessor nor what is received.
pub(super) fn ledger_threshold(ledger: &Ledger, block: &SignedBlock) -> Difficulty {
    let thresholds = ledger.thresholds();
    let Block::State(state) = &block.block else { return thresholds.base() };
    let previous = ledger.block(&state.previous);
    let epoch = previous.map_or(Epoch::Epoch0, |record| record.epoch);
    if previous.is_some_and(|record| record.balance > state.balance) {
        return thresholds.for_state(Subtype::Send, epoch);
    }
    let source = state.link.to_block_hash();
    match (ledger.receivable_entry(&state.account, &source), previous) {
        (Some(entry), _) => thresholds.for_state(Subtype::Receive, epoch.max(entry.epoch)),
        (None, Some(_)) => thresholds.for_state(Subtype::Change, epoch),
        (None, None) => thresholds.base(),
    }
}

pub(super) fn validate(call: &Call) -> Answer {
    let root = root(call)?;
    let work = call.work()?.unwrap_or(Work::from_u64(0));
    let thresholds = call.node.settings.network.thresholds();
    let asked = asked_difficulty(call)?;
    let value = work.value(&root);
    let yes_or_no = |threshold| if value >= threshold { "1" } else { "0" };
    let mut answer = evaluation(call, value);
    answer.insert("valid_all".to_owned(), json!(yes_or_no(thresholds.base())));
    let receive = thresholds.for_state(Subtype::Receive, Epoch::Epoch2);
    answer.insert("valid_receive".to_owned(), json!(yes_or_no(receive)));
    if let Some(threshold) = asked.filter(|_| call.has("difficulty")) {
        answer.insert("valid".to_owned(), json!(yes_or_no(threshold)));
    }
    Ok(Value::Object(answer))
}

fn evaluation(call: &Call, value: Difficulty) -> Map<String, Value> {
    let base = call.node.settings.network.thresholds().base();
    Map::from_iter([
        ("difficulty".to_owned(), json!(value)),
        ("multiplier".to_owned(), json!(value.multiplier(base).to_string())),
    ])
}

/// Cancels every job for the root; says so even if there is none.
pub(super) fn cancel(call: &Call) -> Answer {
    let root = root(call)?;
    if let Some(pool) = call.node.started_pool() {
        let jobs = pool.cancel(&root);
        tracing::debug!(%root, jobs, "cancelled");
    }
    Ok(json!({ "success": "" }))
}
