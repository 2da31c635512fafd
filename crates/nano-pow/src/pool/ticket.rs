//! [`Ticket`]: a request in a pool, as its owner sees it.

use super::{PoolError, Progress, ProgressHandle, request::Answer, search::Claim, shared::Shared};
use crate::{Puzzle, Solution};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::sync::oneshot;

/// A request that was submitted: a future of its solution, for any async runtime.
///
/// Dropping the ticket cancels the request within milliseconds.
#[derive(Debug)]
#[must_use = "dropping the ticket cancels the request"]
pub struct Ticket {
    answer: oneshot::Receiver<Answer>,
    stake: Stake,
}

/// The interest in a request; without it the request is cancelled.
#[derive(Debug)]
struct Stake {
    id: u64,
    puzzle: Puzzle,
    progress: ProgressHandle,
    shared: Arc<Shared>,
}

impl Ticket {
    pub(super) fn new(claim: Claim, shared: Arc<Shared>) -> Self {
        let Claim { id, puzzle, progress, answer } = claim;
        Self { answer, stake: Stake { id, puzzle, progress, shared } }
    }

    /// The puzzle to be solved.
    #[must_use]
    pub const fn puzzle(&self) -> &Puzzle {
        &self.stake.puzzle
    }

    /// How the request stands now.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.stake.progress.progress()
    }

    /// A view of the request's progress to keep elsewhere. It does not keep the request alive.
    #[must_use]
    pub fn watch(&self) -> ProgressHandle {
        self.stake.progress.clone()
    }

    /// Waits for the solution on this thread. In async code await the ticket instead.
    ///
    /// # Errors
    /// The request ended without work.
    ///
    /// # Panics
    /// Called on a thread that runs async code.
    pub fn wait(self) -> Result<Solution, PoolError> {
        let Self { answer, stake: _stake } = self;
        answer.blocking_recv().unwrap_or(Err(PoolError::Closed))
    }
}

impl Future for Ticket {
    type Output = Result<Solution, PoolError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = Pin::new(&mut self.answer).poll(context);
        answer.map(|answer| answer.unwrap_or(Err(PoolError::Closed)))
    }
}

impl Drop for Stake {
    fn drop(&mut self) {
        if !self.progress.is_done() {
            self.shared.update(|queue, _| queue.leave(&self.puzzle.root, self.id));
        }
    }
}
