//! [`JobState`]: how a job stands, as `GET /jobs/<id>` tells it.

use crate::wire;
use alloc::{string::String, vec::Vec};
use nano_primitives::BlockHash;
use serde::{Deserialize, Serialize};

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobState {
    /// The reward block's hash, which names the job.
    pub id: BlockHash,
    /// `queued`, `solving`, `publishing`, `published`, `confirmed`, `lost` or `failed`.
    pub state: String,
    /// Works found.
    pub works_done: usize,
    /// Works needed: one for each user block and one for the reward.
    pub works_needed: usize,
    /// Hashes tried.
    pub hashes: u64,
    /// Seconds to be expected until its works are found, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_seconds: Option<f64>,
    /// Why it was refused, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl JobState {
    /// The JSON body.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        wire::to_json(self)
    }

    /// Whether nothing follows.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(self.state.as_str(), "confirmed" | "lost" | "failed")
    }
}
