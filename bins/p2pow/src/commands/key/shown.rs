//! [`Shown`]: what is shown of a key, and of a file that could not be written.

use nano_primitives::{Account, PublicKey};
use p2pow_cli::{Failure, output};
use serde::Serialize;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// What is shown of a key; what is not there is not shown.
#[derive(Debug, Default, Serialize)]
pub(super) struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub(super) seed: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub(super) private_key: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) public_key: Option<PublicKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<Account>,
    /// Whether the file is under a password.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) encrypted: bool,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub(super) words: Option<Zeroizing<String>>,
}

impl Shown {
    pub(super) fn of(account: Account) -> Self {
        Self { public_key: Some(account.public_key()), account: Some(account), ..Self::default() }
    }

    pub(super) fn print(&self, json: bool) -> Result<(), Failure> {
        if json {
            return Ok(output::json(self)?);
        }
        let sealed = if self.encrypted { " (under a password)" } else { "" };
        let rows = [
            ("file", self.file.as_ref().map(|file| format!("{}{sealed}", file.display()))),
            ("words", self.words.as_deref().cloned()),
            ("seed", self.seed.as_deref().cloned()),
            ("index", self.index.map(|index| index.to_string())),
            ("private key", self.private_key.as_deref().cloned()),
            ("public key", self.public_key.map(|key| key.to_string())),
            ("account", self.account.map(|account| account.to_string())),
        ];
        for (name, value) in rows {
            if let Some(value) = value.map(Zeroizing::new) {
                output::line(format_args!("{name:<12}{}", value.as_str()))?;
            }
        }
        Ok(())
    }
}

/// Serialised by its own text: `Zeroizing` has no serde of its own here.
#[allow(clippy::ref_option)] // the shape that serde asks for
fn as_text<S: serde::Serializer>(
    secret: &Option<Zeroizing<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.as_ref().map_or("", |text| text.as_str()))
}

/// A file of a key that could not be written. Nothing is lost: the file is as it was, and a new key was never used.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the {} {}", if *.is_new { "new file" } else { "file" }, path.display())]
pub(super) struct WriteError {
    pub(super) path: PathBuf,
    pub(super) is_new: bool,
    pub(super) source: std::io::Error,
}

/// Whose a file is, if it can be told.
pub(super) fn whose(path: &std::path::Path, account: Account) -> String {
    format!("{} ({account})", path.display())
}
