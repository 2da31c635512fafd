//! [`Claim`]: the sole right to work with a store.
//!
//! Compare-and-set keeps writers from undoing each other's work, whoever they are. Who keeps a queue in memory beside the
//! records needs more: that nobody else works on the same queue.

use crate::StoreError;
use std::{
    any::Any,
    fmt,
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// The sole right to work with a store, until it is dropped or the process ends, however that happens.
pub struct Claim(#[expect(dead_code, reason = "it is held")] Box<dyn Any + Send + Sync>);

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claim")
    }
}

impl Claim {
    /// The claim that ends when this is dropped: a lock, a lease that somebody renews.
    #[must_use]
    pub fn new(lock: impl Any + Send + Sync) -> Self {
        Self(Box::new(lock))
    }

    /// By a locked file beside the store's file. It is never removed: somebody may be about to lock it.
    pub(crate) fn beside(store: &Path) -> Result<Self, StoreError> {
        let mut path = store.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let open = |source| StoreError::Open { path: path.clone(), source: Arc::new(source) };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file: File = options.open(&path).map_err(open)?;
        match file.try_lock() {
            Ok(()) => Ok(Self::new(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Claimed { path: store.to_owned() }),
            Err(TryLockError::Error(source)) => Err(open(source)),
        }
    }

    /// Within this process.
    pub(crate) fn of(taken: &Arc<AtomicBool>) -> Result<Self, StoreError> {
        if taken.swap(true, Ordering::SeqCst) {
            return Err(StoreError::Claimed { path: PathBuf::new() });
        }
        Ok(Self::new(Flag(Arc::clone(taken))))
    }
}

/// Is taken until it is dropped.
struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}
