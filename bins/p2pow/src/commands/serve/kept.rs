//! [`Kept`]: where wallets, payments and what was signed are: in files of this machine, or, in builds with fleets, in the
//! fleet.

use super::options::ServeArgs;
use crate::options::Settings;
use p2pow_cli::Failure;
use p2pow_client::Journal;
use p2pow_store::{Owners, SqliteStore, Store};
use p2pow_wallet::WalletServer;
use std::sync::Arc;

#[cfg(feature = "fleet")]
use {
    p2pow_cli::{FleetArgs, KeptArgs},
    p2pow_fleet::Presence,
};

/// The records of a server.
pub(super) struct Kept {
    pub(super) store: Arc<dyn Store>,
    pub(super) journal: Journal,
    /// Where the wallets are, for people.
    pub(super) place: String,
    /// How it takes a place among those who share the store, and its place.
    #[cfg(feature = "fleet")]
    shared: Option<Shared>,
}

#[cfg(feature = "fleet")]
struct Shared {
    args: KeptArgs,
    fleet: (FleetArgs, bool),
    presence: Option<Arc<Presence>>,
}

impl Kept {
    /// In files of this machine.
    pub(super) fn in_files(args: &ServeArgs, settings: &Settings) -> Result<Self, Failure> {
        let file = match &args.store {
            Some(file) => file.clone(),
            None => settings.data()?.file("wallet.db"),
        };
        Ok(Self {
            store: SqliteStore::open(&file)?.shared(),
            journal: settings.journal()?,
            place: file.display().to_string(),
            #[cfg(feature = "fleet")]
            shared: None,
        })
    }

    /// In the fleet, if they are to be there. Each network has a bucket of its own.
    #[cfg(feature = "fleet")]
    pub(super) async fn in_fleet(
        args: KeptArgs,
        fleet: FleetArgs,
        settings: &Settings,
    ) -> Result<Option<Self>, Failure> {
        let fleet = fleet.named("till");
        let kind = format!("-wallet-{}", settings.network());
        let Some(store) = args.store(&fleet.0, &kind).await? else { return Ok(None) };
        Ok(Some(Self {
            journal: Journal::new(Arc::clone(&store)),
            store,
            place: "the fleet".to_owned(),
            shared: Some(Shared { args, fleet, presence: None }),
        }))
    }

    /// Whether nobody has set a password yet.
    pub(super) async fn is_new(&self) -> Result<bool, Failure> {
        Ok(!WalletServer::has_password(&*self.store).await?)
    }

    /// Takes a place among those who share the store, if it is shared.
    #[allow(clippy::unused_async)] // in a build without fleets there is nothing to wait for
    pub(super) async fn join(&mut self) -> Result<Option<Arc<dyn Owners>>, Failure> {
        #[cfg(feature = "fleet")]
        if let Some(Shared { args, fleet, presence }) = &mut self.shared {
            let joined = args.join(&self.store, (&fleet.0, fleet.1)).await?;
            *presence = Some(Arc::clone(&joined));
            return Ok(Some(joined));
        }
        Ok(None)
    }

    /// Leaves what is under way to others, at once.
    #[allow(clippy::unused_async)] // in a build without fleets there is nothing to wait for
    pub(super) async fn leave(&self) {
        #[cfg(feature = "fleet")]
        if let Some(Shared { presence: Some(presence), .. }) = &self.shared {
            presence.leave().await;
        }
    }
}
