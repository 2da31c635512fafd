//! Own work for a job that no worker delivers: the same signed blocks, worked on by this computer or by work servers.
//!
//! It makes no block: what was signed for the workers is what is published, so that it can never pay twice. A worker
//! that comes late finds the user's blocks on the ledger, and may still put its reward on top.

use nano_block::{Epoch, Network, SignedState, Subtype};
use nano_pow::{Pool, PoolError, Puzzle};

/// The blocks that are to be worked on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocks<'a> {
    pub(crate) users: &'a [SignedState],
    pub(crate) subtypes: &'a [Subtype],
    pub(crate) epoch: Option<Epoch>,
    pub(crate) network: Network,
}

/// Finds the work of every block, in their order. Dropping the future ends the search.
pub(crate) async fn work(pool: &Pool, blocks: Blocks<'_>) -> Result<Vec<SignedState>, PoolError> {
    let thresholds = blocks.network.thresholds();
    let tickets: Vec<_> = blocks
        .users
        .iter()
        .zip(blocks.subtypes)
        .map(|(user, subtype)| {
            let threshold = thresholds.least_for(*subtype, blocks.epoch);
            (user, pool.submit(Puzzle::new(user.root(), threshold)))
        })
        .collect();
    let mut worked = Vec::with_capacity(tickets.len());
    for (user, ticket) in tickets {
        worked.push(user.with_work(ticket.await?.work()));
    }
    Ok(worked)
}
