//! [`Shown`]: a task as the REST API and webhooks show it.

use crate::task::{Standing, State, Task, WITHDRAWN};
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_client::Order;
use serde::Serialize;

/// What is said of a task that another server may be at.
const ELSEWHERE: &str = "another server carries it out, or will: it may have signed a block";

/// A task in JSON. What does not apply is left out.
#[derive(Debug, Serialize)]
pub(crate) struct Shown<'a> {
    id: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    wallet: String,
    account: Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<Account>,
    /// The send that is received.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<BlockHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<Account>,
    /// In raw.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Amount>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<BlockHash>,
    /// The block that is signed for one that is queued, and may be confirmed at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_block: Option<BlockHash>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// What is in the way of one that is queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    accepted_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_ms: Option<u64>,
}

impl<'a> Shown<'a> {
    pub(crate) fn new(task: &'a Task, standing: Standing) -> Self {
        let Standing { problem, block: signed_block, is_elsewhere } = standing;
        let problem = match is_elsewhere {
            true => Some(ELSEWHERE.to_owned()),
            false => problem,
        };
        let (kind, amount) = match task.order {
            Order::Send { amount, .. } => ("send", Some(amount)),
            Order::Receive { amount, .. } => ("receive", Some(amount)),
            Order::Change { .. } => ("change", None),
        };
        let mut shown = Self {
            id: task.id.as_str(),
            kind,
            key: task.key.as_deref().and_then(|key| key.strip_prefix("id:")),
            wallet: task.wallet.to_string(),
            account: task.account,
            destination: None,
            source: None,
            representative: None,
            amount,
            state: "queued",
            block: None,
            signed_block,
            error: None,
            problem,
            accepted_ms: task.accepted_ms,
            ended_ms: None,
        };
        match task.order {
            Order::Send { destination, .. } => shown.destination = Some(destination),
            Order::Receive { source, .. } => shown.source = Some(source),
            Order::Change { representative } => shown.representative = Some(representative),
        }
        match &task.state {
            State::Queued => {}
            State::Confirmed { block, ended_ms } => {
                (shown.state, shown.block, shown.ended_ms) =
                    ("confirmed", Some(*block), Some(*ended_ms));
            }
            State::Failed { reason, ended_ms } => {
                (shown.state, shown.error, shown.ended_ms) =
                    ("failed", Some(reason.as_str()), Some(*ended_ms));
            }
            State::Withdrawn { ended_ms } => {
                (shown.state, shown.error, shown.ended_ms) =
                    ("withdrawn", Some(WITHDRAWN), Some(*ended_ms));
            }
        }
        shown
    }

    /// What became of it: queued, confirmed, failed or withdrawn.
    pub(crate) const fn state(&self) -> &'static str {
        self.state
    }

    /// What it does: send, receive or change.
    pub(crate) const fn kind(&self) -> &'static str {
        self.kind
    }
}
