//! What the node has to say before any work is done.

use crate::{FrontierPolicy, node::Standing, worker::Worker};
use nano_primitives::{Amount, BlockHash};
use nano_rpc::RpcError;
use p2pow_protocol::{LedgerView, Plan, Receivable, Refusal, WorkRequest, check_ledger, sources};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

/// Seconds after which a node that cannot be reached, or a block that is not confirmed, is worth another try.
const RETRY_AFTER: u64 = 5;

impl Worker {
    /// Checks a request against the ledger and says what its blocks do.
    pub(crate) async fn plan(&self, request: &WorkRequest) -> Result<Plan, Refusal> {
        let standing = self.settled(request).await?;
        let receivables = self.receivables(request, &standing.view).await?;
        let plan = check_ledger(request, &self.terms(), &standing.view, &receivables)?;
        if self.trusts(&standing) {
            Ok(plan)
        } else {
            Err(Refusal::Unconfirmed { retry_after: RETRY_AFTER })
        }
    }

    /// The account's standing, which gets some time to be confirmed if the request stands on it.
    async fn settled(&self, request: &WorkRequest) -> Result<Standing, Refusal> {
        let wait = match self.config.frontier {
            FrontierPolicy::Any => Duration::ZERO,
            FrontierPolicy::Confirmed { wait } => wait,
        };
        let deadline = Instant::now() + wait;
        let mut pulse = self.pulses.of(request.account());
        loop {
            let standing = self.standing(request).await?;
            let is_met = standing.view.frontier == Some(request.first().block.previous);
            if !is_met || self.trusts(&standing) {
                return Ok(standing);
            }
            if timeout_at(deadline, pulse.next()).await.is_err() {
                return Ok(standing);
            }
        }
    }

    fn trusts(&self, standing: &Standing) -> bool {
        standing.is_confirmed || self.config.frontier == FrontierPolicy::Any
    }

    async fn standing(&self, request: &WorkRequest) -> Result<Standing, Refusal> {
        let insists = self.config.frontier != FrontierPolicy::Any;
        self.node.standing(&request.account(), insists).await.map_err(|error| unreachable(&error))
    }

    async fn receivables(
        &self,
        request: &WorkRequest,
        view: &LedgerView,
    ) -> Result<BTreeMap<BlockHash, Receivable>, Refusal> {
        let sources = sources(request, view.balance);
        let least = smallest_rise(request, view.balance);
        let found = self.node.receivables(&request.account(), &sources, least).await;
        found.map_err(|error| unreachable(&error))
    }
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
