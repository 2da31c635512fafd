//! What a pool remembers of a device.

use super::{quarantine::Quarantine, stopwatch::Stopwatch};
use std::time::{Duration, Instant};

/// The record of a device.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) name: String,
    pub(super) solutions: u64,
    pub(super) failures: u64,
    quarantine: Quarantine,
    searching: Stopwatch,
}

impl Standing {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            solutions: 0,
            failures: 0,
            quarantine: Quarantine::default(),
            searching: Stopwatch::default(),
        }
    }

    /// It goes searching.
    pub(super) fn set_out(&mut self) {
        self.searching.start();
    }

    /// It is back.
    pub(super) fn come_back(&mut self) {
        self.searching.stop();
    }

    /// It found work.
    pub(super) fn succeed(&mut self) {
        self.solutions += 1;
        self.quarantine.lift();
    }

    /// It failed; says how long it is left alone.
    pub(super) fn fail(&mut self) -> Duration {
        self.failures += 1;
        self.quarantine.impose(Instant::now())
    }

    /// How long it is left alone still.
    pub(super) fn quarantine(&self) -> Option<Duration> {
        self.quarantine.left(Instant::now())
    }

    /// How long it has searched.
    pub(super) fn searched(&self) -> Duration {
        self.searching.elapsed()
    }
}
