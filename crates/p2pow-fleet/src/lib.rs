//! Many machines, one worker: agents search for others over NATS.
//!
//! One idea runs through the crate: *an order is a lease*. It is sent again while it is wanted and forgotten where it is
//! not heard of, so that a front end, an agent or the broker may die at any moment and nobody has to clean up. What
//! agents propose is checked by whoever ordered it; an agent that lies can waste time, and is left alone.
//!
//! - [`Agent`] puts the devices of a machine at a fleet's disposal.
//! - [`FleetBackend`] makes one device of all agents, for a [`Pool`](nano_pow::Pool).
//! - [`Watcher`] tells who is there.
//! - [`JetStreamStore`] keeps records in the brokers of a cluster, behind the same trait as a file of SQLite.
//! - [`Lease`] is the right to do what one alone may do at a time, over any store; [`Presence`] makes one of several
//!   front ends that share a journal.
//!
//! The broker is NATS: nothing in here elects, replicates or queues. `docs/fleet.md` has the subjects and messages.
//! What follows needs a broker with an agent behind it, so it is compiled and not run.
//!
//! ```no_run
//! use nano_pow::{Pool, Puzzle};
//! use nano_primitives::{Difficulty, Root};
//! use p2pow_fleet::{Broker, FleetBackend, Name};
//!
//! let broker = Broker::new(["nats://broker.example:4222"], "p2pow".parse()?)?;
//! let pool = Pool::new(vec![Box::new(FleetBackend::start(&broker, Name::random("front"))?)]);
//! let puzzle = Puzzle::new(Root::from_bytes([7; 32]), Difficulty::from_u64(0xfff0_0000_0000_0000));
//! let solution = pool.submit(puzzle).wait()?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod agent;
mod backend;
mod broker;
mod desk;
mod front;
mod gauge;
mod jetstream;
mod lease;
mod message;
mod name;
mod presence;
mod roster;
mod status;
mod subject;

pub use {
    agent::{Agent, AgentStatus},
    backend::FleetBackend,
    broker::{Broker, BrokerError, Credentials},
    front::{FleetError, Strength},
    gauge::{AgentStanding, FrontStatus, Histogram},
    jetstream::JetStreamStore,
    lease::Lease,
    message::{AgentBeat, FrontBeat, Quarantined},
    name::{Name, NameError},
    presence::{JoinError, LeaseView, Presence, leases},
    status::{FleetStatus, Watcher},
};
