//! [`CrashAt`]: a store that dies at a chosen write, for tests that enumerate every point where a process may be
//! killed.

use crate::{Around, BoxFuture, Call, Store, StoreError};
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

    async fn write<T>(
        &self,
        write: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
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

impl Around for CrashAt {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        call: Call<'a>,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            if self.is_dead() {
                return Err(StoreError::Closed);
            }
            if call.is_write() { self.write(answer).await } else { answer.await }
        })
    }

    /// A process may be killed between any two.
    fn is_one_call(&self) -> bool {
        false
    }
}
