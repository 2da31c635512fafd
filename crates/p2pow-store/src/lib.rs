//! Records that survive `kill -9`, behind one small trait: what journals and queues about money are written over.
//!
//! A [`Store`] holds JSON records by bucket and key. Each write names the revision that it replaces, or that there is
//! none yet, and fails if it is another: so two writers never undo each other's work, and creating a record is at the
//! same time the exclusive right to what it stands for. A write is durable when it is answered. There are no
//! transactions over several records, because not every store can have them; whoever needs two records writes them in
//! an order that is right at every point between. [`Store::note_all`] writes several in an order, as quickly as it can.
//!
//! [`SqliteStore`] (feature `sqlite`, on by default) keeps them in one file on this machine, which `sqlite3` can open and
//! many processes can share. [`LogStore`] is for small devices: a log file for one process, or memory alone. [`Records`]
//! is the typed view of a bucket. [`Owners`] tells several who share a store which of them are there.
//!
//! ```
//! use p2pow_store::{LogStore, Records, StoreError};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! struct Job {
//!     phase: String,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let jobs = Records::<Job>::new(LogStore::in_memory().shared(), "job");
//! let created = jobs.create("A", &Job { phase: "queued".into() }).await?;
//! jobs.update("A", &Job { phase: "solving".into() }, created).await?;
//!
//! // Who still thinks that it is queued is told so, and changes nothing.
//! let late = jobs.update("A", &Job { phase: "failed".into() }, created).await;
//! assert!(matches!(late, Err(StoreError::Conflict { .. })));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod around;
mod claim;
mod claimed;
pub mod contract;
pub mod crash;
mod error;
mod log;
mod owners;
mod record;
mod records;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;

pub use {
    around::{Around, Call, Kind},
    claim::Claim,
    claimed::Claimed,
    error::StoreError,
    log::LogStore,
    owners::Owners,
    record::{Change, Expect, MAX_KEY_BYTES, MAX_VALUE_BYTES, Note, Page, Record, Revision},
    records::{Entry, Records},
    store::{BoxFuture, Store, check_name, check_value},
};

#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
