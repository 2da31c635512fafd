//! What the host tells the device, as bytes.

use super::{graph::Program, stretch::Stretch};
use crate::{Puzzle, blake2b::root_words};

/// A job in the form in which the device knows it.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    threshold: u64,
    parameters: Vec<u64>,
}

impl Order {
    pub(super) fn new(program: &Program, puzzle: &Puzzle) -> Self {
        let parameters = program.parameter_values(&root_words(&puzzle.root));
        Self { threshold: puzzle.threshold.to_u64(), parameters }
    }

    /// The order to search a stretch, laid out as the `Order` of the kernels.
    pub(super) fn bytes(&self, stretch: &Stretch) -> Vec<u8> {
        let words = [stretch.base, self.threshold];
        let words = words.iter().chain(&self.parameters).flat_map(|word| word.to_le_bytes());
        let bounds = [stretch.start, stretch.end].into_iter().flat_map(u32::to_le_bytes);
        words.chain(bounds).collect()
    }

    /// How many bytes an order has.
    pub(super) fn size(program: &Program) -> u64 {
        8 * (3 + program.parameters().len() as u64)
    }
}
