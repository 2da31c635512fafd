//! [`Batch`]: the tasks that a device searches at the same time, cut into submissions.
//!
//! A [`Cutter`] cuts the nonces of a task into [`Stretch`]es, a [`Part`] is a stretch of one of the
//! tasks, and a submission has a part of each task that is still open.

use crate::{NonceRange, Task, WrongWork};
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
pub(super) struct Batch<'a> {
    tasks: &'a [Task<'a>],
    nonces: Vec<Cutter>,
}

impl<'a> Batch<'a> {
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

/// Nonces that are counted from one base, so that 32 bits tell them apart. Leaves room for the
/// last row of a dispatch to reach beyond its end.
const WINDOW: u64 = 1 << 31;

/// Nonces for one submission: `base` plus the offsets from `start` to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) base: u64,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Stretch {
    /// Whether the offsets begin anew, and with them the search for the least.
    pub(super) const fn is_fresh(&self) -> bool {
        self.start == 0
    }

    /// How many nonces these are.
    pub(super) const fn count(&self) -> u32 {
        self.end - self.start
    }

    /// The nonce at an offset.
    pub(super) fn nonce(&self, offset: u32) -> u64 {
        self.base.wrapping_add(u64::from(offset))
    }

    /// How many nonces were tried until the one at an offset was found.
    pub(super) fn tried(&self, offset: u32) -> u64 {
        u64::from(offset.saturating_sub(self.start)) + 1
    }
}

/// Cuts nonces into stretches as long as the device likes.
#[derive(Debug)]
pub(super) struct Cutter {
    window: NonceRange,
    rest: NonceRange,
    used: u64,
}

impl Cutter {
    pub(super) const fn new(nonces: NonceRange) -> Self {
        let (window, rest) = nonces.split_at(WINDOW);
        Self { window, rest, used: 0 }
    }

    /// The next stretch, of up to `count` nonces, or `None` when all are given away.
    pub(super) fn cut(&mut self, count: u64) -> Option<Stretch> {
        if self.used == self.window.count() {
            *self = Self::new(self.rest);
        }
        let start = self.used;
        self.used = start.saturating_add(count.max(1)).min(self.window.count());
        let offset = |count| {
            u32::try_from(count).expect("a window has fewer nonces than 32 bits tell apart")
        };
        let stretch =
            Stretch { base: self.window.first(), start: offset(start), end: offset(self.used) };
        (stretch.count() > 0).then_some(stretch)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cutter, WINDOW};
    use crate::NonceRange;

    #[test]
    fn stretches_cover_the_nonces_in_order() {
        for (count, piece) in
            [(0, 5), (1, 5), (10, 3), (3 * WINDOW + 7, WINDOW / 2 + 1), (WINDOW, u64::MAX)]
        {
            let first = u64::MAX - 5;
            let mut cutter = Cutter::new(NonceRange::new(first, count));
            let mut done = 0;
            while let Some(stretch) = cutter.cut(piece) {
                assert_eq!(stretch.nonce(stretch.start), first.wrapping_add(done));
                assert!(u64::from(stretch.count()) <= piece && u64::from(stretch.end) <= WINDOW);
                assert_eq!(stretch.is_fresh(), done % WINDOW == 0);
                done += u64::from(stretch.count());
            }
            assert_eq!(done, count);
        }
    }
}
