//! What a sender needs to know of a worker to choose it.

use crate::{Info, Status, feature, fees};
use nano_block::Subtype;
use nano_primitives::{Account, Amount};

/// A worker's offer: whom to pay, and how much for what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// Who is paid.
    pub reward_account: Account,
    /// The price of a send or change job.
    pub fee: Amount,
    /// The price of a receive or open job.
    pub fee_receive: Amount,
    /// Whether it takes jobs. Old clients do not look.
    pub is_available: bool,
    /// The most user blocks of one job; 1 if it knows no batches.
    pub max_user_blocks: usize,
    /// Measured hashes a second, if it says so.
    pub hashrate: Option<f64>,
    /// Seconds until a new job would start, if it says so.
    pub wait_seconds: Option<f64>,
}

impl Offer {
    /// The price of a job of these user blocks, or `None` if the worker does not do it.
    #[must_use]
    pub fn price(&self, blocks: &[Subtype]) -> Option<Amount> {
        match blocks {
            [] => None,
            [block] if block.is_receive() => Some(self.fee_receive),
            [_] => Some(self.fee),
            _ if blocks.len() > self.max_user_blocks => None,
            _ => fees::price(blocks, self.fee),
        }
    }
}

impl Info {
    /// The offer in it.
    #[must_use]
    pub fn offer(&self) -> Offer {
        let has_batch = self.features.iter().any(|feature| feature == feature::BATCH);
        Offer {
            reward_account: self.reward_account,
            fee: self.fee,
            fee_receive: self.fee_receive,
            is_available: self.status == Status::Available,
            max_user_blocks: if has_batch { self.max_user_blocks.unwrap_or(1).max(1) } else { 1 },
            hashrate: self.hashrate,
            wait_seconds: self.queue.map(|queue| queue.expected_seconds),
        }
    }
}
