//! What the page of `--demo` works with: everything in memory, and quick to look and to try another worker.

use super::town::Town;
use nano_primitives::Amount;
use p2pow_cli::Failure;
use p2pow_client::{Journal, Market, Signer};
use p2pow_store::SqliteStore;
use p2pow_web::{Config, Parts, Trial};
use std::{sync::Arc, time::Duration};

/// How often workers are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// What a test sends: 0.01 XNO.
const TRIAL: Amount = Amount::from_raw(10_u128.pow(28));

/// The configuration of the page for this town, and what it works with.
pub(super) fn set(mut config: Config, town: &Town) -> Result<(Config, Parts), Failure> {
    config.look_every = LOOK;
    config.trial = Some(Trial { payee: town.payee(), amount: TRIAL });
    let parts = Parts {
        nodes: town.node()?.into(),
        hiring: town.hiring(1),
        journal: Journal::in_memory(),
        market: Market::in_memory(),
        store: SqliteStore::in_memory()?.shared(),
        signer: Some(Arc::new(town.alice().clone()) as Arc<dyn Signer>),
    };
    Ok((config, parts))
}
