//! The worker's node: what is asked of it, when it is worth asking again, and what it last said of the network.

mod calls;
mod coalesced;
mod health;
mod network;
mod pulses;

pub use health::{LastError, NodeStatus, WebSocketStatus};
pub(crate) use {
    calls::{Fate, Node, Standing, Taken},
    network::{NetworkView, NetworkWatch},
    pulses::{Pulse, Pulses},
};
