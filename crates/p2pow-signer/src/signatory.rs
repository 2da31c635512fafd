//! [`Signatory`]: decides whether a block is signed, writes down that it is, and signs it, in this order and one block at a
//! time.

use crate::{
    Policy, Refusal, Standing,
    book::{Book, Opened, Place, this_hour},
    policy::Works,
};
use nano_block::{SecretKey, StateBlock};
use nano_primitives::{Account, Amount, Signature};
use p2pow_client::{BoxFuture, Meaning, Role, SigningRequest};
use p2pow_store::Store;
use std::{collections::BTreeMap, fmt, sync::Arc};
use tokio::sync::Mutex;

/// Somebody who is asked before a block of the user is signed that the policy allows. Rewards are bounded by the policy
/// alone: when a worker fails the next one is hired, and nobody can wait for a yes then.
pub trait Approve: fmt::Debug + Send + Sync {
    /// Whether it is signed. `max_fee` is the most that a worker gets for the work, in raw.
    fn approve<'a>(&'a self, request: &'a SigningRequest, max_fee: Amount) -> BoxFuture<'a, bool>;
}

/// Keys, a policy, and the book of what was signed with them.
#[derive(Debug)]
pub struct Signatory {
    keys: BTreeMap<Account, SecretKey>,
    policy: Policy,
    book: Book,
    approval: Option<Arc<dyn Approve>>,
    /// Held from reading the book to writing it.
    turn: Mutex<()>,
}

/// What is about to be signed, as far as the policy looks at it.
struct Cost {
    amount: Amount,
    /// What a reward on top of it may pay for.
    works: Works,
    /// The most that this reward costs: it must find room in the day as well, or the payment would be stuck half signed.
    fee: Amount,
}

impl Signatory {
    /// Signs with these keys. The book is in `store`: a signer that is given another one has forgotten what it signed. No
    /// other process may use its records at the same time.
    #[must_use]
    pub fn new(
        keys: impl IntoIterator<Item = SecretKey>,
        policy: Policy,
        store: Arc<dyn Store>,
    ) -> Self {
        let keys = keys.into_iter().map(|key| (key.account(), key)).collect();
        let (book, approval, turn) = (Book::new(store), None, Mutex::default());
        Self { keys, policy, book, approval, turn }
    }

    /// The same that asks before it signs a block of the user.
    #[must_use]
    pub fn with_approval(self, approval: Arc<dyn Approve>) -> Self {
        Self { approval: Some(approval), ..self }
    }

    /// Whose blocks it signs.
    pub fn accounts(&self) -> impl Iterator<Item = Account> {
        self.keys.keys().copied()
    }

    /// The policy, and how much of it is used up.
    ///
    /// # Errors
    /// The book cannot be read.
    pub async fn standing(&self) -> Result<Standing, Refusal> {
        let spent = self.book.day().await?.value.spent(this_hour());
        let policy = self.policy.clone();
        let left = policy.max_per_day.checked_sub(spent).unwrap_or(Amount::ZERO);
        Ok(Standing { policy, spent, left })
    }

    /// The signature over a block, which stands on `below`. The same block again gets the same signature, whatever the
    /// policy has become.
    ///
    /// # Errors
    /// It is not signed, for this reason. Of [`Refusal::Store`] alone that is not sure.
    pub async fn sign(
        &self,
        role: Role,
        block: StateBlock,
        below: Option<StateBlock>,
    ) -> Result<Signature, Refusal> {
        let account = block.account;
        let key = self.keys.get(&account).ok_or(Refusal::UnknownAccount { account })?;
        let request = SigningRequest::proven(role, block, below)?;
        let _turn = self.turn.lock().await;
        let mut place = self.book.place(&block).await?;
        if let Some(signature) = place.value.signature(&block) {
            return Ok(signature);
        }
        let cost = self.check(&request, &place).await?;
        let (hour, day) = (this_hour(), self.book.day().await?);
        let extra = day.value.extra(block.hash(), cost.amount, hour);
        let most = extra.checked_add(cost.fee).unwrap_or(Amount::MAX);
        day.value.check(most, self.policy.max_per_day, hour)?;
        self.approve(&request, cost.fee).await?;
        if !extra.is_zero() {
            self.book.count(day, &block, extra, hour).await?;
        }
        let signed = block.sign(key);
        match request.fee() {
            Some(fee) => place.value.add_reward(signed, fee),
            None => place.value.add_user(signed, cost.works),
        }
        self.book.keep(place).await?;
        Ok(signed.signature)
    }

    /// Whether the policy and what was signed before let this block be signed, but for the limit of the day.
    async fn check(
        &self,
        request: &SigningRequest,
        place: &Opened<Place>,
    ) -> Result<Cost, Refusal> {
        let below = match request.below {
            Some(below) => self.book.place(&below).await?.value.works(&below),
            None => None,
        };
        if let Meaning::Reward { fee, .. } = request.meaning {
            let below = below.ok_or(Refusal::NotOwnBlock { below: request.block.previous })?;
            self.policy.check_reward(fee, below, place.value.rewards())?;
            let amount = place.value.more(fee);
            return Ok(Cost { amount, works: Works::default(), fee: Amount::ZERO });
        }
        if let Some(signed) = place.value.user() {
            return Err(Refusal::AlreadySigned { signed: signed.hash() });
        }
        self.policy.check_user(request)?;
        let amount = match request.meaning {
            Meaning::Send { amount, .. } => amount,
            _ => Amount::ZERO,
        };
        let works = below.unwrap_or_default().and(&request.meaning);
        Ok(Cost { amount, works, fee: self.policy.most_for(works) })
    }

    async fn approve(&self, request: &SigningRequest, max_fee: Amount) -> Result<(), Refusal> {
        match &self.approval {
            Some(approval) if request.role == Role::User => {
                let is_approved = approval.approve(request, max_fee).await;
                if is_approved { Ok(()) } else { Err(Refusal::NotApproved) }
            }
            _ => Ok(()),
        }
    }
}
