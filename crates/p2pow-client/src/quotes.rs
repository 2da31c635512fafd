//! [`Quote`]: a worker that does the job, and what it is paid for it.
//!
//! Those that do the job at an acceptable price are put in the order in which they are hired: the trusted before the
//! others, and among equals by the user's policy. Now and then a newcomer that is better by that policy comes first, so
//! that the market stays open; a bounded share of the jobs is as much as newcomers can spoil.

use crate::{Candidate, Config, Listings, OfferError, Policy, Standing, UNPROVEN_BLOCKS, Worker};
use nano_block::Subtype;
use nano_primitives::Amount;
use p2pow_protocol::fees;
use std::{cmp::Ordering, error::Error, net::IpAddr};

/// Hashes that a block costs on average, relative to which a worker's speed is judged; only the order matters.
const HASHES: f64 = (1_u64 << 29) as f64;

/// Nobody to be hired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuoteError {
    /// The registry has no address that may be dialled.
    #[error("no worker is registered on the ledger{}", left_out(*not_dialable))]
    NoWorkers {
        /// Registrations that were left out because their addresses are not public.
        not_dialable: usize,
    },
    /// All that are there cannot be hired for this job.
    #[error("none of {} workers can be hired: {}", refused.len(), first(refused))]
    NoneUsable {
        /// Why not, for each.
        refused: Vec<(IpAddr, Unusable)>,
    },
}

/// Why a worker cannot be hired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// It told no offer.
    #[error("{}", chain(.0))]
    Offer(#[from] OfferError),
    /// Its offer does not fit.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

fn chain(error: &OfferError) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn left_out(not_dialable: usize) -> String {
    match not_dialable {
        0 => String::new(),
        count => {
            format!(" with a public address ({count} with others; `allow_local` takes local ones)")
        }
    }
}

/// The first few reasons: there may be a hundred.
fn first(refused: &[(IpAddr, Unusable)]) -> String {
    let mut reasons: Vec<String> =
        refused.iter().take(3).map(|(address, reason)| format!("{address}: {reason}")).collect();
    if refused.len() > reasons.len() {
        reasons.push("…".to_owned());
    }
    reasons.join("; ")
}

/// The most user blocks of one job, whatever a worker says it takes.
pub(crate) const MAX_JOB: usize = 100;

/// A worker that does the job, and for how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quote {
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
    /// The job has more blocks than it is believed to take.
    #[error("it has not shown that it takes more than {max} user blocks at once, wanted {wanted}")]
    Unproven {
        /// What it is believed to take.
        max: usize,
        /// The job's user blocks.
        wanted: usize,
    },
    /// It is paid on an account that did not register it, and the user wants those alone that are.
    #[error("the account that it is paid on did not register its address, which strict mode wants")]
    NotBound,
    /// It wants nothing, and a reward of nothing is no block.
    #[error("it wants no reward, which no block can pay")]
    Free,
    /// It wants more than the user wants to pay.
    #[error("it wants {} XNO, above the maximum of {} XNO", .price.to_xno(), .max.to_xno())]
    TooExpensive {
        /// Its price.
        price: Amount,
        /// The most that is paid for this job.
        max: Amount,
    },
}

/// Who is hired for a job, in this order.
#[derive(Debug)]
pub struct Ranking {
    /// Those that do the job at an acceptable price, each with that price.
    pub quotes: Vec<Quote>,
    /// Everybody else, with the reason.
    pub refused: Vec<(IpAddr, Unusable)>,
    /// Whether the first is a newcomer that comes before proven workers: it is its turn to be tried.
    pub is_trial: bool,
}

/// What orders would cost, before anything is signed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Estimate {
    /// Who would be hired for the first job, or for the only one.
    pub ranking: Ranking,
    /// The user blocks of each job that the orders would be split into, if the first of them does all: a job is as large
    /// as its worker has shown to take, and the next one may be twice as large.
    pub jobs: Vec<usize>,
    /// The sum of the rewards for them, in raw.
    pub total: Amount,
}

impl Estimate {
    /// Of jobs for these user blocks, of which the first has been ranked with so many.
    pub(crate) fn of(ranking: Ranking, first: usize, subtypes: &[Subtype]) -> Self {
        let (mut jobs, mut total, mut done) = (Vec::new(), Amount::ZERO, 0);
        let candidate = ranking.quotes.first().map(|quote| quote.candidate);
        let mut size = first.max(1);
        while done < subtypes.len() {
            let job = &subtypes[done..subtypes.len().min(done + size)];
            let price = candidate.and_then(|candidate| candidate.offer.price(job));
            total = price.and_then(|price| total.checked_add(price)).unwrap_or(Amount::MAX);
            jobs.push(job.len());
            done += job.len();
            let most = candidate.map_or(1, |candidate| candidate.offer.max_user_blocks);
            size = (2 * size).max(UNPROVEN_BLOCKS).min(most).clamp(1, MAX_JOB);
        }
        Self { ranking, jobs, total }
    }
}

