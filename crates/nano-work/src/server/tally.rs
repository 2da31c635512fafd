//! What a server has done since it started.

use crate::refusal::Refusal;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Counts and times.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

/// What became of the requests, and how long works took from arrival to answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) generated: u64,
    pub(crate) cancelled: u64,
    pub(crate) abandoned: u64,
    pub(crate) failed: u64,
    pub(crate) validated: u64,
    pub(crate) refused: u64,
    pub(crate) last: Duration,
    pub(crate) longest: Duration,
    total: Duration,
}

impl Counts {
    /// The average time of a work.
    pub(crate) fn average(&self) -> Duration {
        let count = u32::try_from(self.generated).unwrap_or(u32::MAX);
        self.total.checked_div(count).unwrap_or_default()
    }
}

/// A job under way. Dropped before its end it counts as abandoned: the client has hung up.
#[derive(Debug)]
pub(crate) struct Course<'a> {
    tally: &'a Tally,
    started: Instant,
    is_over: bool,
}

impl Tally {
    pub(crate) fn counts(&self) -> Counts {
        *self.lock()
    }

    pub(crate) fn validated(&self) {
        self.lock().validated += 1;
    }

    /// Counts a request that was turned away; jobs that were taken are counted by their course.
    pub(crate) fn refused(&self, refusal: &Refusal) {
        if !matches!(refusal, Refusal::Cancelled | Refusal::Failed(_) | Refusal::ShuttingDown) {
            self.lock().refused += 1;
        }
    }

    pub(crate) fn start(&self) -> Course<'_> {
        Course { tally: self, started: Instant::now(), is_over: false }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course<'_> {
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Counts the end of the job.
    pub(crate) fn end<T>(mut self, outcome: &Result<T, Refusal>) {
        self.is_over = true;
        let (mut counts, time) = (self.tally.lock(), self.elapsed());
        match outcome {
            Ok(_) => counts.generated(time),
            Err(Refusal::Cancelled | Refusal::ShuttingDown) => counts.cancelled += 1,
            Err(_) => counts.failed += 1,
        }
    }
}

impl Counts {
    fn generated(&mut self, time: Duration) {
        self.generated += 1;
        self.last = time;
        self.longest = self.longest.max(time);
        self.total += time;
    }
}

impl Drop for Course<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.tally.lock().abandoned += 1;
        }
    }
}
