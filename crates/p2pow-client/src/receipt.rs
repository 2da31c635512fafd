//! [`Receipt`]: a payment that is done, and who was hired and paid for it. [`DealReport`]: what the journal says of any
//! chain of signed blocks.

use crate::{
    Fate, Order, OrderKey, Quote, WorkError,
    journal::{DealRecord, RewardRecord, UserRecord},
};
use nano_block::SignedState;
use nano_primitives::{Account, Amount, BlockHash};
use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

/// A payment that is done: the sender's own node says that the user blocks are confirmed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Receipt {
    /// Which payment.
    pub key: OrderKey,
    /// The user blocks in the order of the orders, with the work that they are on the ledger with, if it is known.
    pub users: Vec<SignedState>,
    /// The rewards that were confirmed in time, one for each job that the orders were split into. Where none was, one of
    /// those signed may still be published.
    pub rewards: Vec<Paid>,
    /// Everybody who was hired by this call, in the order of the user's policy; nobody if all was done before.
    pub hired: Vec<Hired>,
    /// From asking the workers for the work to the last confirmation, as far as this call did it.
    pub elapsed: Duration,
    /// Whether all of it was confirmed before this call, which has signed nothing.
    pub is_earlier: bool,
}

/// A reward block that is on the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Paid {
    /// The block, with its work.
    pub block: SignedState,
    /// Where the worker was asked.
    pub address: IpAddr,
    /// The account that was paid.
    pub account: Account,
    /// How much, in raw.
    pub price: Amount,
}

/// A worker that was hired.
#[derive(Debug, Clone)]
pub struct Hired {
    /// Who, and for how much.
    pub quote: Quote,
    /// The reward block that it was given.
    pub reward: BlockHash,
    /// What it answered. Its own word: the ledger says who won.
    pub outcome: Outcome,
    /// How long after the first one it was hired.
    pub after: Duration,
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

impl Outcome {
    /// The outcome in a word or two: `delivered`, `without_reward`, `failed`, `lost` or `unanswered`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::WithoutReward => "without_reward",
            Self::Failed(_) => "failed",
            Self::Lost(_) => "lost",
            Self::Unanswered => "unanswered",
        }
    }
}

impl Receipt {
    /// The reward of the last job.
    #[must_use]
    pub fn winner(&self) -> Option<&Paid> {
        self.rewards.last()
    }

    /// Whether this worker was paid for the job that it was hired for.
    #[must_use]
    pub fn is_paid(&self, hired: &Hired) -> bool {
        self.rewards.iter().any(|paid| paid.block.hash() == hired.reward)
    }
}

impl Paid {
    /// The reward of this record.
    pub(crate) fn of(reward: &RewardRecord) -> Self {
        let RewardRecord { address, price, block, .. } = *reward;
        Self { block, address, account: block.block.link.to_account(), price }
    }
}

/// A signed reward block.
#[derive(Debug, Clone, Copy)]
pub struct Reward {
    /// Where the worker was asked.
    pub address: IpAddr,
    /// The block.
    pub hash: BlockHash,
    /// How much, in raw.
    pub price: Amount,
}

impl Reward {
    /// The reward of this record.
    pub(crate) fn of(reward: &RewardRecord) -> Self {
        Self { address: reward.address, hash: reward.block.hash(), price: reward.price }
    }
}

/// An order, the block that carries it out, and what became of that.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// What was ordered.
    pub order: Order,
    /// The block, if one was signed, or was about to be.
    pub block: Option<BlockHash>,
    /// The signed block itself.
    pub signed: Option<SignedState>,
    /// What became of it.
    pub fate: Fate,
}

impl Item {
    /// An order that there is no block for.
    pub(crate) const fn unsigned(order: Order) -> Self {
        Self { order, block: None, signed: None, fate: Fate::Unsigned }
    }

    /// Whether it is sure that no block of it is on the ledger or will ever be: none was about to be signed, or what was
    /// signed can never be confirmed.
    #[must_use]
    pub fn is_void(&self) -> bool {
        match self.fate {
            Fate::Impossible => true,
            // The signer was asked for it, or about to be: nobody else knows what came of that.
            Fate::Unsigned => self.block.is_none(),
            Fate::Confirmed | Fate::OnLedger | Fate::Possible | Fate::Unknown => false,
        }
    }

    /// What the record says of it.
    pub(crate) fn of(user: &UserRecord) -> Self {
        let (block, signed) = (Some(user.block.hash()), user.signed());
        Self { order: user.order, block, signed, fate: user.fate }
    }
}

/// What became of the orders, in words.
pub(crate) fn summary(items: &[Item]) -> impl fmt::Display {
    let count = |is: &dyn Fn(Fate) -> bool| items.iter().filter(|item| is(item.fate)).count();
    let [Item { block: Some(hash), fate, .. }] = items else {
        let unsigned = match count(&|fate| fate == Fate::Unsigned) {
            0 => String::new(),
            unsigned => format!(", {unsigned} are not signed yet"),
        };
        return format!(
            "of {} blocks {} are confirmed, {} may still be, {} can never be{unsigned}",
            items.len(),
            count(&|fate| fate == Fate::Confirmed),
            count(&Fate::is_open),
            count(&|fate| fate == Fate::Impossible),
        );
    };
    match fate {
        Fate::Unsigned => format!("block {hash} is not signed"),
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

/// What the journal says of one chain of signed blocks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DealReport {
    /// Whose blocks they are.
    pub account: Account,
    /// The payment that they are for.
    pub key: OrderKey,
    /// The block below the first; zero for an account that was not opened.
    pub previous: BlockHash,
    /// The user blocks in their order.
    pub items: Vec<Item>,
    /// Every reward block on top of them, with what became of it.
    pub rewards: Vec<(Reward, Fate)>,
    /// The confirmed block that stands where one of the user blocks should.
    pub rival: Option<BlockHash>,
    /// Whether another payment was put in its place on purpose.
    pub is_replaced: bool,
    /// Whether the fate of every block is decided.
    pub is_over: bool,
    /// When it was begun, in seconds since 1970.
    pub created: u64,
}

impl DealReport {
    /// The report of a record.
    pub(crate) fn of(deal: &DealRecord) -> Self {
        let rewards = deal.rewards.iter();
        Self {
            account: deal.account,
            key: deal.order.clone(),
            previous: deal.previous(),
            items: deal.users.iter().map(Item::of).collect(),
            rewards: rewards.map(|reward| (Reward::of(reward), reward.fate)).collect(),
            rival: deal.rival,
            is_replaced: deal.is_replaced,
            is_over: deal.is_over,
            created: deal.created,
        }
    }

    /// What became of the user blocks, in words.
    #[must_use]
    pub fn summary(&self) -> String {
        summary(&self.items).to_string()
    }

    /// Whether all user blocks are confirmed.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.items.iter().all(|item| item.fate == Fate::Confirmed)
    }
}
