//! [`lost`]: waits until somebody else's block has made a job worthless. [`Stand`]: where an account stands to a job.

use super::{Job, ending::Loss};
use crate::{
    config::Contest,
    node::{Fate, Node, Pulse},
};
use nano_primitives::BlockHash;
use nano_rpc::RpcError;
use p2pow_protocol::WorkRequest;
use std::time::Duration;
use tracing::warn;

/// Where an account stands to a job, as more than half of the nodes that answer see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// So many of the job's blocks are on the ledger, and nothing else is in their place.
    At(usize),
    /// Somebody else's block stands in the place of one of the job's.
    Elsewhere,
    /// The nodes do not agree.
    Unclear,
}

/// Looks where the account stands.
pub(super) async fn look(request: &WorkRequest, node: &Node) -> Result<Stand, RpcError> {
    let frontiers = node.frontiers(&request.account()).await?;
    let stands: Vec<Stand> = frontiers.iter().map(|frontier| stand(request, *frontier)).collect();
    let agreed = stands
        .iter()
        .find(|stand| 2 * stands.iter().filter(|other| other == stand).count() > stands.len());
    match agreed.copied().unwrap_or(Stand::Unclear) {
        // The account may have gone on from the reward: that is no loss, and in doubt it is not known.
        Stand::Elsewhere if node.fate(&request.id()).await? != Fate::Unknown => {
            Ok(Stand::At(request.users().len() + 1))
        }
        stand => Ok(stand),
    }
}

fn stand(request: &WorkRequest, frontier: BlockHash) -> Stand {
    if frontier == request.first().block.previous {
        return Stand::At(0);
    }
    let place = request.blocks().position(|block| block.hash() == frontier);
    place.map_or(Stand::Elsewhere, |place| Stand::At(place + 1))
}

/// Waits until the account has gone where the job cannot follow, or where it is not worth it: user blocks that somebody
/// else has published leave the reward to be won, where that is contested.
pub(super) async fn lost(job: &Job, contest: Contest, node: &Node, pulse: &mut Pulse) -> Loss {
    loop {
        pulse.next().await;
        if let Some(loss) = is_lost(job, contest, node).await {
            return loss;
        }
    }
}

/// Looks whether the race is lost already.
pub(super) async fn is_lost(job: &Job, contest: Contest, node: &Node) -> Option<Loss> {
    let request = job.request();
    match look(request, node).await {
        Ok(Stand::Elsewhere) => Some(loss(request, node).await),
        Ok(Stand::At(place)) if (1..=request.users().len()).contains(&place) => {
            (!is_worth(contest, job.seconds_left())).then_some(Loss::Rival)
        }
        Ok(Stand::At(_) | Stand::Unclear) => None,
        Err(error) => {
            warn!(%error, "cannot see whether the race is lost");
            None
        }
    }
}

/// Whether to go on for the reward when somebody else has begun to publish the user blocks.
fn is_worth(contest: Contest, seconds_left: Option<f64>) -> bool {
    match contest {
        Contest::Always => true,
        Contest::Never => false,
        Contest::Within(most) => {
            let left = seconds_left.and_then(|left| Duration::try_from_secs_f64(left).ok());
            left.is_none_or(|left| left <= most)
        }
    }
}

/// By whom a race was lost whose account stands elsewhere.
pub(super) async fn loss(request: &WorkRequest, node: &Node) -> Loss {
    match node.fate(&request.last().hash()).await {
        Ok(Fate::Unknown) => Loss::Fork,
        // In doubt nobody is blamed.
        Ok(_) | Err(_) => Loss::Rival,
    }
}
