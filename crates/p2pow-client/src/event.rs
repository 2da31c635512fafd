//! [`Event`]: what happens on the way of a job, for whoever wants to watch.

use crate::{DealReport, Item, OrderKey, Outcome, Reward, Worker};
use nano_primitives::{Account, Amount, BlockHash};
use std::net::IpAddr;
use tokio::sync::mpsc::UnboundedSender;

/// A step of a job. Told in the order in which things happen.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Another payment of the account is at work, in this process or another one: it is waited for.
    Waiting {
        /// Who, by its own word.
        holder: String,
    },
    /// An earlier payment that was not decided when the journal was read, as it is now.
    Earlier {
        /// What became of it.
        report: DealReport,
    },
    /// Other blocks are about to be signed in the place of these, on purpose.
    Replaced {
        /// What was there.
        report: DealReport,
    },
    /// Workers were found on the ledger.
    WorkersFound {
        /// How many are registered at addresses that may be dialled.
        registered: usize,
        /// Those that are asked first.
        asked: Vec<Worker>,
        /// Registrations that were left out because of their addresses.
        not_dialable: usize,
    },
    /// A worker does the job at an acceptable price.
    Quoted {
        /// Who.
        address: IpAddr,
        /// Where its reward goes.
        account: Account,
        /// Its price of this job, in raw.
        price: Amount,
    },
    /// A worker's offer could not be had, or is not acceptable.
    Unusable {
        /// Who.
        address: IpAddr,
        /// Why not.
        reason: String,
    },
    /// One of several nodes is not believed about the account, or is behind the others.
    NodeSetAside {
        /// The node, without credentials.
        url: String,
        /// Why.
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
    /// A reward is signed for one more worker: another has failed, or takes too long.
    Promised {
        /// Its reward block.
        reward: Reward,
    },
    /// One more worker could not be hired.
    NotHired {
        /// Who.
        address: IpAddr,
        /// Why not.
        reason: String,
    },
    /// Nobody delivers, so the same user blocks are worked on here, or by the user's work servers.
    OwnWork {
        /// How many.
        blocks: usize,
    },
    /// Own work was not found.
    OwnWorkFailed {
        /// Why not.
        reason: String,
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
    /// The node's WebSocket tells nothing, or nothing any more: the node is polled. Told once a deal.
    NotSubscribed {
        /// Why.
        reason: String,
    },
    /// What a worker said could not be written to the journal. Its blocks are published all the same.
    NotWritten {
        /// Why not.
        reason: String,
    },
    /// How far the payment has come: told when something of it is signed, and when the ledger has shown
    /// what became of it.
    Progress {
        /// Which payment.
        key: OrderKey,
        /// Its orders, each with what became of it.
        items: Vec<Item>,
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
