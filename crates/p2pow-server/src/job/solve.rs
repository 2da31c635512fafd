//! [`solve`]: finds the works of a job, all of them before the first block goes out.
//!
//! The roots are all known when the job arrives. Every rival's reward block has the same root, so a block published
//! early would tell them its work.

use super::{Ending, Job};
use crate::journal::Journal;
use nano_block::Network;
use nano_pow::{Pool, PoolError, Puzzle, Ticket};
use nano_primitives::Work;
use p2pow_protocol::{Plan, Refusal};
use tracing::warn;

/// A work that is known already, or searched for.
enum Search {
    Known(Work),
    Running(Ticket),
}

/// The works in the order of the plan's steps, each in the journal as soon as it is found. Dropping this stops the
/// search at once.
pub(super) async fn solve(
    job: &Job,
    plan: &Plan,
    network: Network,
    pool: &Pool,
    journal: &Journal,
) -> Result<Vec<Work>, Ending> {
    let thresholds = network.thresholds();
    let puzzles = plan.steps.iter().map(|step| Puzzle::new(step.root, step.threshold(&thresholds)));
    let search = |puzzle: Puzzle| match journal.known(&puzzle) {
        Some(work) => Search::Known(work),
        None => Search::Running(pool.submit(puzzle)),
    };
    let searches: Vec<Search> = puzzles.map(search).collect();
    let running = searches.iter().filter_map(|search| match search {
        Search::Known(_) => None,
        Search::Running(ticket) => Some(ticket.watch()),
    });
    job.works_are(running.collect());
    all(searches, journal).await
}

/// The works in the order of the searches. The last one is for the reward.
async fn all(searches: Vec<Search>, journal: &Journal) -> Result<Vec<Work>, Ending> {
    let mut works = Vec::with_capacity(searches.len());
    let mut searches = searches.into_iter();
    while let Some(search) = searches.next() {
        let ticket = match search {
            Search::Known(work) => {
                works.push(work);
                continue;
            }
            Search::Running(ticket) => ticket,
        };
        let solution = ticket.await.map_err(|error| no_work(&error, searches.len() == 0))?;
        journal.found(solution.puzzle(), solution.work());
        works.push(solution.work());
    }
    Ok(works)
}

fn no_work(error: &PoolError, is_reward: bool) -> Ending {
    warn!(%error, is_reward, "a work was not found");
    Ending::failed(if is_reward { Refusal::RewardWorkFailed } else { Refusal::UserWorkFailed })
}
