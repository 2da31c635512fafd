//! [`Means`]: what the lives of jobs take.

use super::{queue::Queue, scores::Scores};
use crate::{
    config::Config,
    journal::Journal,
    node::{Node, Pulses},
    timings::Timings,
};
use nano_http::CancellationToken;
use nano_pow::Pool;
use std::sync::Arc;

/// What a job's life takes. Everything in it is shared: clones are cheap.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    pub(crate) config: Arc<Config>,
    pub(crate) node: Node,
    pub(crate) pool: Pool,
    pub(crate) pulses: Pulses,
    pub(crate) journal: Journal,
    pub(crate) queue: Queue,
    pub(crate) scores: Scores,
    pub(crate) timings: Arc<Timings>,
    /// Cancelled when the worker goes down.
    pub(crate) closing: CancellationToken,
}
