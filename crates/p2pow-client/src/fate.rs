//! [`Fate`]: what became of a signed block, by the sender's own node. Nothing else counts as success, and nothing less
//! than another confirmed block in its place counts as failure.

use crate::contract::Deal;
use futures_util::{StreamExt, stream};
use nano_block::{Block, Epoch, SignedBlock, SignedState};
use nano_primitives::{Account, BlockHash, Work};
use nano_rpc::{BlockInfo, Client, RpcError};
use std::{fmt, time::Duration};
use tokio::time::{Instant, timeout_at};

/// Blocks that are looked up at the same time.
const AT_ONCE: usize = 8;
/// Time to find out what stands in the place of a block.
const LOOK: Duration = Duration::from_secs(5);

/// What became of a signed block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
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
    /// The fate in a word or two: `confirmed`, `on_ledger`, `possible`, `impossible` or `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
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
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Confirmed => "confirmed",
            Self::OnLedger => "on the ledger, not confirmed yet",
            Self::Possible => "not on the ledger, may still be published",
            Self::Impossible => "can never be confirmed",
            Self::Unknown => "not known, may be on the ledger or still be published",
        })
    }
}

/// How far a deal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Milestone {
    /// The last user block is not confirmed.
    Signed,
    /// It is; no reward is.
    UserConfirmed,
    /// The reward of the contract at this place is confirmed too.
    Rewarded(usize),
    /// The account has gone on with this block, so the deal can never be done as a whole.
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

/// The places on the ledger where a deal's blocks are, or should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ledger<'a> {
    pub(crate) node: &'a Client,
    pub(crate) deal: &'a Deal,
}

impl Ledger<'_> {
    /// How far the deal has come. What was confirmed once needs no second look.
    pub(crate) async fn milestone(&self, known: Milestone) -> Result<Milestone, RpcError> {
        if known == Milestone::Signed {
            match self.node.block_info(&self.deal.last()).await? {
                None => return self.superseded().await,
                Some(info) if !info.confirmed => return Ok(Milestone::Signed),
                Some(_) => {}
            }
        }
        for (place, contract) in self.deal.contracts.iter().enumerate() {
            let found = self.node.block_info(&contract.reward()).await?;
            if found.is_some_and(|info| info.confirmed) {
                return Ok(Milestone::Rewarded(place));
            }
        }
        Ok(Milestone::UserConfirmed)
    }

    /// A foreign frontier is the hint; the proof is the block that stands where one of the deal should.
    async fn superseded(&self) -> Result<Milestone, RpcError> {
        let info = self.node.account_info(&self.deal.account()).await?;
        let frontier = info.and_then(|info| info.confirmed_frontier);
        let is_own = |hash: &BlockHash| {
            self.deal.previous() == *hash || self.hashes().any(|own| own == *hash)
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
        let rewards = seen.split_off(self.deal.users.len());
        let mut found = Findings { users: seen, rewards, rival: None };
        found.conclude();
        let confirmed = found.users.iter().filter(|user| user.fate == Fate::Confirmed).count();
        let below = match confirmed {
            0 => self.deal.previous(),
            count => self.deal.users[count - 1].hash(),
        };
        if let Ok(Ok(Some(next))) = timeout_at(until, self.confirmed_on(below)).await {
            self.settle(&mut found, confirmed, next);
        }
        found
    }

    /// Looks up each block, the user's and then the rewards.
    async fn look(&self, until: Instant) -> Vec<Seen> {
        let hashes: Vec<BlockHash> = self.hashes().collect();
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
        let account = self.deal.account();
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

    /// Applies that `next` is confirmed on top of the first `confirmed` user blocks.
    fn settle(&self, found: &mut Findings, confirmed: usize, next: BlockHash) {
        match self.deal.users.get(confirmed) {
            Some(user) if user.hash() == next => found.users[confirmed].fate = Fate::Confirmed,
            Some(_) => {
                let left = found.users[confirmed..].iter_mut().chain(&mut found.rewards);
                left.for_each(|seen| seen.fate = Fate::Impossible);
                found.rival = Some(next);
            }
            None => {
                for (contract, seen) in self.deal.contracts.iter().zip(&mut found.rewards) {
                    let is_next = contract.reward() == next;
                    seen.fate = if is_next { Fate::Confirmed } else { Fate::Impossible };
                }
            }
        }
    }

    /// The hashes of the user blocks and of the rewards.
    fn hashes(&self) -> impl Iterator<Item = BlockHash> {
        let users = self.deal.users.iter().map(SignedState::hash);
        users.chain(self.deal.contracts.iter().map(|contract| contract.reward()))
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
    /// What stands below a confirmed block is confirmed too.
    fn conclude(&mut self) {
        let is_confirmed = |seen: &Seen| seen.fate == Fate::Confirmed;
        let last = self.users.iter().rposition(is_confirmed);
        let confirmed = if self.rewards.iter().any(is_confirmed) {
            self.users.len()
        } else {
            last.map_or(0, |last| last + 1)
        };
        self.users[..confirmed].iter_mut().for_each(|seen| seen.fate = Fate::Confirmed);
    }

    /// Takes over what was seen before, should the node not have said it again.
    pub(crate) fn remember(&mut self, known: Milestone) {
        if let Milestone::Rewarded(winner) = known {
            self.rewards[winner].fate = Fate::Confirmed;
        }
        if let Milestone::Rewarded(_) | Milestone::UserConfirmed = known {
            self.users.iter_mut().for_each(|seen| seen.fate = Fate::Confirmed);
        }
        self.conclude();
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, Findings, Milestone, Seen};

    fn found(users: &[Fate], rewards: &[Fate]) -> Findings {
        let seen = |fates: &[Fate]| fates.iter().map(|&fate| Seen { fate, work: None }).collect();
        Findings { users: seen(users), rewards: seen(rewards), rival: None }
    }

    fn fates(found: &Findings) -> Vec<Fate> {
        found.users.iter().map(|seen| seen.fate).collect()
    }

    #[test]
    fn what_a_confirmed_block_stands_on_is_confirmed_whatever_the_node_says_of_it() {
        use Fate::{Confirmed, OnLedger, Possible, Unknown};
        let mut middle = found(&[Unknown, OnLedger, Confirmed, Possible], &[Possible]);
        middle.conclude();
        assert_eq!(fates(&middle), [Confirmed, Confirmed, Confirmed, Possible]);
        let mut paid = found(&[Unknown, Possible], &[Possible, Confirmed]);
        paid.conclude();
        assert_eq!(fates(&paid), [Confirmed, Confirmed]);
        let mut none = found(&[OnLedger, Unknown], &[Unknown]);
        none.conclude();
        assert_eq!(fates(&none), [OnLedger, Unknown]);
    }

    #[test]
    fn what_was_seen_to_be_confirmed_stays_so_if_the_node_falls_silent() {
        let mut silent = found(&[Fate::Unknown, Fate::Unknown], &[Fate::Unknown, Fate::Unknown]);
        silent.remember(Milestone::Signed);
        assert_eq!(fates(&silent), [Fate::Unknown, Fate::Unknown]);
        silent.remember(Milestone::UserConfirmed);
        assert_eq!(fates(&silent), [Fate::Confirmed, Fate::Confirmed]);
        silent.remember(Milestone::Rewarded(1));
        assert_eq!(silent.rewards[1].fate, Fate::Confirmed);
    }
}
