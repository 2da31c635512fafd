//! [`Candidate`]: a worker with its offer, and what is known of it.
//!
//! Workers are asked a few at a time and each for a short while. A worker's offer is its own word, apart from the
//! price: that is fixed by what the sender signs. What speaks for it beside its word is its [`Reputation`].

use crate::{
    Config, LedgerRecord, Market, Reputation, Standing, Worker,
    clock::unix_seconds,
    http::{Ask, HttpError, ask},
    ledger_record,
    market::{Name, Recollection, Told},
    registry::Scan,
    reputation::Evidence,
    workers::Plan,
};
use futures_util::{FutureExt, StreamExt, stream};
use nano_primitives::Amount;
use nano_rpc::{Client, RpcError};
use p2pow_protocol::{Info, InfoError, Offer};
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// If so many made an offer, the others are not asked for a payment.
const ENOUGH: usize = 8;
/// Accounts that are looked up on the ledger in one search, and the time for it.
const LOOK_UPS: usize = 32;
const LOOK_UP_TIME: Duration = Duration::from_secs(3);
const LOOK_UPS_AT_ONCE: usize = 4;

/// A worker with its offer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The worker.
    pub worker: Worker,
    /// What it offers. Its price is binding once it is signed; the rest is its own word.
    pub offer: Offer,
    /// How long it took to tell.
    pub latency: Duration,
    /// What is known of it beside its own word.
    pub reputation: Reputation,
}

impl Candidate {
    /// The most user blocks of a job for it, as far as it is believed.
    #[must_use]
    pub fn most_blocks(&self) -> usize {
        self.reputation.believed_blocks(self.offer.max_user_blocks)
    }
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

/// The workers that were asked.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listings {
    /// Each with its offer: those with offers first, the most trusted before the others, then the cheapest.
    pub workers: Vec<Listing>,
    /// Registrations that were left out because their addresses are not public.
    pub not_dialable: usize,
    /// Registrations at addresses that may be dialled. Not all of them are asked, see [`Search`](crate::Search).
    pub registered: usize,
    /// Everything that each of those with an offer has said of itself: its own word.
    pub told: BTreeMap<IpAddr, Info>,
    /// Whether it is a newcomer's turn.
    pub(crate) may_try: bool,
}

impl Listings {
    /// The most user blocks of one job that somebody takes at an acceptable price, as far as it is believed: 1 if
    /// nobody knows batches. `max_fee` is the most that is paid for a send.
    #[must_use]
    pub fn largest_job(&self, max_fee: Amount) -> usize {
        let offers = self.workers.iter().filter_map(|(_, listing)| listing.as_ref().ok());
        let usable = offers.filter(|candidate| {
            candidate.offer.is_available
                && candidate.offer.fee <= max_fee
                && candidate.reputation.standing != Standing::Distrusted
        });
        usable.map(Candidate::most_blocks).max().unwrap_or(1)
    }
}

type Ledgers = BTreeMap<Name, LedgerRecord>;

/// Asks workers for their offers.
#[derive(Debug)]
pub(crate) struct Survey<'a> {
    pub(crate) node: &'a Client,
    pub(crate) config: &'a Config,
    pub(crate) market: &'a Market,
    pub(crate) scan: Arc<Scan>,
    pub(crate) recollection: Recollection,
    /// How old an offer may be that is not asked for again.
    pub(crate) hold: Duration,
}

