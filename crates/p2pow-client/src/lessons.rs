//! What a deal has taught about the workers that were hired for it.

use crate::{
    Cause, Hired, Outcome, WorkError,
    experience::{Deed, Effort},
    market::Name,
};
use nano_block::{Epoch, Network, Subtype};
use nano_primitives::BlockHash;
use p2pow_protocol::AnswerError;
use std::time::Duration;

/// Who was hired after this part of the time had little of it.
const LATE: f64 = 0.75;

/// A job as far as it says something of who worked on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) network: Network,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) subtypes: &'a [Subtype],
}

impl Task<'_> {
    /// The hashes that the job costs on average, its reward included.
    #[allow(clippy::cast_precision_loss)] // a mean
    pub(crate) fn hashes(&self) -> f64 {
        let thresholds = self.network.thresholds();
        let works = self.subtypes.iter().chain([&Subtype::Send]);
        let expected = |subtype: &Subtype| {
            let threshold = thresholds.least_for(*subtype, self.epoch).to_u64();
            2.0_f64.powi(64) / (u64::MAX - threshold).max(1) as f64
        };
        works.map(expected).sum()
    }

    fn effort(&self, time: Duration) -> Effort {
        let seconds = time.as_secs_f64();
        let hashrate = (seconds > 0.0).then(|| self.hashes() / seconds);
        Effort { blocks: self.subtypes.len(), hashrate }
    }
}

/// What is to be remembered of those that were hired for a job that is done. `paid` is the reward that is confirmed.
pub(crate) fn of_done(
    task: Task<'_>,
    hired: &[Hired],
    paid: Option<BlockHash>,
    elapsed: Duration,
) -> Vec<(Name, Deed)> {
    let winner = hired.iter().find(|hired| paid == Some(hired.reward));
    let lesson = |hired: &Hired| {
        let deed = match &hired.outcome {
            _ if paid == Some(hired.reward) => Deed::Won(task.effort(elapsed - hired.after)),
            Outcome::Delivered | Outcome::WithoutReward => {
                Deed::Lost(Effort { blocks: task.subtypes.len(), hashrate: None })
            }
            Outcome::Failed(error) => failure(error)?,
            // Somebody who was hired only because this one took too long was quicker.
            Outcome::Unanswered if winner.is_some_and(|winner| winner.after > hired.after) => {
                Deed::Overtaken
            }
            // A race that is lost says nothing, and no more does who had no time left to answer.
            Outcome::Lost(_) | Outcome::Unanswered => return None,
        };
        Some((name(hired), deed))
    };
    hired.iter().filter_map(lesson).collect()
}

/// What is to be remembered of those that were hired for a job that was done by own work in the end, after this time.
pub(crate) fn of_own_work(hired: &[Hired], elapsed: Duration) -> Vec<(Name, Deed)> {
    hired.iter().filter_map(|hired| idle(hired, elapsed)).collect()
}

/// What is to be remembered of those that were hired for a job that was not done in this time.
pub(crate) fn of_undone(hired: &[Hired], cause: &Cause, elapsed: Duration) -> Vec<(Name, Deed)> {
    // Where the node did not answer, or the account went on, it was not the workers' doing.
    let is_theirs =
        matches!(cause, Cause::NobodyDelivered { .. } | Cause::TimedOut { last: None, .. });
    if is_theirs { of_own_work(hired, elapsed) } else { Vec::new() }
}

/// What speaks against a worker whose part was not done. Who was hired late had too little time to say anything by it.
fn idle(hired: &Hired, elapsed: Duration) -> Option<(Name, Deed)> {
    let deed = match &hired.outcome {
        Outcome::Failed(error) => failure(error)?,
        Outcome::Unanswered if hired.after <= elapsed.mul_f64(LATE) => Deed::Withheld,
        _ => return None,
    };
    Some((name(hired), deed))
}

/// A worker that is busy, or asks not to be asked so often, has not failed.
fn failure(error: &WorkError) -> Option<Deed> {
    match error {
        WorkError::Answer(AnswerError::Refused { status: 429 | 503, .. }) => None,
        _ => Some(Deed::Failed),
    }
}

fn name(hired: &Hired) -> Name {
    let candidate = &hired.quote.candidate;
    (candidate.worker.address, candidate.offer.reward_account)
}
