//! [`Connection`]: the file's form and the statements. Blocking; used by the store's thread alone.

use crate::{
    Change, Record, Revision, StoreError,
    store::{check_name, check_value},
};
use rusqlite::{OptionalExtension, Row, TransactionBehavior, config::DbConfig, params};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Marks the file as one of ours: "P2Po" as a number.
const APPLICATION: i64 = 0x5032_506F;
/// The newest form of the file.
const FORMAT: i64 = 1;
/// How long another process may hold the file.
const BUSY_WITHIN: Duration = Duration::from_secs(10);

/// Revisions come from one counter, so that a record that is removed and made again has none of its old ones.
const SCHEMA: &str = "
    CREATE TABLE record (
        bucket TEXT NOT NULL,
        key TEXT NOT NULL,
        revision INTEGER NOT NULL,
        value TEXT NOT NULL CHECK (json_valid(value)),
        PRIMARY KEY (bucket, key)
    ) STRICT;
    CREATE TABLE counter (last INTEGER NOT NULL) STRICT;
    INSERT INTO counter VALUES (0);
";

/// What the thread is asked for.
#[derive(Debug)]
pub(crate) enum Ask {
    Get {
        bucket: String,
        key: String,
    },
    Put(Put),
    /// One after the other until one conflicts; none of them is flushed.
    Puts(Vec<Put>),
    List {
        bucket: String,
        prefix: String,
        after: Option<String>,
        limit: usize,
    },
}

/// A record to be written or removed.
#[derive(Debug)]
pub(crate) struct Put {
    bucket: String,
    key: String,
    change: Change,
    /// Whether it is to survive the power.
    is_flushed: bool,
}

/// What the thread answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Records(Vec<Record>),
    Written(Revision),
    /// Of those that were tried: only the last can be a conflict.
    Noted(Vec<Result<Revision, StoreError>>),
}

impl Ask {
    pub(crate) const fn is_write(&self) -> bool {
        matches!(self, Self::Put(_) | Self::Puts(_))
    }

    /// Whether it is on disk only when the disk says so.
    pub(crate) const fn is_flushed(&self) -> bool {
        match self {
            Self::Put(put) => put.is_flushed,
            Self::Get { .. } | Self::List { .. } | Self::Puts(_) => false,
        }
    }
}

impl Put {
    pub(crate) fn flushed(bucket: &str, key: &str, change: Change) -> Self {
        Self { bucket: bucket.to_owned(), key: key.to_owned(), change, is_flushed: true }
    }

    pub(crate) fn note(bucket: &str, key: &str, change: Change) -> Self {
        Self { is_flushed: false, ..Self::flushed(bucket, key, change) }
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        check_name(&self.bucket)?;
        check_name(&self.key)?;
        match &self.change {
            Change::Write(value, _) => check_value(&self.key, value),
            Change::Remove(_) => Ok(()),
        }
    }
}

/// An open file.
#[derive(Debug)]
pub(crate) struct Connection {
    sqlite: rusqlite::Connection,
    /// Whether a commit waits for the disk now: FULL and not NORMAL.
    is_full: bool,
    /// Empty for a store in memory.
    path: PathBuf,
}

