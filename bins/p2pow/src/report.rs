//! A receipt as scripts read it.

use crate::story;
use nano_block::SignedState;
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_client::{HireError, Hired, Outcome, Receipt};
use p2pow_protocol::AnswerError;
use serde::Serialize;
use std::net::IpAddr;

/// What `send`, `receive`, `change` and `batch` print with `--json`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) account: Account,
    pub(crate) blocks: Vec<BlockReport>,
    pub(crate) reward: Option<BlockReport>,
    pub(crate) winner: Option<Winner>,
    pub(crate) workers: Vec<WorkerReport>,
    pub(crate) elapsed_ms: u128,
}

/// A block as a node writes it, and its hash.
#[derive(Debug, Serialize)]
pub(crate) struct BlockReport {
    hash: BlockHash,
    #[serde(flatten)]
    block: SignedState,
}

/// Who was paid.
#[derive(Debug, Serialize)]
pub(crate) struct Winner {
    pub(crate) address: IpAddr,
    account: Account,
    pub(crate) fee_raw: Amount,
}

/// A hired worker.
#[derive(Debug, Serialize)]
pub(crate) struct WorkerReport {
    address: IpAddr,
    account: Account,
    price_raw: Amount,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Report {
    pub(crate) fn new(account: Account, receipt: &Receipt) -> Self {
        Self {
            account,
            blocks: receipt.users.iter().copied().map(BlockReport::new).collect(),
            reward: receipt.reward.map(|paid| BlockReport::new(paid.block)),
            winner: receipt.winner().map(Winner::new),
            workers: receipt
                .hired
                .iter()
                .enumerate()
                .map(|(place, hired)| WorkerReport {
                    address: hired.hire.candidate.worker.address,
                    account: hired.hire.candidate.offer.reward_account,
                    price_raw: hired.hire.price,
                    outcome: outcome(receipt, place),
                    detail: detail(&hired.outcome),
                })
                .collect(),
            elapsed_ms: receipt.elapsed.as_millis(),
        }
    }
}

impl BlockReport {
    fn new(block: SignedState) -> Self {
        Self { hash: block.hash(), block }
    }
}

impl Winner {
    pub(crate) fn new(hired: &Hired) -> Self {
        Self {
            address: hired.hire.candidate.worker.address,
            account: hired.hire.candidate.offer.reward_account,
            fee_raw: hired.hire.price,
        }
    }
}

/// `won`, `lost` (it worked, another was quicker) or `failed` (it did not do its part).
pub(crate) fn outcome(receipt: &Receipt, place: usize) -> &'static str {
    if receipt.reward.is_some_and(|paid| paid.winner == place) {
        return "won";
    }
    match receipt.hired.get(place).map(|hired| &hired.outcome) {
        Some(Outcome::Failed(error)) if !is_lost_race(error) => "failed",
        _ => "lost",
    }
}

/// Workers answer 500 when another one's block is on the ledger first, and 409 when it is about to be.
fn is_lost_race(error: &HireError) -> bool {
    matches!(error, HireError::Answer(AnswerError::Refused { status: 409 | 500, .. }))
}

/// The worker's own words, where it did not deliver.
pub(crate) fn detail(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed(error) => Some(story::reason(error)),
        _ => None,
    }
}
