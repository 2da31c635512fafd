//! [`plan`]: what the node has to say before any work is done.

use crate::{
    config::{Config, FrontierPolicy},
    node::{Node, Pulses, Standing},
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

/// Checks a request against the ledger and says what its blocks do.
pub(super) async fn plan(
    request: &WorkRequest,
    config: &Config,
    node: &Node,
    pulses: &Pulses,
) -> Result<Plan, Refusal> {
    let terms = Terms { reward_account: config.reward_account, fee: config.fee };
    let standing = settled(request, config.frontier, node, pulses).await?;
    let receivables = receivables(request, &standing.view, node).await?;
    let plan = check_ledger(request, &terms, &standing.view, &receivables)?;
    if is_trusted(&standing, config.frontier) {
        Ok(plan)
    } else {
        Err(Refusal::Unconfirmed { retry_after: RETRY_AFTER })
    }
}

/// The account's standing, which gets some time to be confirmed if the request stands on it.
async fn settled(
    request: &WorkRequest,
    policy: FrontierPolicy,
    node: &Node,
    pulses: &Pulses,
) -> Result<Standing, Refusal> {
    let (insists, wait) = match policy {
        FrontierPolicy::Any => (false, Duration::ZERO),
        FrontierPolicy::Confirmed { wait } => (true, wait),
    };
    let deadline = Instant::now() + wait;
    let mut pulse = pulses.of(request.account());
    loop {
        let standing = node.standing(&request.account(), insists).await;
        let standing = standing.map_err(|error| unreachable(&error))?;
        let is_met = standing.view.frontier == Some(request.first().block.previous);
        if !is_met || is_trusted(&standing, policy) {
            return Ok(standing);
        }
        if timeout_at(deadline, pulse.next()).await.is_err() {
            return Ok(standing);
        }
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
