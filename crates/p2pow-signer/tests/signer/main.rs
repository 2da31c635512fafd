//! The signer as its users meet it: what it signs and what not, its socket, and whole payments through it.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // clippy knows test functions, but not what they call

mod chain;
mod deal;
mod policy;
mod rude;
mod socket;
mod town;
