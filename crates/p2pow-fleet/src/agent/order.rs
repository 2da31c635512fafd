//! [`Assignment`]: one order of an agent, from the moment it came, and [`Pursuit`]: the search for it.

use crate::message::{Order, OrderId, Outcome, Report};
use nano_pow::{PoolError, ProgressHandle, Puzzle, Solution, Ticket};
use std::{error::Error, time::Duration};
use tokio::{
    select,
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until},
};

/// How often an agent says how an order stands.
const REPORT: Duration = Duration::from_millis(500);
/// The longest reason of a failure, in bytes.
const LONGEST_REASON: usize = 512;

/// Until when an order is wanted, if nothing is heard of it. An order is over when the sender of this is gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) until: Instant,
}

/// An order, and when it came.
#[derive(Debug)]
pub(super) struct Assignment {
    id: OrderId,
    puzzle: Puzzle,
    since: Instant,
}

impl Assignment {
    pub(super) fn new(order: &Order) -> Self {
        let puzzle = Puzzle::new(order.root, order.threshold);
        Self { id: order.id.clone(), puzzle, since: Instant::now() }
    }

    pub(super) const fn id(&self) -> &OrderId {
        &self.id
    }

    pub(super) const fn puzzle(&self) -> &Puzzle {
        &self.puzzle
    }

    fn found(&self, hashes: u64, solution: &Solution) -> Report {
        self.report(hashes, Outcome::Found { work: solution.work() })
    }

    pub(super) fn failed(&self, hashes: u64, reason: String) -> Report {
        self.report(hashes, Outcome::Failed { reason })
    }

    fn report(&self, hashes: u64, outcome: Outcome) -> Report {
        let micros = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        Report { order: self.id.order, hashes, micros, outcome }
    }
}

/// An order that is searched for. Dropping it stops the search.
#[derive(Debug)]
pub(super) struct Pursuit {
    assignment: Assignment,
    progress: ProgressHandle,
    wanted: watch::Receiver<Wanted>,
    ticks: Interval,
    /// `None` once there is an answer.
    ticket: Option<Ticket>,
}

impl Pursuit {
    pub(super) fn new(
        assignment: Assignment,
        ticket: Ticket,
        wanted: watch::Receiver<Wanted>,
    ) -> Self {
        let mut ticks = interval_at(Instant::now() + REPORT, REPORT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { assignment, progress: ticket.watch(), wanted, ticks, ticket: Some(ticket) }
    }

    pub(super) const fn assignment(&self) -> &Assignment {
        &self.assignment
    }

    /// What is to be reported next; `None` when there is work, or nobody wants it any more.
    pub(super) async fn next(&mut self) -> Option<Report> {
        loop {
            let ticket = self.ticket.as_mut()?;
            let until = self.wanted.borrow_and_update().until;
            select! {
                biased;
                answer = ticket => {
                    self.ticket = None;
                    return self.last(answer);
                }
                changed = self.wanted.changed() => changed.ok()?,
                () = sleep_until(until) => {
                    let OrderId { front, order } = self.assignment.id();
                    tracing::debug!(%front, order, "not heard of any more");
                    return None;
                }
                _ = self.ticks.tick() => {
                    return Some(self.assignment.report(self.hashes(), Outcome::Searching));
                }
            }
        }
    }

    fn last(&self, answer: Result<Solution, PoolError>) -> Option<Report> {
        match answer {
            Ok(solution) => Some(self.assignment.found(self.hashes(), &solution)),
            Err(PoolError::Cancelled | PoolError::Closed) => None,
            Err(error) => Some(self.assignment.failed(self.hashes(), words(&error))),
        }
    }

    fn hashes(&self) -> u64 {
        self.progress.progress().hashes
    }
}

/// An error and its causes in one line.
fn words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    let end = (0..=LONGEST_REASON.min(words.len())).rev().find(|end| words.is_char_boundary(*end));
    words.truncate(end.unwrap_or_default());
    words
}
