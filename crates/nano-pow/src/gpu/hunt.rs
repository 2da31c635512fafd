//! Some tasks that a device searches for at the same time.

use super::stretch::{Cutter, Stretch};
use crate::{Task, WrongWork};
use nano_primitives::Work;

/// A stretch of the nonces of one of the tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Which task.
    pub(super) task: usize,
    pub(super) stretch: Stretch,
}

/// The tasks, and the nonces that are left for each.
#[derive(Debug)]
pub(super) struct Hunt<'a> {
    tasks: &'a [Task<'a>],
    nonces: Vec<Cutter>,
}

impl<'a> Hunt<'a> {
    pub(super) fn new(tasks: &'a [Task<'a>]) -> Self {
        Self { tasks, nonces: tasks.iter().map(|task| Cutter::new(task.nonces())).collect() }
    }

    /// Whether any task is still to be searched for.
    pub(super) fn is_wanted(&self) -> bool {
        self.tasks.iter().any(|task| !task.is_stopped())
    }

    /// Nonces for a submission, `count` together, the same for each task.
    pub(super) fn cut(&mut self, count: u64) -> Vec<Part> {
        let open: Vec<_> = self.tasks.iter().map(|task| !task.is_stopped()).collect();
        let tasks = open.iter().filter(|is_open| **is_open).count();
        let share = count / u64::try_from(tasks).unwrap_or(1).max(1);
        let cutters = self.nonces.iter_mut().zip(open).enumerate();
        cutters
            .filter(|(_, (_, is_open))| *is_open)
            .filter_map(|(task, (nonces, _))| Some(Part { task, stretch: nonces.cut(share)? }))
            .collect()
    }

    /// Takes in the parts of a submission and the offsets of what the device found in them.
    /// Returns the nonces tried, where that was all of them.
    pub(super) fn evaluate(
        &self,
        parts: impl IntoIterator<Item = (Part, Option<u32>)>,
    ) -> Result<Option<u64>, WrongWork> {
        let mut tried = Some(0);
        for (Part { task, stretch }, offset) in parts {
            let task = &self.tasks[task];
            if task.work().is_some() {
                // It was solved by an earlier submission, and this one ended at once.
                tried = None;
            } else if let Some(offset) = offset {
                tried = None;
                task.count(stretch.tried(offset));
                let solution = task.puzzle().check(Work::from_u64(stretch.nonce(offset)))?;
                task.found(solution.work());
            } else {
                let count = u64::from(stretch.count());
                task.count(count);
                tried = tried.map(|tried| tried + count);
            }
        }
        Ok(tried)
    }
}
