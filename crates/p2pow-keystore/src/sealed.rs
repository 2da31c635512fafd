//! [`Sealed`]: a secret under a password.

use crate::{
    Cost, DataKey, Password, Secret,
    cipher::NONCE,
    form::{Cipher, Form, FormError, Kdf},
    secret::Kind,
};
use nano_block::{RandomError, random_bytes};
use nano_primitives::Account;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Bytes that the cipher adds to prove that nothing was changed.
const TAG: usize = 16;

/// A secret under a password, with all that is needed to open it but the password.
///
/// The password makes a key (Argon2id, with a salt of its own), which seals the secret (XChaCha20-Poly1305). Kind,
/// account and parameters are in the clear and sealed along: changed, nothing opens. Its JSON form is described in
/// `docs/keys.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct Sealed {
    kind: Kind,
    account: Option<Account>,
    cost: Cost,
    salt: [u8; 16],
    nonce: [u8; NONCE],
    bytes: Vec<u8>,
}

/// A secret that was not sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// No random bytes for salt and nonce.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The cost is more than this computer can bear.
    #[error("the system gives no {kib} KiB of memory for the password's key")]
    Memory {
        /// Memory wanted.
        kib: u32,
    },
}

/// A secret that was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nearly always the password: what changes by accident does not pass the form's checksum.
    #[error("the password is wrong (or somebody has changed the file on purpose)")]
    Password,
    /// The cost is more than this computer can bear.
    #[error("the system gives no {kib} KiB of memory for the password's key")]
    Memory {
        /// Memory wanted.
        kib: u32,
    },
}

impl Sealed {
    /// Seals the secret. The default cost takes some tenths of a second.
    ///
    /// # Errors
    /// The system gives no randomness, or no memory.
    pub fn seal(secret: &Secret, password: &Password, cost: Cost) -> Result<Self, SealError> {
        let (salt, nonce) = (random_bytes()?, random_bytes()?);
        let mut sealed = Self {
            kind: secret.kind(),
            account: secret.key(0).map(|key| key.account()),
            cost,
            salt: *salt,
            nonce: *nonce,
            bytes: Vec::new(),
        };
        let key = sealed.key(password).ok_or(SealError::Memory { kib: cost.memory_kib() })?;
        sealed.bytes = key.encrypt(&sealed.nonce, secret.expose_bytes(), &sealed.context());
        Ok(sealed)
    }

    /// Opens the secret.
    ///
    /// # Errors
    /// The password is wrong, or the system gives no memory.
    pub fn open(&self, password: &Password) -> Result<Secret, OpenError> {
        let kib = self.cost.memory_kib();
        let key = self.key(password).ok_or(OpenError::Memory { kib })?;
        let plain = key
            .decrypt(&self.nonce, &self.bytes, &self.context())
            .map_err(|_| OpenError::Password)?;
        Secret::of(self.kind, &plain).ok_or(OpenError::Password)
    }

    /// Whose it is: for a seed, the account at index 0; for a data key, nobody's.
    #[must_use]
    pub const fn account(&self) -> Option<Account> {
        self.account
    }

    /// What guessing a password costs.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// It is no JSON, of another form or version, damaged, or asks for too much memory or time.
    pub fn from_json(text: &str) -> Result<Self, FormError> {
        Form::from_json(text)?.try_into()
    }

    /// The JSON form, with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        Form::from(self.clone()).to_json()
    }

    /// Bytes that the sealed secret should have.
    const fn length(kind: Kind) -> usize {
        kind.length() + TAG
    }

    fn key(&self, password: &Password) -> Option<DataKey> {
        self.cost.key(password, &self.salt).map(DataKey::of)
    }

    /// All that stands in the clear, as one text that cannot be read in two ways.
    fn context(&self) -> Vec<u8> {
        let account = self.account.map_or_else(|| "none".to_owned(), |account| account.to_string());
        let mut text = format!("p2pow-sealed 1\n{}\n{account}\n", self.kind.name());
        let (memory, passes, lanes) =
            (self.cost.memory_kib(), self.cost.passes(), self.cost.lanes());
        writeln!(text, "argon2id {memory} {passes} {lanes} {}", hex::encode(self.salt))
            .and_then(|()| writeln!(text, "xchacha20-poly1305 {}", hex::encode(self.nonce)))
            .expect("a text takes what is written to it");
        text.into_bytes()
    }

    /// Tells damage from a wrong password. It proves nothing: whoever changes the rest can change it too.
    fn checksum(&self) -> [u8; 32] {
        Sha256::new().chain_update(self.context()).chain_update(&self.bytes).finalize().into()
    }
}

impl From<Sealed> for Form {
    fn from(sealed: Sealed) -> Self {
        let checksum = sealed.checksum();
        let Sealed { kind, account, cost, salt, nonce, bytes } = sealed;
        let mut form = Self::new(kind, account, Kdf::new(cost, salt), Cipher::new(nonce));
        (form.sealed, form.checksum) = (bytes, checksum);
        form
    }
}

impl TryFrom<Form> for Sealed {
    type Error = FormError;

    fn try_from(form: Form) -> Result<Self, FormError> {
        form.check_version()?;
        let (kind, cost) = (form.kind, form.kdf.cost()?);
        let (salt, nonce) = (form.kdf.salt, form.cipher.nonce);
        let sealed = Self { kind, account: form.account, cost, salt, nonce, bytes: form.sealed };
        if sealed.checksum() != form.checksum {
            return Err(FormError::Checksum);
        }
        let (found, wanted) = (sealed.bytes.len(), Self::length(kind));
        if found == wanted { Ok(sealed) } else { Err(FormError::Length { found, wanted }) }
    }
}
