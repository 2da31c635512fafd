//! [`Elsewhere`]: a job that is open in a journal which several share, as those see it who do not have it.
//! [`Unfinished`]: the same, as the operator sees it. [`Seen`]: a job that is open or was.

use super::{
    line::OPEN,
    record::{EndedJob, OpenJob},
};
use crate::job::phase::Phase;
use nano_primitives::{BlockHash, Work};
use p2pow_protocol::{Plan, WorkRequest};
use p2pow_store::{Entry, Records, Store, StoreError};
use std::sync::Arc;

/// A job that is open, at whichever worker.
#[derive(Debug, Clone)]
pub(crate) struct Elsewhere {
    pub(super) entry: Entry<OpenJob>,
    request: WorkRequest,
    plan: Plan,
}

impl Elsewhere {
    /// The job of a record; `None` if that is not whole.
    pub(super) fn of(entry: Entry<OpenJob>) -> Option<Self> {
        let request = entry.value.request()?;
        let plan = entry.value.plan(&request)?;
        Some(Self { entry, request, plan })
    }

    pub(crate) const fn request(&self) -> &WorkRequest {
        &self.request
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where the job stands.
    pub(crate) const fn phase(&self) -> Phase {
        self.entry.value.phase
    }

    /// All works, once they are found.
    pub(crate) fn works(&self) -> Option<&[Work]> {
        self.entry.value.works.as_deref()
    }

    /// The hashes tried for them, once they are found.
    pub(crate) const fn hashes(&self) -> u64 {
        self.entry.value.hashes
    }
}

/// A job as the journal has it.
#[derive(Debug, Clone)]
pub(crate) enum Seen {
    /// It goes on, at whichever worker.
    Open(Box<Elsewhere>),
    /// It is in the books, or will be at once.
    Ended(EndedJob),
}

impl From<Elsewhere> for Seen {
    fn from(job: Elsewhere) -> Self {
        match job.entry.value.end {
            Some(ended) => Self::Ended(ended),
            None => Self::Open(Box::new(job)),
        }
    }
}

/// A job that is not at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// The reward block's hash, which names the job.
    pub id: BlockHash,
    /// Who has it, by the name by which it shares the journal.
    pub owner: String,
    /// Where it stands: solving, publishing or published.
    pub phase: Phase,
    /// When its work was to start, in milliseconds since 1970.
    pub admitted_ms: u64,
}

/// All jobs that are not at their end, but those that nobody can read.
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn unfinished(store: Arc<dyn Store>) -> Result<Vec<Unfinished>, StoreError> {
    let entries = Records::<OpenJob>::new(store, OPEN).all("").await?;
    let jobs = entries.into_iter().filter_map(|entry| {
        let OpenJob { owner, phase, admitted_ms, .. } = &entry.value;
        let id = entry.value.request()?.id();
        Some(Unfinished { id, owner: owner.to_string(), phase: *phase, admitted_ms: *admitted_ms })
    });
    Ok(jobs.collect())
}
