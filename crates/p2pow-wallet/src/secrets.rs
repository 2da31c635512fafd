//! [`Vault`]: secrets sealed at rest, under a key that only the operator's password opens.
//!
//! The password opens the vault's key, which seals the key of each wallet, which seals its seed and private keys. So a
//! password is stretched once at the start and once when a wallet's own password is entered, and never for a payment.
//! What is sealed is bound to its place by `context`: a record that somebody moves to another wallet does not open.

use nano_block::RandomError;
use p2pow_keystore::{
    Cost, DataKey, OpenError, Password, PasswordError, SealError, Sealed, Secret, Unopened,
};
use p2pow_store::{Records, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The bucket of the vault's key, and its one record.
const VAULT: &str = "vault";
const RECORD: &str = "key";

/// Something that cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// The password is another one.
    #[error("wrong password")]
    Wrong,
    /// A text that is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// What is sealed was changed, or is of another place.
    #[error("a sealed secret of the store is damaged or was moved")]
    Damaged,
    /// The system gives no random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The system gives no memory.
    #[error("the system gives no {kib} KiB of memory for the password's key")]
    Memory {
        /// Memory wanted.
        kib: u32,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unopened> for SecretsError {
    fn from(_: Unopened) -> Self {
        Self::Damaged
    }
}

impl From<OpenError> for SecretsError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Memory { kib } => Self::Memory { kib },
            _ => Self::Wrong,
        }
    }
}

impl From<SealError> for SecretsError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Random(error) => Self::Random(error),
            SealError::Memory { kib } => Self::Memory { kib },
            _ => Self::Damaged,
        }
    }
}

/// A secret under a key, in hexadecimal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hidden(String);

impl Hidden {
    /// Hides a secret for the place that `context` names.
    pub(crate) fn new(key: &DataKey, secret: &[u8], context: &str) -> Result<Self, SecretsError> {
        Ok(Self(hex::encode(key.seal(secret, context.as_bytes())?)))
    }

    /// The secret, if it was hidden for this place.
    pub(crate) fn show(
        &self,
        key: &DataKey,
        context: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
        let bytes = hex::decode(&self.0).map_err(|_| SecretsError::Damaged)?;
        Ok(key.open(&bytes, context.as_bytes())?)
    }

    /// The secret of 32 bytes.
    pub(crate) fn show_32(
        &self,
        key: &DataKey,
        context: &str,
    ) -> Result<Zeroizing<[u8; 32]>, SecretsError> {
        let bytes = self.show(key, context)?.as_slice().try_into();
        bytes.map(Zeroizing::new).map_err(|_| SecretsError::Damaged)
    }
}

/// Locks a key by a password. Takes a moment on purpose: not for the threads of a runtime.
pub(crate) fn lock(key: &DataKey, password: &Password, cost: Cost) -> Result<Sealed, SecretsError> {
    Ok(Sealed::seal(&Secret::DataKey(key.clone()), password, cost)?)
}

/// The key, if it is the password. Takes a moment on purpose.
pub(crate) fn unlock(sealed: &Sealed, password: &Password) -> Result<DataKey, SecretsError> {
    match sealed.open(password)? {
        Secret::DataKey(key) => Ok(key),
        _ => Err(SecretsError::Damaged),
    }
}

/// The operator's key to all wallets.
#[derive(Debug, Clone)]
pub(crate) struct Vault {
    pub(crate) key: DataKey,
    pub(crate) cost: Cost,
}

impl Vault {
    /// Opens the vault of a store, or makes it with this password if there is none.
    pub(crate) async fn open(
        store: &Arc<dyn Store>,
        password: Password,
        cost: Cost,
    ) -> Result<Self, SecretsError> {
        let records = Records::<Sealed>::new(Arc::clone(store), VAULT);
        loop {
            let password = password.clone();
            if let Some(entry) = records.get(RECORD).await? {
                let key = stretched(move || unlock(&entry.value, &password)).await?;
                return Ok(Self { key, cost });
            }
            let key = DataKey::generate()?;
            let made = key.clone();
            let locked = stretched(move || lock(&made, &password, cost)).await?;
            match records.create(RECORD, &locked).await {
                Ok(_) => return Ok(Self { key, cost }),
                // Another server has made it at the same time.
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether a store has one.
    pub(crate) async fn is_made(store: &dyn Store) -> Result<bool, StoreError> {
        Ok(store.get(VAULT, RECORD).await?.is_some())
    }
}

/// Runs what stretches a password where it holds nobody up.
pub(crate) async fn stretched<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SecretsError> + Send + 'static,
) -> Result<T, SecretsError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // It panicked, or the runtime is going down.
        Err(_) => Err(SecretsError::Wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::{Hidden, SecretsError, Vault};
    use p2pow_keystore::{Cost, DataKey, Password};
    use p2pow_store::SqliteStore;

    #[test]
    fn a_secret_is_shown_where_it_was_hidden_and_nowhere_else() {
        let (key, other) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
        let hidden = Hidden::new(&key, &[7; 32], "wallet A").unwrap();
        assert_eq!(*hidden.show_32(&key, "wallet A").unwrap(), [7; 32]);
        for (key, context) in [(&key, "wallet B"), (&other, "wallet A")] {
            assert!(matches!(hidden.show(key, context), Err(SecretsError::Damaged)));
        }
    }

    #[tokio::test]
    async fn a_vault_is_made_once_and_opened_by_its_password() {
        let store = SqliteStore::in_memory().unwrap().shared();
        let open = async |password: &str| {
            let password = Password::new(password).unwrap();
            Vault::open(&store, password, Cost::new(64, 1, 1).unwrap()).await
        };
        let made = open("sesame").await.unwrap();
        assert_eq!(open("sesame").await.unwrap().key.expose_bytes(), made.key.expose_bytes());
        assert!(matches!(open("other").await, Err(SecretsError::Wrong)));
    }
}
