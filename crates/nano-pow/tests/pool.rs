//! Queue, race, cancellation and closing.

mod common;

use common::{
    DEADLINE, Event, device, easy, endless, hold, next_end, next_puzzle, one_in_two_to, plain,
    root, spied, until,
};
use nano_pow::{CpuBackend, NonceRange, Pool, PoolError, Puzzle, pool::SearchPhase};
use std::{
    pin::pin,
    sync::{Arc, Mutex, mpsc::Receiver},
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

#[tokio::test]
async fn a_ticket_is_a_future_of_its_solution() {
    let pool = Pool::cpu(Some(2));
    let ticket = pool.submit(easy(1));
    assert_eq!(ticket.puzzle(), &easy(1));
    let solution = tokio::time::timeout(DEADLINE, ticket).await.unwrap().unwrap();
    assert_eq!(solution.puzzle(), &easy(1));
    assert_eq!(solution.value(), solution.work().value(&root(1)));
    assert!(solution.value() >= easy(1).threshold);
}

#[test]
fn many_jobs_of_many_threads_are_all_solved() {
    let pool = Pool::new(vec![Box::new(CpuBackend::new(2)), device("plain", plain)]);
    thread::scope(|scope| {
        for thread in 0..4u8 {
            let pool = pool.clone();
            scope.spawn(move || {
                let jobs: Vec<_> = (0..25).map(|index| easy(thread * 25 + index)).collect();
                let tickets: Vec<_> = jobs.iter().map(|puzzle| pool.submit(*puzzle)).collect();
                for (ticket, puzzle) in tickets.into_iter().zip(jobs) {
                    assert_eq!(ticket.wait().unwrap().puzzle(), &puzzle);
                }
            });
        }
    });
    assert_eq!(pool.status().queued, 0);
    let solutions: u64 = pool.status().devices.iter().map(|device| device.solutions).sum();
    assert!(solutions >= 100, "{solutions} solutions");
}

#[test]
fn roots_are_searched_one_at_a_time_in_the_order_they_came() {
    let (backend, events) = spied(device("hold", hold));
    let pool = Pool::new(vec![backend]);
    let tickets: Vec<_> = (1..=3).map(|byte| pool.submit(endless(byte))).collect();
    for (index, ticket) in tickets.into_iter().enumerate() {
        let puzzle = next_puzzle(&events);
        assert_eq!(&puzzle, ticket.puzzle());
        let status = pool.status();
        assert_eq!(status.running.first().map(|running| running.puzzle), Some(puzzle));
        assert_eq!(status.queued, 2 - index);
        assert_eq!(ticket.progress().phase, SearchPhase::Running);
        drop(ticket);
    }
    until("nothing runs", || pool.status().running.is_empty());
}

#[test]
fn every_device_searches_the_same_root_but_other_nonces() {
    let devices: Vec<_> = (0..3).map(|_| spied(device("hold", hold))).collect();
    let (backends, events): (Vec<_>, Vec<_>) = devices.into_iter().unzip();
    let pool = Pool::new(backends);
    let _ticket = pool.submit(endless(1));
    let ranges: Vec<_> = events.iter().map(first_range).collect();
    for (index, range) in ranges.iter().enumerate() {
        for other in &ranges[..index] {
            assert!(!range.contains(other.first()) && !other.contains(range.first()));
        }
    }
}

fn first_range(events: &Receiver<Event>) -> NonceRange {
    match events.recv_timeout(DEADLINE) {
        Ok(Event::Began(puzzle, nonces)) if puzzle == endless(1) => nonces,
        other => panic!("{other:?} instead of a search"),
    }
}

#[test]
fn a_device_that_is_done_with_its_nonces_gets_others() {
    let (backend, events) = spied(device("empty", |_| Ok(())));
    let pool = Pool::new(vec![backend]);
    let _ticket = pool.submit(endless(1));
    let mut firsts: Vec<_> = (0..200)
        .map(|_| events.recv_timeout(DEADLINE).unwrap())
        .filter_map(|event| match event {
            Event::Began(_, nonces) => Some(nonces.first()),
            Event::Ended(_) => None,
        })
        .collect();
    firsts.sort_unstable();
    firsts.dedup();
    assert_eq!(firsts.len(), 100);
}

#[test]
fn nonces_run_out_at_last() {
    let pool = Pool::new(vec![device("empty", |_| Ok(()))]);
    let answer = pool.submit(endless(1)).wait();
    assert!(matches!(answer, Err(PoolError::Exhausted)), "{answer:?}");
}

#[test]
fn cancelling_a_root_ends_its_jobs_queued_or_running() {
    let pool = Pool::new(vec![device("hold", hold)]);
    let tickets = [1, 2, 2, 3].map(|byte| pool.submit(endless(byte)));
    assert_eq!(pool.cancel(&root(9)), 0);
    assert_eq!(pool.cancel(&root(2)), 2);
    assert_eq!(pool.cancel(&root(2)), 0);
    assert_eq!(pool.cancel(&root(1)), 1);
    let [first, second, third, last] = tickets;
    for ticket in [first, second, third] {
        assert_eq!(ticket.progress().phase, SearchPhase::Done);
        assert!(matches!(ticket.wait(), Err(PoolError::Cancelled)));
    }
    until("the last root runs", || last.progress().phase == SearchPhase::Running);
}

#[test]
fn dropping_a_ticket_stops_the_devices_within_milliseconds() {
    let (backend, events) = spied(Box::new(CpuBackend::all_cores()));
    let pool = Pool::new(vec![backend]);
    let latency = || {
        let ticket = pool.submit(endless(1));
        until("the search is on", || ticket.progress().hashes > 0);
        let dropped = Instant::now();
        drop(ticket);
        next_end(&events).saturating_duration_since(dropped)
    };
    // The best of some attempts, as the machine may be busy with other things.
    let best = (0..10).map(|_| latency()).min().unwrap();
    println!("stopped after {best:?}");
    assert!(best < Duration::from_millis(5), "stopped after {best:?}");
    assert!(pool.status().running.is_empty());
}

#[test]
fn dropping_a_queued_ticket_takes_it_out_of_the_queue() {
    let (backend, events) = spied(device("hold", hold));
    let pool = Pool::new(vec![backend]);
    let first = pool.submit(endless(1));
    let second = pool.submit(endless(2));
    let third = pool.submit(endless(3));
    assert_eq!(next_puzzle(&events), endless(1));
    drop(second);
    assert_eq!(pool.status().queued, 1);
    drop(first);
    assert_eq!(next_puzzle(&events), endless(3));
    drop(third);
}

#[test]
fn an_idle_pool_searches_nothing() {
    let (backend, events) = spied(device("plain", plain));
    let pool = Pool::new(vec![backend]);
    pool.submit(easy(1)).wait().unwrap();
    let hashes = pool.status().hashes_total;
    next_end(&events);
    let more = events.recv_timeout(Duration::from_millis(50));
    assert!(more.is_err(), "{more:?} after the job was done");
    assert_eq!(pool.status().hashes_total, hashes);
}

#[test]
fn closing_answers_every_job_and_waits_for_the_devices() {
    let (backend, events) = spied(device("hold", hold));
    let pool = Pool::new(vec![backend]);
    let tickets = [pool.submit(endless(1)), pool.submit(endless(2))];
    next_puzzle(&events);
    pool.clone().close();
    assert!(matches!(events.try_recv(), Ok(Event::Ended(_))));
    for ticket in tickets {
        assert!(matches!(ticket.wait(), Err(PoolError::Closed)));
    }
    assert!(matches!(pool.submit(easy(1)).wait(), Err(PoolError::Closed)));
}

#[test]
fn the_last_clone_closes_the_pool() {
    let pool = Pool::new(vec![device("hold", hold)]);
    let ticket = pool.submit(endless(1));
    drop(pool.clone());
    assert_ne!(ticket.progress().phase, SearchPhase::Done);
    drop(pool);
    assert!(matches!(ticket.wait(), Err(PoolError::Closed)));
}

/// Drops a pool when it is woken.
struct Dropper(Mutex<Option<Pool>>);

impl Wake for Dropper {
    fn wake(self: Arc<Self>) {
        // Not given free before the pool is gone.
        *self.0.lock().expect("nobody panics with it") = None;
    }
}

/// The thread that wakes may belong to the device that the pool waits for when it is closed.
#[test]
fn whom_an_answer_wakes_may_drop_the_pool() {
    let pool = Pool::cpu(Some(2));
    let mut ticket = pin!(pool.submit(Puzzle::new(root(1), one_in_two_to(20))));
    let dropper = Arc::new(Dropper(Mutex::new(Some(pool))));
    let waker = Waker::from(Arc::clone(&dropper));
    let mut context = Context::from_waker(&waker);
    assert!(ticket.as_mut().poll(&mut context).is_pending());
    until("the pool is dropped", || dropper.0.try_lock().is_ok_and(|pool| pool.is_none()));
    assert!(matches!(ticket.as_mut().poll(&mut context), Poll::Ready(Ok(_))));
}

#[test]
fn a_pool_without_devices_says_so() {
    assert!(Pool::new(Vec::new()).measure(Duration::ZERO).is_sign_positive());
    let answer = Pool::new(Vec::new()).submit(easy(1)).wait();
    assert!(matches!(answer, Err(PoolError::NoDevice)), "{answer:?}");
}
