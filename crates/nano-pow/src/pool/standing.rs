//! What a pool remembers of a device.

use super::quarantine::Quarantine;
use std::time::{Duration, Instant};

/// The record of a device.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) name: String,
    pub(super) solutions: u64,
    pub(super) failures: u64,
    quarantine: Quarantine,
    /// How long it has searched, without the search that it is at.
    searched: Duration,
    at_it_since: Option<Instant>,
}

impl Standing {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            solutions: 0,
            failures: 0,
            quarantine: Quarantine::default(),
            searched: Duration::ZERO,
            at_it_since: None,
        }
    }

    /// It goes searching.
    pub(super) fn set_out(&mut self) {
        self.at_it_since = Some(Instant::now());
    }

    /// It is back.
    pub(super) fn come_back(&mut self) {
        self.searched = self.searched();
        self.at_it_since = None;
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
        self.searched + self.at_it_since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}
