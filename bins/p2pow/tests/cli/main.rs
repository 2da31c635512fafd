//! The program as scripts and people call it: formats, exit codes, errors.
#![allow(clippy::unwrap_used)] // clippy knows test functions, but not what they call

mod accounts;
mod block;
mod demo;
mod devnet;
mod dice;
mod key;
mod key_files;
mod money;
mod never_twice;
mod pocket;
mod program;
mod serve;
mod serve_and_send;
mod serve_killed;
mod signer;
mod till;
mod town;
mod usage;
mod wallet;
mod web;
mod work;
mod workers;
