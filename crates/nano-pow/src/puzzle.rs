//! [`Puzzle`]: what is to be solved, and [`Solution`]: the proof that it was.

use nano_primitives::{Difficulty, Root, Work};

/// A puzzle: find work whose value for `root` is at least `threshold`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Puzzle {
    /// What the work is bound to: the previous block's hash, or the account's key for its first
    /// block.
    pub root: Root,
    /// The least value that is good enough.
    pub threshold: Difficulty,
}

impl Puzzle {
    /// A puzzle by its two parts.
    #[must_use]
    pub const fn new(root: Root, threshold: Difficulty) -> Self {
        Self { root, threshold }
    }

    /// Checks proposed work by the plain definition of the puzzle.
    ///
    /// This is the only way to a [`Solution`], whoever found the work.
    ///
    /// # Errors
    /// The value of the work is below the threshold.
    pub fn check(&self, work: Work) -> Result<Solution, WrongWork> {
        let value = work.value(&self.root);
        if value < self.threshold {
            return Err(WrongWork { puzzle: *self, work, value });
        }
        Ok(Solution { puzzle: *self, work, value })
    }
}

/// Work that was checked: its value reaches the threshold of its puzzle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Solution {
    puzzle: Puzzle,
    work: Work,
    value: Difficulty,
}

impl Solution {
    /// The puzzle that is solved.
    #[must_use]
    pub const fn puzzle(&self) -> &Puzzle {
        &self.puzzle
    }

    /// The nonce that solves it.
    #[must_use]
    pub const fn work(&self) -> Work {
        self.work
    }

    /// What the nonce is worth, at least the threshold.
    #[must_use]
    pub const fn value(&self) -> Difficulty {
        self.value
    }
}

/// Work whose value is below the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "work {work} has the value {value} for root {}, wanted at least {}",
    puzzle.root,
    puzzle.threshold
)]
#[non_exhaustive]
pub struct WrongWork {
    /// The puzzle.
    pub puzzle: Puzzle,
    /// The nonce that was proposed.
    pub work: Work,
    /// What it is worth.
    pub value: Difficulty,
}
