//! What happens on the way of a job, for whoever wants to watch.

use crate::{Outcome, Worker};
use nano_primitives::{Account, Amount, BlockHash};
use std::net::IpAddr;
use tokio::sync::mpsc::UnboundedSender;

/// A step of a job. Told in the order in which things happen.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Workers were found on the ledger.
    WorkersFound {
        /// Those that are worth asking.
        workers: Vec<Worker>,
        /// Registrations that were left out because of their addresses.
        not_dialable: usize,
    },
    /// A worker told its offer.
    Offered {
        /// Who.
        address: IpAddr,
        /// Where its reward goes.
        account: Account,
        /// Its price of a send, in raw.
        fee: Amount,
    },
    /// A worker's offer could not be had, or is not acceptable.
    Unusable {
        /// Who.
        address: IpAddr,
        /// Why not.
        reason: String,
    },
    /// The account's frontier was verified.
    StateVerified {
        /// The last block; `None` for an unopened account.
        frontier: Option<BlockHash>,
        /// The balance it proves, in raw.
        balance: Amount,
    },
    /// Everything is signed. From here on the deal may happen at any time.
    Signed {
        /// The user's blocks in their order.
        users: Vec<BlockHash>,
        /// The reward block of each hired worker.
        rewards: Vec<Reward>,
    },
    /// A worker was asked to do the work.
    Hired {
        /// Who.
        address: IpAddr,
    },
    /// A worker answered, or will not.
    Answered {
        /// Who.
        address: IpAddr,
        /// What.
        outcome: Outcome,
    },
    /// The sender's node says that the last user block is confirmed.
    UserConfirmed {
        /// The block.
        hash: BlockHash,
    },
    /// The sender's node says that a reward block is confirmed.
    RewardConfirmed {
        /// The block.
        hash: BlockHash,
        /// Whose reward it is.
        address: IpAddr,
    },
}

/// A signed reward block.
#[derive(Debug, Clone, Copy)]
pub struct Reward {
    /// Whom it pays.
    pub address: IpAddr,
    /// The block.
    pub hash: BlockHash,
    /// How much, in raw.
    pub price: Amount,
}

/// Where events go, if anywhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events(pub(crate) Option<UnboundedSender<Event>>);

impl Events {
    /// Nobody listening is no fault.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(listener) = &self.0 {
            let _ = listener.send(event());
        }
    }
}
