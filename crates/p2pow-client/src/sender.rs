//! [`Sender`]: pays, receives and changes representatives by blocks that hired workers work on, and looks for those workers.

use crate::{
    BoxFuture, Config, Estimate, Event, EventStream, FeeError, Hired, Journal, Listings, Market,
    Nodes, Order, OrderKey, Outcome, Payment, Quote, QuoteError, Ranking, Receipt, SendError,
    Signer, Standing, StateError, Worker,
    clock::unix_seconds,
    config::deadline,
    event::Events,
    experience::Deed,
    market::Name,
    offers::Survey,
    quotes::{self, MAX_JOB},
    registry::{Registry, Scan},
    workers::{self, Breadth, Plan},
};
use nano_block::Subtype;
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::{Receivable, ReceivableQuery};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc::UnboundedSender,
    time::{Instant, timeout_at},
};

/// Has blocks of an account worked on and published by hired workers.
///
/// Everything it needs to trust is the node it was given, or most of several, and that not for the balance.
#[derive(Debug)]
pub struct Sender {
    pub(crate) node: Nodes,
    pub(crate) config: Config,
    pub(crate) events: Events,
    pub(crate) journal: Journal,
    pub(crate) market: Market,
}

impl Sender {
    /// A sender that believes this node, or these nodes, and forgets with this value what it has signed, which makes a restart pay twice
    /// (see [`with_journal`](Self::with_journal)), and what it has learned of the workers.
    #[must_use]
    pub fn new(node: impl Into<Nodes>, config: Config) -> Self {
        let (events, journal, market) =
            (Events::default(), Journal::in_memory(), Market::in_memory());
        Self { node: node.into(), config, events, journal, market }
    }

    /// The same with what it signs in this journal.
    #[must_use]
    pub fn with_journal(self, journal: Journal) -> Self {
        Self { journal, ..self }
    }

    /// The same with what is known of the workers, and to be known later.
    #[must_use]
    pub fn with_market(self, market: Market) -> Self {
        Self { market, ..self }
    }

    /// The same, telling what happens. A listener that is gone is no fault.
    #[must_use]
    pub fn with_events(self, listener: UnboundedSender<Event>) -> Self {
        Self { events: self.events.with_listener(listener), ..self }
    }

