//! [`Fate`]: what became of a signed block, by the sender's own node. Nothing else counts as success, and nothing less
//! than another confirmed block in its place counts as failure.

use crate::Nodes;
use futures_util::{StreamExt, stream};
use nano_block::{Block, Epoch, SignedBlock};
use nano_primitives::{Account, BlockHash, Work};
use nano_rpc::{BlockInfo, RpcError};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};
use tokio::time::{Instant, timeout_at};

/// Blocks that are looked up at the same time.
const AT_ONCE: usize = 8;
/// Time to find out what stands in the place of a block.
const LOOK: Duration = Duration::from_secs(5);

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Nothing is signed that could be published.
    Unsigned,
    /// It is on the ledger for good.
    Confirmed,
    /// It is on the ledger, but not confirmed.
    OnLedger,
    /// It is not on the ledger. Whoever has it can publish it until the account goes on with another block.
    Possible,
    /// The account has gone on with another block, which is confirmed: it can never happen.
    Impossible,
    /// The node did not say. It may be on the ledger, or get there.
    Unknown,
}

impl Fate {
    /// The fate in a word or two: `unsigned`, `confirmed`, `on_ledger`, `possible`, `impossible` or `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Confirmed => "confirmed",
            Self::OnLedger => "on_ledger",
            Self::Possible => "possible",
            Self::Impossible => "impossible",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it is not decided: the block may be confirmed any time, or never.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::OnLedger | Self::Possible | Self::Unknown)
    }

    /// What is known once `seen` is seen too. A confirmed block stays so whatever a node says later, and an impossible
    /// one unless it turns out to be confirmed after all.
    #[must_use]
    pub(crate) const fn and(self, seen: Self) -> Self {
        match (self, seen) {
            (Self::Confirmed, _) | (_, Self::Confirmed) => Self::Confirmed,
            (Self::Impossible, _) => Self::Impossible,
            (Self::OnLedger | Self::Unsigned, Self::Unknown) => self,
            (_, seen) => seen,
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsigned => "not signed yet",
            Self::Confirmed => "confirmed",
            Self::OnLedger => "on the ledger, not confirmed yet",
            Self::Possible => "not on the ledger, may still be published",
            Self::Impossible => "can never be confirmed",
            Self::Unknown => "not known, may be on the ledger or still be published",
        })
    }
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Milestone {
    /// The last user block is not confirmed.
    Signed,
    /// It is; no reward is.
    UserConfirmed,
    /// This reward is confirmed too.
    Rewarded(BlockHash),
    /// The account has gone on with this block, so the job can never be done as a whole.
    Superseded(BlockHash),
}

/// What the node knows of one block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) fate: Fate,
    /// The work that it is on the ledger with.
    pub(crate) work: Option<Work>,
}

/// What the node knows of every block of a deal.
#[derive(Debug, Clone)]
pub(crate) struct Findings {
    pub(crate) users: Vec<Seen>,
    pub(crate) rewards: Vec<Seen>,
    /// The confirmed block that stands where one of the user blocks should.
    pub(crate) rival: Option<BlockHash>,
}

/// Signed blocks of one account: a chain of user blocks, and rewards that branch off from it.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) account: Account,
    /// The block below the first; zero for an account that was not opened.
    pub(crate) previous: BlockHash,
    /// Each on top of the one before.
    pub(crate) users: Vec<BlockHash>,
    pub(crate) rewards: Vec<Branch>,
}

/// A reward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) hash: BlockHash,
    /// The place of the user block that it stands on.
    pub(crate) on: usize,
}

impl Chain {
    /// The last user block.
    pub(crate) fn last(&self) -> BlockHash {
        self.users.last().copied().unwrap_or(self.previous)
    }

    /// The chain as if it ended before the user block at place `end`.
    pub(crate) fn until(mut self, end: usize) -> Self {
        self.users.truncate(end);
        self.rewards.retain(|reward| reward.on < end);
        self
    }

