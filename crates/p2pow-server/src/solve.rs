//! Finding the works of a job, all of them before the first block goes out.
//!
//! The roots are all known when the job arrives. Every rival's reward block has the same root, so a block published
//! early would tell them its work.

use crate::{Job, Phase, admission::Ending, publish::Finished, worker::Worker};
use nano_pow::{PoolError, Ticket};
use nano_primitives::{BlockHash, Work};
use p2pow_protocol::{Plan, Refusal, WorkRequest};
use tokio::select;
use tracing::warn;

/// Seconds after which a worker that goes down may be there again.
const RETRY_AFTER: u64 = 60;

impl Worker {
    /// Everything up to the publication: the blocks that the node has taken.
    pub(crate) async fn work(&self, job: &Job) -> Result<Vec<Finished>, Ending> {
        let plan = select! {
            biased;
            () = self.closed() => return Err(shutting_down()),
            plan = self.plan(job.request()) => plan.map_err(Ending::failed)?,
        };
        let works = self.solve(job, &plan).await?;
        let finish = |((block, step), work): ((_, &p2pow_protocol::Step), _)| {
            Finished::new(block, step, work)
        };
        let blocks = job.request().blocks().zip(&plan.steps).zip(works).map(finish).collect();
        self.publish(job, blocks).await
    }

    async fn solve(&self, job: &Job, plan: &Plan) -> Result<Vec<Work>, Ending> {
        let tickets = self.submit(plan);
        job.works_are(tickets.iter().map(Ticket::watch).collect());
        job.advance(Phase::Solving);
        // Whatever ends the wait early drops the tickets, which stops the search at once.
        let works = select! {
            biased;
            works = all(tickets) => works?,
            () = self.race_is_lost(job.request()) => {
                return Err(Ending::lost(Refusal::UserWorkFailed));
            }
            () = self.closed() => return Err(shutting_down()),
        };
        job.advance(Phase::Solved);
        Ok(works)
    }

    fn submit(&self, plan: &Plan) -> Vec<Ticket> {
        let thresholds = self.config.network.thresholds();
        let puzzle = |step: &p2pow_protocol::Step| {
            nano_pow::Puzzle::new(step.root, step.threshold(&thresholds))
        };
        plan.steps.iter().map(|step| self.pool.submit(puzzle(step))).collect()
    }

    /// Waits until the account has gone where the job cannot follow.
    async fn race_is_lost(&self, request: &WorkRequest) {
        let mut pulse = self.pulses.of(request.account());
        loop {
            pulse.next().await;
            match self.node.frontier(&request.account()).await {
                Ok(frontier) if !self.is_open(request, frontier) => return,
                Ok(_) => {}
                Err(error) => warn!(%error, "cannot see whether the race is lost"),
            }
        }
    }

    /// Whether a job can still be paid when the account stands at `frontier`. User blocks that somebody else has
    /// published leave the reward to be won.
    fn is_open(&self, request: &WorkRequest, frontier: BlockHash) -> bool {
        let is_user = || request.users().iter().any(|user| user.hash() == frontier);
        frontier == request.first().block.previous
            || frontier == request.id()
            || self.config.contest && is_user()
    }
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

const fn shutting_down() -> Ending {
    Ending::failed(Refusal::ShuttingDown { retry_after: RETRY_AFTER })
}
