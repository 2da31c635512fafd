//! `request_work`: the blocks a worker is asked to find work for.

use crate::{
    BlockProblem, MAX_BYTES_PER_BLOCK, Refusal,
    wire::{self, Object},
};
use alloc::{vec, vec::Vec};
use nano_block::SignedState;
use nano_primitives::{Account, Amount, BlockHash, Root, Work};
use serde::Serialize;
use serde_json::value::RawValue;

/// A job: one or more user blocks of one chain and the reward block that pays for them.
///
/// Holding one says that every block is well formed, not that it is right: see
/// [`check_request`](crate::check_request).
///
/// Two requests are equal if their blocks are, whatever work came with them.
#[derive(Debug, Clone)]
pub struct WorkRequest {
    /// Never empty.
    users: Vec<SignedState>,
    reward: SignedState,
    is_batch: bool,
    /// Works that came with the blocks, in their order.
    works: Vec<Option<Work>>,
}

impl PartialEq for WorkRequest {
    fn eq(&self, other: &Self) -> bool {
        let same = |(ours, theirs): (&SignedState, &SignedState)| {
            (ours.block, ours.signature) == (theirs.block, theirs.signature)
        };
        self.is_batch == other.is_batch
            && self.users.len() == other.users.len()
            && self.blocks().zip(other.blocks()).all(same)
    }
}

impl Eq for WorkRequest {}

/// A batch without user blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a batch has no user blocks, wanted at least 1")]
pub struct EmptyBatch;

impl WorkRequest {
    /// A request in the form that every worker knows.
    #[must_use]
    pub fn single(user: SignedState, reward: SignedState) -> Self {
        let works = vec![user.work, reward.work];
        Self { users: vec![user], reward, is_batch: false, works }
    }

    /// A request in the form for workers with the feature `batch`.
    ///
    /// # Errors
    /// There are no user blocks.
    pub fn batch(users: Vec<SignedState>, reward: SignedState) -> Result<Self, EmptyBatch> {
        if users.is_empty() {
            return Err(EmptyBatch);
        }
        let works = users.iter().chain([&reward]).map(|block| block.work).collect();
        Ok(Self { users, reward, is_batch: true, works })
    }

    /// Reads a request body of at most `max_user_blocks` user blocks.
    ///
    /// Signatures are left to [`check_request`](crate::check_request), but for one case: before the malformed reward
    /// block of a single user block is reported that one's signature is checked, since a wrong one comes first in the
    /// protocol's order. Work that comes with a block is taken along if it can be read, and judged by nobody yet.
    ///
    /// # Errors
    /// Rules 1 to 5 of the protocol as far as the form goes, and the limits on size.
    pub fn parse(body: &[u8], max_user_blocks: usize) -> Result<Self, Refusal> {
        let raw: &RawValue = serde_json::from_slice(body).map_err(|_| Refusal::InvalidJson)?;
        let parts = wire::object(raw).ok_or(Refusal::UserMissing)?;
        let (users, is_batch) = user_parts(&parts)?;
        let reward = wire::get(&parts, "reward_block").ok_or(Refusal::RewardMissing)?;
        check_size(body, users.len(), max_user_blocks)?;
        let works = users.iter().copied().chain([reward]).map(wire::read_work).collect();
        let users = read_users(&users)?;
        let reward = read_reward(reward).or_else(|refusal| {
            if !is_batch {
                verify_users(&users)?;
            }
            Err(refusal)
        })?;
        Ok(Self { users, reward, is_batch, works })
    }

