//! The `work_generate` protocol of Nano nodes and work servers, spoken both ways.
//!
//! One idea in two directions: a pool of devices is a server to others, and a server is a device to a pool.
//! [`WorkServer`] answers from a [`Pool`](nano_pow::Pool) of devices: a drop-in for nano-work-server, and a work peer for
//! nodes. [`RemoteBackend`] makes a device of any server that speaks the protocol.
//!
//! ```
//! use nano_pow::{Puzzle, Pool};
//! use nano_primitives::{Difficulty, Root};
//! use nano_rpc::Client;
//! use nano_work::{RemoteBackend, WorkServer, WorkServerConfig};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let config = WorkServerConfig { listen: "127.0.0.1:0".parse()?, ..WorkServerConfig::default() };
//! let server = WorkServer::bind(config, Pool::cpu(None)).await?;
//!
//! let peer = Client::new(&format!("http://{}", server.local_addr()))?;
//! let pool = Pool::new(vec![Box::new(RemoteBackend::new(&peer)?)]);
//! let job = Puzzle::new(Root::from_bytes([7; 32]), Difficulty::from_u64(0xfff0_0000_0000_0000));
//! let solution = pool.submit(job).await?;
//! assert!(solution.work().value(&job.root) >= job.threshold);
//! server.shutdown().await;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod access;
mod answer;
mod command;
mod config;
mod jobs;
mod pages;
mod refusal;
mod remote;
mod server;
mod service;

pub use {
    access::{CallerLimits, Key, KeyError},
    config::WorkServerConfig,
    remote::{RemoteBackend, RemoteError},
    server::{BindError, WorkServer},
};

pub use nano_http::{HttpLimits, IpNet, ListenError, Rate};
