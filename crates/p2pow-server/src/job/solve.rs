//! [`solve`]: finds the works of a job, all of them before the first block goes out.
//!
//! The roots are all known when the job arrives. Every rival's reward block has the same root, so a block published
//! early would tell them its work.

use super::{Job, phase::Ending, queue::Slot};
use crate::journal::Journal;
use nano_block::Network;
use nano_pow::{Pool, PoolError, Puzzle, Ticket};
use nano_primitives::Work;
use p2pow_protocol::{Plan, Refusal, WorkRequest};
use tracing::warn;

/// One work of a job: found before, or to be searched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    puzzle: Puzzle,
    known: Option<Work>,
}

/// What a job needs, in the order of its blocks. Works that are in the journal, or came with the request and are good
/// enough, are not searched.
pub(super) fn needs(
    request: &WorkRequest,
    plan: &Plan,
    network: Network,
    journal: &Journal,
) -> Vec<Need> {
    let thresholds = network.thresholds();
    let need = |(step, given): (&p2pow_protocol::Step, &Option<Work>)| {
        let puzzle = Puzzle::new(step.root, step.threshold(&thresholds));
        let given = given.filter(|work| work.value(&step.root) >= puzzle.threshold);
        Need { puzzle, known: journal.known(&puzzle).or(given) }
    };
    plan.steps.iter().zip(request.works()).map(need).collect()
}

/// All works of a request, if they are all known.
pub(super) fn known_works(
    request: &WorkRequest,
    plan: &Plan,
    (network, journal): (Network, &Journal),
) -> Option<Vec<Work>> {
    let needs = needs(request, plan, network, journal);
    needs.iter().map(|need| need.known).collect()
}

/// The hashes to be expected for what is not known.
pub(super) fn expected_hashes(needs: &[Need]) -> f64 {
    let searched = needs.iter().filter(|need| need.known.is_none());
    searched.map(|need| need.puzzle.threshold.expected_hashes()).sum()
}

/// The hashes to be expected for what is not found yet. A search has no memory: one that has begun takes as long still.
pub(super) fn hashes_left(job: &Job, needs: &[Need]) -> f64 {
    let searched = needs.iter().filter(|need| need.known.is_none());
    let mut are_done = job.works_done().into_iter();
    let left = searched.filter(|_| !are_done.next().unwrap_or(false));
    left.map(|need| need.puzzle.threshold.expected_hashes()).sum()
}

/// A work that is known already, or searched for.
enum Search {
    Known(Work),
    Running(Ticket),
}

/// The works in the order of the needs, each in the journal as soon as it is found. Dropping this stops the search at
/// once. When the last one is searched, the next job may line up behind it.
pub(super) async fn solve(
    job: &Job,
    needs: &[Need],
    pool: &Pool,
    (journal, slot): (&Journal, &Slot),
) -> Result<Vec<Work>, Ending> {
    let search = |need: &Need| match need.known {
        Some(work) => Search::Known(work),
        None => Search::Running(pool.submit(need.puzzle)),
    };
    let searches: Vec<Search> = needs.iter().map(search).collect();
    let running = searches.iter().filter_map(|search| match search {
        Search::Known(_) => None,
        Search::Running(ticket) => Some(ticket.watch()),
    });
    job.works_are(running.collect());
    let mut works = Vec::with_capacity(searches.len());
    let mut searches = searches.into_iter();
    while let Some(search) = searches.next() {
        let is_last = searches.len() == 0;
        if is_last {
            slot.ends();
        }
        works.push(match search {
            Search::Known(work) => work,
            Search::Running(ticket) => {
                let solution = ticket.await.map_err(|error| no_work(&error, is_last))?;
                journal.found(solution.puzzle(), solution.work());
                solution.work()
            }
        });
    }
    Ok(works)
}

fn no_work(error: &PoolError, is_reward: bool) -> Ending {
    warn!(%error, is_reward, "a work was not found");
    Ending::failed(if is_reward { Refusal::RewardWorkFailed } else { Refusal::UserWorkFailed })
}
