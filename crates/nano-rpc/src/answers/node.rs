//! What nodes answer about themselves and about work: [`Version`], [`BlockCount`], [`Telemetry`], [`ActiveDifficulty`],
//! [`WorkVerdict`].

use crate::lenient::{self, Text};
use nano_primitives::{BlockHash, Difficulty, Work};
use serde::Deserialize;
use std::time::Duration;

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Version {
    /// The version of the RPC.
    #[serde(deserialize_with = "lenient::number")]
    pub rpc_version: u64,
    /// The version of the database.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub store_version: Option<u64>,
    /// The version of the peer-to-peer protocol.
    #[serde(deserialize_with = "lenient::number")]
    pub protocol_version: u64,
    /// The node's name and version, as `Nano V28.2`.
    #[serde(deserialize_with = "lenient::text")]
    pub node_vendor: String,
    /// The network's name: live, beta, test, dev.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub network: Option<String>,
    /// The hash of the network's genesis block.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub network_identifier: Option<BlockHash>,
    /// How the node was built.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub build_info: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct UptimeWire {
    #[serde(deserialize_with = "lenient::number")]
    seconds: u64,
}

impl From<UptimeWire> for Duration {
    fn from(wire: UptimeWire) -> Self {
        Self::from_secs(wire.seconds)
    }
}

/// How many blocks a node has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BlockCount {
    /// In the ledger.
    #[serde(deserialize_with = "lenient::number")]
    pub count: u64,
    /// Set aside until a block is there that they need.
    #[serde(deserialize_with = "lenient::number")]
    pub unchecked: u64,
    /// Confirmed.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub cemented: Option<u64>,
}

/// What a node reports of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Telemetry {
    /// Blocks in the ledger.
    #[serde(deserialize_with = "lenient::number")]
    pub block_count: u64,
    /// Confirmed blocks.
    #[serde(deserialize_with = "lenient::number")]
    pub cemented_count: u64,
    /// Blocks set aside until another one is there.
    #[serde(deserialize_with = "lenient::number")]
    pub unchecked_count: u64,
    /// Opened accounts.
    #[serde(deserialize_with = "lenient::number")]
    pub account_count: u64,
    /// The limit of outgoing traffic, in bytes a second; 0 for none.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub bandwidth_cap: Option<u64>,
    /// How long the node runs, in seconds.
    #[serde(deserialize_with = "lenient::number")]
    pub uptime: u64,
    /// Nodes that it is connected to.
    #[serde(deserialize_with = "lenient::number")]
    pub peer_count: u64,
    /// The version of the peer-to-peer protocol.
    #[serde(deserialize_with = "lenient::number")]
    pub protocol_version: u64,
    /// The hash of the network's genesis block.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub genesis_block: Option<BlockHash>,
    /// The first part of the node's version.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub major_version: Option<u64>,
    /// The second part of the node's version.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub minor_version: Option<u64>,
    /// The third part of the node's version.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub patch_version: Option<u64>,
    /// When this was measured, in milliseconds or seconds since 1970, as the node likes.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub timestamp: Option<u64>,
    /// A constant of the network nowadays.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub active_difficulty: Option<Difficulty>,
    /// The node's key as `node_…`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub node_id: Option<String>,
}

/// The network's thresholds. Constants since the reference node's version 22.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ActiveDifficulty {
    /// The threshold of sends and changes.
    #[serde(deserialize_with = "lenient::text")]
    pub network_minimum: Difficulty,
    /// The threshold of receives.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub network_receive_minimum: Option<Difficulty>,
    /// The same as the minimum nowadays.
    #[serde(deserialize_with = "lenient::text")]
    pub network_current: Difficulty,
    /// The same as the minimum nowadays.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub network_receive_current: Option<Difficulty>,
    /// 1 nowadays.
    #[serde(deserialize_with = "lenient::number")]
    pub multiplier: f64,
}

/// An answer whose content says nothing, as `{"success":""}`.
#[derive(Deserialize)]
pub(crate) struct DoneWire {
    #[serde(default)]
    #[allow(dead_code)] // read so that another type is an error
    success: Option<Text<String>>,
}

impl From<DoneWire> for () {
    fn from(_: DoneWire) -> Self {}
}

#[derive(Deserialize)]
pub(crate) struct WorkWire {
    #[serde(deserialize_with = "lenient::text")]
    work: Work,
}

impl From<WorkWire> for Work {
    fn from(wire: WorkWire) -> Self {
        wire.work
    }
}

/// What a node says of some work, by the thresholds of its own network.
///
/// RsNano judges `valid` wrongly. To be sure, compare [`Work::value`] with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct WorkVerdict {
    /// Whether it reaches the difficulty that was given; `None` if none was.
    #[serde(default, deserialize_with = "lenient::optional_flag")]
    pub valid: Option<bool>,
    /// Whether it is enough for every kind of block.
    #[serde(default, deserialize_with = "lenient::optional_flag")]
    pub valid_all: Option<bool>,
    /// Whether it is enough for a receive.
    #[serde(default, deserialize_with = "lenient::optional_flag")]
    pub valid_receive: Option<bool>,
}
