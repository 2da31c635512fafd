//! Why a worker does not do a job: stable codes, HTTP statuses, and the exact texts that old clients know.

use crate::{BlockProblem, wire};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use serde::Serialize;

/// A refusal of `request_work`. `Display` is the text of the key `error` on the wire, letter by letter, the old
/// worker's spelling included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The body is no JSON.
    #[error("Invalid JSON")]
    InvalidJson,
    /// There is no user block, or the body is no JSON object.
    #[error("User transaction missing")]
    UserMissing,
    /// There is no reward block.
    #[error("Reward transaction missing")]
    RewardMissing,
    /// A user block is malformed or not signed by its account.
    #[error("Invalid user transaction")]
    InvalidUser(BlockProblem),
    /// The reward block is malformed or not signed by its account.
    #[error("Invalid reward transaction")]
    InvalidReward(BlockProblem),
    /// The reward block has no link.
    #[error("Invalid Reward transaction")]
    RewardLinkMissing,
    /// A batch of more blocks than the worker takes.
    #[error("Too many user blocks: {found}, at most {max}")]
    TooManyBlocks {
        /// Blocks found.
        found: usize,
        /// The worker's `max_user_blocks`.
        max: usize,
    },
    /// The blocks are not all of one account.
    #[error("Different Accounts source")]
    DifferentAccounts,
    /// The reward block does not pay this worker.
    #[error("Worker account is incorrect")]
    WrongWorker,
    /// A block of a batch does not follow the one before it.
    #[error("User block {place} does not follow the one before it")]
    BrokenChain {
        /// Which user block, counted from 1.
        place: usize,
    },
    /// The reward block does not follow the last user block.
    #[error("Incorrect previous block in worker block")]
    WrongRewardPrevious,
    /// The reward is less than the price of the job.
    #[error("Fee is less than minimum")]
    FeeTooLow,
    /// The first user block does not follow the account's frontier.
    #[error("Wrong previous block")]
    WrongPrevious,
    /// The balance rises, but the link is nothing receivable of exactly that amount.
    #[error("Invalid receive transaction")]
    InvalidReceive,
    /// The job spends what the account does not surely have.
    #[error("Insuficient funds")]
    InsufficientFunds,
    /// The previous block is not confirmed, so a node may still roll it back.
    #[error("Previous block is not confirmed")]
    Unconfirmed {
        /// Seconds after which to try again.
        retry_after: u64,
    },
    /// Another user block on the same previous block is being worked on.
    #[error("Another request for the same account and previous block is in progress")]
    Conflict,
    /// The work of a user block was not found: the race is lost, or the job was stopped.
    #[error("User PoW fail")]
    UserWorkFailed,
    /// The work of the reward block was not found.
    #[error("PoW fail")]
    RewardWorkFailed,
    /// The node did not take a user block.
    #[error("Error broadcasting user block: {node}")]
    UserBlockRefused {
        /// The node's own words.
        node: String,
    },
    /// No more jobs are taken for now.
    #[error("Too many jobs in queue")]
    QueueFull {
        /// Seconds after which to try again.
        retry_after: u64,
    },
    /// The network asks for more work than the worker offers.
    #[error("Current network difficulty exceded maximum difficulty allowed")]
    DifficultyTooHigh {
        /// Seconds after which to try again.
        retry_after: u64,
    },
    /// The worker cannot reach its own node.
    #[error("Worker has no connection to the network")]
    NodeUnreachable {
        /// Seconds after which to try again.
        retry_after: u64,
    },
    /// The worker cannot write down what it does, as with a full disk.
    #[error("Worker cannot write its journal")]
    JournalFailed {
        /// Seconds after which to try again.
        retry_after: u64,
    },
    /// The worker is going down and takes no more jobs.
    #[error("Worker is shutting down")]
    ShuttingDown {
        /// Seconds after which to try again.
        retry_after: u64,
    },
    /// This address asks too often.
    #[error("Too many requests")]
    TooManyRequests {
        /// Seconds after which to try again.
        retry_after: u64,
    },
    /// The body is larger than its blocks can be.
    #[error("Request is larger than {limit} bytes")]
    TooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("Request took too long to arrive")]
    TooSlow,
    /// The worker knows no job of this name, or none any more.
    #[error("Job not found")]
    JobNotFound,
    /// The route exists, but not for this method.
    #[error("Method not allowed")]
    MethodNotAllowed,
    /// There is no such route.
    #[error("Invalid Route")]
    InvalidRoute,
}

