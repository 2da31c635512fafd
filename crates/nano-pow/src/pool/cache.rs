//! [`Cache`]: works found, for whoever asks for the same root again.

use crate::{Puzzle, Solution};
use nano_primitives::{Root, Work};
use std::collections::{HashMap, VecDeque};

/// The best work of each of the roots solved last.
#[derive(Debug)]
pub(super) struct Cache {
    works: HashMap<Root, Work>,
    /// The roots, the oldest first.
    age: VecDeque<Root>,
    capacity: usize,
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self { works: HashMap::new(), age: VecDeque::new(), capacity }
    }

    /// Work that is known and good enough.
    pub(super) fn find(&self, puzzle: &Puzzle) -> Option<Work> {
        let work = *self.works.get(&puzzle.root)?;
        puzzle.check(work).is_ok().then_some(work)
    }

    /// Keeps a solution, where there is no better one.
    pub(super) fn keep(&mut self, solution: &Solution) {
        let root = solution.puzzle().root;
        if self.capacity == 0 || self.find(&Puzzle::new(root, solution.value())).is_some() {
            return;
        }
        if self.works.insert(root, solution.work()).is_none() {
            self.age.push_back(root);
        }
        if self.age.len() > self.capacity {
            self.age.pop_front().map(|oldest| self.works.remove(&oldest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;
    use crate::{Puzzle, Solution};
    use nano_primitives::{Difficulty, Root, Work};

    fn solution(root: u8, nonce: u64) -> Solution {
        let puzzle = Puzzle::new(Root::from_bytes([root; 32]), Difficulty::MIN);
        puzzle.check(Work::from_u64(nonce)).unwrap()
    }

    #[test]
    fn the_best_work_is_kept() {
        let works: Vec<_> = (0..20).map(|nonce| solution(1, nonce)).collect();
        let best = works.iter().max_by_key(|work| work.value()).unwrap();
        let mut cache = Cache::new(1);
        works.iter().for_each(|work| cache.keep(work));
        let puzzle = Puzzle::new(best.puzzle().root, best.value());
        assert_eq!(cache.find(&puzzle), Some(best.work()));
        assert_eq!(cache.find(&Puzzle::new(puzzle.root, Difficulty::MAX)), None);
    }

    #[test]
    fn the_oldest_root_makes_room() {
        let mut cache = Cache::new(2);
        let works = [1, 2, 3].map(|root| solution(root, 0));
        works.iter().for_each(|work| cache.keep(work));
        assert_eq!(works.map(|work| cache.find(work.puzzle()).is_some()), [false, true, true]);
        assert_eq!((cache.works.len(), cache.age.len()), (2, 2));
    }

    #[test]
    fn without_room_nothing_is_kept() {
        let mut cache = Cache::new(0);
        cache.keep(&solution(1, 0));
        assert_eq!(cache.find(solution(1, 0).puzzle()), None);
    }
}
