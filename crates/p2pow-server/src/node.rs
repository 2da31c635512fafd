//! The worker's node: what is asked of it, when it is worth asking again, and what it last said of the network.

mod calls;
mod coalesced;
mod network;
mod pulses;

pub(crate) use {
    calls::{Fate, Node, Standing, Taken},
    network::{NetworkView, NetworkWatch},
    pulses::{Pulse, Pulses},
};
