//! The accounts of [`Wallets`]: from a seed, or of keys that come from elsewhere.

use super::{
    Counts, Held, WalletError, WalletId, Wallets,
    record::{AccountRecord, Origin, context},
};
use crate::secrets::Hidden;
use nano_block::{SecretKey, Seed};
use nano_primitives::Account;

fn account_key(id: &WalletId, account: &Account) -> String {
    format!("{id}/{}", account.public_key())
}

impl Wallets {
    /// The wallet's accounts, in the order of their public keys, as in a node.
    pub(crate) fn accounts(&self, id: &WalletId) -> Result<Vec<Account>, WalletError> {
        self.with(id, |wallet| Ok(wallet.present().map(|(account, _)| *account).collect()))
    }

    pub(crate) fn contains(&self, id: &WalletId, account: &Account) -> Result<bool, WalletError> {
        self.with(id, |wallet| Ok(wallet.held(account).is_ok()))
    }

    /// Where an account is, of all wallets.
    pub(crate) fn wallet_of(&self, account: &Account) -> Option<WalletId> {
        let wallets = self.all();
        wallets.iter().find(|(_, wallet)| wallet.held(account).is_ok()).map(|(id, _)| *id)
    }

    /// Every account of the wallets that are unlocked, and its wallet.
    pub(crate) fn unlocked_accounts(&self) -> Vec<(WalletId, Account)> {
        let wallets = self.all();
        let unlocked = wallets.iter().filter(|(_, wallet)| wallet.key.is_some());
        unlocked
            .flat_map(|(id, wallet)| wallet.present().map(|(account, _)| (*id, *account)))
            .collect()
    }

    /// The seed of an unlocked wallet.
    pub(crate) fn seed(&self, id: &WalletId) -> Result<Seed, WalletError> {
        self.with(id, |wallet| wallet.seed(id))
    }

    pub(crate) fn counts(&self, id: &WalletId) -> Result<Counts, WalletError> {
        self.with(id, |wallet| {
            let is_alone = |held: &Held| matches!(held.record.origin, Origin::Alone(_));
            let adhoc = wallet.present().filter(|(_, held)| is_alone(held)).count();
            let deterministic = wallet.present().count() - adhoc;
            Ok(Counts { deterministic, adhoc, next_index: wallet.next_index() })
        })
    }

    /// The next `count` accounts of the seed that the wallet does not have yet.
    pub(crate) async fn create_accounts(
        &self,
        id: &WalletId,
        count: usize,
    ) -> Result<Vec<Account>, WalletError> {
        let _changing = self.changing.lock().await;
        let (seed, first) = self.with(id, |wallet| Ok((wallet.seed(id)?, wallet.next_index())))?;
        let (mut made, mut index) = (Vec::new(), first);
        while made.len() < count {
            let place = u32::try_from(index).map_err(|_| WalletError::NoIndex)?;
            let account = seed.derive(place).account();
            if !self.contains(id, &account)? {
                made.push((account, Origin::Seed { index: place, in_turn: true }));
            }
            index += 1;
        }
        let stored = made.iter().map(|(account, origin)| self.hold(id, *account, origin.clone()));
        futures_util::future::try_join_all(stored).await?;
        self.tell();
        Ok(made.into_iter().map(|(account, _)| account).collect())
    }

    /// The seed's account of this index.
    pub(crate) async fn create_account_at(
        &self,
        id: &WalletId,
        index: u32,
    ) -> Result<Account, WalletError> {
        let _changing = self.changing.lock().await;
        let account = self.with(id, |wallet| wallet.seed(id))?.derive(index).account();
        if !self.contains(id, &account)? {
            self.hold(id, account, Origin::Seed { index, in_turn: false }).await?;
            self.tell();
        }
        Ok(account)
    }

    /// Adds a private key that comes from elsewhere.
    pub(crate) async fn add_key(
        &self,
        id: &WalletId,
        key: &SecretKey,
    ) -> Result<Account, WalletError> {
        let _changing = self.changing.lock().await;
        let account = key.account();
        let context = context(id, &account.public_key().to_string());
        let hidden =
            self.with(id, |wallet| Ok(Hidden::new(wallet.key()?, key.expose_bytes(), &context)?))?;
        if !self.contains(id, &account)? {
            self.hold(id, account, Origin::Alone(hidden)).await?;
            self.tell();
        }
        Ok(account)
    }

    /// Takes an account out of an unlocked wallet. Its record stays, sealed: adding it again brings it back.
    pub(crate) async fn remove_account(
        &self,
        id: &WalletId,
        account: &Account,
    ) -> Result<(), WalletError> {
        let _changing = self.changing.lock().await;
        let (record, revision) = self.with(id, |wallet| {
            wallet.key()?;
            let held = wallet.held(account)?;
            Ok((AccountRecord { is_removed: true, ..held.record.clone() }, held.revision))
        })?;
        let key = account_key(id, account);
        let revision = self.account_records.update(&key, &record, revision).await?;
        self.keep(id, *account, Held { record, revision })
    }

    /// Stores an account that is not in the wallet, though it may have been.
    async fn hold(
        &self,
        id: &WalletId,
        account: Account,
        origin: Origin,
    ) -> Result<(), WalletError> {
        let key = account_key(id, &account);
        let record = AccountRecord { origin, is_removed: false };
        let before =
            self.with(id, |wallet| Ok(wallet.accounts.get(&account).map(|held| held.revision)))?;
        let revision = match before {
            Some(revision) => self.account_records.update(&key, &record, revision).await?,
            None => self.account_records.create(&key, &record).await?,
        };
        self.keep(id, account, Held { record, revision })
    }

    fn keep(&self, id: &WalletId, account: Account, held: Held) -> Result<(), WalletError> {
        self.with(id, |wallet| {
            wallet.accounts.insert(account, held);
            Ok(())
        })
    }

    /// The private key of an account of an unlocked wallet: for the queue, which signs with it.
    pub(crate) fn secret_key(
        &self,
        id: &WalletId,
        account: &Account,
    ) -> Result<SecretKey, WalletError> {
        self.with(id, |wallet| match &wallet.held(account)?.record.origin {
            Origin::Seed { index, .. } => Ok(wallet.seed(id)?.derive(*index)),
            Origin::Alone(hidden) => {
                let context = context(id, &account.public_key().to_string());
                Ok(SecretKey::from_bytes(*hidden.show_32(wallet.key()?, &context)?))
            }
        })
    }
}
