//! [`DealRecord`] and [`OrderRecord`]: what the journal says of signed blocks, and of the payments that they carry out.

use super::term::{Term, Termed};
use crate::{
    Fate,
    fate::{Branch, Chain, Findings, Milestone},
    order::{Order, OrderKey},
};
use nano_block::{Epoch, SignedState, StateBlock, Subtype};
use nano_primitives::{Account, Amount, BlockHash, Signature, Work};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::net::IpAddr;

/// A payment and the deals that carry it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderRecord {
    pub(crate) account: Account,
    pub(crate) key: OrderKey,
    /// The fingerprint of the orders: the key stands for these and no others.
    pub(crate) digest: String,
    /// How many orders there are.
    pub(crate) orders: usize,
    /// Written before the deal it names, so a deal may not be there, or be another payment's.
    pub(crate) parts: Vec<Part>,
    /// Whoever ordered it was told that it is done.
    pub(crate) is_told: bool,
    /// Another payment was put in its place.
    pub(crate) is_withdrawn: bool,
    /// Seconds since 1970.
    pub(crate) created: u64,
}

/// A deal and the orders that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) deal: String,
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// A chain of user blocks that was signed, or is about to be, with every reward block that was signed on top.
///
/// That it is there is the right to its root: no other block of the user is signed on the same previous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DealRecord {
    pub(crate) account: Account,
    pub(crate) order: OrderKey,
    /// Which order the first user block is for.
    pub(crate) first: usize,
    /// The account's balance before the first user block.
    pub(crate) balance: Amount,
    /// The account's epoch before it, if it is known.
    pub(crate) epoch: Option<u8>,
    #[serde(deserialize_with = "one_at_least")]
    pub(crate) users: Vec<UserRecord>,
    pub(crate) rewards: Vec<RewardRecord>,
    /// The confirmed block that stands where one of the user blocks should.
    pub(crate) rival: Option<BlockHash>,
    /// The deal on the same root that this one was put in the place of.
    pub(crate) replaces: Option<String>,
    /// Another deal was put in its place on purpose. It may be confirmed all the same.
    pub(crate) is_replaced: bool,
    /// What became of every block is decided.
    pub(crate) is_over: bool,
    /// Seconds since 1970.
    pub(crate) created: u64,
    /// In which of its holders' terms it was written last.
    #[serde(default, skip_serializing_if = "Term::is_none")]
    pub(crate) term: Term,
}

/// Its safety rests on the deals that it names.
impl Termed for OrderRecord {}

impl Termed for DealRecord {
    fn term(&mut self) -> Option<&mut Term> {
        Some(&mut self.term)
    }
}

/// A block of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserRecord {
    pub(crate) order: Order,
    pub(crate) block: StateBlock,
    /// Without one the signer may have been asked, but nothing has left.
    pub(crate) signature: Option<Signature>,
    /// What a worker found, or what the block is on the ledger with.
    pub(crate) work: Option<Work>,
    pub(crate) fate: Fate,
}

/// A reward block and whom it pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RewardRecord {
    pub(crate) address: IpAddr,
    pub(crate) price: Amount,
    /// The place of the user block that it stands on.
    pub(crate) on: usize,
    pub(crate) block: SignedState,
    pub(crate) fate: Fate,
    /// What the worker answered, last of all.
    pub(crate) said: Option<Said>,
}

/// A worker's answer. Its own word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

/// A deal stands on the block below its first user block, so it has one.
fn one_at_least<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<UserRecord>, D::Error> {
    let users = Vec::<UserRecord>::deserialize(deserializer)?;
    if users.is_empty() { Err(D::Error::custom("a deal without a user block")) } else { Ok(users) }
}

impl DealRecord {
    /// The block below the first; zero for an account that was not opened.
    pub(crate) fn previous(&self) -> BlockHash {
        self.users[0].block.previous
    }

    /// Whether every user block is signed.
    pub(crate) fn is_signed(&self) -> bool {
        self.users.iter().all(|user| user.signature.is_some())
    }

    /// How many user blocks are confirmed: the first so many.
    pub(crate) fn confirmed(&self) -> usize {
        self.users.iter().take_while(|user| user.fate == Fate::Confirmed).count()
    }

    /// The block that the first user block which is not confirmed stands on.
    pub(crate) fn stands_on(&self) -> BlockHash {
        match self.confirmed() {
            0 => self.previous(),
            count => self.users[count - 1].block.hash(),
        }
    }

