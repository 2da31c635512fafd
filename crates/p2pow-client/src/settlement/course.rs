//! [`Course`]: what is known of a job while it is on its way, shared by those who ask, publish and watch.

use crate::{Outcome, contract::Contract, fate::Milestone};
use nano_rpc::RpcError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{sync::Notify, time::Instant};

/// What is known while the job is on its way.
pub(super) struct Course {
    known: Mutex<Known>,
    /// Something happened after which it is worth looking at the ledger.
    pub(super) news: Notify,
}

pub(super) struct Known {
    pub(super) engaged: Vec<Engaged>,
    pub(super) milestone: Milestone,
    /// When the reward was seen to be confirmed.
    pub(super) rewarded: Option<Instant>,
    /// Whether the user's blocks have work that no worker is paid for.
    pub(super) has_own_work: bool,
    pub(super) last_error: Option<RpcError>,
}

/// A worker that is hired.
pub(super) struct Engaged {
    pub(super) contract: Arc<Contract>,
    pub(super) outcome: Outcome,
    /// When it was hired.
    pub(super) asked: Instant,
}

impl Engaged {
    fn new(contract: Contract) -> Self {
        let contract = Arc::new(contract);
        Self { contract, outcome: Outcome::Unanswered, asked: Instant::now() }
    }
}

impl Course {
    pub(super) fn new(contracts: Vec<Contract>) -> Self {
        let known = Known {
            engaged: contracts.into_iter().map(Engaged::new).collect(),
            milestone: Milestone::Signed,
            rewarded: None,
            has_own_work: false,
            last_error: None,
        };
        Self { known: Mutex::new(known), news: Notify::new() }
    }

    /// Held for a moment only, never across an await.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_known(self) -> Known {
        self.known.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more worker; its place.
    pub(super) fn engage(&self, contract: Contract) -> usize {
        let mut known = self.known();
        known.engaged.push(Engaged::new(contract));
        known.engaged.len() - 1
    }

    pub(super) fn contract(&self, place: usize) -> Arc<Contract> {
        Arc::clone(&self.known().engaged[place].contract)
    }

    pub(super) fn hear(&self, place: usize, outcome: Outcome) {
        self.known().engaged[place].outcome = outcome;
    }

    pub(super) fn count(&self) -> usize {
        self.known().engaged.len()
    }

    /// Takes over what a look at the ledger has shown; whether there is nothing more to wait for.
    pub(super) fn note(&self, look: Result<Milestone, RpcError>) -> bool {
        let mut known = self.known();
        match look {
            Ok(milestone) => (known.milestone, known.last_error) = (milestone, None),
            Err(error) => known.last_error = Some(error),
        }
        if let Milestone::Rewarded(_) = known.milestone {
            known.rewarded = Some(Instant::now());
        }
        match known.milestone {
            Milestone::Rewarded(_) | Milestone::Superseded(_) => true,
            // Nobody has earned a reward, so there is none to wait for.
            Milestone::UserConfirmed => known.has_own_work && !known.is_reward_due(),
            Milestone::Signed => false,
        }
    }

    pub(super) fn is_rewarded(&self) -> bool {
        matches!(self.known().milestone, Milestone::Rewarded(_))
    }

    /// Somebody found the work of its reward block too.
    pub(super) fn is_reward_due(&self) -> bool {
        self.known().is_reward_due()
    }

    /// Nobody else could have been quicker.
    pub(super) fn is_alone(&self) -> bool {
        let known = self.known();
        known.engaged.len() < 2 && !known.has_own_work
    }

    /// Somebody else found the work, or is paid for it.
    pub(super) fn is_won_by_other(&self, place: usize) -> bool {
        let known = self.known();
        let reward = known.engaged[place].contract.reward();
        let is_good =
            |other: &Engaged| matches!(other.outcome, Outcome::Delivered | Outcome::WithoutReward);
        let mut others = known.engaged.iter().enumerate().filter(|(other, _)| *other != place);
        others.any(|(_, other)| is_good(other))
            || matches!(known.milestone, Milestone::Rewarded(winner) if winner != reward)
    }
}

impl Known {
    fn is_reward_due(&self) -> bool {
        self.engaged.iter().any(|engaged| matches!(engaged.outcome, Outcome::Delivered))
    }
}
