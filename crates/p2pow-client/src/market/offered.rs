//! [`Offered`]: the offers that were told a moment ago, so that payments which follow each other do not ask everybody again.
//!
//! A worker that has changed its mind meanwhile refuses the job at once, and the next one is hired: the price that counts
//! is the signed one, and no more is signed than the user wants to pay. So an offer is kept for a short time only to save
//! the question, and forgotten as soon as its worker fails.

use p2pow_protocol::Info;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Offers that are kept, at most; beyond it all are forgotten, which costs a question each.
const MOST: usize = 1024;

/// What a worker told.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) info: Info,
    pub(crate) latency: Duration,
}

/// Offers by where they were told, and when.
#[derive(Debug, Default)]
pub(crate) struct Offered(Mutex<HashMap<SocketAddr, (Instant, Told)>>);

impl Offered {
    /// What the worker offered, if that is not longer ago than this.
    pub(crate) fn get(&self, worker: SocketAddr, within: Duration) -> Option<Told> {
        let offers = self.offers();
        let (at, told) = offers.get(&worker)?;
        (at.elapsed() < within).then(|| told.clone())
    }

    pub(crate) fn remember(&self, worker: SocketAddr, told: Told) {
        let mut offers = self.offers();
        if offers.len() >= MOST {
            offers.clear();
        }
        offers.insert(worker, (Instant::now(), told));
    }

    pub(crate) fn forget(&self, worker: SocketAddr) {
        self.offers().remove(&worker);
    }

    /// Held for a moment only, never across an await.
    fn offers(&self) -> MutexGuard<'_, HashMap<SocketAddr, (Instant, Told)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
