//! [`JournalError`]: why the journal cannot be used, and what to do about it.

use p2pow_store::StoreError;
use std::{io, path::PathBuf};

/// A journal that cannot be had, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The records cannot be read or written.
    #[error("the journal failed")]
    Store(#[from] StoreError),
    /// The folder for the journal cannot be made.
    #[error("cannot make the folder {} for the journal", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The lock file of an account cannot be had.
    #[error("cannot lock {}", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else is at work for the account all the time.
    #[error(
        "{holder} is at work for this account, and was not done in time: wait for it, then try again"
    )]
    Busy {
        /// Who, by its own word.
        holder: String,
    },
}
