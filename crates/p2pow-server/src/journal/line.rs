//! [`Line`]: one job's line in the journal, written as the job goes on. [`Pages`]: where these are written, and whether
//! that goes well.

use super::record::{End, EndedJob, OpenJob, Owner};
use crate::{clock::unix_ms, job::phase::Phase};
use nano_primitives::{BlockHash, Work};
use p2pow_protocol::{Plan, WorkRequest};
use p2pow_store::{Entry, Records, Revision, Store, StoreError};
use std::sync::Arc;
use tokio::sync::watch;
use tracing::{error, info};

/// The bucket of the books.
pub(crate) const ENDED: &str = "worker-ended";
const OPEN: &str = "worker-open";

/// The records of the jobs. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Pages {
    store: Arc<dyn Store>,
    pub(super) open: Records<OpenJob>,
    pub(super) ended: Records<EndedJob>,
    pub(super) owner: Owner,
    /// Why the last write failed, if it did.
    trouble: Arc<watch::Sender<Option<String>>>,
}

impl Pages {
    pub(super) fn new(store: &Arc<dyn Store>) -> Self {
        Self {
            store: Arc::clone(store),
            open: Records::new(Arc::clone(store), OPEN),
            ended: Records::new(Arc::clone(store), ENDED),
            owner: Owner::new(),
            trouble: Arc::new(watch::Sender::new(None)),
        }
    }

    /// Whether the end of an open job is in the books.
    pub(super) async fn is_booked(&self, key: &str, job: &OpenJob) -> Result<bool, StoreError> {
        let booked = self.ended.get(key).await?;
        Ok(booked.is_some_and(|booked| booked.value.is_end_of(job)))
    }

    /// Writes the end of a job into the books and takes it from the open ones, in this order. Each reward has one line,
    /// however often it is asked for.
    async fn close(
        &self,
        key: &str,
        (job, last): (&OpenJob, Revision),
        ended: EndedJob,
    ) -> Result<(), StoreError> {
        let removal = || self.open.removing(key, last);
        let mut line = self.ended.noting(key, &ended, None)?;
        loop {
            let mut answers = self.store.note_all(vec![line, removal()]).await;
            let answer = answers.pop().unwrap_or(Err(StoreError::Closed));
            let is_booked = answers.pop().is_some();
            match answer {
                Err(error) if error.is_conflict() && !is_booked => {}
                answer => return answer.map(drop),
            }
            // There is a line, of this end or of an earlier one, or somebody else writes it now.
            line = match self.ended.get(key).await? {
                Some(booked) if booked.value.is_end_of(job) => {
                    return self.open.remove(key, last).await;
                }
                Some(booked) => {
                    let line = booked.value.again(ended.clone());
                    self.ended.noting(key, &line, Some(booked.revision))?
                }
                None => self.ended.noting(key, &ended, None)?,
            };
        }
    }

    /// Why nothing can be written, if that is so.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.borrow().clone()
    }

    /// Hears how a write went, and tells the operator where that changes.
    pub(super) fn hear(&self, failure: Option<&StoreError>) {
        let trouble = failure.filter(|error| !error.is_conflict()).map(ToString::to_string);
        self.trouble.send_if_modified(|known| {
            let changes = *known != trouble;
            match &trouble {
                Some(error) if changes => {
                    error!(%error, "the journal cannot be written, so no more jobs are taken");
                }
                None if changes => info!("the journal is written again"),
                _ => {}
            }
            known.clone_from(&trouble);
            changes
        });
    }
}

/// The job is somebody else's, or the store is closed: nothing more may be done for it here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

/// A job's line. A write that fails for want of room or rights leaves the job to go on: what is found and published
/// earns all the same.
#[derive(Debug)]
pub(crate) struct Line {
    pages: Pages,
    request: WorkRequest,
    plan: Plan,
    open: OpenJob,
    revision: Revision,
    /// The hashes that earlier processes have tried.
    hashes_before: u64,
}

impl Line {
    pub(super) fn new(
        pages: Pages,
        (request, plan): (WorkRequest, Plan),
        open: OpenJob,
        revision: Revision,
    ) -> Self {
        let hashes_before = open.hashes;
        Self { pages, request, plan, open, revision, hashes_before }
    }

