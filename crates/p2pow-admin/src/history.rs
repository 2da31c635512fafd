//! [`History`]: how a worker did over the last hour, day and month, in memory of a bounded size.
//!
//! Each [`Range`] has its own step, and keeps the last look of each step, as totals since the start: the differences of
//! two looks are what happened in between. Who keeps the looks elsewhere ([`History::of`]) can begin with them again
//! after a restart ([`History::restored`]): the totals go on from there.

use crate::Status;
use nano_primitives::Amount;
use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The range of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.name() == name)
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

    /// In which of the places that a range has a look stands: a bounded store of looks has one record for each place.
    #[must_use]
    pub fn place(self, sample: &Sample) -> u64 {
        self.step(sample) % KEPT as u64
    }

    const fn step(self, sample: &Sample) -> u64 {
        sample.at_ms / 1000 / self.step_seconds()
    }

    /// The oldest moment that belongs to the range at `now_ms`, in milliseconds since 1970.
    const fn since(self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.step_seconds() * 1000 * (KEPT as u64 - 1))
    }
}

/// A look that is kept. "Since the start" is that of the first look, over restarts for which looks were kept.
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

/// The looks of all ranges. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Looks>>);

#[derive(Debug, Default)]
struct Looks {
    kept: [VecDeque<Sample>; Range::ALL.len()],
    /// What was counted before the worker started.
    before: Totals,
}

#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    hashes: u64,
    won: u64,
    lost: u64,
    failed: u64,
    income: Amount,
}

impl History {
    /// The history of a worker that starts again, with the looks that were kept: those that are of their range still at
    /// `now_ms`, and not of a future that a clock has left. Counting goes on from the newest.
    #[must_use]
    pub fn restored(kept: impl IntoIterator<Item = (Range, Sample)>, now_ms: u64) -> Self {
        let mut looks = Looks::default();
        let mut newest: Option<Sample> = None;
        for (range, sample) in kept.into_iter().filter(|(_, sample)| sample.at_ms <= now_ms) {
            if newest.is_none_or(|newest| newest.at_ms <= sample.at_ms) {
                newest = Some(sample);
            }
            if sample.at_ms >= range.since(now_ms) {
                looks.kept[range as usize].push_back(sample);
            }
        }
        for kept in &mut looks.kept {
            kept.make_contiguous().sort_by_key(|sample| sample.at_ms);
        }
        looks.before = newest.as_ref().map(Totals::of).unwrap_or_default();
        Self(Arc::new(Mutex::new(looks)))
    }

    /// Keeps a look, which counts from the start of the worker. Within a step the last one stands for it.
    pub fn add(&self, sample: Sample) {
        let mut looks = self.lock();
        let sample = looks.before.and(sample);
        for (kept, range) in looks.kept.iter_mut().zip(Range::ALL) {
            // A clock that was put back starts the range anew: its looks would overlap.
            if kept.back().is_some_and(|last| last.at_ms > sample.at_ms) {
                kept.clear();
            }
            // The first look is where counting starts, so it stays.
            let is_same = |last: &Sample| range.step(last) == range.step(&sample);
            if kept.len() > 1 && kept.back().is_some_and(is_same) {
                kept.pop_back();
            }
            kept.push_back(sample);
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
    }

    /// The looks of a range, the oldest first. The last one may still be replaced, those before it stay as they are.
    #[must_use]
    pub fn of(&self, range: Range) -> Vec<Sample> {
        self.lock().kept[range as usize].iter().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Looks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Totals {
    const fn of(sample: &Sample) -> Self {
        let Sample { hashes, won, lost, failed, income, .. } = *sample;
        Self { hashes, won, lost, failed, income }
    }

    /// A look that counts these too.
    fn and(&self, sample: Sample) -> Sample {
        Sample {
            hashes: self.hashes.saturating_add(sample.hashes),
            won: self.won.saturating_add(sample.won),
            lost: self.lost.saturating_add(sample.lost),
            failed: self.failed.saturating_add(sample.failed),
            income: self.income.checked_add(sample.income).unwrap_or(Amount::MAX),
            ..sample
        }
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
        history.of(range).iter().map(|sample| sample.at_ms / 1000).collect()
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
    fn a_restart_goes_on_counting_where_the_looks_end() {
        let before = History::default();
        for second in [3600, 3610, 7200] {
            before.add(sample(second));
        }
        let kept = Range::ALL.into_iter().flat_map(|range| {
            before.of(range).into_iter().rev().map(move |sample| (range, sample))
        });
        let history = History::restored(kept, 10_000_000);
        // What is older than an hour is no part of the hour, but counts all the same.
        history.add(sample(10_000));
        assert_eq!(times(&history, Range::Hour), [7200, 10_000]);
        assert_eq!(times(&history, Range::Day), [3600, 3610, 7200, 10_000]);
        assert_eq!(history.of(Range::Hour)[1].hashes, 7200 + 10_000);
        assert!(history.of(Range::Day).is_sorted_by_key(|sample| sample.hashes));
    }

    #[test]
    fn looks_of_a_future_are_not_restored() {
        let kept = [(Range::Hour, sample(50)), (Range::Hour, sample(99))];
        let history = History::restored(kept, 60_000);
        history.add(sample(60));
        assert_eq!(times(&history, Range::Hour), [50, 60]);
        assert_eq!(history.of(Range::Hour)[1].hashes, 110);
    }

    #[test]
    fn a_range_has_a_place_for_each_of_its_looks_and_no_more() {
        let places: std::collections::BTreeSet<u64> =
            (0..2 * KEPT as u64).map(|step| Range::Hour.place(&sample(step * 10))).collect();
        assert_eq!(places.into_iter().collect::<Vec<_>>(), (0..KEPT as u64).collect::<Vec<_>>());
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
