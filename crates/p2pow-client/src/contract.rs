//! [`Draft`]: the user's blocks before they are signed. [`Contract`]: a hired worker with what it is asked to do: user
//! blocks, and one reward block on top of the last. [`sign`]: the one place where blocks are signed.
//!
//! The reward blocks are forks of one another, so the ledger takes at most one. Each keeps the representative that the
//! user's own blocks leave the account with. The same orders on the same state make the same user blocks, to the last
//! bit.

use crate::{
    Fate, Order, Quote, RequestError, Role, Signer, SignerError, SigningRequest,
    clock::unix_seconds,
    journal::{Book, DealRecord, RewardRecord, Term, UserRecord},
    order::OrderKey,
    proof::Verified,
    signing_request::state_after,
};
use nano_block::{
    AccountState, BuildError, Epoch, SignatureError, SignedState, StateBlock, Subtype,
};
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_protocol::WorkRequest;
use p2pow_store::StoreError;
use std::{net::IpAddr, ops::Range};

/// Why nothing was signed, or not everything that was needed. What was signed until then has left nobody's hands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DealError {
    /// Nothing was ordered.
    #[error("no order was given, wanted at least 1")]
    NoOrders,
    /// An order cannot be carried out.
    #[error("order {place}: {source}")]
    Order {
        /// Which order, counted from 1.
        place: usize,
        /// Why not.
        source: BuildError,
    },
    /// What is left after the orders does not pay the worker.
    #[error(
        "after the orders the account has {} XNO, but the work costs {} XNO", .left.to_xno(), .price.to_xno()
    )]
    TooPoorForReward {
        /// What is left.
        left: Amount,
        /// The price of the worker.
        price: Amount,
    },
    /// The signer refused.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The signer signed something else, or with another key.
    #[error("the signer's signature is not the account's over the block")]
    BadSignature(#[source] SignatureError),
}

impl DealError {
    /// Whether there may be a signature that has not been seen here.
    const fn may_have_signed(&self) -> bool {
        matches!(self, Self::Signer(SignerError::Unanswered(_)))
    }
}

/// The user's blocks before they are signed.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) before: Verified,
    orders: Vec<Order>,
    blocks: Vec<StateBlock>,
    pub(crate) subtypes: Vec<Subtype>,
    /// The account after them.
    pub(crate) after: AccountState,
}

impl Draft {
    /// The blocks that carry out the orders on top of what was verified. `first` is the place of the first order among
    /// all that were given.
    pub(crate) fn new(before: Verified, orders: &[Order], first: usize) -> Result<Self, DealError> {
        let mut draft = Self {
            before,
            orders: orders.to_vec(),
            blocks: Vec::new(),
            subtypes: Vec::new(),
            after: before.state,
        };
        for (index, order) in orders.iter().enumerate() {
            let wrong = |source| DealError::Order { place: first + index + 1, source };
            let block = order.block(&draft.after).map_err(wrong)?;
            let subtype = block.subtype(draft.after.balance);
            draft.subtypes.push(subtype.expect("a built block sends, receives or changes"));
            draft.after = draft.after.after(&block);
            draft.blocks.push(block);
        }
        if draft.blocks.is_empty() { Err(DealError::NoOrders) } else { Ok(draft) }
    }

    /// The first block.
    pub(crate) fn first(&self) -> &StateBlock {
        &self.blocks[0]
    }

    /// What the journal says of it before it is signed. `first` is the place of its first order among all of `key`.
    pub(crate) fn record(&self, key: &OrderKey, first: usize) -> DealRecord {
        let user = |(order, block): (&Order, &StateBlock)| UserRecord {
            order: *order,
            block: *block,
            signature: None,
            work: None,
            fate: Fate::Unsigned,
        };
        DealRecord {
            account: self.after.account,
            order: key.clone(),
            first,
            balance: self.before.state.balance,
            epoch: self.before.epoch.map(Epoch::number),
            users: self.orders.iter().zip(&self.blocks).map(user).collect(),
            rewards: Vec::new(),
            rival: None,
            replaces: None,
            is_replaced: false,
            is_over: false,
            created: unix_seconds(),
            term: Term::default(),
        }
    }
}

/// The reward block that pays a quote on top of the account's state.
pub(crate) fn reward(after: &AccountState, quote: &Quote) -> Result<StateBlock, DealError> {
    let (worker, price, left) = (quote.candidate.offer.reward_account, quote.price, after.balance);
    after.send(worker, price).map_err(|_| DealError::TooPoorForReward { left, price })
}

/// A hired worker and what it is asked to do.
#[derive(Debug, Clone)]
pub(crate) struct Contract {
    pub(crate) quote: Quote,
    pub(crate) request: WorkRequest,
}

impl Contract {
    /// Where the worker is.
    pub(crate) const fn address(&self) -> IpAddr {
        self.quote.candidate.worker.address
    }

    /// The hash of its reward block.
    pub(crate) fn reward(&self) -> BlockHash {
        self.request.reward().hash()
    }
}

/// The user blocks of a deal that workers are asked for now: those of these places.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) places: Range<usize>,
    pub(crate) users: Vec<SignedState>,
    pub(crate) subtypes: Vec<Subtype>,
    pub(crate) epoch: Option<Epoch>,
}

