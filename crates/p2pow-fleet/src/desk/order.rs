//! [`Open`]: an order that is out, and who is at it. [`Closed`]: those that were.

use crate::{
    Name,
    message::{Command, Order, OrderId},
};
use nano_pow::Puzzle;
use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

/// How long an agent searches on when it is not told again to. Three refreshes may be lost.
const WITHIN: Duration = Duration::from_secs(7);
/// So many orders that are closed are remembered, for the works that were on their way.
const REMEMBERED: usize = 1024;
/// Nobody tries more nonces than so many times what its rate says.
const PLAUSIBLE: f64 = 16.0;

/// An order that is out.
#[derive(Debug)]
pub(super) struct Open {
    puzzle: Puzzle,
    expected: f64,
    is_for_all: bool,
    opened: Instant,
    /// When it was sent last, to anybody.
    sent: Option<Instant>,
    holders: BTreeMap<Name, Holder>,
}

#[derive(Debug)]
struct Holder {
    sent: Instant,
    /// What it has said to have tried, and when.
    hashes: u64,
    reported: Instant,
}

impl Open {
    pub(super) fn new(puzzle: Puzzle, opened: Instant) -> Self {
        let expected = puzzle.threshold.expected_hashes();
        let holders = BTreeMap::new();
        Self { puzzle, expected, is_for_all: false, opened, sent: None, holders }
    }

    /// When somebody began to want it.
    pub(super) const fn opened(&self) -> Instant {
        self.opened
    }

    pub(super) const fn puzzle(&self) -> &Puzzle {
        &self.puzzle
    }

    /// The hashes to be expected of it.
    pub(super) const fn expected(&self) -> f64 {
        self.expected
    }

    pub(super) const fn is_for_all(&self) -> bool {
        self.is_for_all
    }

    /// Whether nobody is at it.
    pub(super) fn is_idle(&self) -> bool {
        self.holders.is_empty()
    }

    pub(super) const fn make_for_all(&mut self, now: Instant) {
        self.is_for_all = true;
        self.sent = Some(now);
    }

    pub(super) fn hold(&mut self, agent: &Name, now: Instant) {
        self.sent = Some(now);
        let holder = Holder { sent: now, hashes: 0, reported: now };
        self.holders.entry(agent.clone()).or_insert(holder);
    }

    pub(super) fn release(&mut self, agent: &Name) {
        self.holders.remove(agent);
    }

    pub(super) fn agents(&self) -> impl Iterator<Item = &Name> {
        self.holders.keys()
    }

    pub(super) fn sent_to(&self, agent: &Name) -> Option<Instant> {
        self.holders.get(agent).map(|holder| holder.sent)
    }

    /// An agent has tried so many nonces: says how many more these are than it said before.
    pub(super) fn tried(&mut self, agent: &Name, hashes: u64, rate: f64, now: Instant) -> u64 {
        let Some(holder) = self.holders.get_mut(agent) else { return 0 };
        let most = estimate(PLAUSIBLE * rate, now.saturating_duration_since(holder.sent) + WITHIN);
        let hashes = hashes.min(most);
        let more = hashes.saturating_sub(holder.hashes);
        holder.hashes = holder.hashes.max(hashes);
        holder.reported = now;
        more
    }

    /// What an agent has tried since it said so last, by its rate.
    pub(super) fn unreported(&self, agent: &Name, rate: f64, now: Instant) -> u64 {
        let Some(holder) = self.holders.get(agent) else { return 0 };
        estimate(rate, now.saturating_duration_since(holder.reported))
    }

    /// Whether it has not been sent for so long; if so it counts as sent now.
    pub(super) fn is_due(&mut self, now: Instant, after: Duration) -> bool {
        let is_due = self.sent.is_some_and(|sent| now.saturating_duration_since(sent) >= after);
        if is_due {
            self.sent = Some(now);
        }
        is_due
    }

    pub(super) fn command(&self, front: &Name, order: u64) -> Command {
        let id = OrderId { front: front.clone(), order };
        let Puzzle { root, threshold } = self.puzzle;
        let within_ms = u64::try_from(WITHIN.as_millis()).unwrap_or(u64::MAX);
        Command::Search(Order { id, root, threshold, within_ms })
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a float that is too large saturates
fn estimate(rate: f64, time: Duration) -> u64 {
    (rate * time.as_secs_f64()) as u64
}

/// The orders that were closed last.
#[derive(Debug, Default)]
pub(super) struct Closed(VecDeque<(u64, Puzzle)>);

impl Closed {
    pub(super) fn keep(&mut self, order: u64, puzzle: Puzzle) {
        self.0.push_back((order, puzzle));
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
    }

    pub(super) fn find(&self, order: u64) -> Option<Puzzle> {
        self.0.iter().rev().find(|(closed, _)| *closed == order).map(|(_, puzzle)| *puzzle)
    }
}
