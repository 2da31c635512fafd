//! From a request's bytes to a job: everything that can be said without the node.

use crate::{
    Job, Phase,
    job::Reply,
    table::{Entry, Place},
    worker::Worker,
};
use p2pow_protocol::{Refusal, WorkRequest, check_request};
use std::{sync::Arc, time::Duration};
use tokio::sync::OwnedSemaphorePermit;

/// Seconds after which a full worker is worth another try, if it does not know better.
const RETRY_AFTER: u64 = 10;

/// Seconds after which a worker is asked to be tried again at the latest.
const LONGEST_WAIT: f64 = 600.0;

impl Worker {
    /// Takes a request in, or finds the job that it is already.
    ///
    /// A new job goes on by itself from here, whether its client waits or not.
    pub(crate) fn admit(self: &Arc<Self>, body: &[u8]) -> Result<Job, Refusal> {
        self.check_difficulty()?;
        let request = WorkRequest::parse(body, self.config.max_user_blocks)?;
        check_request(&request, &self.terms())?;
        match self.table.enter(request, &self.events, || self.slot())? {
            Entry::Joined(job) => Ok(job),
            Entry::New(place) => {
                let job = place.job.clone();
                job.announce();
                self.spawn(live(Arc::clone(self), place));
                Ok(job)
            }
        }
    }

    pub(crate) fn check_difficulty(&self) -> Result<(), Refusal> {
        let network = self.network.borrow();
        if network.multiplier <= self.config.max_multiplier {
            return Ok(());
        }
        Err(Refusal::DifficultyTooHigh { retry_after: network.next_look() })
    }

    fn slot(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        if self.is_closing() {
            return Err(Refusal::ShuttingDown { retry_after: RETRY_AFTER });
        }
        Arc::clone(&self.slots).try_acquire_owned().map_err(|_| self.queue_full())
    }

    /// What a new job is told while there is no slot.
    pub(crate) fn queue_full(&self) -> Refusal {
        Refusal::QueueFull { retry_after: self.expected_wait() }
    }

    /// Seconds until all works that are asked for now should be found.
    fn expected_wait(&self) -> u64 {
        let wait = self.expected_seconds().map(|seconds| seconds.clamp(1.0, LONGEST_WAIT));
        wait.map_or(RETRY_AFTER, |seconds| Duration::from_secs_f64(seconds).as_secs())
    }
}

/// How a job ends that is not to be watched any more.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) phase: Phase,
    pub(crate) reply: Reply,
}

impl Ending {
    pub(crate) const fn lost(refusal: Refusal) -> Self {
        Self { phase: Phase::Lost, reply: Err(refusal) }
    }

    pub(crate) const fn failed(refusal: Refusal) -> Self {
        Self { phase: Phase::Failed, reply: Err(refusal) }
    }
}

/// A job's life. Its slot is given up as soon as no more work is needed, its place in the table at the end.
async fn live(worker: Arc<Worker>, mut place: Place) {
    let job = place.job.clone();
    match worker.work(&job).await {
        Ok(blocks) => {
            place.slot = None;
            worker.watch(&job, &blocks).await;
        }
        Err(Ending { phase, reply }) => job.conclude(phase, reply),
    }
    worker.tally.count(&job);
}
