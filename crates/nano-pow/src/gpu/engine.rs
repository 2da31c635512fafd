//! The search on one device: keeps it supplied, and believes nothing it says.

use super::{
    GpuError,
    pace::Pace,
    stretch::{Cutter, Stretch},
};
use crate::{Job, Task};
use nano_primitives::Work;
use std::{
    collections::VecDeque,
    fmt::Debug,
    task::Poll,
    time::{Duration, Instant},
};

/// Submissions underway: the device works on one while the host looks at the other. More would only
/// add to what cannot be called back.
pub(super) const IN_FLIGHT: usize = 2;

/// How often a search looks up from waiting, to see whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(1);

/// A submission takes milliseconds, and the first one a second at worst, when the driver compiles
/// the kernel. Systems that watch over their devices give up after two seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// A device that searches stretches of nonces in the order in which they are submitted.
pub(super) trait Queue: Debug {
    /// What is submitted from now on is for this job.
    fn begin(&mut self, job: &Job);

    /// Puts a stretch behind the others, of which there is at most one.
    fn submit(&mut self, stretch: Stretch) -> Result<(), GpuError>;

    /// Waits for the oldest stretch and says at which offset there is work, if anywhere.
    fn wait(&mut self, time: Duration) -> Result<Poll<Option<u32>>, GpuError>;
}

/// A device, its pace, and what it is working on.
#[derive(Debug)]
pub(super) struct Engine<Q> {
    queue: Q,
    pace: Pace,
    flights: VecDeque<Flight>,
    landed: Instant,
    patience: Duration,
}

/// A stretch on its way.
#[derive(Debug, Clone, Copy)]
struct Flight {
    stretch: Stretch,
    since: Instant,
}

/// A stretch that is done.
#[derive(Debug)]
struct Landing {
    stretch: Stretch,
    /// How long the device worked on it.
    took: Duration,
    found: Option<u32>,
}

impl<Q: Queue> Engine<Q> {
    pub(super) fn new(queue: Q) -> Self {
        Self {
            queue,
            pace: Pace::unknown(),
            flights: VecDeque::with_capacity(IN_FLIGHT),
            landed: Instant::now(),
            patience: PATIENCE,
        }
    }

    /// The device.
    pub(super) const fn queue(&self) -> &Q {
        &self.queue
    }

    /// The device, for other purposes.
    pub(super) const fn queue_mut(&mut self) -> &mut Q {
        &mut self.queue
    }

    /// Searches the nonces of a task. What is still underway when the answer is known, the next
    /// search waits for.
    pub(super) fn search(&mut self, task: &Task<'_>) -> Result<Option<Work>, GpuError> {
        while !self.flights.is_empty() {
            if self.land(task)?.is_none() {
                return Ok(None);
            }
        }
        self.queue.begin(task.job());
        self.pace.restart();
        self.hunt(task)
    }

    fn hunt(&mut self, task: &Task<'_>) -> Result<Option<Work>, GpuError> {
        let mut nonces = Cutter::new(task.nonces());
        loop {
            self.supply(task, &mut nonces)?;
            let Some(landing) = self.land(task)? else { return Ok(None) };
            let stretch = landing.stretch;
            if let Some(offset) = landing.found {
                task.count(stretch.tried(offset));
                let work = Work::from_u64(stretch.nonce(offset));
                return Ok(Some(task.job().check(work)?.work()));
            }
            let count = u64::from(stretch.count());
            task.count(count);
            self.pace.learn(count, landing.took);
        }
    }

    /// Submits as much as there may be in flight.
    fn supply(&mut self, task: &Task<'_>, nonces: &mut Cutter) -> Result<(), GpuError> {
        while self.flights.len() < IN_FLIGHT && !task.is_stopped() {
            let Some(stretch) = nonces.cut(self.pace.nonces()) else { break };
            self.queue.submit(stretch)?;
            self.flights.push_back(Flight { stretch, since: Instant::now() });
        }
        Ok(())
    }

