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

/// The tasks, and the nonces that are left for those that are not solved.
#[derive(Debug)]
pub(super) struct Hunt<'a> {
    tasks: &'a [Task<'a>],
    nonces: Vec<Option<Cutter>>,
}

impl<'a> Hunt<'a> {
    pub(super) fn new(tasks: &'a [Task<'a>]) -> Self {
        Self { tasks, nonces: tasks.iter().map(|task| Some(Cutter::new(task.nonces()))).collect() }
    }

    /// Whether any task is still to be searched for.
    pub(super) fn is_wanted(&self) -> bool {
        self.nonces.iter().zip(self.tasks).any(is_wanted)
    }

    /// Nonces for a submission, `count` together, the same for each task.
    pub(super) fn cut(&mut self, count: u64) -> Vec<Part> {
        let tasks = self.nonces.iter().zip(self.tasks).filter(|task| is_wanted(*task)).count();
        let share = count / u64::try_from(tasks).unwrap_or(1).max(1);
        let open = self.nonces.iter_mut().zip(self.tasks).enumerate();
        open.filter(|(_, (_, task))| !task.is_stopped())
            .filter_map(|(index, (nonces, _))| {
                nonces.as_mut()?.cut(share).map(|stretch| Part { task: index, stretch })
            })
            .collect()
    }

    /// Takes in the parts of a submission and the offsets of what the device found in them.
    /// Returns the nonces tried, where that was all of them.
    pub(super) fn evaluate(
        &mut self,
        parts: impl IntoIterator<Item = (Part, Option<u32>)>,
        found: &dyn Fn(usize, Work),
    ) -> Result<Option<u64>, WrongWork> {
        let mut tried = Some(0);
        for (Part { task: index, stretch }, offset) in parts {
            let task = &self.tasks[index];
            if self.nonces[index].is_none() {
                // It was solved by an earlier submission, and this one ended at once.
                tried = None;
            } else if let Some(offset) = offset {
                tried = None;
                task.count(stretch.tried(offset));
                let solution = task.job().check(Work::from_u64(stretch.nonce(offset)))?;
                self.nonces[index] = None;
                found(index, solution.work());
            } else {
                let count = u64::from(stretch.count());
                task.count(count);
                tried = tried.map(|tried| tried + count);
            }
        }
        Ok(tried)
    }
}

fn is_wanted((nonces, task): (&Option<Cutter>, &Task<'_>)) -> bool {
    nonces.is_some() && !task.is_stopped()
}