    /// The hashes of the user blocks and of the rewards.
    fn hashes(&self) -> impl Iterator<Item = BlockHash> {
        self.users.iter().copied().chain(self.rewards.iter().map(|reward| reward.hash))
    }

    /// What the first `confirmed` user blocks leave the next one to stand on.
    fn below(&self, confirmed: usize) -> BlockHash {
        confirmed.checked_sub(1).map_or(self.previous, |last| self.users[last])
    }
}

/// The places on the ledger where the blocks of a chain are, or should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ledger<'a> {
    pub(crate) node: &'a Nodes,
    pub(crate) chain: &'a Chain,
}

impl Ledger<'_> {
    /// How far it has come. What was confirmed once needs no second look.
    pub(crate) async fn milestone(&self, known: Milestone) -> Result<Milestone, RpcError> {
        if known == Milestone::Signed {
            match self.node.block_info(&self.chain.last()).await? {
                None => return self.superseded().await,
                Some(info) if !info.confirmed => return Ok(Milestone::Signed),
                Some(_) => {}
            }
        }
        let last = self.chain.users.len() - 1;
        for reward in self.chain.rewards.iter().filter(|reward| reward.on == last) {
            let found = self.node.block_info(&reward.hash).await?;
            if found.is_some_and(|info| info.confirmed) {
                return Ok(Milestone::Rewarded(reward.hash));
            }
        }
        Ok(Milestone::UserConfirmed)
    }

    /// A foreign frontier is the hint; the proof is the block that stands where one of the chain should.
    async fn superseded(&self) -> Result<Milestone, RpcError> {
        let info = self.node.account_info(&self.chain.account).await?;
        let frontier = info.and_then(|info| info.confirmed_frontier);
        let is_own = |hash: &BlockHash| {
            self.chain.previous == *hash || self.chain.users.iter().any(|own| own == hash)
        };
        if frontier.is_none_or(|hash| hash.is_zero() || is_own(&hash)) {
            return Ok(Milestone::Signed);
        }
        let found = self.find(Instant::now() + LOOK).await;
        Ok(found.rival.map_or(Milestone::Signed, Milestone::Superseded))
    }

    /// What became of every block, as far as it can be found out in time.
    pub(crate) async fn find(&self, until: Instant) -> Findings {
        let mut seen = self.look(until).await;
        let rewards = seen.split_off(self.chain.users.len());
        let mut found = Findings { users: seen, rewards, rival: None };
        let confirmed = found.conclude(self.chain);
        if let Some(reward) = found.paid_on(self.chain, confirmed) {
            // A block has one successor, and this is it.
            found.settle(self.chain, confirmed, reward);
            return found;
        }
        let below = self.chain.below(confirmed);
        if let Ok(Ok(Some(next))) = timeout_at(until, self.confirmed_on(below)).await {
            found.settle(self.chain, confirmed, next);
        }
        found
    }

    /// Looks up each block, the user's and then the rewards.
    async fn look(&self, until: Instant) -> Vec<Seen> {
        let hashes: Vec<BlockHash> = self.chain.hashes().collect();
        let mut seen = vec![Seen { fate: Fate::Unknown, work: None }; hashes.len()];
        let mut looks = stream::iter(hashes.into_iter().enumerate())
            .map(|(place, hash)| async move { (place, self.node.block_info(&hash).await) })
            .buffer_unordered(AT_ONCE);
        while let Ok(Some((place, look))) = timeout_at(until, looks.next()).await {
            if let Ok(info) = look {
                seen[place] = Seen::of(info.as_ref());
            }
        }
        seen
    }

    /// The confirmed block that stands on `below`, if the node shows one that the account or its network has made.
    async fn confirmed_on(&self, below: BlockHash) -> Result<Option<BlockHash>, RpcError> {
        let account = self.chain.account;
        let next = if below.is_zero() {
            self.node.account_info(&account).await?.map(|info| info.open_block)
        } else {
            self.node.block_info(&below).await?.and_then(|info| info.successor)
        };
        let Some(next) = next.filter(|hash| !hash.is_zero()) else { return Ok(None) };
        let info = self.node.block_info(&next).await?;
        let is_there = |info: &BlockInfo| {
            let previous = info.contents.block.previous().unwrap_or(BlockHash::ZERO);
            info.confirmed && previous == below && is_of(&info.contents, account)
        };
        Ok(info.is_some_and(|info| is_there(&info)).then_some(next))
    }
}

