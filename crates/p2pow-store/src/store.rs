//! [`Store`]: what every store of records can do, and the values that its calls are made of.

use crate::StoreError;
use std::{fmt, pin::Pin, sync::Arc};

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 512;
/// The largest value, in bytes of its JSON text: stores that send records over a network take no more in one piece.
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// What the calls of a [`Store`] return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

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

/// Durable JSON records by bucket and key, each written by compare-and-set.
///
/// Buckets and keys are 1 to [`MAX_KEY_BYTES`] ASCII letters, digits and `-_=./`, which is what every store can name.
/// What else is to be part of a key is put into hexadecimal digits or hashed by the caller.
pub trait Store: fmt::Debug + Send + Sync {
    /// The record of a key, if there is one.
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>>;

    /// Writes `value`, a JSON text, if the record is as expected. It is durable when this is answered; dropping the
    /// future does not undo a write that has begun.
    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>>;

    /// The same, but when this is answered the write survives the end of the process only, not of the power: for what
    /// can be found out again. The next [`put`](Self::put) to the store makes it durable too. A store without such a
    /// difference just puts.
    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        self.put(bucket, key, value, expect)
    }

    /// Removes the record, if it is still as it was at `revision`.
    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// A part of the bucket's records.
    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        (**self).get(bucket, key)
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        (**self).put(bucket, key, value, expect)
    }

    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        (**self).note(bucket, key, value, expect)
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).remove(bucket, key, revision)
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        (**self).list(bucket, page)
    }
}

/// Checks a bucket's or record's name.
pub(crate) fn check_name(name: &str) -> Result<(), StoreError> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./".contains(&byte);
    if name.is_empty() || name.len() > MAX_KEY_BYTES || !name.bytes().all(is_good) {
        return Err(StoreError::Name { name: name.escape_debug().take(64).collect() });
    }
    Ok(())
}

/// Checks a value before it is written.
pub(crate) fn check_value(key: &str, value: &str) -> Result<(), StoreError> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(StoreError::TooLarge { key: key.to_owned(), bytes: value.len() });
    }
    Ok(())
}
