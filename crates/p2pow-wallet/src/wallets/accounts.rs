//! The accounts of [`Wallets`]: from a seed, or of keys that come from elsewhere.

use super::{
    Counts, Held, Wallet, WalletError, WalletId, Wallets,
    record::{AccountRecord, Origin, context},
};
use crate::secrets::Hidden;
use nano_block::SecretKey;
use nano_primitives::Account;

pub(super) fn account_key(id: &WalletId, account: &Account) -> String {
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

    /// The accounts that the wallet can sign for, in the same order.
    pub(crate) fn signing_accounts(&self, id: &WalletId) -> Result<Vec<Account>, WalletError> {
        self.with(id, |wallet| Ok(wallet.signing().copied().collect()))
    }

    /// Whether the wallet is unlocked, has the account, and can sign for it.
    pub(crate) fn check_signs(&self, id: &WalletId, account: &Account) -> Result<(), WalletError> {
        self.with(id, |wallet| {
            wallet.key()?;
            match wallet.held(account)?.record.origin {
                Origin::Watched => Err(WalletError::OnlyWatched),
                Origin::Seed { .. } | Origin::Alone(_) => Ok(()),
            }
        })
    }

    /// The wallet that can sign for an account, of all wallets.
    pub(crate) fn wallet_of(&self, account: &Account) -> Option<WalletId> {
        let wallets = self.all();
        let signs = |wallet: &Wallet| wallet.signing().any(|signing| signing == account);
        wallets.iter().find(|(_, wallet)| signs(wallet)).map(|(id, _)| *id)
    }

    /// Every account that the wallets can sign for which are unlocked, and its wallet.
    pub(crate) fn unlocked_accounts(&self) -> Vec<(WalletId, Account)> {
        let wallets = self.all();
        let unlocked = wallets.iter().filter(|(_, wallet)| wallet.key.is_some());
        unlocked.flat_map(|(id, wallet)| wallet.signing().map(|account| (*id, *account))).collect()
    }

    pub(crate) fn counts(&self, id: &WalletId) -> Result<Counts, WalletError> {
        self.with(id, |wallet| {
            let count = |is: fn(&Origin) -> bool| {
                wallet.present().filter(|(_, held)| is(&held.record.origin)).count()
            };
            let adhoc = count(|origin| matches!(origin, Origin::Alone(_)));
            let deterministic = count(|origin| matches!(origin, Origin::Seed { .. }));
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
        let made = self.insist(|| self.create_next(id, count)).await?;
        let alone = made.first().copied().filter(|_| made.len() == 1);
        self.publish(*id, alone).await?;
        self.tell();
        Ok(made)
    }

    async fn create_next(&self, id: &WalletId, count: usize) -> Result<Vec<Account>, WalletError> {
        let (seed, past, first) = self.with(id, |wallet| {
            Ok((wallet.seed(id)?, wallet.record.past_seeds.len(), wallet.next_index()))
        })?;
        let (mut made, mut index) = (Vec::new(), first);
        while made.len() < count {
            let place = u32::try_from(index).map_err(|_| WalletError::NoIndex)?;
            let account = seed.derive(place).account();
            if !self.signs(id, &account)? {
                made.push((account, Origin::Seed { index: place, in_turn: true, past }));
            }
            index += 1;
        }
        let stored = made.iter().map(|(account, origin)| self.hold(id, *account, origin.clone()));
        futures_util::future::try_join_all(stored).await?;
        Ok(made.into_iter().map(|(account, _)| account).collect())
    }

    /// The seed's account of this index.
    pub(crate) async fn create_account_at(
        &self,
        id: &WalletId,
        index: u32,
    ) -> Result<Account, WalletError> {
        let _changing = self.changing.lock().await;
        self.insist(|| self.create_place(id, index)).await
    }

    async fn create_place(&self, id: &WalletId, index: u32) -> Result<Account, WalletError> {
        let (seed, past) =
            self.with(id, |wallet| Ok((wallet.seed(id)?, wallet.record.past_seeds.len())))?;
        let account = seed.derive(index).account();
        self.add(id, account, Origin::Seed { index, in_turn: false, past }).await
    }

    /// Adds a private key that comes from elsewhere.
    pub(crate) async fn add_key(
        &self,
        id: &WalletId,
        key: &SecretKey,
    ) -> Result<Account, WalletError> {
        let _changing = self.changing.lock().await;
        self.insist(|| async { self.add(id, key.account(), self.sealed(id, key)?).await }).await
    }

    /// Adds an account, unless it is there with its key.
    async fn add(
        &self,
        id: &WalletId,
        account: Account,
        origin: Origin,
    ) -> Result<Account, WalletError> {
        if !self.signs(id, &account)? {
            self.hold(id, account, origin).await?;
            self.publish(*id, Some(account)).await?;
            self.tell();
        }
        Ok(account)
    }

    /// The key under that of an unlocked wallet.
    fn sealed(&self, id: &WalletId, key: &SecretKey) -> Result<Origin, WalletError> {
        let context = context(id, &key.account().public_key().to_string());
        self.with(id, |wallet| {
            Ok(Origin::Alone(Hidden::new(wallet.key()?, key.expose_bytes(), &context)?))
        })
    }

    /// Whether the account is in the wallet with its key.
    fn signs(&self, id: &WalletId, account: &Account) -> Result<bool, WalletError> {
        self.with(id, |wallet| Ok(wallet.signing().any(|signing| signing == account)))
    }

    /// Adds accounts to an unlocked wallet whose keys are elsewhere.
    pub(crate) async fn watch(
        &self,
        id: &WalletId,
        accounts: &[Account],
    ) -> Result<(), WalletError> {
        let _changing = self.changing.lock().await;
        self.with(id, |wallet| wallet.key().map(drop))?;
        self.insist(|| async {
            for account in accounts {
                if !self.contains(id, account)? {
                    self.hold(id, *account, Origin::Watched).await?;
                }
            }
            Ok(())
        })
        .await?;
        self.publish(*id, None).await
    }

    /// Moves accounts with their keys from one unlocked wallet to another: all of them, or none if one of them cannot be.
    /// Killed in the middle, it leaves an account in both rather than in none.
    pub(crate) async fn move_accounts(
        &self,
        from: &WalletId,
        to: &WalletId,
        accounts: &[Account],
    ) -> Result<(), WalletError> {
        let _changing = self.changing.lock().await;
        self.insist(|| self.move_all(from, to, accounts)).await?;
        self.publish(*to, None).await?;
        self.publish(*from, None).await?;
        self.tell();
        Ok(())
    }

    async fn move_all(
        &self,
        from: &WalletId,
        to: &WalletId,
        accounts: &[Account],
    ) -> Result<(), WalletError> {
        let sealed = |account| Ok((account, self.sealed(to, &self.secret_key(from, account)?)?));
        let ready: Vec<(&Account, Origin)> =
            accounts.iter().map(sealed).collect::<Result<_, WalletError>>()?;
        for (account, origin) in ready.into_iter().filter(|_| from != to) {
            if !self.signs(to, account)? {
                self.hold(to, *account, origin).await?;
            }
            // Who names an account twice moves it once.
            if self.contains(from, account)? {
                self.take_out(from, account).await?;
            }
        }
        Ok(())
    }

    /// Takes an account out of an unlocked wallet. Its record stays, sealed: adding it again brings it back.
    pub(crate) async fn remove_account(
        &self,
        id: &WalletId,
        account: &Account,
    ) -> Result<(), WalletError> {
        let _changing = self.changing.lock().await;
        self.insist(|| self.take_out(id, account)).await?;
        self.publish(*id, Some(*account)).await
    }

    async fn take_out(&self, id: &WalletId, account: &Account) -> Result<(), WalletError> {
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
            Origin::Watched => Err(WalletError::OnlyWatched),
        })
    }
}
