//! The P2PoW protocol: messages, fees, registry and the checks a job must pass.
//!
//! P2PoW is delegated proof of work for Nano. A sender signs its own block and, on top of it, a block that pays a
//! worker; the worker finds the work of both and publishes them. The ledger takes the second only after the first, so
//! neither has to trust the other. Everything here is pure: no clock, no network, no node.
//!
//! ```
//! use nano_block::{AccountState, Seed};
//! use nano_primitives::Amount;
//! use p2pow_protocol::{Terms, WorkRequest, check_request};
//!
//! let (alice, worker) = (Seed::from_bytes([1; 32]).derive(0), Seed::from_bytes([2; 32]).derive(0));
//! let fee = Amount::from_xno("0.0001")?;
//! let state = AccountState {
//!     account: alice.account(),
//!     frontier: Some("AB".repeat(32).parse()?),
//!     balance: Amount::from_xno("3")?,
//!     representative: alice.account(),
//! };
//!
//! let user = state.send(worker.account(), Amount::from_xno("1")?)?;
//! let reward = state.after(&user).send(worker.account(), fee)?;
//! let request = WorkRequest::single(user.sign(&alice), reward.sign(&alice));
//!
//! let terms = Terms { reward_account: worker.account(), fee };
//! let received = WorkRequest::parse(&request.to_json(), 1)?;
//! assert_eq!(check_request(&received, &terms), Ok(()));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//! Without the default feature `std` the crate needs no standard library, only `alloc`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod fees;
pub mod registry;

mod answer;
mod info;
mod job;
mod refusal;
mod request;
mod rules;
mod wire;

pub use {
    answer::{Answer, AnswerError, Done},
    info::{DynamicFee, Info, InfoError, NetworkInfo, Offer, QueueInfo, Status},
    job::JobState,
    refusal::{Refusal, RefusalBody},
    request::{EmptyBatch, WorkRequest},
    rules::{LedgerView, Plan, Receivable, Step, Terms, check_ledger, check_request, sources},
    wire::BlockProblem,
};

/// The version of the wire protocol, which old clients compare letter by letter.
pub const VERSION: &str = "2.0.0";

/// The port on which every worker of the registry listens.
pub const DEFAULT_PORT: u16 = 7090;

/// The most bytes of a request body for each block in it.
pub const MAX_BYTES_PER_BLOCK: usize = 8 * 1024;

/// What a worker may say in `features`.
pub mod feature {
    /// Takes a chain of user blocks with one reward (`user_blocks`).
    pub const BATCH: &str = "batch";
    /// Tells how a job stands (`/jobs/<id>`), and answers at once to `Prefer: respond-async`.
    pub const JOBS: &str = "jobs";
}
