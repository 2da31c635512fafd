//! The calls of a [`Client`]: what is asked, a method per action. Here those about the node itself.

mod ledger;
mod work;

pub use ledger::{HistoryQuery, QualifiedRoot, ReceivableQuery};

use crate::{ActiveDifficulty, BlockCount, Client, Request, RpcError, Telemetry, Version, answers};
use std::time::Duration;

/// The calls about the node.
impl Client {
    /// What the node is.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn version(&self) -> Result<Version, RpcError> {
        self.ask(Request::new("version"), answers::version).await
    }

    /// How long the node runs.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn uptime(&self) -> Result<Duration, RpcError> {
        self.ask(Request::new("uptime"), answers::uptime).await
    }

    /// How many blocks the node has.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn block_count(&self) -> Result<BlockCount, RpcError> {
        self.ask(Request::new("block_count"), answers::block_count).await
    }

    /// What the node reports of itself.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn telemetry(&self) -> Result<Telemetry, RpcError> {
        self.ask(Request::new("telemetry"), answers::telemetry).await
    }

    /// The network's thresholds.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn active_difficulty(&self) -> Result<ActiveDifficulty, RpcError> {
        self.ask(Request::new("active_difficulty"), answers::active_difficulty).await
    }
}
