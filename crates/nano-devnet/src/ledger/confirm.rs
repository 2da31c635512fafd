//! Confirmation heights: a block is confirmed after all that it rests on.

use super::{Confirmed, Ledger, UnknownBlock};
use nano_primitives::BlockHash;

impl Ledger {
    /// What would be confirmed with `hash`: the unconfirmed blocks that it rests on (predecessors,
    /// and the sends that they receive), then itself. Empty if it is confirmed.
    ///
    /// # Errors
    /// The block is not in the ledger.
    pub fn to_confirm(&self, hash: &BlockHash) -> Result<Vec<BlockHash>, UnknownBlock> {
        if self.block(hash).is_none() {
            return Err(UnknownBlock { hash: *hash });
        }
        let mut order = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut open = vec![*hash];
        while let Some(top) = open.last().copied() {
            let waits = |hash: &BlockHash| !self.is_confirmed(hash) && !seen.contains(hash);
            match self.dependencies(&top).into_iter().flatten().find(|hash| waits(hash)) {
                Some(dependency) => open.push(dependency),
                None => {
                    open.pop();
                    if waits(&top) {
                        seen.insert(top);
                        order.push(top);
                    }
                }
            }
        }
        Ok(order)
    }

    /// Confirms a block and all that it rests on; answers what was newly confirmed, in order.
    ///
    /// # Errors
    /// The block is not in the ledger.
    pub fn confirm(&mut self, hash: &BlockHash) -> Result<Vec<BlockHash>, UnknownBlock> {
        let order = self.to_confirm(hash)?;
        for hash in &order {
            self.cement(hash);
        }
        Ok(order)
    }

    fn dependencies(&self, hash: &BlockHash) -> [Option<BlockHash>; 2] {
        self.block(hash)
            .map_or([None, None], |record| [record.signed.block.previous(), record.source()])
    }

    pub(super) fn cement(&mut self, hash: &BlockHash) {
        if let Some(record) = self.blocks.get(hash) {
            let confirmed = Confirmed { height: record.height, frontier: *hash };
            self.confirmed.insert(record.account, confirmed);
            self.cemented += 1;
        }
    }
}
