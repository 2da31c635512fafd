//! A typed async client of a Nano node: RPC over HTTP and HTTPS, confirmations over WebSocket.
//!
//! The two implementations of the node, and their versions, write the same thing in different ways. The one idea here
//! is to read all of them into one strict type each, so that nobody above has to know; and to say, where that fails,
//! which action was asked, what was found and what was wanted.
//!
//! ```
//! use nano_rpc::Client;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! # let net = nano_devnet::Devnet::builder().start().await?;
//! # let (url, genesis, nobody) = (net.rpc_url(), net.genesis_account(), "11".repeat(32));
//! # let nobody = nano_primitives::Account::new(nobody.parse()?);
//! let node = Client::builder(&url).header("x-api-key", "…").retries(3).build()?;
//! let info = node.account_info(&genesis).await?.expect("an opened account");
//! assert!(info.is_confirmed());
//! assert_eq!(node.account_info(&nobody).await?, None);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Client`]: a method per action, and [`Client::call`] for any other; time-outs, retries, headers.
//! - [`websocket`]: a subscription that mends itself.
//! - [`answers`]: the readers alone, without I/O.
//!
//! The feature `tls` (on by default) brings HTTPS and secure WebSocket, trusting Mozilla's roots; `native-roots` has it
//! trust the system's as well. Without it such URLs are refused when a client is made. The feature `websocket` (on by
//! default) brings the module of that name.
#![forbid(unsafe_code)]

pub mod answers;
#[cfg(feature = "websocket")]
pub mod websocket;

mod backoff;
mod calls;
mod client;
mod endpoint;
mod error;
mod lenient;
mod reason;
mod request;
mod text;
mod tls;
mod transport;
mod websocket_url;

pub use answers::{
    account::{AccountBalance, AccountInfo, History, HistoryEntry, PerAccount},
    block::{BlockInfo, BlocksInfo, Candidate, ConfirmationInfo},
    network::OtherNetwork,
    node::{ActiveDifficulty, BlockCount, Telemetry, Version, WorkVerdict},
    reader::AnswerError,
    receivable::{Receivable, ReceivableEntry},
};
pub use calls::{HistoryQuery, QualifiedRoot, ReceivableQuery};
pub use client::{Client, ClientBuilder};
pub use error::{ConfigError, NodeError, Refusal, RpcError};
pub use reason::Reason;
pub use request::Request;
pub use websocket_url::WebSocketUrl;
