//! [`Changes`]: what other servers have changed, where several share the wallets.
//!
//! One record counts the changes and names the last of them. It is written after what it names, and before the call that
//! made the change is answered: so who looks at it first sees all that was ever answered, wherever it was asked for.

use super::record::WalletId;
use nano_primitives::Account;
use p2pow_store::{Records, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc};

/// The one record of its bucket.
const RECORD: &str = "all";
/// Changes that are named; who has missed more reads everything anew.
const NAMED: usize = 64;

/// What was changed, and what of it this server knows.
#[derive(Debug)]
pub(super) struct Changes {
    records: Records<Log>,
    /// How many changes were taken over.
    pub(super) known: tokio::sync::Mutex<u64>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Log {
    /// How many changes there have been.
    pub(super) count: u64,
    /// The last of them, the newest last.
    last: VecDeque<Change>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) wallet: WalletId,
    /// The account alone, or the wallet with all that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<Account>,
}

impl Changes {
    /// Before anything is read.
    pub(super) async fn open(store: &Arc<dyn Store>) -> Result<Self, StoreError> {
        let records = Records::<Log>::new(Arc::clone(store), "wallet-changes");
        let count = records.get(RECORD).await?.map_or(0, |entry| entry.value.count);
        Ok(Self { records, known: tokio::sync::Mutex::new(count) })
    }

    /// What there is now.
    pub(super) async fn log(&self) -> Result<Log, StoreError> {
        Ok(self.records.get(RECORD).await?.map(|entry| entry.value).unwrap_or_default())
    }

    pub(super) async fn publish(&self, change: &Change) -> Result<(), StoreError> {
        loop {
            let found = self.records.get(RECORD).await?;
            let mut log = found.as_ref().map(|entry| entry.value.clone()).unwrap_or_default();
            log.count += 1;
            log.last.push_back(change.clone());
            while log.last.len() > NAMED {
                log.last.pop_front();
            }
            let written = match found {
                Some(entry) => self.records.update(RECORD, &log, entry.revision).await,
                None => self.records.create(RECORD, &log).await,
            };
            match written {
                Err(error) if error.is_conflict() => {}
                written => return written.map(drop),
            }
        }
    }
}

impl Log {
    /// The changes since so many, the oldest first; `None` if not all of them are named any more.
    pub(super) fn since(&self, known: u64) -> Option<impl Iterator<Item = &Change>> {
        let missed = usize::try_from(self.count.saturating_sub(known)).unwrap_or(usize::MAX);
        Some(self.last.range(self.last.len().checked_sub(missed)?..))
    }
}
