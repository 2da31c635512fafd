//! [`ServerStatus`]: what the operator wants to know. [`Load`]: how much there is to do. [`Tally`]: how jobs ended.

use crate::{
    job::{phase::Phase, queue::Queue},
    node::NodeStatus,
    timings::TimingStatus,
};
use nano_pow::pool::PoolStatus;
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
    /// Why none of the nodes can be used, if that is so.
    pub node_error: Option<String>,
    /// Why the journal cannot be written, if it cannot.
    pub journal_error: Option<String>,
    /// How each node does, in the order of the configuration.
    pub nodes: Vec<NodeStatus>,
    /// How long the steps of jobs and requests took.
    pub timings: TimingStatus,
}

/// How much there is to do, and how fast it is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Jobs that wait or are worked on.
    pub(crate) busy: usize,
    /// How full the queue is: 0 to 1.
    pub(crate) fullness: f64,
    /// Hashes per second, where they are known.
    pub(crate) hashrate: Option<f64>,
    hashes: u64,
    hashes_left: f64,
}

impl Load {
    /// By the queue, its hashes that wait for their turn, and what the pool has in hand.
    pub(crate) fn new(queue: &Queue, pool: &PoolStatus, measured: Option<f64>) -> Self {
        Self {
            busy: queue.len(),
            fullness: queue.fullness(),
            hashrate: Self::rate(pool, measured),
            hashes: pool.hashes_total,
            hashes_left: pool.expected_hashes_left + queue.hashes_waiting(),
        }
    }

    /// Hashes per second: as measured before the start until the pool has worked for a second or so, since a job that
    /// takes a moment says little, and then by the pool's own work.
    pub(crate) fn rate(pool: &PoolStatus, measured: Option<f64>) -> Option<f64> {
        let is_settled = measured.is_none_or(|rate| pool.hashes_total as f64 >= rate);
        pool.rate.filter(|_| is_settled).or(measured)
    }

    /// Seconds until all works that are asked for now should be found, once the hash rate is known.
    pub(crate) fn expected_seconds(&self) -> Option<f64> {
        let rate = self.hashrate.filter(|rate| *rate > 0.0)?;
        Some(self.hashes_left / rate)
    }
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
    /// Counts a job that is at its end.
    pub(crate) fn count(&self, outcome: Phase, paid: Amount) {
        let mut counts = self.lock();
        match outcome {
            Phase::Confirmed => {
                counts.won += 1;
                counts.income = counts.income.checked_add(paid).unwrap_or(Amount::MAX);
            }
            Phase::Lost => counts.lost += 1,
            Phase::Failed => counts.failed += 1,
            _ => {}
        }
    }

    /// A look that has yet to be told of nodes and journal.
    pub(crate) fn status(
        &self,
        load: &Load,
        in_flight: usize,
        timings: TimingStatus,
    ) -> ServerStatus {
        let Counts { won, lost, failed, income } = *self.lock();
        let Load { busy, hashrate, hashes, .. } = *load;
        ServerStatus {
            busy,
            in_flight,
            hashes,
            hashrate,
            won,
            lost,
            failed,
            income,
            node_error: None,
            journal_error: None,
            nodes: Vec::new(),
            timings,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
