//! From the publication to the confirmation: only a confirmed reward is income.

use crate::{Job, Phase, node::Fate, publish::Finished, worker::Worker};
use nano_primitives::BlockHash;
use nano_rpc::RpcError;
use p2pow_protocol::WorkRequest;
use tokio::{
    select,
    time::{Instant, sleep_until},
};
use tracing::{debug, warn};

impl Worker {
    /// Watches a published job to its end, and publishes again what a node has dropped.
    pub(crate) async fn watch(&self, job: &Job, blocks: &[Finished]) {
        let deadline = Instant::now() + self.config.confirm_within;
        select! {
            phase = self.outcome(job.request(), blocks) => job.advance(phase),
            () = sleep_until(deadline) => {
                warn!(job = %job.id(), "the reward was not confirmed in time");
                job.advance(Phase::Failed);
            }
            // A worker that goes down leaves the job published: it may still be confirmed.
            () = self.closed() => {}
        }
    }

    async fn outcome(&self, request: &WorkRequest, blocks: &[Finished]) -> Phase {
        let mut pulse = self.pulses.of(request.account());
        loop {
            match self.look(request, blocks).await {
                Ok(Some(phase)) => return phase,
                Ok(None) => {}
                Err(error) => warn!(%error, "cannot see whether a reward is confirmed"),
            }
            pulse.next().await;
        }
    }

    /// One look at the reward: confirmed, lost, or neither yet.
    async fn look(
        &self,
        request: &WorkRequest,
        blocks: &[Finished],
    ) -> Result<Option<Phase>, RpcError> {
        match self.node.fate(&request.id()).await? {
            Fate::Confirmed => return Ok(Some(Phase::Confirmed)),
            Fate::Unconfirmed => return Ok(None),
            Fate::Unknown => {}
        }
        let frontier = self.node.frontier(&request.account()).await?;
        let Some(missing) = missing(request, blocks, frontier) else {
            return Ok(Some(Phase::Lost));
        };
        for block in missing {
            let again = self.node.publish(&block.block, block.subtype).await;
            debug!(block = %block.hash(), ?again, "published again what the node had dropped");
        }
        Ok(None)
    }
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
