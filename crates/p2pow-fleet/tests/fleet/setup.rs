//! What the tests share: agents, front ends, puzzles, and an agent made of a plain NATS connection.

use super::broker::Server;

use futures_util::StreamExt;
use nano_pow::{Backend, CpuBackend, Pool, Puzzle, SearchRequest, Task, backend_fn};
use nano_primitives::{Difficulty, Root};
use p2pow_fleet::{Agent, AgentStatus, Broker, FleetBackend, Name};
use serde_json::{Value, json};
use std::{error::Error, future::Future, time::Duration};
use tokio::time::timeout;

/// Nothing here takes so long.
pub(crate) const SOON: Duration = Duration::from_secs(120);
/// 2^16 hashes.
pub(crate) const EASY: Difficulty = Difficulty::from_u64(0xffff_0000_0000_0000);
/// Nobody finds this.
pub(crate) const NEVER: Difficulty = Difficulty::from_u64(u64::MAX - 1);

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn broker(server: &Server) -> Broker {
    Broker::new([server.address()], name("p2pow")).unwrap()
}

pub(crate) fn puzzle(byte: u8, threshold: Difficulty) -> Puzzle {
    Puzzle::new(Root::from_bytes([byte; 32]), threshold)
}

pub(crate) async fn agent(server: &Server, called: &str) -> Agent {
    agent_with(server, called, CpuBackend::new(1)).await
}

pub(crate) async fn agent_with(
    server: &Server,
    called: &str,
    device: impl Backend + 'static,
) -> Agent {
    let pool = Pool::new(vec![Box::new(device)]);
    Agent::start(&broker(server), name(called), pool).await.unwrap()
}

pub(crate) async fn agent_on(broker: &Broker, called: &str) -> Agent {
    Agent::start(broker, name(called), Pool::cpu(Some(1))).await.unwrap()
}

/// A device that never finds anything, but tries.
pub(crate) fn vain() -> impl Backend {
    backend_fn("vain", |task: &Task<'_>| {
        while !task.is_stopped() {
            std::thread::sleep(Duration::from_millis(1));
            task.count(1000);
        }
        Ok(())
    })
}

/// A pool of the fleet alone, once it has heard of so many agents.
pub(crate) async fn front(server: &Server, agents: usize) -> Pool {
    let device = fleet(server).await;
    let mut strength = device.strength();
    let is_there = strength.wait_for(|strength| strength.agents == agents);
    timeout(SOON, is_there).await.unwrap().unwrap();
    Pool::new(vec![Box::new(device)])
}

pub(crate) async fn fleet(server: &Server) -> FleetBackend {
    let broker = broker(server);
    let start = move || FleetBackend::start(&broker, Name::random("front")).unwrap();
    tokio::task::spawn_blocking(start).await.unwrap()
}

/// Work for a puzzle, checked once more, in time.
pub(crate) async fn solve(pool: &Pool, request: impl Into<SearchRequest>) {
    let request = request.into();
    let solution = timeout(SOON, pool.submit(request)).await.unwrap().unwrap();
    assert!(solution.work().value(&request.puzzle.root) >= request.puzzle.threshold);
}

pub(crate) async fn until(agent: &Agent, wanted: impl FnMut(&AgentStatus) -> bool) {
    timeout(SOON, agent.status().wait_for(wanted)).await.unwrap().unwrap();
}

/// An agent made of a plain connection, that beats and answers each order as a closure says.
pub(crate) struct Puppet {
    task: tokio::task::JoinHandle<()>,
}

impl Puppet {
    /// `answer` gets each order, and gives the reports for it.
    pub(crate) async fn new(
        server: &Server,
        called: &str,
        rate: f64,
        answer: impl Fn(&Value) -> Vec<Value> + Send + 'static,
    ) -> Self {
        let client = async_nats::connect(server.address()).await.unwrap();
        let mut all = client.subscribe("p2pow.order.all").await.unwrap();
        let mut own = client.subscribe(format!("p2pow.order.agent.{called}")).await.unwrap();
        let mut roll = client.subscribe("p2pow.roll").await.unwrap();
        let beat = json!({
            "version": "puppet", "devices": ["strings"], "hashes_per_second": rate, "hashes": 0, "orders": 0,
        });
        let (subject, beat) = (format!("p2pow.beat.agent.{called}"), beat.to_string());
        client.publish(subject.clone(), beat.clone().into()).await.unwrap();
        client.flush().await.unwrap();
        let (speaker, me) = (client.clone(), called.to_owned());
        let task = tokio::spawn(async move {
            let mut beats = tokio::time::interval(Duration::from_millis(500));
            loop {
                let order = tokio::select! {
                    order = all.next() => order,
                    order = own.next() => order,
                    _ = roll.next() => None,
                    _ = beats.tick() => None,
                };
                let Some(order) = order else {
                    speaker.publish(subject.clone(), beat.clone().into()).await.unwrap();
                    continue;
                };
                let order: Value = serde_json::from_slice(&order.payload).unwrap();
                if order["do"] == "search" {
                    let to = format!("p2pow.report.{}.{me}", order["front"].as_str().unwrap());
                    for report in answer(&order) {
                        speaker.publish(to.clone(), report.to_string().into()).await.unwrap();
                    }
                }
            }
        });
        Self { task }
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The first message on a subject that a closure likes.
pub(crate) async fn hear(server: &Server, subject: &str, likes: impl Fn(&Value) -> bool) -> Value {
    let client = async_nats::connect(server.address()).await.unwrap();
    let mut messages = client.subscribe(subject.to_owned()).await.unwrap();
    let heard = async {
        loop {
            let message = messages.next().await.unwrap();
            let value = serde_json::from_slice(&message.payload).unwrap_or_default();
            if likes(&value) {
                return value;
            }
        }
    };
    within(heard).await
}

/// An error and its causes.
pub(crate) fn words(error: &dyn Error) -> String {
    let cause = error.source().map(|cause| format!(": {}", words(cause))).unwrap_or_default();
    format!("{error}{cause}")
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(SOON, future).await.unwrap()
}
