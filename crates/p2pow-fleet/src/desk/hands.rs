//! [`Hands`]: what each agent has in hand.

use crate::Name;
use std::collections::HashMap;

/// The orders that each agent was given, those for all too, and what they take. It is asked for every agent at each
/// order that is given, so the sums are kept.
#[derive(Debug, Default)]
pub(super) struct Hands(HashMap<Name, Hand>);

#[derive(Debug, Default)]
struct Hand {
    /// In the order in which it searches for them.
    orders: Vec<u64>,
    /// The hashes to be expected of them all.
    load: f64,
}

impl Hands {
    /// What an agent has.
    pub(super) fn of(&self, agent: &Name) -> &[u64] {
        self.0.get(agent).map_or(&[], |hand| &hand.orders)
    }

    /// The hashes to be expected of all that it has.
    pub(super) fn load(&self, agent: &Name) -> f64 {
        self.0.get(agent).map_or(0.0, |hand| hand.load)
    }

    pub(super) fn take(&mut self, agent: &Name, order: u64, expected: f64) {
        let hand = self.0.entry(agent.clone()).or_default();
        hand.orders.push(order);
        hand.load += expected;
    }

    pub(super) fn let_go(&mut self, agent: &Name, order: u64, expected: f64) {
        let Some(hand) = self.0.get_mut(agent) else { return };
        let before = hand.orders.len();
        hand.orders.retain(|held| *held != order);
        if hand.orders.is_empty() {
            self.0.remove(agent);
        } else if hand.orders.len() < before {
            hand.load -= expected;
        }
    }

    /// Takes all from an agent.
    pub(super) fn empty(&mut self, agent: &Name) -> Vec<u64> {
        self.0.remove(agent).map(|hand| hand.orders).unwrap_or_default()
    }

    /// Who has something.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Name, &[u64])> {
        self.0.iter().map(|(agent, hand)| (agent, hand.orders.as_slice()))
    }
}
