//! [`PoolStatus`]: a look at a pool, its searches and its devices.

use super::{PoolError, Progress, request::Answer};
use crate::Puzzle;
use std::time::Duration;

/// A look at a pool.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// The roots that wait for their turn.
    pub queued: usize,
    /// The roots that are searched. All devices are on the first; a graphics card that takes small
    /// searches in batches is on others too.
    pub running: Vec<RunningSearch>,
    /// The hashes to be expected until all of this is done.
    pub expected_hashes_left: f64,
    /// The nonces tried since the pool is there.
    pub hashes_total: u64,
    /// Hashes per second over all the time that something was searched.
    pub rate: Option<f64>,
    /// What became of the requests.
    pub requests: RequestCounts,
    /// The devices, in the order they were given.
    pub devices: Vec<DeviceStatus>,
}

/// A root that is searched.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunningSearch {
    /// The root and the threshold that is searched for: the least of the requests for it.
    pub puzzle: Puzzle,
    /// How far it is.
    pub progress: Progress,
}

/// How many requests have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestCounts {
    /// With work.
    pub solved: u64,
    /// Cancelled, or given up by whoever wanted the work.
    pub cancelled: u64,
    /// For another reason.
    pub failed: u64,
}

impl RequestCounts {
    pub(super) fn count(&mut self, answer: &Answer) {
        match answer {
            Ok(_) => self.solved += 1,
            Err(PoolError::Cancelled) => self.cancelled += 1,
            Err(_) => self.failed += 1,
        }
    }
}

/// A device of a pool.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DeviceStatus {
    /// What it is called.
    pub name: String,
    /// The nonces it has tried.
    pub hashes: u64,
    /// Hashes per second while it searched. None for a device that counts no hashes.
    pub rate: Option<f64>,
    /// The works it has found.
    pub solutions: u64,
    /// How often it failed.
    pub failures: u64,
    /// How long it is left alone still after a failure.
    pub quarantine: Option<Duration>,
}

impl PoolStatus {
    /// The seconds to be expected until all requests are done, once the rate is known.
    #[must_use]
    pub fn expected_seconds_left(&self) -> Option<f64> {
        self.rate.filter(|rate| *rate > 0.0).map(|rate| self.expected_hashes_left / rate)
    }
}
