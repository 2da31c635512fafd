//! [`reference()`]: what everything is measured against.

use nano_pow::{Backend, NonceRange, Task, backend_fn};
use std::thread;

/// Nonces between two looks at the stop flag: a tenth of a millisecond.
const BATCH: u64 = 512;

/// The plain loop over the crate `blake2` on some threads, which is what other work servers do on a processor.
pub(super) fn reference(threads: usize) -> impl Backend {
    backend_fn(format!("cpu {threads} x blake2 crate"), move |task| {
        thread::scope(|scope| {
            for nonces in task.nonces().parts(threads as u64) {
                scope.spawn(move || search(task, nonces));
            }
        });
        Ok(())
    })
}

fn search(task: &Task<'_>, mut rest: NonceRange) {
    while !rest.is_empty() && !task.is_stopped() {
        let (batch, after) = rest.split_at(BATCH);
        let puzzle = task.puzzle();
        if let Some(work) = batch.iter().find(|work| work.value(&puzzle.root) >= puzzle.threshold) {
            task.found(work);
        }
        task.count(batch.count());
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::reference;
    use nano_pow::{Backend, NonceRange, Puzzle, Stop, Task};
    use nano_primitives::{Difficulty, Root};
    use std::slice;

    #[test]
    fn the_reference_finds_work_and_counts() {
        let puzzle = Puzzle::new(Root::ZERO, Difficulty::from_u64(0xff00_0000_0000_0000));
        let stop = Stop::new();
        let task = Task::new(puzzle, NonceRange::new(0, 1 << 16), &stop);
        reference(2).search(slice::from_ref(&task)).unwrap();
        assert!(puzzle.check(task.work().unwrap()).is_ok());
        assert!(task.hashes() > 0);
    }
}
