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
//! The rules of the ledger and the texts of its refusals are nano_node's. Exchanges with a real
//! node, RsNano 2.0, are replayed by a test, and every difference from them is listed there
//! (`tests/replay/differences.rs`). In short:
//!
//! - Where the recorded node answers HTTP 400 or 422 with plain text, the reference node's JSON
//!   error comes with HTTP 200: `Unable to parse JSON`, `Unknown command`, `Block is invalid`, `Bad
//!   account number` and so on.
//! - As in the reference node: numbers and booleans are read as texts, the old names with `pending`
//!   still answer, difficulties are hexadecimal, `work_validate` compares with the difficulty that
//!   is given, a link may be an account, and a block without `json_block` is a text.
//! - There are no wallets and no work peers: those actions are unknown commands. The work of
//!   `work_generate` is found on this machine's processor, and is given up when the caller hangs
//!   up.
//! - An election is won at once by the one block that came first, with all weight; representatives
//!   are always online.
//! - Everything else that differs has to: who the node is, its keys, its times, and the nonces that
//!   it finds.
//!
//! Shapes of answers that differ between the implementations are chosen with [`Dialect`]. Also:
//!
//! - Work thresholds are those of the network that [`Builder::network`] names; the genesis is the
//!   dev network's always.
//! - Blocks put in with [`Devnet::seed`], [`fund`](Devnet::fund) and [`open`](Devnet::open) need no
//!   work and are confirmed at once. Everything that comes over RPC pays in full.
//! - Connections are kept alive, where the reference node closes each after one answer.
//! - Work in a block is exactly 16 digits; the reference node fills up shorter ones.
#![forbid(unsafe_code)]

mod devnet;
mod dialect;
mod faults;
mod ledger;
mod node;
mod rpc;
mod server;
mod store;
mod told;
mod unchecked;
mod websocket;

pub use {
    devnet::{Builder, Devnet, StartError},
    dialect::Dialect,
    faults::Faults,
    ledger::{
        AccountInfo, BlockRecord, Change, Confirmed, Genesis, Ledger, ProcessError, Receivable,
        RollbackError, UnknownBlock, WorkCheck,
    },
    node::SeedError,
    store::StoreError,
    told::{AccountView, BlockView, Confirmation, ConfirmationKind, Event},
};
