//! [`LogStore`]: records in one file to which every write is appended, or in memory. Little code and no database, for
//! small devices; one process at a time.

mod file;
mod line;

use crate::{
    BoxFuture, Change, Claim, Expect, Note, Page, Record, Revision, Store, StoreError,
    store::{check_name, check_value},
};
use file::LogFile;
use line::Line;
use std::{
    collections::BTreeMap,
    future::ready,
    ops::Bound,
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
};

/// Records in memory, and in a log file if it has one.
///
/// A write is on disk when it is answered, as [`Store`] promises: the line is appended and the file synchronised before
/// that, on the caller's thread. Notes are appended, and come to the disk before the next write. What a crash cuts off
/// at the end of the file was never answered, or noted, and is dropped when the file is opened again. Beside [`SqliteStore`](crate::SqliteStore), which is for everything larger:
///
/// - one process has the file at a time ([`StoreError::Claimed`] for a second one);
/// - all records are in memory, and the file is read and, where most of it is out of date, written anew when it is
///   opened.
#[derive(Debug)]
pub struct LogStore {
    log: Mutex<Log>,
    /// Whether somebody in this process has claimed the store; other processes cannot have it at all.
    claimed: Arc<AtomicBool>,
}

type Key = (String, String);

/// What a write waits for.
#[derive(Debug, Clone, Copy)]
enum Wait {
    ForTheDisk,
    No,
}

#[derive(Debug)]
struct Log {
    records: BTreeMap<Key, (Revision, String)>,
    /// The revision of the last write of all.
    last: u64,
    file: Option<LogFile>,
}

impl LogStore {
    /// Opens the file, or makes it, readable by its owner alone; its folder must be there. A second file of the same
    /// name and `.lock` keeps other processes out.
    ///
    /// # Errors
    /// The file cannot be had, another process has it, or it is damaged or no log, in which case it is left as it is.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let mut log = Log { records: BTreeMap::new(), last: 0, file: None };
        let mut written = 0;
        let file = LogFile::open(path, |line| {
            written += 1;
            log.apply(line);
        })?;
        log.file = Some(file);
        log.tidy(written)?;
        Ok(Self::of(log))
    }

    /// A store that ends with this value.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::of(Log { records: BTreeMap::new(), last: 0, file: None })
    }

    fn of(log: Log) -> Self {
        Self { log: Mutex::new(log), claimed: Arc::default() }
    }

    /// The same as a value that journals share.
    #[must_use]
    pub fn shared(self) -> Arc<dyn Store> {
        Arc::new(self)
    }

    fn with<T>(
        &self,
        act: impl FnOnce(&mut Log) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        act(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(
        &self,
        bucket: &str,
        name: &str,
        change: Change,
        wait: Wait,
    ) -> Result<Revision, StoreError> {
        let key = key(bucket, name)?;
        self.with(|log| log.change(key, change, wait))
    }
}

impl Log {
    fn apply(&mut self, line: Line) {
        self.last = self.last.max(line.revision);
        let Some(key) = line.key else { return };
        match line.value {
            Some(value) => {
                self.records.insert(key, (Revision::from_number(line.revision), value));
            }
            None => {
                self.records.remove(&key);
            }
        }
    }

    /// Writes the file anew where less than half of its lines still count.
    fn tidy(&mut self, written: usize) -> Result<(), StoreError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if written < 64 || written < 2 * self.records.len() {
            return Ok(());
        }
        let live = self.records.iter().map(|(key, (revision, value))| Line {
            revision: revision.to_number(),
            key: Some(key.clone()),
            value: Some(value.clone()),
            durable: None,
        });
        // No record may ever have a revision twice: the last one is kept, whatever it was for.
        let mark = Line { revision: self.last, key: None, value: None, durable: None };
        file.replace(live.chain([mark]))
    }

    fn check(&self, key: &Key, expect: Expect) -> Result<(), StoreError> {
        let found = self.records.get(key).map(|(revision, _)| *revision);
        let wanted = match expect {
            Expect::Absent => None,
            Expect::At(revision) => Some(revision),
        };
        if found == wanted {
            return Ok(());
        }
        Err(StoreError::Conflict { key: key.1.clone(), found, wanted })
    }

    /// In the file first, in memory after.
    fn write(
        &mut self,
        key: Key,
        value: Option<String>,
        wait: Wait,
    ) -> Result<Revision, StoreError> {
        let revision = self.last + 1;
        let mut line = Line { revision, key: Some(key), value, durable: None };
        match (&mut self.file, wait) {
            (Some(file), Wait::ForTheDisk) => file.append(&line)?,
            (Some(file), Wait::No) => file.note(&mut line)?,
            (None, _) => {}
        }
        self.apply(line);
        Ok(Revision::from_number(revision))
    }

    fn change(&mut self, key: Key, change: Change, wait: Wait) -> Result<Revision, StoreError> {
        match change {
            Change::Write(value, expect) => {
                check_value(&key.1, &value)?;
                self.check(&key, expect)?;
                self.write(key, Some(value), wait)
            }
            Change::Remove(last) => {
                self.check(&key, Expect::At(last))?;
                self.write(key, None, wait).map(|_| last)
            }
        }
    }
}

fn key(bucket: &str, key: &str) -> Result<Key, StoreError> {
    check_name(bucket)?;
    check_name(key)?;
    Ok((bucket.to_owned(), key.to_owned()))
}

impl Store for LogStore {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        let found = key(bucket, name).and_then(|key| {
            self.with(|log| {
                let record = |(revision, value): &(Revision, String)| Record {
                    key: name.to_owned(),
                    revision: *revision,
                    value: value.clone(),
                };
                Ok(log.records.get(&key).map(record))
            })
        });
        Box::pin(ready(found))
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        name: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        Box::pin(async move {
            self.change(bucket, name, Change::Write(value, expect), Wait::ForTheDisk)
        })
    }

    fn note<'a>(
        &'a self,
        bucket: &'a str,
        name: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        Box::pin(async move { self.change(bucket, name, Change::Write(value, expect), Wait::No) })
    }

    fn note_all<'a>(
        &'a self,
        notes: Vec<Note>,
    ) -> BoxFuture<'a, Vec<Result<Revision, StoreError>>> {
        Box::pin(async move {
            let mut answers = Vec::with_capacity(notes.len());
            for Note { bucket, key, change } in notes {
                answers.push(self.change(bucket, &key, change, Wait::No));
                if answers.last().is_some_and(Result::is_err) {
                    break;
                }
            }
            answers
        })
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        name: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.change(bucket, name, Change::Remove(revision), Wait::ForTheDisk).map(drop)
        })
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        let start = page.after.filter(|after| *after >= page.prefix);
        let start = match start {
            Some(after) => Bound::Excluded((bucket.to_owned(), after.to_owned())),
            None => Bound::Included((bucket.to_owned(), page.prefix.to_owned())),
        };
        let listed =
            check_name(bucket).and_then(|()| {
                self.with(|log| {
                    let all = log.records.range((start, Bound::Unbounded));
                    let here = all
                        .take_while(|((of, key), _)| of == bucket && key.starts_with(page.prefix));
                    let record = |((_, key), (revision, value)): (&Key, &(Revision, String))| {
                        Record { key: key.clone(), revision: *revision, value: value.clone() }
                    };
                    Ok(here.take(page.limit).map(record).collect())
                })
            });
        Box::pin(ready(listed))
    }

    fn claim(&self) -> Result<Claim, StoreError> {
        Claim::of(&self.claimed)
    }
}
