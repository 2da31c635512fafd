//! The fleet with a real broker. Where there is no `nats-server` the tests say that they were skipped, unless
//! `P2POW_REQUIRE_NATS=1`.

#![allow(clippy::unwrap_used)]

mod broker;
mod cluster;
mod faults;
#[allow(dead_code)] // the rest is used by the tests of the worker's program
mod netns;
mod partition;
mod race;
mod roles;
mod search;
mod security;
mod setup;
mod store;
mod three;
