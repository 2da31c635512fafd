//! [`Status`]: all that an operator is shown of a worker at one moment.

use nano_primitives::{Account, Amount};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Confirmed blocks by which a node lags, where fewer are those of the last moment.
const FAR: u64 = 1000;
/// The state of a node that has nothing the matter.
const WELL: &str = "well";

/// A worker at one moment. Its JSON is what `/status` answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// Which program it is, with its version.
    pub program: String,
    /// When this look was taken, in milliseconds since 1970.
    pub now_ms: u64,
    /// When the worker started, in milliseconds since 1970.
    pub started_ms: u64,
    /// The network by its name.
    pub network: String,
    /// Who is paid.
    pub reward_account: Account,
    /// Where senders reach the worker.
    pub listening: Vec<SocketAddr>,
    /// What a send costs, in raw.
    pub fee: Amount,
    /// Why new jobs are refused, if they are.
    pub refusing: Option<String>,
    /// Why the journal cannot be written, if it cannot: a full disk, for example.
    pub journal_error: Option<String>,
    /// Hashes a second that the devices find together.
    pub hashrate: Option<f64>,
    /// Hashes tried since the start.
    pub hashes: u64,
    /// What waits.
    pub queue: Queue,
    /// What has ended.
    pub ended: Ended,
    /// The nodes that the worker asks.
    pub nodes: Vec<Node>,
    /// How long steps take.
    pub timings: Timings,
    /// What searches.
    pub devices: Vec<Device>,
    /// The jobs in flight.
    pub jobs: Vec<RunningJob>,
    /// The machines that search for this worker over a broker, if there is a fleet.
    pub fleet: Option<Fleet>,
}

/// The machines that search for a worker over a broker.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fleet {
    /// Whether the broker is connected.
    pub connected: bool,
    /// The agents that can be given orders.
    pub agents: Vec<FleetAgent>,
    /// Roots that are out.
    pub orders: usize,
    /// Works that agents have found.
    pub found: u64,
    /// Works that agents proposed and that were none.
    pub wrong: u64,
    /// The agents that are left alone.
    pub quarantined: Vec<FleetQuarantine>,
    /// From when a root was wanted to its work.
    pub searches: Histogram,
}

/// A machine of a fleet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetAgent {
    /// What it is called.
    pub name: String,
    /// Hashes a second, by its own word.
    pub rate: f64,
    /// Roots of this worker that it has.
    pub orders: usize,
}

/// A machine of a fleet that is left alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetQuarantine {
    /// What it is called.
    pub name: String,
    /// Why.
    pub reason: String,
    /// For how many seconds still.
    pub seconds: u64,
}

/// What waits for the devices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Queue {
    /// Jobs that wait or are worked on.
    pub jobs: usize,
    /// The most of them.
    pub max_jobs: usize,
    /// Jobs in flight, those included that only wait for their confirmation.
    pub in_flight: usize,
    /// Seconds until all works that are asked for now should be found.
    pub expected_seconds: Option<f64>,
}

/// How jobs have ended, and what they paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ended {
    /// Jobs whose reward is confirmed.
    pub won: u64,
    /// Jobs that somebody else's blocks made worthless.
    pub lost: u64,
    /// Jobs that were refused by the ledger, or broke.
    pub failed: u64,
    /// What the confirmed rewards paid, in raw.
    pub income: Amount,
}

/// A node that the worker asks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Its URL as it may be shown.
    pub name: String,
    /// Why it cannot be used, if it cannot.
    pub error: Option<String>,
    /// What went wrong last, though it may be well since.
    pub last_error: Option<String>,
    /// When that was, in milliseconds since 1970.
    pub last_error_ms: Option<u64>,
    /// How long it takes to answer, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Blocks of its ledger.
    pub blocks: Option<u64>,
    /// How many confirmed blocks it is behind the furthest node that is known.
    pub behind: Option<u64>,
    /// Its WebSocket, if one is named.
    pub websocket: Option<Feed>,
}

/// What tells the worker of new blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Feed {
    /// Why it tells nothing, if it does not.
    pub error: Option<String>,
}

/// How long the steps of jobs and requests took since the start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timings {
    /// From a job's turn to its last work, for jobs whose works were searched.
    pub solve: Histogram,
    /// From a job's last work until a node had taken its last block.
    pub publish: Histogram,
    /// A request for the worker's offer, until its answer was ready.
    pub info: Histogram,
    /// A request for work, until it was a job or refused.
    pub admit: Histogram,
}

