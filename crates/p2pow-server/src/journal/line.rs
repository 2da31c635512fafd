//! [`Line`]: one job's line in the journal, written as the job goes on. [`Pages`]: where these are written, and whether
//! that goes well.

use super::{
    ownership::Ownership,
    record::{End, EndedJob, OpenJob},
};
use crate::{clock::unix_ms, job::phase::Phase};
use nano_primitives::Work;
use p2pow_protocol::{Plan, WorkRequest};
use p2pow_store::{Entry, Records, Revision, Store, StoreError};
use std::sync::Arc;
use tokio::sync::watch;
use tracing::{error, info};

/// The bucket of the books.
pub(crate) const ENDED: &str = "worker-ended";
/// The bucket of the open jobs.
pub(super) const OPEN: &str = "worker-open";

/// The records of the jobs. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Pages {
    store: Arc<dyn Store>,
    pub(super) open: Records<OpenJob>,
    pub(super) ended: Records<EndedJob>,
    pub(super) owners: Ownership,
    /// Why the last write failed, if it did.
    trouble: Arc<watch::Sender<Option<String>>>,
}

impl Pages {
    pub(super) fn new(store: &Arc<dyn Store>, owners: Ownership) -> Self {
        Self {
            store: Arc::clone(store),
            open: Records::new(Arc::clone(store), OPEN),
            ended: Records::new(Arc::clone(store), ENDED),
            owners,
            trouble: Arc::new(watch::Sender::new(None)),
        }
    }

    /// Writes the end of a job into the books and takes it from the open ones, in this order. Each reward has one line,
    /// however often it is asked for.
    pub(super) async fn close(
        &self,
        (key, last): (&str, Revision),
        ended: &EndedJob,
    ) -> Result<(), StoreError> {
        let (id, removal) = (ended.id.to_string(), || self.open.removing(key, last));
        let mut line = self.ended.noting(&id, ended, None)?;
        loop {
            let mut answers = self.store.note_all(vec![line, removal()]).await;
            let answer = answers.pop().unwrap_or(Err(StoreError::Closed));
            let is_booked = answers.pop().is_some();
            match answer {
                Err(error) if error.is_conflict() && !is_booked => {}
                answer => return answer.map(drop),
            }
            // There is a line, of this end or of an earlier one, or somebody else writes it now.
            line = match self.ended.get(&id).await? {
                Some(booked) if booked.value.is_of(ended) => {
                    return self.open.remove(key, last).await;
                }
                Some(booked) => {
                    let line = booked.value.again(ended.clone());
                    self.ended.noting(&id, &line, Some(booked.revision))?
                }
                None => self.ended.noting(&id, ended, None)?,
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
    key: String,
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
        Entry { key, revision, value: open }: Entry<OpenJob>,
    ) -> Self {
        let hashes_before = open.hashes;
        Self { pages, key, request, plan, open, revision, hashes_before }
    }

    /// Makes an open job this worker's, if it may be: of several who try, one does. `None` for a job that another worker
    /// has, a record that cannot be gone on with, and one that is not there any more.
    pub(super) async fn take_over(
        pages: &Pages,
        entry: Entry<OpenJob>,
    ) -> Result<Option<Self>, StoreError> {
        let mut found = Some(entry);
        while let Some(Entry { key, revision, value: open }) = found {
            let Some(owner) = pages.owners.me() else { return Ok(None) };
            if !pages.owners.may_take(&open.owner) {
                return Ok(None);
            }
            if let Some(ended) = &open.end {
                // What is decided is only to be booked.
                match pages.close((&key, revision), ended).await {
                    Err(error) if !error.is_conflict() => return Err(error),
                    _ => return Ok(None),
                }
            }
            let whole = open.request().and_then(|request| Some((open.plan(&request)?, request)));
            let Some((plan, request)) = whole else {
                error!(job = key, "the record of this job is not whole, so it is left alone");
                return Ok(None);
            };
            let value = OpenJob { owner, ..open };
            match pages.open.update(&key, &value, revision).await {
                Ok(revision) => {
                    let entry = Entry { key, revision, value };
                    return Ok(Some(Self::new(pages.clone(), (request, plan), entry)));
                }
                // Its owner has just written; the next time it learns that it has lost the job. Or another was faster.
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

    /// How many blocks the account has before the first of the job's.
    pub(crate) const fn before(&self) -> u64 {
        self.open.before
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

    /// Waits until the job may be somebody else's: nobody may be sure of it then before the next write.
    pub(crate) async fn lost(&self) {
        self.pages.owners.lost(&self.open.owner).await;
    }

    async fn reach(&mut self, phase: Phase) -> Result<(), Gone> {
        self.open.phase = phase;
        let written = self.put().await;
        self.heard(written).map(drop)
    }

    /// Writes the job's end into the books, and then takes it from the open ones. Neither is flushed: a job that is open
    /// again after the power was lost ends again as the ledger says.
    ///
    /// # Errors
    /// The job is not this worker's any more.
    pub(crate) async fn end(mut self, end: End<'_>) -> Result<(), Gone> {
        let hashes = self.hashes_before.saturating_add(end.hashes);
        let ended = self.open.ended(&self.request, End { hashes, ..end }, unix_ms());
        if self.pages.owners.is_shared() {
            // Decided where its owner alone can write, before it is booked: others may have the job by now.
            self.open.end = Some(ended.clone());
            let written = self.put().await;
            if self.heard(written)?.is_none() {
                return Ok(());
            }
        }
        let closed = self.pages.close((&self.key, self.revision), &ended).await;
        self.heard(closed).map(drop)
    }

    /// What comes of a write: `None` where it failed, but may be done another time.
    fn heard<T>(&self, written: Result<T, StoreError>) -> Result<Option<T>, Gone> {
        self.pages.hear(written.as_ref().err());
        match written {
            Ok(written) => Ok(Some(written)),
            Err(StoreError::Closed | StoreError::Conflict { .. }) => Err(Gone),
            Err(_) => Ok(None),
        }
    }

    /// Writes the job as it stands, if it is this worker's.
    async fn put(&mut self) -> Result<(), StoreError> {
        let mut written = self.write(self.revision).await;
        if let Err(error) = &written
            && error.is_conflict()
            && let Some(found) = self.pages.open.get(&self.key).await?
            && found.value.owner == self.open.owner
        {
            // A write that was told to have failed may have been done.
            written = self.write(found.revision).await;
        }
        self.revision = written?;
        Ok(())
    }

    /// Before anything is published, all that was written is flushed; what has been published the ledger knows, too.
    async fn write(&self, revision: Revision) -> Result<Revision, StoreError> {
        if self.open.phase < Phase::Published && self.open.end.is_none() {
            self.pages.open.update(&self.key, &self.open, revision).await
        } else {
            self.pages.open.note(&self.key, &self.open, revision).await
        }
    }
}