/// Ranks the workers for a job of these user blocks.
///
/// # Errors
/// Nobody is there, or nobody who does it at an acceptable price.
pub(crate) fn rank(
    listings: Listings,
    subtypes: &[Subtype],
    config: &Config,
) -> Result<Ranking, QuoteError> {
    let Listings { workers, not_dialable, may_try, .. } = listings;
    if workers.is_empty() {
        return Err(QuoteError::NoWorkers { not_dialable });
    }
    let (mut quotes, mut refused) = (Vec::new(), Vec::new());
    for (Worker { address, .. }, listing) in workers {
        let quote = listing
            .map_err(Unusable::from)
            .and_then(|candidate| Ok(quote(&candidate, subtypes, config)?));
        match quote {
            Ok(quote) => quotes.push(quote),
            Err(reason) => refused.push((address, reason)),
        }
    }
    if quotes.is_empty() {
        return Err(QuoteError::NoneUsable { refused });
    }
    let is_trial = sort(&mut quotes, config.policy, may_try);
    Ok(Ranking { quotes, refused, is_trial })
}

/// The worker's price of a job, if it does it for an acceptable one.
fn quote(candidate: &Candidate, subtypes: &[Subtype], config: &Config) -> Result<Quote, Unfit> {
    let (offer, reputation) = (&candidate.offer, &candidate.reputation);
    let wanted = subtypes.len();
    let (claimed, believed) = (offer.max_user_blocks, candidate.most_blocks());
    if !offer.is_available {
        return Err(Unfit::Unavailable);
    }
    if config.strict && !reputation.is_bound && !reputation.is_named {
        return Err(Unfit::NotBound);
    }
    if wanted > claimed {
        return Err(Unfit::TooManyBlocks { max: claimed, wanted });
    }
    if wanted > believed {
        return Err(Unfit::Unproven { max: believed, wanted });
    }
    let max = fees::price(subtypes, config.max_fee).unwrap_or(Amount::MAX);
    match offer.price(subtypes) {
        Some(price) if price.is_zero() => Err(Unfit::Free),
        Some(price) if price <= max => Ok(Quote { candidate: *candidate, price }),
        // A price above every amount there is above the user's maximum too.
        price => Err(Unfit::TooExpensive { price: price.unwrap_or(Amount::MAX), max }),
    }
}

/// Puts the best first; whether that is a newcomer before proven workers.
fn sort(quotes: &mut Vec<Quote>, policy: Policy, may_try: bool) -> bool {
    let standing = |quote: &Quote| quote.candidate.reputation.standing;
    quotes.sort_by(|a, b| standing(a).cmp(&standing(b)).then_with(|| better(policy, a, b)));
    let Some(first) = quotes.first().filter(|first| standing(first) == Standing::Proven) else {
        return false;
    };
    let is_try = |quote: &Quote| {
        matches!(standing(quote), Standing::Vouched | Standing::New)
            && better(policy, quote, first) == Ordering::Less
    };
    match quotes.iter().position(is_try) {
        Some(place) if may_try => {
            let newcomer = quotes.remove(place);
            quotes.insert(0, newcomer);
            true
        }
        _ => false,
    }
}

/// Which of two comes first by the policy.
fn better(policy: Policy, a: &Quote, b: &Quote) -> Ordering {
    let quicker = || expected_seconds(&a.candidate).total_cmp(&expected_seconds(&b.candidate));
    match policy {
        Policy::Cheapest => a.price.cmp(&b.price).then_with(quicker),
        Policy::Fastest => quicker().then(a.price.cmp(&b.price)),
    }
}

/// How long a job may take by what the worker has shown. One that has shown nothing comes after those that have. The
/// wait that it tells is believed: a lie makes it come later.
fn expected_seconds(candidate: &Candidate) -> f64 {
    let wait = candidate.offer.wait_seconds.unwrap_or(0.0) + candidate.latency.as_secs_f64();
    match candidate.reputation.believed_hashrate(candidate.offer.hashrate) {
        Some(rate) if rate > 0.0 => wait + HASHES / rate,
        _ => wait + HASHES,
    }
}

