//! Which root comes next.

use super::search::Search;
use std::collections::VecDeque;

/// Which of the roots of the same priority comes next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// The one that has waited longest.
    #[default]
    Fifo,
    /// Any of them.
    Random,
}

/// The roots that wait, in the order they came.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) searches: VecDeque<Search>,
    order: QueueOrder,
}

impl Queue {
    pub(super) const fn new(order: QueueOrder) -> Self {
        Self { searches: VecDeque::new(), order }
    }

    /// Takes out the root that comes next, if it is a suitable one.
    pub(super) fn pop_if(&mut self, is_suitable: impl Fn(&Search) -> bool) -> Option<Search> {
        let top = self.searches.iter().map(Search::priority).max()?;
        let places = self.searches.iter().enumerate();
        let mut urgent = places.filter(|(_, search)| search.priority() == top);
        let (place, _) = match self.order {
            QueueOrder::Fifo => urgent.next()?,
            QueueOrder::Random => {
                let urgent: Vec<_> = urgent.collect();
                urgent[random_below(urgent.len())]
            }
        };
        if is_suitable(&self.searches[place]) { self.searches.remove(place) } else { None }
    }
}

/// A random number below `bound`, which is not zero and small.
fn random_below(bound: usize) -> usize {
    let number = getrandom::u32().expect("the system has random numbers");
    usize::try_from(number).unwrap_or(0) % bound
}
