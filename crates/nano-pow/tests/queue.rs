//! Priorities, orders and works that are known already.

mod common;

use common::{
    Event, Fake, easy, endless, hold, next_job, one_in_two_to, plain, root, spied, until,
};
use nano_pow::{
    Job, Pool, Ticket,
    pool::{Order, Phase, Priority},
};
use nano_primitives::Root;
use std::sync::mpsc::Receiver;

/// A pool whose only device is busy until the ticket is dropped.
fn busy_pool(order: Order) -> (Pool, Ticket, Receiver<Event>) {
    let (backend, events) = spied(Fake::boxed("hold", hold));
    let pool = Pool::builder(vec![backend]).order(order).build();
    let blocker = pool.submit(endless(0));
    assert_eq!(next_job(&events), endless(0));
    (pool, blocker, events)
}

/// The order in which queued jobs get their turn: each is dropped when it has it.
fn turns(mut tickets: Vec<Ticket>, blocker: Ticket, events: &Receiver<Event>) -> Vec<Root> {
    drop(blocker);
    let mut roots = Vec::new();
    while !tickets.is_empty() {
        let root = next_job(events).root;
        roots.push(root);
        tickets.retain(|ticket| ticket.job().root != root);
    }
    roots
}

#[test]
fn urgent_roots_come_first() {
    let (pool, blocker, events) = busy_pool(Order::Fifo);
    let jobs = [(1, 0), (2, 5), (3, -1), (4, 5)];
    let submit = |(byte, level)| pool.submit_with(endless(byte), Priority::new(level));
    let tickets = jobs.map(submit).into_iter().collect();
    assert_eq!(turns(tickets, blocker, &events), [2, 4, 1, 3].map(root));
}

#[test]
fn an_urgent_job_makes_its_root_urgent() {
    let (pool, blocker, events) = busy_pool(Order::Fifo);
    let mut tickets: Vec<_> = (1..=3).map(|byte| pool.submit(endless(byte))).collect();
    tickets.push(pool.submit_with(endless(3), Priority::new(1)));
    assert_eq!(pool.status().queued, 3);
    assert_eq!(turns(tickets, blocker, &events), [3, 1, 2].map(root));
}

#[test]
fn a_running_root_is_not_interrupted_by_an_urgent_one() {
    let (pool, blocker, _events) = busy_pool(Order::Fifo);
    let urgent = pool.submit_with(endless(1), Priority::new(i32::MAX));
    assert_eq!(urgent.progress().phase, Phase::Queued);
    assert_eq!(blocker.progress().phase, Phase::Running);
    assert_eq!(Priority::NORMAL.level(), 0);
}

#[test]
fn random_order_serves_every_root_once_but_not_in_turn() {
    let (pool, blocker, events) = busy_pool(Order::Random);
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
    let pool = Pool::new(vec![Fake::boxed("plain", plain)]);
    let first = pool.submit(easy(1)).wait().unwrap();
    let hashes = pool.status().hashes_total;
    let ticket = pool.submit(Job::new(root(1), first.value()));
    assert_eq!((ticket.progress().phase, ticket.progress().hashes), (Phase::Done, 0));
    assert_eq!(ticket.wait().unwrap().work(), first.work());
    assert_eq!(pool.status().hashes_total, hashes);
}

#[test]
fn known_work_that_is_too_poor_is_not_an_answer() {
    let pool = Pool::new(vec![Fake::boxed("plain", plain)]);
    let poor = pool.submit(Job::new(root(1), one_in_two_to(1))).wait().unwrap();
    let harder = nano_primitives::Difficulty::from_u64(poor.value().to_u64() + 1);
    let better = pool.submit(Job::new(root(1), harder)).wait().unwrap();
    assert!(better.value() > poor.value());
}

#[test]
fn a_pool_without_memory_searches_again() {
    let pool = Pool::builder(vec![Fake::boxed("plain", plain)]).cached_works(0).build();
    for _ in 0..2 {
        let hashes = pool.status().hashes_total;
        pool.submit(easy(1)).wait().unwrap();
        assert!(pool.status().hashes_total > hashes);
    }
}

#[test]
fn the_status_counts_what_became_of_the_jobs() {
    let pool = Pool::new(vec![Fake::boxed("plain", plain)]);
    pool.submit(easy(1)).wait().unwrap();
    pool.submit(easy(1)).wait().unwrap();
    drop(pool.submit(endless(2)));
    let cancelled = pool.submit(endless(3));
    pool.cancel(&root(3));
    assert!(cancelled.wait().is_err());
    let closed = pool.submit(endless(4));
    pool.close();
    assert!(closed.wait().is_err());
    let jobs = pool.status().jobs;
    assert_eq!((jobs.solved, jobs.cancelled, jobs.failed), (2, 2, 1));
}

#[test]
fn the_rate_of_a_device_counts_its_own_time() {
    let pool = Pool::new(vec![Fake::boxed("plain", plain), Fake::boxed("hold", hold)]);
    assert!(pool.status().devices.iter().all(|device| device.rate.is_none()));
    let ticket = pool.submit(endless(1));
    until("the rate is known", || pool.status().devices[0].rate.is_some_and(|rate| rate > 0.0));
    drop(ticket);
    assert_eq!(pool.status().devices[1].rate, None);
}
