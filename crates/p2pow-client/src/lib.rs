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
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use nano_block::SecretKey;
//! use nano_primitives::Amount;
//! use p2pow_client::{Config, Sender};
//!
//! let alice = SecretKey::from_key_file(&std::fs::read_to_string("alice.key")?)?;
//! let bob = "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo".parse()?;
//!
//! let node = nano_rpc::Client::new("http://127.0.0.1:7076")?;
//! let sender = Sender::new(node, Config::default());
//! let receipt = sender.send(&alice, bob, Amount::from_xno("1")?).await?;
//! println!("sent with block {}", receipt.users[0].hash());
//! # Ok(())
//! # }
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
