//! The operator's window on a worker: a second listener, on loopback alone, that shows and changes nothing.
//!
//! [`AdminServer`] serves what a [`Source`] tells of the worker: `/healthz` and `/readyz` for service managers,
//! `/metrics` for Prometheus, `/status` and `/history` as JSON, and a page with charts. The page comes from the binary
//! and asks nobody else. [`AdminClient`] reads the same from another process.
//!
//! It knows nothing of how a worker works: a [`Status`] is all it is told. Whoever asks must name this machine (`Host`)
//! and, for anything but health, show the [`Token`]; pages of other origins get nothing.
//!
//! ```
//! use p2pow_admin::{AdminClient, AdminConfig, AdminServer, Status, Token};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let token = Token::generate()?;
//! let look = || Status { program: "a worker".into(), ..Status::default() };
//! let config = AdminConfig::new("127.0.0.1:0".parse()?, token.clone());
//! let server = AdminServer::bind(config, look).await?;
//! let client = AdminClient::new(server.local_addr(), token);
//! assert_eq!(client.status().await?.program, "a worker");
//! server.shutdown().await;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod client;
mod history;
mod metrics;
mod page;
mod server;
mod status;

pub use {
    client::{AdminClient, ClientError},
    history::{History, Range, Sample},
    nano_http::{ListenError, Sockets},
    p2pow_page::{Token, TokenError},
    server::{AdminConfig, AdminServer, BindError, Source},
    status::{
        Device, Ended, Feed, Fleet, FleetAgent, FleetQuarantine, Histogram, Node, Queue,
        RunningJob, Status, Timings,
    },
};
