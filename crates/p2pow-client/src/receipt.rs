//! How a job ended.

use crate::{Hire, HireError};
use nano_block::SignedState;
use std::{sync::Arc, time::Duration};

/// A job that is done: the sender's own node says that the user blocks are confirmed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Receipt {
    /// The user blocks in their order, with the work that they are on the ledger with.
    pub users: Vec<SignedState>,
    /// The reward, if one was confirmed in time. Without one the work was free.
    pub reward: Option<Paid>,
    /// Everybody who was hired, in the order of the user's policy.
    pub hired: Vec<Hired>,
    /// From asking the workers for the work to the reward's confirmation.
    pub elapsed: Duration,
}

/// The reward block that is on the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Paid {
    /// The block, with its work.
    pub block: SignedState,
    /// Whose it is: a place in [`Receipt::hired`].
    pub winner: usize,
}

/// A worker that was hired.
#[derive(Debug, Clone)]
pub struct Hired {
    /// Who, and for how much.
    pub hire: Hire,
    /// What it answered. Its own word: the ledger says who won.
    pub outcome: Outcome,
}

/// What a hired worker answered.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The work of every block, and it is right.
    Delivered,
    /// The work of the user's blocks; the node did not take its reward block.
    WithoutReward,
    /// A refusal, or nothing of use.
    Failed(Arc<HireError>),
    /// Nothing until the deal was over.
    Unanswered,
}

impl Receipt {
    /// The worker that was paid.
    #[must_use]
    pub fn winner(&self) -> Option<&Hired> {
        self.reward.and_then(|paid| self.hired.get(paid.winner))
    }
}
