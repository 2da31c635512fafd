//! `work_generate`: from the sender's own pool, where it has one (`--fallback`); else the node behind is asked.
//!
//! Hired workers sell no bare work: they are paid by a block on top of the one that they work for.

use super::{call::Call, shape::Answer};
use crate::{refusal::Refusal, service::Service};
use nano_pow::{Pool, Puzzle};
use nano_primitives::{Difficulty, Root};
use serde_json::json;

/// The hardest work that is done, in multiples of the network's base: a node's own limit.
const MOST: f64 = 64.0;

/// `None` if the node is to be asked.
pub(super) async fn answer(service: &Service, call: &Call) -> Option<Answer> {
    match call.action() {
        "work_generate" => Some(generate(service, service.work.as_ref()?, call).await),
        _ => None,
    }
}

async fn generate(service: &Service, pool: &Pool, call: &Call) -> Answer {
    let thresholds = service.network.thresholds();
    let base = thresholds.base();
    let root: Root = call.text("hash")?.parse().map_err(|_| Refusal::InvalidHash)?;
    let threshold = difficulty(call, base)?;
    let most = Difficulty::from_multiplier(MOST, base).map_err(|_| Refusal::BadMultiplier)?;
    if threshold < thresholds.entry() || threshold > most {
        return Err(Refusal::DifficultyLimit);
    }
    // Who hangs up drops this, and with it the search.
    let solution = pool.submit(Puzzle::new(root, threshold)).await.map_err(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "no work found");
        Refusal::NoWork
    })?;
    let value = solution.value();
    Ok(json!({
        "hash": root,
        "work": solution.work(),
        "difficulty": value,
        "multiplier": value.multiplier(base).to_string(),
    }))
}

/// By a multiple of the base if one is given, else as it is, else the base.
fn difficulty(call: &Call, base: Difficulty) -> Result<Difficulty, Refusal> {
    if let Some(multiplier) = call.optional("multiplier") {
        let multiplier = multiplier.parse().map_err(|_| Refusal::BadMultiplier)?;
        return Difficulty::from_multiplier(multiplier, base).map_err(|_| Refusal::BadMultiplier);
    }
    let Some(text) = call.optional("difficulty") else { return Ok(base) };
    let is_hex =
        (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u64::from_str_radix(&text, 16).ok().filter(|_| is_hex);
    number.map(Difficulty::from_u64).ok_or(Refusal::BadDifficulty)
}
