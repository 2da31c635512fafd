//! The sender against an embedded network, real workers, lying workers and lying nodes, all over real HTTP.
#![allow(clippy::unwrap_used)] // clippy knows test functions, but not what they call

mod chaos;
mod crash;
mod deals;
mod fake;
mod hiring;
mod liars;
mod market;
mod money;
mod nodes;
mod notary;
mod queue;
mod registry;
mod resume;
mod several;
mod signer;
mod terms;
mod together;
mod town;
