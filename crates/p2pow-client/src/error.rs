//! [`SendError`]: a payment that was not done, or not seen to be done; and [`Unsettled`], with what is known of each of its
//! blocks where something of it is signed.

use crate::{
    DealError, DealReport, Fate, FeeError, Hired, Item, JournalError, OrderKey, QuoteError, Reward,
    StateError, config::seconds, contract::SignError, receipt::summary,
};
use nano_block::SignedState;
use nano_primitives::{Account, BlockHash};
use nano_rpc::RpcError;
use p2pow_store::StoreError;
use std::time::Duration;

/// A payment that was not done, or not seen to be done.
///
/// What it means for the money, of this payment:
///
/// | error | signed | what to do |
/// |---|---|---|
/// | [`State`](Self::State), [`Workers`](Self::Workers), [`Quotes`](Self::Quotes), [`TooSlow`](Self::TooSlow), [`Fee`](Self::Fee), [`Deal`](Self::Deal) | nothing | it can be ordered anew ([`nothing_left`](Self::nothing_left)) |
/// | [`Journal`](Self::Journal) | by this call nothing that has left; what earlier calls signed is not known | the same payment again, with the same key |
/// | [`Begun`](Self::Begun) | perhaps, by the signer, and nothing has left | the same payment again, with the same key |
/// | [`PerhapsMade`](Self::PerhapsMade) | nothing; the payment before may be the one that is meant | the same payment again |
/// | [`AlreadySigned`](Self::AlreadySigned) | nothing; another payment is undecided, perhaps one of the same orders | go on with that one, or replace it |
/// | [`OtherLedger`](Self::OtherLedger) | nothing | another journal, or wait for the node |
/// | [`KeyReused`](Self::KeyReused) | nothing; the key's own payment has its own fate | look up that one first |
/// | [`Withdrawn`](Self::Withdrawn) | perhaps: it was replaced, and may be confirmed all the same | look it up |
/// | [`Unsettled`](Self::Unsettled) | something: [`signed`](Self::signed), with the fate of each block | the same payment again goes on with it |
///
/// After any of them the same payment (the same key, the same orders) can be asked for again: that pays nothing twice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The journal cannot be read or written, or the account is at work elsewhere. Nothing was signed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The account's state is not known for sure. Nothing was signed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The registry could not be read. Nothing was signed.
    #[error("cannot ask the node for the registered workers")]
    Workers(#[source] RpcError),
    /// The fees of the day would be above their limit, or are not known. Nothing was signed for this fee.
    #[error(transparent)]
    Fee(#[from] FeeError),
    /// Nobody is there to be hired. Nothing was signed.
    #[error(transparent)]
    Quotes(#[from] QuoteError),
    /// Node and workers took too long to tell what must be known beforehand. Nothing was signed.
    #[error("found out nothing within {}, so nothing was signed: the node or the workers are slow", seconds(*after))]
    TooSlow {
        /// How long was waited: half of the patience for the deal.
        after: Duration,
    },
    /// The orders cannot be carried out, or the signer refused. Nothing was signed, or nothing more.
    #[error(transparent)]
    Deal(#[from] DealError),
    /// The signer has signed a part, or may have, by this call or an earlier one. Nothing has left this machine, but
    /// whoever signed may know of a block in this place of the account's chain, so it is kept for this payment: the same
    /// payment again goes on with the same blocks.
    #[error(
        "{0}; no block was sent, and the place on the account's chain is kept for this payment: the same payment again \
         goes on with it"
    )]
    Begun(#[source] Box<SendError>),
    /// An equal payment was made before, and only the node could tell whether it is meant. Nothing was signed.
    #[error("an equal payment was made before, and whether this is the same one is not known")]
    PerhapsMade(#[source] Box<StateError>),
    /// It would be a second block on one previous. Nothing was signed.
    #[error(transparent)]
    AlreadySigned(#[from] AlreadySigned),
    /// The journal knows what stands where this payment's first block would be, and the node does not. Nothing was signed.
    #[error(
        "by the journal the account {account} has gone on from {}, and the node knows nothing of it: the journal is of \
         another ledger, or the node has not caught up. Take a journal of its own for this ledger, or wait for the node",
        place(*.below)
    )]
    OtherLedger {
        /// Whose block it would be.
        account: Account,
        /// The block below it; zero for an account that was not opened.
        below: BlockHash,
    },
    /// The key stands for other orders. Nothing was signed.
    #[error(
        "the key {key} was given to other orders of this account: the same key is the same payment"
    )]
    KeyReused {
        /// The key.
        key: OrderKey,
    },
    /// Another payment was put in the place of this one on purpose. Nothing was signed.
    #[error(
        "the payment {key} was replaced by another one on purpose ({state}): it needs another key to be made all the same"
    )]
    Withdrawn {
        /// The key.
        key: OrderKey,
        /// What became of its blocks.
        state: String,
    },
    /// Something of the payment is signed, now or before, but the ledger does not show all of it. It says what became of
    /// each block.
    #[error(transparent)]
    Unsettled(#[from] Box<Unsettled>),
}

