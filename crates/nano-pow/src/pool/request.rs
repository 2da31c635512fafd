//! [`SearchRequest`]: what a pool is asked for, and [`PoolError`]: why there was no work.

use crate::{BackendError, Puzzle, Solution};
use std::sync::Arc;

/// How urgent a request is. The queue gives the devices to the highest first; a root that is being
/// searched is not interrupted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(i32);

impl Priority {
    /// Of requests that ask for nothing else: 0.
    pub const NORMAL: Self = Self(0);

    /// A priority by its number; higher is more urgent.
    #[must_use]
    pub const fn new(level: i32) -> Self {
        Self(level)
    }

    /// The number.
    #[must_use]
    pub const fn level(self) -> i32 {
        self.0
    }
}

/// A puzzle, and how it is to be solved. A puzzle alone is a request for it at
/// [`Priority::NORMAL`] by any device.
///
/// ```
/// use nano_pow::{Pool, Puzzle, SearchRequest, pool::Priority};
/// # use nano_primitives::{Difficulty, Root};
///
/// # let threshold = Difficulty::from_u64(0xff00_0000_0000_0000);
/// # let puzzle = Puzzle::new(Root::from_bytes([7; 32]), threshold);
/// # let pool = Pool::cpu(Some(1));
/// let request = SearchRequest::new(puzzle).with_priority(Priority::new(1));
/// let solution = pool.submit(request).wait()?;
/// # Ok::<_, nano_pow::PoolError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchRequest {
    /// What is to be solved.
    pub puzzle: Puzzle,
    /// A root is as urgent as the most urgent of the requests for it.
    pub priority: Priority,
    /// Whether no remote device is asked, as for a puzzle that another program handed on; unless
    /// another request for the same root wants it.
    pub is_local: bool,
}

impl SearchRequest {
    /// A request for a puzzle, at [`Priority::NORMAL`] and by any device.
    #[must_use]
    pub const fn new(puzzle: Puzzle) -> Self {
        Self { puzzle, priority: Priority::NORMAL, is_local: false }
    }

    /// The same at another priority.
    #[must_use]
    pub const fn with_priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// The same by local devices alone, or by any.
    #[must_use]
    pub const fn with_local(self, is_local: bool) -> Self {
        Self { is_local, ..self }
    }
}

impl From<Puzzle> for SearchRequest {
    fn from(puzzle: Puzzle) -> Self {
        Self::new(puzzle)
    }
}

/// What a request ends with.
pub(super) type Answer = Result<Solution, PoolError>;

/// A request that ended without work.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// Somebody cancelled the root.
    #[error("cancelled")]
    Cancelled,
    /// The pool is closed.
    #[error("the pool is closed")]
    Closed,
    /// There is nothing to search with.
    #[error("the pool has no device")]
    NoDevice,
    /// Every device failed on this root; this is the last failure.
    #[error("every device failed, the last one was {device}")]
    Failed {
        /// The name of the device.
        device: String,
        /// What went wrong.
        #[source]
        error: Arc<BackendError>,
    },
    /// Every nonce was tried in vain.
    #[error("no nonce reaches the threshold")]
    Exhausted,
}