impl Refusal {
    /// A name for logs and metrics, which never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::UserMissing => "user_missing",
            Self::RewardMissing => "reward_missing",
            Self::InvalidUser(_) => "invalid_user",
            Self::InvalidReward(_) => "invalid_reward",
            Self::RewardLinkMissing => "reward_link_missing",
            Self::TooManyBlocks { .. } => "too_many_blocks",
            Self::DifferentAccounts => "different_accounts",
            Self::WrongWorker => "wrong_worker",
            Self::BrokenChain { .. } => "broken_chain",
            Self::WrongRewardPrevious => "wrong_reward_previous",
            Self::FeeTooLow => "fee_too_low",
            Self::WrongPrevious => "wrong_previous",
            Self::InvalidReceive => "invalid_receive",
            Self::InsufficientFunds => "insufficient_funds",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Conflict => "conflict",
            Self::UserWorkFailed => "user_work_failed",
            Self::RewardWorkFailed => "reward_work_failed",
            Self::UserBlockRefused { .. } => "user_block_refused",
            Self::QueueFull { .. } => "queue_full",
            Self::DifficultyTooHigh { .. } => "difficulty_too_high",
            Self::NodeUnreachable { .. } => "node_unreachable",
            Self::JournalFailed { .. } => "journal_failed",
            Self::ShuttingDown { .. } => "shutting_down",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::TooLarge { .. } => "too_large",
            Self::TooSlow => "too_slow",
            Self::JobNotFound => "job_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::InvalidRoute => "invalid_route",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::FeeTooLow | Self::InvalidReceive | Self::InsufficientFunds => 403,
            Self::InvalidRoute | Self::JobNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooSlow => 408,
            Self::Conflict => 409,
            Self::TooLarge { .. } => 413,
            Self::TooManyRequests { .. } => 429,
            Self::UserWorkFailed | Self::RewardWorkFailed | Self::UserBlockRefused { .. } => 500,
            Self::Unconfirmed { .. }
            | Self::QueueFull { .. }
            | Self::DifficultyTooHigh { .. }
            | Self::NodeUnreachable { .. }
            | Self::JournalFailed { .. }
            | Self::ShuttingDown { .. } => 503,
            _ => 400,
        }
    }

    /// The seconds after which the same request may be taken: the header `Retry-After`.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u64> {
        match *self {
            Self::Unconfirmed { retry_after }
            | Self::QueueFull { retry_after }
            | Self::DifficultyTooHigh { retry_after }
            | Self::NodeUnreachable { retry_after }
            | Self::JournalFailed { retry_after }
            | Self::ShuttingDown { retry_after }
            | Self::TooManyRequests { retry_after } => Some(retry_after),
            _ => None,
        }
    }

    /// The JSON body.
    #[must_use]
    pub fn body(&self) -> RefusalBody {
        let details = match self {
            Self::InvalidUser(problem) | Self::InvalidReward(problem) => Some(problem.to_string()),
            _ => None,
        };
        let is_route = *self == Self::InvalidRoute;
        RefusalBody {
            error: self.to_string(),
            details,
            status: (self.status() == 503).then_some("unavailable"),
            retry_after: self.retry_after(),
            valid_routes: is_route.then_some(&["/request_info", "/request_work"]),
            more_info: is_route.then_some("https://github.com/anarkrypto/P2PoW/worker_API"),
        }
    }

    /// The body as JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        wire::to_json(&self.body())
    }
}

/// What a refusal looks like in JSON. `details` is ours; the other keys are the old worker's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusalBody {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_routes: Option<&'static [&'static str; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more_info: Option<&'static str>,
}
