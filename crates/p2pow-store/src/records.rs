//! [`Records`]: the records of one bucket as values of one type.

use crate::{Change, Expect, Note, Page, Record, Revision, Store, StoreError};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, marker::PhantomData, sync::Arc};

/// Records fetched at a time by [`Records::all`].
const PAGE: usize = 500;

/// A bucket of records of type `T`. Clones are the same bucket.
pub struct Records<T> {
    store: Arc<dyn Store>,
    bucket: &'static str,
    of: PhantomData<fn(T) -> T>,
}

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<T> {
    /// Its key.
    pub key: String,
    /// Its state, for the next update.
    pub revision: Revision,
    /// What it says.
    pub value: T,
}

impl<T: Serialize + DeserializeOwned> Records<T> {
    /// The bucket of this name.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, bucket: &'static str) -> Self {
        Self { store, bucket, of: PhantomData }
    }

    /// The record of a key, if there is one.
    ///
    /// # Errors
    /// The store failed, or the record is of another form.
    pub async fn get(&self, key: &str) -> Result<Option<Entry<T>>, StoreError> {
        let record = self.store.get(self.bucket, key).await?;
        record.map(|record| self.read(record)).transpose()
    }

    /// Makes a record that must not be there yet.
    ///
    /// # Errors
    /// It is there already ([`StoreError::Conflict`]), or the store failed.
    pub async fn create(&self, key: &str, value: &T) -> Result<Revision, StoreError> {
        self.put(key, value, Expect::Absent).await
    }

    /// Replaces a record that must be as it was at `revision`.
    ///
    /// # Errors
    /// Somebody else wrote it since ([`StoreError::Conflict`]), or the store failed.
    pub async fn update(
        &self,
        key: &str,
        value: &T,
        revision: Revision,
    ) -> Result<Revision, StoreError> {
        self.put(key, value, Expect::At(revision)).await
    }

    /// Replaces a record by a [`note`](Store::note), which may be lost with the power: for what can be found out again.
    ///
    /// # Errors
    /// Somebody else wrote it since ([`StoreError::Conflict`]), or the store failed.
    pub async fn note(
        &self,
        key: &str,
        value: &T,
        revision: Revision,
    ) -> Result<Revision, StoreError> {
        self.store.note(self.bucket, key, self.text(key, value)?, Expect::At(revision)).await
    }

    /// Makes a record that must not be there yet, by a [`note`](Store::note): for what is to be durable as soon as the
    /// next write that is flushed.
    ///
    /// # Errors
    /// It is there already ([`StoreError::Conflict`]), or the store failed.
    pub async fn note_new(&self, key: &str, value: &T) -> Result<Revision, StoreError> {
        self.store.note(self.bucket, key, self.text(key, value)?, Expect::Absent).await
    }

    /// The write of a record, to be made together with others by [`Store::note_all`]: over what was there at this
    /// revision, or of a record that must not be there yet.
    ///
    /// # Errors
    /// The value has no JSON form.
    pub fn noting(
        &self,
        key: &str,
        value: &T,
        revision: Option<Revision>,
    ) -> Result<Note, StoreError> {
        let expect = revision.map_or(Expect::Absent, Expect::At);
        let change = Change::Write(self.text(key, value)?, expect);
        Ok(Note { bucket: self.bucket, key: key.to_owned(), change })
    }

    /// The removal of a record, to be made together with other writes by [`Store::note_all`].
    #[must_use]
    pub fn removing(&self, key: &str, revision: Revision) -> Note {
        let change = Change::Remove(revision);
        Note { bucket: self.bucket, key: key.to_owned(), change }
    }

    /// Removes a record that must be as it was at `revision`.
    ///
    /// # Errors
    /// Somebody else wrote it since ([`StoreError::Conflict`]), or the store failed.
    pub async fn remove(&self, key: &str, revision: Revision) -> Result<(), StoreError> {
        self.store.remove(self.bucket, key, revision).await
    }

    /// A part of the bucket.
    ///
    /// # Errors
    /// The store failed, or a record is of another form.
    pub async fn page(&self, page: Page<'_>) -> Result<Vec<Entry<T>>, StoreError> {
        let records = self.store.list(self.bucket, page).await?;
        records.into_iter().map(|record| self.read(record)).collect()
    }

    /// All records whose keys begin with `prefix`, in the order of their keys.
    ///
    /// # Errors
    /// The store failed, or a record is of another form.
    pub async fn all(&self, prefix: &str) -> Result<Vec<Entry<T>>, StoreError> {
        let mut all: Vec<Entry<T>> = Vec::new();
        loop {
            let after = all.last().map(|entry| entry.key.clone());
            let page = Page { prefix, after: after.as_deref(), limit: PAGE };
            let part = self.page(page).await?;
            let is_last = part.len() < PAGE;
            all.extend(part);
            if is_last {
                return Ok(all);
            }
        }
    }

    async fn put(&self, key: &str, value: &T, expect: Expect) -> Result<Revision, StoreError> {
        self.store.put(self.bucket, key, self.text(key, value)?, expect).await
    }

    fn text(&self, key: &str, value: &T) -> Result<String, StoreError> {
        serde_json::to_string(value).map_err(|source| self.malformed(key, source))
    }

    fn read(&self, record: Record) -> Result<Entry<T>, StoreError> {
        let Record { key, revision, value } = record;
        match serde_json::from_str(&value) {
            Ok(value) => Ok(Entry { key, revision, value }),
            Err(source) => Err(self.malformed(&key, source)),
        }
    }

    fn malformed(&self, key: &str, source: serde_json::Error) -> StoreError {
        let (bucket, key) = (self.bucket.to_owned(), key.to_owned());
        StoreError::Malformed { bucket, key, source: Arc::new(source) }
    }
}

impl<T> Clone for Records<T> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), bucket: self.bucket, of: PhantomData }
    }
}

impl<T> fmt::Debug for Records<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("store", &self.store).field("bucket", &self.bucket).finish()
    }
}
