//! [`SqliteStore`]: records in one SQLite file, written by one thread.
//!
//! The thread takes what was asked for while it was writing as one transaction, so that many writers at once cost one
//! flush of the disk, not one each. An answer leaves only when the transaction is on disk.

mod connection;

use crate::{
    BoxFuture, Change, Claim, Expect, Note, Page, Record, Revision, Store, StoreError,
    store::check_name,
};
use connection::{Answer, Ask, Connection, Put};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::AtomicBool,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
};
use tokio::sync::oneshot;

/// Calls that one transaction takes, at most.
const TOGETHER: usize = 256;

/// Records in a file of SQLite, or in memory. Other processes may have the same file open: writes are compare-and-set
/// all the same. Dropping it waits for the writes that have begun.
#[derive(Debug)]
pub struct SqliteStore {
    /// `None` only while it is dropped.
    calls: Option<Sender<Asked>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// `None` for a store in memory.
    path: Option<PathBuf>,
    /// Whether a store in memory is claimed.
    is_claimed: Arc<AtomicBool>,
}

struct Asked {
    ask: Ask,
    answer: oneshot::Sender<Result<Answer, StoreError>>,
}

impl SqliteStore {
    /// Opens the file, or makes it, readable by its owner alone; its folder must be there.
    ///
    /// # Errors
    /// The file cannot be had, is damaged, or is of a newer version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        private(path)?;
        Ok(Self::start(Connection::open(path)?, Some(path.to_owned())))
    }

    /// A store that ends with this value.
    ///
    /// # Errors
    /// SQLite has no memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self::start(Connection::in_memory()?, None))
    }

    /// The same as a value that journals share.
    #[must_use]
    pub fn shared(self) -> Arc<dyn Store> {
        Arc::new(self)
    }

    fn start(connection: Connection, path: Option<PathBuf>) -> Self {
        let (calls, received) = channel();
        let thread = thread::spawn(move || serve(connection, &received));
        let (calls, thread) = (Some(calls), Mutex::new(Some(thread)));
        Self { calls, thread, path, is_claimed: Arc::default() }
    }

    async fn ask(&self, ask: Ask) -> Result<Answer, StoreError> {
        let (answer, answered) = oneshot::channel();
        let calls = self.calls.as_ref().ok_or(StoreError::Closed)?;
        calls.send(Asked { ask, answer }).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    async fn write(&self, put: Put) -> Result<Revision, StoreError> {
        put.check()?;
        match self.ask(Ask::Put(put)).await? {
            Answer::Written(revision) => Ok(revision),
            _ => Err(StoreError::Closed),
        }
    }

    async fn notes(
        &self,
        notes: Vec<Note>,
    ) -> Result<Vec<Result<Revision, StoreError>>, StoreError> {
        let put = |Note { bucket, key, change }: Note| Put::note(bucket, &key, change);
        let puts: Vec<_> = notes.into_iter().map(put).collect();
        puts.iter().try_for_each(Put::check)?;
        match self.ask(Ask::Puts(puts)).await? {
            Answer::Noted(answers) => Ok(answers),
            _ => Err(StoreError::Closed),
        }
    }

    async fn records(&self, ask: Ask) -> Result<Vec<Record>, StoreError> {
        match self.ask(ask).await? {
            Answer::Records(records) => Ok(records),
            _ => Ok(Vec::new()),
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.calls = None;
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // A thread that panicked has told so; there is nothing to wait for.
        let _ = thread.map(JoinHandle::join);
    }
}

/// Makes a new file before SQLite does, so that nobody else may read it.
fn private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(StoreError::Open { path: path.to_owned(), source: Arc::new(source) }),
    }
}

/// The thread: answers until every sender is gone.
fn serve(mut connection: Connection, calls: &Receiver<Asked>) {
    while let Ok(first) = calls.recv() {
        let mut together = vec![first];
        together.extend(calls.try_iter().take(TOGETHER - 1));
        let (asks, answers): (Vec<_>, Vec<_>) =
            together.into_iter().map(|Asked { ask, answer }| (ask, answer)).unzip();
        for (answer, result) in answers.into_iter().zip(connection.answer(&asks)) {
            // Who does not wait any more has no use for it.
            let _ = answer.send(result);
        }
    }
}

impl Store for SqliteStore {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(async move {
            check_name(bucket)?;
            check_name(key)?;
            let ask = Ask::Get { bucket: bucket.to_owned(), key: key.to_owned() };
            Ok(self.records(ask).await?.pop())
        })
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        Box::pin(self.write(Put::flushed(bucket, key, Change::Write(value, expect))))
    }

    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        Box::pin(self.write(Put::note(bucket, key, Change::Write(value, expect))))
    }

    fn note_all<'a>(
        &'a self,
        notes: Vec<Note>,
    ) -> BoxFuture<'a, Vec<Result<Revision, StoreError>>> {
        Box::pin(async move { self.notes(notes).await.unwrap_or_else(|error| vec![Err(error)]) })
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.write(Put::flushed(bucket, key, Change::Remove(revision))).await.map(drop)
        })
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        Box::pin(async move {
            check_name(bucket)?;
            let Page { prefix, after, limit } = page;
            let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
            self.records(Ask::List { bucket: bucket.to_owned(), prefix, after, limit }).await
        })
    }

    /// By a locked file beside the store's own, whose name ends with `.lock`.
    fn claim(&self) -> Result<Claim, StoreError> {
        match &self.path {
            Some(path) => Claim::beside(path),
            None => Claim::of(&self.is_claimed),
        }
    }
}