    /// What happens from now on, as a stream; any number of them, each with everything.
    ///
    /// ```
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    /// # runtime.block_on(async {
    /// use futures_util::StreamExt;
    /// use p2pow_client::Event;
    ///
    /// # let net = nano_devnet::Devnet::builder().start().await?;
    /// # let node = nano_rpc::Client::new(&net.rpc_url())?;
    /// # let sender = p2pow_client::Sender::new(node, p2pow_client::Config::default());
    /// let mut events = sender.events();
    /// let told = tokio::spawn(async move {
    ///     while let Some(event) = events.next().await {
    ///         match event {
    ///             Event::WorkersFound { registered, .. } => println!("{registered} workers"),
    ///             Event::UserConfirmed { hash } => println!("paid with block {hash}"),
    ///             Event::RewardConfirmed { address, .. } => println!("{address} has earned its fee"),
    ///             _ => {}
    ///         }
    ///     }
    /// });
    /// // Nobody is there to be hired, and nothing is signed.
    /// assert!(sender.quote(&[nano_block::Subtype::Send]).await.is_err());
    /// # drop(sender);
    /// # told.await?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.events.stream()
    }

    /// The same with another representative for accounts that are opened. It shares journal and market.
    #[must_use]
    pub fn with_representative(&self, representative: Account) -> Self {
        let config = Config { representative: Some(representative), ..self.config.clone() };
        let Self { node, events, journal, market, .. } = self;
        let (node, events) = (node.clone(), events.clone());
        Self { node, config, events, journal: journal.clone(), market: market.clone() }
    }

    /// The same for who holds an account in turn with other processes that share the journal: in this term, counted from
    /// 1, which grows with each holder. Once a payment has begun in a later term, nothing leaves any more that is signed
    /// in an earlier one, or in none.
    #[must_use]
    pub fn in_term(self, term: u64) -> Self {
        let journal = self.journal.in_term(crate::journal::Term::new(term));
        Self { journal, ..self }
    }

    /// The same, configured otherwise.
    #[must_use]
    pub fn with_config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// How it was configured.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The nodes that it believes.
    #[must_use]
    pub const fn node(&self) -> &Nodes {
        &self.node
    }

    /// The workers that could be asked, and what they offer.
    ///
    /// # Errors
    /// The registry could not be read, or not within [`Patience::deal`](crate::Patience::deal).
    pub async fn workers(&self) -> Result<Listings, SendError> {
        let until = deadline(self.config.patience.deal);
        self.in_time(until, self.ask(&Events::default(), Breadth::All)).await
    }

    /// Everybody who is registered at an address that may be dialled, by the oldest registration of each; nobody is asked.
    ///
    /// # Errors
    /// The registry could not be read, or not within [`Patience::deal`](crate::Patience::deal).
    pub async fn registered(&self) -> Result<Vec<Worker>, SendError> {
        let scan = self.in_time(deadline(self.config.patience.deal), self.scan()).await?;
        Ok(match self.config.workers.as_slice() {
            [] => workers::dialable(&scan, &self.config),
            named => Plan::named(named).first,
        })
    }

    /// What these user blocks would cost, in one job or in as many as it takes, and who would be hired. Nothing is signed.
    ///
    /// # Errors
    /// Nobody would do it, the registry could not be read, or not in time.
    pub async fn quote(&self, subtypes: &[Subtype]) -> Result<Estimate, SendError> {
        let until = deadline(self.config.patience.deal);
        let listings = self.in_time(until, self.ask(&Events::default(), Breadth::Payment)).await?;
        let first = listings.largest_job(self.config.max_fee).min(MAX_JOB).min(subtypes.len());
        let ranking = quotes::rank(listings, &subtypes[..first], &self.config)?;
        Ok(Estimate::of(ranking, first, subtypes))
    }

    /// Behind a pointer, as all that crates above reach: see [`carry_out`](Self::carry_out).
    pub(crate) fn ask<'a>(
        &'a self,
        events: &'a Events,
        breadth: Breadth,
    ) -> BoxFuture<'a, Result<Listings, SendError>> {
        Box::pin(self.survey(events, breadth))
    }

    async fn survey(&self, events: &Events, breadth: Breadth) -> Result<Listings, SendError> {
        let Self { config, market, .. } = self;
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
        let node = self.node.reachable();
        let hold = match breadth {
            Breadth::Payment => config.search.offers,
            Breadth::All => Duration::ZERO,
        };
        Ok(Survey { node, config, market, scan, recollection, hold }.run(plan).await)
    }

    /// The registry, or nothing of it where the user has named the workers.
    fn scan(&self) -> BoxFuture<'_, Result<Arc<Scan>, SendError>> {
        Box::pin(self.scan_once())
    }

    async fn scan_once(&self) -> Result<Arc<Scan>, SendError> {
        let Self { node, config: Config { network, search, workers, .. }, market, .. } = self;
        if !workers.is_empty() {
            return Ok(Arc::default());
        }
        if let Some(scan) = market.scanned(search.rescan) {
            return Ok(scan);
        }
        let scan = node.ask_one(|node| async move {
            Registry { node: &node, store: market.store(), network: *network, search }.scan().await
        });
        let scan = Arc::new(scan.await.map_err(SendError::Workers)?);
        market.remember_scan(&scan);
        Ok(scan)
    }

    /// Does what comes before signing, but not beyond `until`.
    pub(crate) async fn in_time<T>(
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
        self.pocket(signer, source.hash, source.amount).await
    }

    /// Pockets the send with the hash `source`, of `amount`: for who knows no more of it than that.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn pocket(
        &self,
        signer: &dyn Signer,
        source: BlockHash,
        amount: Amount,
    ) -> Result<Receipt, SendError> {
        self.batch(signer, &[Order::Receive { source, amount }]).await
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

    /// Carries out the orders in one chain of blocks, with one reward for each part that a worker takes at once: once,
    /// however often it is asked for under this key. If the payment was begun before, it goes on with the blocks that
    /// were signed then; if it is done, that is what is answered.
    ///
    /// # Errors
    /// See [`SendError`]: whether anything of the payment is signed depends on the kind. After an error, ask again with
    /// the same key and the same orders.
    pub async fn pay(
        &self,
        signer: &dyn Signer,
        key: &OrderKey,
        orders: &[Order],
    ) -> Result<Receipt, SendError> {
        self.carry_out(signer, Payment::of(orders).with_key(key)).await
    }

    /// Carries out the orders without a key: equal orders go on with a payment that was begun and not done, and are
    /// another one after it is done, also if they were asked for at once. A caller that may be restarted does not know
    /// whether it was done, and should [`pay`](Self::pay) with a key.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn batch(&self, signer: &dyn Signer, orders: &[Order]) -> Result<Receipt, SendError> {
        self.carry_out(signer, Payment::of(orders).acknowledged()).await
    }

    /// Who is hired for a job, in which order.
    pub(crate) async fn rank(
        &self,
        listings: Listings,
        subtypes: &[Subtype],
    ) -> Result<Ranking, QuoteError> {
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

    /// Holds what a job may cost against the limit of the day, before it is signed. Its last user block names it.
    pub(crate) async fn hold_fee(&self, job: BlockHash, hired: &[Quote]) -> Result<(), FeeError> {
        let price = hired.iter().map(|quote| quote.price).max();
        match (self.config.max_fee_per_day, price) {
            (Some(max), Some(price)) => {
                let network = self.config.network;
                self.market.hold_fee(network, (job, price), max, unix_seconds()).await
            }
            _ => Ok(()),
        }
    }

    /// Notes what a job has cost for good. If that cannot be written, what was held counts.
    pub(crate) async fn settle_fee(&self, job: BlockHash, paid: Amount) {
        if self.config.max_fee_per_day.is_none() {
            return;
        }
        if let Err(error) = self.market.settle_fee(self.config.network, job, paid).await {
            tracing::debug!(%error, "what a job has cost is not noted");
        }
    }

    /// Asks a worker anew the next time that has not done what it offered.
    pub(crate) fn forget_offers(&self, hired: &[Hired]) {
        for Hired { quote, outcome, .. } in hired {
            if !matches!(outcome, Outcome::Delivered | Outcome::Lost(_)) {
                let at = SocketAddr::new(quote.candidate.worker.address, self.config.port);
                self.market.offered().forget(at);
            }
        }
    }

    pub(crate) async fn learn(&self, learned: Vec<(Name, Deed)>) {
        let now = unix_seconds();
        for (name, deed) in learned {
            self.market.note_deed(self.config.network, name, deed, now).await;
        }
    }
}
#[cfg(test)]
mod tests {
    use super::{Order, OrderKey, Sender};
    use nano_block::SecretKey;

    /// Servers carry payments out on many threads. It fails to compile, not to run.
    #[test]
    fn a_payment_may_go_from_thread_to_thread() {
        const fn is_send<T: Send>(_: &T) {}
        let pay = |sender: &Sender, signer: &SecretKey, key: &OrderKey, orders: &[Order]| {
            is_send(&sender.pay(signer, key, orders));
        };
        let _ = pay;
    }
}
