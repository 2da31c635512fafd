//! [`Wallets`]: seeds, accounts and private keys, in the store sealed, in memory only while a wallet is unlocked.
//!
//! What a call changes is in the store before it is answered. Nothing here moves money; who has a [`SecretKey`] from
//! here is the queue alone, which signs through the sender. Where several servers share the wallets ([`shared`]),
//! unlocking is each one's own, since a key that is open is written nowhere; locking is for all of them.

mod accounts;
mod changes;
mod record;
mod shared;

pub use record::{WalletId, WalletIdError};

use crate::secrets::{Hidden, SecretsError, Vault, stretched};
use changes::Changes;
use nano_block::Seed;
use nano_primitives::Account;
use p2pow_keystore::{Cost, DataKey, Password};
use p2pow_store::{Records, Revision, Store, StoreError};
use record::{AccountRecord, KeyAtRest, Origin, WalletRecord, context};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Semaphore, watch};
use zeroize::Zeroizing;

/// Passwords that are tried at the same time: each takes memory on purpose.
const TRIED_AT_ONCE: usize = 2;

/// A wallet that is not there, or not to be used now. The texts are a node's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// No wallet has this name.
    #[error("Wallet not found")]
    NotFound,
    /// Its password was not entered.
    #[error("Wallet is locked")]
    Locked,
    /// The account is only watched.
    #[error("Account is only watched: its private key is not in the wallet")]
    OnlyWatched,
    /// It has no such account.
    #[error("Account not found in wallet")]
    NoAccount,
    /// There are no more keys in its seed.
    #[error("Invalid index")]
    NoIndex,
    /// Its secrets cannot be opened or sealed.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All wallets of a store.
#[derive(Debug)]
pub(crate) struct Wallets {
    vault: Vault,
    wallet_records: Records<WalletRecord>,
    account_records: Records<AccountRecord>,
    wallets: Mutex<HashMap<WalletId, Wallet>>,
    /// One change at a time: reading, storing and taking over belong together.
    changing: tokio::sync::Mutex<()>,
    trying: Semaphore,
    /// Grows whenever a wallet was unlocked, or has another account.
    news: watch::Sender<u64>,
    /// Where several servers share the wallets.
    changes: Option<Changes>,
}

#[derive(Debug)]
struct Wallet {
    record: WalletRecord,
    revision: Revision,
    /// While it is unlocked.
    key: Option<DataKey>,
    accounts: BTreeMap<Account, Held>,
}

#[derive(Debug)]
struct Held {
    record: AccountRecord,
    revision: Revision,
}

/// How many accounts a wallet has, by where their keys come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) deterministic: usize,
    pub(crate) adhoc: usize,
    /// The index of the next account from the seed.
    pub(crate) next_index: u64,
}

impl Wallet {
    /// Whether it is in the wallet, and not only remembered.
    fn is_present(&self, held: &Held) -> bool {
        let is_of_seed = match held.record.origin {
            Origin::Seed { past, .. } => past == self.record.past_seeds.len(),
            Origin::Alone(_) | Origin::Watched => true,
        };
        is_of_seed && !held.record.is_removed
    }

    fn present(&self) -> impl Iterator<Item = (&Account, &Held)> {
        self.accounts.iter().filter(|(_, held)| self.is_present(held))
    }

    /// Those that it can sign for.
    fn signing(&self) -> impl Iterator<Item = &Account> {
        let signs = |held: &Held| !matches!(held.record.origin, Origin::Watched);
        self.present().filter(move |(_, held)| signs(held)).map(|(account, _)| account)
    }

    fn held(&self, account: &Account) -> Result<&Held, WalletError> {
        let held = self.accounts.get(account).filter(|held| self.is_present(held));
        held.ok_or(WalletError::NoAccount)
    }

    fn key(&self) -> Result<&DataKey, WalletError> {
        self.key.as_ref().ok_or(WalletError::Locked)
    }

