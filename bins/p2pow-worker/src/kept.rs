//! [`Kept`]: where the worker's journal is: in a file of this machine, or, in builds with fleets, in the fleet.

use p2pow_cli::Failure;
use p2pow_server::JournalIn;
use p2pow_store::{SqliteStore, Store};
use std::{path::Path, sync::Arc};

#[cfg(feature = "fleet")]
use {
    p2pow_cli::{FleetArgs, KeptArgs},
    p2pow_fleet::Presence,
    p2pow_store::{LogStore, Owners},
};

/// A worker's journal.
pub(crate) struct Kept {
    store: Arc<dyn Store>,
    #[cfg(feature = "fleet")]
    presence: Option<Arc<Presence>>,
}

impl Kept {
    /// In a file of this machine.
    pub(crate) fn in_file(file: &Path) -> Result<Self, Failure> {
        let store = SqliteStore::open(file)?.shared();
        Ok(Self {
            store,
            #[cfg(feature = "fleet")]
            presence: None,
        })
    }

    /// In the fleet, if it is to be there; this takes a place among those who share it.
    #[cfg(feature = "fleet")]
    pub(crate) async fn in_fleet(
        args: &KeptArgs,
        fleet: (&FleetArgs, bool),
    ) -> Result<Option<Self>, Failure> {
        let Some(store) = args.store(fleet.0, "").await? else { return Ok(None) };
        let presence = args.join(&store, fleet).await?;
        Ok(Some(Self { store, presence: Some(presence) }))
    }

    /// For the server.
    pub(crate) fn journal(&self) -> JournalIn {
        #[cfg(feature = "fleet")]
        if let Some(presence) = &self.presence {
            let owners = Arc::clone(presence) as Arc<dyn Owners>;
            return JournalIn::shared(Arc::clone(&self.store), owners);
        }
        JournalIn::own(Arc::clone(&self.store))
    }

    /// Where the looks of the operator's charts are kept: those of one machine are nothing to a fleet.
    pub(crate) fn charts(&self) -> Arc<dyn Store> {
        #[cfg(feature = "fleet")]
        if self.presence.is_some() {
            return LogStore::in_memory().shared();
        }
        Arc::clone(&self.store)
    }

    /// Leaves the jobs that are open to others, at once.
    #[allow(clippy::unused_async)] // in a build without fleets there is nothing to wait for
    pub(crate) async fn leave(&self) {
        #[cfg(feature = "fleet")]
        if let Some(presence) = &self.presence {
            presence.leave().await;
        }
    }
}
