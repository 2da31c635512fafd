//! Confirmation: what a network of voting nodes would do, played by a clock.

use crate::node::Node;
use nano_primitives::BlockHash;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

impl Node {
    /// Has the block confirmed after the delay, unless blocks are to be left unconfirmed.
    pub(crate) fn schedule_confirmation(self: &Arc<Self>, hash: BlockHash) {
        if self.faults.leaves_unconfirmed() {
            return;
        }
        match self.faults.confirmation_delay() {
            Duration::ZERO => self.confirm_if_there(&hash),
            delay => {
                self.runtime.spawn(confirm_later(Arc::downgrade(self), hash, delay));
            }
        }
    }

    /// Has everything confirmed that is not: what an earlier run left, or what was left on purpose.
    pub(crate) fn schedule_backlog(self: &Arc<Self>) {
        let backlog: Vec<_> = self.state().ledger.unconfirmed().copied().collect();
        for hash in backlog {
            self.schedule_confirmation(hash);
        }
    }

    fn confirm_if_there(&self, hash: &BlockHash) {
        if self.confirm(hash).is_err() {
            tracing::debug!(%hash, "gone before it was confirmed");
        }
    }
}

/// Holds the node weakly, so that a long delay does not keep it alive.
async fn confirm_later(node: Weak<Node>, hash: BlockHash, delay: Duration) {
    tokio::time::sleep(delay).await;
    if let Some(node) = node.upgrade()
        && !node.faults.leaves_unconfirmed()
    {
        node.confirm_if_there(&hash);
    }
}
