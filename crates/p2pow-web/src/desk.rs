//! [`Desk`]: makes senders, which share a journal and what is known of workers.

use crate::view::Asked;
use nano_block::Subtype;
use nano_primitives::Account;
use p2pow_client::{Config, Event, Journal, Market, Nodes, Order, Sender, Signer};
use std::{net::IpAddr, sync::Arc};
use tokio::sync::mpsc::UnboundedSender;

/// What every sender here has in common.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) nodes: Nodes,
    pub(crate) hiring: Config,
    pub(crate) journal: Journal,
    pub(crate) market: Market,
    pub(crate) signer: Option<Arc<dyn Signer>>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("hiring", &self.hiring).finish_non_exhaustive()
    }
}

impl Desk {
    /// Whose money it is, if there is a key.
    pub(crate) fn account(&self) -> Option<Account> {
        self.signer.as_ref().map(|signer| signer.account())
    }

    /// The sender as it was configured.
    pub(crate) fn sender(&self) -> Sender {
        self.with(self.hiring.clone())
    }

    fn with(&self, config: Config) -> Sender {
        Sender::new(self.nodes.clone(), config)
            .with_journal(self.journal.clone())
            .with_market(self.market.clone())
    }

    /// The sender that a payment asks for.
    pub(crate) fn sender_of(&self, asked: &Asked) -> Sender {
        self.with(self.terms(asked))
    }

    /// The same with somebody who hears what happens.
    pub(crate) fn heard(&self, asked: &Asked, listener: UnboundedSender<Event>) -> Sender {
        self.sender_of(asked).with_events(listener)
    }

    /// A test hires nobody but those that are tested; other payments go on as they were configured.
    fn terms(&self, asked: &Asked) -> Config {
        let Asked { max_fee_raw, workers, hire, .. } = asked;
        let named: Vec<IpAddr> = workers.clone();
        let hire_most = if named.is_empty() { self.hiring.hire_most } else { named.len() };
        let workers = if named.is_empty() { self.hiring.workers.clone() } else { named };
        let hire_most = hire_most.max(*hire);
        Config { max_fee: *max_fee_raw, workers, hire: *hire, hire_most, ..self.hiring.clone() }
    }
}

/// What kind of block an order makes, as far as its price goes.
pub(crate) const fn subtype(order: &Order) -> Subtype {
    match order {
        Order::Send { .. } => Subtype::Send,
        Order::Receive { .. } => Subtype::Receive,
        Order::Change { .. } => Subtype::Change,
    }
}
