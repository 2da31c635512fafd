//! [`Sender`]: from orders to what its own node says. The walk of a payment: account state, workers, quotes, contract,
//! request for work, settlement.

use crate::{
    AlreadySigned, Config, DealError, Event, Listings, Market, Order, Quote, QuoteError, Ranking,
    Receipt, Signer, Standing, StateError, Unsettled, account_state,
    clock::unix_seconds,
    config::{Deadlines, deadline, seconds},
    contract::{Deal, Draft},
    event::Events,
    experience::Deed,
    lessons,
    market::Name,
    offers::Survey,
    quotes,
    registry::{Registry, Scan},
    settlement::{self, Settlement},
    signed::SignedRoots,
    workers::{Breadth, Plan},
};
use nano_block::{SignedState, Subtype};
use nano_primitives::{Account, Amount};
use nano_rpc::{Client, Receivable, ReceivableQuery, RpcError};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc::UnboundedSender,
    time::{Instant, timeout_at},
};

/// Has blocks of an account worked on and published by hired workers.
///
/// Everything it needs to trust is the node it was given, and that not for the balance.
#[derive(Debug)]
pub struct Sender {
    node: Client,
    config: Config,
    events: Events,
    signed: SignedRoots,
    market: Market,
}

/// A job that was not done, or not seen to be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The account's state is not known for sure. Nothing was signed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The registry could not be read. Nothing was signed.
    #[error("cannot ask the node for the registered workers")]
    Workers(#[source] RpcError),
    /// Nobody is there to be hired. Nothing was signed.
    #[error(transparent)]
    Quotes(#[from] QuoteError),
    /// Node and workers took too long to tell what must be known beforehand. Nothing was signed.
    #[error("found out nothing within {}, so nothing was signed: the node or the workers are slow", seconds(*after))]
    TooSlow {
        /// How long was waited: half of the patience for the deal.
        after: Duration,
    },
    /// The orders cannot be carried out, or the signer refused. Nothing has left this machine.
    #[error(transparent)]
    Deal(#[from] DealError),
    /// It would be a second block for one root. Nothing has left this machine.
    #[error(transparent)]
    AlreadySigned(#[from] AlreadySigned),
    /// The deal left this machine, but the ledger does not show all of it. It says what became of each block.
    #[error(transparent)]
    Unsettled(#[from] Box<Unsettled>),
}

impl Sender {
    /// A sender that believes this node, and forgets with this value what it has learned of the workers.
    #[must_use]
    pub fn new(node: Client, config: Config) -> Self {
        let (events, signed) = (Events::default(), SignedRoots::default());
        Self { node, config, events, signed, market: Market::in_memory() }
    }

    /// The same with what is known of the workers, and to be known later.
    #[must_use]
    pub fn with_market(self, market: Market) -> Self {
        Self { market, ..self }
    }

    /// The same, telling what happens. A listener that is gone is no fault.
    #[must_use]
    pub fn with_events(self, listener: UnboundedSender<Event>) -> Self {
        Self { events: Events(Some(listener)), ..self }
    }

    /// How it was configured.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The workers that could be asked, and what they offer.
    ///
    /// # Errors
    /// The registry could not be read, or not within [`Patience::deal`](crate::Patience::deal).
    pub async fn workers(&self) -> Result<Listings, SendError> {
        let until = deadline(self.config.patience.deal);
        self.in_time(until, self.ask(&Events::default(), Breadth::All)).await
    }

    /// What a job of these user blocks would cost, and who would be hired for it, in this order. Nothing is signed.
    ///
    /// # Errors
    /// Nobody would do it, the registry could not be read, or not in time.
    pub async fn quote(&self, subtypes: &[Subtype]) -> Result<Ranking, SendError> {
        let until = deadline(self.config.patience.deal);
        let listings = self.in_time(until, self.ask(&Events::default(), Breadth::Payment)).await?;
        Ok(quotes::rank(listings, subtypes, &self.config)?)
    }

    async fn ask(&self, events: &Events, breadth: Breadth) -> Result<Listings, SendError> {
        let Self { node, config, market, .. } = self;
        let scan = self.scan().await?;
        let recollection = market.recall(config.network).await;
        let plan = if config.workers.is_empty() {
            Plan::of(&scan, &recollection, config, breadth)
        } else {
            Plan::named(&config.workers)
        };
        events.tell(|| Event::WorkersFound {
            registered: plan.registered,
            asked: plan.first.clone(),
            not_dialable: plan.not_dialable,
        });
        Ok(Survey { node, config, market, scan, recollection }.run(plan).await)
    }

    /// The registry, or nothing of it where the user has named the workers.
    async fn scan(&self) -> Result<Arc<Scan>, SendError> {
        let Self { node, config: Config { network, search, workers, .. }, market, .. } = self;
        if !workers.is_empty() {
            return Ok(Arc::default());
        }
        if let Some(scan) = market.scanned(search.rescan) {
            return Ok(scan);
        }
        let registry = Registry { node, store: market.store(), network: *network, search };
        let scan = Arc::new(registry.scan().await.map_err(SendError::Workers)?);
        market.remember_scan(&scan);
        Ok(scan)
    }

    /// Does what comes before signing, but not beyond `until`.
    async fn in_time<T>(
        &self,
        until: Instant,
        step: impl Future<Output = Result<T, SendError>>,
    ) -> Result<T, SendError> {
        let start = Instant::now();
        let slow = |_| Err(SendError::TooSlow { after: start.elapsed() });
        timeout_at(until, step).await.unwrap_or_else(slow)
    }

    /// What was sent to the account and not received yet, the largest first, at most `count`.
    ///
    /// # Errors
    /// The node could not be asked, or not within [`Patience::deal`](crate::Patience::deal).
    pub async fn receivable(
        &self,
        account: &Account,
        minimum: Amount,
        count: u64,
    ) -> Result<Vec<Receivable>, SendError> {
        let query = ReceivableQuery {
            count: Some(count),
            threshold: Some(minimum),
            ..ReceivableQuery::default()
        };
        let asked = async {
            self.node
                .receivable(account, &query)
                .await
                .map_err(|error| StateError::from(error).into())
        };
        self.in_time(deadline(self.config.patience.deal), asked).await
    }

    /// The most orders that one worker takes at once, as far as it is believed: 1 if none knows batches.
    ///
    /// # Errors
    /// The registry could not be read.
    pub async fn largest_job(&self) -> Result<usize, SendError> {
        let until = deadline(self.config.patience.deal);
        let listings = self.in_time(until, self.ask(&Events::default(), Breadth::Payment)).await?;
        Ok(listings.largest_job(self.config.max_fee))
    }

    /// Sends `amount` to `destination`.
    ///
    /// # Errors
    /// See [`SendError`]: whether anything has left this machine depends on the kind.
    pub async fn send(
        &self,
        signer: &dyn Signer,
        destination: Account,
        amount: Amount,
    ) -> Result<Receipt, SendError> {
        self.batch(signer, &[Order::Send { destination, amount }]).await
    }

    /// Pockets one receivable; opens the account if it has no block yet.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn receive(
        &self,
        signer: &dyn Signer,
        source: &Receivable,
    ) -> Result<Receipt, SendError> {
        self.batch(signer, &[Order::Receive { source: source.hash, amount: source.amount }]).await
    }

    /// Changes the account's representative.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn change(
        &self,
        signer: &dyn Signer,
        representative: Account,
    ) -> Result<Receipt, SendError> {
        self.batch(signer, &[Order::Change { representative }]).await
    }

    /// Carries out the orders in one chain of blocks with one reward at its end. More than one order takes a worker
    /// that knows batches.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn batch(&self, signer: &dyn Signer, orders: &[Order]) -> Result<Receipt, SendError> {
        let deadlines = Deadlines::start(self.config.patience.deal);
        let prepared = self.prepare(signer.account(), orders, &deadlines);
        let (draft, listings) = self.in_time(deadlines.prepared, prepared).await?;
        let ranking = self.rank(listings, &draft.subtypes).await?;
        let quotes = ranking.distinct(self.config.hire);
        let asked = Instant::now();
        let deal = self.sign(signer, &draft, quotes).await?;
        let deadlines = deadlines.later(asked.elapsed());
        let Self { node, config, events, .. } = self;
        let settlement = Settlement { node, config, events, deal: &deal, deadlines };
        let outcome = settlement.run().await;
        let (network, epoch) = (config.network, deal.epoch);
        let task = lessons::Task { network, epoch, subtypes: &deal.subtypes };
        let learned = match &outcome {
            Ok(receipt) => lessons::of_receipt(task, receipt),
            Err(left) => lessons::of_unsettled(left),
        };
        self.learn(learned).await;
        Ok(outcome.map_err(Box::new)?)
    }

    /// Who is hired for a job, in which order.
    async fn rank(&self, listings: Listings, subtypes: &[Subtype]) -> Result<Ranking, QuoteError> {
        let ranked = quotes::rank(listings, subtypes, &self.config);
        let refused = match &ranked {
            Ok(ranking) => &ranking.refused,
            Err(QuoteError::NoneUsable { refused }) => refused,
            Err(_) => &Vec::new(),
        };
        for (address, reason) in refused {
            let (address, reason) = (*address, reason.to_string());
            self.events.tell(|| Event::Unusable { address, reason });
        }
        let ranking = ranked?;
        for Quote { candidate, price } in &ranking.quotes {
            let (address, account) = (candidate.worker.address, candidate.offer.reward_account);
            self.events.tell(|| Event::Quoted { address, account, price: *price });
        }
        let is_proven = |quote: &Quote| quote.candidate.reputation.standing == Standing::Proven;
        if ranking.quotes.iter().any(is_proven) {
            self.market.note_trial(self.config.network, ranking.is_trial).await;
        }
        Ok(ranking)
    }

    async fn learn(&self, learned: Vec<(Name, Deed)>) {
        let now = unix_seconds();
        for (name, deed) in learned {
            self.market.note_deed(self.config.network, name, deed, now).await;
        }
    }

    /// What must be known before anything is signed: what the blocks are, and who could work for them.
    async fn prepare(
        &self,
        account: Account,
        orders: &[Order],
        deadlines: &Deadlines,
    ) -> Result<(Draft, Listings), SendError> {
        let state = async {
            Ok(account_state::verified(&self.node, account, &self.config, deadlines).await?)
        };
        let network =
            async { Ok(account_state::check_network(&self.node, self.config.network).await?) };
        let (before, (), listings) = futures_util::future::try_join3(
            state,
            network,
            self.ask(&self.events, Breadth::Payment),
        )
        .await?;
        let (frontier, balance) = (before.state.frontier, before.state.balance);
        self.events.tell(|| Event::StateVerified { frontier, balance });
        Ok((Draft::new(before, orders)?, listings))
    }

    /// The one place where blocks are signed: what is about to be signed is on record before the signer is asked, and
    /// so before anything leaves this machine.
    async fn sign(
        &self,
        signer: &dyn Signer,
        draft: &Draft,
        quotes: Vec<crate::Quote>,
    ) -> Result<Deal, SendError> {
        let reservation = self.signed.reserve(draft.account(), draft.root(), draft.last())?;
        let deal = Deal::sign(signer, draft, quotes, reservation).await?;
        self.events.tell(|| Event::Signed {
            users: deal.users.iter().map(SignedState::hash).collect(),
            rewards: deal.contracts.iter().map(settlement::reward).collect(),
        });
        Ok(deal)
    }
}