/// Whether the account signed the block, or it is an epoch block, which the network signs.
fn is_of(signed: &SignedBlock, account: Account) -> bool {
    let is_epoch = match &signed.block {
        Block::State(block) => Epoch::from_link(&block.link).is_some(),
        _ => false,
    };
    is_epoch || signed.verify_by(&account.public_key()).is_ok()
}

impl Seen {
    fn of(info: Option<&BlockInfo>) -> Self {
        match info {
            None => Self { fate: Fate::Possible, work: None },
            Some(info) => {
                let fate = if info.confirmed { Fate::Confirmed } else { Fate::OnLedger };
                Self { fate, work: info.contents.work }
            }
        }
    }
}

impl Findings {
    /// What stands below a confirmed block is confirmed too, and what branches off below one can never be. Answers how
    /// many user blocks are confirmed.
    fn conclude(&mut self, chain: &Chain) -> usize {
        let is_confirmed = |seen: &Seen| seen.fate == Fate::Confirmed;
        let users = self.users.iter().rposition(is_confirmed);
        let rewards = chain.rewards.iter().zip(&self.rewards);
        let rewarded = rewards.filter(|(_, seen)| is_confirmed(seen)).map(|(reward, _)| reward.on);
        let confirmed = users.into_iter().chain(rewarded).max().map_or(0, |last| last + 1);
        self.users[..confirmed].iter_mut().for_each(|seen| seen.fate = Fate::Confirmed);
        for (reward, seen) in chain.rewards.iter().zip(&mut self.rewards) {
            if reward.on + 1 < confirmed {
                seen.fate = Fate::Impossible;
            }
        }
        confirmed
    }

    /// The confirmed reward on top of the first `confirmed` user blocks, if there is one.
    fn paid_on(&self, chain: &Chain, confirmed: usize) -> Option<BlockHash> {
        let mut rewards = chain.rewards.iter().zip(&self.rewards);
        let is_paid = |reward: &Branch, seen: &Seen| {
            seen.fate == Fate::Confirmed && reward.on + 1 == confirmed
        };
        rewards.find(|(reward, seen)| is_paid(reward, seen)).map(|(reward, _)| reward.hash)
    }

