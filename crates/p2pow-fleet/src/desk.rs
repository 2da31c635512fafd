//! [`Desk`]: which agent searches for what, as a state machine without threads, sockets or a clock.
//!
//! A search has no memory: whoever joins one takes nothing over, and who leaves one loses nothing. So the rule that
//! divides the work can be short. Of the orders that are open,
//!
//! - one alone is everybody's: nothing shortens it more, and nobody else has a use for the agents;
//! - of several, each goes to the one agent that would be done with it first, and no agent gets more than it needs to
//!   be busy while the next one is on its way to it;
//! - an agent that has nothing left to do helps with the order that the fewest hashes per second are spent on.
//!
//! So the share of an order is as many agents as there are for each open order, and a stop's way is only waited for
//! where nothing else is to be done. `docs/fleet.md` has the figures.
//!
//! Every change is one call, after which [`Desk::take`] says what is to be sent, and what is new for whoever ordered.

mod hands;
mod order;

use crate::{
    AgentBeat, AgentStanding, FrontBeat, Histogram, Name,
    message::{Command, OrderId, Outcome, Report},
    roster::{Fault, Member, Roster},
};
use hands::Hands;
use nano_pow::Puzzle;
use nano_primitives::Work;
use order::{Closed, Open};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How often an order that goes on is sent again.
const REFRESH: Duration = Duration::from_secs(2);
/// An agent that has an order and does not get on is late after this and some round trips.
const LATE: Duration = Duration::from_secs(4);
/// An agent gets the next order when what it has is done within this and a round trip.
const AHEAD: Duration = Duration::from_millis(10);
/// The most orders that one agent is given.
const MOST: usize = 64;

/// To whom a command goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum To {
    All,
    Agent(Name),
}

/// What whoever ordered is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// Work that was checked.
    Found { order: u64, work: Work },
    /// So many nonces more were tried.
    Tried { order: u64, hashes: u64 },
}

/// What became of a change.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) commands: Vec<(To, Command)>,
    pub(crate) news: Vec<News>,
}

/// The orders of one front end, and the agents.
#[derive(Debug)]
pub(crate) struct Desk {
    front: Name,
    roster: Roster,
    open: BTreeMap<u64, Open>,
    closed: Closed,
    held: Hands,
    last: u64,
    counts: Counts,
    searches: Histogram,
    taken: Taken,
}

#[derive(Debug, Default)]
struct Counts {
    found: u64,
    wrong: u64,
}

impl Desk {
    pub(crate) fn new(front: Name) -> Self {
        Self {
            front,
            roster: Roster::default(),
            open: BTreeMap::new(),
            closed: Closed::default(),
            held: Hands::default(),
            last: 0,
            counts: Counts::default(),
            searches: Histogram::default(),
            taken: Taken::default(),
        }
    }

    /// Takes orders in, and numbers them in a row.
    pub(crate) fn open(&mut self, puzzles: &[Puzzle], now: Instant) -> Vec<u64> {
        let first = self.last + 1;
        for &puzzle in puzzles {
            self.last += 1;
            self.open.insert(self.last, Open::new(puzzle, now));
        }
        self.arrange(now);
        (first..=self.last).collect()
    }

    /// Nobody wants an order any more.
    pub(crate) fn close(&mut self, order: u64, now: Instant) {
        self.end(order, None, now);
        self.arrange(now);
    }

    /// An agent said something of itself.
    pub(crate) fn beat(&mut self, agent: Name, beat: AgentBeat, now: Instant) {
        if self.roster.beat(agent.clone(), beat, now) {
            // What it had before it was silent it may have forgotten.
            self.release(&agent);
            self.arrange(now);
        }
    }

    /// An agent said how an order stands.
    pub(crate) fn report(&mut self, agent: &Name, report: &Report, now: Instant) {
        if self.roster.get(agent).is_none() || self.roster.is_liar(agent, now) {
            return;
        }
        self.count(agent, report, now);
        let mut is_changed = match &report.outcome {
            Outcome::Searching => false,
            Outcome::Found { work } => self.proposed(agent, report, *work, now),
            Outcome::Failed { .. } => self.strike(agent, Fault::Failed, now),
        };
        if self.roster.get(agent).is_some_and(Member::is_idle) {
            is_changed |= self.strike(agent, Fault::Idle, now);
        }
        // A thousand agents report two thousand times a second, and who has what stays as it is.
        if is_changed {
            self.arrange(now);
        }
    }

    /// A message of an agent was none.
    pub(crate) fn garbled(&mut self, agent: &Name, now: Instant) {
        if !self.roster.is_liar(agent, now) {
            self.strike(agent, Fault::Wrong, now);
            self.arrange(now);
        }
    }

