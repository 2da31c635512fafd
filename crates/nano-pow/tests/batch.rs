//! Devices that search several small roots at the same time.

mod common;

use common::{DEADLINE, device, easy, endless, one_in_two_to, plain, root, until, urgent};
use nano_pow::{
    Backend, BackendError, DeviceInfo, NonceRange, Pool, PoolError, Puzzle, Stop, Task, Ticket,
    pool::SearchPhase,
};
use nano_primitives::Root;
use std::sync::{
    atomic::{AtomicBool, Ordering},
    mpsc::{self, Receiver, Sender},
};

/// Takes four jobs at a time and tells of which roots.
#[derive(Debug)]
struct Wide {
    batches: Sender<Vec<Root>>,
    behaviour: Behaviour,
    /// Whether it says what it tried.
    counts: bool,
    has_failed: AtomicBool,
}

impl Wide {
    fn new(behaviour: Behaviour) -> (Self, Receiver<Vec<Root>>) {
        let (batches, receiver) = mpsc::channel();
        (Self { batches, behaviour, counts: true, has_failed: AtomicBool::new(false) }, receiver)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Solves,
    /// Has no work before all of its tasks are stopped.
    Holds,
    /// Solves the first job, then proposes wrong work for the second.
    Lies,
    /// Solves the first job, then fails.
    Fails,
    /// Fails at once, the first time.
    FailsOnce,
}

/// More than any machine tries: with this, all but endless jobs are small.
const MANY: u64 = 1 << 50;

impl Backend for Wide {
    fn info(&self) -> DeviceInfo {
        DeviceInfo::new("wide").with_batch_size(4)
    }

    fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError> {
        // The test may be over.
        let _ = self.batches.send(tasks.iter().map(|task| task.puzzle().root).collect());
        if self.counts {
            tasks[0].count(MANY);
        }
        let is_endless = tasks[0].puzzle().threshold == endless(0).threshold;
        if is_endless || self.behaviour == Behaviour::Holds {
            until("all tasks are stopped", || tasks.iter().all(Task::is_stopped));
            return Ok(());
        }
        for (index, task) in tasks.iter().enumerate() {
            match self.behaviour {
                Behaviour::Lies if index == 1 => {
                    let mut nonces = task.nonces().iter();
                    let wrong = nonces.find(|work| task.puzzle().check(*work).is_err());
                    task.found(wrong.expect("most work is wrong"));
                }
                Behaviour::Fails if index == 1 => return Err(BackendError::device("no power")),
                Behaviour::FailsOnce if !self.has_failed.swap(true, Ordering::Relaxed) => {
                    return Err(BackendError::device("no power"));
                }
                _ => plain(task)?,
            }
        }
        Ok(())
    }
}

/// A pool whose first device takes batches and is busy with root 0 until the ticket is dropped.
fn busy_pool(
    behaviour: Behaviour,
    others: Vec<Box<dyn Backend>>,
) -> (Pool, Ticket, Receiver<Vec<Root>>) {
    let (wide, batches) = Wide::new(behaviour);
    let devices = std::iter::once(Box::new(wide) as Box<dyn Backend>).chain(others);
    let pool = Pool::new(devices.collect());
    let blocker = pool.submit(endless(0));
    assert_eq!(next(&batches), [root(0)]);
    until("the rate is known", || pool.status().devices[0].rate.is_some());
    (pool, blocker, batches)
}

fn next(batches: &Receiver<Vec<Root>>) -> Vec<Root> {
    batches.recv_timeout(DEADLINE).expect("a batch begins")
}

fn roots<const N: usize>(bytes: [u8; N]) -> Vec<Root> {
    bytes.map(root).to_vec()
}

#[test]
fn small_jobs_are_taken_together_in_their_order() {
    let (pool, blocker, batches) = busy_pool(Behaviour::Solves, Vec::new());
    let tickets: Vec<_> = (1..=6).map(|byte| pool.submit(easy(byte))).collect();
    let urgent = pool.submit(urgent(easy(7), 1));
    drop(blocker);
    assert_eq!(next(&batches), roots([7, 1, 2, 3]));
    assert_eq!(next(&batches), roots([4, 5, 6]));
    for ticket in tickets.into_iter().chain([urgent]) {
        let puzzle = *ticket.puzzle();
        assert_eq!(ticket.wait().unwrap().puzzle(), &puzzle);
    }
    assert_eq!(pool.status().devices[0].solutions, 7);
    assert_eq!(pool.status().requests.solved, 7);
}

#[test]
fn a_large_job_is_not_taken_along_nor_passed_by() {
    let (pool, blocker, batches) = busy_pool(Behaviour::Solves, Vec::new());
    let first = [easy(1), easy(2)].map(|puzzle| pool.submit(puzzle));
    let large = pool.submit(endless(3));
    let last = pool.submit(easy(4));
    drop(blocker);
    assert_eq!(next(&batches), roots([1, 2]));
    for ticket in first {
        ticket.wait().unwrap();
    }
    assert_eq!(next(&batches), roots([3]));
    assert_eq!(last.progress().phase, SearchPhase::Queued);
    drop(large);
    assert_eq!(next(&batches), roots([4]));
    last.wait().unwrap();
}

/// The blocker counts no hashes here.
#[test]
fn jobs_are_taken_one_by_one_until_the_rate_is_known() {
    let (wide, batches) = Wide::new(Behaviour::Solves);
    let pool = Pool::new(vec![Box::new(Wide { counts: false, ..wide })]);
    let blocker = pool.submit(endless(0));
    assert_eq!(next(&batches), roots([0]));
    let tickets = [1, 2].map(|byte| pool.submit(easy(byte)));
    drop(blocker);
    assert_eq!(next(&batches), roots([1]));
    for ticket in tickets {
        ticket.wait().unwrap();
    }
}

#[test]
fn others_join_the_first_root_of_a_batch_and_then_the_next() {
    let begin = Stop::new();
    let started = begin.clone();
    let patient = device("patient", move |task| {
        until("the batch has begun", || started.is_stopped() || task.is_stopped());
        plain(task)
    });
    let (pool, blocker, batches) = busy_pool(Behaviour::Holds, vec![patient]);
    let tickets: Vec<_> = (1..=3).map(|byte| pool.submit(easy(byte))).collect();
    drop(blocker);
    assert_eq!(next(&batches), roots([1, 2, 3]));
    begin.stop();
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    assert_eq!(pool.status().devices[1].solutions, 3);
    until("nothing runs", || pool.status().running.is_empty());
}

#[test]
fn the_status_shows_every_root_of_a_batch() {
    let (pool, blocker, batches) = busy_pool(Behaviour::Holds, Vec::new());
    let tickets: Vec<_> = (1..=5).map(|byte| pool.submit(easy(byte))).collect();
    drop(blocker);
    assert_eq!(next(&batches), roots([1, 2, 3, 4]));
    let status = pool.status();
    let running: Vec<_> = status.running.iter().map(|search| search.puzzle.root).collect();
    assert_eq!((running, status.queued), (roots([1, 2, 3, 4]), 1));
    let phases: Vec<_> = tickets.iter().map(|ticket| ticket.progress().phase).collect();
    assert_eq!(phases[3..], [SearchPhase::Running, SearchPhase::Queued]);
    assert_eq!(pool.cancel(&root(2)), 1);
    assert_eq!(pool.status().running.len(), 3);
    pool.close();
    let answers = tickets.into_iter().map(Ticket::wait);
    let cancelled = answers.filter(|answer| matches!(answer, Err(PoolError::Cancelled)));
    assert_eq!(cancelled.count(), 1);
}

/// The first job of the batch was solved before; the second one is done later.
#[test]
fn what_a_failing_device_leaves_of_a_batch_is_not_lost() {
    for behaviour in [Behaviour::Lies, Behaviour::Fails] {
        let (pool, blocker, batches) = busy_pool(behaviour, Vec::new());
        let tickets = [1, 2].map(|byte| pool.submit(easy(byte)));
        drop(blocker);
        assert_eq!(next(&batches), roots([1, 2]), "{behaviour:?}");
        until("the failure is noticed", || pool.status().devices[0].failures == 1);
        assert_eq!(pool.status().devices[0].solutions, 1, "{behaviour:?}");
        assert_eq!(next(&batches), roots([2]), "{behaviour:?}");
        for ticket in tickets {
            ticket.wait().unwrap();
        }
    }
}

#[test]
fn a_failure_counts_against_the_first_job_of_a_batch_alone() {
    let (pool, blocker, batches) = busy_pool(Behaviour::FailsOnce, Vec::new());
    let [first, second, third] = [1, 2, 3].map(|byte| pool.submit(easy(byte)));
    drop(blocker);
    assert_eq!(next(&batches), roots([1, 2, 3]));
    let error = first.wait().unwrap_err();
    assert!(matches!(&error, PoolError::Failed { device, .. } if device == "wide"), "{error}");
    second.wait().unwrap();
    third.wait().unwrap();
}

#[test]
fn what_a_batch_leaves_undone_waits_behind_urgent_jobs() {
    let (pool, blocker, batches) = busy_pool(Behaviour::FailsOnce, Vec::new());
    let tickets: Vec<_> = (1..=3).map(|byte| pool.submit(easy(byte))).collect();
    drop(blocker);
    assert_eq!(next(&batches), roots([1, 2, 3]));
    until("the failure is noticed", || pool.status().devices[0].failures == 1);
    let urgent = pool.submit(urgent(easy(9), 1));
    // Root 2 has begun its turn when root 1 was given up.
    assert_eq!(next(&batches), roots([2, 9, 3]));
    urgent.wait().unwrap();
    let solved = tickets.into_iter().map(Ticket::wait).filter(Result::is_ok).count();
    assert_eq!(solved, 2);
}

/// Its race is another one from then on, which the device takes up after the batch.
#[test]
fn a_root_of_a_batch_may_change_its_threshold() {
    let (pool, blocker, batches) = busy_pool(Behaviour::Holds, Vec::new());
    let tickets = [1, 2].map(|byte| pool.submit(easy(byte)));
    drop(blocker);
    assert_eq!(next(&batches), roots([1, 2]));
    let easier = pool.submit(Puzzle::new(root(2), one_in_two_to(2)));
    assert_eq!(pool.cancel(&root(1)), 1);
    assert_eq!(next(&batches), roots([2]));
    pool.close();
    assert!(matches!(easier.wait(), Err(PoolError::Closed)));
    let answers = tickets.map(|ticket| ticket.wait().unwrap_err());
    assert!(matches!(answers, [PoolError::Cancelled, PoolError::Closed]), "{answers:?}");
}

#[test]
fn a_closure_gets_one_task_after_the_other() {
    let (stop, nonces) = (Stop::new(), NonceRange::new(0, 1 << 16));
    let tasks: Vec<_> = (1..=3).map(|byte| Task::new(easy(byte), nonces, &stop)).collect();
    let backend = device("plain", plain);
    assert_eq!(backend.info().batch_size, 1);
    backend.search(&tasks).unwrap();
    for task in &tasks {
        assert!(task.work().is_some_and(|work| task.puzzle().check(work).is_ok()));
    }
    let fails = device("fails", |task| {
        task.count(1);
        Err(BackendError::device("no power"))
    });
    let tasks = [1, 2].map(|byte| Task::new(easy(byte), nonces, &stop));
    assert!(fails.search(&tasks).is_err());
    assert_eq!(tasks.map(|task| task.hashes()), [1, 0], "the second one was not asked for");
}
