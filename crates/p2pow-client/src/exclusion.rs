//! [`stands_apart`]: the proof that a signed block can never be on the ledger together with what is signed next.
//!
//! That a block "can never be confirmed" is a node's word. Before an order is signed a second time, the chain below the
//! account's frontier is followed back, hash by hash, to where the first block would stand. What stands there in its
//! place is an ancestor of everything that is signed from now on: so whatever the node says, and whatever it made up, the
//! ledger takes one of the two payments at most.

use crate::{Nodes, StateError};
use nano_primitives::BlockHash;

/// Blocks that an account may have gone on with.
const MAX_STEPS: usize = 1_000_000;

/// Whether the chain that ends with `frontier` holds another block than `block` on top of `previous`. `false` if it is
/// the very block.
pub(crate) async fn stands_apart(
    node: &Nodes,
    frontier: BlockHash,
    previous: BlockHash,
    block: BlockHash,
) -> Result<bool, StateError> {
    let mut hash = frontier;
    for _ in 0..MAX_STEPS {
        // The client checks that the block hashes to what it was asked for.
        let info = node.block_info(&hash).await?.ok_or(StateError::Missing { hash })?;
        let below = info.contents.block.previous().unwrap_or(BlockHash::ZERO);
        if below == previous {
            return Ok(hash != block);
        }
        if below.is_zero() {
            break;
        }
        hash = below;
    }
    Err(StateError::Missing { hash: previous })
}
