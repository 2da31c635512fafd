//! [`Table`]: the jobs in flight, one for an account and a root.

use super::{Job, JobEvent};
use nano_primitives::{Account, Root};
use p2pow_protocol::{Refusal, WorkRequest};
use std::{
    collections::{HashMap, hash_map},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, broadcast};

type Key = (Account, Root);

/// The jobs in flight. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(Arc<Mutex<HashMap<Key, Job>>>);

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It is a new job, which leaves the table with its place, and its share of the worker's room.
    New(Place, OwnedSemaphorePermit),
    /// The same request is in flight already.
    Joined(Job),
}

/// A new job's place in the table, which is given up when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) job: Job,
    table: Table,
    key: Key,
}

impl Table {
    /// Finds the request's job, or makes one if there is a slot for it.
    ///
    /// # Errors
    /// Another request has the same root, or there is no slot.
    pub(crate) fn enter(
        &self,
        request: WorkRequest,
        events: &broadcast::Sender<JobEvent>,
        slot: impl FnOnce() -> Result<OwnedSemaphorePermit, Refusal>,
    ) -> Result<Entry, Refusal> {
        let key = (request.account(), request.root());
        let mut jobs = self.lock();
        match jobs.get(&key) {
            Some(job) if *job.request() == request => Ok(Entry::Joined(job.clone())),
            Some(_) => Err(Refusal::Conflict),
            None => {
                let slot = slot()?;
                let job = Job::new(request, events.clone());
                jobs.insert(key, job.clone());
                Ok(Entry::New(Place { job, table: self.clone(), key }, slot))
            }
        }
    }

    /// A place for a job from before, if it has none.
    pub(crate) fn resume(
        &self,
        request: WorkRequest,
        events: &broadcast::Sender<JobEvent>,
    ) -> Option<Place> {
        let key = (request.account(), request.root());
        match self.lock().entry(key) {
            hash_map::Entry::Occupied(_) => None,
            hash_map::Entry::Vacant(vacant) => {
                let job = vacant.insert(Job::new(request, events.clone())).clone();
                Some(Place { job, table: self.clone(), key })
            }
        }
    }

    /// All jobs in flight.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.table.lock().remove(&self.key);
        // Whatever ended the job's task, nobody is left waiting.
        self.job.abandon(&Refusal::UserWorkFailed);
    }
}
