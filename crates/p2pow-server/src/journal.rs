//! [`Journal`]: what is on disk of the jobs, so that `kill -9` loses none and no root is searched twice.
//!
//! A job is written before its work starts, with what it takes to go on with it; each work as it is found; all works
//! before the first block is published; and its end. What is open when a worker starts is taken over: each taking over
//! is a write that must find the record as it was read, so that of two workers on one store each job has one. Several
//! may share a journal for long: then each takes over the jobs of those that are gone, and no others.
//!
//! | bucket | key | record |
//! |---|---|---|
//! | `worker-open` | root of the first user block | [`OpenJob`](record::OpenJob): removed when the end is written |
//! | `worker-ended` | hash of the reward block | [`EndedJob`]: the books |
//! | `worker-works` | root | [`FoundWork`]: forgotten after a day |

mod elsewhere;
mod index;
mod line;
mod ownership;
mod record;
mod works;

pub use {elsewhere::Unfinished, ownership::JournalIn, record::EndedJob};
pub(crate) use {
    elsewhere::{Elsewhere, Seen, unfinished},
    line::{ENDED, Gone, Line},
    record::End,
};

use crate::clock::unix_ms;
use index::Index;
use line::Pages;
use nano_pow::Puzzle;
use nano_primitives::{BlockHash, Root, Work};
use p2pow_protocol::{Plan, WorkRequest};
use p2pow_store::{Entry, Records, Store, StoreError};
use record::OpenJob;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use works::Works;

const WORKS: &str = "worker-works";
const PROBE: &str = "worker-probe";
/// What is written to find out whether there is room again: as much as a long job takes.
const PROBE_BYTES: usize = 64 * 1024;

/// The journal. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    store: Arc<dyn Store>,
    pages: Pages,
    works: Works,
    index: Index,
    /// Whether works were found since the last time that this was tended.
    is_noted: Arc<AtomicBool>,
}