impl Job {
    /// The signed user blocks of these places, of which there is at least one.
    pub(crate) fn of(deal: &DealRecord, places: Range<usize>) -> Self {
        Self {
            users: deal.signed(places.clone()),
            subtypes: deal.subtypes()[places.clone()].to_vec(),
            epoch: deal.epoch(),
            places,
        }
    }

    /// The last user block, on which the rewards stand.
    pub(crate) fn last(&self) -> BlockHash {
        self.users[self.users.len() - 1].hash()
    }

    /// Whose job it is.
    pub(crate) fn account(&self) -> Account {
        self.users[0].block.account
    }
}

/// Why a deal is not signed.
#[derive(Debug)]
pub(crate) enum SignError {
    /// `is_clean`: there is no signature over any of its blocks.
    Deal { error: DealError, is_clean: bool },
    /// It may be signed, and has not left.
    Store(StoreError),
}

impl From<StoreError> for SignError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Who signs, and what is known of the account before the deal's first block: needed only while that is not signed.
#[derive(Clone, Copy)]
pub(crate) struct Pen<'a> {
    pub(crate) signer: &'a dyn Signer,
    pub(crate) before: Option<&'a Verified>,
}

/// Has the user blocks of the deal signed that are not yet, and for each quote a reward block on top of the one before
/// `end`; writes all of it to the journal, and only then hands out the contracts. A worker that was promised the same
/// before gets the same reward block.
pub(crate) async fn sign(
    pen: Pen<'_>,
    deal: &Book<DealRecord>,
    quotes: Vec<Quote>,
    places: Range<usize>,
) -> Result<Vec<Contract>, SignError> {
    let known = deal.read(DealRecord::clone);
    let signed = sign_users(pen, &known).await?;
    let mut rewards = Vec::with_capacity(quotes.len());
    for quote in &quotes {
        rewards.push(promise(pen, &known, quote, places.end - 1).await?);
    }
    deal.change(|deal| {
        for (user, signed) in deal.users.iter_mut().zip(&signed) {
            user.signature = Some(signed.signature);
            user.fate = if user.fate == Fate::Unsigned { Fate::Possible } else { user.fate };
        }
        for reward in &rewards {
            if deal.rewards.iter().all(|known| known.block.hash() != reward.block.hash()) {
                deal.rewards.push(reward.clone());
                deal.is_over = false;
            }
        }
    })
    .await?;
    let contract = |(quote, reward): (Quote, RewardRecord)| Contract {
        quote,
        request: request(&signed[places.clone()], reward.block),
    };
    Ok(quotes.into_iter().zip(rewards).map(contract).collect())
}

async fn sign_users(pen: Pen<'_>, deal: &DealRecord) -> Result<Vec<SignedState>, SignError> {
    let mut signed: Vec<SignedState> = Vec::with_capacity(deal.users.len());
    for user in &deal.users {
        let has_none = !deal.is_signed() && signed.is_empty();
        let fail = |error: DealError| {
            let is_clean = has_none && !error.may_have_signed();
            SignError::Deal { error, is_clean }
        };
        signed.push(match user.signed() {
            Some(signed) => signed,
            None => pen.user(&user.block, signed.last()).await.map_err(fail)?,
        });
    }
    Ok(signed)
}

/// The reward block for a worker on top of the user block of this place: the one that it was promised before, or a new one.
async fn promise(
    pen: Pen<'_>,
    deal: &DealRecord,
    quote: &Quote,
    on: usize,
) -> Result<RewardRecord, SignError> {
    let dirty = |error| SignError::Deal { error, is_clean: false };
    let last = deal.users[on].block;
    let block = reward(&state_after(&last), quote).map_err(dirty)?;
    if let Some(known) = deal.rewards.iter().find(|known| known.block.block == block) {
        return Ok(known.clone());
    }
    let address = quote.candidate.worker.address;
    let request = SigningRequest::new(Role::Reward, block, state_after(&last), Some(last));
    let block = pen.ask(request).await.map_err(dirty)?;
    Ok(RewardRecord { address, price: quote.price, on, block, fate: Fate::Possible, said: None })
}

impl Pen<'_> {
    /// Has a user block signed that stands on the one before it in the deal, or on what was there before the deal.
    async fn user(
        self,
        block: &StateBlock,
        last: Option<&SignedState>,
    ) -> Result<SignedState, DealError> {
        let (before, below) = match (last, self.before) {
            (Some(last), _) => (state_after(&last.block), Some(last.block)),
            (None, Some(before)) => (before.state, before.frontier),
            (None, None) => {
                let previous = block.previous;
                return Err(SignerError::new(RequestError::NotShown { previous }).into());
            }
        };
        self.ask(SigningRequest::new(Role::User, *block, before, below)).await
    }

    async fn ask(
        self,
        request: Result<SigningRequest, RequestError>,
    ) -> Result<SignedState, DealError> {
        let request = request.map_err(SignerError::new)?;
        let signature = self.signer.sign(&request).await?;
        let signed = SignedState { block: request.block, signature, work: None };
        signed.verify().map_err(DealError::BadSignature)?;
        Ok(signed)
    }
}

/// One block in the form that every worker knows, several as a batch.
fn request(users: &[SignedState], reward: SignedState) -> WorkRequest {
    let bare = |block: SignedState| SignedState { work: None, ..block };
    match users {
        [user] => WorkRequest::single(bare(*user), bare(reward)),
        users => WorkRequest::batch(users.iter().copied().map(bare).collect(), bare(reward))
            .expect("a job has a block at least"),
    }
}