    /// Makes an open job this worker's, from whomever has it: who starts last goes on with it. `None` for a record that
    /// cannot be gone on with, or is not there any more.
    pub(super) async fn take_over(
        pages: &Pages,
        entry: Entry<OpenJob>,
    ) -> Result<Option<Self>, StoreError> {
        let mut found = Some(entry);
        while let Some(Entry { key, revision, value: open }) = found {
            let whole = open.request().and_then(|request| Some((open.plan(&request)?, request)));
            let Some((plan, request)) = whole else {
                error!(job = key, "the record of this job is not whole, so it is left alone");
                return Ok(None);
            };
            let open = OpenJob { owner: pages.owner.clone(), ..open };
            match pages.open.update(&key, &open, revision).await {
                Ok(revision) => {
                    return Ok(Some(Self::new(pages.clone(), (request, plan), open, revision)));
                }
                // Its owner has just written; the next time it learns that it has lost the job.
                Err(error) if error.is_conflict() => found = pages.open.get(&key).await?,
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    pub(crate) const fn request(&self) -> &WorkRequest {
        &self.request
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where the job stands.
    pub(crate) const fn phase(&self) -> Phase {
        self.open.phase
    }

    /// All works, once they are found.
    pub(crate) fn works(&self) -> Option<&[Work]> {
        self.open.works.as_deref()
    }

    /// All works are found, by so many hashes here, and the blocks are to be published.
    ///
    /// # Errors
    /// The job is not this worker's any more.
    pub(crate) async fn solved(&mut self, works: &[Work], hashes: u64) -> Result<(), Gone> {
        self.open.works = Some(works.to_vec());
        self.open.hashes = self.hashes_before.saturating_add(hashes);
        self.reach(Phase::Publishing).await
    }

    /// All blocks are on a ledger.
    ///
    /// # Errors
    /// The job is not this worker's any more.
    pub(crate) async fn published(&mut self) -> Result<(), Gone> {
        self.reach(Phase::Published).await
    }

    async fn reach(&mut self, phase: Phase) -> Result<(), Gone> {
        self.open.phase = phase;
        let key = self.key();
        let mut written = self.write(&key, self.revision).await;
        if written.as_ref().is_err_and(StoreError::is_conflict) {
            // A write that was told to have failed may have been done.
            written = match self.pages.open.get(&key).await {
                Ok(Some(found)) if found.value.owner == self.open.owner => {
                    self.write(&key, found.revision).await
                }
                Ok(_) => return Err(Gone),
                Err(error) => Err(error),
            };
        }
        self.pages.hear(written.as_ref().err());
        match written {
            Ok(revision) => self.revision = revision,
            Err(StoreError::Closed | StoreError::Conflict { .. }) => return Err(Gone),
            Err(_) => {}
        }
        Ok(())
    }

    /// Before anything is published, all that was written is flushed; what has been published the ledger knows, too.
    async fn write(&self, key: &str, revision: Revision) -> Result<Revision, StoreError> {
        if self.open.phase < Phase::Published {
            self.pages.open.update(key, &self.open, revision).await
        } else {
            self.pages.open.note(key, &self.open, revision).await
        }
    }

    /// Writes the job's end into the books, and then takes it from the open ones. Neither is flushed: a job that is open
    /// again after the power was lost ends again as the ledger says.
    ///
    /// # Errors
    /// The job is not this worker's any more.
    pub(crate) async fn end(self, end: End<'_>) -> Result<(), Gone> {
        let hashes = self.hashes_before.saturating_add(end.hashes);
        let ended = self.open.ended(&self.request, End { hashes, ..end }, unix_ms());
        let key = self.key();
        let written = self.pages.close(&key, (&self.open, self.revision), ended).await;
        self.pages.hear(written.as_ref().err());
        match written {
            Err(StoreError::Closed | StoreError::Conflict { .. }) => Err(Gone),
            _ => Ok(()),
        }
    }

    fn key(&self) -> String {
        self.id().to_string()
    }

    fn id(&self) -> BlockHash {
        self.request.id()
    }
}
