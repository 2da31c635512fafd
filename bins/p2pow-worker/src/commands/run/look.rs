//! [`Looker`]: what the operator's listener shows of the worker.

use nano_block::Network;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use p2pow_admin::{
    Device, Ended, Feed, Histogram, Node, Queue, RunningJob, Source, Status, Timings,
};
use p2pow_server::{Config, JobReport, NodeStatus, TimingStatus, Watcher, WebSocketStatus};
use std::{
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

const PROGRAM: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// Looks at the worker and its pool.
pub(super) struct Looker {
    pub(super) watcher: Watcher,
    pub(super) pool: Pool,
    pub(super) terms: Offered,
    #[cfg(feature = "fleet")]
    pub(super) fleet: Option<crate::fleet::Standing>,
}

/// What does not change while the worker runs.
#[derive(Clone)]
pub(super) struct Offered {
    pub(super) started_ms: u64,
    pub(super) network: Network,
    pub(super) reward_account: Account,
    pub(super) listening: Vec<SocketAddr>,
    pub(super) fee: Amount,
    pub(super) max_jobs: usize,
}

impl Offered {
    /// What a worker with this configuration offers from now on.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            started_ms: now_ms(),
            network: config.network,
            reward_account: config.reward_account,
            listening: config.listen.clone(),
            fee: config.fee,
            max_jobs: config.max_jobs,
        }
    }
}

impl Source for Looker {
    fn status(&self) -> Status {
        let (worker, pool, terms) = (self.watcher.status(), self.pool.status(), &self.terms);
        Status {
            program: PROGRAM.to_owned(),
            now_ms: now_ms(),
            started_ms: terms.started_ms,
            network: terms.network.as_str().to_owned(),
            reward_account: terms.reward_account,
            listening: terms.listening.clone(),
            fee: terms.fee,
            refusing: self.watcher.refusal().map(|refusal| refusal.to_string()),
            journal_error: worker.journal_error,
            hashrate: worker.hashrate,
            hashes: worker.hashes,
            queue: Queue {
                jobs: worker.busy,
                max_jobs: terms.max_jobs,
                in_flight: worker.in_flight,
                expected_seconds: pool.expected_seconds_left(),
            },
            ended: Ended {
                won: worker.won,
                lost: worker.lost,
                failed: worker.failed,
                income: worker.income,
            },
            nodes: worker.nodes.into_iter().map(node).collect(),
            timings: timings(worker.timings),
            devices: pool.devices.into_iter().map(device).collect(),
            jobs: self.watcher.reports().into_iter().map(job).collect(),
            fleet: self.fleet(),
        }
    }
}

impl Looker {
    #[cfg(feature = "fleet")]
    fn fleet(&self) -> Option<p2pow_admin::Fleet> {
        self.fleet.as_ref()?.look()
    }

    #[cfg(not(feature = "fleet"))]
    const fn fleet(&self) -> Option<p2pow_admin::Fleet> {
        None
    }
}

fn device(device: nano_pow::pool::DeviceStatus) -> Device {
    Device {
        name: device.name,
        hashes: device.hashes,
        rate: device.rate,
        solutions: device.solutions,
        failures: device.failures,
        quarantine_seconds: device.quarantine.map(|left| left.as_secs_f64()),
    }
}

fn node(node: NodeStatus) -> Node {
    let (last_error, last_error_ms) = node.last_error.map(|last| (last.error, last.at_ms)).unzip();
    let error = match node.websocket {
        WebSocketStatus::Live => Some(None),
        WebSocketStatus::Silent(reason) => Some(Some(reason)),
        _ => None,
    };
    Node {
        name: node.url,
        error: node.error,
        last_error,
        last_error_ms,
        latency_ms: node.latency.map(|latency| latency.as_secs_f64() * 1000.0),
        blocks: node.blocks,
        behind: node.behind,
        websocket: error.map(|error| Feed { error }),
    }
}

fn timings(timings: TimingStatus) -> Timings {
    let histogram = |seen: p2pow_server::Histogram| Histogram {
        bounds: seen.bounds.to_vec(),
        counts: seen.counts,
        sum: seen.sum,
    };
    Timings {
        solve: histogram(timings.solve),
        publish: histogram(timings.publish),
        info: histogram(timings.info),
        admit: histogram(timings.admit),
    }
}

fn job(report: JobReport) -> RunningJob {
    RunningJob {
        id: report.id.to_string(),
        phase: report.phase.to_string(),
        account: report.account,
        user_blocks: report.user_blocks.len(),
        works_done: report.works_done,
        works_needed: report.works_needed,
        paid: report.paid,
        hashes: report.hashes,
    }
}

/// The time of day, in milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
