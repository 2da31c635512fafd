//! [`FrontStatus`]: what a front end can tell of its fleet. [`Histogram`]: how long its searches took.

use crate::{FrontBeat, Name};
use std::time::Duration;

/// The upper bounds of the buckets, in seconds, inclusive.
const BOUNDS: [f64; 13] =
    [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// A front end and its fleet at a moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FrontStatus {
    /// Whether the broker is connected.
    pub is_connected: bool,
    /// What it says of itself: orders, works found and wrong, agents that are left alone.
    pub front: FrontBeat,
    /// The agents that can be given orders, by name.
    pub agents: Vec<AgentStanding>,
    /// From when an order was wanted to its work, of those whose work an agent has found.
    pub searches: Histogram,
}

/// An agent as a front end sees it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AgentStanding {
    /// What it is called.
    pub name: Name,
    /// Hashes per second, by its own word.
    pub hashes_per_second: f64,
    /// The orders of this front end that it has.
    pub orders: usize,
}

/// How long something took, each time.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The upper bounds of the buckets in seconds, inclusive, ascending.
    pub bounds: Vec<f64>,
    /// How often it took no longer than the bound and longer than the one before. The last of these has no bound.
    pub counts: Vec<u64>,
    /// All of it together, in seconds.
    pub sum: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { bounds: BOUNDS.to_vec(), counts: vec![0; BOUNDS.len() + 1], sum: 0.0 }
    }
}

impl Histogram {
    pub(crate) fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = self.bounds.partition_point(|bound| *bound < seconds);
        self.counts[bucket] += 1;
        self.sum += seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;
    use std::time::Duration;

    #[test]
    fn each_time_is_counted_once_in_its_bucket() {
        let mut seen = Histogram::default();
        for ms in [0, 2, 3, 30_000, 30_001] {
            seen.add(Duration::from_millis(ms));
        }
        let last = seen.counts.len() - 1;
        assert_eq!((seen.counts[0], seen.counts[1]), (2, 1), "bounds are inclusive");
        assert_eq!((seen.counts[last - 1], seen.counts[last]), (1, 1));
        assert!((seen.sum - 60.006).abs() < 1e-9);
    }
}
