//! [`Market`]: what a sender remembers of the workers, kept in a [`Store`] between payments and runs.
//!
//! It remembers what the registry holds, who answered when, what each worker did, how often newcomers were tried, and
//! what was spent on fees. All but the last are hints: a memory that cannot be read or written makes the sender choose
//! worse, and never stops a payment.

mod fees;
mod notes;
mod offered;
mod pruned;
mod trials;

pub use fees::FeeError;
pub(crate) use offered::{Offered, Told};

use crate::{Experience, LedgerRecord, registry::Scan};
use nano_primitives::Account;
use p2pow_store::{LogStore, Store};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// What a sender remembers of the workers. Clones share it.
#[derive(Debug, Clone)]
pub struct Market(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Option<Arc<dyn Store>>,
    /// The last scan of the registry, for payments that follow each other.
    scanned: Mutex<Option<(Instant, Arc<Scan>)>>,
    /// The offers of a moment ago.
    offered: Offered,
}

/// What is known of an address.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Contact {
    /// When it was asked last, in seconds since 1970.
    pub(crate) asked: u64,
    /// When it made an offer last.
    pub(crate) answered: Option<u64>,
    /// How often it did not since.
    pub(crate) misses: u32,
    /// What was bad about its work, whichever account it named.
    pub(crate) experience: Experience,
}

/// What is known of an account that is paid for the work of an address.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    pub(crate) experience: Experience,
    pub(crate) ledger: Option<LedgerRecord>,
}

/// A worker as the market knows it: where it is, and whom it has paid.
pub(crate) type Name = (IpAddr, Account);

/// What is remembered, at one time.
#[derive(Debug, Default)]
pub(crate) struct Recollection {
    pub(crate) contacts: BTreeMap<IpAddr, Contact>,
    pub(crate) records: BTreeMap<Name, Record>,
}

impl Market {
    /// A market remembered in this store, which many senders and processes may share.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::of(Some(store))
    }

    /// A market that is forgotten with this value.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::of(Some(LogStore::in_memory().shared()))
    }

    fn of(store: Option<Arc<dyn Store>>) -> Self {
        let (scanned, offered) = (Mutex::default(), Offered::default());
        Self(Arc::new(Inner { store, scanned, offered }))
    }

    pub(crate) fn store(&self) -> Option<&Arc<dyn Store>> {
        self.0.store.as_ref()
    }

    /// The offers of a moment ago.
    pub(crate) fn offered(&self) -> &Offered {
        &self.0.offered
    }

    /// The last scan, if it is not older than this.
    pub(crate) fn scanned(&self, within: Duration) -> Option<Arc<Scan>> {
        let scanned = self.0.scanned.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, scan) = scanned.as_ref()?;
        (at.elapsed() < within).then(|| Arc::clone(scan))
    }

    pub(crate) fn remember_scan(&self, scan: &Arc<Scan>) {
        let mut scanned = self.0.scanned.lock().unwrap_or_else(PoisonError::into_inner);
        *scanned = Some((Instant::now(), Arc::clone(scan)));
    }
}
