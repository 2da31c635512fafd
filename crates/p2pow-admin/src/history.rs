//! [`History`]: how a worker did over the last hour, day and month, in memory of a bounded size.
//!
//! Each [`Range`] has its own step, and keeps the last look of each step, as totals since the start: the differences of
//! two looks are what happened in between. A restart begins anew.

use crate::Status;
use nano_primitives::Amount;
use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The looks that a range keeps.
const KEPT: usize = 361;

/// How far back a history reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Range {
    /// An hour, in steps of 10 seconds.
    #[default]
    Hour,
    /// A day, in steps of 4 minutes.
    Day,
    /// 30 days, in steps of 2 hours.
    Month,
}

impl Range {
    const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// The range of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            "month" => Some(Self::Month),
            _ => None,
        }
    }

    /// How long a step is, in seconds.
    #[must_use]
    pub const fn step_seconds(self) -> u64 {
        match self {
            Self::Hour => 10,
            Self::Day => 240,
            Self::Month => 7200,
        }
    }
}

/// A look that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Hashes tried since the start.
    pub hashes: u64,
    /// Hashes a second that the devices could find.
    pub hashrate: Option<f64>,
    /// Jobs that wait or are worked on.
    pub queue: usize,
    /// Jobs won since the start.
    pub won: u64,
    /// Jobs lost since the start.
    pub lost: u64,
    /// Jobs failed since the start.
    pub failed: u64,
    /// What was earned since the start, in raw.
    pub income: Amount,
    /// Nodes that could be used.
    pub nodes_up: usize,
    /// Nodes that there are.
    pub nodes: usize,
}

impl From<&Status> for Sample {
    fn from(status: &Status) -> Self {
        Self {
            at_ms: status.now_ms,
            hashes: status.hashes,
            hashrate: status.hashrate,
            queue: status.queue.jobs,
            won: status.ended.won,
            lost: status.ended.lost,
            failed: status.ended.failed,
            income: status.ended.income,
            nodes_up: status.nodes.iter().filter(|node| node.error.is_none()).count(),
            nodes: status.nodes.len(),
        }
    }
}

/// The looks of all ranges.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<[VecDeque<Sample>; Range::ALL.len()]>);

impl History {
    /// Keeps a look. Within a step the last one stands for it.
    pub(crate) fn add(&self, sample: Sample) {
        for (kept, range) in self.lock().iter_mut().zip(Range::ALL) {
            let step = |sample: &Sample| sample.at_ms / 1000 / range.step_seconds();
            // A clock that was put back starts the range anew: its looks would overlap.
            if kept.back().is_some_and(|last| last.at_ms > sample.at_ms) {
                kept.clear();
            }
            // The first look is where counting starts, so it stays.
            if kept.len() > 1 && kept.back().is_some_and(|last| step(last) == step(&sample)) {
                kept.pop_back();
            }
            kept.push_back(sample);
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
    }

    /// The looks of a range, the oldest first.
    pub(crate) fn samples(&self, range: Range) -> Vec<Sample> {
        self.lock()[range as usize].iter().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, [VecDeque<Sample>; Range::ALL.len()]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{History, KEPT, Range, Sample};
    use crate::Status;

    fn sample(at_seconds: u64) -> Sample {
        let status = Status { now_ms: at_seconds * 1000, hashes: at_seconds, ..Status::default() };
        Sample::from(&status)
    }

    fn times(history: &History, range: Range) -> Vec<u64> {
        history.samples(range).iter().map(|sample| sample.at_ms / 1000).collect()
    }

    #[test]
    fn the_last_look_of_a_step_stands_for_it_and_the_first_of_all_stays() {
        let history = History::default();
        for second in [1, 4, 9, 12, 19, 20] {
            history.add(sample(second));
        }
        assert_eq!(times(&history, Range::Hour), [1, 9, 19, 20]);
        assert_eq!(times(&history, Range::Month), [1, 20]);
    }

    #[test]
    fn a_history_is_bounded_and_forgets_the_oldest() {
        let history = History::default();
        for step in 0..2 * KEPT as u64 {
            history.add(sample(step * 10));
        }
        let times = times(&history, Range::Hour);
        assert_eq!(times.len(), KEPT);
        assert_eq!((times[0], times[KEPT - 1]), (KEPT as u64 * 10, (2 * KEPT as u64 - 1) * 10));
    }

    #[test]
    fn a_clock_that_is_put_back_starts_anew() {
        let history = History::default();
        for second in [1000, 1010, 500] {
            history.add(sample(second));
        }
        assert_eq!(times(&history, Range::Hour), [500]);
    }

    #[test]
    fn ranges_have_names() {
        for range in Range::ALL {
            let name = serde_json::to_value(range).unwrap();
            assert_eq!(Range::named(name.as_str().unwrap()), Some(range));
        }
        assert_eq!(Range::named("year"), None);
    }
}
