//! [`plan`]: what the node has to say before any work is done.

use crate::{
    config::FrontierPolicy,
    node::{Node, Pulse, Standing},
};
use nano_primitives::{Amount, BlockHash};
use nano_rpc::RpcError;
use p2pow_protocol::{
    LedgerView, Plan, Receivable, Refusal, Terms, WorkRequest, check_ledger, sources,
};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

/// Seconds after which a node that cannot be reached, or a block that is not confirmed, is worth another try.
const RETRY_AFTER: u64 = 5;

/// How old an answer may be that somebody else's request was given, if it allows the job.
const LATELY: Duration = Duration::from_millis(500);

/// On what conditions a job is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditions {
    pub(crate) terms: Terms,
    pub(crate) frontier: FrontierPolicy,
}

/// Checks a request against the ledger and says what its blocks do, and how many blocks the account has before them.
pub(super) async fn plan(
    request: &WorkRequest,
    conditions: &Conditions,
    node: &Node,
    pulse: &mut Pulse,
) -> Result<(Plan, u64), Refusal> {
    let Conditions { terms, frontier } = conditions;
    let standing = settled(request, *frontier, node, pulse).await?;
    let receivables = receivables(request, &standing.view, node).await?;
    let plan = check_ledger(request, terms, &standing.view, &receivables)?;
    if is_trusted(&standing, *frontier) {
        Ok((plan, standing.blocks))
    } else {
        Err(Refusal::Unconfirmed { retry_after: RETRY_AFTER })
    }
}

/// The account's standing, which gets some time to be confirmed if the request stands on it.
async fn settled(
    request: &WorkRequest,
    policy: FrontierPolicy,
    node: &Node,
    pulse: &mut Pulse,
) -> Result<Standing, Refusal> {
    let (insists, wait) = match policy {
        FrontierPolicy::Any => (false, Duration::ZERO),
        FrontierPolicy::Confirmed { wait } => (true, wait),
    };
    let arrival = Instant::now();
    let deadline = arrival + wait;
    let mut since = arrival.checked_sub(LATELY).unwrap_or(arrival);
    loop {
        let standing = node.standing(&request.account(), insists, since).await;
        let standing = standing.map_err(|error| unreachable(&error))?;
        let previous = request.first().block.previous;
        let is_met = standing.view.frontier.unwrap_or(BlockHash::ZERO) == previous;
        if is_met && is_trusted(&standing, policy) {
            return Ok(standing);
        }
        // What others were told a moment ago may be out of date.
        if since < arrival {
            since = arrival;
            continue;
        }
        if !is_met {
            return Ok(standing);
        }
        if timeout_at(deadline, pulse.next()).await.is_err() {
            return Ok(standing);
        }
        since = Instant::now();
    }
}

fn is_trusted(standing: &Standing, policy: FrontierPolicy) -> bool {
    standing.is_confirmed || policy == FrontierPolicy::Any
}

async fn receivables(
    request: &WorkRequest,
    view: &LedgerView,
    node: &Node,
) -> Result<BTreeMap<BlockHash, Receivable>, Refusal> {
    let sources = sources(request, view.balance);
    let least = smallest_rise(request, view.balance);
    let found = node.receivables(&request.account(), &sources, least).await;
    found.map_err(|error| unreachable(&error))
}

/// The least that a block of the request claims to receive.
fn smallest_rise(request: &WorkRequest, balance: Amount) -> Amount {
    let after = request.users().iter().map(|user| user.block.balance);
    let before = std::iter::once(balance).chain(after.clone());
    let rises = after.zip(before).filter_map(|(after, before)| after.checked_sub(before));
    rises.filter(|rise| !rise.is_zero()).min().unwrap_or(Amount::ZERO)
}

/// The node's failure is not the client's: it may come again.
fn unreachable(error: &RpcError) -> Refusal {
    warn!(%error, "the node does not answer what a job needs");
    Refusal::NodeUnreachable { retry_after: RETRY_AFTER }
}
