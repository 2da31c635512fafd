//! The market in a browser: the workers that are active now, what is known of them, and payments that they work on.
//!
//! The one idea: a page and a small HTTP API in front of the sender of `p2pow-client` and its journal. Nothing here signs,
//! chooses or pays in a way of its own: a payment is [`Sender::pay`](p2pow_client::Sender::pay) with a key that the page
//! chose before it asked, so whatever is clicked twice, reloaded or killed is paid once. Keys stay in the process.
//!
//! The page is in the binary and asks nobody else. Who asks must show the token and name this machine; a
//! [`Public`](Access::Public) list has no key, no token and no journal. The API is documented in `docs/web.md`.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let net = nano_devnet::Devnet::builder().start().await?;
//! # let (url, temporary) = (net.rpc_url(), tempfile::tempdir()?);
//! # let (url, folder) = (url.as_str(), temporary.path());
//! use p2pow_client::{Config as Hiring, Journal, Market, Nodes};
//! use p2pow_store::SqliteStore;
//! use p2pow_web::{Access, Config, Parts, Token, WebServer};
//!
//! let parts = Parts {
//!     nodes: Nodes::from(nano_rpc::Client::new(url)?),
//!     hiring: Hiring::default(),
//!     journal: Journal::open(folder.join("journal.db"))?,
//!     market: Market::in_memory(),
//!     store: SqliteStore::open(folder.join("web.db"))?.shared(),
//!     signer: None,
//! };
//! let access = Access::Token(Token::generate()?);
//! let listen = "127.0.0.1:0".parse()?; // a port that is free
//! let server = WebServer::bind(Config::new(listen, access), parts).await?;
//! println!("{}", server.link());
//! server.shutdown().await;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod account;
mod api;
mod board;
mod clock;
mod config;
mod desk;
mod front;
mod history;
mod page;
mod payments;
mod refusal;
mod row;
mod server;
mod step;
mod told;
mod view;

pub use p2pow_page::{Token, TokenError};

pub use {
    config::{Access, Config, Trial},
    server::{BindError, Parts, WebServer},
};
