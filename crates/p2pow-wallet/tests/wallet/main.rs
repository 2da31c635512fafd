//! The wallet server against an embedded network and real workers, all over real HTTP.
#![allow(clippy::unwrap_used)] // clippy knows test functions, but not what they call

mod documented;
mod door;
mod http;
mod killed;
mod members;
mod money;
mod receiving;
mod rest;
mod schema;
mod shared;
mod town;
mod wallets;
mod webhooks;
