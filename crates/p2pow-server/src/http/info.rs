//! [`info`]: what the worker says about itself.

use crate::worker::Worker;
use p2pow_protocol::{Info, QueueInfo, Refusal, Status, VERSION, feature, fees::fee_receive};

const IMPLEMENTATION: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The answer to `request_info`.
pub(super) fn info(worker: &Worker) -> Info {
    let (config, load) = (worker.config(), worker.load());
    let fee = worker.quote(&load);
    let unavailable = worker.unavailable();
    let network = worker.network();
    Info {
        version: VERSION.into(),
        status: unavailable.as_ref().map_or(Status::Available, |_| Status::Unavailable),
        retry_after: unavailable.as_ref().and_then(Refusal::retry_after),
        error: unavailable.map(|refusal| refusal.to_string()),
        reward_account: config.reward_account,
        fee,
        fee_receive: fee_receive(fee),
        dynamic_fee: worker.announced_fee(),
        last_update: network.last_update,
        min_multiplier: 1.0,
        max_multiplier: config.max_multiplier,
        network: Some(network.info),
        implementation: Some(IMPLEMENTATION.into()),
        features: vec![feature::BATCH.into(), feature::JOBS.into()],
        max_user_blocks: Some(config.max_user_blocks),
        queue: Some(QueueInfo {
            jobs: load.busy,
            expected_seconds: load.expected_seconds().unwrap_or_default(),
        }),
        hashrate: load.hashrate,
    }
}
