//! [`Watcher`]: looks at a worker without owning it.

use crate::{
    job::{Job, JobReport},
    status::ServerStatus,
    worker::Worker,
};
use p2pow_protocol::Refusal;
use std::sync::Arc;

/// Looks at a worker without owning it: for pages and metrics. It does not keep the worker from being shut down.
#[derive(Debug, Clone)]
pub struct Watcher(Arc<Worker>);

impl Watcher {
    pub(crate) const fn new(worker: Arc<Worker>) -> Self {
        Self(worker)
    }

    /// A look at the worker.
    #[must_use]
    pub fn status(&self) -> ServerStatus {
        self.0.status()
    }

    /// A look at every job in flight.
    #[must_use]
    pub fn reports(&self) -> Vec<JobReport> {
        self.0.jobs().iter().map(Job::report).collect()
    }

    /// Why every new job would be refused now, if that is so.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.0.unavailable()
    }
}
