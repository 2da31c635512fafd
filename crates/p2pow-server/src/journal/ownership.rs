//! [`Ownership`]: whose jobs are whose.

use crate::clock::unix_ms;
use p2pow_store::{Owners, Store};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Where a worker's journal is: in a store of its own, or in one that it shares with other workers.
#[derive(Debug, Clone)]
pub struct JournalIn {
    pub(super) store: Arc<dyn Store>,
    owners: Option<Arc<dyn Owners>>,
}

impl JournalIn {
    /// In a store that this worker has for itself: it takes over all jobs that are open when it starts.
    #[must_use]
    pub fn own(store: Arc<dyn Store>) -> Self {
        Self { store, owners: None }
    }

    /// In a store that it shares with other workers for the same reward account: it takes over the jobs of those that are
    /// gone, whenever they are, and leaves theirs to those that are there.
    #[must_use]
    pub fn shared(store: Arc<dyn Store>, owners: Arc<dyn Owners>) -> Self {
        Self { store, owners: Some(owners) }
    }

    pub(super) fn ownership(&self) -> Ownership {
        match &self.owners {
            None => Ownership::Alone(Owner::new()),
            Some(owners) => Ownership::Shared(Arc::clone(owners)),
        }
    }
}

impl From<Arc<dyn Store>> for JournalIn {
    fn from(store: Arc<dyn Store>) -> Self {
        Self::own(store)
    }
}

/// Who brings a job to its end: one start of one worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner(String);

impl Owner {
    fn new() -> Self {
        static STARTS: AtomicU64 = AtomicU64::new(0);
        let start = STARTS.fetch_add(1, Ordering::Relaxed);
        Self(format!("{}-{}-{start}", std::process::id(), unix_ms()))
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose jobs are whose. Clones share it.
#[derive(Debug, Clone)]
pub(super) enum Ownership {
    /// Everybody else's jobs are this worker's, from its start on.
    Alone(Owner),
    Shared(Arc<dyn Owners>),
}

impl Ownership {
    /// The name under which jobs are taken; `None` while others may take this worker for gone.
    pub(super) fn me(&self) -> Option<Owner> {
        match self {
            Self::Alone(owner) => Some(owner.clone()),
            Self::Shared(owners) => owners.me().map(Owner),
        }
    }

    /// Whether this worker may take a job over from its owner, which may be itself.
    pub(super) fn may_take(&self, owner: &Owner) -> bool {
        match self {
            Self::Alone(_) => true,
            Self::Shared(owners) => {
                owners.is_gone(&owner.0) || owners.me().as_ref() == Some(&owner.0)
            }
        }
    }

    /// Waits until jobs of this owner, who is this worker, may be somebody else's.
    pub(super) async fn lost(&self, owner: &Owner) {
        match self {
            Self::Alone(_) => pending().await,
            Self::Shared(owners) => owners.lost(&owner.0).await,
        }
    }

    /// Waits until more than `seen` changes have been among those who share the journal. Says how many.
    pub(super) async fn changed(&self, seen: u64) -> u64 {
        match self {
            Self::Alone(_) => pending().await,
            Self::Shared(owners) => owners.changed(seen).await,
        }
    }

    pub(super) const fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }
}
