//! The P2PoW worker as a library: it takes jobs over HTTP, finds their work, publishes their blocks and is paid.
//!
//! A request comes in by [`Server`]'s routes (`http/`) and becomes a [`Job`] (`job/`), whose life is one sentence in one
//! file, `job/life.rs`: plan → solve → publish → watch. Everything that can be said without the node is said before the
//! node is asked, everything the node can say before any work is done, and all works of a job are found before its first
//! block goes out. Income is counted when a reward is confirmed.
//!
//! A worker needs no private key: it knows its reward account and nothing else. Keys are for [`register`] and [`sweep`] alone.
//!
//! ```
//! use nano_block::Network;
//! use nano_pow::Pool;
//! use p2pow_server::{Config, Server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config {
//!     listen: vec!["127.0.0.1:0".parse()?],
//!     reward_account: "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo".parse()?,
//!     network: Network::Dev,
//!     ..Config::default()
//! };
//! let node = nano_rpc::Client::new("http://127.0.0.1:7076")?;
//! let server = Server::bind(config, node, Pool::cpu(Some(1))).await?;
//! println!("listening on {}", server.local_addr());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod books;
#[doc(hidden)]
pub mod clock;
pub mod public_address;
pub mod register;
pub mod sweep;

mod config;
mod http;
mod job;
mod journal;
mod node;
mod own_account;
mod pricing;
mod server;
mod status;
mod timings;
mod worker;

pub use {
    config::{Config, Contest, FrontierPolicy},
    job::{Job, JobEvent, JobReport, phase::Phase},
    journal::{EndedJob, JournalIn, Unfinished},
    nano_http::{HttpLimits, IpNet, ListenError, Rate, Sockets},
    node::{LastError, NodeStatus, WebSocketStatus},
    own_account::{OwnAccount, OwnAccountError},
    pricing::{Costs, Pricing},
    server::{BindError, Nodes, Server, Watcher},
    status::ServerStatus,
    timings::{Histogram, TimingStatus},
};
