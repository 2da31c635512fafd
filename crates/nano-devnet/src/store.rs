//! [`Store`]: the ledger on disk, a text file with a line of JSON for everything that happened, read again at
//! the next start.
//!
//! A line is in the file, and the file on the disk, before anybody hears of what it says. A process
//! that is killed while it writes leaves an incomplete last line; nobody heard of that one, so it
//! is cut off. Anything else that is odd is an error that names the line.
//!
//! ```text
//! {"nano_devnet":1,"genesis":"04270D7F…"}
//! {"block":{"at":1795333132,"signed":{"type":"state",…}}}
//! {"confirmed":"90F172FC…"}
//! {"rolled_back":"64D2B85B…"}
//! ```

use crate::ledger::{Genesis, Ledger, WorkCheck};
use nano_block::{SignedBlock, Thresholds};
use nano_primitives::BlockHash;
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// The version of the file's form.
const VERSION: u32 = 1;

/// Why a ledger's file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file cannot be opened, read or written.
    #[error("cannot {what} the ledger's file {}", path.display())]
    Io {
        /// What failed.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has the file.
    #[error("the ledger's file {} is in use by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("{} does not begin as a ledger's file does, wanted {wanted}", path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// How such a file begins.
        wanted: String,
    },
    /// A line is not of its form, or says something that the ledger refuses.
    #[error("line {line} of the ledger's file {}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// A line of the file after the first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A block was applied; `at` is in seconds since 1970.
    Block { at: u64, signed: Box<SignedBlock> },
    /// A block was confirmed, with all that it rests on.
    Confirmed(BlockHash),
    /// A block was taken out, with all that rests on it.
    RolledBack(BlockHash),
}

/// The file, open for appending and locked.
#[derive(Debug)]
pub(crate) struct Store {
    file: File,
    path: PathBuf,
}

impl Store {
    /// Opens the file, or makes it, and plays it onto a fresh ledger.
    pub(crate) fn open(
        path: &Path,
        genesis: &Genesis,
        thresholds: Thresholds,
    ) -> Result<(Self, Ledger), StoreError> {
        let mut store = Self { file: open_locked(path)?, path: path.to_owned() };
        let text = store.read_complete_lines(&first_line(genesis))?;
        let mut ledger = Ledger::new(genesis, thresholds);
        for (number, line) in text.lines().enumerate().skip(1) {
            replay(&mut ledger, line).map_err(|problem| {
                let path = path.to_owned();
                StoreError::Line { path, line: number + 1, problem }
            })?;
        }
        Ok((store, ledger))
    }

    /// Appends the entry; it is on the disk when this returns.
    pub(crate) fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let end = self.file.stream_position()?;
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // Half a line must not stay before the next one.
            self.file.set_len(end)?;
            self.file.seek(SeekFrom::Start(end))?;
        }
        written
    }

    /// Reads the file up to its last complete line, and cuts off the rest.
    fn read_complete_lines(&mut self, first: &str) -> Result<String, StoreError> {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes).map_err(|source| self.failed("read", source))?;
        if first.as_bytes().starts_with(&bytes) {
            return self.begin(first);
        }
        if !bytes.starts_with(first.as_bytes()) {
            return Err(StoreError::NotALedger {
                path: self.path.clone(),
                wanted: first.to_owned(),
            });
        }
        let complete = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if complete < bytes.len() {
            self.cut(complete as u64).map_err(|source| self.failed("truncate", source))?;
            tracing::warn!(path = %self.path.display(), "cut off an incomplete last line");
            bytes.truncate(complete);
        }
        String::from_utf8(bytes).map_err(|error| self.not_text(&error))
    }

    /// Writes the first line of a file that is empty or ends within it.
    fn begin(&mut self, first: &str) -> Result<String, StoreError> {
        self.cut(0)
            .and_then(|()| self.file.write_all(first.as_bytes()))
            .and_then(|()| self.file.sync_all())
            .and_then(|()| sync_directory(&self.path))
            .map_err(|source| self.failed("write", source))?;
        Ok(first.to_owned())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::Start(length))?;
        self.file.sync_all()
    }

    fn failed(&self, what: &'static str, source: io::Error) -> StoreError {
        StoreError::Io { what, path: self.path.clone(), source }
    }

    fn not_text(&self, error: &std::string::FromUtf8Error) -> StoreError {
        let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = sound.iter().filter(|byte| **byte == b'\n').count() + 1;
        StoreError::Line { path: self.path.clone(), line, problem: "not UTF-8".to_owned() }
    }
}

fn open_locked(path: &Path) -> Result<File, StoreError> {
    let failed = |what, source| StoreError::Io { what, path: path.to_owned(), source };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|source| failed("open", source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed("lock", source)),
    }
}

/// The first line names the form and the genesis, so that no other file is taken for a ledger.
fn first_line(genesis: &Genesis) -> String {
    format!("{{\"nano_devnet\":{VERSION},\"genesis\":\"{}\"}}\n", genesis.hash())
}

fn replay(ledger: &mut Ledger, line: &str) -> Result<(), String> {
    match serde_json::from_str(line).map_err(|error| error.to_string())? {
        Entry::Block { at, signed } => ledger
            .apply(&signed, WorkCheck::Waived, at)
            .map(|_| ())
            .map_err(|error| format!("block {}: {error}", signed.hash())),
        Entry::Confirmed(hash) => {
            ledger.confirm(&hash).map(|_| ()).map_err(|error| error.to_string())
        }
        Entry::RolledBack(hash) => {
            ledger.rollback(&hash).map(|_| ()).map_err(|error| error.to_string())
        }
    }
}

/// A new file is there after a power cut only if its directory was written too.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}
