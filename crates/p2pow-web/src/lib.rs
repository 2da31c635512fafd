//! The market in a browser: the workers that are active now, what is known of them, and payments that they work on.
//!
//! The one idea: a page and a small HTTP API in front of the sender of `p2pow-client` and its journal. Nothing here signs,
//! chooses or pays in a way of its own: a payment is [`Sender::pay`](p2pow_client::Sender::pay) with a key that the page
//! chose before it asked, so whatever is clicked twice, reloaded or killed is paid once. Keys stay in the process.
//!
//! The page is in the binary and asks nobody else. Who asks must show the token and name this machine; a
//! [`Public`](Access::Public) list has no key, no token and no journal. The API is documented in `docs/web.md`.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use p2pow_client::{Config as Hiring, Journal, Market, Nodes};
//! use p2pow_store::SqliteStore;
//! use p2pow_web::{Access, Config, Parts, Token, WebServer};
//!
//! let parts = Parts {
//!     nodes: Nodes::from(nano_rpc::Client::new("http://127.0.0.1:7076")?),
//!     hiring: Hiring::default(),
//!     journal: Journal::open("journal.db")?,
//!     market: Market::in_memory(),
//!     store: SqliteStore::open("web.db")?.shared(),
//!     signer: None,
//! };
//! let access = Access::Token(Token::generate()?);
//! let server = WebServer::bind(Config::new("127.0.0.1:7073".parse()?, access), parts).await?;
//! println!("{}", server.link());
//! # Ok(())
//! # }
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
