//! [`Search`]: the search for one root, on behalf of all requests that want it.
//!
//! A search waits in the queue as it is; once it has devices it is an [`ActiveSearch`], whose
//! [`Race`] all of these share. A device gets a [`Lot`]: the race, and nonces that no other device
//! tries. A race never changes: when what is wanted changes, it is stopped and another one begins,
//! so that a lot of the old race can be told from one of the new.

use super::{
    Priority, Progress, ProgressHandle, SearchRequest,
    progress::Tally,
    request::{Answer, PoolError},
};
use crate::{NonceRange, Puzzle, Stop, Task, nonces::Supply};
use nano_primitives::{Difficulty, Root, Work};
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Instant,
};
use tokio::sync::oneshot;

/// A root, the requests that want work for it, and the nonces left.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) root: Root,
    tally: Arc<Tally>,
    supply: Supply,
    waiters: Vec<Waiter>,
}

/// A request that is not answered yet.
#[derive(Debug)]
struct Waiter {
    id: u64,
    request: SearchRequest,
    progress: ProgressHandle,
    answer: oneshot::Sender<Answer>,
}

/// The asker's end of a request.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) id: u64,
    pub(super) puzzle: Puzzle,
    pub(super) progress: ProgressHandle,
    pub(super) answer: oneshot::Receiver<Answer>,
}

/// An answer on its way to the asker.
#[derive(Debug)]
pub(super) struct Delivery {
    progress: ProgressHandle,
    to: oneshot::Sender<Answer>,
    answer: Answer,
}

impl Delivery {
    pub(super) const fn answer(&self) -> &Answer {
        &self.answer
    }

    /// Wakes the asker. Code of users may run, so no lock may be held.
    pub(super) fn send(self) {
        self.progress.finish();
        // Nobody listens where the ticket was just dropped.
        let _ = self.to.send(self.answer);
    }
}

impl Search {
    pub(super) fn new(root: Root, devices: usize, seed: Option<u64>) -> Self {
        let (tally, supply) = (Arc::new(Tally::new(devices)), Supply::new(&root, seed));
        Self { root, tally, supply, waiters: Vec::new() }
    }

    /// Adds a request for this root.
    pub(super) fn join(&mut self, id: u64, request: SearchRequest) -> Claim {
        let (sender, answer) = oneshot::channel();
        let puzzle = request.puzzle;
        let progress = ProgressHandle::new(Arc::clone(&self.tally), puzzle.threshold);
        self.waiters.push(Waiter { id, request, progress: progress.clone(), answer: sender });
        Claim { id, puzzle, progress, answer }
    }

    /// What to search for: work for the least demanding request. While it is searched nothing is
    /// lost for the others, as every nonce has the same chance. `None` where nobody waits.
    pub(super) fn puzzle(&self) -> Option<Puzzle> {
        self.thresholds().min().map(|threshold| Puzzle::new(self.root, threshold))
    }

    /// That of the most urgent request.
    pub(super) fn priority(&self) -> Priority {
        self.waiters.iter().map(|waiter| waiter.request.priority).max().unwrap_or_default()
    }

    /// Whether no request wants it done by remote devices.
    pub(super) fn is_local(&self) -> bool {
        self.waiters.iter().all(|waiter| waiter.request.is_local)
    }

    /// The hashes to be expected until every request has its work.
    pub(super) fn expected_hashes(&self) -> f64 {
        self.thresholds().max().map_or(0.0, Difficulty::expected_hashes)
    }

    fn thresholds(&self) -> impl Iterator<Item = Difficulty> {
        self.waiters.iter().map(|waiter| waiter.request.puzzle.threshold)
    }

    /// How far it is, where somebody waits for it.
    pub(super) fn progress(&self) -> Option<(Puzzle, Progress)> {
        let puzzle = self.puzzle()?;
        let progress = ProgressHandle::new(Arc::clone(&self.tally), puzzle.threshold).progress();
        Some((puzzle, progress))
    }

    /// Ends one request that nobody waits for any more, if it is here.
    pub(super) fn leave(&mut self, id: u64) -> bool {
        let place = self.waiters.iter().position(|waiter| waiter.id == id);
        place.map(|place| self.waiters.remove(place).progress.finish()).is_some()
    }

    /// Ends the requests that `work` is good enough for.
    pub(super) fn solve(&mut self, work: Work) -> Vec<Delivery> {
        let mut solved = Vec::new();
        for waiter in std::mem::take(&mut self.waiters) {
            match waiter.request.puzzle.check(work) {
                Ok(solution) => solved.push(waiter.deliver(Ok(solution))),
                Err(_) => self.waiters.push(waiter),
            }
        }
        solved
    }

