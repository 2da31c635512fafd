//! [`Engine`]: the search on one device; keeps it supplied, and believes nothing it says.

use super::{
    GpuError,
    batch::{Batch, Part},
    pace::Pace,
};
use crate::{Puzzle, Task};
use std::{
    collections::VecDeque,
    fmt::Debug,
    task::Poll,
    time::{Duration, Instant},
};

/// Submissions underway: the device works on one while the host looks at the other. More would only
/// add to what cannot be called back.
pub(super) const IN_FLIGHT: usize = 2;

/// Tasks that are searched at the same time at most: enough to keep a card busy with receives.
pub(super) const SLOTS: usize = 16;

/// How often a search looks up from waiting, to see whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(1);

/// A submission takes milliseconds, and the first one a second at worst, when the driver compiles
/// the kernel. Systems that watch over their devices give up after two seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// A device that searches in the order in which it is asked.
pub(super) trait SubmitQueue: Debug {
    /// What is submitted from now on is for these puzzles, at most [`SLOTS`].
    fn begin(&mut self, puzzles: &[Puzzle]);

    /// Puts a submission behind the others, of which there is at most one.
    fn submit(&mut self, parts: &[Part]) -> Result<(), GpuError>;

    /// Waits for the oldest submission, and says for each of its parts at which offset there is
    /// work, if anywhere.
    fn wait(&mut self, time: Duration) -> Result<Poll<Vec<Option<u32>>>, GpuError>;
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

/// A submission on its way.
#[derive(Debug)]
struct Flight {
    parts: Vec<Part>,
    since: Instant,
}

/// A submission that is done.
#[derive(Debug)]
struct Landing {
    /// How long the device worked on it.
    took: Duration,
    /// Its parts, and where there is work in them.
    parts: Vec<(Part, Option<u32>)>,
}

impl<Q: SubmitQueue> Engine<Q> {
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

