//! [`Record`]: the values that the calls of a store are made of.

use std::fmt;

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 512;
/// The largest value, in bytes of its JSON text: stores that send records over a network take no more in one piece.
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// The state of a record. It grows with every write to the store, and no record has the same one twice, even if it is
/// removed and made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// The revision of this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn to_number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a writer believes of the record that it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// That there is none.
    Absent,
    /// That it is as it was at this revision.
    At(Revision),
}

/// A record as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its key within the bucket.
    pub key: String,
    /// Its state.
    pub revision: Revision,
    /// Its JSON text.
    pub value: String,
}

/// A record to be noted, or removed, together with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its bucket.
    pub bucket: &'static str,
    /// Its key within the bucket.
    pub key: String,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This JSON text takes its place, if it is as expected.
    Write(String, Expect),
    /// It is removed, if it is still as it was at this revision.
    Remove(Revision),
}

#[cfg(feature = "sqlite")]
impl Change {
    /// The revision that the record must have; `None` if there must be no record.
    pub(crate) const fn wanted(&self) -> Option<Revision> {
        match self {
            Self::Write(_, Expect::Absent) => None,
            Self::Write(_, Expect::At(revision)) | Self::Remove(revision) => Some(*revision),
        }
    }
}

/// A part of a bucket, in the order of the keys' bytes.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What the keys begin with; empty for all.
    pub prefix: &'a str,
    /// The key after which the page begins.
    pub after: Option<&'a str>,
    /// Records, at most.
    pub limit: usize,
}
