//! What a fleet costs and brings, with a real broker and real agents on one machine:
//! `cargo bench -p p2pow-fleet --bench fleet`, or with the names of some parts behind `--`: latency, stop, orders,
//! linear. Needs `nats-server`.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

#[path = "../tests/fleet/broker.rs"]
#[allow(dead_code)] // the tests use the rest
mod broker;

use broker::Server;
use nano_pow::{Backend, CpuBackend, Pool, Puzzle, Task, backend_fn};
use nano_primitives::{Difficulty, Root};
use p2pow_fleet::{Agent, Broker, FleetBackend, Name};
use std::{
    env,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// Any nonce will do.
const NOTHING: Difficulty = Difficulty::MIN;
/// Nobody finds this.
const NEVER: Difficulty = Difficulty::from_u64(u64::MAX - 1);
/// 2^23 hashes: a receive of the live network.
const SOME: Difficulty = Difficulty::from_u64(0xffff_fe00_0000_0000);

fn main() {
    let Some(server) = broker::start("") else { return };
    let wanted: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let runtime = Runtime::new().unwrap();
    type Part = fn(&Stage<'_>);
    let parts: [(&str, Part); 4] =
        [("latency", latency), ("stop", stop), ("orders", orders), ("linear", linear)];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            part(&Stage { server: &server, runtime: &runtime, name });
        }
    }
}

/// A broker, and where the agents run. Each part has a fleet of its own.
struct Stage<'a> {
    server: &'a Server,
    runtime: &'a Runtime,
    name: &'a str,
}

impl Stage<'_> {
    fn broker(&self) -> Broker {
        Broker::new([self.server.address()], self.name.parse().unwrap()).unwrap()
    }

    fn agent(&self, device: impl Backend + 'static) -> (Agent, Pool) {
        let pool = Pool::builder(vec![Box::new(device)]).cached_works(0).build();
        let broker = self.broker();
        let agent = Agent::start(&broker, Name::random("agent"), pool.clone());
        (self.runtime.block_on(agent).unwrap(), pool)
    }

    /// A pool of the fleet alone, once it has heard of so many agents.
    fn front(&self, agents: usize) -> Pool {
        let device = FleetBackend::start(&self.broker(), Name::random("front")).unwrap();
        let mut strength = device.strength();
        self.runtime.block_on(strength.wait_for(|strength| strength.agents == agents)).unwrap();
        Pool::builder(vec![Box::new(device)]).cached_works(0).build()
    }
}

/// Roots that nobody has had before.
fn puzzles(salt: u8, threshold: Difficulty) -> impl Iterator<Item = Puzzle> {
    (0u64..).map(move |number| {
        let mut root = [salt; 32];
        root[..8].copy_from_slice(&number.to_be_bytes());
        Puzzle::new(Root::from_bytes(root), threshold)
    })
}

fn quantiles(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[(share * (times.len() - 1) as f64).round() as usize];
    println!(
        "{what}: p50 {:.3?}, p99 {:.3?}, longest {:.3?}, of {}",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len()
    );
}

fn time_each(pool: &Pool, count: usize) -> Vec<Duration> {
    let time = |puzzle| {
        let started = Instant::now();
        pool.submit(puzzle).wait().unwrap();
        started.elapsed()
    };
    puzzles(1, NOTHING).take(count).map(time).collect()
}

/// Puzzles that take no search: what is left is the way.
fn latency(stage: &Stage<'_>) {
    let _agents = [stage.agent(CpuBackend::new(1)), stage.agent(CpuBackend::new(1))];
    let fleet = stage.front(2);
    let local = Pool::builder(vec![Box::new(CpuBackend::new(1))]).cached_works(0).build();
    for (what, pool) in [("a work by a local thread", &local), ("a work by the fleet", &fleet)] {
        time_each(pool, 200);
        quantiles(what, time_each(pool, 3000));
    }
}

/// From the end of the request to the moment at which an agent's device sees it.
fn stop(stage: &Stage<'_>) {
    let (begun, begins) = mpsc::channel();
    let (ended, ends) = mpsc::channel();
    let device = backend_fn("vain", move |task: &Task<'_>| {
        begun.send(()).unwrap();
        while !task.is_stopped() {
            thread::sleep(Duration::from_micros(20));
        }
        ended.send(Instant::now()).unwrap();
        Ok(())
    });
    let _agent = stage.agent(device);
    // The device was measured.
    begins.recv().unwrap();
    ends.recv().unwrap();
    let pool = stage.front(1);
    let time = |puzzle| {
        let ticket = pool.submit(puzzle);
        begins.recv().unwrap();
        let stopped = Instant::now();
        drop(ticket);
        ends.recv().unwrap().saturating_duration_since(stopped)
    };
    quantiles("a stop", puzzles(2, NEVER).take(500).map(time).collect());
}

/// Many puzzles that take no search, asked for at once.
fn orders(stage: &Stage<'_>) {
    let _agents = [stage.agent(CpuBackend::new(1)), stage.agent(CpuBackend::new(1))];
    let pool = stage.front(2);
    time_each(&pool, 200);
    let started = Instant::now();
    let tickets: Vec<_> =
        puzzles(3, NOTHING).take(20_000).map(|puzzle| pool.submit(puzzle)).collect();
    let count = tickets.len();
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "orders through one broker: {:.0} a second ({count} in {seconds:.2} s)",
        count as f64 / seconds
    );
}

/// The hashes per second of agents of one thread, each a share of what the same threads do without a fleet.
fn linear(stage: &Stage<'_>) {
    let most = thread::available_parallelism().map_or(1, usize::from);
    let mut counts = vec![1];
    counts.extend([2, 4, 8].into_iter().filter(|count| *count <= most));
    for count in counts {
        let alone = Pool::new(vec![Box::new(CpuBackend::new(count))]);
        let before = alone.measure(Duration::from_secs(3));
        alone.close();
        let stage = Stage { name: ["a", "b", "c", "d"][count.ilog2() as usize], ..*stage };
        let agents: Vec<_> = (0..count).map(|_| stage.agent(CpuBackend::new(1))).collect();
        let tried = || agents.iter().map(|(_, pool)| pool.status().hashes_total).sum::<u64>();
        let pool = stage.front(count);
        for (what, together) in [("one after the other", 1), ("64 at once", 64)] {
            let mut puzzles = puzzles(4 + together as u8, SOME);
            let (started, before_all) = (Instant::now(), tried());
            let (mut works, mut used) = (0, 0.0);
            while started.elapsed() < Duration::from_secs(8) {
                let tickets: Vec<_> =
                    puzzles.by_ref().take(together).map(|puzzle| pool.submit(puzzle)).collect();
                for ticket in tickets {
                    used += ticket.puzzle().threshold.expected_hashes();
                    ticket.wait().unwrap();
                    works += 1;
                }
            }
            let seconds = started.elapsed().as_secs_f64();
            let rates =
                [(tried() - before_all) as f64, used].map(|hashes| hashes / seconds / before);
            println!(
                "{count} agents of one thread, {what}: tried {:.3}, found {:.3} (give or take {:.3}) of {:.1} MH/s",
                rates[0],
                rates[1],
                rates[1] / f64::from(works).sqrt(),
                before / 1e6
            );
        }
    }
}