impl Connection {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let fail = |error| StoreError::of(error, path);
        let sqlite = rusqlite::Connection::open(path).map_err(fail)?;
        Self { sqlite, is_full: false, path: path.to_owned() }.prepare()
    }

    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        let path = PathBuf::new();
        let sqlite =
            rusqlite::Connection::open_in_memory().map_err(|error| StoreError::of(error, &path))?;
        Self { sqlite, is_full: false, path }.prepare()
    }

    fn prepare(mut self) -> Result<Self, StoreError> {
        let fail = |error| StoreError::of(error, &self.path);
        self.sqlite.busy_timeout(BUSY_WITHIN).map_err(fail)?;
        self.sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(fail)?;
        self.sqlite.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
        self.sqlite.pragma_update(None, "synchronous", "NORMAL").map_err(fail)?;
        self.sqlite.set_prepared_statement_cache_capacity(16);
        let (found, path) = (migrate(&mut self.sqlite).map_err(fail)?, self.path.clone());
        match found {
            Form::Known => Ok(self),
            Form::Newer(found) => Err(StoreError::Newer { path, found, known: FORMAT }),
            Form::Foreign => {
                let source = Arc::new(rusqlite::Error::InvalidQuery);
                Err(StoreError::Corrupt { path, source })
            }
        }
    }

    /// Answers all of it by one transaction. If that fails, nothing of it is written, and everybody is told why.
    pub(crate) fn answer(&mut self, asks: &[Ask]) -> Vec<Result<Answer, StoreError>> {
        match self.prepared(asks).and_then(|behavior| together(&mut self.sqlite, asks, behavior)) {
            Ok(answers) => answers,
            Err(error) => {
                let error = StoreError::of(error, &self.path);
                tracing::warn!(%error, calls = asks.len(), "the store failed");
                asks.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }
}

impl Connection {
    /// Sets what the calls want of a commit. FULL: a write is on disk when it is answered, whatever happens to the power
    /// then. A log that is flushed is flushed from its beginning, so that earlier notes are on disk too.
    fn prepared(&mut self, asks: &[Ask]) -> rusqlite::Result<TransactionBehavior> {
        if !asks.iter().any(Ask::is_write) {
            return Ok(TransactionBehavior::Deferred);
        }
        let is_full = asks.iter().any(Ask::is_flushed);
        if is_full != self.is_full {
            let synchronous = if is_full { "FULL" } else { "NORMAL" };
            self.sqlite.pragma_update(None, "synchronous", synchronous)?;
            self.is_full = is_full;
        }
        Ok(TransactionBehavior::Immediate)
    }
}

enum Form {
    Known,
    Newer(i64),
    Foreign,
}

/// Brings the file to the newest form. Two processes may try at once.
fn migrate(sqlite: &mut rusqlite::Connection) -> rusqlite::Result<Form> {
    let transaction = sqlite.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, format) = (number("application_id")?, number("user_version")?);
    let tables = "SELECT count(*) FROM sqlite_schema";
    let is_new = transaction.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0;
    match (application, format) {
        (APPLICATION, FORMAT) => Ok(Form::Known),
        (APPLICATION, newer) if newer > FORMAT => Ok(Form::Newer(newer)),
        (0, 0) if is_new => {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
            transaction.commit()?;
            Ok(Form::Known)
        }
        _ => Ok(Form::Foreign),
    }
}

type Answers = Vec<Result<Answer, StoreError>>;

fn together(
    sqlite: &mut rusqlite::Connection,
    asks: &[Ask],
    behavior: TransactionBehavior,
) -> rusqlite::Result<Answers> {
    let transaction = sqlite.transaction_with_behavior(behavior)?;
    let answers = asks.iter().map(|ask| one(&transaction, ask)).collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok(answers)
}

/// A call within its transaction. The inner error is the caller's own, the outer one ends the transaction.
fn one(sqlite: &rusqlite::Connection, ask: &Ask) -> rusqlite::Result<Result<Answer, StoreError>> {
    match ask {
        Ask::Get { bucket, key } => {
            let sql = "SELECT key, revision, value FROM record WHERE bucket = ?1 AND key = ?2";
            let found = sqlite.prepare_cached(sql)?.query_row([bucket, key], record).optional()?;
            Ok(Ok(Answer::Records(found.into_iter().collect())))
        }
        Ask::List { bucket, prefix, after, limit } => {
            let page = (bucket.as_str(), prefix.as_str(), after.as_deref(), *limit);
            list(sqlite, page).map(|records| Ok(Answer::Records(records)))
        }
        Ask::Put(put) => Ok(write(sqlite, put)?.map(Answer::Written)),
        Ask::Puts(puts) => puts_in_turn(sqlite, puts).map(|noted| Ok(Answer::Noted(noted))),
    }
}

fn puts_in_turn(
    sqlite: &rusqlite::Connection,
    puts: &[Put],
) -> rusqlite::Result<Vec<Result<Revision, StoreError>>> {
    let mut answers = Vec::with_capacity(puts.len());
    for put in puts {
        let answer = write(sqlite, put)?;
        let is_over = answer.is_err();
        answers.push(answer);
        if is_over {
            break;
        }
    }
    Ok(answers)
}

fn write(
    sqlite: &rusqlite::Connection,
    Put { bucket, key, change, .. }: &Put,
) -> rusqlite::Result<Result<Revision, StoreError>> {
    if let Some(conflict) = conflict(sqlite, (bucket, key), change.wanted())? {
        return Ok(Err(conflict));
    }
    let value = match change {
        Change::Write(value, _) => value,
        Change::Remove(last) => {
            let sql = "DELETE FROM record WHERE bucket = ?1 AND key = ?2";
            sqlite.prepare_cached(sql)?.execute([bucket, key])?;
            return Ok(Ok(*last));
        }
    };
    let next = next(sqlite)?;
    let sql = "INSERT INTO record (bucket, key, revision, value) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (bucket, key) DO UPDATE SET revision = ?3, value = ?4";
    sqlite.prepare_cached(sql)?.execute(params![bucket, key, next, value])?;
    Ok(Ok(revision(next)))
}

