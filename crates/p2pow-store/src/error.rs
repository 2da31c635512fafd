//! [`StoreError`]: why a record was not read or written, and what to do about it.

use crate::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Revision};
use std::{error::Error, fmt, path::PathBuf, sync::Arc};

/// A call of a store that failed. Nothing was written, unless the kind says that this is not known.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else wrote the record first.
    #[error("record {key} is {}, wanted {}", standing(.found), belief(.wanted))]
    Conflict {
        /// The record's key.
        key: String,
        /// Its revision; `None` if it is not there.
        found: Option<Revision>,
        /// What the writer believed.
        wanted: Option<Revision>,
    },
    /// Somebody else has taken over what the record belongs to, and this writer must not write to it any more.
    #[error(
        "record {key} is of term {found}, wanted term {mine} or earlier: another one has taken over"
    )]
    Superseded {
        /// The record's key.
        key: String,
        /// The term in which it was written last.
        found: u64,
        /// The writer's term.
        mine: u64,
    },
    /// A bucket's or record's name cannot be named in every store.
    #[error("{name:?} is no key, wanted 1 to {MAX_KEY_BYTES} ASCII letters, digits and -_=./")]
    Name {
        /// The beginning of it.
        name: String,
    },
    /// A record is too large for one piece.
    #[error("record {key} has {bytes} bytes, the most is {MAX_VALUE_BYTES}")]
    TooLarge {
        /// The record's key.
        key: String,
        /// The size of its JSON text.
        bytes: usize,
    },
    /// A record is not of the form that this program reads.
    #[error("record {key} of {bucket} is not readable by this version")]
    Malformed {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
        /// What is wrong with it.
        source: Arc<serde_json::Error>,
    },
    /// There is no room for the record.
    #[error("the disk of {} is full: make room there", shown(.path))]
    Full {
        /// The store's file.
        path: PathBuf,
    },
    /// The file may not be written.
    #[error("{} cannot be written: check its permissions, and those of its folder", shown(.path))]
    ReadOnly {
        /// The store's file.
        path: PathBuf,
    },
    /// Another process holds the file.
    #[error("{} is locked by another process for too long", shown(.path))]
    Busy {
        /// The store's file.
        path: PathBuf,
    },
    /// Somebody else has the sole right to it.
    #[error("somebody else works with {}", shown(.path))]
    Claimed {
        /// The store's file.
        path: PathBuf,
    },
    /// A store that nobody can have for himself.
    #[error("this kind of store cannot be had by one process alone")]
    Unclaimable,
    /// What is in the file is not what was written.
    #[error("{} is damaged or no store of this program: put it aside, or bring back a copy of it", shown(.path))]
    Corrupt {
        /// The store's file.
        path: PathBuf,
        /// What the database or the system said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A newer version of the program made the file.
    #[error("{} has format {found}, this version knows formats up to {known}: use a newer version", shown(.path))]
    Newer {
        /// The store's file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format known.
        known: i64,
    },
    /// The file cannot be had.
    #[error("cannot open {}", shown(.path))]
    Open {
        /// The store's file.
        path: PathBuf,
        /// What the system said.
        source: Arc<std::io::Error>,
    },
    /// The store broke in some other way. Whether the record was written is not known before it is read again.
    #[error("{} failed", shown(.path))]
    Failed {
        /// The store's file.
        path: PathBuf,
        /// What the database or the system said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A store on other machines did not answer to a write, or not as it should. Whether the record was written is not
    /// known before it is read again.
    #[error("the store at {place} failed; whether record {key} was written is not known")]
    Remote {
        /// Where it is, without credentials.
        place: String,
        /// The record's key.
        key: String,
        /// What happened.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A store on other machines did not answer a question, or not as it should. Nothing was written.
    #[error("the store at {place} failed: {key} could not be read")]
    Unread {
        /// Where it is, without credentials.
        place: String,
        /// The record's key, or that of a list: its bucket and `/*`.
        key: String,
        /// What happened.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The store is closed, or its thread has ended. Whether the record was written is not known.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether the record is not as the writer believed: it is to be read again.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

fn standing(found: &Option<Revision>) -> impl fmt::Display {
    found.map_or_else(|| "not there".to_owned(), |revision| format!("at revision {revision}"))
}

fn belief(wanted: &Option<Revision>) -> impl fmt::Display {
    wanted.map_or_else(|| "none".to_owned(), |revision| format!("revision {revision}"))
}

fn shown(path: &std::path::Path) -> impl fmt::Display {
    if path.as_os_str().is_empty() {
        "the store in memory".to_owned()
    } else {
        path.display().to_string()
    }
}
