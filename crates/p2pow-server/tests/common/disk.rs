//! A disk that may be full, and that says how long it was waited for.

use p2pow_store::{Around, BoxFuture, Call, Kind, Store, StoreError};
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

impl Around for Disk {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        call: Call<'a>,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        let kind = match call.kind {
            Kind::Read => return answer,
            Kind::Note if call.bucket == "worker-works" => WORK,
            Kind::Note => "noted",
            Kind::Put | Kind::Remove => "flushed",
        };
        Box::pin(self.write(kind, answer))
    }
}
