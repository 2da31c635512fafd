//! Priorities, orders and works that are known already.

mod common;

use common::{
    Event, device, easy, endless, hold, next_puzzle, one_in_two_to, plain, root, spied, until,
    urgent,
};
use nano_pow::{
    Pool, Puzzle, Ticket,
    pool::{Priority, QueueOrder, SearchPhase},
};
use nano_primitives::Root;
use std::sync::mpsc::Receiver;

/// A pool whose only device is busy until the ticket is dropped.
fn busy_pool(order: QueueOrder) -> (Pool, Ticket, Receiver<Event>) {
    let (backend, events) = spied(device("hold", hold));
    let pool = Pool::builder(vec![backend]).order(order).build();
    let blocker = pool.submit(endless(0));
    assert_eq!(next_puzzle(&events), endless(0));
    (pool, blocker, events)
}

/// The order in which queued jobs get their turn: each is dropped when it has it.
fn turns(mut tickets: Vec<Ticket>, blocker: Ticket, events: &Receiver<Event>) -> Vec<Root> {
    drop(blocker);
    let mut roots = Vec::new();
    while !tickets.is_empty() {
        let root = next_puzzle(events).root;
        roots.push(root);
        tickets.retain(|ticket| ticket.puzzle().root != root);
    }
    roots
}

#[test]
fn urgent_roots_come_first() {
    let (pool, blocker, events) = busy_pool(QueueOrder::Fifo);
    let jobs = [(1, 0), (2, 5), (3, -1), (4, 5)];
    let submit = |(byte, level)| pool.submit(urgent(endless(byte), level));
    let tickets = jobs.map(submit).into_iter().collect();
    assert_eq!(turns(tickets, blocker, &events), [2, 4, 1, 3].map(root));
}

#[test]
fn an_urgent_job_makes_its_root_urgent() {
    let (pool, blocker, events) = busy_pool(QueueOrder::Fifo);
    let mut tickets: Vec<_> = (1..=3).map(|byte| pool.submit(endless(byte))).collect();
    tickets.push(pool.submit(urgent(endless(3), 1)));
    assert_eq!(pool.status().queued, 3);
    assert_eq!(turns(tickets, blocker, &events), [3, 1, 2].map(root));
}

#[test]
fn a_running_root_is_not_interrupted_by_an_urgent_one() {
    let (pool, blocker, _events) = busy_pool(QueueOrder::Fifo);
    let urgent = pool.submit(urgent(endless(1), i32::MAX));
    assert_eq!(urgent.progress().phase, SearchPhase::Queued);
    assert_eq!(blocker.progress().phase, SearchPhase::Running);
    assert_eq!(Priority::NORMAL.level(), 0);
}

#[test]
fn random_order_serves_every_root_once_but_not_in_turn() {
    let (pool, blocker, events) = busy_pool(QueueOrder::Random);
    let tickets = (1..=100).map(|byte| pool.submit(endless(byte))).collect();
    let served = turns(tickets, blocker, &events);
    let in_turn: Vec<_> = (1..=100).map(root).collect();
    assert_ne!(served, in_turn);
    let mut sorted = served;
    sorted.sort_unstable();
    assert_eq!(sorted, in_turn);
}

#[test]
fn known_work_is_answered_at_once() {
    let pool = Pool::new(vec![device("plain", plain)]);
    let first = pool.submit(easy(1)).wait().unwrap();
    let hashes = pool.status().hashes_total;
    let ticket = pool.submit(Puzzle::new(root(1), first.value()));
    assert_eq!((ticket.progress().phase, ticket.progress().hashes), (SearchPhase::Done, 0));
    assert_eq!(ticket.wait().unwrap().work(), first.work());
    assert_eq!(pool.status().hashes_total, hashes);
}

#[test]
fn known_work_that_is_too_poor_is_not_an_answer() {
    let pool = Pool::new(vec![device("plain", plain)]);
    let poor = pool.submit(Puzzle::new(root(1), one_in_two_to(1))).wait().unwrap();
    let harder = nano_primitives::Difficulty::from_u64(poor.value().to_u64() + 1);
    let better = pool.submit(Puzzle::new(root(1), harder)).wait().unwrap();
    assert!(better.value() > poor.value());
}

#[test]
fn a_pool_without_memory_searches_again() {
    let pool = Pool::builder(vec![device("plain", plain)]).cached_works(0).build();
    for _ in 0..2 {
        let hashes = pool.status().hashes_total;
        pool.submit(easy(1)).wait().unwrap();
        assert!(pool.status().hashes_total > hashes);
    }
}

#[test]
fn the_status_counts_what_became_of_the_jobs() {
    let pool = Pool::new(vec![device("plain", plain)]);
    pool.submit(easy(1)).wait().unwrap();
    pool.submit(easy(1)).wait().unwrap();
    drop(pool.submit(endless(2)));
    let cancelled = pool.submit(endless(3));
    pool.cancel(&root(3));
    assert!(cancelled.wait().is_err());
    let closed = pool.submit(endless(4));
    pool.close();
    assert!(closed.wait().is_err());
    let ended = pool.status().requests;
    assert_eq!((ended.solved, ended.cancelled, ended.failed), (2, 2, 1));
}

#[test]
fn the_rate_of_a_device_counts_its_own_time() {
    let pool = Pool::new(vec![device("plain", plain), device("hold", hold)]);
    assert!(pool.status().devices.iter().all(|device| device.rate.is_none()));
    let ticket = pool.submit(endless(1));
    until("the rate is known", || pool.status().devices[0].rate.is_some_and(|rate| rate > 0.0));
    drop(ticket);
    assert_eq!(pool.status().devices[1].rate, None);
}