/// What stands against a write, if anything does.
fn conflict(
    sqlite: &rusqlite::Connection,
    (bucket, key): (&str, &str),
    wanted: Option<Revision>,
) -> rusqlite::Result<Option<StoreError>> {
    let sql = "SELECT revision FROM record WHERE bucket = ?1 AND key = ?2";
    let mut statement = sqlite.prepare_cached(sql)?;
    let found = statement.query_row([bucket, key], |row| row.get(0)).optional()?.map(revision);
    let key = key.to_owned();
    Ok((found != wanted).then_some(StoreError::Conflict { key, found, wanted }))
}

/// A revision that no record had before.
fn next(sqlite: &rusqlite::Connection) -> rusqlite::Result<i64> {
    let sql = "UPDATE counter SET last = last + 1 RETURNING last";
    sqlite.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

type Part<'a> = (&'a str, &'a str, Option<&'a str>, usize);

fn list(
    sqlite: &rusqlite::Connection,
    (bucket, prefix, after, limit): Part<'_>,
) -> rusqlite::Result<Vec<Record>> {
    // Keys are ASCII, so that DEL comes after all of them.
    let (end, limit) = (format!("{prefix}\x7f"), i64::try_from(limit).unwrap_or(i64::MAX));
    let sql = "SELECT key, revision, value FROM record
        WHERE bucket = ?1 AND key >= ?2 AND key < ?3 AND key > ?4 ORDER BY key LIMIT ?5";
    let mut statement = sqlite.prepare_cached(sql)?;
    let after = after.unwrap_or_default();
    statement.query_map(params![bucket, prefix, end, after, limit], record)?.collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record { key: row.get(0)?, revision: revision(row.get(1)?), value: row.get(2)? })
}

/// The counter begins at 1 and only grows.
fn revision(number: i64) -> Revision {
    Revision::from_number(number.unsigned_abs())
}

impl StoreError {
    /// By what the database says.
    pub(crate) fn of(error: rusqlite::Error, path: &std::path::Path) -> Self {
        use rusqlite::{ErrorCode, ffi};
        let path = path.to_owned();
        let rusqlite::Error::SqliteFailure(failure, _) = &error else {
            return Self::Failed { path, source: Arc::new(error) };
        };
        match (failure.code, failure.extended_code) {
            // A log that cannot grow shows as one of these where the disk is full.
            (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => Self::Full { path },
            (ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen, _) => {
                Self::ReadOnly { path }
            }
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Self::Busy { path },
            (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => {
                Self::Corrupt { path, source: Arc::new(error) }
            }
            _ => Self::Failed { path, source: Arc::new(error) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ask, Connection, Put};
    use crate::{Change, Expect, StoreError};

    fn put(key: usize) -> Ask {
        let value = format!("{:?}", "x".repeat(10_000));
        Ask::Put(Put::flushed("job", &key.to_string(), Change::Write(value, Expect::Absent)))
    }

    #[test]
    fn a_full_disk_is_told_as_such_and_room_is_all_that_it_takes() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Connection::open(&folder.path().join("a.db")).unwrap();
        let pages = |store: &Connection, most: i64| {
            store.sqlite.pragma_update(None, "max_page_count", most).unwrap();
        };
        pages(&store, 20);
        let full = (0..).find_map(|key| store.answer(&[put(key)]).remove(0).err()).unwrap();
        assert!(matches!(full, StoreError::Full { .. }), "{full}");
        assert!(full.to_string().ends_with("is full: make room there"), "{full}");
        pages(&store, 1000);
        assert!(store.answer(&[put(1_000_000)]).remove(0).is_ok());
    }

    #[test]
    fn a_write_that_conflicts_does_not_spoil_those_beside_it() {
        let mut store = Connection::in_memory().unwrap();
        let answers = store.answer(&[put(1), put(1), put(2)]);
        let is_ok: Vec<bool> = answers.iter().map(Result::is_ok).collect();
        assert_eq!(is_ok, [true, false, true]);
    }
}
