//! Key files: plain, as one line of 64 digits, or encrypted, as JSON. Read where nobody else can, see
//! [`files`](crate::files).

use crate::{
    Failure, PasswordArgs,
    files::{read_private, write_new_private},
    input::shown,
};
use nano_block::{KeyFileError, SecretKey, Seed};
use nano_primitives::Account;
use p2pow_keystore::{FormError, OpenError, Sealed, Secret};
use std::{io, path::Path};
use zeroize::Zeroizing;

/// What a plain file of 64 digits holds: the digits do not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    /// A private key.
    Key,
    /// A seed.
    Seed,
}

/// A secret that cannot be used. What was found is not told: it may be most of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Not a private key or seed.
    #[error("{origin}: {source}")]
    Plain {
        /// Where it was read.
        origin: String,
        /// What is wrong.
        source: KeyFileError,
    },
    /// Not an encrypted key file.
    #[error("{file}: {source}")]
    Form {
        /// The file.
        file: String,
        /// What is wrong.
        source: FormError,
    },
    /// An encrypted file that does not open.
    #[error("{file}: {source}")]
    Closed {
        /// The file.
        file: String,
        /// Why not.
        source: OpenError,
    },
    /// A key where a seed is wanted.
    #[error("found a private key, wanted a seed")]
    NoSeed,
    /// No such key.
    #[error("a {what} has no key with the index {index}: say no index, or name a seed")]
    NoIndex {
        /// What it is.
        what: &'static str,
        /// The index asked for.
        index: u32,
    },
}

/// The key of a secret at this index.
///
/// # Errors
/// It has none there.
pub fn key_at(secret: &Secret, index: u32) -> Result<SecretKey, SecretError> {
    secret.key(index).ok_or(SecretError::NoIndex { what: secret.what(), index })
}

/// The secret in a file: encrypted, in which case it says what it is, or plain.
///
/// # Errors
/// The file cannot be read, can be read by others, is neither, or its password is missing or wrong.
pub fn read_secret(path: &Path, plain: Plain, password: &PasswordArgs) -> Result<Secret, Failure> {
    let text = read_private(path)?;
    if is_sealed(&text) {
        return open(path, &parse_sealed(path, &text)?, password);
    }
    Ok(parse_plain(path, plain, &text)?)
}

/// Whether a key file's text is an encrypted one's.
#[must_use]
pub fn is_sealed(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// The secret of a plain key file's text.
///
/// # Errors
/// Not one line of 64 digits.
pub fn parse_plain(path: &Path, plain: Plain, text: &str) -> Result<Secret, SecretError> {
    let parsed = match plain {
        Plain::Key => SecretKey::from_key_file(text).map(Secret::Key),
        Plain::Seed => Seed::from_key_file(text).map(Secret::Seed),
    };
    parsed.map_err(|source| SecretError::Plain { origin: shown(path), source })
}

/// The text of an encrypted key file, still closed.
///
/// # Errors
/// It is of another form.
pub fn parse_sealed(path: &Path, text: &str) -> Result<Sealed, SecretError> {
    Sealed::from_json(text).map_err(|source| SecretError::Form { file: shown(path), source })
}

/// Opens an encrypted key file.
///
/// # Errors
/// The password is missing or wrong.
pub fn open(path: &Path, sealed: &Sealed, password: &PasswordArgs) -> Result<Secret, Failure> {
    let name = shown(path);
    let whose = sealed.account().map(|account| format!("{name} ({account})"));
    let password = password.get(&whose.unwrap_or_else(|| name.clone()))?;
    Ok(sealed.open(&password).map_err(|source| SecretError::Closed { file: name, source })?)
}

/// Writes a secret to a new file that only its owner can read (mode 0600), with a comment on whose it is. A file that is
/// there already is left alone.
///
/// # Errors
/// The file exists or cannot be written.
pub fn write_secret(path: &Path, what: &str, account: Account, secret: &str) -> io::Result<()> {
    let text = format!("# {what} of {account}. Who has it has the money.\n{secret}\n");
    write_new_private(path, &Zeroizing::new(text))
}
