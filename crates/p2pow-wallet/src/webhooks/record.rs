//! [`Delivery`]: what the store holds of a delivery.

use crate::clock;
use serde::{Deserialize, Serialize};

/// One end of one task, for one webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    /// A hash of the webhook's URL.
    pub(crate) hook: String,
    /// The server that sends it, where several share the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    /// What is sent, to the letter: its signature is over this.
    pub(crate) body: String,
    pub(crate) status: Status,
    pub(crate) attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_error: Option<String>,
    pub(crate) created_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_ms: Option<u64>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Open,
    Delivered,
    GivenUp,
}

impl Delivery {
    pub(crate) fn new(id: String, hook: String, body: String, owner: Option<String>) -> Self {
        Self {
            id,
            hook,
            owner,
            body,
            status: Status::Open,
            attempts: 0,
            last_error: None,
            created_ms: clock::now_ms(),
            ended_ms: None,
        }
    }
}
