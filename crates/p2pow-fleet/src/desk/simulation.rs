//! The desk with agents that are only simulated: how well the rule divides the work, against everybody on everything.
//!
//! Discrete events: what takes time is the search (exponential, as it is), and the way of each message (half a round
//! trip). A broker that is too slow is not simulated. `P2POW_SIMULATE=all cargo test -p p2pow-fleet --release
//! simulation -- --nocapture` prints the table of `docs/benchmarks.md`.

#![allow(clippy::cast_possible_truncation)] // numbers of a simulation are small

use super::{Desk, Taken, To};
use crate::{
    Name,
    backend::{BATCH, BATCH_TIME},
    message::{Command, Outcome, Report},
    roster::tests::beat,
};
use nano_pow::Puzzle;
use nano_primitives::{Difficulty, Root, Work};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    time::{Duration, Instant},
};

/// Nanoseconds since the beginning.
type Nanos = u64;
const SECOND: Nanos = 1_000_000_000;
/// What orders are for: only the time that an agent takes for one counts.
const THRESHOLD: Difficulty = Difficulty::from_u64(0xffff_0000_0000_0000);

/// What is simulated.
#[derive(Debug, Clone, Copy)]
struct Scene {
    agents: usize,
    /// What one agent takes for an order on average.
    alone: Duration,
    round_trip: Duration,
    orders: usize,
    /// One order at a time, for everybody.
    everybody: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
struct Outturn {
    /// Orders done per second, as a share of what the agents could do at most.
    share: f64,
    /// From when an order is the next to its work, on average.
    time_to_work: Duration,
    /// Hashes tried for orders whose work was found already, as a share of all.
    wasted: f64,
    /// Messages to and from agents for each order.
    messages: f64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    /// An agent hears a command: to search, or to stop.
    Search(usize, u64),
    Stop(usize, u64),
    /// An agent finds work, if it is still at the search of this number.
    Done(usize, u64),
    /// The front end hears of work, and how many microseconds the agent had the order.
    Found(usize, u64, u64),
    /// Beats and reports of all agents, once in a while.
    Pulse,
}

/// Random numbers that are the same each time (splitmix64).
struct Chance(u64);

impl Chance {
    /// Exponential, 1 on average.
    fn exponential(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let unit = ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
        -(1.0 - unit).ln()
    }
}

#[derive(Default)]
struct Machine {
    queue: VecDeque<(u64, Nanos)>,
    /// The number of its search, so that what ended is not taken for what goes on.
    search: u64,
    since: Nanos,
    busy: Nanos,
}

struct Simulation {
    scene: Scene,
    desk: Desk,
    base: Instant,
    now: Nanos,
    events: BinaryHeap<Reverse<(Nanos, u64, Happening)>>,
    count: u64,
    machines: Vec<Machine>,
    names: Vec<Name>,
    chance: Chance,
    work: Work,
    /// When each order's work was found, by its number.
    solved: Vec<Option<Nanos>>,
    messages: u64,
    wasted: Nanos,
}

impl Simulation {
    fn new(scene: Scene) -> Self {
        let puzzle = puzzle();
        let work = (0..).map(Work::from_u64).find(|work| puzzle.check(*work).is_ok()).unwrap();
        let mut simulation = Self {
            scene,
            desk: Desk::new("front".parse().unwrap()),
            base: Instant::now(),
            now: 0,
            events: BinaryHeap::new(),
            count: 0,
            machines: (0..scene.agents).map(|_| Machine::default()).collect(),
            names: (0..scene.agents).map(|agent| format!("a{agent}").parse().unwrap()).collect(),
            chance: Chance(7),
            work,
            solved: vec![None; scene.orders + 1],
            messages: 0,
            wasted: 0,
        };
        simulation.after(0, Happening::Pulse);
        simulation
    }

