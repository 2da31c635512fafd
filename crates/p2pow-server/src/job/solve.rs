//! [`solve`]: finds the works of a job, all of them before the first block goes out.
//!
//! The roots are all known when the job arrives. Every rival's reward block has the same root, so a block published
//! early would tell them its work.

use super::{Ending, Job};
use nano_block::Network;
use nano_pow::{Pool, PoolError, Puzzle, Ticket};
use nano_primitives::Work;
use p2pow_protocol::{Plan, Refusal};
use tracing::warn;

/// The works in the order of the plan's steps. Dropping this stops the search at once.
pub(super) async fn solve(
    job: &Job,
    plan: &Plan,
    network: Network,
    pool: &Pool,
) -> Result<Vec<Work>, Ending> {
    let thresholds = network.thresholds();
    let steps = plan.steps.iter();
    let tickets: Vec<Ticket> = steps
        .map(|step| pool.submit(Puzzle::new(step.root, step.threshold(&thresholds))))
        .collect();
    job.works_are(tickets.iter().map(Ticket::watch).collect());
    all(tickets).await
}

/// The works in the order of the tickets. The last one is for the reward.
async fn all(tickets: Vec<Ticket>) -> Result<Vec<Work>, Ending> {
    let mut works = Vec::with_capacity(tickets.len());
    let mut tickets = tickets.into_iter();
    while let Some(ticket) = tickets.next() {
        let solution = ticket.await.map_err(|error| no_work(&error, tickets.len() == 0))?;
        works.push(solution.work());
    }
    Ok(works)
}

fn no_work(error: &PoolError, is_reward: bool) -> Ending {
    warn!(%error, is_reward, "a work was not found");
    Ending::failed(if is_reward { Refusal::RewardWorkFailed } else { Refusal::UserWorkFailed })
}