/// How long something took, each time that it was done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Histogram {
    /// The upper bounds of the buckets in seconds, inclusive, ascending.
    pub bounds: Vec<f64>,
    /// How often it took no longer than the bound and longer than the one before. The last of these has no bound.
    pub counts: Vec<u64>,
    /// All of it together, in seconds.
    pub sum: f64,
}

/// What searches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Device {
    /// What it is called.
    pub name: String,
    /// Hashes tried since the start.
    pub hashes: u64,
    /// Hashes a second while it searches.
    pub rate: Option<f64>,
    /// Works that it found.
    pub solutions: u64,
    /// How often it failed.
    pub failures: u64,
    /// How many seconds it is left alone still after a failure.
    pub quarantine_seconds: Option<f64>,
}

/// A job in flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunningJob {
    /// Its id: the hash of its reward block.
    pub id: String,
    /// How far it is.
    pub phase: String,
    /// For whom.
    pub account: Account,
    /// How many user blocks it has.
    pub user_blocks: usize,
    /// Works found so far.
    pub works_done: usize,
    /// Works that it takes.
    pub works_needed: usize,
    /// What it pays, in raw.
    pub paid: Amount,
    /// Hashes tried for it.
    pub hashes: u64,
}

impl Status {
    /// Whether new jobs are taken.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.refusing.is_none()
    }

    /// How long the worker has run, in seconds.
    #[must_use]
    pub const fn uptime_seconds(&self) -> u64 {
        self.now_ms.saturating_sub(self.started_ms) / 1000
    }
}

impl Node {
    /// Whether nothing is the matter.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.state() == WELL
    }

    /// How it is, in a few words: well, or what is the matter.
    #[must_use]
    pub fn state(&self) -> String {
        let silent = || self.websocket.as_ref().and_then(|feed| feed.error.as_ref());
        match (&self.error, self.behind.unwrap_or(0)) {
            (Some(error), _) => error.clone(),
            (None, behind @ FAR..) => format!("{behind} blocks behind"),
            (None, _) => silent().map_or_else(
                || WELL.to_owned(),
                |error| format!("its WebSocket is silent: {error}"),
            ),
        }
    }
}

impl Fleet {
    /// Hashes a second of all agents together, by their own words.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.agents.iter().map(|agent| agent.rate).sum()
    }
}

impl Histogram {
    /// How often it was done.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Ended {
    /// The share of races that were won.
    #[must_use]
    pub fn win_rate(&self) -> Option<f64> {
        let races = self.won + self.lost;
        (races > 0).then(|| self.won as f64 / races as f64)
    }
}

impl Default for Status {
    fn default() -> Self {
        Self {
            program: String::new(),
            now_ms: 0,
            started_ms: 0,
            network: String::new(),
            reward_account: Account::ZERO,
            listening: Vec::new(),
            fee: Amount::ZERO,
            refusing: None,
            journal_error: None,
            hashrate: None,
            hashes: 0,
            queue: Queue::default(),
            ended: Ended::default(),
            nodes: Vec::new(),
            timings: Timings::default(),
            devices: Vec::new(),
            jobs: Vec::new(),
            fleet: None,
        }
    }
}

impl Default for Ended {
    fn default() -> Self {
        Self { won: 0, lost: 0, failed: 0, income: Amount::ZERO }
    }
}

impl Default for RunningJob {
    fn default() -> Self {
        Self {
            id: String::new(),
            phase: String::new(),
            account: Account::ZERO,
            user_blocks: 0,
            works_done: 0,
            works_needed: 0,
            paid: Amount::ZERO,
            hashes: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, Status};

    #[test]
    fn a_win_rate_is_of_races_that_ended() {
        assert_eq!(Ended::default().win_rate(), None);
        let ended = Ended { won: 3, lost: 1, failed: 9, ..Ended::default() };
        assert_eq!(ended.win_rate(), Some(0.75));
    }

    #[test]
    fn what_an_older_or_newer_worker_says_is_understood() {
        let told: Status = serde_json::from_str(r#"{"program":"x","new_key":1}"#).unwrap();
        assert_eq!(told, Status { program: "x".into(), ..Status::default() });
        let text = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<Status>(&text).unwrap(), told);
    }
}