    /// Waits for the oldest flight; `None` when there is none or the task is stopped first.
    fn land(&mut self, task: &Task<'_>) -> Result<Option<Landing>, GpuError> {
        while let Some(Flight { stretch, since }) = self.flights.front().copied() {
            if task.is_stopped() {
                break;
            }
            if let Poll::Ready(found) = self.queue.wait(GLANCE)? {
                self.flights.pop_front();
                // The device began with it when it was done with the one before.
                let took = since.max(self.landed).elapsed();
                self.landed = Instant::now();
                return Ok(Some(Landing { stretch, took, found }));
            }
            if since.elapsed() > self.patience {
                return Err(GpuError::Silent { waited: since.elapsed() });
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::{Engine, GpuError, IN_FLIGHT, Queue, Stretch};
    use crate::{Job, NonceRange, Stop, Task};
    use nano_primitives::{Difficulty, Root, Work};
    use std::{
        collections::VecDeque,
        sync::atomic::{AtomicU64, Ordering},
        task::Poll,
        time::Duration,
    };

    const EASY: Difficulty = Difficulty::from_u64(0xffc0_0000_0000_0000);

    /// What a device does that is not one.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Habit {
        Works,
        Lies,
        Hangs,
        Breaks,
    }

    #[derive(Debug)]
    struct Fake {
        habit: Habit,
        job: Option<Job>,
        submitted: Vec<Stretch>,
        waiting: VecDeque<(Job, Stretch)>,
    }

    impl Queue for Fake {
        fn begin(&mut self, job: &Job) {
            self.job = Some(*job);
        }

        fn submit(&mut self, stretch: Stretch) -> Result<(), GpuError> {
            self.submitted.push(stretch);
            self.waiting.push_back((self.job.unwrap(), stretch));
            assert!(self.waiting.len() <= IN_FLIGHT);
            Ok(())
        }

        fn wait(&mut self, _: Duration) -> Result<Poll<Option<u32>>, GpuError> {
            match self.habit {
                Habit::Hangs => return Ok(Poll::Pending),
                Habit::Breaks => return Err(GpuError::reported("fire")),
                Habit::Works | Habit::Lies => {}
            }
            let (job, stretch) = self.waiting.pop_front().unwrap();
            let works = |offset| job.check(Work::from_u64(stretch.nonce(offset))).is_ok();
            let lies = self.habit == Habit::Lies;
            Ok(Poll::Ready((stretch.start..stretch.end).find(|offset| lies || works(*offset))))
        }
    }

    fn engine(habit: Habit) -> Engine<Fake> {
        let queue = Fake { habit, job: None, submitted: Vec::new(), waiting: VecDeque::new() };
        Engine { patience: Duration::ZERO, ..Engine::new(queue) }
    }

    fn job(byte: u8, threshold: Difficulty) -> Job {
        Job::new(Root::from_bytes([byte; 32]), threshold)
    }

    fn search(
        engine: &mut Engine<Fake>,
        job: Job,
        nonces: NonceRange,
    ) -> Result<(Option<Work>, u64), GpuError> {
        let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
        let found = engine.search(&Task::new(job, nonces, &stop, &hashes))?;
        Ok((found, hashes.into_inner()))
    }

    #[test]
    fn all_nonces_are_submitted_once_and_in_order() {
        let nonces = NonceRange::new(u64::MAX - 70_000, 200_000);
        let mut engine = engine(Habit::Works);
        let found = search(&mut engine, job(1, Difficulty::MAX), nonces).unwrap();
        assert_eq!(found, (None, 200_000));
        let mut next = nonces.first();
        for stretch in &engine.queue.submitted {
            assert_eq!(stretch.nonce(stretch.start), next);
            next = stretch.nonce(stretch.end);
        }
        assert_eq!(next, nonces.first().wrapping_add(nonces.count()));
    }

    #[test]
    fn what_a_search_leaves_behind_is_no_answer_for_the_next() {
        let mut engine = engine(Habit::Works);
        for byte in 0..8 {
            let (job, nonces) = (job(byte, EASY), NonceRange::new(0, u64::MAX));
            let expected = nonces.iter().find(|work| job.check(*work).is_ok()).unwrap();
            let found = search(&mut engine, job, nonces).unwrap();
            assert_eq!(found, (Some(expected), expected.to_u64() + 1));
            assert!(!engine.flights.is_empty(), "nothing was left");
        }
    }

    #[test]
    fn wrong_work_is_an_error() {
        let job = job(1, Difficulty::MAX);
        let error = search(&mut engine(Habit::Lies), job, NonceRange::new(5, 9)).unwrap_err();
        assert!(matches!(error, GpuError::Wrong(wrong) if wrong.work == Work::from_u64(5)));
    }

    #[test]
    fn a_device_that_breaks_is_an_error() {
        let job = job(1, Difficulty::MAX);
        let error = search(&mut engine(Habit::Breaks), job, NonceRange::new(5, 9)).unwrap_err();
        assert_eq!(error.to_string(), "the driver reports: fire");
    }

    #[test]
    fn a_device_that_hangs_is_an_error() {
        let job = job(1, Difficulty::MAX);
        let error = search(&mut engine(Habit::Hangs), job, NonceRange::new(5, 9)).unwrap_err();
        assert!(matches!(error, GpuError::Silent { .. }), "{error}");
    }

    /// Others may be first with every root, so that each search is stopped before the patience with
    /// it ends.
    #[test]
    fn a_device_that_hangs_is_found_out_by_the_next_search_too() {
        let mut engine = engine(Habit::Hangs);
        engine.patience = Duration::MAX;
        let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
        let task = Task::new(job(1, EASY), NonceRange::new(0, 9), &stop, &hashes);
        engine.queue.begin(task.job());
        engine.supply(&task, &mut super::Cutter::new(task.nonces())).unwrap();
        stop.stop();
        assert_eq!(engine.search(&task).unwrap(), None);
        engine.patience = Duration::ZERO;
        let error = search(&mut engine, job(2, EASY), NonceRange::new(0, 9)).unwrap_err();
        assert!(matches!(error, GpuError::Silent { .. }), "{error}");
        assert_eq!(hashes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn nothing_is_submitted_for_a_task_that_is_stopped() {
        let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
        stop.stop();
        let task = Task::new(job(1, EASY), NonceRange::new(0, u64::MAX), &stop, &hashes);
        let mut engine = engine(Habit::Works);
        assert_eq!(engine.search(&task).unwrap(), None);
        assert_eq!(engine.queue.submitted, []);
    }
}
