//! What the worker says about itself.

use crate::worker::Worker;
use p2pow_protocol::{
    DynamicFee, Info, QueueInfo, Refusal, Status, VERSION, feature, fees::fee_receive,
};

const IMPLEMENTATION: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

impl Worker {
    /// The answer to `request_info`.
    pub(crate) fn info(&self) -> Info {
        let unavailable = self.unavailable();
        let network = self.network.borrow();
        Info {
            version: VERSION.into(),
            status: unavailable.as_ref().map_or(Status::Available, |_| Status::Unavailable),
            retry_after: unavailable.as_ref().and_then(Refusal::retry_after),
            error: unavailable.map(|refusal| refusal.to_string()),
            reward_account: self.config.reward_account,
            fee: self.config.fee,
            fee_receive: fee_receive(self.config.fee),
            dynamic_fee: DynamicFee::Fixed,
            last_update: network.last_update,
            min_multiplier: 1.0,
            max_multiplier: self.config.max_multiplier,
            network: Some(network.info.clone()),
            implementation: Some(IMPLEMENTATION.into()),
            features: vec![feature::BATCH.into()],
            max_user_blocks: Some(self.config.max_user_blocks),
            queue: Some(QueueInfo {
                jobs: self.busy(),
                expected_seconds: self.expected_seconds().unwrap_or_default(),
            }),
            hashrate: self.hashrate(),
        }
    }

    /// Why every new job would be refused now, if that is so.
    fn unavailable(&self) -> Option<Refusal> {
        let node = || self.network.borrow().refusal();
        let queue = || (self.slots.available_permits() == 0).then(|| self.queue_full());
        self.check_difficulty().err().or_else(node).or_else(queue)
    }

    /// Hashes per second: as measured before the start until the pool has worked for a second or so, since
    /// a job that takes a moment says little, and then by the pool's own work.
    pub(crate) fn hashrate(&self) -> Option<f64> {
        let (status, measured) = (self.pool.status(), self.config.hashrate);
        let is_settled = measured.is_none_or(|rate| status.hashes_total as f64 >= rate);
        status.rate.filter(|_| is_settled).or(measured)
    }

    /// Seconds until all works that are asked for now should be found, once the hash rate is known.
    pub(crate) fn expected_seconds(&self) -> Option<f64> {
        let rate = self.hashrate().filter(|rate| *rate > 0.0)?;
        Some(self.pool.status().expected_hashes_left / rate)
    }
}
