//! [`Table`]: the jobs in flight, one for an account and a root, and the last ones that were.

use super::{Job, JobEvent, checks::Check};
use nano_primitives::{Account, BlockHash, Root};
use p2pow_protocol::{Refusal, WorkRequest};
use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::broadcast;

type Key = (Account, Root);

/// Jobs that are kept for those who ask how they ended.
const KEPT: usize = 256;

/// The jobs in flight, and the last ones that were. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(Arc<Mutex<Jobs>>);

#[derive(Debug, Default)]
struct Jobs {
    now: HashMap<Key, Job>,
    /// The oldest first.
    ended: VecDeque<Job>,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It is a new job, which leaves the table with its place, and its share of the room for checks.
    New(Place, Check),
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
    /// Finds the request's job, or makes one if there is room to check it.
    ///
    /// # Errors
    /// Another request has the same root, or there is no room.
    pub(crate) fn enter(
        &self,
        request: WorkRequest,
        events: &broadcast::Sender<JobEvent>,
        check: impl FnOnce() -> Result<Check, Refusal>,
    ) -> Result<Entry, Refusal> {
        let key = (request.account(), request.root());
        let mut jobs = self.lock();
        match jobs.now.get(&key) {
            Some(job) if *job.request() == request => Ok(Entry::Joined(job.clone())),
            Some(_) => Err(Refusal::Conflict),
            None => {
                let check = check()?;
                let job = Job::new(request, events.clone());
                jobs.now.insert(key, job.clone());
                Ok(Entry::New(Place { job, table: self.clone(), key }, check))
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
        match self.lock().now.entry(key) {
            hash_map::Entry::Occupied(_) => None,
            hash_map::Entry::Vacant(vacant) => {
                let job = vacant.insert(Job::new(request, events.clone())).clone();
                Some(Place { job, table: self.clone(), key })
            }
        }
    }

    /// Whether a job in flight has this request's root.
    pub(crate) fn has(&self, request: &WorkRequest) -> bool {
        self.lock().now.contains_key(&(request.account(), request.root()))
    }

    /// All jobs in flight.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        self.lock().now.values().cloned().collect()
    }

    /// What the works of all jobs in flight are bound to.
    pub(crate) fn roots(&self) -> HashSet<Root> {
        let jobs = self.lock();
        jobs.now.values().flat_map(|job| job.request().blocks().map(|block| block.root())).collect()
    }

    /// A job in flight, or one that ended lately.
    pub(crate) fn find(&self, id: &BlockHash) -> Option<Job> {
        let jobs = self.lock();
        let mut all = jobs.now.values().chain(jobs.ended.iter().rev());
        all.find(|job| job.id() == *id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut jobs = self.table.lock();
        jobs.now.remove(&self.key);
        if jobs.ended.len() >= KEPT {
            jobs.ended.pop_front();
        }
        jobs.ended.push_back(self.job.clone());
        drop(jobs);
        // Whatever ended the job's task, nobody is left waiting.
        self.job.abandon(&Refusal::UserWorkFailed);
    }
}