#[cfg(test)]
mod tests {
    use super::{Quote, Unfit, sort};
    use crate::{
        Candidate, Config, Experience, Policy, Reputation, Standing, Worker,
        experience::{Deed, Effort},
        reputation::Evidence,
    };
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
            reputation: reputation(Experience::default()),
        }
    }

    fn reputation(experience: Experience) -> Reputation {
        let evidence = Evidence {
            experience,
            address: Experience::default(),
            ledger: None,
            bound_since: None,
            is_bound: false,
            is_named: false,
        };
        Reputation::of(evidence, 0)
    }

    fn proven(id: u8, fee: u128, hashrate: Option<f64>) -> Candidate {
        let won = Experience::default().after(Deed::Won(Effort { blocks: 6, hashrate }), 0);
        Candidate { reputation: reputation(won), ..candidate(id, fee, hashrate) }
    }

    fn quote(candidate: &Candidate, subtypes: &[Subtype]) -> Result<Quote, Unfit> {
        let max_fee = Amount::from_raw(6400);
        super::quote(candidate, subtypes, &Config { max_fee, ..Config::default() })
    }

    #[test]
    fn a_price_up_to_the_maximum_is_taken_and_one_raw_more_is_not() {
        assert!(quote(&candidate(1, 6400, None), &[Subtype::Send]).is_ok());
        let refused = quote(&candidate(1, 6401, None), &[Subtype::Send]).unwrap_err();
        assert!(matches!(refused, Unfit::TooExpensive { .. }));
    }

    #[test]
    fn a_receive_may_not_cost_what_a_send_may() {
        let mut greedy = candidate(1, 6400, None);
        greedy.offer.fee_receive = Amount::from_raw(6400);
        assert!(quote(&greedy, &[Subtype::Receive]).is_err());
        assert!(quote(&candidate(1, 6400, None), &[Subtype::Open]).is_ok());
    }

    #[test]
    fn a_batch_goes_only_to_who_takes_so_many_blocks() {
        let mut worker = candidate(1, 6400, None);
        let batch = [Subtype::Send; 3];
        let refused = quote(&worker, &batch).unwrap_err();
        assert_eq!(refused, Unfit::TooManyBlocks { max: 1, wanted: 3 });
        worker.offer.max_user_blocks = 3;
        assert_eq!(quote(&worker, &batch).unwrap().price, Amount::from_raw(4 * 3200));
    }

    #[test]
    fn who_is_unavailable_or_works_for_nothing_is_not_taken() {
        let mut worker = candidate(1, 0, None);
        assert_eq!(quote(&worker, &[Subtype::Send]), Err(Unfit::Free));
        worker.offer.is_available = false;
        assert_eq!(quote(&worker, &[Subtype::Send]), Err(Unfit::Unavailable));
    }
    #[test]
    fn a_large_job_goes_only_to_who_has_shown_such_ones() {
        let claim = |mut worker: Candidate| {
            worker.offer.max_user_blocks = usize::MAX;
            worker
        };
        let refused = quote(&claim(candidate(1, 64, None)), &[Subtype::Send; 9]).unwrap_err();
        assert_eq!(refused, Unfit::Unproven { max: 8, wanted: 9 });
        assert!(quote(&claim(proven(1, 64, None)), &[Subtype::Send; 12]).is_ok());
        let refused = quote(&claim(proven(1, 64, None)), &[Subtype::Send; 13]).unwrap_err();
        assert_eq!(refused, Unfit::Unproven { max: 12, wanted: 13 });
    }

    #[test]
    fn strict_mode_takes_only_who_registered_by_the_account_that_is_paid() {
        let config = Config { strict: true, ..Config::default() };
        let mut worker = candidate(1, 64, None);
        let quote = |worker: &Candidate| super::quote(worker, &[Subtype::Send], &config);
        assert_eq!(quote(&worker), Err(Unfit::NotBound));
        worker.reputation.is_bound = true;
        assert!(quote(&worker).is_ok());
    }

    /// The ids of the workers in the order in which they are hired, and whether the first is tried.
    fn order(workers: &[Candidate], policy: Policy, may_try: bool) -> (Vec<u8>, bool) {
        let quotes = workers.iter().map(|worker| quote(worker, &[Subtype::Send]).unwrap());
        let mut quotes: Vec<Quote> = quotes.collect();
        let is_trial = sort(&mut quotes, policy, may_try);
        let id = |quote: &Quote| quote.candidate.offer.reward_account.as_bytes()[0];
        (quotes.iter().map(id).collect(), is_trial)
    }

    #[test]
    fn the_policy_decides_among_equals() {
        let workers = [proven(1, 300, Some(1e6)), proven(2, 200, None), proven(3, 400, Some(9e9))];
        assert_eq!(order(&workers, Policy::Cheapest, false), (vec![2, 1, 3], false));
        assert_eq!(order(&workers, Policy::Fastest, false), (vec![3, 1, 2], false));
    }

    #[test]
    fn a_speed_that_is_only_claimed_makes_nobody_the_fastest() {
        let workers = [candidate(1, 1, Some(1e308)), candidate(2, 300, Some(1e6))];
        let (by_price, _) = order(&workers, Policy::Fastest, false);
        assert_eq!(by_price, [1, 2], "both are unknown, so the price decides");
        let shown = [workers[0], proven(2, 300, Some(1e6))];
        assert_eq!(order(&shown, Policy::Fastest, true), (vec![2, 1], false));
    }

    #[test]
    fn newcomers_come_first_only_when_it_is_their_turn_and_the_distrusted_come_last() {
        let mut liar = candidate(9, 1, None);
        liar.reputation = reputation(Experience::default().after(Deed::Withheld, 0));
        assert_eq!(liar.reputation.standing, Standing::Distrusted);
        let workers = [liar, candidate(3, 50, None), candidate(2, 60, None), proven(1, 300, None)];
        assert_eq!(order(&workers, Policy::Cheapest, false), (vec![1, 3, 2, 9], false));
        assert_eq!(order(&workers, Policy::Cheapest, true), (vec![3, 1, 2, 9], true));
        let dear = [candidate(3, 500, None), proven(1, 300, None)];
        assert_eq!(order(&dear, Policy::Cheapest, true), (vec![1, 3], false));
    }
}
