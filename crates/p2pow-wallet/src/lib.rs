//! The wallet RPC of a Nano node, with work from P2PoW: what exchanges and shops integrate with, without a node's wallet.
//!
//! The one idea: everything that moves money is a task in a line of its account, stored before it is accepted, and the
//! line is the only way to the sender. So whatever is asked twice, or killed in the middle, is paid once. Keys are sealed
//! at rest. What is no wallet's business goes to the node behind, so that an integration changes one URL.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let net = nano_devnet::Devnet::builder().start().await?;
//! # let (url, temporary) = (net.rpc_url(), tempfile::tempdir()?);
//! # let (url, folder) = (url.as_str(), temporary.path());
//! use p2pow_client::{Journal, Sender};
//! use p2pow_store::SqliteStore;
//! use p2pow_wallet::{Config, Parts, WalletServer};
//!
//! let node = nano_rpc::Client::new(url)?;
//! let sender = Sender::new(node.clone(), p2pow_client::Config::default())
//!     .with_journal(Journal::open(folder.join("journal.db"))?);
//! let store = SqliteStore::open(folder.join("wallet.db"))?.shared();
//! let password = p2pow_keystore::Password::new("correct horse battery staple")?;
//! let parts = Parts { node, sender, store, owners: None, password };
//! let config = Config { listen: vec!["127.0.0.1:0".parse()?], ..Config::default() }; // a port that is free
//! let server = WalletServer::bind(config, parts).await?;
//! println!("the wallet RPC is at http://{}", server.local_addrs()[0]);
//! server.shutdown().await;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod access;
mod clock;
mod config;
mod ear;
mod metrics;
mod payer;
mod receivable;
mod receiver;
mod refusal;
mod reply;
mod rest;
mod rpc;
mod secrets;
mod server;
mod service;
mod shown;
mod task;
mod tasks;
mod wallets;
mod webhooks;

pub use p2pow_keystore::{Cost, Password};

pub use {
    config::{Config, Token, TokenError, Webhook},
    secrets::SecretsError,
    server::{BindError, Parts, WalletServer},
    task::{NoRandom, TaskId},
    wallets::{WalletError, WalletId, WalletIdError},
};
