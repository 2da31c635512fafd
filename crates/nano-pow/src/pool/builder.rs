//! A pool with other than the usual settings.

use super::{Pool, QueueOrder};
use crate::Backend;

/// The settings of a [`Pool`] to be.
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct PoolBuilder {
    pub(super) backends: Vec<Box<dyn Backend>>,
    pub(super) settings: Settings,
}

/// What a pool can be told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) order: QueueOrder,
    pub(super) cached_works: usize,
    pub(super) seed: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { order: QueueOrder::Fifo, cached_works: 256, seed: None }
    }
}

impl PoolBuilder {
    /// Which of the roots of the same priority comes next; first come, first served, if not said.
    pub const fn order(mut self, order: QueueOrder) -> Self {
        self.settings.order = order;
        self
    }

    /// For how many roots the work found is remembered: 256, if not said. Zero for none.
    pub const fn cached_works(mut self, roots: usize) -> Self {
        self.settings.cached_works = roots;
        self
    }

    /// Lets the search of each root begin at a place that follows from this number and the root,
    /// for tests and measurements that are to be the same again. If not said, it begins at random,
    /// so that programs that race for one root do not try the same nonces.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// Starts the pool.
    ///
    /// # Panics
    /// The system gives no more threads.
    #[must_use]
    pub fn build(self) -> Pool {
        Pool::start(self)
    }
}
