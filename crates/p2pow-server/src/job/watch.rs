//! [`watch`]: from the publication to the confirmation. Only a confirmed reward is income.

use super::{
    ending::Ending,
    phase::Phase,
    publish::Finished,
    race::{self, Stand},
};
use crate::{
    config::Config,
    node::{Fate, Node, Pulse},
};
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
    (node, pulse): (&Node, &mut Pulse),
) -> Ending {
    let start = Instant::now();
    let late = start + config.confirm_within;
    select! {
        ending = outcome(request, blocks, late, (node, pulse)) => ending,
        () = sleep_until(start + config.watch_within) => {
            warn!(job = %request.id(), "the reward was not confirmed, and is not watched any more");
            Ending::silent(Phase::Failed)
        }
    }
}

async fn outcome(
    request: &WorkRequest,
    blocks: &[Finished],
    late: Instant,
    (node, pulse): (&Node, &mut Pulse),
) -> Ending {
    let mut pause = Duration::ZERO;
    loop {
        match look(request, blocks, node).await {
            Ok(Some(ending)) => return ending,
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
) -> Result<Option<Ending>, RpcError> {
    match node.fate(&request.id()).await? {
        Fate::Confirmed => return Ok(Some(Ending::silent(Phase::Confirmed))),
        Fate::Unconfirmed => return Ok(None),
        Fate::Unknown => {}
    }
    match race::look(request, node).await? {
        Stand::Elsewhere(loss) => {
            return Ok(Some(Ending { loss: Some(loss), ..Ending::silent(Phase::Lost) }));
        }
        Stand::At(place) => {
            let missing = blocks.get(place..).unwrap_or_default();
            let missing: Vec<_> =
                missing.iter().map(|block| (block.block, block.subtype)).collect();
            let again = node.publish(&missing).await;
            debug!(job = %request.id(), place, ?again, "published again what a node had dropped");
        }
        Stand::Unclear => {}
    }
    Ok(None)
}
