//! Whom to hire: only who does the job at an acceptable price, the best by the user's policy first.

use crate::{Candidate, Policy};
use nano_block::Subtype;
use nano_primitives::Amount;
use p2pow_protocol::fees;
use std::{cmp::Ordering, collections::BTreeSet};

/// Hashes that a block costs on average, relative to which a worker's speed is judged; only the order matters.
const HASHES: f64 = (1_u64 << 29) as f64;

/// A worker that is to be hired, and for how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hire {
    /// Who, and what it offers.
    pub candidate: Candidate,
    /// What it is paid for this job, in raw.
    pub price: Amount,
}

/// Why a worker is not hired for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// It takes no jobs now.
    #[error("it takes no jobs now")]
    Unavailable,
    /// The job has more blocks than it takes.
    #[error("it takes {max} user blocks at once, wanted {wanted}")]
    TooManyBlocks {
        /// What it takes.
        max: usize,
        /// The job's user blocks.
        wanted: usize,
    },
    /// It wants nothing, and a reward of nothing is no block.
    #[error("it wants no reward, which no block can pay")]
    Free,
    /// It wants more than the user wants to pay.
    #[error("it wants {price} raw, above the maximum of {max} raw")]
    TooExpensive {
        /// Its price.
        price: Amount,
        /// The most that is paid for this job.
        max: Amount,
    },
}

/// A job as far as its price goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) subtypes: &'a [Subtype],
    /// The most that is paid for a send.
    pub(crate) max_fee: Amount,
}

impl Job<'_> {
    /// The worker's price, if it does the job for an acceptable one.
    pub(crate) fn assess(&self, candidate: &Candidate) -> Result<Hire, Unfit> {
        let offer = &candidate.offer;
        let wanted = self.subtypes.len();
        if !offer.is_available {
            return Err(Unfit::Unavailable);
        }
        let max = fees::price(self.subtypes, self.max_fee).unwrap_or(Amount::MAX);
        let too_many = Unfit::TooManyBlocks { max: offer.max_user_blocks, wanted };
        match offer.price(self.subtypes) {
            _ if wanted > offer.max_user_blocks => Err(too_many),
            Some(price) if price.is_zero() => Err(Unfit::Free),
            Some(price) if price <= max => Ok(Hire { candidate: *candidate, price }),
            // A price above every amount there is above the user's maximum too.
            price => Err(Unfit::TooExpensive { price: price.unwrap_or(Amount::MAX), max }),
        }
    }
}

/// The best `count` of them. Of those that are paid on one account only the best is taken: they are one worker.
pub(crate) fn best(mut hires: Vec<Hire>, policy: Policy, count: usize) -> Vec<Hire> {
    hires.sort_by(|a, b| match policy {
        Policy::Cheapest => a.price.cmp(&b.price).then_with(|| quicker(a, b)),
        Policy::Fastest => quicker(a, b).then(a.price.cmp(&b.price)),
    });
    let mut paid = BTreeSet::new();
    hires.retain(|hire| paid.insert(hire.candidate.offer.reward_account));
    hires.truncate(count.max(1));
    hires
}

fn quicker(a: &Hire, b: &Hire) -> Ordering {
    expected_seconds(&a.candidate).total_cmp(&expected_seconds(&b.candidate))
}

/// How long a job may take. A worker that tells no speed comes after those that do.
fn expected_seconds(candidate: &Candidate) -> f64 {
    let wait = candidate.offer.wait_seconds.unwrap_or(0.0) + candidate.latency.as_secs_f64();
    match candidate.offer.hashrate {
        Some(rate) if rate > 0.0 => wait + HASHES / rate,
        _ => wait + HASHES,
    }
}

#[cfg(test)]
mod tests {
    use super::{Job, Unfit, best};
    use crate::{Candidate, Policy, Worker};
    use nano_block::Subtype;
    use nano_primitives::{Account, Amount, PublicKey};
    use p2pow_protocol::{Offer, fees};
    use std::time::Duration;

    fn candidate(id: u8, fee: u128, hashrate: Option<f64>) -> Candidate {
        let fee = Amount::from_raw(fee);
        Candidate {
            worker: Worker { address: [8, 8, 8, id].into(), registration: None },
            offer: Offer {
                reward_account: Account::new(PublicKey::from_bytes([id; 32])),
                fee,
                fee_receive: fees::fee_receive(fee),
                is_available: true,
                max_user_blocks: 1,
                hashrate,
                wait_seconds: None,
            },
            latency: Duration::from_millis(20),
        }
    }

    fn job(subtypes: &[Subtype]) -> Job<'_> {
        Job { subtypes, max_fee: Amount::from_raw(6400) }
    }

    #[test]
    fn a_price_up_to_the_maximum_is_taken_and_one_raw_more_is_not() {
        let send = job(&[Subtype::Send]);
        assert!(send.assess(&candidate(1, 6400, None)).is_ok());
        let refused = send.assess(&candidate(1, 6401, None)).unwrap_err();
        assert!(matches!(refused, Unfit::TooExpensive { .. }));
    }

    #[test]
    fn a_receive_may_not_cost_what_a_send_may() {
        let mut greedy = candidate(1, 6400, None);
        greedy.offer.fee_receive = Amount::from_raw(6400);
        assert!(job(&[Subtype::Receive]).assess(&greedy).is_err());
        assert!(job(&[Subtype::Open]).assess(&candidate(1, 6400, None)).is_ok());
    }

    #[test]
    fn a_batch_goes_only_to_who_takes_so_many_blocks() {
        let mut worker = candidate(1, 6400, None);
        let batch = [Subtype::Send; 3];
        let refused = job(&batch).assess(&worker).unwrap_err();
        assert_eq!(refused, Unfit::TooManyBlocks { max: 1, wanted: 3 });
        worker.offer.max_user_blocks = 3;
        assert_eq!(job(&batch).assess(&worker).unwrap().price, Amount::from_raw(4 * 3200));
    }

    #[test]
    fn who_is_unavailable_or_works_for_nothing_is_not_hired() {
        let mut worker = candidate(1, 0, None);
        assert_eq!(job(&[Subtype::Send]).assess(&worker), Err(Unfit::Free));
        worker.offer.is_available = false;
        assert_eq!(job(&[Subtype::Send]).assess(&worker), Err(Unfit::Unavailable));
    }

    #[test]
    fn the_policy_decides_the_order() {
        let send = job(&[Subtype::Send]);
        let workers =
            [candidate(1, 300, Some(1e6)), candidate(2, 200, None), candidate(3, 400, Some(9e9))];
        let hires: Vec<_> = workers.iter().map(|worker| send.assess(worker).unwrap()).collect();
        let ids = |policy| -> Vec<u8> {
            best(hires.clone(), policy, 9)
                .iter()
                .map(|hire| hire.candidate.offer.reward_account.as_bytes()[0])
                .collect()
        };
        assert_eq!(ids(Policy::Cheapest), [2, 1, 3]);
        assert_eq!(ids(Policy::Fastest), [3, 1, 2]);
    }

    #[test]
    fn two_addresses_of_one_reward_account_are_one_worker() {
        let send = job(&[Subtype::Send]);
        let (mut a, b) = (candidate(1, 300, None), candidate(2, 200, None));
        a.offer.reward_account = b.offer.reward_account;
        let hires = vec![send.assess(&a).unwrap(), send.assess(&b).unwrap()];
        let chosen = best(hires, Policy::Cheapest, 9);
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].price, Amount::from_raw(200));
    }
}
