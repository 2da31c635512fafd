//! The jobs that wait or are worked on, so that they can be counted and cancelled.
//!
//! The pool may serve others beside this server, so a client's word cancels only what came from that client.

use super::access::CallerId;
use crate::refusal::Refusal;
use nano_primitives::Root;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

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
    pub(crate) fn enter(&self, root: Root, owner: CallerId) -> Result<Seat, Refusal> {
        let mut list = self.lock();
        if list.entries.len() >= self.limit {
            return Err(Refusal::QueueFull { limit: self.limit });
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

#[cfg(test)]
mod tests {
    use super::{CallerId, Jobs};
    use crate::refusal::Refusal;
    use nano_primitives::Root;

    fn owner(name: &str) -> CallerId {
        CallerId::Key(name.into())
    }

    #[test]
    fn a_seat_is_free_again_when_its_job_ends() {
        let jobs = Jobs::new(1);
        let seat = jobs.enter(Root::ZERO, owner("alice")).unwrap();
        let full = jobs.enter(Root::ZERO, owner("alice")).map(drop);
        assert_eq!(full, Err(Refusal::QueueFull { limit: 1 }));
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
}
