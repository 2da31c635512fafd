//! What everything is measured against.

use nano_pow::{Backend, BackendError, NonceRange, Task};
use nano_primitives::Work;
use std::{sync::OnceLock, thread};

/// Nonces between two looks at the stop flag: a tenth of a millisecond.
const BATCH: u64 = 512;

/// The plain loop over the crate `blake2`, which is what other work servers do on a processor.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) threads: usize,
}

impl Backend for Reference {
    fn name(&self) -> String {
        format!("cpu {} x blake2 crate", self.threads)
    }

    fn search(&self, task: &Task<'_>) -> Result<Option<Work>, BackendError> {
        let found = &OnceLock::new();
        thread::scope(|scope| {
            for nonces in task.nonces().parts(self.threads as u64) {
                scope.spawn(move || search(task, nonces, found));
            }
        });
        Ok(found.get().copied())
    }
}

fn search(task: &Task<'_>, mut rest: NonceRange, found: &OnceLock<Work>) {
    while !rest.is_empty() && !task.is_stopped() && found.get().is_none() {
        let (batch, after) = rest.split_at(BATCH);
        let job = task.job();
        if let Some(work) = batch.iter().find(|work| work.value(&job.root) >= job.threshold) {
            // A second thread that finds work in this moment is too late.
            let _ = found.set(work);
        }
        task.count(batch.count());
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;
    use nano_pow::{Backend, Job, NonceRange, Stop, Task};
    use nano_primitives::{Difficulty, Root, Work};
    use std::sync::atomic::AtomicU64;

    #[test]
    fn the_reference_finds_work_and_counts() {
        let job = Job::new(Root::ZERO, Difficulty::from_u64(0xff00_0000_0000_0000));
        let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
        let task = Task::new(job, NonceRange::new(0, 1 << 16), &stop, &hashes);
        let work: Work = Reference { threads: 2 }.search(&task).unwrap().unwrap();
        assert!(job.check(work).is_ok());
        assert!(hashes.into_inner() > 0);
    }
}
