//! The search for one root, on behalf of all jobs that want it.

use super::{PoolError, Priority, ProgressHandle, SearchRequest, progress::Tally, supply::Supply};
use crate::{Puzzle, Solution, Stop};
use nano_primitives::{Difficulty, Root, Work};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a job ends with.
pub(super) type Answer = Result<Solution, PoolError>;

/// A root, the jobs that want work for it, and the nonces left.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) root: Root,
    pub(super) tally: Arc<Tally>,
    pub(super) supply: Supply,
    waiters: Vec<Waiter>,
}

/// One job.
#[derive(Debug)]
struct Waiter {
    id: u64,
    request: SearchRequest,
    progress: ProgressHandle,
    answer: oneshot::Sender<Answer>,
}

/// A job's end of the search.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) id: u64,
    pub(super) puzzle: Puzzle,
    pub(super) progress: ProgressHandle,
    pub(super) answer: oneshot::Receiver<Answer>,
}

/// An answer on its way to the job.
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

    /// Adds a job.
    pub(super) fn join(&mut self, id: u64, request: SearchRequest) -> Claim {
        let (answer, receiver) = oneshot::channel();
        let progress = ProgressHandle::new(Arc::clone(&self.tally), request.puzzle.threshold);
        let watched = progress.clone();
        self.waiters.push(Waiter { id, request, progress: watched, answer });
        Claim { id, puzzle: request.puzzle, progress, answer: receiver }
    }

    /// What to search for: work for the least demanding job. While it is searched nothing is lost
    /// for the others, as every nonce has the same chance.
    pub(super) fn puzzle(&self) -> Option<Puzzle> {
        let threshold = self.waiters.iter().map(|waiter| waiter.request.puzzle.threshold).min()?;
        Some(Puzzle::new(self.root, threshold))
    }

    /// That of the most urgent job.
    pub(super) fn priority(&self) -> Priority {
        self.waiters.iter().map(|waiter| waiter.request.priority).max().unwrap_or_default()
    }

    /// Whether no job wants it done by remote devices.
    pub(super) fn is_local(&self) -> bool {
        self.waiters.iter().all(|waiter| waiter.request.is_local)
    }

    /// The hashes to be expected until every job has its work.
    pub(super) fn expected_hashes(&self) -> f64 {
        let threshold = self.waiters.iter().map(|waiter| waiter.request.puzzle.threshold).max();
        threshold.map_or(0.0, Difficulty::expected_hashes)
    }

    /// Ends one job that nobody waits for any more, if it is here.
    pub(super) fn leave(&mut self, id: u64) -> bool {
        let place = self.waiters.iter().position(|waiter| waiter.id == id);
        place.map(|place| self.waiters.remove(place).progress.finish()).is_some()
    }

    /// Ends the jobs that `work` is good enough for.
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

    /// Ends all jobs without work.
    pub(super) fn fail(&mut self, error: &PoolError) -> Vec<Delivery> {
        self.waiters.drain(..).map(|waiter| waiter.deliver(Err(error.clone()))).collect()
    }
}

impl Waiter {
    fn deliver(self, answer: Answer) -> Delivery {
        Delivery { progress: self.progress, to: self.answer, answer }
    }
}

/// All devices on one root, until its job changes.
#[derive(Debug)]
pub(super) struct Race {
    pub(super) puzzle: Puzzle,
    pub(super) is_local: bool,
    pub(super) stop: Stop,
    pub(super) tally: Arc<Tally>,
}
