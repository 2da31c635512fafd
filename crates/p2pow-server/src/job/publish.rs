//! [`publish`]: hands a job's blocks to the node, back to back, the reward last.

use super::{Ending, phase::Phase};
use crate::node::Node;
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

/// Publishes the blocks of a request with these works: what is published, and what its clients are told.
pub(super) async fn publish(
    request: &WorkRequest,
    plan: &Plan,
    works: &[Work],
    node: &Node,
) -> Result<(Vec<Finished>, Answer), Ending> {
    let parts = request.blocks().zip(&plan.steps).zip(works);
    let blocks: Vec<_> =
        parts.map(|((block, step), work)| Finished::new(block, step, *work)).collect();
    let (reward, users) = blocks.split_last().expect("a plan has a step for the reward");
    for place in 0..users.len() {
        let placed = put(&users[place..], node).await;
        placed.map_err(|stuck| user_stuck(&users[place], stuck))?;
    }
    let placed = put(std::slice::from_ref(reward), node).await;
    let answer = Answer {
        users: users.iter().map(|user| user.done).collect(),
        reward: placed.is_ok().then_some(reward.done),
        is_batch: request.is_batch(),
    };
    if let Err(stuck) = placed {
        warn!(block = %reward.hash(), %stuck, "the reward block is not published");
        if !matches!(stuck, Stuck::Silent(_)) {
            return Err(Ending { phase: Phase::Lost, reply: Ok(answer) });
        }
    }
    Ok((blocks, answer))
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
            return Err(Stuck::Overtaken(error));
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
