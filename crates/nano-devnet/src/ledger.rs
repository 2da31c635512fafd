//! The ledger: what nano_node's ledger allows, over maps in memory.
//!
//! A block is first *checked*, which changes nothing and yields a [`Change`], and then *committed*.
//! Between the two the caller can write the block down. No clock and no I/O: the time of a block is
//! handed in.

mod error;
mod finality;
mod legacy;
mod record;
mod state;
mod tables;

pub use {
    error::{ProcessError, RollbackError, UnknownBlock, WorkCheck},
    record::{AccountInfo, BlockRecord, Change, Confirmed, Receivable},
    tables::{Genesis, Ledger},
};

use nano_block::{Block, SignedBlock};
use nano_primitives::BlockHash;

/// What blocks must keep to.
impl Ledger {
    /// Checks a block in nano_node's order and tells what it would change.
    ///
    /// # Errors
    /// The first rule that the block breaks.
    pub fn check(&self, signed: &SignedBlock, work: WorkCheck) -> Result<Change, ProcessError> {
        match &signed.block {
            Block::State(block) => state::check(self, signed, block, work),
            Block::Send(block) => legacy::check_send(self, signed, block, work),
            Block::Receive(block) => legacy::check_receive(self, signed, block, work),
            Block::Open(block) => legacy::check_open(self, signed, block, work),
            Block::Change(block) => legacy::check_change(self, signed, block, work),
        }
    }

    /// Checks and commits a block; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// As [`check`](Self::check); the ledger is then unchanged.
    pub fn apply(
        &mut self,
        signed: &SignedBlock,
        work: WorkCheck,
        now: u64,
    ) -> Result<BlockHash, ProcessError> {
        let change = self.check(signed, work)?;
        Ok(self.commit(change, now))
    }
}
