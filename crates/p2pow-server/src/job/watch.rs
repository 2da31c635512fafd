//! [`watch`]: from the publication to the confirmation. Only a confirmed reward is income.

use super::{phase::Phase, publish::Finished};
use crate::{
    config::Config,
    node::{Fate, Node, Pulses},
};
use nano_primitives::BlockHash;
use nano_rpc::RpcError;
use p2pow_protocol::WorkRequest;
use std::time::Duration;
use tokio::{
    select,
    time::{Instant, sleep_until},
};
use tracing::{debug, warn};

/// How often a reward that is late is looked at, if nothing is heard of its account.
const LATE_LOOK: Duration = Duration::from_secs(60);

/// Watches a published job to its end, and publishes again what a node has dropped. A reward that is late stays
/// watched, more rarely: what is confirmed in the end is income, however late.
pub(super) async fn watch(
    request: &WorkRequest,
    blocks: &[Finished],
    config: &Config,
    node: &Node,
    pulses: &Pulses,
) -> Phase {
    let start = Instant::now();
    select! {
        phase = outcome(request, blocks, start + config.confirm_within, node, pulses) => phase,
        () = sleep_until(start + config.watch_within) => {
            warn!(job = %request.id(), "the reward was not confirmed, and is not watched any more");
            Phase::Failed
        }
    }
}

async fn outcome(
    request: &WorkRequest,
    blocks: &[Finished],
    late: Instant,
    node: &Node,
    pulses: &Pulses,
) -> Phase {
    let mut pulse = pulses.of(request.account());
    let mut pause = Duration::ZERO;
    loop {
        match look(request, blocks, node).await {
            Ok(Some(phase)) => return phase,
            Ok(None) => {}
            Err(error) => warn!(%error, "cannot see whether a reward is confirmed"),
        }
        if pause.is_zero() && Instant::now() >= late {
            warn!(job = %request.id(), "the reward is late, it stays watched");
            pause = LATE_LOOK;
        }
        pulse.next_within(pause).await;
    }
}

/// One look at the reward: confirmed, lost, or neither yet.
async fn look(
    request: &WorkRequest,
    blocks: &[Finished],
    node: &Node,
) -> Result<Option<Phase>, RpcError> {
    match node.fate(&request.id()).await? {
        Fate::Confirmed => return Ok(Some(Phase::Confirmed)),
        Fate::Unconfirmed => return Ok(None),
        Fate::Unknown => {}
    }
    let frontier = node.frontier(&request.account()).await?;
    let Some(missing) = missing(request, blocks, frontier) else {
        return Ok(Some(Phase::Lost));
    };
    for block in missing {
        let again = node.publish(&block.block, block.subtype).await;
        debug!(block = %block.hash(), ?again, "published again what the node had dropped");
    }
    Ok(None)
}

/// The blocks that are not on the chain any more, or `None` if somebody else's stand in their place.
fn missing<'a>(
    request: &WorkRequest,
    blocks: &'a [Finished],
    frontier: BlockHash,
) -> Option<&'a [Finished]> {
    if frontier == request.first().block.previous {
        return Some(blocks);
    }
    let place = blocks.iter().position(|block| block.hash() == frontier)?;
    Some(&blocks[place + 1..])
}
