//! What is spent on fees in a day, held against a limit before anything is signed.
//!
//! A job's fee is held before its reward block is signed, and counts until the job is settled: then what was paid
//! counts. A job that is left open, by a crash for example, counts for its whole day.

use super::{Market, notes::alter};
use nano_block::Network;
use nano_primitives::{Amount, BlockHash};
use p2pow_store::{Records, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const BUCKET: &str = "fees";
const HOUR: u64 = 3600;
/// Hours of a day, and the one that has begun.
const DAY: u64 = 24;

/// Why a fee is not signed for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeeError {
    /// The day's fees would be more than the user wants.
    #[error(
        "the fees of a day would be {} XNO, with {} XNO for this job, above the maximum of {} XNO",
        .would_be.to_xno(), .price.to_xno(), .max.to_xno()
    )]
    AboveLimit {
        /// The day's fees with this one.
        would_be: Amount,
        /// This one.
        price: Amount,
        /// The most that a day may cost.
        max: Amount,
    },
    /// What was spent before is not known, so the limit cannot be kept.
    #[error("the fees of the day cannot be read or written, so their limit cannot be kept")]
    Store(#[from] StoreError),
    /// There is no memory of what was spent.
    #[error("nothing is remembered of the fees of the day, so their limit cannot be kept")]
    NoMemory,
}

/// The fees of the latest hours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Fees {
    /// By the hour since 1970.
    paid: BTreeMap<u64, Amount>,
    /// By the last user block of the job.
    held: BTreeMap<BlockHash, Held>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    hour: u64,
    most: Amount,
}

impl Fees {
    /// Without what is older than a day.
    fn of_the_day(mut self, hour: u64) -> Self {
        self.paid.retain(|paid, _| paid + DAY >= hour);
        self.held.retain(|_, held| held.hour + DAY >= hour);
        self
    }

    fn sum(&self) -> Amount {
        let held = self.held.values().map(|held| held.most);
        let add = |sum: Amount, fee| sum.checked_add(fee).unwrap_or(Amount::MAX);
        self.paid.values().copied().chain(held).fold(Amount::ZERO, add)
    }

    /// With so much held for a job; of several rewards for it only one can be paid, so that the highest counts.
    fn hold(mut self, job: BlockHash, price: Amount, hour: u64) -> Self {
        let held = self.held.entry(job).or_insert(Held { hour, most: price });
        held.most = held.most.max(price);
        self
    }

    fn settle(mut self, job: BlockHash, paid: Amount) -> Self {
        if let Some(held) = self.held.remove(&job) {
            let sum = self.paid.entry(held.hour).or_default();
            *sum = sum.checked_add(paid).unwrap_or(Amount::MAX);
        }
        self
    }
}

impl Market {
    /// Holds the fee of a job, which its last user block names, if the day's fees stay within `max`. Holding more for
    /// the same job holds the highest.
    pub(crate) async fn hold_fee(
        &self,
        network: Network,
        (job, price): (BlockHash, Amount),
        max: Amount,
        now: u64,
    ) -> Result<(), FeeError> {
        let hour = now / HOUR;
        let records = self.fees()?;
        loop {
            let before = records.get(network.as_str()).await?;
            let (fees, revision) =
                before.map_or_else(Default::default, |entry| (entry.value, Some(entry.revision)));
            let fees: Fees = fees.of_the_day(hour).hold(job, price, hour);
            let would_be = fees.sum();
            if would_be > max {
                return Err(FeeError::AboveLimit { would_be, price, max });
            }
            let written = match revision {
                Some(revision) => records.update(network.as_str(), &fees, revision).await,
                None => records.create(network.as_str(), &fees).await,
            };
            match written {
                Err(error) if error.is_conflict() => {}
                other => return Ok(other.map(drop)?),
            }
        }
    }

    /// Notes what a job has cost in the end.
    pub(crate) async fn settle_fee(
        &self,
        network: Network,
        job: BlockHash,
        paid: Amount,
    ) -> Result<(), FeeError> {
        let records = self.fees()?;
        Ok(alter(&records, network.as_str(), |fees: Fees| fees.settle(job, paid)).await?)
    }

    fn fees(&self) -> Result<Records<Fees>, FeeError> {
        let store = self.store().ok_or(FeeError::NoMemory)?;
        Ok(Records::new(store.clone(), BUCKET))
    }
}

#[cfg(test)]
mod tests {
    use super::{FeeError, HOUR, Market};
    use nano_block::Network;
    use nano_primitives::{Amount, BlockHash};

    const MAX: Amount = Amount::from_raw(100);

    fn job(name: u8) -> BlockHash {
        BlockHash::from_bytes([name; 32])
    }

    async fn hold(market: &Market, name: u8, price: u128, hour: u64) -> Result<(), FeeError> {
        let job = (job(name), Amount::from_raw(price));
        market.hold_fee(Network::Dev, job, MAX, hour * HOUR).await
    }

    #[tokio::test]
    async fn the_fees_of_a_day_stay_within_their_limit() {
        let market = Market::in_memory();
        hold(&market, 1, 60, 1000).await.unwrap();
        // Another worker for the same job: only one of them can be paid.
        hold(&market, 1, 70, 1000).await.unwrap();
        let refused = hold(&market, 2, 31, 1001).await.unwrap_err();
        assert!(matches!(refused, FeeError::AboveLimit { .. }), "{refused}");
        hold(&market, 2, 30, 1001).await.unwrap();
        hold(&market, 3, 1, 1024).await.unwrap_err();
        hold(&market, 3, 70, 1025).await.unwrap();
    }

    #[tokio::test]
    async fn what_was_paid_counts_once_a_job_is_settled() {
        let market = Market::in_memory();
        hold(&market, 1, 90, 1000).await.unwrap();
        market.settle_fee(Network::Dev, job(1), Amount::from_raw(40)).await.unwrap();
        hold(&market, 2, 61, 1000).await.unwrap_err();
        hold(&market, 2, 60, 1000).await.unwrap();
        market.settle_fee(Network::Dev, job(2), Amount::ZERO).await.unwrap();
        hold(&market, 3, 60, 1000).await.unwrap();
        let live = market.hold_fee(Network::Live, (job(3), MAX), MAX, 1000 * HOUR).await;
        live.expect("networks have fees of their own");
    }

    #[tokio::test]
    async fn two_at_once_do_not_both_take_what_is_left() {
        let market = Market::in_memory();
        let jobs = (0..20).map(|name| hold(&market, name, 9, 1000));
        let held = futures_util::future::join_all(jobs).await;
        assert_eq!(held.iter().filter(|held| held.is_ok()).count(), 11);
    }
}