    fn seed(&self, id: &WalletId) -> Result<Seed, WalletError> {
        let bytes = self.record.seed.show_32(self.key()?, &context(id, "seed"))?;
        Ok(Seed::from_bytes(*bytes))
    }

    /// One more than the last index of the seed that was taken in turn.
    fn next_index(&self) -> u64 {
        let now = self.record.past_seeds.len();
        let in_turn = self.accounts.values().filter_map(|held| match held.record.origin {
            Origin::Seed { index, in_turn: true, past } if past == now => {
                Some(u64::from(index) + 1)
            }
            _ => None,
        });
        in_turn.max().unwrap_or(0)
    }
}

impl Wallets {
    /// Reads the wallets of a store. Those without a password of their own are unlocked. Where the store `is_shared`,
    /// others may change them too.
    pub(crate) async fn open(
        store: &Arc<dyn Store>,
        password: Password,
        cost: Cost,
        is_shared: bool,
    ) -> Result<Self, WalletError> {
        let vault = Vault::open(store, password, cost).await?;
        let changes = if is_shared { Some(Changes::open(store).await?) } else { None };
        let wallets = Self {
            vault,
            wallet_records: Records::new(Arc::clone(store), "wallet"),
            account_records: Records::new(Arc::clone(store), "account"),
            wallets: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            trying: Semaphore::new(TRIED_AT_ONCE),
            news: watch::Sender::new(0),
            changes,
        };
        wallets.read_all().await?;
        Ok(wallets)
    }

    /// Tells when a wallet was unlocked, or has another account.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<WalletId, Wallet>> {
        self.wallets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        id: &WalletId,
        look: impl FnOnce(&mut Wallet) -> Result<T, WalletError>,
    ) -> Result<T, WalletError> {
        look(self.all().get_mut(id).ok_or(WalletError::NotFound)?)
    }

    /// Whether there is such a wallet.
    pub(crate) fn check(&self, id: &WalletId) -> Result<(), WalletError> {
        self.with(id, |_| Ok(()))
    }

    /// How many wallets there are.
    pub(crate) fn count(&self) -> usize {
        self.all().len()
    }

    /// Makes a wallet of this seed, or of a random one. Its representative is the seed's first account unless another is
    /// given. It has no accounts yet.
    pub(crate) async fn create(
        &self,
        seed: Option<Seed>,
        representative: Option<Account>,
    ) -> Result<WalletId, WalletError> {
        let seed = match seed {
            Some(seed) => seed,
            None => Seed::generate().map_err(SecretsError::from)?,
        };
        let id = WalletId::generate()?;
        let key = DataKey::generate().map_err(SecretsError::from)?;
        let record = WalletRecord {
            key: KeyAtRest::plain(&self.vault, &id, &key)?,
            seed: Hidden::new(&key, seed.expose_bytes(), &context(&id, "seed"))?,
            past_seeds: Vec::new(),
            representative: representative.unwrap_or_else(|| seed.derive(0).account()),
            is_destroyed: false,
            locks: 0,
        };
        let revision = self.wallet_records.create(&id.to_string(), &record).await?;
        let wallet = Wallet { record, revision, key: Some(key), accounts: BTreeMap::new() };
        self.all().insert(id, wallet);
        self.publish(id, None).await?;
        Ok(id)
    }

    /// Stores a change of a wallet's own record.
    async fn change(
        &self,
        id: &WalletId,
        change: impl Fn(&mut WalletRecord),
    ) -> Result<(), WalletError> {
        let change = &change;
        self.insist(|| self.change_once(id, change)).await?;
        self.publish(*id, None).await
    }

    async fn change_once(
        &self,
        id: &WalletId,
        change: impl Fn(&mut WalletRecord),
    ) -> Result<(), WalletError> {
        let (mut record, revision) =
            self.with(id, |wallet| Ok((wallet.record.clone(), wallet.revision)))?;
        change(&mut record);
        let revision = self.wallet_records.update(&id.to_string(), &record, revision).await?;
        self.with(id, |wallet| {
            (wallet.record, wallet.revision) = (record, revision);
            Ok(())
        })
    }

    /// Gives an unlocked wallet another seed, and takes out the accounts of the one before.
    pub(crate) async fn change_seed(&self, id: &WalletId, seed: &Seed) -> Result<(), WalletError> {
        let _changing = self.changing.lock().await;
        let hidden = self.with(id, |wallet| {
            Ok(Hidden::new(wallet.key()?, seed.expose_bytes(), &context(id, "seed"))?)
        })?;
        // One write: no account is ever taken for one of another seed.
        self.change(id, |record| {
            record.past_seeds.push(std::mem::replace(&mut record.seed, hidden.clone()));
        })
        .await
    }

    /// Takes the wallet out of use. Its record stays, sealed.
    pub(crate) async fn destroy(&self, id: &WalletId) -> Result<(), WalletError> {
        let _changing = self.changing.lock().await;
        self.change(id, |record| record.is_destroyed = true).await?;
        self.all().remove(id);
        Ok(())
    }

    pub(crate) fn representative(&self, id: &WalletId) -> Result<Account, WalletError> {
        self.with(id, |wallet| Ok(wallet.record.representative))
    }

    /// Sets who represents accounts that are opened from now on.
    pub(crate) async fn set_representative(
        &self,
        id: &WalletId,
        representative: Account,
    ) -> Result<(), WalletError> {
        let _changing = self.changing.lock().await;
        self.change(id, |record| record.representative = representative).await
    }
}