    /// Time has passed: who is silent or late loses its orders, and the others are told again what goes on.
    pub(crate) fn tick(&mut self, now: Instant) {
        for agent in self.roster.silent(now) {
            self.release(&agent);
        }
        for agent in self.late(now) {
            self.strike(&agent, Fault::Late, now);
        }
        self.arrange(now);
        self.refresh(now, REFRESH);
    }

    /// The broker is back: what was said meanwhile may have been lost.
    pub(crate) fn reconnected(&mut self, now: Instant) {
        self.refresh(now, Duration::ZERO);
    }

    /// What is to be sent and told after the last changes.
    pub(crate) fn take(&mut self) -> Taken {
        std::mem::take(&mut self.taken)
    }

    /// The agents that can be given orders, and their hashes per second together.
    pub(crate) fn strength(&self, now: Instant) -> (usize, f64) {
        self.roster
            .usable(now)
            .fold((0, 0.0), |(count, rate), (_, agent)| (count + 1, rate + agent.rate()))
    }

    /// How it stands.
    pub(crate) fn status(&self, version: &str, now: Instant) -> FrontBeat {
        FrontBeat {
            version: version.to_owned(),
            orders: self.open.len(),
            found: self.counts.found,
            wrong: self.counts.wrong,
            agents: self.strength(now).0,
            quarantined: self.roster.quarantined(now),
        }
    }

    /// The agents that can be given orders, and how long searches took.
    pub(crate) fn standing(&self, now: Instant) -> (Vec<AgentStanding>, Histogram) {
        let agents = self.roster.usable(now).map(|(name, agent)| AgentStanding {
            name: name.clone(),
            hashes_per_second: agent.rate(),
            orders: self.held.of(name).len(),
        });
        (agents.collect(), self.searches.clone())
    }

    /// Adds up what an agent has tried.
    fn count(&mut self, agent: &Name, report: &Report, now: Instant) {
        let Some(open) = self.open.get_mut(&report.order) else { return };
        let Some(member) = self.roster.get_mut(agent) else { return };
        let hashes = open.tried(agent, report.hashes, member.rate(), now);
        member.tried(hashes, open.expected(), now);
        if hashes > 0 {
            self.taken.news.push(News::Tried { order: report.order, hashes });
        }
    }

    /// An agent proposes work. Says whether that changes who has what.
    fn proposed(&mut self, agent: &Name, report: &Report, work: Work, now: Instant) -> bool {
        let puzzle = self.open.get(&report.order).map(|open| *open.puzzle());
        let Some(puzzle) = puzzle.or_else(|| self.closed.find(report.order)) else { return false };
        if puzzle.check(work).is_err() {
            self.counts.wrong += 1;
            return self.strike(agent, Fault::Wrong, now);
        }
        let sent = self.open.get(&report.order).and_then(|open| open.sent_to(agent));
        if let Some(member) = self.roster.get_mut(agent) {
            member.found(now);
            if let Some(sent) = sent {
                let elapsed = now.saturating_duration_since(sent);
                member.measure(elapsed, Duration::from_micros(report.micros));
            }
        }
        let Some(open) = self.open.get(&report.order) else { return false };
        self.searches.add(now.saturating_duration_since(open.opened()));
        self.counts.found += 1;
        self.taken.news.push(News::Found { order: report.order, work });
        self.end(report.order, Some(agent), now);
        true
    }

    /// Takes an order off the desk and stops all who are at it but the one that found its work.
    fn end(&mut self, order: u64, finder: Option<&Name>, now: Instant) {
        let Some(open) = self.open.remove(&order) else { return };
        self.closed.keep(order, *open.puzzle());
        let stop = || Command::Stop(OrderId { front: self.front.clone(), order });
        if open.is_for_all() {
            self.taken.commands.push((To::All, stop()));
        }
        let mut unreported = 0;
        for agent in open.agents() {
            let is_first = self.held.of(agent).first() == Some(&order);
            self.held.let_go(agent, order, open.expected());
            if Some(agent) == finder {
                continue;
            }
            if !open.is_for_all() {
                self.taken.commands.push((To::Agent(agent.clone()), stop()));
            }
            // It searches one after the other.
            let rate = self.roster.get(agent).filter(|_| is_first).map_or(0.0, Member::rate);
            unreported += open.unreported(agent, rate, now);
        }
        if unreported > 0 {
            let tried = News::Tried { order, hashes: unreported };
            // Before the work, which ends the count.
            let place = self.taken.news.len().saturating_sub(usize::from(finder.is_some()));
            self.taken.news.insert(place, tried);
        }
    }

    /// Leaves an agent alone and takes its orders from it, which always changes who has what.
    fn strike(&mut self, agent: &Name, fault: Fault, now: Instant) -> bool {
        let pause = self.roster.strike(agent, fault, now);
        let (reason, seconds) = (fault.reason(), pause.unwrap_or_default().as_secs());
        tracing::warn!(%agent, reason, seconds, "agent is left alone");
        self.release(agent);
        true
    }

