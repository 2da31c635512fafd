//! What the store holds of a wallet: [`WalletRecord`] and, for each account, [`AccountRecord`].

use crate::secrets::{Hidden, SecretsError, Vault, lock, unlock};
use nano_block::random_bytes;
use nano_primitives::Account;
use p2pow_keystore::{DataKey, Password, Sealed};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The name of a wallet: 32 random bytes, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WalletId([u8; 32]);

/// A text that names no wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("found no wallet's name, wanted 64 hexadecimal digits")]
pub struct WalletIdError;

impl WalletId {
    pub(super) fn generate() -> Result<Self, SecretsError> {
        Ok(Self(*random_bytes()?))
    }
}

impl fmt::Display for WalletId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.0))
    }
}

impl fmt::Debug for WalletId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WalletId({self})")
    }
}

impl FromStr for WalletId {
    type Err = WalletIdError;

    fn from_str(text: &str) -> Result<Self, WalletIdError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| WalletIdError)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for WalletId {
    type Error = WalletIdError;

    fn try_from(text: String) -> Result<Self, WalletIdError> {
        text.parse()
    }
}

impl From<WalletId> for String {
    fn from(id: WalletId) -> Self {
        id.to_string()
    }
}

impl Serialize for WalletId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WalletId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A wallet. Its accounts are records of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct WalletRecord {
    pub(super) key: KeyAtRest,
    /// Under the wallet's key.
    pub(super) seed: Hidden,
    /// Seeds that it had before, the oldest first. They are kept, so that nothing is lost for good by one call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) past_seeds: Vec<Hidden>,
    pub(super) representative: Account,
    /// Destroyed wallets are kept, so that nothing is lost for good by one call; nobody can use them.
    #[serde(default)]
    pub(super) is_destroyed: bool,
    /// How often it was locked, where several servers share the wallets.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) locks: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The wallet's key, under the vault's key; with a password of its own, under that first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeyAtRest {
    has_password: bool,
    hidden: Hidden,
}

/// An account of a wallet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AccountRecord {
    /// Where its private key comes from.
    pub(super) origin: Origin,
    /// Removed accounts are kept, so that their keys are not lost by one call.
    #[serde(default)]
    pub(super) is_removed: bool,
}

/// Where an account's private key comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Origin {
    /// From the seed. `in_turn` if it was the next one, and not asked for by its index. `past` says how many seeds the
    /// wallet had before this one: those of a past seed are not in the wallet.
    Seed {
        index: u32,
        in_turn: bool,
        #[serde(default)]
        past: usize,
    },
    /// By itself, under the wallet's key.
    Alone(Hidden),
    /// There is none here: the account is only watched.
    Watched,
}

/// What a sealed secret is bound to.
pub(super) fn context(wallet: &WalletId, what: &str) -> String {
    format!("{wallet}/{what}")
}

impl KeyAtRest {
    /// Without a password of its own.
    pub(super) fn plain(vault: &Vault, id: &WalletId, key: &DataKey) -> Result<Self, SecretsError> {
        let hidden = Hidden::new(&vault.key, key.expose_bytes(), &context(id, "key"))?;
        Ok(Self { has_password: false, hidden })
    }

    /// With a password of its own. Takes a moment on purpose.
    pub(super) fn with_password(
        vault: &Vault,
        id: &WalletId,
        key: &DataKey,
        password: &Password,
    ) -> Result<Self, SecretsError> {
        let locked = lock(key, password, vault.cost)?;
        let text = serde_json::to_vec(&locked).map_err(|_| SecretsError::Damaged)?;
        let hidden = Hidden::new(&vault.key, &text, &context(id, "locked"))?;
        Ok(Self { has_password: true, hidden })
    }

    /// The key, where the vault alone opens it.
    pub(super) fn open(
        &self,
        vault: &Vault,
        id: &WalletId,
    ) -> Result<Option<DataKey>, SecretsError> {
        if self.has_password {
            return Ok(None);
        }
        let key = self.hidden.show_32(&vault.key, &context(id, "key"))?;
        Ok(Some(DataKey::from_bytes(*key)))
    }

    /// The key, if this is the password; a wallet without one has the empty one. Takes a moment on purpose.
    pub(super) fn unlock(
        &self,
        vault: &Vault,
        id: &WalletId,
        password: &str,
    ) -> Result<DataKey, SecretsError> {
        match self.open(vault, id)? {
            Some(key) if password.is_empty() => Ok(key),
            Some(_) => Err(SecretsError::Wrong),
            None => {
                // A text that is no password is not the password.
                let password = Password::new(password).map_err(|_| SecretsError::Wrong)?;
                let text = self.hidden.show(&vault.key, &context(id, "locked"))?;
                let locked: Sealed =
                    serde_json::from_slice(&text).map_err(|_| SecretsError::Damaged)?;
                unlock(&locked, &password)
            }
        }
    }
}
