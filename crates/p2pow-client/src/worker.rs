//! [`Worker`]: somebody who could be hired, and the [`Registration`] by which it is known.

use nano_primitives::{Account, BlockHash};
use std::net::IpAddr;

/// A worker that could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker {
    /// Where it listens.
    pub address: IpAddr,
    /// How it is known; `None` if the user named the address.
    pub registration: Option<Registration>,
}

/// An entry of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration {
    /// Who registered. It may be the account that is rewarded, or another one.
    pub account: Account,
    /// The block that did it.
    pub block: BlockHash,
    /// Its place in that account's chain.
    pub height: u64,
    /// When the node first saw it, in seconds since 1970, if it knows.
    pub seen: Option<u64>,
}
