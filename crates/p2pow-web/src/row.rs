//! [`Row`]: what is known of a worker, as the page shows it.

use crate::refusal::chain;
use nano_primitives::{Account, Amount, BlockHash, excerpt};
use p2pow_client::{Candidate, Experience, LedgerRecord, Listing, Standing, Worker};
use p2pow_protocol::Info;
use serde::Serialize;
use std::net::IpAddr;

/// The longest error that is kept, in characters.
const SHOWN: usize = 300;

/// Whether a worker is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Presence {
    /// It makes an offer.
    Online,
    /// It answers, and takes no jobs now.
    Busy,
    /// It does not answer, or nothing a worker says.
    Offline,
    /// It was not asked yet.
    Unasked,
}

/// A worker that has registered, or that the user has named.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) address: IpAddr,
    pub(crate) state: Presence,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registered_by: Option<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registration: Option<BlockHash>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registered_at: Option<u64>,
    /// When it made an offer last, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seen_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// What it offered last.
    #[serde(flatten)]
    pub(crate) offer: Option<OfferRow>,
}

/// An offer, and what of it is believed. Amounts are raw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct OfferRow {
    pub(crate) account: Account,
    standing: Standing,
    bound: bool,
    pub(crate) fee_raw: Amount,
    fee_receive_raw: Amount,
    max_user_blocks: usize,
    believed_user_blocks: usize,
    /// Hashes a second, by its own word.
    pub(crate) hashrate: Option<f64>,
    believed_hashrate: Option<f64>,
    wait_seconds: Option<f64>,
    /// Jobs in its queue, by its own word.
    jobs: Option<usize>,
    pub(crate) latency_ms: u64,
    version: String,
    implementation: Option<String>,
    pub(crate) features: Vec<String>,
    experience: ExperienceRow,
    pub(crate) ledger: Option<LedgerRow>,
}

/// What was seen of a worker; the counts fade with time.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct ExperienceRow {
    won: f64,
    lost: f64,
    failed: f64,
    withheld: f64,
}

/// What the ledger shows of the account that is paid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LedgerRow {
    pub(crate) rewards: usize,
    senders: usize,
    pub(crate) earned_raw: Amount,
    /// Seconds since 1970.
    last: Option<u64>,
}

impl Row {
    /// Somebody who was not asked.
    pub(crate) fn unasked(worker: &Worker) -> Self {
        let registration = worker.registration;
        Self {
            address: worker.address,
            state: Presence::Unasked,
            registered_by: registration.map(|entry| entry.account),
            registration: registration.map(|entry| entry.block),
            registered_at: registration.and_then(|entry| entry.seen),
            seen_ms: None,
            error: None,
            offer: None,
        }
    }

    /// Somebody who was asked, after what was known before.
    pub(crate) fn asked(
        listing: &Listing,
        info: Option<&Info>,
        before: Option<&Self>,
        now: u64,
    ) -> Self {
        let (worker, told) = listing;
        let row = Self::unasked(worker);
        match told {
            Ok(candidate) => {
                let is_available = candidate.offer.is_available;
                let state = if is_available { Presence::Online } else { Presence::Busy };
                let error = info.and_then(|info| info.error.as_deref());
                let error = error.filter(|_| !is_available).map(|text| excerpt(text, SHOWN));
                let offer = Some(OfferRow::new(candidate, info));
                Self { state, seen_ms: Some(now), error, offer, ..row }
            }
            Err(error) => Self {
                state: Presence::Offline,
                seen_ms: before.and_then(|before| before.seen_ms),
                error: Some(excerpt(&chain(error), SHOWN)),
                offer: before.and_then(|before| before.offer.clone()),
                ..row
            },
        }
    }
}

impl OfferRow {
    fn new(candidate: &Candidate, info: Option<&Info>) -> Self {
        let Candidate { offer, latency, reputation, .. } = *candidate;
        let Experience { won, lost, failed, withheld, .. } = reputation.experience;
        Self {
            account: offer.reward_account,
            standing: reputation.standing,
            bound: reputation.is_bound,
            fee_raw: offer.fee,
            fee_receive_raw: offer.fee_receive,
            max_user_blocks: offer.max_user_blocks,
            believed_user_blocks: candidate.most_blocks(),
            hashrate: offer.hashrate,
            believed_hashrate: reputation.believed_hashrate(offer.hashrate),
            wait_seconds: offer.wait_seconds,
            jobs: info.and_then(|info| info.queue).map(|queue| queue.jobs),
            latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
            version: info.map_or_else(String::new, |info| info.version.clone()),
            implementation: info.and_then(|info| info.implementation.clone()),
            features: info.map_or_else(Vec::new, features),
            experience: ExperienceRow { won, lost, failed, withheld },
            ledger: reputation.ledger.map(LedgerRow::from),
        }
    }
}

/// A worker may say that it has any number of features of any length.
fn features(info: &Info) -> Vec<String> {
    const MOST: usize = 8;
    const LONGEST: usize = 40;
    info.features.iter().take(MOST).map(|feature| excerpt(feature, LONGEST)).collect()
}

impl From<LedgerRecord> for LedgerRow {
    fn from(LedgerRecord { rewards, senders, earned, last, .. }: LedgerRecord) -> Self {
        Self { rewards, senders, earned_raw: earned, last }
    }
}
