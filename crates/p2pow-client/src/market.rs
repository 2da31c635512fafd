//! From the workers that are there to those that are hired.

use crate::{
    Candidate, Config, Event, Hire, OfferError, Unfit, Worker,
    choose::{Job, best},
    event::Events,
};
use nano_block::Subtype;
use std::{error::Error, net::IpAddr};

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
pub enum MarketError {
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

/// The workers to hire for a job of these user blocks.
pub(crate) fn hire(
    listings: Listings,
    subtypes: &[Subtype],
    config: &Config,
    events: &Events,
) -> Result<Vec<Hire>, MarketError> {
    let Listings { workers, not_dialable } = listings;
    if workers.is_empty() {
        return Err(MarketError::NoWorkers { not_dialable });
    }
    let job = Job { subtypes, max_fee: config.max_fee };
    let (mut fit, mut refused) = (Vec::new(), Vec::new());
    for (worker, listing) in workers {
        let address = worker.address;
        match assess(&job, listing, events) {
            Ok(hire) => fit.push(hire),
            Err(reason) => {
                events.tell(|| Event::Unusable { address, reason: reason.to_string() });
                refused.push((address, reason));
            }
        }
    }
    if fit.is_empty() {
        return Err(MarketError::NoneUsable { refused });
    }
    Ok(best(fit, config.policy, config.hire))
}

fn assess(
    job: &Job<'_>,
    listing: Result<Candidate, OfferError>,
    events: &Events,
) -> Result<Hire, Unusable> {
    let candidate = listing?;
    let (address, offer) = (candidate.worker.address, candidate.offer);
    let (account, fee) = (offer.reward_account, offer.fee);
    events.tell(|| Event::Offered { address, account, fee });
    Ok(job.assess(&candidate)?)
}
