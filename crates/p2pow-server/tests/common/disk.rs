//! A disk that may be full, and that says how long it was waited for.

use p2pow_store::{BoxFuture, Expect, Note, Page, Record, Revision, Store, StoreError};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// The write of a work that was found, for which no job waits.
pub(crate) const WORK: &str = "a work noted beside the job";

#[derive(Debug)]
pub(crate) struct Disk {
    store: Arc<dyn Store>,
    is_full: AtomicBool,
    refused: AtomicUsize,
    waited: Mutex<Vec<(&'static str, Duration)>>,
}

impl Disk {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            is_full: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
            waited: Mutex::default(),
        }
    }

    pub(crate) fn fill(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::SeqCst);
    }

    /// The writes that it had no room for.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::SeqCst)
    }

    /// How long its writes have taken since this was asked last, each by its kind.
    pub(crate) fn waited(&self) -> Vec<(&'static str, Duration)> {
        std::mem::take(&mut *self.waited.lock().unwrap())
    }

    async fn write<T>(
        &self,
        kind: &'static str,
        write: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if self.is_full() {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(StoreError::Full { path: PathBuf::from("worker.db") });
        }
        let begin = Instant::now();
        let written = write.await;
        self.waited.lock().unwrap().push((kind, begin.elapsed()));
        written
    }
}

impl Store for Disk {
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
        Box::pin(self.write("flushed", self.store.put(bucket, key, value, expect)))
    }

    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        let kind = if bucket == "worker-works" { WORK } else { "noted" };
        Box::pin(self.write(kind, self.store.note(bucket, key, value, expect)))
    }

    fn note_all<'a>(
        &'a self,
        notes: Vec<Note>,
    ) -> BoxFuture<'a, Vec<Result<Revision, StoreError>>> {
        Box::pin(async move {
            let written = self.write("noted", async { Ok(self.store.note_all(notes).await) });
            written.await.unwrap_or_else(|error| vec![Err(error)])
        })
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.write("removed", self.store.remove(bucket, key, revision)))
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        self.store.list(bucket, page)
    }
}