impl Journal {
    /// The journal in a store, and the works that are known from before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn new(place: JournalIn) -> Result<Self, StoreError> {
        let (owners, store) = (place.ownership(), place.store);
        Ok(Self {
            pages: Pages::new(&store, owners),
            works: Works::load(Records::new(Arc::clone(&store), WORKS)).await?,
            index: Index::default(),
            is_noted: Arc::default(),
            store,
        })
    }

    /// Takes over the open jobs that are to be taken over, but those that `are_busy` here, to be gone on with.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub(crate) async fn take_over(
        &self,
        are_busy: impl Fn(&WorkRequest) -> bool,
    ) -> Result<Vec<Line>, StoreError> {
        let mut lines = Vec::new();
        for entry in self.pages.open.all("").await? {
            let is_busy = entry.value.request().is_some_and(|request| are_busy(&request));
            if !is_busy {
                lines.extend(self.take(entry).await?);
            }
        }
        Ok(lines)
    }

    async fn take(&self, entry: Entry<OpenJob>) -> Result<Option<Line>, StoreError> {
        let line = Line::take_over(&self.pages, entry).await?;
        if let Some(line) = &line {
            self.learn(line.request()).await?;
        }
        Ok(line)
    }

    /// Takes over a job that was seen at another worker, if that is gone.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub(crate) async fn claim(&self, job: &Elsewhere) -> Result<Option<Line>, StoreError> {
        self.take(job.entry.clone()).await
    }

    /// The open job with a request's root, at whichever worker: also this one's, if an earlier request for it has been
    /// given up. `None` if there is none, and in a journal that is not shared.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn elsewhere(
        &self,
        request: &WorkRequest,
    ) -> Result<Option<Elsewhere>, StoreError> {
        if !self.is_shared() {
            return Ok(None);
        }
        let found = self.pages.open.get(&request.root().to_string()).await?;
        Ok(found.and_then(Elsewhere::of))
    }

    /// The job of this id: in a journal that is shared at whichever worker it is open, or else how it ended the last time.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn look(&self, id: &BlockHash) -> Result<Option<Seen>, StoreError> {
        // In this order, as a job that ends meanwhile is in the books before it is taken from the open ones.
        if self.is_shared()
            && let Some(open) = self.index.find(id, &self.pages.open).await?
        {
            return Ok(Some(open.into()));
        }
        Ok(self.ended(id).await?.map(Seen::Ended))
    }

    /// How the job of this reward ended the last time.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn ended(&self, reward: &BlockHash) -> Result<Option<EndedJob>, StoreError> {
        Ok(self.pages.ended.get(&reward.to_string()).await?.map(|entry| entry.value))
    }

    /// Whether other workers have jobs in it at the same time.
    pub(crate) const fn is_shared(&self) -> bool {
        self.pages.owners.is_shared()
    }

    /// Waits until more than `seen` changes have been among those who share the journal. Says how many.
    pub(crate) async fn changed(&self, seen: u64) -> u64 {
        self.pages.owners.changed(seen).await
    }

    /// Writes a job down before its work starts. The account has so many blocks `before` it.
    ///
    /// # Errors
    /// The store cannot be written, the job is there already, or this worker may be taken for gone
    /// ([`StoreError::Closed`]).
    pub(crate) async fn begin(
        &self,
        request: &WorkRequest,
        (plan, before): (&Plan, u64),
    ) -> Result<Line, StoreError> {
        let owner = self.pages.owners.me().ok_or(StoreError::Closed)?;
        let key = request.root().to_string();
        let value = OpenJob::new(request, (plan, before), owner.clone(), unix_ms());
        let written = self.pages.open.create(&key, &value).await;
        self.pages.hear(written.as_ref().err());
        let entry = Entry { key, revision: written?, value };
        if self.pages.owners.me() != Some(owner) {
            return Err(StoreError::Closed);
        }
        Ok(Line::new(self.pages.clone(), (request.clone(), plan.clone()), entry))
    }

    /// Reads which works of a request others have found.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn learn(&self, request: &WorkRequest) -> Result<(), StoreError> {
        if !self.is_shared() {
            return Ok(()); // they are all known since the start
        }
        self.works.learn(request.blocks().map(|block| block.root())).await
    }

    /// A work that is known already for a puzzle.
    pub(crate) fn known(&self, puzzle: &Puzzle) -> Option<Work> {
        self.works.get(puzzle)
    }

    /// Keeps a work. It outlives the process at once, and the power as soon as anything is flushed: when the job is
    /// solved, or when this is tended.
    pub(crate) fn found(&self, puzzle: &Puzzle, work: Work) {
        let (pages, writing) = (self.pages.clone(), self.works.put(puzzle, work));
        let is_noted = Arc::clone(&self.is_noted);
        tokio::spawn(async move {
            pages.hear(writing.await.err().as_ref());
            is_noted.store(true, Ordering::Release);
        });
    }

    /// Why nothing can be written, if that is so.
    pub(crate) fn trouble(&self) -> Option<String> {
        let is_nobody = self.pages.owners.me().is_none();
        let nobody = || "there is no lease: the store was not reached in time".to_owned();
        self.pages.trouble().or_else(|| is_nobody.then(nobody))
    }

    /// Flushes works that were found since, finds out whether writing is possible again, and forgets old works but those
    /// that are `wanted`.
    pub(crate) async fn tend(&self, wanted: &HashSet<Root>) {
        let is_noted = self.is_noted.swap(false, Ordering::AcqRel);
        if self.pages.trouble().is_some() {
            self.probe("room", "0".repeat(PROBE_BYTES)).await;
        } else if is_noted && !self.is_shared() {
            // What several machines keep they have when it is answered.
            self.probe("flushed", unix_ms().to_string()).await;
        }
        // Where nothing is old, nothing is written: that it went well says nothing.
        if let Err(error) = self.works.forget_old(wanted).await {
            self.pages.hear(Some(&error));
        }
    }

    /// Writes something, to be flushed along with all that was noted before.
    async fn probe(&self, key: &str, filler: String) {
        let probe = Records::<String>::new(Arc::clone(&self.store), PROBE);
        let written = match probe.get(key).await {
            Ok(Some(last)) => probe.update(key, &filler, last.revision).await,
            Ok(None) => probe.create(key, &filler).await,
            Err(error) => Err(error),
        };
        self.pages.hear(written.err().as_ref());
    }
}
