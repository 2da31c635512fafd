//! How [`Wallets`] are kept the same by several servers: changes are told, and what others have changed is read.

use super::{Held, Wallet, WalletError, WalletId, Wallets, accounts::account_key, changes::Change};
use nano_primitives::Account;

/// Calls that are tried again because another server has changed the same, at most.
const TRIES: usize = 8;

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
        let log = changes.log().await?;
        if log.count == *known {
            return Ok(());
        }
        match log.since(*known) {
            None => self.read_all().await?,
            Some(missed) => {
                for Change { wallet, account } in missed {
                    match account {
                        Some(account) => self.read_account(wallet, *account).await?,
                        None => self.read_wallet(wallet).await?,
                    }
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
