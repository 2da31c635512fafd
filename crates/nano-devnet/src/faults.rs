//! [`Faults`]: misbehaviour on demand, for tests of those who talk to the node.

use crate::{
    ledger::{RollbackError, UnknownBlock},
    node::{Dropping, Failure, Node, Planned, Rate},
};
use nano_primitives::BlockHash;
use std::{sync::Arc, time::Duration};

/// What the node does wrong, from the next request on. Clones steer the same node.
#[derive(Debug, Clone)]
pub struct Faults {
    node: Arc<Node>,
}

impl Faults {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        Self { node }
    }

    /// Leaves blocks unconfirmed, also those that wait for their confirmation. Turned off again,
    /// the node confirms all that it left.
    pub fn leave_unconfirmed(&self, leave: bool) {
        self.node.faults.plan().leave_unconfirmed = leave;
        if !leave {
            self.node.schedule_backlog();
        }
    }

    /// How long a block waits for its confirmation, for blocks that come from now on.
    pub fn confirmation_delay(&self, delay: Duration) {
        self.node.faults.plan().confirmation_delay = delay;
    }

    /// Confirms a block now, with all that it rests on. Answers what was newly confirmed, in order.
    ///
    /// # Errors
    /// The block is not in the ledger.
    pub fn confirm(&self, hash: &BlockHash) -> Result<Vec<BlockHash>, UnknownBlock> {
        self.node.confirm(hash)
    }

    /// Takes an unconfirmed block out of the ledger, with all that rests on it. Answers what was
    /// taken out, in order.
    ///
    /// # Errors
    /// The block is not in the ledger, or confirmed.
    pub fn rollback(&self, hash: &BlockHash) -> Result<Vec<BlockHash>, RollbackError> {
        self.node.rollback(hash)
    }

    /// Every answer over RPC comes this much later.
    pub fn latency(&self, latency: Duration) {
        self.node.faults.plan().latency = latency;
    }

    /// The next `count` requests over RPC are not carried out; they are answered with `{"error":
    /// text}`.
    pub fn fail_next(&self, count: u32, text: &str) {
        self.plan_failures(count, None, Failure::Error(text.to_owned()));
    }

    /// As [`fail_next`](Self::fail_next), for the next requests of one action.
    pub fn fail_next_of(&self, action: &str, count: u32, text: &str) {
        self.plan_failures(count, Some(action.to_owned()), Failure::Error(text.to_owned()));
    }

    /// The next `count` requests over RPC are not carried out; they are answered with this HTTP
    /// status and plain text, as an overloaded proxy before a node does. A number that is no status
    /// counts as 500.
    pub fn refuse_next(&self, count: u32, status: u16) {
        self.plan_failures(count, None, Failure::Status(status));
    }

    /// This share of the requests, 0 to 1, is not carried out but answered with `{"error": text}`.
    /// The failures are evenly spread, not random: at 0.25 every fourth request fails.
    pub fn error_rate(&self, rate: f64, text: &str) {
        let rate = rate.clamp(0.0, 1.0);
        self.node.faults.plan().rate = Rate { rate, due: 0.0, text: text.to_owned() };
    }

    /// Closes connections, old and new, RPC and WebSocket, without an answer and without carrying
    /// anything out.
    pub fn drop_connections(&self, drop: bool) {
        self.node.faults.dropping.send_modify(|dropping| dropping.connections = drop);
    }

    /// Carries requests over RPC out but closes the connection instead of answering.
    pub fn drop_answers(&self, drop: bool) {
        self.node.faults.dropping.send_modify(|dropping| dropping.answers = drop);
    }

    /// Behaves again. The delay of confirmations stays as it is.
    pub fn clear(&self) {
        self.node.faults.dropping.send_modify(|dropping| *dropping = Dropping::default());
        {
            let mut plan = self.node.faults.plan();
            plan.latency = Duration::ZERO;
            plan.rate = Rate::default();
            plan.failures.clear();
        }
        self.leave_unconfirmed(false);
    }

    fn plan_failures(&self, count: u32, action: Option<String>, failure: Failure) {
        if count > 0 {
            self.node.faults.plan().failures.push_back(Planned { left: count, action, failure });
        }
    }
}
