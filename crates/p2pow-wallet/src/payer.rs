//! [`Payer`]: the only way by which money leaves: a batch is handed to the sender under its name, which is the key of its
//! payment in the sender's journal; and what the journal and the node say of each order is what came of it.

use crate::{receivable::is_receivable, task::Batch};
use nano_block::{BuildError, SecretKey};
use nano_primitives::{Account, BlockHash, Signature};
use nano_rpc::RpcError;
use p2pow_client::{
    BoxFuture, Cause, DealError, Event, Fate, Item, OrderKey, SendError, Sender, Signer,
    SignerError, SigningRequest, Unsettled,
};
use std::future::ready;
use tokio::sync::mpsc::UnboundedSender;

/// Hands batches to the sender.
#[derive(Debug)]
pub(crate) struct Payer {
    sender: Sender,
}

/// A private key, and until when it may sign.
pub(crate) struct Pen<'a> {
    key: &'a SecretKey,
    term: u64,
    is_held: Option<Box<dyn Fn() -> bool + Send + Sync>>,
}

impl<'a> Pen<'a> {
    pub(crate) const fn new(key: &'a SecretKey) -> Self {
        Self { key, term: 0, is_held: None }
    }

    /// The same while the account is held, in this term.
    pub(crate) fn under(
        self,
        term: u64,
        is_held: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { term, is_held: Some(Box::new(is_held)), ..self }
    }
}

impl Signer for Pen<'_> {
    fn account(&self) -> Account {
        self.key.account()
    }

    fn sign<'a>(
        &'a self,
        request: &'a SigningRequest,
    ) -> BoxFuture<'a, Result<Signature, SignerError>> {
        if self.is_held.as_ref().is_some_and(|is_held| !is_held()) {
            return Box::pin(ready(Err(SignerError::new("the lease of this server is over"))));
        }
        Signer::sign(self.key, request)
    }
}

/// What came of a batch.
#[derive(Debug)]
pub(crate) enum Paid {
    /// It is certain that nothing of it is signed that could still be published.
    Nothing(Hindrance),
    /// Of each order, in their sequence.
    Ends {
        ends: Vec<End>,
        /// Why it stopped, where trying again is of no use.
        why: Option<Hindrance>,
        /// In words, if it is not done.
        problem: Option<String>,
    },
    /// Nobody knows: whether something was signed before is not told by this. It is to be asked again by its name.
    Unknown(String),
}

/// What came of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The node says that this block is confirmed.
    Confirmed(BlockHash),
    /// It may be done yet, by this block if there is one.
    Open(Option<BlockHash>),
    /// No block is signed that could still be confirmed.
    Not,
    /// The same, and the operator has put another payment in its place: it is not to be made any more.
    Withdrawn,
}

impl End {
    /// Whether it is decided for good.
    pub(crate) const fn is_final(&self) -> bool {
        matches!(self, Self::Confirmed(_) | Self::Withdrawn)
    }
}

/// Why nothing more was signed.
#[derive(Debug)]
pub(crate) struct Hindrance {
    pub(crate) reason: String,
    /// The order that cannot be carried out, counted from 0, if it is known which.
    pub(crate) place: Option<usize>,
    /// Whether trying again is of no use.
    pub(crate) is_final: bool,
}

impl Payer {
    pub(crate) const fn new(sender: Sender) -> Self {
        Self { sender }
    }

    /// Carries out the batch, or goes on with it. `representative` is that of an account which it opens; `listener` hears
    /// of its steps.
    pub(crate) async fn pay(
        &self,
        pen: &Pen<'_>,
        batch: &Batch,
        representative: Account,
        listener: UnboundedSender<Event>,
    ) -> Paid {
        let key = match OrderKey::new(format!("serve {}", batch.id)) {
            Ok(key) => key,
            Err(error) => return Paid::Unknown(error.to_string()),
        };
        let sender = self.sender.with_representative(representative).with_events(listener);
        match sender.in_term(pen.term).pay(pen, &key, &batch.orders).await {
            Ok(receipt) if receipt.users.len() == batch.orders.len() => {
                let ends = receipt.users.iter().map(|user| End::Confirmed(user.hash()));
                Paid::Ends { ends: ends.collect(), why: None, problem: None }
            }
            Ok(_) => Paid::Unknown("not every block is known".to_owned()),
            Err(SendError::Unsettled(left)) => unsettled(&left),
            // Nothing of it is confirmed, or may still be.
            Err(error @ SendError::Withdrawn { .. }) => Paid::Ends {
                ends: vec![End::Withdrawn; batch.orders.len()],
                why: None,
                problem: Some(error.to_string()),
            },
            Err(error) => failed(&error),
        }
    }

