//! [`Timings`]: how long the steps take that decide races, counted in buckets. [`Histogram`]: a look at one of them.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Bounds in seconds for what a network and a processor do at once.
const QUICK: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0,
];
/// Bounds in seconds for searches: from a receive on a graphics card to a long batch on a small processor.
const LONG: &[f64] =
    &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0];

/// How long something took, each time that it was done.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Histogram {
    /// The upper bounds of the buckets in seconds, inclusive, ascending.
    pub bounds: &'static [f64],
    /// How often it took no longer than the bound and longer than the one before. The last of these has no bound.
    pub counts: Vec<u64>,
    /// All of it together, in seconds.
    pub sum: f64,
}

/// How long the steps of jobs and requests took.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TimingStatus {
    /// From a job's turn to its last work, for jobs whose works were searched.
    pub solve: Histogram,
    /// From a job's last work until a node had taken its last block.
    pub publish: Histogram,
    /// A request for the worker's offer, until its answer was ready.
    pub info: Histogram,
    /// A request for work, until it was a job or refused: its checks without the node, and waiting for their turn.
    pub admit: Histogram,
}

/// Where the times are counted.
#[derive(Debug)]
pub(crate) struct Timings {
    pub(crate) solve: Counter,
    pub(crate) publish: Counter,
    pub(crate) info: Counter,
    pub(crate) admit: Counter,
}

/// Counts times. Nothing is locked.
#[derive(Debug)]
pub(crate) struct Counter {
    bounds: &'static [f64],
    counts: Vec<AtomicU64>,
    sum_ns: AtomicU64,
}

impl Timings {
    pub(crate) fn new() -> Self {
        let quick = || Counter::new(QUICK);
        Self { solve: Counter::new(LONG), publish: quick(), info: quick(), admit: quick() }
    }

    pub(crate) fn status(&self) -> TimingStatus {
        TimingStatus {
            solve: self.solve.status(),
            publish: self.publish.status(),
            info: self.info.status(),
            admit: self.admit.status(),
        }
    }
}

impl Counter {
    fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum_ns: AtomicU64::new(0) }
    }

    /// Counts what took this long.
    pub(crate) fn count(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = self.bounds.partition_point(|bound| *bound < seconds);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        // 584 years fit.
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.sum_ns.fetch_add(ns, Ordering::Relaxed);
    }

    fn status(&self) -> Histogram {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let sum = Duration::from_nanos(self.sum_ns.load(Ordering::Relaxed)).as_secs_f64();
        Histogram { bounds: self.bounds, counts, sum }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counter, LONG, QUICK, Timings};
    use std::time::Duration;

    #[test]
    fn what_took_as_long_as_a_bound_is_below_it_and_the_longest_has_none() {
        let counter = Counter::new(&[0.5, 1.0]);
        for ms in [0, 500, 501, 1000, 1001, 100_000] {
            counter.count(Duration::from_millis(ms));
        }
        let seen = counter.status();
        assert_eq!(seen.counts, [2, 2, 2]);
        assert!((seen.sum - 103.002).abs() < 1e-6, "{}", seen.sum);
    }

    #[test]
    fn bounds_ascend() {
        assert!([QUICK, LONG].iter().all(|bounds| bounds.is_sorted() && bounds[0] > 0.0));
        assert_eq!(Timings::new().status().solve.counts.len(), LONG.len() + 1);
    }
}
