//! A pool with other than the usual settings.

use super::{Order, Pool};
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
    pub(super) order: Order,
    pub(super) cached_works: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { order: Order::Fifo, cached_works: 256 }
    }
}

impl PoolBuilder {
    /// Which of the roots of the same priority comes next; first come, first served, if not said.
    pub const fn order(mut self, order: Order) -> Self {
        self.settings.order = order;
        self
    }

    /// For how many roots the work found is remembered: 256, if not said. Zero for none.
    pub const fn cached_works(mut self, roots: usize) -> Self {
        self.settings.cached_works = roots;
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
