//! [`Book`]: what a signer has signed, and what has left in the last 24 hours. Written before a signature leaves, so that
//! neither a restart nor `kill -9` makes it sign a second block in one place, or forget what the day has cost.

use crate::{Refusal, policy::Works};
use nano_block::{SignedState, StateBlock};
use nano_primitives::{Amount, BlockHash, Signature};
use p2pow_store::{Entry, Records, Revision, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// The key of the record of the day: all accounts of the signer share it.
const DAY: &str = "all";
/// Hours that count: 24 whole ones, and the one that has begun.
const HOURS: u64 = 24;

/// The records of a signer.
#[derive(Debug)]
pub(crate) struct Book {
    places: Records<Place>,
    days: Records<Day>,
}

/// What was signed on one previous, or as an account's first block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The one block of the user.
    user: Option<User>,
    /// Forks of one another, of which the ledger takes one.
    rewards: Vec<Reward>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct User {
    block: SignedState,
    /// What a reward on top of it may pay for.
    works: Works,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Reward {
    block: SignedState,
    fee: Amount,
}

/// A place as it was read: nobody else may have written it when it is written again.
#[derive(Debug)]
pub(crate) struct Opened<T> {
    pub(crate) value: T,
    key: String,
    revision: Option<Revision>,
}

/// What has left, by the hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Day {
    /// By hours since 1970.
    hours: BTreeMap<u64, Amount>,
    /// What was counted last: it is signed next, or the process died between the two.
    last: Option<Counted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Counted {
    hash: BlockHash,
    hour: u64,
}

impl Place {
    /// The signature over this very block, if there is one.
    pub(crate) fn signature(&self, block: &StateBlock) -> Option<Signature> {
        let user = self.user.iter().map(|user| user.block);
        let mut all = user.chain(self.rewards.iter().map(|reward| reward.block));
        all.find(|signed| signed.block == *block).map(|signed| signed.signature)
    }

    /// The block of the user.
    pub(crate) fn user(&self) -> Option<StateBlock> {
        self.user.map(|user| user.block.block)
    }

    /// What a reward may pay for on top of this block, if it is the user's.
    pub(crate) fn works(&self, block: &StateBlock) -> Option<Works> {
        self.user.filter(|user| user.block.block == *block).map(|user| user.works)
    }

    pub(crate) fn rewards(&self) -> usize {
        self.rewards.len()
    }

    /// How much more than now leaves at most if this reward is signed too: one of them is paid.
    pub(crate) fn more(&self, fee: Amount) -> Amount {
        let most = self.rewards.iter().map(|reward| reward.fee).max().unwrap_or(Amount::ZERO);
        fee.checked_sub(most).unwrap_or(Amount::ZERO)
    }

    pub(crate) fn add_user(&mut self, block: SignedState, works: Works) {
        self.user = Some(User { block, works });
    }

    pub(crate) fn add_reward(&mut self, block: SignedState, fee: Amount) {
        self.rewards.push(Reward { block, fee });
    }
}

impl Day {
    /// What counts in this hour. What stands in the future counts too: a clock that was set back gives nothing away.
    pub(crate) fn spent(&self, hour: u64) -> Amount {
        let counting = self.hours.range(hour.saturating_sub(HOURS)..);
        counting
            .fold(Amount::ZERO, |sum, (_, &amount)| sum.checked_add(amount).unwrap_or(Amount::MAX))
    }

    /// What has to be added for this block: nothing, if it was counted in this hour and not signed.
    pub(crate) fn extra(&self, hash: BlockHash, amount: Amount, hour: u64) -> Amount {
        let is_counted = self.last == Some(Counted { hash, hour });
        if is_counted { Amount::ZERO } else { amount }
    }

    /// Whether `amount` more is within `max`.
    pub(crate) fn check(&self, amount: Amount, max: Amount, hour: u64) -> Result<(), Refusal> {
        let would = self.spent(hour).checked_add(amount).unwrap_or(Amount::MAX);
        if would > max && !amount.is_zero() {
            return Err(Refusal::MaxPerDay { amount, would, max });
        }
        Ok(())
    }

    fn count(&mut self, hash: BlockHash, amount: Amount, hour: u64) {
        self.hours.retain(|&past, _| past >= hour.saturating_sub(HOURS));
        let sum = self.hours.entry(hour).or_insert(Amount::ZERO);
        *sum = sum.checked_add(amount).unwrap_or(Amount::MAX);
        self.last = Some(Counted { hash, hour });
    }
}

impl Book {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            places: Records::new(Arc::clone(&store), "signer-place"),
            days: Records::new(store, "signer-day"),
        }
    }

    /// The place where this block would stand.
    pub(crate) async fn place(&self, block: &StateBlock) -> Result<Opened<Place>, StoreError> {
        let key = format!("{}.{}", block.account.public_key(), block.root());
        let found = self.places.get(&key).await?;
        Ok(opened(key, found))
    }

    pub(crate) async fn day(&self) -> Result<Opened<Day>, StoreError> {
        Ok(opened(DAY.to_owned(), self.days.get(DAY).await?))
    }

    /// Notes what is about to leave. The next [`keep`](Self::keep) makes it durable.
    pub(crate) async fn count(
        &self,
        day: Opened<Day>,
        block: &StateBlock,
        amount: Amount,
        hour: u64,
    ) -> Result<(), StoreError> {
        let Opened { value: mut after, key, revision } = day;
        after.count(block.hash(), amount, hour);
        match revision {
            Some(revision) => self.days.note(&key, &after, revision).await.map(drop),
            None => self.days.note_new(&key, &after).await.map(drop),
        }
    }

    /// Writes what is signed, durable when this returns.
    pub(crate) async fn keep(&self, place: Opened<Place>) -> Result<(), StoreError> {
        let Opened { value, key, revision } = place;
        match revision {
            Some(revision) => self.places.update(&key, &value, revision).await.map(drop),
            None => self.places.create(&key, &value).await.map(drop),
        }
    }
}

