//! What searches: the trait that a CPU, a GPU or a remote server implements.

use crate::{Job, NonceRange, Stop, WrongWork};
use nano_primitives::Work;
use std::{
    any::Any,
    error::Error,
    fmt::Debug,
    sync::atomic::{AtomicU64, Ordering},
};

/// A device that searches nonces.
///
/// ```
/// use nano_pow::{Backend, BackendError, Task};
/// use nano_primitives::Work;
///
/// /// One nonce after the other, by the plain definition.
/// #[derive(Debug)]
/// struct Plain;
///
/// impl Backend for Plain {
///     fn name(&self) -> String {
///         "plain".into()
///     }
///
///     fn search(&self, task: &Task<'_>) -> Result<Option<Work>, BackendError> {
///         for work in task.nonces().iter().take_while(|_| !task.is_stopped()) {
///             task.count(1);
///             if task.job().check(work).is_ok() {
///                 return Ok(Some(work));
///             }
///         }
///         Ok(None)
///     }
/// }
/// ```
pub trait Backend: Debug + Send + Sync {
    /// What people call the device, in logs and lists.
    fn name(&self) -> String;

    /// Searches the nonces of `task` and returns the first work it finds, or `None` once they are
    /// exhausted or the task is stopped.
    ///
    /// Blocks the calling thread. Must look at [`Task::is_stopped`] at least every millisecond
    /// where the device allows it, and [`Task::count`] what it has tried at least every few
    /// milliseconds. The answer is checked by the caller.
    ///
    /// # Errors
    /// The device failed: it is left alone for a while.
    fn search(&self, task: &Task<'_>) -> Result<Option<Work>, BackendError>;

    /// How many small jobs the device likes to search at the same time, where the queue has them:
    /// one, if not said. Always the same for a device.
    fn batch_size(&self) -> usize {
        1
    }

    /// Whether another program searches: such a device is not asked for work that another program
    /// asked for, or two that ask each other would never be done. Always the same for a device.
    fn is_remote(&self) -> bool {
        false
    }

    /// Searches for several tasks, at most [`batch_size`](Self::batch_size), and calls `found` with
    /// the index of a task and the first work for it as soon as there is one, from any thread. Ends
    /// when every task is solved, stopped, or out of nonces.
    ///
    /// If not said otherwise, this searches for one after the other.
    ///
    /// # Errors
    /// The device failed: it is left alone for a while. What it found before counts.
    fn search_batch(
        &self,
        tasks: &[Task<'_>],
        found: &(dyn Fn(usize, Work) + Sync),
    ) -> Result<(), BackendError> {
        for (index, task) in tasks.iter().enumerate() {
            if let Some(work) = self.search(task)? {
                found(index, work);
            }
        }
        Ok(())
    }
}

/// One search that a backend is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    job: Job,
    nonces: NonceRange,
    stop: &'a Stop,
    hashes: &'a AtomicU64,
    total: Option<&'a AtomicU64>,
}

impl<'a> Task<'a> {
    /// A search of `nonces` for `job` until `stop`; what was tried is added to `hashes`.
    #[must_use]
    pub const fn new(job: Job, nonces: NonceRange, stop: &'a Stop, hashes: &'a AtomicU64) -> Self {
        Self { job, nonces, stop, hashes, total: None }
    }

    /// The same task, counting to a second counter too.
    pub(crate) const fn counting_to(self, total: &'a AtomicU64) -> Self {
        Self { total: Some(total), ..self }
    }

    /// The puzzle.
    #[must_use]
    pub const fn job(&self) -> &Job {
        &self.job
    }

    /// The nonces to try; no other device tries them.
    #[must_use]
    pub const fn nonces(&self) -> NonceRange {
        self.nonces
    }

    /// Whether to give up.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }

    /// Adds nonces tried to the progress.
    pub fn count(&self, hashes: u64) {
        self.hashes.fetch_add(hashes, Ordering::Relaxed);
        if let Some(total) = self.total {
            total.fetch_add(hashes, Ordering::Relaxed);
        }
    }
}

/// A device that did not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// It proposed work that is none.
    #[error("the device proposed wrong work")]
    Wrong(#[from] WrongWork),
    /// Its code panicked.
    #[error("the device's code panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// It failed for a reason of its own.
    #[error("the device failed")]
    Device(#[source] Box<dyn Error + Send + Sync>),
}

impl BackendError {
    /// A failure for a reason that only this kind of device knows.
    pub fn device(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Device(reason.into())
    }

    /// What a caught panic had to say.
    pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Panicked { message: text.unwrap_or_else(|| "no message".to_owned()) }
    }
}
