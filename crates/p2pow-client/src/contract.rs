//! [`Deal`]: the user's blocks, signed, and a [`Contract`] for each hired worker: one reward block on top of the last.
//!
//! The reward blocks are forks of one another, so the ledger takes at most one. Each keeps the representative that the
//! user's own blocks leave the account with. An [`Order`] becomes a block of a [`Draft`]; the same orders on the same
//! state make the same user blocks, to the last bit.

use crate::{Quote, Signer, SignerError, account_state::Verified, signed::Reservation};
use nano_block::{
    AccountState, BuildError, Epoch, SignatureError, SignedState, StateBlock, Subtype,
};
use nano_primitives::{Account, Amount, BlockHash, Root};
use p2pow_protocol::WorkRequest;
use std::net::IpAddr;

/// One block that the sender wants on its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Sends `amount` to `destination`.
    Send {
        /// Who gets it.
        destination: Account,
        /// How much.
        amount: Amount,
    },
    /// Pockets the send `source` of `amount`.
    Receive {
        /// The hash of the send.
        source: BlockHash,
        /// What it sent.
        amount: Amount,
    },
    /// Changes the representative.
    Change {
        /// The new one.
        representative: Account,
    },
}

impl Order {
    /// The block that does this on top of `state`.
    pub(crate) fn block(&self, state: &AccountState) -> Result<StateBlock, BuildError> {
        match *self {
            Self::Send { destination, amount } => state.send(destination, amount),
            Self::Receive { source, amount } => state.receive(source, amount),
            Self::Change { representative } => state.change(representative),
        }
    }
}

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
    #[error("after the orders the account has {left} raw, but the work costs {price} raw")]
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

/// The user's blocks before they are signed.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) blocks: Vec<StateBlock>,
    pub(crate) subtypes: Vec<Subtype>,
    /// The account's epoch before them, if it is known.
    pub(crate) epoch: Option<Epoch>,
    /// The account after them.
    pub(crate) after: AccountState,
}

impl Draft {
    /// The blocks that carry out the orders on top of what was verified.
    pub(crate) fn new(before: Verified, orders: &[Order]) -> Result<Self, DealError> {
        if orders.is_empty() {
            return Err(DealError::NoOrders);
        }
        let Verified { state, epoch } = before;
        let mut draft = Self { blocks: Vec::new(), subtypes: Vec::new(), epoch, after: state };
        for (index, order) in orders.iter().enumerate() {
            let wrong = |source| DealError::Order { place: index + 1, source };
            let block = order.block(&draft.after).map_err(wrong)?;
            let subtype = block.subtype(draft.after.balance);
            draft.subtypes.push(subtype.expect("a built block sends, receives or changes"));
            draft.after = draft.after.after(&block);
            draft.blocks.push(block);
        }
        Ok(draft)
    }

    /// Whose blocks they are.
    pub(crate) fn account(&self) -> Account {
        self.after.account
    }

    /// What the first block's work is bound to.
    pub(crate) fn root(&self) -> Root {
        self.blocks[0].root()
    }

    /// The last block. It fixes all the others.
    pub(crate) fn last(&self) -> BlockHash {
        self.blocks[self.blocks.len() - 1].hash()
    }

    /// The reward block for a worker.
    fn reward(&self, quote: &Quote) -> Result<StateBlock, DealError> {
        let (worker, price) = (quote.candidate.offer.reward_account, quote.price);
        let left = self.after.balance;
        self.after.send(worker, price).map_err(|_| DealError::TooPoorForReward { left, price })
    }
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

/// Everything signed for one job. From the moment it leaves the machine it is irrevocable until the frontier moves.
#[derive(Debug, Clone)]
pub(crate) struct Deal {
    pub(crate) users: Vec<SignedState>,
    pub(crate) subtypes: Vec<Subtype>,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) contracts: Vec<Contract>,
}

impl Deal {
    /// Has the draft signed, and a reward for each worker. What has been signed is on record from the moment the signer
    /// is asked.
    pub(crate) async fn sign(
        signer: &dyn Signer,
        draft: &Draft,
        quotes: Vec<Quote>,
        mut reservation: Reservation<'_>,
    ) -> Result<Self, DealError> {
        // Before the signer is asked for anything.
        let rewards =
            quotes.iter().map(|quote| draft.reward(quote)).collect::<Result<Vec<_>, _>>()?;
        let mut users = Vec::with_capacity(draft.blocks.len());
        for block in &draft.blocks {
            reservation.asking();
            let signed = sign(signer, block).await;
            // A signature that is not the account's is none.
            if users.is_empty() && signed.is_err() {
                reservation.refused();
            }
            users.push(signed?);
        }
        let mut contracts = Vec::with_capacity(quotes.len());
        for (quote, reward) in quotes.into_iter().zip(rewards) {
            let request = request(&users, sign(signer, &reward).await?);
            contracts.push(Contract { quote, request });
        }
        Ok(Self { users, subtypes: draft.subtypes.clone(), epoch: draft.epoch, contracts })
    }

    /// The block below the first.
    pub(crate) fn previous(&self) -> BlockHash {
        self.users[0].block.previous
    }

    /// The last user block, on which the rewards stand.
    pub(crate) fn last(&self) -> BlockHash {
        self.users[self.users.len() - 1].hash()
    }

    /// Whose deal it is.
    pub(crate) fn account(&self) -> Account {
        self.users[0].block.account
    }
}

/// One block in the form that every worker knows, several as a batch.
fn request(users: &[SignedState], reward: SignedState) -> WorkRequest {
    match users {
        [user] => WorkRequest::single(*user, reward),
        users => WorkRequest::batch(users.to_vec(), reward).expect("a draft has a block at least"),
    }
}

async fn sign(signer: &dyn Signer, block: &StateBlock) -> Result<SignedState, DealError> {
    let signature = signer.sign(block).await?;
    let signed = SignedState { block: *block, signature, work: None };
    signed.verify().map_err(DealError::BadSignature)?;
    Ok(signed)
}
