//! Proof of work for Nano: find a nonce whose value for a root reaches a threshold.
//!
//! One idea runs through the crate: *nothing that a device says is believed*. A [`Backend`] only
//! proposes nonces; a [`Solution`] exists only after the plain definition of the puzzle
//! ([`Work::value`]) has confirmed it. Kernels and devices may therefore be as clever as they like,
//! and a wrong one costs time, never a wrong answer.
//!
//! A [`Pool`] gives all its devices to one root at a time, because whoever waits for work waits for
//! its latency.
//!
//! ```
//! use nano_pow::{Pool, Puzzle};
//! use nano_primitives::{Difficulty, Root};
//!
//! let pool = Pool::cpu(None);
//! let puzzle = Puzzle::new(Root::from_bytes([7; 32]), Difficulty::from_u64(0xfff0_0000_0000_0000));
//! let solution = pool.submit(puzzle).wait()?; // or `.await`: a ticket is a future
//! assert!(solution.work().value(&puzzle.root) >= puzzle.threshold);
//! # Ok::<_, nano_pow::PoolError>(())
//! ```
//!
//! Features: `cpu` and `pool`, on by default, and `gpu`. Without any, the crate is the puzzle and the traits.
//!
//! [`Work::value`]: nano_primitives::Work::value

// What one feature alone does not use, the others do.
#![cfg_attr(not(all(feature = "cpu", feature = "pool")), allow(dead_code))]

mod backend;
#[cfg(any(feature = "cpu", feature = "gpu"))]
#[macro_use]
mod blake2b;
#[cfg(feature = "cpu")]
pub mod cpu;
#[cfg(feature = "gpu")]
pub mod gpu;
mod nonces;
#[cfg(feature = "pool")]
pub mod pool;
mod puzzle;
mod task;

pub use backend::{Backend, BackendError, BackendFn, DeviceInfo, backend_fn, measure};
#[cfg(feature = "cpu")]
pub use cpu::CpuBackend;
pub use nonces::NonceRange;
#[cfg(feature = "pool")]
pub use pool::{Pool, PoolError, Progress, ProgressHandle, SearchRequest, Ticket};
pub use puzzle::{Puzzle, Solution, WrongWork};
pub use task::{Stop, Task};
