//! [`all`]: the books of a worker: every job that came to its end, from its journal. [`Earnings`]: what they come to.

use crate::{
    job::phase::Phase,
    journal::{self, ENDED, EndedJob, Unfinished},
};
use nano_primitives::Amount;
use p2pow_store::{Records, Store, StoreError};
use std::sync::Arc;

/// All jobs that came to their end, in the order in which they were admitted.
///
/// # Errors
/// The store cannot be read.
pub async fn all(store: Arc<dyn Store>) -> Result<Vec<EndedJob>, StoreError> {
    let entries = Records::<EndedJob>::new(store, ENDED).all("").await?;
    let mut jobs: Vec<EndedJob> = entries.into_iter().map(|entry| entry.value).collect();
    jobs.sort_by_key(|job| (job.admitted_ms, job.id));
    Ok(jobs)
}

/// All jobs that are not at their end, in the order in which they were admitted. Those that nobody can read are left out.
///
/// # Errors
/// The store cannot be read.
pub async fn unfinished(store: Arc<dyn Store>) -> Result<Vec<Unfinished>, StoreError> {
    let mut jobs = journal::unfinished(store).await?;
    jobs.sort_by_key(|job| (job.admitted_ms, job.id));
    Ok(jobs)
}

/// What some jobs come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Earnings {
    /// Jobs whose reward is confirmed.
    pub won: u64,
    /// Jobs that somebody else's blocks made worthless.
    pub lost: u64,
    /// Jobs that the ledger did not allow, or that broke.
    pub failed: u64,
    /// What the confirmed rewards have paid.
    pub income: Amount,
    /// The hashes tried, for all of them.
    pub hashes: u64,
}

impl Earnings {
    /// The sum of some jobs.
    #[must_use]
    pub fn of<'a>(jobs: impl IntoIterator<Item = &'a EndedJob>) -> Self {
        let mut sum = Self::default();
        for job in jobs {
            sum.hashes = sum.hashes.saturating_add(job.hashes);
            match job.outcome {
                Phase::Confirmed => {
                    sum.won += 1;
                    sum.income = sum.income.checked_add(job.paid).unwrap_or(Amount::MAX);
                }
                Phase::Lost => sum.lost += 1,
                _ => sum.failed += 1,
            }
        }
        sum
    }

    /// The share of races won, of those that were run to the end: 0 to 1.
    #[must_use]
    pub fn win_rate(&self) -> Option<f64> {
        let run = self.won + self.lost;
        (run > 0).then(|| self.won as f64 / run as f64)
    }

    /// Raw earned for a tera-hash tried.
    #[must_use]
    pub fn raw_per_tera_hash(&self) -> Option<f64> {
        let tera = self.hashes as f64 / 1e12;
        (self.hashes > 0).then(|| self.income.to_raw() as f64 / tera)
    }
}
