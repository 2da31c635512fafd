//! A backend in a pool.

use super::search::Race;
use crate::{Backend, BackendError, NonceRange, Solution, Task};
use std::{
    panic::{self, AssertUnwindSafe},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

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

    /// Searches some nonces and checks the answer. A panic is a failure like any other.
    pub(super) fn attempt(
        &self,
        index: usize,
        race: &Race,
        nonces: NonceRange,
    ) -> Result<Option<Solution>, BackendError> {
        let task = Task::new(race.job, nonces, &race.stop, race.tally.device(index))
            .counting_to(&self.hashes);
        let found = panic::catch_unwind(AssertUnwindSafe(|| self.backend.search(&task)))
            .unwrap_or_else(|panic| Err(BackendError::panicked(&*panic)))?;
        Ok(found.map(|work| race.job.check(work)).transpose()?)
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
