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

/// Nobody to be hired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MarketError {
    /// The registry has no address that may be dialled.
    #[error("no worker is registered on the ledger")]
    NoWorkers,
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
    listings: Vec<Listing>,
    subtypes: &[Subtype],
    config: &Config,
    events: &Events,
) -> Result<Vec<Hire>, MarketError> {
    if listings.is_empty() {
        return Err(MarketError::NoWorkers);
    }
    let job = Job { subtypes, max_fee: config.max_fee };
    let (mut fit, mut refused) = (Vec::new(), Vec::new());
    for (worker, listing) in listings {
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