impl Survey<'_> {
    /// Asks those of the plan, and remembers who answered.
    pub(crate) async fn run(&self, plan: Plan) -> Listings {
        let Plan { first, then, not_dialable, registered } = plan;
        let mut told = self.ask_all(first).await;
        if told.iter().filter(|(_, told)| told.is_ok()).count() < ENOUGH {
            told.extend(self.ask_all(then).await);
        }
        let (network, now) = (self.config.network, unix_seconds());
        let answers = told.iter().filter(|(_, told)| !matches!(told, Ok((_, false))));
        let answers = answers.map(|(worker, told)| (worker.address, told.is_ok())).collect();
        self.market.note_answers(network, answers, now).await;
        let known = (self.recollection.contacts.len(), self.recollection.records.len());
        self.market.prune(network, known).await;
        let told: Vec<(Worker, Result<Told, OfferError>)> =
            told.into_iter().map(|(worker, told)| (worker, told.map(|(told, _)| told))).collect();
        let ledgers = self.ask_the_ledger(&told, now).await;
        let said = told.iter().filter_map(|(worker, told)| Some((worker, told.as_ref().ok()?)));
        let said = said.map(|(worker, told)| (worker.address, told.info.clone())).collect();
        let mut workers: Vec<Listing> = told
            .into_iter()
            .map(|(worker, told)| match told {
                Ok(told) => {
                    let candidate = self.candidate(worker, told, &ledgers, now);
                    (candidate.worker, Ok(candidate))
                }
                Err(error) => (worker, Err(error)),
            })
            .collect();
        workers.sort_by_key(|(worker, listing)| {
            let offer = listing.as_ref().ok();
            let order = offer.map(|known| (known.reputation.standing, known.offer.fee));
            (offer.is_none(), order, worker.address)
        });
        let may_try = self.market.may_try(network).await;
        Listings { workers, not_dialable, registered, told: said, may_try }
    }

    /// What each offers, and whether it was asked for it now.
    async fn ask_all(
        &self,
        workers: Vec<Worker>,
    ) -> Vec<(Worker, Result<(Told, bool), OfferError>)> {
        stream::iter(workers)
            .map(|worker| async move { (worker, self.ask_one(worker).await) }.boxed())
            .buffer_unordered(self.config.search.at_once.max(1))
            .collect()
            .await
    }

    async fn look_up(&self, name: Name, now: u64) -> (Name, Result<LedgerRecord, RpcError>) {
        (name, ledger_record::look_up(self.node, &name.1, now).await)
    }

    async fn ask_one(&self, worker: Worker) -> Result<(Told, bool), OfferError> {
        let at = SocketAddr::new(worker.address, self.config.port);
        if let Some(told) = self.market.offered().get(at, self.hold) {
            return Ok((told, false));
        }
        let search = &self.config.search;
        let question = Ask {
            path: "/request_info".into(),
            body: None,
            connect_timeout: search.connect.min(self.config.patience.connect),
            timeout: search.timeout,
            max_bytes: search.max_bytes,
        };
        let start = Instant::now();
        let reply = ask(at, &question).await?;
        if reply.status != 200 {
            return Err(OfferError::Status { status: reply.status });
        }
        let told = Told { info: Info::parse(&reply.body)?, latency: start.elapsed() };
        self.market.offered().remember(at, told.clone());
        Ok((told, true))
    }

    /// The worker with its offer. If the account that is paid has registered this address itself, that counts as the
    /// worker's registration, whoever else registered the address too.
    fn candidate(&self, worker: Worker, told: Told, ledgers: &Ledgers, now: u64) -> Candidate {
        let (offer, latency) = (told.info.offer(), told.latency);
        let name = (worker.address, offer.reward_account);
        let own = self.own(name);
        let record = self.recollection.records.get(&name).copied().unwrap_or_default();
        let contact = self.recollection.contacts.get(&worker.address).copied().unwrap_or_default();
        let evidence = Evidence {
            experience: record.experience,
            address: contact.experience,
            ledger: ledgers.get(&name).copied().or(record.ledger),
            bound_since: own.and_then(|own| own.registration?.seen),
            is_bound: own.is_some(),
            is_named: worker.registration.is_none(),
        };
        let reputation = Reputation::of(evidence, now);
        Candidate { worker: own.unwrap_or(worker), offer, latency, reputation }
    }

    /// The registration of the address by the account that is paid for its work.
    fn own(&self, (address, account): Name) -> Option<Worker> {
        self.scan.workers.get(&account).copied().filter(|own| own.address == address)
    }

    /// What the ledger shows of those that registered by themselves, where that is not known or was long ago.
    async fn ask_the_ledger(
        &self,
        told: &[(Worker, Result<Told, OfferError>)],
        now: u64,
    ) -> Ledgers {
        let holds = self.config.search.ledger.as_secs();
        let is_due = |name: &Name| {
            let ledger = self.recollection.records.get(name).and_then(|record| record.ledger);
            self.own(*name).is_some()
                && ledger.is_none_or(|ledger| now.saturating_sub(ledger.as_of) > holds)
        };
        let offers = told.iter().filter_map(|(worker, told)| Some((worker, told.as_ref().ok()?)));
        let names = offers.map(|(worker, told)| (worker.address, told.info.reward_account));
        let due: Vec<Name> = names.filter(is_due).take(LOOK_UPS).collect();
        let mut looks = stream::iter(due)
            .map(|name| self.look_up(name, now).boxed())
            .buffer_unordered(LOOK_UPS_AT_ONCE);
        let (mut found, until) = (Ledgers::new(), Instant::now() + LOOK_UP_TIME);
        // What is not known in time is not known; it is no reason to wait.
        while let Ok(Some((name, look))) = timeout_at(until, looks.next()).await {
            match look {
                Ok(ledger) => {
                    self.market.note_ledger(self.config.network, name, ledger).await;
                    found.insert(name, ledger);
                }
                Err(error) => tracing::debug!(account = %name.1, %error, "no look at the ledger"),
            }
        }
        found
    }
}
