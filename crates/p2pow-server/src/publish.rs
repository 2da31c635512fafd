//! Publishing a job's blocks, back to back, the reward last.

use crate::{Job, Phase, admission::Ending, worker::Worker};
use nano_block::{SignedState, Subtype};
use nano_primitives::{BlockHash, Work};
use nano_rpc::RpcError;
use p2pow_protocol::{Answer, Done, Refusal, Step, WorkRequest};
use tracing::warn;

/// A block with its work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finished {
    pub(crate) block: SignedState,
    pub(crate) subtype: Subtype,
    done: Done,
}

/// What the node made of the reward block.
enum Reward {
    Taken,
    Refused,
    /// The node did not answer; the block may be there all the same.
    Unknown,
}

impl Finished {
    pub(crate) fn new(block: &SignedState, step: &Step, work: Work) -> Self {
        let done = Done { hash: step.hash, work };
        Self { block: block.with_work(work), subtype: step.subtype, done }
    }

    pub(crate) const fn hash(&self) -> BlockHash {
        self.done.hash
    }
}

impl Worker {
    /// Publishes the blocks and tells the clients. Nothing stops this once it has begun.
    pub(crate) async fn publish(
        &self,
        job: &Job,
        blocks: Vec<Finished>,
    ) -> Result<Vec<Finished>, Ending> {
        job.advance(Phase::Publishing);
        let (reward, users) = blocks.split_last().expect("a plan has a step for the reward");
        for (place, user) in users.iter().enumerate() {
            self.publish_user(job.request(), user, &users[place..]).await?;
        }
        let outcome = self.publish_reward(job.request(), reward).await;
        let is_taken = matches!(outcome, Reward::Taken);
        let answer = Answer {
            users: users.iter().map(|user| user.done).collect(),
            reward: is_taken.then_some(reward.done),
            is_batch: job.request().is_batch(),
        };
        if matches!(outcome, Reward::Refused) {
            return Err(Ending { phase: Phase::Lost, reply: Ok(answer) });
        }
        job.conclude(Phase::Published, Ok(answer));
        Ok(blocks)
    }

    /// Publishes one user block. `rest` is it and the user blocks after it: if the account stands at one of them, then
    /// somebody else was faster with the user's part, and there is nothing to be done for it.
    async fn publish_user(
        &self,
        request: &WorkRequest,
        user: &Finished,
        rest: &[Finished],
    ) -> Result<(), Ending> {
        let Err(error) = self.node.publish(&user.block, user.subtype).await else { return Ok(()) };
        let frontier = self.node.frontier(&request.account()).await.ok();
        if rest.iter().any(|block| frontier == Some(block.hash())) {
            return Ok(());
        }
        let is_overtaken = frontier.is_some_and(|frontier| frontier != user.block.block.previous);
        let refusal = Refusal::UserBlockRefused { node: words(&error) };
        warn!(block = %user.hash(), %error, is_overtaken, "a user block was not published");
        Err(if is_overtaken { Ending::lost(refusal) } else { Ending::failed(refusal) })
    }

    async fn publish_reward(&self, request: &WorkRequest, reward: &Finished) -> Reward {
        let Err(error) = self.node.publish(&reward.block, reward.subtype).await else {
            return Reward::Taken;
        };
        warn!(block = %reward.hash(), %error, "the reward block was not published");
        match self.node.frontier(&request.account()).await {
            Ok(frontier) if frontier == reward.hash() => Reward::Taken,
            _ if error.node_text().is_none() => Reward::Unknown,
            _ => Reward::Refused,
        }
    }
}

/// The node's own words where it has some.
fn words(error: &RpcError) -> String {
    error.node_text().map_or_else(|| error.to_string(), str::to_owned)
}