    /// Whether a send waits to be received.
    pub(crate) async fn is_receivable(&self, source: &BlockHash) -> Result<bool, RpcError> {
        is_receivable(self.sender.node().main(), source).await
    }
}

fn unsettled(left: &Unsettled) -> Paid {
    let stopped = match &left.cause {
        Cause::Stopped(error) => Some(&**error),
        _ => None,
    };
    let is_withdrawn = matches!(stopped, Some(SendError::Withdrawn { .. }));
    let ends = left.items.iter().map(|item| match end(item) {
        End::Not if is_withdrawn => End::Withdrawn,
        end => end,
    });
    let why = stopped.and_then(hindrance).filter(|why| why.is_final);
    Paid::Ends { ends: ends.collect(), why, problem: Some(left.to_string()) }
}

fn end(item: &Item) -> End {
    match (item.fate, item.block) {
        (Fate::Confirmed, Some(block)) => End::Confirmed(block),
        _ if item.is_void() => End::Not,
        (_, block) => End::Open(block),
    }
}

/// An error that is told before anything of the payment is signed, and only then; of others that is not known.
fn failed(error: &SendError) -> Paid {
    hindrance(error).map_or_else(|| Paid::Unknown(chain(error)), Paid::Nothing)
}

fn hindrance(error: &SendError) -> Option<Hindrance> {
    let (place, is_final) = match error {
        SendError::Deal(DealError::Order { place, .. }) => (place.checked_sub(1), true),
        SendError::Deal(DealError::TooPoorForReward { .. }) => (None, true),
        SendError::Deal(_)
        | SendError::State(_)
        | SendError::Workers(_)
        | SendError::Quotes(_)
        | SendError::TooSlow { .. }
        | SendError::AlreadySigned(_) => (None, false),
        // The journal failed, or the key is another payment's: whether something was signed before is not known.
        _ => return None,
    };
    Some(Hindrance { reason: reason(error), place, is_final })
}

/// In the words of a node, where it has some.
fn reason(error: &SendError) -> String {
    match error {
        SendError::Deal(DealError::Order { source: BuildError::Insufficient { .. }, .. }) => {
            "Insufficient balance".to_owned()
        }
        SendError::Deal(DealError::Order { source: BuildError::Unopened { .. }, .. }) => {
            "Account not found".to_owned()
        }
        SendError::Deal(DealError::TooPoorForReward { left, price }) => format!(
            "Insufficient balance: {} XNO would be left, and the work costs {} XNO",
            left.to_xno(),
            price.to_xno()
        ),
        error => format!("Error generating block: {} (nothing was sent)", chain(error)),
    }
}

/// The error and its sources, unless a text already ends with its source's.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{End, Paid, end, failed};
    use nano_block::BuildError;
    use nano_primitives::{Account, BlockHash};
    use p2pow_client::{DealError, Fate, Item, Order, OrderKey, SendError, SignerError};
    use p2pow_store::StoreError;

    /// Whoever takes "not known" for "nothing" pays twice.
    #[test]
    fn nothing_is_said_only_where_it_is_certain() {
        let journal = SendError::from(StoreError::Closed);
        assert!(matches!(failed(&journal), Paid::Unknown(_)));
        let reused = SendError::KeyReused { key: OrderKey::new("a").unwrap() };
        assert!(matches!(failed(&reused), Paid::Unknown(_)));
        let unanswered = DealError::from(SignerError::unanswered("it was switched off"));
        let begun = SendError::Begun(Box::new(unanswered.into()));
        assert!(matches!(failed(&begun), Paid::Unknown(_)));
        let order = DealError::Order { place: 3, source: BuildError::Nothing };
        let Paid::Nothing(why) = failed(&order.into()) else { panic!("it is certain") };
        assert!(why.is_final && why.place == Some(2));
    }

    /// The signer was asked for the one, and may have signed it: its place is kept.
    #[test]
    fn a_block_that_was_about_to_be_signed_is_not_said_to_be_none() {
        let order = Order::Change { representative: Account::ZERO };
        let item = |block| Item { order, block, signed: None, fate: Fate::Unsigned };
        assert!(matches!(end(&item(Some(BlockHash::ZERO))), End::Open(Some(BlockHash::ZERO))));
        assert!(matches!(end(&item(None)), End::Not));
    }
}
