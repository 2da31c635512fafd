//! [`Claim`]: the sole right to work with a store. [`Claimed`]: a store whose claim lasts as long as anybody has it.
//!
//! Compare-and-set keeps writers from undoing each other's work, whoever they are. Who keeps a queue in memory beside the
//! records needs more: that nobody else works on the same queue.

use crate::{BoxFuture, Expect, Page, Record, Revision, Store, StoreError};
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

/// A store that nobody else has claimed, as long as anybody has this.
#[derive(Debug)]
pub struct Claimed {
    store: Arc<dyn Store>,
    _claim: Claim,
}

impl Claimed {
    /// Claims the store.
    ///
    /// # Errors
    /// Somebody else has, or it is a store that cannot be claimed.
    pub fn new(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let claim = store.claim()?;
        Ok(Self { store, _claim: claim })
    }
}

impl Store for Claimed {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        self.store.get(bucket, key)
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        self.store.put(bucket, key, value, expect)
    }

    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        self.store.note(bucket, key, value, expect)
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.store.remove(bucket, key, revision)
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        self.store.list(bucket, page)
    }

    fn claim(&self) -> Result<Claim, StoreError> {
        self.store.claim()
    }
}
