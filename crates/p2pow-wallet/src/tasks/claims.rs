//! [`Claims`]: who carries out the tasks of an account, where several servers share the queue.
//!
//! An account's record names its owner, in which term, and the batch that it carries out: that a batch begins, what has
//! become of its tasks, and that it is over are writes of this one record, each of which must find it as its owner left
//! it. Taking an account over is such a write too. So whoever has lost it can neither begin a batch nor decide one.

use crate::{
    task::{Batch, State, TaskId},
    wallets::WalletId,
};
use nano_primitives::Account;
use p2pow_store::{Entry, Owners, Records, Revision, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The records of all accounts.
#[derive(Debug)]
pub(super) struct Claims {
    records: Records<Claim>,
    owners: Arc<dyn Owners>,
}

/// An account as it is held.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claim {
    /// `None` where nobody has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// Grows by one with each owner: the sender's journal is written in it.
    term: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    batch: Option<Begun>,
}

/// A batch that is being carried out, and what has become of its tasks, in their sequence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) batch: Batch,
    ends: Vec<Option<State>>,
}

impl Begun {
    fn new(batch: Batch, decided: &[(TaskId, State)]) -> Self {
        let ends = vec![None; batch.tasks.len()];
        let mut begun = Self { batch, ends };
        begun.decide(decided);
        begun
    }

    /// What was decided once stays so.
    fn decide(&mut self, decided: &[(TaskId, State)]) {
        for (id, state) in decided {
            let places = self.batch.tasks.iter().zip(&mut self.ends);
            for (_, end) in places.filter(|(task, end)| *task == id && end.is_none()) {
                *end = Some(state.clone());
            }
        }
    }

    /// The tasks whose ends are decided.
    pub(super) fn decided(&self) -> Vec<(TaskId, State)> {
        let ends = self.batch.tasks.iter().zip(&self.ends);
        ends.filter_map(|(id, end)| Some((id.clone(), end.clone()?))).collect()
    }
}

/// An account that this server holds, as far as it knows.
#[derive(Debug)]
pub(super) struct HeldAccount {
    records: Records<Claim>,
    owners: Arc<dyn Owners>,
    account: String,
    me: String,
    claim: Claim,
    revision: Revision,
}

/// The account is not held any more, or it is not known whether it is: taking it again tells.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("the lease of this server is over")]
    Lease,
    #[error("the wallet is locked here")]
    Locked,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Claims {
    pub(super) fn new(store: &Arc<dyn Store>, owners: Arc<dyn Owners>) -> Self {
        Self { records: Records::new(Arc::clone(store), "task-claim"), owners }
    }

    /// Takes the account, with the batch that is under way there; `None` if somebody has it who may be alive, or if this
    /// server `may` not sign for that batch's wallet.
    pub(super) async fn take(
        &self,
        account: Account,
        may: impl FnOnce(&WalletId) -> bool,
    ) -> Result<Option<HeldAccount>, StoreError> {
        let Some(me) = self.owners.me() else { return Ok(None) };
        let (records, account) = (&self.records, account.to_string());
        let found = records.get(&account).await?;
        let (term, batch) = match &found {
            None => (0, None),
            Some(Entry { value: claim, .. }) => {
                let is_free = |owner: &String| *owner == me || self.owners.is_gone(owner);
                if !claim.owner.as_ref().is_none_or(is_free) {
                    return Ok(None);
                }
                (claim.term, claim.batch.clone())
            }
        };
        if !batch.as_ref().is_none_or(|begun| may(&begun.batch.wallet)) {
            return Ok(None);
        }
        let claim = Claim { owner: Some(me.clone()), term: term + 1, batch };
        let written = match found {
            None => records.create(&account, &claim).await,
            Some(entry) => records.update(&account, &claim, entry.revision).await,
        };
        let revision = match written {
            Err(error) if error.is_conflict() => return Ok(None),
            written => written?,
        };
        let (records, owners) = (records.clone(), Arc::clone(&self.owners));
        Ok(Some(HeldAccount { records, owners, account, me, claim, revision }))
    }
}

impl HeldAccount {
    pub(super) const fn term(&self) -> u64 {
        self.claim.term
    }

    /// The batch under way.
    pub(super) const fn begun(&self) -> Option<&Begun> {
        self.claim.batch.as_ref()
    }

    /// Whether this server's lease lasts at this moment.
    pub(super) fn is_held(&self) -> bool {
        is_held(&*self.owners, &self.me)
    }

    /// What a signer asks before each signature.
    pub(super) fn lease(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let (owners, me) = (Arc::clone(&self.owners), self.me.clone());
        move || is_held(&*owners, &me)
    }

    /// Waits until the lease is over.
    pub(super) fn lost(&self) -> impl Future<Output = ()> + Send + 'static {
        let (owners, me) = (Arc::clone(&self.owners), self.me.clone());
        async move { owners.lost(&me).await }
    }

    /// Begins a batch, of whose tasks the ends of some may be decided.
    pub(super) async fn begin(
        &mut self,
        batch: Batch,
        decided: &[(TaskId, State)],
    ) -> Result<(), Lost> {
        self.write(|claim| claim.batch = Some(Begun::new(batch, decided))).await
    }

    /// Writes what has become of tasks of the batch, for good.
    pub(super) async fn decide(&mut self, ends: &[(TaskId, State)]) -> Result<(), Lost> {
        let is_known = |begun: &Begun| {
            ends.iter().all(|(id, _)| begun.decided().iter().any(|(known, _)| known == id))
        };
        if self.begun().is_some_and(is_known) {
            return Ok(());
        }
        self.write(|claim| claim.batch.iter_mut().for_each(|begun| begun.decide(ends))).await
    }

    pub(super) async fn dissolve(&mut self) -> Result<(), Lost> {
        if self.claim.batch.is_none() {
            return Ok(());
        }
        self.write(|claim| claim.batch = None).await
    }

    /// Lets another server have the account, with the batch that is under way.
    pub(super) async fn release(mut self) -> Result<(), Lost> {
        self.write(|claim| claim.owner = None).await
    }

    async fn write(&mut self, change: impl FnOnce(&mut Claim)) -> Result<(), Lost> {
        if !self.is_held() {
            return Err(Lost::Lease);
        }
        let mut claim = self.claim.clone();
        change(&mut claim);
        self.revision = self.records.update(&self.account, &claim, self.revision).await?;
        self.claim = claim;
        Ok(())
    }
}

fn is_held(owners: &dyn Owners, me: &str) -> bool {
    owners.me().is_some_and(|now| now == me)
}
