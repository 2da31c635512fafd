//! [`Front`]: what every request needs.

use super::bodies::Bodies;
use crate::worker::Worker;
use nano_http::{BodyLimits, Buckets, Rate};
use std::{sync::Arc, thread};
use tokio::sync::Semaphore;

/// What every request needs.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) worker: Arc<Worker>,
    /// How many requests for work an address may send.
    pub(super) buckets: Buckets,
    pub(super) bodies: Bodies,
    /// One permit for each core: so many signatures are checked at once.
    pub(super) cores: Arc<Semaphore>,
}

impl Front {
    pub(super) fn new(worker: Arc<Worker>, rate: Rate, body: BodyLimits) -> Self {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            worker,
            buckets: Buckets::new(rate),
            bodies: Bodies::new(body),
            cores: Arc::new(Semaphore::new(cores)),
        }
    }
}
