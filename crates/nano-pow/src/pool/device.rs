//! A backend in a pool.

use super::{recent::Recent, running::Lot, state::Portion};
use crate::{
    Backend, BackendError, Puzzle, Solution, WrongWork, bench::per_second, task::Listener,
};
use nano_primitives::Work;
use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// A batch of small jobs is expected to take no longer: urgent jobs that come wait for its end.
const BATCH: Duration = Duration::from_millis(20);

/// A backend, and what it has tried since the pool is there.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) name: String,
    backend: Box<dyn Backend>,
    batch_size: usize,
    pub(super) is_remote: bool,
    hashes: AtomicU64,
    recent: Mutex<Recent>,
}

impl Device {
    pub(super) fn new(backend: Box<dyn Backend>) -> Self {
        let info = backend.info();
        Self {
            name: info.name,
            batch_size: info.batch_size.max(1),
            is_remote: info.is_remote,
            backend,
            hashes: AtomicU64::new(0),
            recent: Mutex::default(),
        }
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
    pub(super) fn portion(&self) -> Portion {
        Portion { jobs: self.batch_size, hashes: self.recent().hashes_in(BATCH) }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Searches some nonces, and tells of the work it finds that is good. A panic is a failure like
    /// any other.
    pub(super) fn attempt(
        &self,
        index: usize,
        lots: &[Lot],
        solved: impl Fn(&Solution) + Sync,
    ) -> Result<(), BackendError> {
        let wrong = OnceLock::new();
        let ears = lots.iter().map(|lot| Ear {
            hashes: [lot.race.tally.device(index), &self.hashes],
            solved: &solved,
            wrong: &wrong,
        });
        let ears: Vec<_> = ears.collect();
        let tasks: Vec<_> =
            lots.iter().zip(&ears).map(|(lot, ear)| lot.task().heard_by(ear)).collect();
        let search = AssertUnwindSafe(|| self.backend.search(&tasks));
        let (hashes, began) = (self.hashes(), Instant::now());
        panic::catch_unwind(search).unwrap_or_else(|panic| Err(BackendError::panicked(&*panic)))?;
        self.recent().add(self.hashes() - hashes, began.elapsed());
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

/// Hears what a device says while it is at a lot.
struct Ear<'a, F> {
    hashes: [&'a AtomicU64; 2],
    solved: &'a F,
    /// The first proof that the device errs is enough.
    wrong: &'a OnceLock<WrongWork>,
}

impl<F: Fn(&Solution) + Sync> Listener for Ear<'_, F> {
    fn found(&self, puzzle: &Puzzle, work: Work) {
        match puzzle.check(work) {
            Ok(solution) => (self.solved)(&solution),
            Err(error) => {
                let _ = self.wrong.set(error);
            }
        }
    }

    fn count(&self, hashes: u64) {
        for counter in self.hashes {
            counter.fetch_add(hashes, Ordering::Relaxed);
        }
    }
}