    /// The signed user blocks of these places.
    pub(crate) fn signed(&self, places: std::ops::Range<usize>) -> Vec<SignedState> {
        self.users[places].iter().filter_map(UserRecord::signed).collect()
    }

    /// What each user block does.
    pub(crate) fn subtypes(&self) -> Vec<Subtype> {
        let mut balance = self.balance;
        let subtype = |user: &UserRecord| {
            let before = std::mem::replace(&mut balance, user.block.balance);
            user.block.subtype(before).expect("a built block sends, receives or changes")
        };
        self.users.iter().map(subtype).collect()
    }

    /// The account's epoch before the first block, if it is known.
    pub(crate) fn epoch(&self) -> Option<Epoch> {
        self.epoch.and_then(Epoch::from_number)
    }

    /// The blocks as they should stand on the ledger.
    pub(crate) fn chain(&self) -> Chain {
        let branch = |reward: &RewardRecord| Branch { hash: reward.block.hash(), on: reward.on };
        Chain {
            account: self.account,
            previous: self.previous(),
            users: self.users.iter().map(|user| user.block.hash()).collect(),
            rewards: self.rewards.iter().map(branch).collect(),
        }
    }

    /// The reward of this block.
    pub(crate) fn reward(&self, hash: BlockHash) -> Option<&RewardRecord> {
        self.rewards.iter().find(|reward| reward.block.hash() == hash)
    }

    /// The reward that is confirmed.
    pub(crate) fn paid(&self) -> Option<&RewardRecord> {
        self.rewards.iter().find(|reward| reward.fate == Fate::Confirmed)
    }

    /// Takes over what the worker of this reward block said.
    pub(crate) fn hear(&mut self, reward: BlockHash, said: Said) {
        let mut rewards = self.rewards.iter_mut();
        if let Some(reward) = rewards.find(|known| known.block.hash() == reward) {
            reward.said = Some(said);
        }
    }

    /// Takes over the work of a block of the deal.
    pub(crate) fn add_work(&mut self, block: &SignedState) {
        let users = self.users.iter_mut().filter(|user| user.block == block.block);
        users.for_each(|user| user.work = block.work);
        let rewards = self.rewards.iter_mut().filter(|reward| reward.block.block == block.block);
        rewards.for_each(|reward| reward.block.work = block.work);
    }

    /// Takes over what a node showed.
    pub(crate) fn learn(&mut self, found: &Findings) {
        for (user, seen) in self.users.iter_mut().zip(&found.users) {
            // What nobody has a signature of cannot be published.
            let is_bare = user.signature.is_none() && seen.fate == Fate::Possible;
            user.fate = if is_bare { user.fate } else { user.fate.and(seen.fate) };
            user.work = seen.work.or(user.work);
        }
        for (reward, seen) in self.rewards.iter_mut().zip(&found.rewards) {
            reward.fate = reward.fate.and(seen.fate);
            reward.block.work = seen.work.or(reward.block.work);
        }
        self.rival = found.rival.or(self.rival);
        self.close();
    }

    /// Takes over that so much was seen before, should the node not have said it again.
    /// `end` is the place after the last block of the job that was watched.
    pub(crate) fn remember(&mut self, (known, end): (Milestone, usize)) {
        if let Milestone::Rewarded(hash) = known {
            let mut rewards = self.rewards.iter_mut();
            let reward = rewards.find(|reward| reward.block.hash() == hash);
            reward.into_iter().for_each(|reward| reward.fate = Fate::Confirmed);
        }
        if matches!(known, Milestone::Rewarded(_) | Milestone::UserConfirmed) {
            self.users[..end].iter_mut().for_each(|user| user.fate = Fate::Confirmed);
        }
        self.close();
    }

    fn close(&mut self) {
        let is_decided = |fate| matches!(fate, Fate::Confirmed | Fate::Impossible);
        let is_over = self.fates().all(is_decided);
        self.is_over = is_over;
    }

    fn fates(&self) -> impl Iterator<Item = Fate> {
        let users = self.users.iter().map(|user| user.fate);
        users.chain(self.rewards.iter().map(|reward| reward.fate))
    }
}

impl UserRecord {
    /// The block with its signature, if there is one.
    pub(crate) fn signed(&self) -> Option<SignedState> {
        let signature = self.signature?;
        Some(SignedState { block: self.block, signature, work: self.work })
    }
}
