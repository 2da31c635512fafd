//! [`Book`]: one record of the journal that is being worked on, as it was written last.

use super::term::{Term, Termed};
use p2pow_store::{Entry, Note, Records, Revision, StoreError};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Writes that are tried again because the record had changed, at most.
const TRIES: usize = 8;

/// How a record is written.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// On disk when the write is answered, and with it all that was noted before.
    Flushed,
    /// Outlives the process, but not the power.
    Noted,
}

/// A record and its revision. Writes from several places at once follow one another.
#[derive(Debug)]
pub(crate) struct Book<T> {
    records: Records<T>,
    key: String,
    term: Term,
    state: Mutex<(T, Revision)>,
    writing: tokio::sync::Mutex<()>,
}

impl<T: Clone + PartialEq + Serialize + DeserializeOwned + Termed> Book<T> {
    /// A record that was read or written, to be written in this term.
    pub(crate) fn of(records: Records<T>, entry: Entry<T>, term: Term) -> Self {
        let Entry { key, revision, value } = entry;
        let (state, writing) = (Mutex::new((value, revision)), tokio::sync::Mutex::new(()));
        Self { records, key, term, state, writing }
    }

    /// Its key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Looks at the record. Inside, the same book must not be read again.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.state().0)
    }

    /// Changes the record and writes it. Where it was written by somebody else since, or by a call that was given up,
    /// the change is made to what is there now; so it says what is new, and nothing of the rest.
    pub(crate) async fn change(&self, change: impl Fn(&mut T)) -> Result<(), StoreError> {
        self.write(change, Manner::Flushed).await
    }

    /// The same for what can be found out again if the power fails.
    pub(crate) async fn note(&self, change: impl Fn(&mut T)) -> Result<(), StoreError> {
        self.write(change, Manner::Noted).await
    }

    /// A change to be noted together with other records, and only if nobody else has written this one since it was read.
    /// Until the proposal is dropped nobody else writes by this book.
    pub(crate) async fn propose(
        &self,
        change: impl FnOnce(&mut T),
    ) -> Result<Proposal<'_, T>, StoreError> {
        let turn = self.writing.lock().await;
        let (mut wanted, revision) = self.state().clone();
        self.term.sign_in(&self.key, &mut wanted)?;
        change(&mut wanted);
        Ok(Proposal { book: self, _turn: turn, wanted, revision })
    }

    /// Has the record written in this term, so that nobody writes it any more who read it in an earlier one.
    pub(crate) async fn enter(&self) -> Result<(), StoreError> {
        self.write(|_| {}, Manner::Flushed).await
    }

    /// Whether the record is still as it was read or written here.
    pub(crate) async fn is_current(&self) -> Result<bool, StoreError> {
        let there = self.records.get(&self.key).await?;
        Ok(there.is_some_and(|entry| entry.revision == self.state().1))
    }

    async fn write(&self, change: impl Fn(&mut T), manner: Manner) -> Result<(), StoreError> {
        let _turn = self.writing.lock().await;
        let mut tries = 0;
        loop {
            let (known, revision) = self.state().clone();
            let mut wanted = known.clone();
            self.term.sign_in(&self.key, &mut wanted)?;
            change(&mut wanted);
            if wanted == known {
                return Ok(());
            }
            let written = match manner {
                Manner::Flushed => self.records.update(&self.key, &wanted, revision).await,
                Manner::Noted => self.records.note(&self.key, &wanted, revision).await,
            };
            match written {
                Ok(revision) => {
                    *self.state() = (wanted, revision);
                    return Ok(());
                }
                Err(error) if error.is_conflict() && tries < TRIES => self.reload(error).await?,
                Err(error) => return Err(error),
            }
            tries += 1;
        }
    }

    /// Removes the record.
    pub(crate) async fn remove(&self) -> Result<(), StoreError> {
        let revision = self.state().1;
        self.records.remove(&self.key, revision).await
    }

    async fn reload(&self, conflict: StoreError) -> Result<(), StoreError> {
        let entry = self.records.get(&self.key).await?.ok_or(conflict)?;
        *self.state() = (entry.value, entry.revision);
        Ok(())
    }

    /// Held for a moment only, never across an await.
    fn state(&self) -> MutexGuard<'_, (T, Revision)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change of a record that is not written yet.
#[derive(Debug)]
pub(crate) struct Proposal<'a, T> {
    book: &'a Book<T>,
    _turn: tokio::sync::MutexGuard<'a, ()>,
    wanted: T,
    revision: Revision,
}

impl<T: Clone + PartialEq + Serialize + DeserializeOwned + Termed> Proposal<'_, T> {
    /// What the record would say.
    pub(crate) const fn wanted(&self) -> &T {
        &self.wanted
    }

    /// The write that it takes.
    pub(crate) fn note(&self) -> Result<Note, StoreError> {
        let Book { records, key, .. } = self.book;
        records.noting(key, &self.wanted, Some(self.revision))
    }

    /// Takes over that it was written, and is at this revision now.
    pub(crate) fn accept(self, revision: Revision) {
        *self.book.state() = (self.wanted, revision);
    }
}
