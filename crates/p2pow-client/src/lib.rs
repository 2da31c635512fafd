//! The P2PoW sender: has a Nano account's blocks worked on by hired workers, whom the ledger pays.
//!
//! The one idea: for each hired worker the sender signs a reward block on top of its own. The ledger takes it only
//! after the sender's block, and only one of them, so a worker is paid exactly if it was the one that did the work.
//! Nobody is trusted: work is checked here, the balance is proven by the sender's own last signature, and what
//! happened is what the sender's own node says.
//!
//! What is signed is in a [`Journal`] before it leaves: no payment is made twice, by whatever failure or attack.
//!
//! A payment's way through this crate is payment → walk → account_state → registry → workers → offers → quotes →
//! contract → settlement → request_work. What is known of workers is the [`Market`]'s to remember.
//!
//! ```
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! use nano_block::SecretKey;
//! use nano_primitives::Amount;
//! use p2pow_client::{Config, Sender};
//!
//! # let net = nano_devnet::Devnet::builder().network(nano_block::Network::Dev).start().await?;
//! # let url = net.rpc_url();
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("alice.key");
//! # std::fs::write(&file, format!("# Alice's\n{}\n", *SecretKey::generate()?.expose_hex()))?;
//! let alice = SecretKey::from_key_file(&std::fs::read_to_string(file)?)?;
//! let bob = "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo".parse()?;
//!
//! // Of the live network by default.
//! let config = Config::default();
//! # net.open(&alice, Amount::from_xno("10")?)?;
//! # let local = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
//! # let (node, pool) = (nano_rpc::Client::new(&url)?, nano_pow::Pool::cpu(Some(1)));
//! # let reward_account = SecretKey::generate()?.account();
//! # let listen = vec![local];
//! # let network = nano_block::Network::Dev;
//! # let offer = p2pow_server::Config { listen, reward_account, network, ..Default::default() };
//! # let worker = p2pow_server::Server::bind(offer, node, pool).await?;
//! # let (workers, port) = (vec![local.ip()], worker.local_addr().port());
//! # let config = Config { network, workers, port, allow_local: true, ..config };
//! let sender = Sender::new(nano_rpc::Client::new(&url)?, config);
//! let receipt = sender.send(&alice, bob, Amount::from_xno("1")?).await?;
//! println!("sent with block {}", receipt.users[0].hash());
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod account_state;
mod clock;
mod config;
mod contract;
mod error;
mod event;
mod exclusion;
mod experience;
mod fallback;
mod fate;
mod http;
mod job_state;
mod journal;
mod ledger_record;
mod lessons;
mod market;
mod news;
mod nodes;
mod offers;
mod order;
mod pay;
mod payment;
mod proof;
mod quotes;
mod receipt;
mod refresh;
mod registry;
mod reputation;
mod request_work;
mod sender;
mod settlement;
mod signer;
mod signing_request;
mod walk;
mod worker;
mod workers;

/// What [`Signer::sign`] returns.
pub use futures_util::future::BoxFuture;

pub use {
    config::{Config, Patience, Policy, Search},
    contract::DealError,
    error::{AlreadySigned, Cause, SendError, Unsettled},
    event::{Event, EventStream},
    experience::Experience,
    fate::Fate,
    http::HttpError,
    job_state::JobStateError,
    journal::{Journal, JournalError},
    market::{FeeError, Market},
    nodes::Nodes,
    offers::{Candidate, Listing, Listings, OfferError},
    order::{Order, OrderKey, OrderKeyError},
    payment::Payment,
    proof::StateError,
    quotes::{Estimate, Quote, QuoteError, Ranking, Unfit, Unusable},
    receipt::{DealReport, Hired, Item, Outcome, Paid, Receipt, Reward},
    reputation::{LedgerRecord, Reputation, Standing, UNPROVEN_BLOCKS},
    request_work::WorkError,
    sender::Sender,
    signer::{Signer, SignerError},
    signing_request::{Meaning, RequestError, Role, SigningRequest},
    worker::{Registration, Worker},
};
