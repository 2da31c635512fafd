//! [`lost`]: waits until somebody else's block has made a job worthless. [`Stand`]: where an account stands to a job.

use super::{
    Job,
    phase::Loss,
    queue::Slot,
    solve::{Need, hashes_left},
};
use crate::{
    config::Contest,
    node::{Fate, Node, Pulse},
};
use nano_primitives::BlockHash;
use nano_rpc::RpcError;
use p2pow_protocol::WorkRequest;
use std::time::Duration;
use tokio::join;
use tracing::warn;

/// Where an account stands to a job, as more than half of the nodes see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// So many of the job's blocks are on the ledger, and nothing else is in their place.
    At(usize),
    /// Somebody else's block stands in the place of one of the job's, and so the race is lost, unless that is rolled back.
    Elsewhere(Loss),
    /// The nodes do not agree, or too few answer.
    Unclear,
}

/// Where a frontier is to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frontier {
    /// So many of the job's blocks come before it.
    After(usize),
    Elsewhere,
}

/// Looks where the account stands.
pub(super) async fn look(request: &WorkRequest, node: &Node) -> Result<Stand, RpcError> {
    let frontiers = node.frontiers(&request.account()).await?;
    let places: Vec<Frontier> =
        frontiers.iter().map(|frontier| place(request, *frontier)).collect();
    match node.agreed(&places) {
        Some(Frontier::After(blocks)) => Ok(Stand::At(*blocks)),
        Some(Frontier::Elsewhere) => elsewhere(request, node).await,
        None => Ok(Stand::Unclear),
    }
}

fn place(request: &WorkRequest, frontier: BlockHash) -> Frontier {
    if frontier == request.first().block.previous {
        return Frontier::After(0);
    }
    let place = request.blocks().position(|block| block.hash() == frontier);
    place.map_or(Frontier::Elsewhere, |place| Frontier::After(place + 1))
}

/// By whom a race was lost whose account stands elsewhere; or the account has gone on from the reward. The two questions
/// are asked at once: a device works in vain until they are answered.
async fn elsewhere(request: &WorkRequest, node: &Node) -> Result<Stand, RpcError> {
    let (reward, last) = (request.id(), request.last().hash());
    let (reward, last) = join!(node.fate(&reward), node.fate(&last));
    if reward? != Fate::Unknown {
        return Ok(Stand::At(request.users().len() + 1));
    }
    // In doubt nobody is blamed.
    let is_fork = matches!(last, Ok(Fate::Unknown));
    Ok(Stand::Elsewhere(if is_fork { Loss::Fork } else { Loss::Rival }))
}

/// Whether a race is lost for good, where the account had so many blocks `before` the job's: what others have confirmed
/// there has come as far, and the reward is not below it. Until then a node may roll their blocks back, and
/// whoever has the job's can publish them: the reward may still be paid.
pub(super) async fn is_final(
    request: &WorkRequest,
    before: u64,
    node: &Node,
) -> Result<bool, RpcError> {
    let confirmed = node.confirmed(&request.account()).await?;
    let is_passed = |(blocks, last): &(u64, BlockHash)| {
        *blocks >= before && place(request, *last) == Frontier::Elsewhere
    };
    let passed: Vec<bool> = confirmed.iter().map(is_passed).collect();
    // The reward is looked for after that: if what was seen rests on it, it is there.
    Ok(node.agreed(&passed) == Some(&true) && node.fate(&request.id()).await? == Fate::Unknown)
}

/// How a job's reward is contested once somebody else has published its user blocks.
pub(super) struct Contender<'a> {
    pub(super) contest: Contest,
    pub(super) needs: &'a [Need],
    pub(super) slot: &'a Slot,
    /// How many blocks the account had before the job's, if these may have been published: then blocks of others end it
    /// only for good.
    pub(super) may_be_out: Option<u64>,
}

/// Waits until the account has gone where the job cannot follow, or where it is not worth it: user blocks that somebody
/// else has published leave the reward to be won, where that is contested.
pub(super) async fn lost(
    job: &Job,
    contender: &Contender<'_>,
    node: &Node,
    pulse: &mut Pulse,
) -> Loss {
    loop {
        pulse.next().await;
        if let Some(loss) = is_lost(job, contender, node).await {
            return loss;
        }
    }
}

/// Looks whether the race is lost already.
pub(super) async fn is_lost(job: &Job, contender: &Contender<'_>, node: &Node) -> Option<Loss> {
    let request = job.request();
    match look(request, node).await {
        Ok(Stand::Elsewhere(loss)) => match contender.may_be_out {
            Some(before) => is_final(request, before, node).await.unwrap_or(false).then_some(loss),
            None => Some(loss),
        },
        Ok(Stand::At(place)) if (1..=request.users().len()).contains(&place) => {
            (!contender.goes_on(job)).then_some(Loss::Rival)
        }
        Ok(Stand::At(_) | Stand::Unclear) => None,
        Err(error) => {
            warn!(%error, "cannot see whether the race is lost");
            None
        }
    }
}

impl Contender<'_> {
    /// Whether to go on for the reward when somebody else has begun to publish the user blocks.
    fn goes_on(&self, job: &Job) -> bool {
        match self.contest {
            Contest::Always => true,
            Contest::Never => false,
            Contest::Within(most) => {
                let left = job.seconds_left();
                let left = left.and_then(|left| Duration::try_from_secs_f64(left).ok());
                left.is_none_or(|left| left <= most)
            }
            Contest::Worth { chance } => !self.slot.is_outbid(chance, hashes_left(job, self.needs)),
        }
    }
}
