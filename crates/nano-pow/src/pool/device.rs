//! [`Device`]: a backend in a pool, and [`Record`]: what the pool remembers of it.
//!
//! The device's thread alone calls the backend, with no lock held. The record lies in the queue,
//! under its lock: it changes when the device sets out, finds work, and comes back. Between them is
//! only the counter of hashes. The time is told to a record, never read here.

use super::{search::Lot, status::DeviceStatus};
use crate::{
    Backend, BackendError, Puzzle, Solution, Task, WrongWork, backend::per_second, task::Listener,
};
use nano_primitives::Work;
use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// A backend, and what it has tried since the pool is there.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) name: String,
    backend: Box<dyn Backend>,
    hashes: Arc<AtomicU64>,
}

impl Device {
    pub(super) fn new(backend: Box<dyn Backend>) -> (Self, Record) {
        let (info, hashes) = (backend.info(), Arc::new(AtomicU64::new(0)));
        let record = Record {
            name: info.name.clone(),
            batch_size: info.batch_size.max(1),
            batch_time: info.batch_time,
            is_remote: info.is_remote,
            hashes: Arc::clone(&hashes),
            ..Record::default()
        };
        (Self { name: info.name, backend, hashes }, record)
    }

    /// Searches some nonces, and tells of the work it finds that is good. Returns how many were
    /// tried. A panic is a failure like any other.
    pub(super) fn attempt(
        &self,
        index: usize,
        lots: &[Lot],
        solved: impl Fn(&Solution) + Sync,
    ) -> Result<u64, BackendError> {
        let wrong = OnceLock::new();
        let ears = lots.iter().map(|lot| Ear {
            counters: [lot.counter(index), &self.hashes],
            solved: &solved,
            wrong: &wrong,
        });
        let ears: Vec<_> = ears.collect();
        let tasks: Vec<_> =
            lots.iter().zip(&ears).map(|(lot, ear)| lot.task().heard_by(ear)).collect();
        let search = AssertUnwindSafe(|| self.backend.search(&tasks));
        panic::catch_unwind(search).unwrap_or_else(|panic| Err(BackendError::panicked(&*panic)))?;
        let tried = tasks.iter().map(Task::hashes).sum();
        wrong.into_inner().map_or(Ok(tried), |wrong| Err(wrong.into()))
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

/// Hears what a backend says while it is at a lot. Here each proposal is checked by the definition
/// of the puzzle; no other way leads to a [`Solution`].
struct Ear<'a, F> {
    /// What the device has tried for the root, and at all.
    counters: [&'a AtomicU64; 2],
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
        for counter in self.counters {
            counter.fetch_add(hashes, Ordering::Relaxed);
        }
    }
}

/// What a pool remembers of a device.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) is_remote: bool,
    batch_size: usize,
    batch_time: Duration,
    hashes: Arc<AtomicU64>,
    solutions: u64,
    failures: u64,
    quarantine: Quarantine,
    searching: Stopwatch,
    recent: RecentRate,
    /// Whether it found work since it set out.
    found: bool,
}

/// How much a device takes at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portion {
    /// So many tasks at most, one at least.
    pub(super) tasks: usize,
    /// So many hashes are to be expected of them together, if they are more than one.
    pub(super) hashes: f64,
}

impl Record {
    /// How much the device takes. While its rate is not known no task counts as small.
    pub(super) fn portion(&self) -> Portion {
        Portion { tasks: self.batch_size, hashes: self.recent.hashes_in(self.batch_time) }
    }

    /// It goes searching.
    pub(super) fn set_out(&mut self, now: Instant) {
        self.searching.start(now);
        self.found = false;
    }

    /// It found work.
    pub(super) const fn find(&mut self) {
        self.solutions += 1;
        self.found = true;
    }

    /// It is back unharmed, and has tried so many nonces.
    pub(super) fn come_back(&mut self, hashes: u64, now: Instant) {
        let took = self.searching.stop(now);
        self.recent.add(hashes, took);
        if self.found {
            self.quarantine.lift();
        }
    }

    /// It failed, after it found something or not; says how long it is left alone.
    pub(super) fn fail(&mut self, now: Instant) -> Duration {
        self.searching.stop(now);
        self.failures += 1;
        self.quarantine.impose(now)
    }

    /// How long it is left alone still.
    pub(super) fn quarantine(&self, now: Instant) -> Option<Duration> {
        self.quarantine.left(now)
    }

    pub(super) fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    pub(super) fn status(&self, now: Instant) -> DeviceStatus {
        let hashes = self.hashes();
        DeviceStatus {
            name: self.name.clone(),
            hashes,
            rate: (hashes > 0).then(|| per_second(hashes, self.searching.elapsed(now))),
            solutions: self.solutions,
            failures: self.failures,
            quarantine: self.quarantine(now),
        }
    }
}

/// How long a device sits out: a second after a failure, twice as long after each that follows,
/// until it finds work.
#[derive(Debug, Default)]
struct Quarantine {
    last: Option<Duration>,
    until: Option<Instant>,
}

impl Quarantine {
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(64);

    /// The device failed.
    fn impose(&mut self, now: Instant) -> Duration {
        let time = self.last.map_or(Self::FIRST, |last| (2 * last).min(Self::LONGEST));
        self.last = Some(time);
        self.until = Some(now + time);
        time
    }

