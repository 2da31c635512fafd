//! Why a job got no work.

use crate::BackendError;
use std::sync::Arc;

/// A job that ended without work.
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
    /// Every device failed on this job; this is the last failure.
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
