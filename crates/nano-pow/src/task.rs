//! [`Task`]: one search that a backend is asked for, and what becomes of it.

use crate::{NonceRange, Puzzle};
use nano_primitives::Work;
use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// A flag to stop a search, shared by its clones. Once set it stays set.
///
/// A backend looks at it at least every millisecond while it searches.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// A flag that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the flag, for all clones.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the flag is set.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// One search that a backend is asked for: nonces to try for a puzzle until work is found or nobody
/// wants it any more.
///
/// A task keeps what it was told; a pool listens too. To try a backend alone:
///
/// ```
/// use nano_pow::{Backend, CpuBackend, NonceRange, Puzzle, Stop, Task};
/// use nano_primitives::{Difficulty, Root};
///
/// let puzzle = Puzzle::new(Root::from_bytes([7; 32]), Difficulty::from_u64(0xfff0_0000_0000_0000));
/// let stop = Stop::new();
/// let task = Task::new(puzzle, NonceRange::new(0, 1 << 20), &stop);
/// CpuBackend::new(1).search(std::slice::from_ref(&task))?;
/// assert!(task.work().is_some_and(|work| puzzle.check(work).is_ok()));
/// assert!(task.hashes() > 0);
/// # Ok::<_, nano_pow::BackendError>(())
/// ```
pub struct Task<'a> {
    puzzle: Puzzle,
    nonces: NonceRange,
    stop: &'a Stop,
    hashes: AtomicU64,
    work: OnceLock<Work>,
    listener: Option<&'a dyn Listener>,
}

/// Who hears at once what a task is told, on the thread that tells it.
pub(crate) trait Listener: Sync {
    /// The first work that was proposed for the puzzle, not checked yet.
    fn found(&self, puzzle: &Puzzle, work: Work);

    /// So many nonces were tried.
    fn count(&self, hashes: u64);
}

impl<'a> Task<'a> {
    /// A search of `nonces` for `puzzle` until `stop`.
    #[must_use]
    pub const fn new(puzzle: Puzzle, nonces: NonceRange, stop: &'a Stop) -> Self {
        Self {
            puzzle,
            nonces,
            stop,
            hashes: AtomicU64::new(0),
            work: OnceLock::new(),
            listener: None,
        }
    }

    /// The same task with somebody who hears what it is told.
    pub(crate) fn heard_by(self, listener: &'a dyn Listener) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// What is to be solved.
    #[must_use]
    pub const fn puzzle(&self) -> &Puzzle {
        &self.puzzle
    }

    /// The nonces to try; no other device tries them.
    #[must_use]
    pub const fn nonces(&self) -> NonceRange {
        self.nonces
    }

    /// Whether to search no further: work was found, or nobody wants it.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.is_stopped() || self.work.get().is_some()
    }

    /// Tells of work, from any thread. Only the first counts.
    pub fn found(&self, work: Work) {
        if self.work.set(work).is_ok()
            && let Some(listener) = self.listener
        {
            listener.found(&self.puzzle, work);
        }
    }

    /// Adds nonces tried to the progress.
    pub fn count(&self, hashes: u64) {
        self.hashes.fetch_add(hashes, Ordering::Relaxed);
        if let Some(listener) = self.listener {
            listener.count(hashes);
        }
    }

    /// The work that was found, not checked.
    #[must_use]
    pub fn work(&self) -> Option<Work> {
        self.work.get().copied()
    }

    /// The nonces that were tried, as far as they were counted.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Task<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("puzzle", &self.puzzle)
            .field("nonces", &self.nonces)
            .field("is_stopped", &self.is_stopped())
            .field("hashes", &self.hashes())
            .field("work", &self.work())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Listener, Stop, Task};
    use crate::{NonceRange, Puzzle};
    use nano_primitives::{Difficulty, Root, Work};
    use std::sync::Mutex;

    #[derive(Default)]
    struct Ear(Mutex<Vec<(Work, u64)>>);

    impl Listener for Ear {
        fn found(&self, _: &Puzzle, work: Work) {
            self.0.lock().unwrap().push((work, 0));
        }

        fn count(&self, hashes: u64) {
            self.0.lock().unwrap().push((Work::from_u64(0), hashes));
        }
    }

    #[test]
    fn the_first_work_ends_a_task_and_later_ones_are_not_heard() {
        let (stop, ear) = (Stop::new(), Ear::default());
        let puzzle = Puzzle::new(Root::ZERO, Difficulty::MIN);
        let task = Task::new(puzzle, NonceRange::new(0, 9), &stop).heard_by(&ear);
        task.count(3);
        assert!(!task.is_stopped());
        for nonce in [7, 8] {
            task.found(Work::from_u64(nonce));
            assert!(task.is_stopped());
            assert_eq!(task.work(), Some(Work::from_u64(7)));
        }
        assert!(!stop.is_stopped(), "others may share the flag");
        assert_eq!(task.hashes(), 3);
        assert_eq!(*ear.0.lock().unwrap(), [(Work::from_u64(0), 3), (Work::from_u64(7), 0)]);
    }
}