fn opened<T: Default>(key: String, found: Option<Entry<T>>) -> Opened<T> {
    let revision = found.as_ref().map(|entry| entry.revision);
    Opened { value: found.map(|entry| entry.value).unwrap_or_default(), key, revision }
}

/// Hours since 1970.
pub(crate) fn this_hour() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs() / 3600)
}

#[cfg(test)]
mod tests {
    use super::Day;
    use nano_primitives::{Amount, BlockHash};

    fn raw(raw: u128) -> Amount {
        Amount::from_raw(raw)
    }

    fn hash(byte: u8) -> BlockHash {
        BlockHash::from_bytes([byte; 32])
    }

    #[test]
    fn what_left_counts_for_24_hours() {
        let mut day = Day::default();
        day.count(hash(1), raw(5), 100);
        day.count(hash(2), raw(7), 110);
        assert_eq!(
            [110, 124, 125, 134, 135].map(|hour| day.spent(hour).to_raw()),
            [12, 12, 7, 7, 0]
        );
        assert!(day.check(raw(3), raw(15), 110).is_ok());
        assert!(day.check(raw(4), raw(15), 110).is_err());
        day.count(hash(3), raw(1), 200);
        assert_eq!(day.hours.len(), 1, "what counts no more is not kept");
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing_away() {
        let mut day = Day::default();
        day.count(hash(1), raw(5), 100);
        assert_eq!(day.spent(50), raw(5));
        day.count(hash(2), raw(1), 50);
        assert_eq!(day.spent(50), raw(6));
        assert_eq!(day.spent(100), raw(5));
    }

    #[test]
    fn a_block_that_was_counted_and_not_signed_is_not_counted_again() {
        let mut day = Day::default();
        day.count(hash(1), raw(5), 100);
        assert_eq!(day.extra(hash(1), raw(5), 100), raw(0));
        assert_eq!(day.extra(hash(2), raw(5), 100), raw(5));
        assert_eq!(day.extra(hash(1), raw(5), 101), raw(5), "it may have fallen out of the day");
        // What costs nothing is signed also when the limit has been lowered below what is spent.
        assert!(day.check(raw(0), raw(1), 100).is_ok());
    }

    #[test]
    fn sums_that_are_too_large_are_the_largest() {
        let mut day = Day::default();
        day.count(hash(1), Amount::MAX, 100);
        day.count(hash(2), raw(1), 100);
        assert_eq!(day.spent(100), Amount::MAX);
        assert!(day.check(raw(1), raw(15), 100).is_err());
    }
}
