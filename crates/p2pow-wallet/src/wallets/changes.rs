//! [`Changes`]: what other servers have changed, where several share the wallets.
//!
//! One record counts the changes and names the last of them. It is written after what it names, and before the call that
//! made the change is answered: so who looks at it first sees all that was ever answered, wherever it was asked for.

use super::{Held, Wallet, WalletError, WalletId, Wallets, accounts::account_key};
use nano_primitives::Account;
use p2pow_store::{Records, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc};

/// The one record of its bucket.
const RECORD: &str = "all";
/// Changes that are named; who has missed more reads everything anew.
const NAMED: usize = 64;
/// Calls that are tried again because another server has changed the same, at most.
const TRIES: usize = 8;

/// What was changed, and what of it this server knows.
#[derive(Debug)]
pub(super) struct Changes {
    records: Records<Log>,
    known: tokio::sync::Mutex<u64>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Log {
    /// How many changes there have been.
    count: u64,
    /// The last of them, the newest last.
    last: VecDeque<Change>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Change {
    wallet: WalletId,
    /// The account alone, or the wallet with all that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
}

impl Changes {
    /// Before anything is read.
    pub(super) async fn open(store: &Arc<dyn Store>) -> Result<Self, StoreError> {
        let records = Records::<Log>::new(Arc::clone(store), "wallet-changes");
        let count = records.get(RECORD).await?.map_or(0, |entry| entry.value.count);
        Ok(Self { records, known: tokio::sync::Mutex::new(count) })
    }

    async fn publish(&self, change: &Change) -> Result<(), StoreError> {
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

impl Wallets {
    /// Tells other servers of a change; of the wallet's own record and all its accounts if none is named.
    pub(super) async fn publish(
        &self,
        wallet: WalletId,
        account: Option<Account>,
    ) -> Result<(), WalletError> {
        match &self.changes {
            Some(changes) => Ok(changes.publish(&Change { wallet, account }).await?),
            None => Ok(()),
        }
    }

    /// Takes over what other servers have changed.
    pub(crate) async fn refresh(&self) -> Result<(), WalletError> {
        let Some(changes) = &self.changes else { return Ok(()) };
        let mut known = changes.known.lock().await;
        let log = changes.records.get(RECORD).await?.map(|entry| entry.value).unwrap_or_default();
        let missed = usize::try_from(log.count.saturating_sub(*known)).unwrap_or(usize::MAX);
        if missed == 0 {
            return Ok(());
        }
        if missed > log.last.len() {
            self.read_all().await?;
        } else {
            for Change { wallet, account } in log.last.iter().rev().take(missed).rev() {
                match account {
                    Some(account) => self.read_account(wallet, *account).await?,
                    None => self.read_wallet(wallet).await?,
                }
            }
        }
        *known = log.count;
        drop(known);
        self.tell();
        Ok(())
    }

    /// Makes a change, and makes it anew where another server was faster with another one.
    pub(super) async fn insist<T, F>(&self, change: impl Fn() -> F) -> Result<T, WalletError>
    where
        F: Future<Output = Result<T, WalletError>>,
    {
        let mut tries = 0;
        loop {
            match change().await {
                Err(WalletError::Store(error))
                    if error.is_conflict() && self.changes.is_some() && tries < TRIES =>
                {
                    tries += 1;
                    // What was faster may not be told yet.
                    self.read_all().await?;
                }
                done => return done,
            }
        }
    }

    pub(super) async fn read_all(&self) -> Result<(), WalletError> {
        for entry in self.wallet_records.all("").await? {
            if let Ok(id) = entry.key.parse() {
                self.read_wallet(&id).await?;
            }
        }
        Ok(())
    }

    /// Reads a wallet with all of its accounts. One that is new here is unlocked if it has no password of its own; one that
    /// was locked somewhere else is locked here.
    async fn read_wallet(&self, id: &WalletId) -> Result<(), WalletError> {
        let Some(entry) = self.wallet_records.get(&id.to_string()).await? else { return Ok(()) };
        let (record, revision) = (entry.value, entry.revision);
        if record.is_destroyed {
            self.all().remove(id);
            return Ok(());
        }
        let is_new = !self.all().contains_key(id);
        if is_new {
            let key = record.key.open(&self.vault, id)?;
            let wallet = Wallet { record, revision, key, accounts: Default::default() };
            self.all().entry(*id).or_insert(wallet);
        } else {
            self.with(id, |wallet| {
                // What is read late is older than what this server has written itself.
                if revision > wallet.revision {
                    if record.locks != wallet.record.locks {
                        wallet.key = None;
                    }
                    (wallet.record, wallet.revision) = (record, revision);
                }
                Ok(())
            })?;
        }
        for entry in self.account_records.all(&format!("{id}/")).await? {
            let name = entry.key.rsplit('/').next().unwrap_or_default();
            let Ok(public) = name.parse() else { continue };
            let held = Held { record: entry.value, revision: entry.revision };
            self.keep_newer(id, Account::new(public), held);
        }
        Ok(())
    }

    async fn read_account(&self, id: &WalletId, account: Account) -> Result<(), WalletError> {
        let found = self.account_records.get(&account_key(id, &account)).await?;
        if let Some(entry) = found {
            let held = Held { record: entry.value, revision: entry.revision };
            self.keep_newer(id, account, held);
        }
        Ok(())
    }

    fn keep_newer(&self, id: &WalletId, account: Account, held: Held) {
        if let Some(wallet) = self.all().get_mut(id) {
            let known = wallet.accounts.get(&account);
            if known.is_none_or(|known| known.revision < held.revision) {
                wallet.accounts.insert(account, held);
            }
        }
    }
}
