//! [`WorkerRow`]: a worker, its offer and what is known of it, as scripts and people read it.

use crate::story;
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_cli::output;
use p2pow_client::{Candidate, Experience, LedgerRecord, Listing, Standing};
use serde::Serialize;
use std::{fmt, net::IpAddr};

/// A worker that was asked.
#[derive(Debug, Serialize)]
pub(crate) struct WorkerRow {
    address: IpAddr,
    registered_by: Option<Account>,
    registration: Option<BlockHash>,
    /// When it was registered, in seconds since 1970.
    registered_at: Option<u64>,
    #[serde(flatten)]
    offer: Option<OfferRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// An offer, and what of it is believed.
#[derive(Debug, Serialize)]
pub(crate) struct OfferRow {
    account: Account,
    standing: Standing,
    /// Whether that account has itself registered the address.
    bound: bool,
    available: bool,
    fee_raw: Amount,
    fee_receive_raw: Amount,
    max_user_blocks: usize,
    believed_user_blocks: usize,
    hashrate: Option<f64>,
    believed_hashrate: Option<f64>,
    wait_seconds: Option<f64>,
    latency_ms: u128,
    experience: ExperienceRow,
    ledger: Option<LedgerRow>,
}

/// What was seen of a worker; the counts fade with time.
#[derive(Debug, Serialize)]
struct ExperienceRow {
    won: f64,
    lost: f64,
    failed: f64,
    withheld: f64,
}

/// What the ledger shows of the account that is paid.
#[derive(Debug, Serialize)]
struct LedgerRow {
    rewards: usize,
    senders: usize,
    earned_raw: Amount,
    last: Option<u64>,
}

impl From<Listing> for WorkerRow {
    fn from((worker, listing): Listing) -> Self {
        let (offer, error) = match listing {
            Ok(candidate) => (Some(OfferRow::from(candidate)), None),
            Err(error) => (None, Some(story::with_cause(&error))),
        };
        Self {
            address: worker.address,
            registered_by: worker.registration.map(|entry| entry.account),
            registration: worker.registration.map(|entry| entry.block),
            registered_at: worker.registration.and_then(|entry| entry.seen),
            offer,
            error,
        }
    }
}

impl From<Candidate> for OfferRow {
    fn from(candidate: Candidate) -> Self {
        let believed_user_blocks = candidate.most_blocks();
        let Candidate { offer, latency, reputation, .. } = candidate;
        let Experience { won, lost, failed, withheld, .. } = reputation.experience;
        Self {
            account: offer.reward_account,
            standing: reputation.standing,
            bound: reputation.is_bound,
            available: offer.is_available,
            fee_raw: offer.fee,
            fee_receive_raw: offer.fee_receive,
            max_user_blocks: offer.max_user_blocks,
            believed_user_blocks,
            hashrate: offer.hashrate,
            believed_hashrate: reputation.believed_hashrate(offer.hashrate),
            wait_seconds: offer.wait_seconds,
            latency_ms: latency.as_millis(),
            experience: ExperienceRow { won, lost, failed, withheld },
            ledger: reputation.ledger.map(LedgerRow::from),
        }
    }
}

impl From<LedgerRecord> for LedgerRow {
    fn from(LedgerRecord { rewards, senders, earned, last, .. }: LedgerRecord) -> Self {
        Self { rewards, senders, earned_raw: earned, last }
    }
}

impl fmt::Display for WorkerRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.offer, &self.error) {
            (Some(offer), _) => write!(f, "{:<15}  {offer}", self.address),
            (None, error) => {
                write!(f, "{:<15}  {}", self.address, error.as_deref().unwrap_or("no offer"))
            }
        }
    }
}

impl fmt::Display for OfferRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.available { "available" } else { "unavailable" };
        write!(f, "{:<10}  {state}", self.standing.as_str())?;
        let (send, receive) = (story::xno(self.fee_raw), story::xno(self.fee_receive_raw));
        write!(f, "  send {send}  receive {receive}")?;
        match (self.believed_hashrate, self.hashrate) {
            (Some(rate), _) => write!(f, "  {}", output::hashrate(rate))?,
            (None, Some(claim)) => write!(f, "  claims {}", output::hashrate(claim))?,
            (None, None) => {}
        }
        match self.believed_user_blocks {
            0 | 1 => {}
            most if most < self.max_user_blocks => {
                write!(f, "  batches of {most} (claims {})", self.max_user_blocks)?;
            }
            most => write!(f, "  batches of {most}")?,
        }
        write!(f, "{}{}", self.experience, self.earnings())?;
        write!(f, "  {} ms  paid to {}", self.latency_ms, self.account)
    }
}

impl OfferRow {
    fn earnings(&self) -> String {
        self.ledger.as_ref().map_or_else(String::new, |ledger| {
            let LedgerRow { rewards, senders, .. } = ledger;
            format!(
                "  paid {} by {}",
                output::count(*rewards, "time"),
                output::count(*senders, "account")
            )
        })
    }
}

impl fmt::Display for ExperienceRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deeds = [
            ("won", self.won),
            ("lost", self.lost),
            ("failed", self.failed),
            ("withheld", self.withheld),
        ];
        for (deed, count) in deeds.iter().filter(|(_, count)| *count >= 0.05) {
            write!(f, "  {deed} {count:.1}")?;
        }
        Ok(())
    }
}
