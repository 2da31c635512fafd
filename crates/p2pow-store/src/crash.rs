//! [`CrashAt`]: a store that dies at a chosen write, for tests that enumerate every point where a process may be
//! killed.

use crate::{BoxFuture, Claim, Expect, Page, Record, Revision, Store, StoreError};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Whether the write at which a store dies reaches the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The process died before the write.
    Before,
    /// The process died after the write, before it knew.
    After,
}

/// Passes calls on until its last write; from there on every call fails with [`StoreError::Closed`], as nothing more
/// happens in a process that is gone. Writes are puts, notes and removals.
#[derive(Debug)]
pub struct CrashAt {
    store: Arc<dyn Store>,
    last: usize,
    moment: Moment,
    writes: AtomicUsize,
    is_dead: AtomicBool,
}

impl CrashAt {
    /// Dies at write number `last`, counted from 1.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, last: usize, moment: Moment) -> Self {
        let (writes, is_dead) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { store, last, moment, writes, is_dead }
    }

    /// Writes that were asked for so far.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// Whether it has died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::SeqCst)
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.is_dead() { Err(StoreError::Closed) } else { Ok(()) }
    }

    async fn write<T>(
        &self,
        write: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.check()?;
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        if number < self.last {
            return write.await;
        }
        self.is_dead.store(true, Ordering::SeqCst);
        if self.moment == Moment::After && number == self.last {
            write.await?;
        }
        Err(StoreError::Closed)
    }
}

impl Store for CrashAt {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(async move {
            self.check()?;
            self.store.get(bucket, key).await
        })
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        Box::pin(self.write(self.store.put(bucket, key, value, expect)))
    }

    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        Box::pin(self.write(self.store.note(bucket, key, value, expect)))
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.write(self.store.remove(bucket, key, revision)))
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        Box::pin(async move {
            self.check()?;
            self.store.list(bucket, page).await
        })
    }

    /// A process that is gone holds nothing: whoever had it has to drop it.
    fn claim(&self) -> Result<Claim, StoreError> {
        self.check()?;
        self.store.claim()
    }
}
