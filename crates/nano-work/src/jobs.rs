//! [`Jobs`]: the jobs that wait or are worked on, so that they can be counted and cancelled; [`Tally`]: what became of
//! those before.
//!
//! The pool may serve others beside this server, so a client's word cancels only what came from that client.

use crate::{access::CallerId, refusal::WorkRefusal};
use nano_primitives::Root;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};

/// The jobs in hand. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Jobs {
    limit: usize,
    list: Arc<Mutex<List>>,
}

#[derive(Debug, Default)]
struct List {
    entries: Vec<Entry>,
    last_id: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    root: Root,
    owner: CallerId,
    cancel: oneshot::Sender<()>,
}

/// A job's place, given up when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    jobs: Jobs,
    id: u64,
    cancelled: oneshot::Receiver<()>,
}

impl Jobs {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, list: Arc::default() }
    }

    /// Takes a job in, unless there are too many.
    pub(crate) fn enter(&self, root: Root, owner: CallerId) -> Result<Seat, WorkRefusal> {
        let mut list = self.lock();
        if list.entries.len() >= self.limit {
            return Err(WorkRefusal::QueueFull { limit: self.limit });
        }
        list.last_id += 1;
        let (id, (cancel, cancelled)) = (list.last_id, oneshot::channel());
        list.entries.push(Entry { id, root, owner, cancel });
        Ok(Seat { jobs: self.clone(), id, cancelled })
    }

    /// Cancels the owner's jobs for a root and says how many these were.
    pub(crate) fn cancel(&self, root: &Root, owner: &CallerId) -> usize {
        let mut list = self.lock();
        let meant = |entry: &mut Entry| entry.root == *root && entry.owner == *owner;
        let cancelled: Vec<Entry> = list.entries.extract_if(.., meant).collect();
        let count = cancelled.len();
        for entry in cancelled {
            // Nobody listens where the client has just hung up.
            let _ = entry.cancel.send(());
        }
        count
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Waits until the job is cancelled.
    pub(crate) async fn cancelled(&mut self) {
        // The other end is dropped by nobody but this seat and a cancel.
        let _ = (&mut self.cancelled).await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.jobs.lock().entries.retain(|entry| entry.id != self.id);
    }
}

/// Counts and times.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

/// What became of the requests, and how long works took from arrival to answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) generated: u64,
    pub(crate) cancelled: u64,
    pub(crate) abandoned: u64,
    pub(crate) failed: u64,
    pub(crate) validated: u64,
    pub(crate) refused: u64,
    pub(crate) last: Duration,
    pub(crate) longest: Duration,
    total: Duration,
}

impl Counts {
    /// The average time of a work.
    pub(crate) fn average(&self) -> Duration {
        let count = u32::try_from(self.generated).unwrap_or(u32::MAX);
        self.total.checked_div(count).unwrap_or_default()
    }
}

/// A job under way. Dropped before its end it counts as abandoned: the client has hung up.
#[derive(Debug)]
pub(crate) struct Course<'a> {
    tally: &'a Tally,
    started: Instant,
    is_over: bool,
}

impl Tally {
    pub(crate) fn counts(&self) -> Counts {
        *self.lock()
    }

    pub(crate) fn validated(&self) {
        self.lock().validated += 1;
    }

    /// Counts a request that was turned away; jobs that were taken are counted by their course.
    pub(crate) fn refused(&self, refusal: &WorkRefusal) {
        if !matches!(
            refusal,
            WorkRefusal::Cancelled | WorkRefusal::Failed(_) | WorkRefusal::ShuttingDown
        ) {
            self.lock().refused += 1;
        }
    }

    pub(crate) fn start(&self) -> Course<'_> {
        Course { tally: self, started: Instant::now(), is_over: false }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course<'_> {
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Counts the end of the job.
    pub(crate) fn end<T>(mut self, outcome: &Result<T, WorkRefusal>) {
        self.is_over = true;
        let (mut counts, time) = (self.tally.lock(), self.elapsed());
        match outcome {
            Ok(_) => counts.generated(time),
            Err(WorkRefusal::Cancelled | WorkRefusal::ShuttingDown) => counts.cancelled += 1,
            Err(_) => counts.failed += 1,
        }
    }
}

impl Counts {
    fn generated(&mut self, time: Duration) {
        self.generated += 1;
        self.last = time;
        self.longest = self.longest.max(time);
        self.total += time;
    }
}

impl Drop for Course<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.tally.lock().abandoned += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CallerId, Jobs, Tally};
    use crate::refusal::WorkRefusal;
    use nano_primitives::Root;
    use std::time::Duration;

    fn owner(name: &str) -> CallerId {
        CallerId::Key(name.into())
    }

    #[test]
    fn a_seat_is_free_again_when_its_job_ends() {
        let jobs = Jobs::new(1);
        let seat = jobs.enter(Root::ZERO, owner("alice")).unwrap();
        let full = jobs.enter(Root::ZERO, owner("alice")).map(drop);
        assert_eq!(full, Err(WorkRefusal::QueueFull { limit: 1 }));
        drop(seat);
        assert_eq!(jobs.len(), 0);
        assert!(jobs.enter(Root::ZERO, owner("alice")).is_ok());
    }

    #[tokio::test]
    async fn a_cancel_meets_all_jobs_of_its_owner_for_the_root_and_no_others() {
        let jobs = Jobs::new(9);
        let root = Root::from_bytes([1; 32]);
        let enter = |root, name| jobs.enter(root, owner(name)).unwrap();
        let mut meant = [enter(root, "alice"), enter(root, "alice")];
        let others = [enter(root, "bob"), enter(Root::ZERO, "alice")];
        assert_eq!(jobs.cancel(&root, &owner("alice")), 2);
        for seat in &mut meant {
            seat.cancelled().await;
        }
        assert_eq!(jobs.len(), others.len());
        assert_eq!(jobs.cancel(&root, &owner("alice")), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_is_counted_once_however_it_ends() {
        let tally = Tally::default();
        for (seconds, outcome) in [
            (1, Ok(())),
            (3, Ok(())),
            (9, Err(WorkRefusal::Cancelled)),
            (9, Err(WorkRefusal::Failed(String::new()))),
        ] {
            let course = tally.start();
            tokio::time::advance(Duration::from_secs(seconds)).await;
            course.end(&outcome);
        }
        drop(tally.start());
        let counts = tally.counts();
        let ends = [counts.generated, counts.cancelled, counts.failed, counts.abandoned];
        assert_eq!(ends, [2, 1, 1, 1]);
        let times = [counts.last, counts.longest, counts.average()].map(|time| time.as_secs());
        assert_eq!(times, [3, 3, 2]);
    }
}
