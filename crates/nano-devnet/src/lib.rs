//! A Nano network in one process: the ledger rules of a node, its RPC over HTTP and its WebSocket,
//! for development and tests.
//!
//! The ledger is real: a block is accepted or refused as nano_node would, with the node's own
//! words. What a network of nodes would agree on is played by a clock: every block is confirmed a
//! moment after it came. The money is that of Nano's public dev genesis account, whose key
//! everybody knows. On demand the node misbehaves: see [`Faults`].
//!
//! ```
//! use nano_block::SecretKey;
//! use nano_devnet::Devnet;
//! use nano_primitives::Amount;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let net = Devnet::builder().start().await?;
//! let alice = SecretKey::generate()?;
//! net.open(&alice, Amount::from_xno("10")?)?;
//! assert_eq!(net.balance(&alice.account()).to_xno(), "10");
//! println!("{} {}", net.rpc_url(), net.websocket_url());
//! net.shutdown().await;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is as in a node, and what is not
//!
//! - Work thresholds are those of the network that [`Builder::network`] names; the genesis is the
//!   dev network's always.
//! - Blocks put in with [`Devnet::seed`], [`fund`](Devnet::fund) and [`open`](Devnet::open) need no
//!   work and are confirmed at once. Everything that comes over RPC pays in full.
//! - Answers have the shapes of the reference node, or of the second implementation where they
//!   differ: [`Dialect`]. Where the second implementation answers HTTP 400 or 422 with plain text,
//!   the reference node's JSON error is given in both dialects.
//! - There are no wallets, peers, votes or pruning: wallet actions are unknown commands, an
//!   election is won by the one block that came first, and the work of the `work_generate` action
//!   is found on this machine's processor.
//! - Connections are kept alive, where the reference node closes each after one answer.
#![forbid(unsafe_code)]

mod builder;
mod confirm;
mod devnet;
mod dialect;
mod event;
mod faults;
mod ledger;
mod node;
mod rpc;
mod seed;
mod server;
mod store;
mod unchecked;
mod view;
mod websocket;

pub use {
    builder::{Builder, StartError},
    devnet::Devnet,
    dialect::Dialect,
    event::{Confirmation, ConfirmationKind, Event},
    faults::Faults,
    ledger::{
        AccountInfo, BlockRecord, Change, Confirmed, Genesis, Ledger, ProcessError, Receivable,
        RollbackError, UnknownBlock, WorkCheck,
    },
    seed::SeedError,
    store::StoreError,
    view::{AccountView, BlockView},
};
