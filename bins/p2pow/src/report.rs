//! [`DealReport`]: how a job ended, as scripts read it.

use crate::story;
use nano_block::SignedState;
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_client::{Fate, Hired, Outcome, Receipt, Reward, Unsettled};
use serde::Serialize;
use std::net::IpAddr;

/// What `send`, `receive`, `change` and `batch` print with `--json` about a job that was signed.
#[derive(Debug, Serialize)]
pub(crate) struct DealReport {
    pub(crate) account: Account,
    /// Why it is not done; not there if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    pub(crate) blocks: Vec<BlockReport>,
    pub(crate) reward: Option<BlockReport>,
    /// What became of every reward block, where the job is not done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rewards: Vec<RewardReport>,
    pub(crate) winner: Option<Winner>,
    pub(crate) workers: Vec<WorkerReport>,
    pub(crate) elapsed_ms: u128,
    /// What went wrong and did no harm.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: Vec<String>,
}

/// A block as a node writes it, its hash, and what became of it.
#[derive(Debug, Serialize)]
pub(crate) struct BlockReport {
    hash: BlockHash,
    fate: &'static str,
    /// Where it stands in the user's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(flatten)]
    block: SignedState,
}

/// A signed reward block.
#[derive(Debug, Serialize)]
struct RewardReport {
    hash: BlockHash,
    fate: &'static str,
    address: IpAddr,
    price_raw: Amount,
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

impl DealReport {
    /// The same with what went wrong and did no harm.
    pub(crate) fn with_warnings(self, warnings: Vec<String>) -> Self {
        Self { warnings, ..self }
    }

    /// A job that is done. `lines` says where in the user's file the blocks stand, if they come from one.
    pub(crate) fn done(account: Account, receipt: &Receipt, lines: &[u64]) -> Self {
        let users = receipt.users.iter().map(|user| (*user, Fate::Confirmed));
        let workers = receipt.hired.iter().enumerate();
        Self {
            account,
            error: None,
            blocks: blocks(users, lines),
            reward: receipt.reward.map(|paid| BlockReport::new(paid.block, Fate::Confirmed, None)),
            rewards: Vec::new(),
            winner: receipt.winner().map(Winner::new),
            workers: workers
                .map(|(place, hired)| WorkerReport::new(hired, outcome(receipt, place)))
                .collect(),
            elapsed_ms: receipt.elapsed.as_millis(),
            warnings: Vec::new(),
        }
    }

    /// A job that is signed and not done.
    pub(crate) fn unsettled(account: Account, left: &Unsettled, lines: &[u64]) -> Self {
        let answered = |hired: &Hired| WorkerReport::new(hired, answer(&hired.outcome));
        Self {
            account,
            error: Some(left.to_string()),
            blocks: blocks(left.users.iter().copied(), lines),
            reward: None,
            rewards: left.rewards.iter().copied().map(RewardReport::new).collect(),
            winner: None,
            workers: left.hired.iter().map(answered).collect(),
            elapsed_ms: left.elapsed.as_millis(),
            warnings: Vec::new(),
        }
    }
}

fn blocks(users: impl Iterator<Item = (SignedState, Fate)>, lines: &[u64]) -> Vec<BlockReport> {
    let numbered = users.enumerate();
    numbered
        .map(|(place, (block, fate))| BlockReport::new(block, fate, lines.get(place).copied()))
        .collect()
}

impl BlockReport {
    fn new(block: SignedState, fate: Fate, line: Option<u64>) -> Self {
        Self { hash: block.hash(), fate: fate.as_str(), line, block }
    }
}

impl RewardReport {
    fn new((reward, fate): (Reward, Fate)) -> Self {
        let Reward { address, hash, price } = reward;
        Self { hash, fate: fate.as_str(), address, price_raw: price }
    }
}

impl WorkerReport {
    fn new(hired: &Hired, outcome: &'static str) -> Self {
        Self {
            address: hired.quote.candidate.worker.address,
            account: hired.quote.candidate.offer.reward_account,
            price_raw: hired.quote.price,
            outcome,
            detail: detail(&hired.outcome),
        }
    }
}

impl Winner {
    pub(crate) fn new(hired: &Hired) -> Self {
        Self {
            address: hired.quote.candidate.worker.address,
            account: hired.quote.candidate.offer.reward_account,
            fee_raw: hired.quote.price,
        }
    }
}

/// `won`, `lost` (it worked, another was quicker) or `failed` (it did not do its part).
pub(crate) fn outcome(receipt: &Receipt, place: usize) -> &'static str {
    if receipt.reward.is_some_and(|paid| paid.winner == place) {
        return "won";
    }
    match receipt.hired.get(place).map(|hired| &hired.outcome) {
        Some(Outcome::Failed(_)) => "failed",
        _ => "lost",
    }
}

/// What a worker answered to a job that is not done.
const fn answer(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::WithoutReward => "without_reward",
        Outcome::Failed(_) => "failed",
        Outcome::Lost(_) => "lost",
        Outcome::Unanswered => "unanswered",
    }
}

/// The worker's own words, where it did not deliver.
pub(crate) fn detail(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed(error) => Some(story::reason(error)),
        _ => None,
    }
}
