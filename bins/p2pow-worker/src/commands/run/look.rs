//! [`Looker`]: what the operator's listener shows of the worker.

use nano_block::Network;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use p2pow_admin::{Device, Ended, Node, Queue, RunningJob, Source, Status};
use p2pow_server::{JobReport, Watcher};
use std::{
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

const PROGRAM: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// Looks at the worker and its pool.
pub(super) struct Looker {
    pub(super) watcher: Watcher,
    pub(super) pool: Pool,
    /// The node as it may be shown.
    pub(super) node: String,
    pub(super) terms: Offered,
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
            nodes: vec![Node { name: self.node.clone(), error: worker.node_error }],
            devices: pool.devices.into_iter().map(device).collect(),
            jobs: self.watcher.reports().into_iter().map(job).collect(),
        }
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
