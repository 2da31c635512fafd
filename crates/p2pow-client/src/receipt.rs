//! How a job ended: with a [`Receipt`], or [`Unsettled`], with what is known of each signed block.

use crate::{Fate, Quote, WorkError, config::seconds};
use nano_block::SignedState;
use nano_primitives::{Amount, BlockHash};
use nano_rpc::RpcError;
use std::{net::IpAddr, sync::Arc, time::Duration};

/// A job that is done: the sender's own node says that the user blocks are confirmed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Receipt {
    /// The user blocks in their order, with the work that they are on the ledger with.
    pub users: Vec<SignedState>,
    /// The reward, if one was confirmed in time. Where none was, one of those signed may still be published.
    pub reward: Option<Paid>,
    /// Everybody who was hired, in the order of the user's policy.
    pub hired: Vec<Hired>,
    /// From asking the workers for the work to the reward's confirmation.
    pub elapsed: Duration,
}

/// The reward block that is on the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Paid {
    /// The block, with its work.
    pub block: SignedState,
    /// Whose it is: a place in [`Receipt::hired`].
    pub winner: usize,
}

/// A worker that was hired.
#[derive(Debug, Clone)]
pub struct Hired {
    /// Who, and for how much.
    pub quote: Quote,
    /// What it answered. Its own word: the ledger says who won.
    pub outcome: Outcome,
}

/// What a hired worker answered.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The work of every block, and it is right.
    Delivered,
    /// The work of the user's blocks; the node did not take its reward block.
    WithoutReward,
    /// A refusal, or nothing of use.
    Failed(Arc<WorkError>),
    /// A refusal once the user's blocks were on the ledger by another worker's hand: it lost the race.
    Lost(Arc<WorkError>),
    /// Nothing until the deal was over.
    Unanswered,
}

impl Receipt {
    /// The worker that was paid.
    #[must_use]
    pub fn winner(&self) -> Option<&Hired> {
        self.reward.and_then(|paid| self.hired.get(paid.winner))
    }
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

/// A signed deal that was not seen to be done as a whole.
///
/// Everybody who was hired has the signed blocks. Where a block's fate is open it may still be confirmed, whatever the
/// sender does, until the account goes on with another block.
#[derive(Debug, thiserror::Error)]
#[error("{cause}; {}", self.summary())]
#[non_exhaustive]
pub struct Unsettled {
    /// What ended the waiting.
    pub cause: Cause,
    /// The block below the first user block; zero for an account that was not opened.
    pub previous: BlockHash,
    /// The user blocks in their order, each with what became of it.
    pub users: Vec<(SignedState, Fate)>,
    /// The reward block of each hired worker, with what became of it.
    pub rewards: Vec<(Reward, Fate)>,
    /// Everybody who was hired, in the order of the user's policy.
    pub hired: Vec<Hired>,
    /// From asking the workers for the work to giving up.
    pub elapsed: Duration,
}

/// What ended the waiting for a deal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// Nobody did the work.
    #[error("no hired worker did the work ({answers})")]
    NobodyDelivered {
        /// What they answered.
        answers: String,
    },
    /// The ledger does not show it in time.
    #[error("not confirmed after {}{}", seconds(*.after), because(.last.as_ref()))]
    TimedOut {
        /// How long was waited.
        after: Duration,
        /// Why the node could not be asked lately, if it could not.
        last: Option<RpcError>,
    },
    /// The account has another block in its place.
    #[error("the account went on with block {by}")]
    Superseded {
        /// The confirmed block that stands in the place of one of the deal.
        by: BlockHash,
    },
}

fn because(last: Option<&RpcError>) -> String {
    last.map_or_else(String::new, |error| format!(" ({error})"))
}

impl Unsettled {
    /// What became of the user blocks, in words.
    #[must_use]
    pub fn summary(&self) -> String {
        let [(block, fate)] = self.users.as_slice() else {
            return format!(
                "of {} blocks {} are confirmed, {} may still be, {} can never be",
                self.users.len(),
                self.count(|fate| fate == Fate::Confirmed),
                self.count(Fate::is_open),
                self.count(|fate| fate == Fate::Impossible),
            );
        };
        let hash = block.hash();
        match fate {
            Fate::Confirmed => format!("block {hash} is confirmed"),
            Fate::OnLedger => format!("block {hash} is on the ledger, but not confirmed yet"),
            Fate::Possible => format!(
                "block {hash} is not on the ledger, but may still be published until the account moves on"
            ),
            Fate::Impossible => format!("block {hash} can never be confirmed"),
            Fate::Unknown => format!(
                "the node does not say what became of block {hash}: it may be on the ledger, or still be published"
            ),
        }
    }

    /// The block that the first user block which is not confirmed stands on; zero for an account that was not opened.
    ///
    /// While it is the account's last block, the same orders for what is left make the very same blocks.
    #[must_use]
    pub fn stands_on(&self) -> BlockHash {
        let confirmed = self.users.iter().take_while(|(_, fate)| *fate == Fate::Confirmed);
        confirmed.last().map_or(self.previous, |(user, _)| user.hash())
    }

    /// How many user blocks have a fate of this kind.
    pub fn count(&self, is: impl Fn(Fate) -> bool) -> usize {
        self.users.iter().filter(|(_, fate)| is(*fate)).count()
    }

    /// Whether it is sure that none of the user blocks is, or will ever be, on the ledger.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.users.iter().all(|(_, fate)| *fate == Fate::Impossible)
    }
}
