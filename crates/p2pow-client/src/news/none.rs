//! No WebSocket: the nodes are polled.

use crate::{Config, event::Events};
use nano_primitives::Account;
use std::future::pending;

/// Tells nothing.
pub(crate) struct NoNews;

impl NoNews {
    pub(crate) const fn of(_: Account, _: &Config, _: &Events) -> Self {
        Self
    }

    /// Never comes back.
    pub(crate) async fn next(&mut self) {
        pending().await
    }
}
