//! [`Journal`]: what is on disk of the jobs, so that `kill -9` loses none and no root is searched twice.
//!
//! A job is written before its work starts, with what it takes to go on with it; each work as it is found; all works
//! before the first block is published; and its end. What is open when a worker starts is taken over: each taking over
//! is a write that must find the record as it was read, so that of two workers on one store each job has one.
//!
//! | bucket | key | record |
//! |---|---|---|
//! | `worker-open` | hash of the reward block | [`OpenJob`]: removed when the end is written |
//! | `worker-ended` | hash of the reward block | [`EndedJob`]: the books |
//! | `worker-works` | root | [`FoundWork`]: forgotten after a day |

mod line;
mod record;
mod works;

pub use record::EndedJob;
pub(crate) use {
    line::{ENDED, Gone, Line},
    record::End,
};

use crate::clock::unix_ms;
use line::Pages;
use nano_pow::Puzzle;
use nano_primitives::{Root, Work};
use p2pow_protocol::{Plan, WorkRequest};
use p2pow_store::{Records, Store, StoreError};
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
    /// Whether works were found since the last time that this was tended.
    is_noted: Arc<AtomicBool>,
}

impl Journal {
    /// The journal in a store, and the works that are known from before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn new(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        Ok(Self {
            pages: Pages::new(&store),
            works: Works::load(Records::new(Arc::clone(&store), WORKS)).await?,
            is_noted: Arc::default(),
            store,
        })
    }

    /// Takes over the jobs that are open, to be gone on with.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub(crate) async fn take_over(&self) -> Result<Vec<Line>, StoreError> {
        let (pages, mut lines) = (&self.pages, Vec::new());
        for entry in pages.open.all("").await? {
            if pages.is_booked(&entry.key, &entry.value).await? {
                // The end was written, and then the worker died.
                match pages.open.remove(&entry.key, entry.revision).await {
                    // Another worker is as far.
                    Err(error) if !error.is_conflict() => return Err(error),
                    _ => {}
                }
            } else {
                lines.extend(Line::take_over(pages, entry).await?);
            }
        }
        Ok(lines)
    }

    /// Writes a job down before its work starts.
    ///
    /// # Errors
    /// The store cannot be written, or the job is there already.
    pub(crate) async fn begin(
        &self,
        request: &WorkRequest,
        plan: &Plan,
    ) -> Result<Line, StoreError> {
        let job = OpenJob::new(request, plan, self.pages.owner.clone(), unix_ms());
        let written = self.pages.open.create(&request.id().to_string(), &job).await;
        self.pages.hear(written.as_ref().err());
        Ok(Line::new(self.pages.clone(), (request.clone(), plan.clone()), job, written?))
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
        self.pages.trouble()
    }

    /// Flushes works that were found since, finds out whether writing is possible again, and forgets old works but those
    /// that are `wanted`.
    pub(crate) async fn tend(&self, wanted: &HashSet<Root>) {
        let is_noted = self.is_noted.swap(false, Ordering::AcqRel);
        if self.trouble().is_some() {
            self.probe("room", "0".repeat(PROBE_BYTES)).await;
        } else if is_noted {
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
