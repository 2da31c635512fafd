//! A backend in a pool.

use super::{running::Lot, state::Portion};
use crate::{Backend, BackendError, Solution, bench::per_second};
use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A batch of small jobs is expected to take no longer: urgent jobs that come wait for its end.
const BATCH: Duration = Duration::from_millis(20);

/// A backend, and what it has tried since the pool is there.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) name: String,
    backend: Box<dyn Backend>,
    hashes: AtomicU64,
}

impl Device {
    pub(super) fn new(backend: Box<dyn Backend>) -> Self {
        Self { name: backend.name(), backend, hashes: AtomicU64::new(0) }
    }

    pub(super) fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// How many hashes a second it has done in the time that it was searching.
    pub(super) fn rate(&self, searched: Duration) -> Option<f64> {
        let hashes = self.hashes();
        (hashes > 0).then(|| per_second(hashes, searched))
    }

    /// How much the device takes at a time. While its rate is not known no job counts as small.
    pub(super) fn portion(&self, searched: Duration) -> Portion {
        let hashes = self.rate(searched).unwrap_or(0.0) * BATCH.as_secs_f64();
        Portion { jobs: self.backend.batch_size(), hashes }
    }

    /// Searches some nonces, and tells of the work it finds that is good. A panic is a failure like
    /// any other.
    pub(super) fn attempt(
        &self,
        index: usize,
        lots: &[Lot],
        solved: impl Fn(&Solution) + Sync,
    ) -> Result<(), BackendError> {
        let tasks = lots.iter().map(|lot| lot.task(index).counting_to(&self.hashes));
        let tasks: Vec<_> = tasks.collect();
        let wrong = OnceLock::new();
        let found = |place: usize, work| match lots[place].race.job.check(work) {
            Ok(solution) => solved(&solution),
            Err(error) => {
                let _ = wrong.set(error); // the first is enough
            }
        };
        let search = AssertUnwindSafe(|| self.backend.search_batch(&tasks, &found));
        panic::catch_unwind(search).unwrap_or_else(|panic| Err(BackendError::panicked(&*panic)))?;
        wrong.into_inner().map_or(Ok(()), |wrong| Err(wrong.into()))
    }

    /// Hashes per second, zero for a device that fails.
    pub(super) fn measure(&self, time: Duration) -> f64 {
        crate::measure(&*self.backend, time).unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(device = self.name, error, "device failed while it was measured");
            0.0
        })
    }
}