    /// Applies that `next` is confirmed on top of the first `confirmed` user blocks.
    fn settle(&mut self, chain: &Chain, confirmed: usize, next: BlockHash) {
        if chain.users.get(confirmed) == Some(&next) {
            self.users[confirmed].fate = Fate::Confirmed;
            self.conclude(chain);
            return;
        }
        for seen in &mut self.users[confirmed..] {
            seen.fate = Fate::Impossible;
            self.rival = Some(next);
        }
        for (reward, seen) in chain.rewards.iter().zip(&mut self.rewards) {
            let is_next = reward.hash == next;
            seen.fate = if is_next { Fate::Confirmed } else { Fate::Impossible };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Branch, Chain, Fate, Findings, Seen};
    use Fate::{Confirmed, Impossible, OnLedger, Possible, Unknown};
    use nano_primitives::{Account, BlockHash};

    fn hash(name: usize) -> BlockHash {
        BlockHash::from_bytes([u8::try_from(name).unwrap(); 32])
    }

    /// User blocks 1, 2, … and rewards 101, 102, …, each on top of the user block at this place.
    fn chain(users: usize, rewards: &[usize]) -> Chain {
        let branch = |(number, &on): (usize, &usize)| Branch { hash: hash(101 + number), on };
        Chain {
            account: Account::ZERO,
            previous: hash(200),
            users: (1..=users).map(hash).collect(),
            rewards: rewards.iter().enumerate().map(branch).collect(),
        }
    }

    fn found(users: &[Fate], rewards: &[Fate]) -> Findings {
        let seen = |fates: &[Fate]| fates.iter().map(|&fate| Seen { fate, work: None }).collect();
        Findings { users: seen(users), rewards: seen(rewards), rival: None }
    }

    fn fates(seen: &[Seen]) -> Vec<Fate> {
        seen.iter().map(|seen| seen.fate).collect()
    }

    #[test]
    fn what_a_confirmed_block_stands_on_is_confirmed_whatever_the_node_says_of_it() {
        let mut middle = found(&[Unknown, OnLedger, Confirmed, Possible], &[Possible]);
        assert_eq!(middle.conclude(&chain(4, &[3])), 3);
        assert_eq!(fates(&middle.users), [Confirmed, Confirmed, Confirmed, Possible]);
        let mut paid = found(&[Unknown, Possible], &[Possible, Confirmed]);
        paid.conclude(&chain(2, &[1, 1]));
        assert_eq!(fates(&paid.users), [Confirmed, Confirmed]);
        let mut none = found(&[OnLedger, Unknown], &[Unknown]);
        assert_eq!(none.conclude(&chain(2, &[1])), 0);
        assert_eq!(fates(&none.users), [OnLedger, Unknown]);
    }

    #[test]
    fn a_reward_that_branches_off_decides_what_comes_after_it() {
        let tree = chain(3, &[1, 1, 2]);
        let mut early = found(&[Confirmed, Confirmed, Possible], &[Possible; 3]);
        early.settle(&tree, 2, hash(102));
        assert_eq!(fates(&early.users), [Confirmed, Confirmed, Impossible]);
        assert_eq!(fates(&early.rewards), [Impossible, Confirmed, Impossible]);
        assert_eq!(early.rival, Some(hash(102)));
        let mut later = found(&[Possible, Possible, Confirmed], &[Possible; 3]);
        later.conclude(&tree);
        assert_eq!(fates(&later.rewards), [Impossible, Impossible, Possible]);
    }

    #[test]
    fn a_confirmed_reward_is_what_its_user_block_is_followed_by() {
        let tree = chain(2, &[0, 1, 1]);
        let confirmed = found(&[Confirmed; 2], &[Possible, OnLedger, Confirmed]);
        assert_eq!(confirmed.paid_on(&tree, 2), Some(hash(103)));
        assert_eq!(confirmed.paid_on(&tree, 1), None, "it does not stand there");
        let open = found(&[Confirmed; 2], &[Possible, OnLedger, Unknown]);
        assert_eq!(open.paid_on(&tree, 2), None);
    }

    #[test]
    fn a_stranger_in_the_place_of_a_block_makes_the_rest_impossible() {
        let mut found = found(&[Confirmed, Possible], &[Possible]);
        found.settle(&chain(2, &[1]), 1, hash(150));
        assert_eq!(fates(&found.users), [Confirmed, Impossible]);
        assert_eq!(fates(&found.rewards), [Impossible]);
        assert_eq!(found.rival, Some(hash(150)));
    }

    #[test]
    fn what_was_known_is_not_forgotten_by_a_node_that_says_less() {
        assert_eq!(Confirmed.and(Possible), Confirmed);
        assert_eq!(OnLedger.and(Unknown), OnLedger);
        assert_eq!(OnLedger.and(Possible), Possible);
        assert_eq!(Possible.and(Unknown), Unknown, "it may be there by now");
        assert_eq!(Impossible.and(Possible), Impossible);
        assert_eq!(Impossible.and(Confirmed), Confirmed);
        assert_eq!(Fate::Unsigned.and(Possible), Possible);
    }
}
