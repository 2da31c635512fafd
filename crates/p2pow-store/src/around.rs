//! [`Around`]: a store that stands around another one and does something at each of its calls.

use crate::{
    BoxFuture, Claim, Expect, Note, Page, Record, Revision, Store, StoreError, store::in_turn,
};
use std::fmt;

/// A call of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call<'a> {
    /// What it does.
    pub kind: Kind,
    /// The bucket of its record; that of the first of several notes.
    pub bucket: &'a str,
}

/// What a call of a store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Reads a record or a list of them.
    Read,
    /// Writes a record that is to survive the power.
    Put,
    /// Writes one or several that are to survive the process.
    Note,
    /// Removes a record.
    Remove,
}

impl Call<'_> {
    /// Whether it changes something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.kind != Kind::Read
    }
}

/// A store that stands around another one: it delays calls, counts them, or fails in their place. What implements this is
/// a [`Store`].
pub trait Around: fmt::Debug + Send + Sync {
    /// The store that it stands around.
    fn store(&self) -> &dyn Store;

    /// Makes a call of that store, by awaiting `answer`, or does not.
    fn call<'a, T: Send + 'a>(
        &'a self,
        call: Call<'a>,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>>;

    /// Whether several notes are one call; if not, they are made one by one.
    fn is_one_call(&self) -> bool {
        true
    }
}

impl<A: Around> Store for A {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        self.call(Call { kind: Kind::Read, bucket }, self.store().get(bucket, key))
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        self.call(Call { kind: Kind::Put, bucket }, self.store().put(bucket, key, value, expect))
    }

    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        self.call(Call { kind: Kind::Note, bucket }, self.store().note(bucket, key, value, expect))
    }

    fn note_all<'a>(
        &'a self,
        notes: Vec<Note>,
    ) -> BoxFuture<'a, Vec<Result<Revision, StoreError>>> {
        if !self.is_one_call() {
            return in_turn(self, notes);
        }
        let bucket = notes.first().map_or("", |note| note.bucket);
        let answers = Box::pin(async { Ok(self.store().note_all(notes).await) });
        let answers = self.call(Call { kind: Kind::Note, bucket }, answers);
        Box::pin(async { answers.await.unwrap_or_else(|error| vec![Err(error)]) })
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.call(Call { kind: Kind::Remove, bucket }, self.store().remove(bucket, key, revision))
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        self.call(Call { kind: Kind::Read, bucket }, self.store().list(bucket, page))
    }

    fn claim(&self) -> Result<Claim, StoreError> {
        self.store().claim()
    }
}
