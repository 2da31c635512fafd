//! A typed async client of a Nano node: RPC over HTTP and HTTPS, confirmations over WebSocket.
//!
//! The two implementations of the node, and their versions, write the same thing in different ways. The one idea here
//! is to read all of them into one strict type each, so that nobody above has to know; and to say, where that fails,
//! which action was asked, what was found and what was wanted.
//!
//! ```
//! use nano_rpc::answers;
//!
//! // Three ways in which nodes say that an account has no blocks yet.
//! let account = "nano_1c54pxrrjtyq6fi6izujs9xr9bewdezg5ogfiin3zfdeuxarr39wffxe711f";
//! for answer in [
//!     r#"{"frontiers":""}"#.to_owned(),
//!     format!(r#"{{"frontiers":{{"{account}":"error: Account not found"}}}}"#),
//!     format!(r#"{{"errors":{{"{account}":"Account not found"}}}}"#),
//! ] {
//!     let frontiers = answers::accounts_frontiers(answer.as_bytes())?;
//!     assert!(frontiers.values().all(Result::is_err));
//! }
//! # Ok::<_, nano_rpc::AnswerError>(())
//! ```
#![forbid(unsafe_code)]

pub mod answers;
pub mod websocket;

mod actions;
mod backoff;
mod client;
mod endpoint;
mod error;
mod lenient;
mod request;
mod text;
mod tls;
mod transport;

pub use actions::{
    PerAccount,
    account::{AccountBalance, AccountInfo},
    block::{BlockInfo, BlocksInfo, Candidate, ConfirmationInfo, QualifiedRoot},
    history::{History, HistoryEntry, HistoryQuery},
    node::{ActiveDifficulty, BlockCount, Telemetry, Version},
    receivable::{Receivable, ReceivableEntry, ReceivableQuery},
    work::WorkVerdict,
};
pub use answers::AnswerError;
pub use client::{Client, ClientBuilder};
pub use error::{ConfigError, NodeError, Refusal, RpcError};
pub use request::Request;