impl SendError {
    /// The payment's blocks that may still be confirmed, signed, as far as this error tells: with work of one's own for
    /// each they can be published, in this order. None of them pays anything twice.
    #[must_use]
    pub fn signed(&self) -> Vec<SignedState> {
        let Self::Unsettled(left) = self else { return Vec::new() };
        let open = left.items.iter().filter(|item| item.fate.is_open());
        open.filter_map(|item| item.signed).collect()
    }

    /// Whether it is sure that no block of the payment is on the ledger or can ever get there, so that ordering it anew,
    /// even under another key, pays nothing twice. `false` where it is not known.
    #[must_use]
    pub fn nothing_left(&self) -> bool {
        match self {
            Self::State(_)
            | Self::Workers(_)
            | Self::Fee(_)
            | Self::Quotes(_)
            | Self::TooSlow { .. }
            | Self::Deal(_) => true,
            Self::Unsettled(left) => left.is_void(),
            Self::Journal(_)
            | Self::Begun(_)
            | Self::PerhapsMade(_)
            | Self::AlreadySigned(_)
            | Self::OtherLedger { .. }
            | Self::KeyReused { .. }
            | Self::Withdrawn { .. } => false,
        }
    }
}

impl From<StoreError> for SendError {
    fn from(error: StoreError) -> Self {
        Self::Journal(error.into())
    }
}

impl From<SignError> for SendError {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Deal { error, is_clean: true } => error.into(),
            SignError::Deal { error, is_clean: false } => Self::Begun(Box::new(error.into())),
            SignError::Store(error) => error.into(),
        }
    }
}

impl SignError {
    /// For a deal that the payment has already: what became of that is told with the error.
    pub(crate) fn plain(self) -> SendError {
        match self {
            Self::Deal { error, .. } => error.into(),
            Self::Store(error) => error.into(),
        }
    }
}

/// Another payment has signed blocks in the place where this one's would be.
///
/// Whoever has them can publish them until the account has moved on: were others signed, either could end up on the
/// ledger.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "another payment of the account is not decided ({}), and no second block is signed in its place: ask for that payment \
     again to go on with it, or replace it", .deal.summary()
)]
pub struct AlreadySigned {
    /// The deal that is there.
    pub deal: Box<DealReport>,
}

/// A payment that was not seen to be done as a whole, though something of it is signed.
///
/// Everybody who was hired has the signed blocks. Where a block's fate is open it may still be confirmed, whatever the
/// sender does, until the account goes on with another block. Asking for the same payment again goes on with these
/// blocks, and signs others only for orders whose blocks can never be confirmed.
#[derive(Debug, thiserror::Error)]
#[error("{cause}; {}", summary(items))]
#[non_exhaustive]
pub struct Unsettled {
    /// Which payment.
    pub key: OrderKey,
    /// What ended the waiting.
    pub cause: Cause,
    /// The orders in their order, each with what became of it.
    pub items: Vec<Item>,
    /// The reward block of each worker that was ever hired for it, with what became of it.
    pub rewards: Vec<(Reward, Fate)>,
    /// Everybody who was hired by this call, in the order of the user's policy.
    pub hired: Vec<Hired>,
    /// From asking the workers for the work to giving up.
    pub elapsed: Duration,
}

/// What ended the waiting for a payment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// Nobody did the work.
    #[error("no hired worker did the work ({answers})")]
    NobodyDelivered {
        /// What they answered.
        answers: String,
    },
    /// The ledger does not show it in time.
    #[error("not confirmed after {}{}", seconds(*.after), because(.last.as_ref()))]
    TimedOut {
        /// How long was waited.
        after: Duration,
        /// Why the node could not be asked lately, if it could not.
        last: Option<RpcError>,
    },
    /// The account has another block in its place.
    #[error("the account went on with block {by}")]
    Superseded {
        /// The confirmed block that stands in the place of one of the payment's.
        by: BlockHash,
    },
    /// A part is signed, and the rest cannot be, or cannot be asked for.
    #[error("{0}")]
    Stopped(Box<SendError>),
}

/// Where a block would stand.
fn place(below: BlockHash) -> String {
    if below.is_zero() { "its beginning".to_owned() } else { format!("block {below}") }
}

fn because(last: Option<&RpcError>) -> String {
    last.map_or_else(String::new, |error| format!(" ({error})"))
}

impl Unsettled {
    /// What became of the user blocks, in words.
    #[must_use]
    pub fn summary(&self) -> String {
        summary(&self.items).to_string()
    }

    /// How many orders have a fate of this kind.
    pub fn count(&self, is: impl Fn(Fate) -> bool) -> usize {
        self.items.iter().filter(|item| is(item.fate)).count()
    }

    /// Whether it is sure that none of the user blocks is, or will ever be, on the ledger.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.items.iter().all(Item::is_void)
    }
}
