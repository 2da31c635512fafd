//! [`Quote`]: a worker that does the job, and what it is paid for it.
//!
//! Workers are asked for their offers, a few at a time and each for a short while; those that do the job at an acceptable
//! price are sorted by the user's policy, and the best are taken. A worker's offer is its own word, apart from the price:
//! that is fixed by what the sender signs.

use crate::{
    Config, Policy, Worker,
    http::{Ask, HttpError, ask},
};
use futures_util::{Stream, StreamExt, stream};
use nano_block::Subtype;
use nano_primitives::Amount;
use p2pow_protocol::{Info, InfoError, Offer, fees};
use std::{
    cmp::Ordering,
    collections::BTreeSet,
    error::Error,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::time::Instant;

/// Hashes that a block costs on average, relative to which a worker's speed is judged; only the order matters.
const HASHES: f64 = (1_u64 << 29) as f64;

/// A worker with its offer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The worker.
    pub worker: Worker,
    /// What it offers. Its price is binding once it is signed; the rest is its own word.
    pub offer: Offer,
    /// How long it took to tell.
    pub latency: Duration,
}

/// An offer that could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// No answer, or none that is acceptable.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The answer is a failure.
    #[error("answered request_info with status {status}, wanted 200")]
    Status {
        /// The status found.
        status: u16,
    },
    /// The answer does not make it a worker.
    #[error("answered no offer")]
    Info(#[from] InfoError),
}

/// What one worker offers, or why it does not.
pub type Listing = (Worker, Result<Candidate, OfferError>);

/// The workers that could be asked.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listings {
    /// Each with its offer, in the order in which they answered.
    pub workers: Vec<Listing>,
    /// Registrations that were left out because their addresses are not public.
    pub not_dialable: usize,
}

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

/// Asks all of them; answers come as they arrive.
pub(crate) fn ask_all(
    workers: Vec<Worker>,
    config: &Config,
) -> impl Stream<Item = (Worker, Result<Candidate, OfferError>)> + '_ {
    stream::iter(workers)
        .map(move |worker| async move { (worker, ask_one(worker, config).await) })
        .buffer_unordered(config.search.at_once.max(1))
}

async fn ask_one(worker: Worker, config: &Config) -> Result<Candidate, OfferError> {
    let question = Ask {
        path: "/request_info",
        body: None,
        connect_timeout: config.search.timeout.min(config.patience.connect),
        timeout: config.search.timeout,
        max_bytes: config.search.max_bytes,
    };
    let start = Instant::now();
    let reply = ask(SocketAddr::new(worker.address, config.port), &question).await?;
    if reply.status != 200 {
        return Err(OfferError::Status { status: reply.status });
    }
    let offer = Info::parse(&reply.body)?.offer();
    Ok(Candidate { worker, offer, latency: start.elapsed() })
}

/// The best quotes for a job of these user blocks; `tell` learns what every worker is good for.
pub(crate) fn choose(
    listings: Listings,
    subtypes: &[Subtype],
    config: &Config,
    mut tell: impl FnMut(IpAddr, Result<&Quote, &Unusable>),
) -> Result<Vec<Quote>, QuoteError> {
    let Listings { workers, not_dialable } = listings;
    if workers.is_empty() {
        return Err(QuoteError::NoWorkers { not_dialable });
    }
    let (mut fit, mut refused) = (Vec::new(), Vec::new());
    for (Worker { address, .. }, listing) in workers {
        let quote = listing
            .map_err(Unusable::from)
            .and_then(|candidate| Ok(quote(&candidate, subtypes, config.max_fee)?));
        tell(address, quote.as_ref());
        match quote {
            Ok(quote) => fit.push(quote),
            Err(reason) => refused.push((address, reason)),
        }
    }
    if fit.is_empty() {
        return Err(QuoteError::NoneUsable { refused });
    }
    Ok(best(fit, config.policy, config.hire))
}

/// The worker's price of a job, if it does it for an acceptable one. `max_fee` is the most that is paid for a send.
fn quote(candidate: &Candidate, subtypes: &[Subtype], max_fee: Amount) -> Result<Quote, Unfit> {
    let offer = &candidate.offer;
    let wanted = subtypes.len();
    if !offer.is_available {
        return Err(Unfit::Unavailable);
    }
    let max = fees::price(subtypes, max_fee).unwrap_or(Amount::MAX);
    let too_many = Unfit::TooManyBlocks { max: offer.max_user_blocks, wanted };
    match offer.price(subtypes) {
        _ if wanted > offer.max_user_blocks => Err(too_many),
        Some(price) if price.is_zero() => Err(Unfit::Free),
        Some(price) if price <= max => Ok(Quote { candidate: *candidate, price }),
        // A price above every amount there is above the user's maximum too.
        price => Err(Unfit::TooExpensive { price: price.unwrap_or(Amount::MAX), max }),
    }
}

/// The best `count` of them. Of those that are paid on one account only the best is taken: they are one worker.
pub(crate) fn best(mut quotes: Vec<Quote>, policy: Policy, count: usize) -> Vec<Quote> {
    quotes.sort_by(|a, b| match policy {
        Policy::Cheapest => a.price.cmp(&b.price).then_with(|| quicker(a, b)),
        Policy::Fastest => quicker(a, b).then(a.price.cmp(&b.price)),
    });
    let mut paid = BTreeSet::new();
    quotes.retain(|quote| paid.insert(quote.candidate.offer.reward_account));
    quotes.truncate(count.max(1));
    quotes
}

fn quicker(a: &Quote, b: &Quote) -> Ordering {
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
    use super::{Quote, Unfit, best};
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

    fn quote(candidate: &Candidate, subtypes: &[Subtype]) -> Result<Quote, Unfit> {
        super::quote(candidate, subtypes, Amount::from_raw(6400))
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
    fn the_policy_decides_the_order() {
        let workers =
            [candidate(1, 300, Some(1e6)), candidate(2, 200, None), candidate(3, 400, Some(9e9))];
        let quotes: Vec<_> =
            workers.iter().map(|worker| quote(worker, &[Subtype::Send]).unwrap()).collect();
        let ids = |policy| -> Vec<u8> {
            best(quotes.clone(), policy, 9)
                .iter()
                .map(|quote| quote.candidate.offer.reward_account.as_bytes()[0])
                .collect()
        };
        assert_eq!(ids(Policy::Cheapest), [2, 1, 3]);
        assert_eq!(ids(Policy::Fastest), [3, 1, 2]);
    }

    #[test]
    fn two_addresses_of_one_reward_account_are_one_worker() {
        let (mut a, b) = (candidate(1, 300, None), candidate(2, 200, None));
        a.offer.reward_account = b.offer.reward_account;
        let quotes =
            vec![quote(&a, &[Subtype::Send]).unwrap(), quote(&b, &[Subtype::Send]).unwrap()];
        let chosen = best(quotes, Policy::Cheapest, 9);
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].price, Amount::from_raw(200));
    }
}