    fn run(mut self) -> Outturn {
        let per_batch =
            BATCH_TIME.as_secs_f64() * self.scene.agents as f64 / self.scene.alone.as_secs_f64();
        let per_batch = if self.scene.everybody { 1 } else { (per_batch as usize).clamp(1, BATCH) };
        // The agents are heard of before the first order.
        self.step();
        let (begin, mut waited, mut opened) = (self.now, 0, 0);
        while opened < self.scene.orders {
            let count = per_batch.min(self.scene.orders - opened);
            let since = self.now;
            let orders = self.desk.open(&vec![puzzle(); count], self.time());
            self.send();
            opened += count;
            let mut done = 0;
            while done < count {
                done += self.step();
            }
            let found = orders.iter().filter_map(|order| self.solved[*order as usize]);
            let way = self.way();
            waited += found.map(|found| found + way - since).sum::<Nanos>();
        }
        let elapsed = (self.now - begin) as f64 / SECOND as f64;
        let most = self.scene.agents as f64 / self.scene.alone.as_secs_f64();
        let busy: Nanos = self.machines.iter().map(|machine| machine.busy).sum();
        let orders = self.scene.orders as f64;
        Outturn {
            share: orders / elapsed / most,
            time_to_work: Duration::from_nanos(waited / self.scene.orders as u64),
            wasted: self.wasted as f64 / busy as f64,
            messages: self.messages as f64 / orders,
        }
    }

    /// The next event; says how many orders it ended.
    fn step(&mut self) -> usize {
        let Reverse((at, _, event)) = self.events.pop().unwrap();
        self.now = at;
        match event {
            Happening::Search(agent, order) => self.told_to_search(agent, order),
            Happening::Stop(agent, order) => self.told_to_stop(agent, order),
            Happening::Done(agent, search) => self.done(agent, search),
            Happening::Found(agent, order, micros) => return self.heard(agent, order, micros),
            Happening::Pulse => self.pulse(),
        }
        0
    }

    fn told_to_search(&mut self, agent: usize, order: u64) {
        let (now, machine) = (self.now, &mut self.machines[agent]);
        if machine.queue.iter().any(|(known, _)| *known == order) {
            return;
        }
        machine.queue.push_back((order, now));
        if machine.queue.len() == 1 {
            self.begin(agent);
        }
    }

    fn told_to_stop(&mut self, agent: usize, order: u64) {
        let machine = &mut self.machines[agent];
        let is_first = machine.queue.front().is_some_and(|(first, _)| *first == order);
        if is_first {
            self.leave(agent);
        } else {
            machine.queue.retain(|(queued, _)| *queued != order);
        }
    }

    fn done(&mut self, agent: usize, search: u64) {
        if self.machines[agent].search != search {
            return;
        }
        let Some(&(order, came)) = self.machines[agent].queue.front() else { return };
        self.solved[order as usize].get_or_insert(self.now);
        self.leave(agent);
        self.messages += 1;
        self.after(self.way(), Happening::Found(agent, order, (self.now - came) / 1000));
    }

    /// An agent ends what it is at, and goes on with the next.
    fn leave(&mut self, agent: usize) {
        let machine = &mut self.machines[agent];
        let Some((order, _)) = machine.queue.pop_front() else { return };
        machine.busy += self.now - machine.since;
        machine.search += 1;
        if let Some(solved) = self.solved[order as usize] {
            self.wasted += self.now - solved.clamp(machine.since, self.now);
        }
        if !machine.queue.is_empty() {
            self.begin(agent);
        }
    }

    fn begin(&mut self, agent: usize) {
        let time = self.chance.exponential() * self.scene.alone.as_secs_f64();
        self.machines[agent].since = self.now;
        let search = self.machines[agent].search;
        self.after((time * SECOND as f64) as Nanos, Happening::Done(agent, search));
    }

    fn heard(&mut self, agent: usize, order: u64, micros: u64) -> usize {
        let before = self.desk.open.len();
        let outcome = Outcome::Found { work: self.work };
        let report = Report { order, hashes: 1, micros, outcome };
        let now = self.time();
        self.desk.report(&self.names[agent], &report, now);
        self.send();
        before - self.desk.open.len()
    }

