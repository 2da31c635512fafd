//! The sender: from an order to what its own node says.

use crate::{
    AlreadySigned, Config, DealError, Event, Listings, MarketError, Order, RaceError, Receipt,
    Signer, StateError,
    deal::{Deal, Draft},
    directory::{self, Found},
    event::Events,
    market, offers,
    race::Race,
    signed::SignedRoots,
    state,
};
use futures_util::StreamExt;
use nano_primitives::{Account, Amount};
use nano_rpc::{Client, Receivable, ReceivableQuery, RpcError};
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
    pub async fn workers(&self) -> Result<Listings, SendError> {
        self.ask(&Events::default()).await
    }

    async fn ask(&self, events: &Events) -> Result<Listings, SendError> {
        let Found { workers, not_dialable } =
            directory::workers(&self.node, &self.config).await.map_err(SendError::Directory)?;
        events.tell(|| Event::WorkersFound { workers: workers.clone(), not_dialable });
        let workers = offers::ask_all(workers, &self.config).collect().await;
        Ok(Listings { workers, not_dialable })
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
        let offers =
            self.workers().await?.workers.into_iter().filter_map(|(_, listing)| listing.ok());
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
        let state =
            async { Ok(state::verified(&self.node, signer.account(), &self.config).await?) };
        let (before, listings) =
            futures_util::future::try_join(state, self.ask(&self.events)).await?;
        let (frontier, balance) = (before.state.frontier, before.state.balance);
        self.events.tell(|| Event::StateVerified { frontier, balance });
        let draft = Draft::new(before, orders)?;
        let hires = market::hire(listings, &draft.subtypes, &self.config, &self.events)?;
        let deal = Deal::sign(signer, &draft, hires).await?;
        self.signed.note(deal.account(), draft.root(), deal.last())?;
        self.events.tell(|| deal.event());
        let Self { node, config, events, .. } = self;
        Ok(Race { node, config, events, deal: &deal }.run().await?)
    }
}
