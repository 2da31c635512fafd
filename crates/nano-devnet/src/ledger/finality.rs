//! What is for good, and what is not: blocks are confirmed after all that they rest on, and unconfirmed ones can be
//! rolled back with all that rests on them.

use super::{
    error::{RollbackError, UnknownBlock},
    record::{BlockRecord, Effect},
    tables::Ledger,
};
use nano_primitives::{Account, BlockHash};

/// Confirmation.
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
        // A stack, not recursion: chains are as long as somebody makes them.
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
}

/// Rollback.
impl Ledger {
    /// Takes an unconfirmed block out, after its successors and the receives of its sends; answers
    /// what was taken out, in order.
    ///
    /// # Errors
    /// The block is not in the ledger, or confirmed.
    pub fn rollback(&mut self, hash: &BlockHash) -> Result<Vec<BlockHash>, RollbackError> {
        let account = self.check_rollback(hash)?;
        let mut taken = Vec::new();
        let mut accounts = vec![account];
        while let Some(account) = accounts.last().copied() {
            if self.block(hash).is_none() {
                break;
            }
            // A send goes only after the chain that received it was taken back that far.
            match self.receiver_in_the_way(&account) {
                Some(receiver) => accounts.push(receiver),
                None => {
                    taken.push(self.undo_frontier(&account));
                    if accounts.len() > 1 {
                        accounts.pop();
                    }
                }
            }
        }
        Ok(taken)
    }

    /// Whose chain the block is on, if it may be rolled back. Nothing that rests on an unconfirmed
    /// block is confirmed, so this one check is enough.
    ///
    /// # Errors
    /// The block is not in the ledger, or confirmed.
    pub fn check_rollback(&self, hash: &BlockHash) -> Result<Account, RollbackError> {
        let record = self.block(hash).ok_or(UnknownBlock { hash: *hash })?;
        if self.is_confirmed(hash) {
            return Err(RollbackError::Confirmed { hash: *hash });
        }
        Ok(record.account)
    }

    /// Who received what the account's last block sent.
    fn receiver_in_the_way(&self, account: &Account) -> Option<Account> {
        let frontier = self.account(account)?.frontier;
        let destination = self.block(&frontier)?.destination()?;
        let waits = self.receivable_entry(&destination, &frontier).is_some();
        (!waits).then_some(destination)
    }

    fn undo_frontier(&mut self, account: &Account) -> BlockHash {
        let info = self.accounts.remove(account).expect("only opened accounts are rolled back");
        let record = self.blocks.remove(&info.frontier).expect("a frontier is in the ledger");
        self.take_weight(info.representative, info.balance);
        self.undo_effect(&info.frontier, &record);
        if let Some(before) = record.before {
            self.give_weight(before.representative, before.balance);
            self.set_successor(&before.frontier, None);
            self.accounts.insert(*account, before);
        }
        info.frontier
    }

    fn undo_effect(&mut self, hash: &BlockHash, record: &BlockRecord) {
        match record.effect {
            Effect::None => {}
            Effect::Sent { destination, .. } => {
                self.receivable.remove(&(destination, *hash));
            }
            Effect::Received { source, entry } => {
                self.receivable.insert((record.account, source), entry);
            }
        }
    }
}