    /// Searches for some tasks at the same time. What is still underway when all answers are known,
    /// the next search waits for.
    pub(super) fn search(&mut self, tasks: &[Task<'_>]) -> Result<(), GpuError> {
        let mut batch = Batch::new(tasks);
        while !self.flights.is_empty() {
            if self.land(&batch)?.is_none() {
                return Ok(());
            }
        }
        self.queue.begin(&tasks.iter().map(|task| *task.puzzle()).collect::<Vec<_>>());
        self.pace.restart(tasks.len());
        loop {
            self.supply(&mut batch)?;
            let Some(landing) = self.land(&batch)? else { return Ok(()) };
            if let Some(tried) = batch.evaluate(landing.parts)? {
                self.pace.learn(tried, landing.took);
            }
        }
    }

    /// Submits as much as there may be in flight.
    fn supply(&mut self, batch: &mut Batch<'_>) -> Result<(), GpuError> {
        while self.flights.len() < IN_FLIGHT && batch.is_wanted() {
            let parts = batch.cut(self.pace.nonces());
            if parts.is_empty() {
                break;
            }
            self.queue.submit(&parts)?;
            self.flights.push_back(Flight { parts, since: Instant::now() });
        }
        Ok(())
    }

    /// Waits for the oldest flight; `None` when there is none, or nothing is wanted any more.
    fn land(&mut self, batch: &Batch<'_>) -> Result<Option<Landing>, GpuError> {
        while let Some(flight) = self.flights.front().filter(|_| batch.is_wanted()) {
            let since = flight.since;
            if let Poll::Ready(found) = self.queue.wait(GLANCE)? {
                // The device began with it when it was done with the one before.
                let took = since.max(self.landed).elapsed();
                self.landed = Instant::now();
                let landed = self.flights.pop_front().into_iter().flat_map(|flight| flight.parts);
                return Ok(Some(Landing { took, parts: landed.zip(found).collect() }));
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
    use super::{Batch, Engine, GpuError, IN_FLIGHT, Part, SubmitQueue};
    use crate::{NonceRange, Puzzle, Stop, Task, gpu::batch::Stretch, task::Listener};
    use nano_primitives::{Difficulty, Root, Work};
    use std::{collections::VecDeque, slice, task::Poll, time::Duration};

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
        puzzles: Vec<Puzzle>,
        submitted: Vec<Part>,
        waiting: VecDeque<Vec<(Puzzle, Stretch)>>,
    }

    impl SubmitQueue for Fake {
        fn begin(&mut self, puzzles: &[Puzzle]) {
            self.puzzles = puzzles.to_vec();
        }

        fn submit(&mut self, parts: &[Part]) -> Result<(), GpuError> {
            self.submitted.extend(parts);
            let parts = parts.iter().map(|part| (self.puzzles[part.task], part.stretch));
            self.waiting.push_back(parts.collect());
            assert!(self.waiting.len() <= IN_FLIGHT);
            Ok(())
        }

        fn wait(&mut self, _: Duration) -> Result<Poll<Vec<Option<u32>>>, GpuError> {
            match self.habit {
                Habit::Hangs => return Ok(Poll::Pending),
                Habit::Breaks => return Err(GpuError::reported("fire")),
                Habit::Works | Habit::Lies => {}
            }
            let lies = self.habit == Habit::Lies;
            let find = |(puzzle, stretch): (Puzzle, Stretch)| {
                let works = |offset| puzzle.check(Work::from_u64(stretch.nonce(offset))).is_ok();
                (stretch.start..stretch.end).find(|offset| lies || works(*offset))
            };
            Ok(Poll::Ready(self.waiting.pop_front().unwrap().into_iter().map(find).collect()))
        }
    }

    fn engine(habit: Habit) -> Engine<Fake> {
        let queue =
            Fake { habit, puzzles: Vec::new(), submitted: Vec::new(), waiting: VecDeque::new() };
        Engine { patience: Duration::ZERO, ..Engine::new(queue) }
    }

    fn puzzle(byte: u8, threshold: Difficulty) -> Puzzle {
        Puzzle::new(Root::from_bytes([byte; 32]), threshold)
    }

    fn search(
        engine: &mut Engine<Fake>,
        puzzle: Puzzle,
        nonces: NonceRange,
    ) -> Result<(Option<Work>, u64), GpuError> {
        let stop = Stop::new();
        let task = Task::new(puzzle, nonces, &stop);
        engine.search(slice::from_ref(&task))?;
        Ok((task.work(), task.hashes()))
    }

    #[test]
    fn all_nonces_are_submitted_once_and_in_order() {
        let nonces = NonceRange::new(u64::MAX - 70_000, 200_000);
        let mut engine = engine(Habit::Works);
        let found = search(&mut engine, puzzle(1, Difficulty::MAX), nonces).unwrap();
        assert_eq!(found, (None, 200_000));
        let mut next = nonces.first();
        for Part { stretch, .. } in &engine.queue.submitted {
            assert_eq!(stretch.nonce(stretch.start), next);
            next = stretch.nonce(stretch.end);
        }
        assert_eq!(next, nonces.first().wrapping_add(nonces.count()));
    }

    #[test]
    fn what_a_search_leaves_behind_is_no_answer_for_the_next() {
        let mut engine = engine(Habit::Works);
        for byte in 0..8 {
            let (puzzle, nonces) = (puzzle(byte, EASY), NonceRange::new(0, u64::MAX));
            let expected = nonces.iter().find(|work| puzzle.check(*work).is_ok()).unwrap();
            let found = search(&mut engine, puzzle, nonces).unwrap();
            assert_eq!(found, (Some(expected), expected.to_u64() + 1));
            assert!(!engine.flights.is_empty(), "nothing was left");
        }
    }

    #[test]
    fn wrong_work_is_an_error() {
        let puzzle = puzzle(1, Difficulty::MAX);
        let error = search(&mut engine(Habit::Lies), puzzle, NonceRange::new(5, 9)).unwrap_err();
        assert!(matches!(error, GpuError::Wrong(wrong) if wrong.work == Work::from_u64(5)));
    }

    #[test]
    fn a_device_that_breaks_is_an_error() {
        let puzzle = puzzle(1, Difficulty::MAX);
        let error = search(&mut engine(Habit::Breaks), puzzle, NonceRange::new(5, 9)).unwrap_err();
        assert_eq!(error.to_string(), "the driver reports: fire");
    }

    #[test]
    fn a_device_that_hangs_is_an_error() {
        let puzzle = puzzle(1, Difficulty::MAX);
        let error = search(&mut engine(Habit::Hangs), puzzle, NonceRange::new(5, 9)).unwrap_err();
        assert!(matches!(error, GpuError::Silent { .. }), "{error}");
    }

    /// Others may be first with every root, so that each search is stopped before the patience with
    /// it ends.
    #[test]
    fn a_device_that_hangs_is_found_out_by_the_next_search_too() {
        let mut engine = engine(Habit::Hangs);
        engine.patience = Duration::MAX;
        let stop = Stop::new();
        let task = Task::new(puzzle(1, EASY), NonceRange::new(0, 9), &stop);
        engine.queue.begin(&[*task.puzzle()]);
        engine.supply(&mut Batch::new(slice::from_ref(&task))).unwrap();
        stop.stop();
        engine.search(slice::from_ref(&task)).unwrap();
        assert_eq!(task.work(), None);
        engine.patience = Duration::ZERO;
        let error = search(&mut engine, puzzle(2, EASY), NonceRange::new(0, 9)).unwrap_err();
        assert!(matches!(error, GpuError::Silent { .. }), "{error}");
        assert_eq!(task.hashes(), 0);
    }

    #[test]
    fn nothing_is_submitted_for_a_task_that_is_stopped() {
        let stop = Stop::new();
        stop.stop();
        let task = Task::new(puzzle(1, EASY), NonceRange::new(0, u64::MAX), &stop);
        let mut engine = engine(Habit::Works);
        engine.search(slice::from_ref(&task)).unwrap();
        assert_eq!(task.work(), None);
        assert_eq!(engine.queue.submitted, []);
    }

    /// What a batch found, in the order of the puzzles, and the hashes counted for each.
    fn search_batch(engine: &mut Engine<Fake>, puzzles: &[Puzzle]) -> Vec<(Option<Work>, u64)> {
        let nonces = NonceRange::new(u64::MAX - 700, 40_000);
        let stop = Stop::new();
        let task = |puzzle: &Puzzle| Task::new(*puzzle, nonces, &stop);
        let tasks: Vec<_> = puzzles.iter().map(task).collect();
        engine.search(&tasks).unwrap();
        tasks.iter().map(|task| (task.work(), task.hashes())).collect()
    }

    /// Among easy puzzles is one without a solution.
    #[test]
    fn a_batch_finds_what_single_searches_find() {
        let threshold = |byte| if byte == 5 { Difficulty::MAX } else { EASY };
        let puzzles: Vec<_> = (0..16).map(|byte| puzzle(byte, threshold(byte))).collect();
        let nonces = NonceRange::new(u64::MAX - 700, 40_000);
        let single = |puzzle: &Puzzle| search(&mut engine(Habit::Works), *puzzle, nonces).unwrap();
        let expected: Vec<_> = puzzles.iter().map(single).collect();
        assert_eq!(expected.iter().filter(|(work, _)| work.is_none()).count(), 1);
        let mut engine = engine(Habit::Works);
        for _ in 0..3 {
            assert_eq!(search_batch(&mut engine, &puzzles), expected);
        }
    }

    /// Ends the search when work is found.
    struct StopOnFound(Stop);

    impl Listener for StopOnFound {
        fn found(&self, _: &Puzzle, _: Work) {
            self.0.stop();
        }

        fn count(&self, _: u64) {}
    }

    #[test]
    fn a_stopped_job_leaves_a_batch_and_the_others_go_on() {
        let stops = [(); 3].map(|()| Stop::new());
        let [first, easy, last] = [Difficulty::MAX, EASY, Difficulty::MAX];
        let task =
            |threshold, stop| Task::new(puzzle(9, threshold), NonceRange::new(0, u64::MAX), stop);
        let after = StopOnFound(stops[2].clone());
        let tasks =
            [task(first, &stops[0]), task(easy, &stops[1]).heard_by(&after), task(last, &stops[2])];
        let mut engine = engine(Habit::Works);
        stops[0].stop();
        engine.search(&tasks).unwrap();
        assert_eq!([0, 1, 2].map(|task| tasks[task].work().is_some()), [false, true, false]);
        let asked = |task| engine.queue.submitted.iter().any(|part| part.task == task);
        assert_eq!([0, 1, 2].map(asked), [false, true, true]);
    }
}
