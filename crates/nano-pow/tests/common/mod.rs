//! Backends that do as they are told, and waiting with a deadline.
#![allow(dead_code)] // each test file uses its part

use nano_pow::{Backend, BackendError, Job, NonceRange, Task};
use nano_primitives::{Difficulty, Root, Work};
use std::{
    fmt,
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

pub(crate) fn easy(byte: u8) -> Job {
    Job::new(root(byte), one_in_two_to(8))
}

/// A job that no machine solves within a test.
pub(crate) fn endless(byte: u8) -> Job {
    Job::new(root(byte), Difficulty::MAX)
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < DEADLINE, "waited in vain until {what}");
        thread::sleep(Duration::from_micros(200));
    }
}

type Behaviour = dyn Fn(&Task<'_>) -> Result<Option<Work>, BackendError> + Send + Sync;

/// A backend made of a closure.
pub(crate) struct Fake {
    name: &'static str,
    is_remote: bool,
    behaviour: Box<Behaviour>,
}

impl Fake {
    pub(crate) fn boxed(
        name: &'static str,
        behaviour: impl Fn(&Task<'_>) -> Result<Option<Work>, BackendError> + Send + Sync + 'static,
    ) -> Box<dyn Backend> {
        Box::new(Self { name, is_remote: false, behaviour: Box::new(behaviour) })
    }

    /// The same as another program.
    pub(crate) fn remote(
        name: &'static str,
        behaviour: impl Fn(&Task<'_>) -> Result<Option<Work>, BackendError> + Send + Sync + 'static,
    ) -> Box<dyn Backend> {
        Box::new(Self { name, is_remote: true, behaviour: Box::new(behaviour) })
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Backend for Fake {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn is_remote(&self) -> bool {
        self.is_remote
    }

    fn search(&self, task: &Task<'_>) -> Result<Option<Work>, BackendError> {
        (self.behaviour)(task)
    }
}

/// Searches by the plain definition.
pub(crate) fn plain(task: &Task<'_>) -> Result<Option<Work>, BackendError> {
    let works = task.nonces().iter().take_while(|_| !task.is_stopped());
    Ok(works.inspect(|_| task.count(1)).find(|work| task.job().check(*work).is_ok()))
}

/// Finds nothing until it is stopped.
pub(crate) fn hold(task: &Task<'_>) -> Result<Option<Work>, BackendError> {
    until("the task is stopped", || task.is_stopped());
    Ok(None)
}

/// What a [`spied`] backend is doing.
#[derive(Debug)]
pub(crate) enum Event {
    Began(Job, NonceRange),
    Ended(Instant),
}

/// A backend that tells what it is asked for and when it comes back.
pub(crate) fn spied(backend: Box<dyn Backend>) -> (Box<dyn Backend>, Receiver<Event>) {
    let (sender, receiver) = mpsc::channel();
    let is_remote = backend.is_remote();
    let behaviour = move |task: &Task<'_>| {
        tell(&sender, Event::Began(*task.job(), task.nonces()));
        let answer = backend.search(task);
        tell(&sender, Event::Ended(Instant::now()));
        answer
    };
    (Box::new(Fake { name: "spied", is_remote, behaviour: Box::new(behaviour) }), receiver)
}

fn tell(sender: &Sender<Event>, event: Event) {
    // The test may be over.
    let _ = sender.send(event);
}

pub(crate) fn next_job(events: &Receiver<Event>) -> Job {
    loop {
        if let Event::Began(job, _) = events.recv_timeout(DEADLINE).expect("a search begins") {
            return job;
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