    fn release(&mut self, agent: &Name) {
        for order in self.held.empty(agent) {
            if let Some(open) = self.open.get_mut(&order) {
                open.release(agent);
            }
        }
    }

    /// The agents that have orders and do not get on.
    fn late(&self, now: Instant) -> Vec<Name> {
        let late = self.held.iter().filter(|(name, orders)| {
            let since = orders.iter().filter_map(|order| self.open.get(order)?.sent_to(name)).min();
            let Some((since, agent)) = since.zip(self.roster.get(name)) else { return false };
            let waited = now.saturating_duration_since(since.max(agent.got_on()));
            waited > LATE + 2 * agent.round_trip()
        });
        let mut late: Vec<Name> = late.map(|(name, _)| name.clone()).collect();
        late.sort_unstable(); // so that the same happens each time
        late
    }

    fn refresh(&mut self, now: Instant, after: Duration) {
        for (&order, open) in &mut self.open {
            if open.is_due(now, after) {
                let command = open.command(&self.front, order);
                let to: Vec<To> = if open.is_for_all() {
                    vec![To::All]
                } else {
                    open.agents().map(|agent| To::Agent(agent.clone())).collect()
                };
                self.taken.commands.extend(to.into_iter().map(|to| (to, command.clone())));
            }
        }
    }
}

/// The rule.
impl Desk {
    fn arrange(&mut self, now: Instant) {
        match self.open.len() {
            0 => return,
            1 => return self.give_to_all(now),
            _ => {}
        }
        let waiting = self.open.iter().filter(|(_, open)| open.is_idle());
        for order in waiting.map(|(order, _)| *order).collect::<Vec<_>>() {
            let Some(agent) = self.soonest(order, now) else { return };
            self.give(order, &agent, now);
        }
        self.help(now);
    }

    /// Gives each agent that has nothing the order that the fewest hashes per second are spent on.
    fn help(&mut self, now: Instant) {
        let is_free = |name: &Name| self.held.of(name).is_empty();
        let free = self.roster.usable(now).filter(|(name, _)| is_free(name));
        let free: Vec<_> = free.map(|(name, agent)| (name.clone(), agent.rate())).collect();
        if free.is_empty() {
            return;
        }
        // Who has several is at each of them for a part of the time.
        let share = |name: &Name| {
            let rate = self.roster.get(name).map_or(0.0, Member::rate);
            let held = self.held.of(name).len();
            rate / u32::try_from(held).map_or(f64::MAX, f64::from).max(1.0)
        };
        let spent = |open: &Open| -> f64 { open.agents().map(share).sum() };
        let mut spent: Vec<(f64, u64)> =
            self.open.iter().map(|(order, open)| (spent(open), *order)).collect();
        for (agent, rate) in free {
            let weakest = spent.iter_mut().min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((spent, order)) = weakest else { return };
            *spent += rate;
            let order = *order;
            self.give(order, &agent, now);
        }
    }

    /// The only order goes to everybody: to those that came later too.
    fn give_to_all(&mut self, now: Instant) {
        let Some((&order, open)) = self.open.iter_mut().next() else { return };
        let missing: Vec<Name> = self
            .roster
            .usable(now)
            .map(|(name, _)| name)
            .filter(|name| open.sent_to(name).is_none())
            .cloned()
            .collect();
        if missing.is_empty() {
            return;
        }
        let command = open.command(&self.front, order);
        if open.is_for_all() {
            let to = missing.iter().map(|agent| (To::Agent(agent.clone()), command.clone()));
            self.taken.commands.extend(to);
        } else {
            open.make_for_all(now);
            self.taken.commands.push((To::All, command));
        }
        for agent in missing {
            open.hold(&agent, now);
            self.held.take(&agent, order, open.expected());
        }
    }

    fn give(&mut self, order: u64, agent: &Name, now: Instant) {
        let Some(open) = self.open.get_mut(&order) else { return };
        open.hold(agent, now);
        self.held.take(agent, order, open.expected());
        let command = open.command(&self.front, order);
        self.taken.commands.push((To::Agent(agent.clone()), command));
    }

    /// The agent that would be done with an order first, of those that have room for one more.
    fn soonest(&self, order: u64, now: Instant) -> Option<Name> {
        let expected = self.open.get(&order)?.expected();
        let room = self.roster.usable(now).filter_map(|(name, agent)| {
            let (held, load) = (self.held.of(name).len(), self.held.load(name));
            let (busy, way) = (load / agent.rate(), agent.round_trip());
            let has_room = held < 2 || busy < (way + AHEAD).as_secs_f64();
            let done = busy + expected / agent.rate() + way.as_secs_f64();
            (held < MOST && has_room).then_some((done, name))
        });
        room.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name.clone())
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