    /// Ends all requests without work.
    pub(super) fn fail(&mut self, error: &PoolError) -> Vec<Delivery> {
        self.waiters.drain(..).map(|waiter| waiter.deliver(Err(error.clone()))).collect()
    }
}

impl Waiter {
    fn deliver(self, answer: Answer) -> Delivery {
        Delivery { progress: self.progress, to: self.answer, answer }
    }
}

/// All devices on one puzzle, until what is wanted for its root changes.
#[derive(Debug)]
struct Race {
    puzzle: Puzzle,
    is_local: bool,
    stop: Stop,
    /// That of the search; it tells which search the race is for.
    tally: Arc<Tally>,
}

impl Race {
    fn new(puzzle: Puzzle, search: &Search) -> Arc<Self> {
        let (is_local, tally) = (search.is_local(), Arc::clone(&search.tally));
        Arc::new(Self { puzzle, is_local, stop: Stop::new(), tally })
    }
}

/// Nonces of a race for a device to search.
#[derive(Debug)]
pub(super) struct Lot {
    race: Arc<Race>,
    nonces: NonceRange,
}

impl Lot {
    /// What a device is asked for.
    pub(super) fn task(&self) -> Task<'_> {
        Task::new(self.race.puzzle, self.nonces, &self.race.stop)
    }

    /// What a device has tried for the root.
    pub(super) fn counter(&self, device: usize) -> &AtomicU64 {
        self.race.tally.device(device)
    }

    /// Whether the race went on to the end of these nonces: a device that comes back before has
    /// been called off.
    pub(super) fn is_wanted(&self) -> bool {
        !self.race.stop.is_stopped()
    }
}

/// A search, and the devices that are at it.
///
/// Invariant: each lot that is out counts once in `active`, and is handed in once, by
/// [`come_back`](Self::come_back). A search stays among the active ones until all are in, or until
/// nobody waits for it.
#[derive(Debug)]
pub(super) struct ActiveSearch {
    pub(super) search: Search,
    race: Arc<Race>,
    /// How many devices are at it.
    active: usize,
    /// The devices that failed at it and have not come back since.
    failed: Vec<bool>,
}

impl ActiveSearch {
    /// Begins a search that somebody waits for.
    pub(super) fn start(search: Search, devices: usize, now: Instant) -> Option<Self> {
        search.tally.start(now);
        let race = Race::new(search.puzzle()?, &search);
        Some(Self { search, race, active: 0, failed: vec![false; devices] })
    }

    /// Puts it back into the queue.
    pub(super) fn into_search(self) -> Search {
        self.search
    }

    /// Whether a lot is of this search, if perhaps of an earlier race for another threshold.
    pub(super) fn has_given(&self, lot: &Lot) -> bool {
        Arc::ptr_eq(&self.search.tally, &lot.race.tally)
    }

    /// Whether every nonce was tried.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.search.supply.is_exhausted()
    }

    /// Whether any device is at it.
    pub(super) const fn is_active(&self) -> bool {
        self.active > 0
    }

    /// Gives some nonces to a device.
    pub(super) fn assign(&mut self) -> Lot {
        self.active += 1;
        Lot { race: Arc::clone(&self.race), nonces: self.search.supply.next() }
    }

    /// A device does no more for a lot of this search, and may have been through with it.
    pub(super) const fn come_back(&mut self, is_searched: bool) {
        self.active -= 1;
        if is_searched {
            self.search.supply.finish();
        }
    }

    /// Notes whether a device failed at it, or comes to try again.
    pub(super) fn set_failed(&mut self, device: usize, failed: bool) {
        self.failed[device] = failed;
    }

    /// Whether all devices failed at it that it is for, where `remote` says which are remote.
    pub(super) fn has_failed(&self, remote: impl Iterator<Item = bool>) -> bool {
        let is_local = self.search.is_local();
        self.failed.iter().zip(remote).all(|(failed, is_remote)| *failed || (is_local && is_remote))
    }

    /// Goes on with what is wanted still, by whom and at which threshold; false where nothing is.
    pub(super) fn settle(&mut self) -> bool {
        let (puzzle, is_local) = (self.search.puzzle(), self.search.is_local());
        if puzzle == Some(self.race.puzzle) && is_local == self.race.is_local {
            return true;
        }
        self.race.stop.stop();
        let Some(puzzle) = puzzle else { return false };
        self.race = Race::new(puzzle, &self.search);
        true
    }
}
