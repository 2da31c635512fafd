//! Backends that do as they are told, and waiting with a deadline.
#![allow(dead_code)] // each test file uses its part

use nano_pow::{
    Backend, BackendError, DeviceInfo, NonceRange, Puzzle, SearchRequest, Stop, Task, backend_fn,
    pool::Priority,
};
use nano_primitives::{Difficulty, Root, Work};
use std::{
    slice,
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::{Duration, Instant},
};

/// Longer than anything takes that is not stuck.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A threshold that about one nonce in 2^`bits` reaches.
pub(crate) fn one_in_two_to(bits: u32) -> Difficulty {
    Difficulty::from_u64((1u64 << (64 - bits)).wrapping_neg())
}

pub(crate) fn root(byte: u8) -> Root {
    Root::from_bytes([byte; 32])
}

pub(crate) fn easy(byte: u8) -> Puzzle {
    Puzzle::new(root(byte), one_in_two_to(8))
}

/// A job that no machine solves within a test.
pub(crate) fn endless(byte: u8) -> Puzzle {
    Puzzle::new(root(byte), Difficulty::MAX)
}

/// A request of another priority than the usual one.
pub(crate) fn urgent(puzzle: Puzzle, level: i32) -> SearchRequest {
    SearchRequest::new(puzzle).with_priority(Priority::new(level))
}

/// A request that another program handed on.
pub(crate) fn handed_on(puzzle: Puzzle) -> SearchRequest {
    SearchRequest::new(puzzle).with_local(true)
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < DEADLINE, "waited in vain until {what}");
        thread::sleep(Duration::from_micros(200));
    }
}

/// A device made of a closure.
pub(crate) fn device(
    info: impl Into<DeviceInfo>,
    search: impl Fn(&Task<'_>) -> Result<(), BackendError> + Send + Sync + 'static,
) -> Box<dyn Backend> {
    Box::new(backend_fn(info, search))
}

/// The same as another program.
pub(crate) fn remote(
    name: &str,
    search: impl Fn(&Task<'_>) -> Result<(), BackendError> + Send + Sync + 'static,
) -> Box<dyn Backend> {
    device(DeviceInfo::new(name).remote(), search)
}

/// What a backend finds alone, and how many nonces it says it tried.
pub(crate) fn search(
    backend: &dyn Backend,
    puzzle: Puzzle,
    nonces: NonceRange,
) -> (Option<Work>, u64) {
    let stop = Stop::new();
    let task = Task::new(puzzle, nonces, &stop);
    backend.search(slice::from_ref(&task)).expect("the device does not fail");
    (task.work(), task.hashes())
}

/// Searches by the plain definition.
pub(crate) fn plain(task: &Task<'_>) -> Result<(), BackendError> {
    for work in task.nonces().iter().take_while(|_| !task.is_stopped()) {
        task.count(1);
        if task.puzzle().check(work).is_ok() {
            task.found(work);
        }
    }
    Ok(())
}

/// Finds nothing until it is stopped.
pub(crate) fn hold(task: &Task<'_>) -> Result<(), BackendError> {
    until("the task is stopped", || task.is_stopped());
    Ok(())
}

/// What a [`spied`] backend is doing.
#[derive(Debug)]
pub(crate) enum Event {
    Began(Puzzle, NonceRange),
    Ended(Instant),
}

/// A backend that tells what it is asked for and when it comes back.
pub(crate) fn spied(backend: Box<dyn Backend>) -> (Box<dyn Backend>, Receiver<Event>) {
    let (sender, receiver) = mpsc::channel();
    let info = backend.info();
    let search = move |task: &Task<'_>| {
        tell(&sender, Event::Began(*task.puzzle(), task.nonces()));
        let answer = backend.search(slice::from_ref(task));
        tell(&sender, Event::Ended(Instant::now()));
        answer
    };
    (device(info, search), receiver)
}

fn tell(sender: &Sender<Event>, event: Event) {
    // The test may be over.
    let _ = sender.send(event);
}

pub(crate) fn next_puzzle(events: &Receiver<Event>) -> Puzzle {
    loop {
        if let Event::Began(puzzle, _) = events.recv_timeout(DEADLINE).expect("a search begins") {
            return puzzle;
        }
    }
}

pub(crate) fn next_end(events: &Receiver<Event>) -> Instant {
    loop {
        if let Event::Ended(at) = events.recv_timeout(DEADLINE).expect("a search ends") {
            return at;
        }
    }
}
