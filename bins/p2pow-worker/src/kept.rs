//! [`Kept`]: where the worker's journal is: in a file of this machine, or, in builds with fleets, in the fleet
//! (`KeptArgs`).

use p2pow_cli::Failure;
use p2pow_server::JournalIn;
use p2pow_store::{SqliteStore, Store};
use std::{path::Path, sync::Arc};

#[cfg(feature = "fleet")]
use {
    crate::fleet::FleetArgs,
    clap::ArgAction,
    p2pow_cli::values,
    p2pow_fleet::{JetStreamStore, Presence},
    p2pow_store::{LogStore, Owners},
    std::time::Duration,
};

/// Whether the journal is in the fleet, and how.
#[cfg(feature = "fleet")]
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Fleet")]
pub(crate) struct KeptArgs {
    /// Keep the journal in the fleet's broker (JetStream), and not in a file: every `run` of the fleet shares it, and goes on
    /// with the jobs of one that dies
    #[arg(long, env = "P2POW_FLEET_JOURNAL", value_parser = values::switch, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false")]
    fleet_journal: bool,
    /// How many servers of the broker's cluster keep that journal: 1, 3 or 5
    #[arg(long, value_name = "N", env = "P2POW_FLEET_REPLICAS", value_parser = values::from_one::<usize>)]
    #[arg(default_value = "3")]
    fleet_replicas: usize,
    /// Seconds after which others go on with the jobs of a `run` that they do not hear any more
    #[arg(long, value_name = "SECONDS", env = "P2POW_FLEET_LEASE", value_parser = values::from_one::<u64>)]
    #[arg(default_value = "20")]
    fleet_lease: u64,
}

#[cfg(feature = "fleet")]
impl KeptArgs {
    /// The journal that the front ends of a fleet share, if it is to be there.
    pub(crate) async fn store(&self, fleet: &FleetArgs) -> Result<Option<Arc<dyn Store>>, Failure> {
        if !self.fleet_journal {
            return Ok(None);
        }
        let broker = fleet.needed()?;
        let store = JetStreamStore::open(&broker, broker.fleet(), self.fleet_replicas).await?;
        // Who has waited for so long has lost its lease.
        Ok(Some(store.with_patience(Duration::from_secs(self.fleet_lease)).shared()))
    }
}

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
        (fleet, is_named): (&FleetArgs, bool),
    ) -> Result<Option<Self>, Failure> {
        let Some(store) = args.store(fleet).await? else { return Ok(None) };
        let (member, time) = (fleet.member("front"), Duration::from_secs(args.fleet_lease));
        // Who has a name at random succeeds nobody.
        let presence = Presence::join(Arc::clone(&store), member, time, is_named).await?;
        Ok(Some(Self { store, presence: Some(Arc::new(presence)) }))
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
