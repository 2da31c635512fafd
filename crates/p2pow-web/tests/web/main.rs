//! The market over its HTTP API and in a real browser, on an embedded network with honest and dishonest workers.

#![allow(clippy::unwrap_used)]

mod browser;
#[path = "../../../p2pow-page/tests/browser/cdp.rs"]
mod cdp;
mod door;
mod http;
mod market;
mod old_peers;
mod paying;
mod town;
