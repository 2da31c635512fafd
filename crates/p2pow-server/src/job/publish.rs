//! [`publish`]: hands a job's blocks to the node, back to back, the reward last.

use super::{Ending, phase::Phase};
use crate::node::{Fate, Node};
use nano_block::{SignedState, Subtype};
use nano_primitives::{BlockHash, Work};
use nano_rpc::RpcError;
use p2pow_protocol::{Answer, Done, Plan, Refusal, Step, WorkRequest};
use std::time::Duration;
use tokio::time::sleep;
use tracing::warn;

/// How long to wait before each look at what became of a block that the node did not answer for.
const LOOKS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_secs(1),
    Duration::from_secs(3),
];

/// A block with its work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finished {
    pub(super) block: SignedState,
    pub(super) subtype: Subtype,
    done: Done,
}

/// Why a block is not on the chain.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    #[error("somebody else's block stands in its place ({0})")]
    Overtaken(RpcError),
    #[error("the node does not take it ({0})")]
    Refused(RpcError),
    /// The block may be there all the same.
    #[error("the node does not answer ({0})")]
    Silent(RpcError),
}

impl Finished {
    fn new(block: &SignedState, step: &Step, work: Work) -> Self {
        let done = Done { hash: step.hash, work };
        Self { block: block.with_work(work), subtype: step.subtype, done }
    }

    pub(super) const fn hash(&self) -> BlockHash {
        self.done.hash
    }
}

/// The blocks of a request with their works.
pub(super) fn finish(request: &WorkRequest, plan: &Plan, works: &[Work]) -> Vec<Finished> {
    let parts = request.blocks().zip(&plan.steps).zip(works);
    parts.map(|((block, step), work)| Finished::new(block, step, *work)).collect()
}

/// What the clients are told of published blocks.
pub(super) fn answer(request: &WorkRequest, blocks: &[Finished], has_reward: bool) -> Answer {
    let (users, reward) = blocks.split_at(blocks.len().saturating_sub(1));
    Answer {
        users: users.iter().map(|user| user.done).collect(),
        reward: reward.first().filter(|_| has_reward).map(|reward| reward.done),
        is_batch: request.is_batch(),
    }
}

/// Publishes the blocks. What is on the ledger already, as by a process before this one, is as good.
pub(super) async fn publish(
    request: &WorkRequest,
    blocks: &[Finished],
    node: &Node,
) -> Result<Answer, Ending> {
    let users = blocks.len().saturating_sub(1);
    for place in 0..users {
        let placed = put(&blocks[place..], node).await;
        placed.map_err(|stuck| user_stuck(&blocks[place], stuck))?;
    }
    let placed = put(&blocks[users..], node).await;
    let answer = answer(request, blocks, placed.is_ok());
    if let Err(stuck) = placed {
        warn!(job = %request.id(), %stuck, "the reward block is not published");
        if !matches!(stuck, Stuck::Silent(_)) {
            return Err(Ending { phase: Phase::Lost, reply: Some(Ok(answer)) });
        }
    }
    Ok(answer)
}

/// Publishes the first of these blocks, the others being those that come after it.
///
/// If the node does not take it because the account stands at one of them already, then somebody else was faster
/// with this part, and that is as good.
async fn put(blocks: &[Finished], node: &Node) -> Result<(), Stuck> {
    let first = &blocks[0];
    let chain = &first.block.block;
    let Err(mut error) = node.publish(&first.block, first.subtype).await else {
        return Ok(());
    };
    for wait in LOOKS {
        sleep(wait).await;
        let Ok(frontier) = node.frontier(&chain.account).await else { continue };
        if blocks.iter().any(|block| block.hash() == frontier) {
            return Ok(());
        }
        if frontier != chain.previous {
            return if is_below(blocks, node).await {
                Ok(())
            } else {
                Err(Stuck::Overtaken(error))
            };
        }
        if error.node_text().is_some() {
            return Err(Stuck::Refused(error));
        }
        match node.publish(&first.block, first.subtype).await {
            Ok(()) => return Ok(()),
            Err(again) => error = again,
        }
    }
    Err(Stuck::Silent(error))
}

/// Whether the last of these blocks is on the ledger, with others on top of it.
async fn is_below(blocks: &[Finished], node: &Node) -> bool {
    let Some(last) = blocks.last() else { return false };
    matches!(node.fate(&last.hash()).await, Ok(Fate::Confirmed | Fate::Unconfirmed))
}

fn user_stuck(user: &Finished, stuck: Stuck) -> Ending {
    warn!(block = %user.hash(), %stuck, "a user block is not published");
    match stuck {
        // The node's words differ by what it looks at first; what happened is that the race is lost.
        Stuck::Overtaken(_) => Ending::lost(Refusal::UserWorkFailed),
        Stuck::Refused(error) | Stuck::Silent(error) => {
            Ending::failed(Refusal::UserBlockRefused { node: words(&error) })
        }
    }
}

/// The node's own words where it has some.
fn words(error: &RpcError) -> String {
    error.node_text().map_or_else(|| error.to_string(), str::to_owned)
}
