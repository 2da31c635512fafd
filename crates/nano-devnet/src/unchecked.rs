//! [`Unchecked`]: blocks that came before something they rest on. As in a node they are kept, and applied once
//! that comes.

use crate::ledger::ProcessError;
use nano_block::{Block, SignedBlock};
use nano_primitives::{Account, BlockHash};
use std::collections::{BTreeMap, VecDeque};

/// The bytes of what is waited for: a block's hash, or an account that somebody must send to.
type Dependency = [u8; 32];

/// The waiting blocks; the oldest is dropped when there are too many.
#[derive(Debug)]
pub(crate) struct Unchecked {
    capacity: usize,
    blocks: BTreeMap<(Dependency, BlockHash), SignedBlock>,
    /// By age; may hold keys that are gone.
    ages: VecDeque<(Dependency, BlockHash)>,
}

impl Unchecked {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, blocks: BTreeMap::new(), ages: VecDeque::new() }
    }

    /// Keeps the block if the error says that it may be applied later.
    pub(crate) fn keep(&mut self, block: SignedBlock, error: ProcessError) {
        let Some(dependency) = dependency(&block.block, error) else { return };
        let key = (dependency, block.hash());
        if self.blocks.insert(key, block).is_none() {
            self.ages.push_back(key);
            self.shrink();
        }
    }

    /// Takes out what waited for the block.
    pub(crate) fn waiting_for(&mut self, hash: &BlockHash) -> Vec<SignedBlock> {
        self.take(hash.to_bytes())
    }

    /// Takes out what waited for a send to the account.
    pub(crate) fn waiting_for_send_to(&mut self, account: &Account) -> Vec<SignedBlock> {
        self.take(*account.as_bytes())
    }

    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&BlockHash, &SignedBlock)> {
        self.blocks.iter().map(|((_, hash), block)| (hash, block))
    }

    fn take(&mut self, dependency: Dependency) -> Vec<SignedBlock> {
        let (first, last) = (BlockHash::ZERO, BlockHash::from_bytes([0xff; 32]));
        let range = (dependency, first)..=(dependency, last);
        let keys: Vec<_> = self.blocks.range(range).map(|(key, _)| *key).collect();
        keys.iter().filter_map(|key| self.blocks.remove(key)).collect()
    }

    fn shrink(&mut self) {
        while self.blocks.len() > self.capacity {
            let Some(oldest) = self.ages.pop_front() else { return };
            self.blocks.remove(&oldest);
        }
        if self.ages.len() > 2 * self.capacity {
            let blocks = &self.blocks;
            self.ages.retain(|key| blocks.contains_key(key));
        }
    }
}

fn dependency(block: &Block, error: ProcessError) -> Option<Dependency> {
    match (error, block) {
        (ProcessError::GapPrevious, _) => block.previous().map(BlockHash::to_bytes),
        (ProcessError::GapSource, Block::State(state)) => Some(state.link.to_bytes()),
        (ProcessError::GapSource, Block::Open(open)) => Some(open.source.to_bytes()),
        (ProcessError::GapSource, Block::Receive(receive)) => Some(receive.source.to_bytes()),
        (ProcessError::GapEpochOpen, Block::State(state)) => Some(*state.account.as_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Unchecked;
    use crate::ledger::ProcessError;
    use nano_block::{Block, ReceiveBlock, SecretKey, SignedBlock};
    use nano_primitives::BlockHash;

    fn block(number: u8) -> SignedBlock {
        let previous = BlockHash::from_bytes([number; 32]);
        let block = Block::Receive(ReceiveBlock { previous, source: BlockHash::ZERO });
        block.sign(&SecretKey::from_bytes([7; 32]))
    }

    #[test]
    fn a_block_waits_for_its_predecessor() {
        let mut unchecked = Unchecked::new(10);
        unchecked.keep(block(1), ProcessError::GapPrevious);
        unchecked.keep(block(1), ProcessError::GapPrevious);
        unchecked.keep(block(2), ProcessError::Fork);
        assert_eq!(unchecked.len(), 1);
        assert_eq!(unchecked.waiting_for(&BlockHash::from_bytes([2; 32])), []);
        assert_eq!(unchecked.waiting_for(&BlockHash::from_bytes([1; 32])), [block(1)]);
        assert_eq!(unchecked.len(), 0);
    }

    #[test]
    fn the_oldest_is_dropped_when_there_are_too_many() {
        let mut unchecked = Unchecked::new(3);
        for number in 1..=9 {
            unchecked.keep(block(number), ProcessError::GapPrevious);
        }
        assert_eq!(unchecked.len(), 3);
        assert_eq!(unchecked.waiting_for(&BlockHash::from_bytes([6; 32])), []);
        assert_eq!(unchecked.waiting_for(&BlockHash::from_bytes([9; 32])), [block(9)]);
    }
}
