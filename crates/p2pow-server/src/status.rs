//! What the operator wants to know.

use crate::{Job, Phase, worker::Worker};
use nano_primitives::Amount;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A look at a worker.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ServerStatus {
    /// Jobs that wait or are worked on.
    pub busy: usize,
    /// Jobs in flight, those included that only wait for their confirmation.
    pub in_flight: usize,
    /// Nonces tried since the pool is there.
    pub hashes: u64,
    /// Hashes per second: by the pool's own work, or as measured before the start.
    pub hashrate: Option<f64>,
    /// Jobs whose reward is confirmed.
    pub won: u64,
    /// Jobs that somebody else's blocks made worthless.
    pub lost: u64,
    /// Jobs that the ledger did not allow, or that broke.
    pub failed: u64,
    /// What the confirmed rewards have paid.
    pub income: Amount,
    /// Why the node cannot be reached, if it cannot.
    pub node_error: Option<String>,
}

/// How jobs ended.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    won: u64,
    lost: u64,
    failed: u64,
    income: Amount,
}

impl Tally {
    /// Counts a job that is at its end. One that is still open when the worker goes down counts nowhere.
    pub(crate) fn count(&self, job: &Job) {
        let mut counts = self.lock();
        match job.phase() {
            Phase::Confirmed => {
                let paid = job.request().paid().unwrap_or(Amount::ZERO);
                counts.won += 1;
                counts.income = counts.income.checked_add(paid).unwrap_or(Amount::MAX);
            }
            Phase::Lost => counts.lost += 1,
            Phase::Failed => counts.failed += 1,
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    pub(crate) fn status(&self) -> ServerStatus {
        let Counts { won, lost, failed, income } = *self.tally.lock();
        ServerStatus {
            busy: self.busy(),
            in_flight: self.table.jobs().len(),
            hashes: self.pool.status().hashes_total,
            hashrate: self.hashrate(),
            won,
            lost,
            failed,
            income,
            node_error: self.network.borrow().error.clone(),
        }
    }
}