/// Passwords.
impl Wallets {
    pub(crate) fn is_locked(&self, id: &WalletId) -> Result<bool, WalletError> {
        self.with(id, |wallet| Ok(wallet.key.is_none()))
    }

    /// Forgets the wallet's key, until its password is entered; where several servers share the wallets, each of them
    /// does.
    pub(crate) async fn lock(&self, id: &WalletId) -> Result<(), WalletError> {
        self.forget_key(id)?;
        if self.changes.is_none() {
            return Ok(());
        }
        let _changing = self.changing.lock().await;
        self.change(id, |record| record.locks += 1).await?;
        self.forget_key(id)
    }

    fn forget_key(&self, id: &WalletId) -> Result<(), WalletError> {
        self.with(id, |wallet| {
            wallet.key = None;
            Ok(())
        })
    }

    /// Unlocks the wallet if this is its password, and says whether it was. A wrong one locks it, as in a node.
    pub(crate) async fn enter_password(
        &self,
        id: &WalletId,
        password: Zeroizing<String>,
    ) -> Result<bool, WalletError> {
        let (at_rest, vault) =
            (self.with(id, |wallet| Ok(wallet.record.key.clone()))?, self.vault.clone());
        let _trying = self.trying.acquire().await.map_err(|_| SecretsError::Wrong)?;
        let of = *id;
        let opened = stretched(move || at_rest.unlock(&vault, &of, &password)).await;
        let key = match opened {
            Ok(key) => Some(key),
            Err(SecretsError::Wrong) => None,
            Err(error) => return Err(error.into()),
        };
        let Some(key) = key else {
            self.lock(id).await?;
            return Ok(false);
        };
        self.with(id, |wallet| {
            wallet.key = Some(key);
            Ok(())
        })?;
        self.tell();
        Ok(true)
    }

    /// Gives an unlocked wallet another password; the empty one is none.
    pub(crate) async fn change_password(
        &self,
        id: &WalletId,
        password: Zeroizing<String>,
    ) -> Result<(), WalletError> {
        let _changing = self.changing.lock().await;
        let (key, vault) = (self.with(id, |wallet| wallet.key().cloned())?, self.vault.clone());
        let _trying = self.trying.acquire().await.map_err(|_| SecretsError::Wrong)?;
        let of = *id;
        let at_rest = stretched(move || match password.as_str() {
            "" => KeyAtRest::plain(&vault, &of, &key),
            some => KeyAtRest::with_password(&vault, &of, &key, &Password::new(some)?),
        })
        .await?;
        self.change(id, |record| record.key = at_rest.clone()).await
    }
}
