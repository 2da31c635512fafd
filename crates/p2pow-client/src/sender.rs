//! The sender: from an order to what its own node says.

use crate::{
    AlreadySigned, Candidate, Config, DealError, Event, Hire, OfferError, Order, RaceError,
    Receipt, Signer, StateError, Unfit, Worker, choose,
    deal::{Deal, Draft},
    directory,
    event::Events,
    offers,
    race::Race,
    signed::SignedRoots,
    state,
};
use futures_util::StreamExt;
use nano_primitives::{Account, Amount};
use nano_rpc::{Client, Receivable, ReceivableQuery, RpcError};
use std::net::IpAddr;
use tokio::sync::mpsc::UnboundedSender;

/// Has blocks of an account worked on and published by hired workers.
///
/// Everything it needs to trust is the node it was given, and that not for the balance.
#[derive(Debug)]
pub struct Sender {
    node: Client,
    config: Config,
    events: Events,
    signed: SignedRoots,
}

/// A job that was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The account's state is not known for sure. Nothing was signed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The registry could not be read. Nothing was signed.
    #[error("cannot ask the node for the registered workers")]
    Directory(#[source] RpcError),
    /// Nobody is there to be hired. Nothing was signed.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// The orders cannot be carried out, or the signer refused. Nothing has left this machine.
    #[error(transparent)]
    Deal(#[from] DealError),
    /// It would be a second block for one root. Nothing has left this machine.
    #[error(transparent)]
    AlreadySigned(#[from] AlreadySigned),
    /// The deal left this machine, but the ledger does not show it.
    #[error(transparent)]
    Race(#[from] RaceError),
}

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
    match std::error::Error::source(error) {
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

/// What one worker offers, or why it does not.
pub type Listing = (Worker, Result<Candidate, OfferError>);

impl Sender {
    /// A sender that believes this node.
    #[must_use]
    pub fn new(node: Client, config: Config) -> Self {
        Self { node, config, events: Events::default(), signed: SignedRoots::default() }
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
    /// The registry could not be read.
    pub async fn workers(&self) -> Result<Vec<Listing>, SendError> {
        let workers =
            directory::workers(&self.node, &self.config).await.map_err(SendError::Directory)?;
        self.events.tell(|| Event::WorkersFound { workers: workers.clone() });
        Ok(offers::ask_all(workers, &self.config).collect().await)
    }

    /// What was sent to the account and not received yet, the largest first, at most `count`.
    ///
    /// # Errors
    /// The node could not be asked.
    pub async fn receivable(
        &self,
        account: &Account,
        minimum: Amount,
        count: u64,
    ) -> Result<Vec<Receivable>, RpcError> {
        let query = ReceivableQuery {
            count: Some(count),
            threshold: Some(minimum),
            ..ReceivableQuery::default()
        };
        self.node.receivable(account, &query).await
    }

    /// The most orders that one worker takes at once: 1 if none knows batches.
    ///
    /// # Errors
    /// The registry could not be read.
    pub async fn largest_job(&self) -> Result<usize, SendError> {
        let offers = self.workers().await?.into_iter().filter_map(|(_, listing)| listing.ok());
        let usable = offers.filter(|candidate| {
            candidate.offer.is_available && candidate.offer.fee <= self.config.max_fee
        });
        Ok(usable.map(|candidate| candidate.offer.max_user_blocks).max().unwrap_or(1))
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
        self.run(signer, &[Order::Send { destination, amount }]).await
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
        self.run(signer, &[Order::Receive { source: source.hash, amount: source.amount }]).await
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
        self.run(signer, &[Order::Change { representative }]).await
    }

    /// Carries out the orders in one chain of blocks with one reward at its end. More than one order takes a worker
    /// that knows batches.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn run(&self, signer: &dyn Signer, orders: &[Order]) -> Result<Receipt, SendError> {
        let state =
            async { Ok(state::verified(&self.node, signer.account(), &self.config).await?) };
        let (before, listings) = futures_util::future::try_join(state, self.workers()).await?;
        let (frontier, balance) = (before.state.frontier, before.state.balance);
        self.events.tell(|| Event::StateVerified { frontier, balance });
        let draft = Draft::new(before, orders)?;
        let hires = self.choose(&draft, listings)?;
        let deal = Deal::sign(signer, &draft, hires).await?;
        self.signed.note(deal.account(), draft.root(), deal.last())?;
        self.events.tell(|| deal.event());
        let Self { node, config, events, .. } = self;
        Ok(Race { node, config, events, deal: &deal }.run().await?)
    }

    /// The workers to hire for a draft.
    fn choose(&self, draft: &Draft, listings: Vec<Listing>) -> Result<Vec<Hire>, MarketError> {
        if listings.is_empty() {
            return Err(MarketError::NoWorkers);
        }
        let job = choose::Job { subtypes: &draft.subtypes, max_fee: self.config.max_fee };
        let (mut fit, mut refused) = (Vec::new(), Vec::new());
        for (worker, listing) in listings {
            match self.assess(&job, listing) {
                Ok(hire) => fit.push(hire),
                Err(reason) => refused.push((worker.address, reason)),
            }
        }
        for (address, reason) in &refused {
            self.events.tell(|| Event::Unusable { address: *address, reason: reason.to_string() });
        }
        if fit.is_empty() {
            return Err(MarketError::NoneUsable { refused });
        }
        Ok(choose::best(fit, self.config.policy, self.config.hire))
    }

    fn assess(
        &self,
        job: &choose::Job<'_>,
        listing: Result<Candidate, OfferError>,
    ) -> Result<Hire, Unusable> {
        let candidate = listing?;
        let (address, offer) = (candidate.worker.address, candidate.offer);
        self.events.tell(|| Event::Offered {
            address,
            account: offer.reward_account,
            fee: offer.fee,
        });
        Ok(job.assess(&candidate)?)
    }
}