    /// What the agents say twice a second gets to the front end at once: nothing here depends on its way.
    fn pulse(&mut self) {
        let (rate, now) =
            (THRESHOLD.expected_hashes() / self.scene.alone.as_secs_f64(), self.time());
        for agent in 0..self.scene.agents {
            self.desk.beat(self.names[agent].clone(), beat(rate, self.now), now);
            if let Some(&(order, _)) = self.machines[agent].queue.front() {
                let tried =
                    (rate * (self.now - self.machines[agent].since) as f64 / SECOND as f64) as u64;
                let report =
                    Report { order, hashes: tried, micros: 0, outcome: Outcome::Searching };
                self.desk.report(&self.names[agent], &report, now);
            }
        }
        self.desk.tick(now);
        self.send();
        self.after(SECOND / 2, Happening::Pulse);
    }

    fn send(&mut self) {
        let Taken { commands, .. } = self.desk.take();
        for (to, command) in commands {
            let agents = match to {
                To::All => 0..self.scene.agents,
                To::Agent(name) => {
                    let agent = name.as_str()[1..].parse().unwrap();
                    agent..agent + 1
                }
            };
            for agent in agents {
                self.messages += 1;
                let event = match &command {
                    Command::Search(order) => Happening::Search(agent, order.id.order),
                    Command::Stop(id) => Happening::Stop(agent, id.order),
                };
                self.after(self.way(), event);
            }
        }
    }

    fn after(&mut self, time: Nanos, event: Happening) {
        self.count += 1;
        self.events.push(Reverse((self.now + time, self.count, event)));
    }

    fn way(&self) -> Nanos {
        (self.scene.round_trip / 2).as_nanos() as Nanos
    }

    fn time(&self) -> Instant {
        self.base + Duration::from_nanos(self.now)
    }
}

fn puzzle() -> Puzzle {
    Puzzle::new(Root::from_bytes([1; 32]), THRESHOLD)
}

/// A receive and a send at 1 GH/s.
const KINDS: [(&str, Duration, usize); 2] = [
    ("receives", Duration::from_micros(8_389), 10_000),
    ("sends", Duration::from_micros(536_871), 300),
];

#[test]
fn spreading_pays() {
    let all = std::env::var("P2POW_SIMULATE").is_ok_and(|value| value == "all");
    let agents = if all { &[1, 10, 100, 1000][..] } else { &[1, 10][..] };
    println!(
        "| orders | agents | round trip | share of linear, by rule | everybody | time to work | everybody | wasted | everybody | messages | everybody |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for (kind, alone, orders) in KINDS {
        for &agents in agents {
            for micros in [200, 1_000, 20_000, 80_000] {
                let round_trip = Duration::from_micros(micros);
                let orders = if all { orders } else { orders.min(1000) };
                let scene = Scene { agents, alone, round_trip, orders, everybody: false };
                let few = Scene {
                    orders: (orders * 10 / agents).max(100).min(orders),
                    everybody: true,
                    ..scene
                };
                let (rule, all) = (Simulation::new(scene).run(), Simulation::new(few).run());
                println!(
                    "| {kind} | {agents} | {:?} | {:.3} | {:.3} | {:.1?} | {:.1?} | {:.1} % | {:.1} % | {:.1} | {:.1} |",
                    round_trip,
                    rule.share,
                    all.share,
                    rule.time_to_work,
                    all.time_to_work,
                    100.0 * rule.wasted,
                    100.0 * all.wasted,
                    rule.messages,
                    all.messages,
                );
                check((&scene, &few), &rule, &all);
            }
        }
    }
}

/// Where a round trip is as long as an order, everybody on everything wastes most of what it tries. The times of few
/// orders scatter by one over the root of their number.
fn check((scene, few): (&Scene, &Scene), rule: &Outturn, all: &Outturn) {
    let scatter: f64 = [scene, few].iter().map(|scene| 1.0 / scene.orders as f64).sum();
    let least = (0.9 - scatter.sqrt()) * all.share;
    assert!(rule.share > least, "{scene:?}: {rule:?} against {all:?}");
    let together = scene.alone / u32::try_from(scene.agents).unwrap();
    if together < scene.round_trip && scene.alone < Duration::from_millis(100) {
        assert!(rule.share > 1.5 * all.share, "{scene:?}: {rule:?} against {all:?}");
    }
}
