//! The subcommands, a file each.

pub(crate) mod balance;
pub(crate) mod batch;
pub(crate) mod block;
pub(crate) mod change;
pub(crate) mod demo;
pub(crate) mod devnet;
pub(crate) mod history;
pub(crate) mod key;
pub(crate) mod quote;
pub(crate) mod receive;
pub(crate) mod send;
pub(crate) mod send_all;
pub(crate) mod serve;
#[cfg(unix)]
pub(crate) mod signer;
pub(crate) mod status;
pub(crate) mod web;
pub(crate) mod work;
pub(crate) mod workers;