    /// The device proved itself.
    fn lift(&mut self) {
        *self = Self::default();
    }

    /// How long the device still has to wait, if at all.
    fn left(&self, now: Instant) -> Option<Duration> {
        let left = self.until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }
}

/// Hashes and the time they took, of which the latest count most.
#[derive(Debug, Default)]
struct RecentRate {
    hashes: f64,
    seconds: f64,
}

impl RecentRate {
    /// After so many seconds of searching what was before counts half.
    const HALF: f64 = 10.0;

    #[allow(clippy::cast_precision_loss)] // a rate needs no more than 53 bits
    fn add(&mut self, hashes: u64, time: Duration) {
        self.hashes += hashes as f64;
        self.seconds += time.as_secs_f64();
        if self.seconds > Self::HALF {
            self.hashes /= 2.0;
            self.seconds /= 2.0;
        }
    }

    /// Hashes to be expected in such a time; none while nothing is known.
    fn hashes_in(&self, time: Duration) -> f64 {
        let rate = if self.seconds > 0.0 { self.hashes / self.seconds } else { 0.0 };
        rate * time.as_secs_f64()
    }
}

/// Adds up the times between its starts and stops.
#[derive(Debug, Default)]
pub(super) struct Stopwatch {
    /// The time of the runs that are over.
    total: Duration,
    since: Option<Instant>,
}

impl Stopwatch {
    /// Starts, or goes on.
    pub(super) fn start(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// Stops, if it runs, and says how long this run was.
    pub(super) fn stop(&mut self, now: Instant) -> Duration {
        let run = self.run(now);
        self.total += run;
        self.since = None;
        run
    }

    /// The time so far, with the run that goes on.
    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        self.total + self.run(now)
    }

    fn run(&self, now: Instant) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::{Quarantine, RecentRate, Record, Stopwatch};
    use std::time::{Duration, Instant};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn who_finds_something_and_then_fails_is_left_alone_longer_each_time() {
        let now = Instant::now();
        let mut record = Record::default();
        let mut attempt = |is_found: bool, fails: bool| {
            record.set_out(now);
            if is_found {
                record.find();
            }
            if fails {
                record.fail(now).as_secs()
            } else {
                record.come_back(0, now);
                0
            }
        };
        assert_eq!([attempt(true, true), attempt(true, true), attempt(false, true)], [1, 2, 4]);
        attempt(false, false);
        assert_eq!(attempt(false, true), 8);
        attempt(true, false);
        assert_eq!(attempt(false, true), 1);
    }

    #[test]
    fn a_portion_follows_from_what_was_tried_and_how_long_it_took() {
        let now = Instant::now();
        let mut record =
            Record { batch_size: 4, batch_time: Duration::from_millis(20), ..Record::default() };
        let hashes = |record: &Record| record.portion().hashes;
        assert_eq!((record.portion().tasks, hashes(&record)), (4, 0.0));
        record.set_out(now);
        record.come_back(1_000_000, now + SECOND);
        assert_eq!(hashes(&record), 20_000.0);
        record.set_out(now + 5 * SECOND);
        record.fail(now + 6 * SECOND);
        assert_eq!(hashes(&record), 20_000.0, "a failure says nothing of the rate");
    }

    #[test]
    fn each_failure_doubles_the_time_up_to_a_bound() {
        let (now, first) = (Instant::now(), Quarantine::FIRST);
        let mut quarantine = Quarantine::default();
        assert_eq!(quarantine.left(now), None);
        assert_eq!(quarantine.impose(now), first);
        assert_eq!(quarantine.left(now), Some(first));
        assert_eq!(quarantine.left(now + first), None);
        assert_eq!(quarantine.impose(now), 2 * first);
        assert_eq!((0..9).map(|_| quarantine.impose(now)).last(), Some(Quarantine::LONGEST));
        quarantine.lift();
        assert_eq!(quarantine.impose(now), first);
    }

    #[test]
    fn a_slow_past_is_forgotten() {
        let mut recent = RecentRate::default();
        assert!(recent.hashes_in(SECOND).abs() < f64::EPSILON);
        for _ in 0..1000 {
            recent.add(10, SECOND);
        }
        assert!((recent.hashes_in(SECOND) - 10.0).abs() < 0.01);
        for _ in 0..60 {
            recent.add(1000, SECOND);
        }
        assert!(recent.hashes_in(SECOND) > 990.0, "{recent:?}");
    }

    #[test]
    fn only_the_time_between_start_and_stop_counts() {
        let begin = Instant::now();
        let at = |seconds| begin + seconds * SECOND;
        let mut watch = Stopwatch::default();
        assert_eq!(watch.elapsed(at(1)), Duration::ZERO);
        watch.start(at(1));
        watch.start(at(2));
        assert_eq!(watch.elapsed(at(4)), 3 * SECOND, "a second start changes nothing");
        assert_eq!(watch.stop(at(4)), 3 * SECOND);
        assert_eq!(watch.elapsed(at(9)), 3 * SECOND);
        watch.start(at(10));
        assert_eq!(watch.elapsed(at(12)), 5 * SECOND);
        assert_eq!([watch.stop(at(12)), watch.stop(at(20))], [2 * SECOND, Duration::ZERO]);
        assert_eq!(watch.elapsed(at(30)), 5 * SECOND, "a second stop changes nothing");
    }
}
