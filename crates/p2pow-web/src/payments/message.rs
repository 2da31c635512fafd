//! [`Message`]: what was said to a worker or by it, word for word.

use crate::clock::unix_ms;
use nano_primitives::excerpt;
use p2pow_client::Event;
use serde::Serialize;
use std::net::IpAddr;

/// Characters that are kept of a message.
const MOST: usize = 64 * 1024;

/// What was said to a worker, or by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Message {
    at_ms: u64,
    address: IpAddr,
    /// The status of its reply; what has none was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    text: String,
}

impl Message {
    pub(super) fn of(event: &Event) -> Option<Self> {
        let (address, status, text) = match event {
            Event::Asked { address, body } => (*address, None, body),
            Event::Replied { address, status, body } => (*address, Some(*status), body),
            _ => return None,
        };
        Some(Self { at_ms: unix_ms(), address, status, text: excerpt(text, MOST) })
    }
}
