//! [`Claimed`]: a store whose claim lasts as long as anybody has it.

use crate::{BoxFuture, Claim, Expect, Note, Page, Record, Revision, Store, StoreError};
use std::sync::Arc;

/// A store that nobody else has claimed, as long as anybody has this.
#[derive(Debug)]
pub struct Claimed {
    store: Arc<dyn Store>,
    _claim: Claim,
}

impl Claimed {
    /// Claims the store.
    ///
    /// # Errors
    /// Somebody else has, or it is a store that cannot be claimed.
    pub fn new(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let claim = store.claim()?;
        Ok(Self { store, _claim: claim })
    }
}

impl Store for Claimed {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        self.store.get(bucket, key)
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        self.store.put(bucket, key, value, expect)
    }

    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        self.store.note(bucket, key, value, expect)
    }

    fn note_all<'a>(
        &'a self,
        notes: Vec<Note>,
    ) -> BoxFuture<'a, Vec<Result<Revision, StoreError>>> {
        self.store.note_all(notes)
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.store.remove(bucket, key, revision)
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        self.store.list(bucket, page)
    }

    fn claim(&self) -> Result<Claim, StoreError> {
        self.store.claim()
    }
}