    /// The request body, in the form it was made for.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let reward_block = &self.reward;
        if self.is_batch {
            wire::to_json(&BatchBody { user_blocks: &self.users, reward_block })
        } else {
            wire::to_json(&SingleBody { user_block: self.first(), reward_block })
        }
    }

    /// The user blocks in their order; at least one.
    #[must_use]
    pub fn users(&self) -> &[SignedState] {
        &self.users
    }

    /// The first user block.
    #[must_use]
    pub fn first(&self) -> &SignedState {
        // Every constructor refuses a request without user blocks.
        &self.users[0]
    }

    /// The last user block, on which the reward block stands.
    #[must_use]
    pub fn last(&self) -> &SignedState {
        &self.users[self.users.len() - 1]
    }

    /// The reward block.
    #[must_use]
    pub const fn reward(&self) -> &SignedState {
        &self.reward
    }

    /// All blocks in the order in which they are published: the user blocks, then the reward block.
    pub fn blocks(&self) -> impl Iterator<Item = &SignedState> {
        self.users.iter().chain([&self.reward])
    }

    /// The works that came with the blocks, in the order of [`blocks`](Self::blocks). Nobody has judged them yet.
    #[must_use]
    pub fn works(&self) -> &[Option<Work>] {
        &self.works
    }

    /// Whether the request and its answer have the form of a batch.
    #[must_use]
    pub const fn is_batch(&self) -> bool {
        self.is_batch
    }

    /// The account whose chain grows.
    #[must_use]
    pub fn account(&self) -> Account {
        self.first().block.account
    }

    /// What the first block's work is bound to. One account can have one job for a root.
    #[must_use]
    pub fn root(&self) -> Root {
        self.first().root()
    }

    /// The hash of the reward block, which names the job: it commits to every block before it.
    #[must_use]
    pub fn id(&self) -> BlockHash {
        self.reward.hash()
    }

    /// What the reward block pays, or `None` if its balance is not below the user's.
    #[must_use]
    pub fn paid(&self) -> Option<Amount> {
        let paid = self.last().block.balance.checked_sub(self.reward.block.balance)?;
        (!paid.is_zero()).then_some(paid)
    }
}

#[derive(Serialize)]
struct SingleBody<'a> {
    user_block: &'a SignedState,
    reward_block: &'a SignedState,
}

#[derive(Serialize)]
struct BatchBody<'a> {
    user_blocks: &'a [SignedState],
    reward_block: &'a SignedState,
}

/// The user blocks' JSON, and whether they stand in a list.
fn user_parts<'a>(parts: &Object<'a>) -> Result<(Vec<&'a RawValue>, bool), Refusal> {
    match (wire::get(parts, "user_block"), wire::get(parts, "user_blocks")) {
        (Some(_), Some(_)) => Err(Refusal::InvalidUser(BlockProblem::Ambiguous)),
        (Some(block), None) => Ok((vec![block], false)),
        (None, Some(list)) => {
            let list: Vec<&RawValue> = serde_json::from_str(list.get())
                .map_err(|_| Refusal::InvalidUser(BlockProblem::NotAList))?;
            if list.is_empty() { Err(Refusal::UserMissing) } else { Ok((list, true)) }
        }
        (None, None) => Err(Refusal::UserMissing),
    }
}

fn check_size(body: &[u8], found: usize, max: usize) -> Result<(), Refusal> {
    if found > max {
        return Err(Refusal::TooManyBlocks { found, max });
    }
    let limit = (found + 1) * MAX_BYTES_PER_BLOCK;
    if body.len() > limit { Err(Refusal::TooLarge { limit }) } else { Ok(()) }
}

fn read_users(users: &[&RawValue]) -> Result<Vec<SignedState>, Refusal> {
    users.iter().map(|raw| wire::read_block(raw).map_err(Refusal::InvalidUser)).collect()
}

fn read_reward(reward: &RawValue) -> Result<SignedState, Refusal> {
    let has_link = |fields: Object<'_>| {
        ["link", "link_as_account"].iter().any(|key| wire::get(&fields, key).is_some())
    };
    if wire::object(reward).is_some_and(|fields| !has_link(fields)) {
        return Err(Refusal::RewardLinkMissing);
    }
    wire::read_block(reward).map_err(Refusal::InvalidReward)
}

/// The signature part of rule 4.
pub(crate) fn verify_users(users: &[SignedState]) -> Result<(), Refusal> {
    let verify = |user: &SignedState| user.verify().map_err(BlockProblem::Signature);
    users.iter().try_for_each(verify).map_err(Refusal::InvalidUser)
}
