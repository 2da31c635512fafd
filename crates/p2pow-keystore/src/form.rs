//! [`Form`]: a sealed secret as JSON. Whatever is wrong with a text is told by its place, never by its content: somebody
//! may have put a key where it does not belong.

use crate::{Cost, CostError, cipher::NONCE, secret::Kind};
use nano_primitives::Account;
use serde::{Deserialize, Serialize};

const FORMAT: &str = "p2pow-sealed";
const VERSION: u64 = 1;

/// A text that is no sealed secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// It ends too early.
    #[error("cut: the text ends on line {line}, before its form is complete")]
    Cut {
        /// The last line.
        line: usize,
    },
    /// Not JSON.
    #[error("no JSON: line {line}, column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// JSON of another form.
    #[error("line {line}, column {column}: not the form of a sealed secret of version {VERSION}")]
    Field {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// JSON of something else.
    #[error("found JSON without \"format\": \"{FORMAT}\"")]
    OtherFormat,
    /// From a newer program.
    #[error("found version {found} of the form, wanted {VERSION}: a newer program has made it")]
    Version {
        /// The version found.
        found: u64,
    },
    /// Parameters that no honest file has.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// The wrong number of bytes for its kind.
    #[error("found {found} sealed bytes, wanted {wanted}")]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes that its kind has.
        wanted: usize,
    },
    /// Changed by accident.
    #[error("damaged: its checksum is not that of its content, so restore it from a copy")]
    Checksum,
}

/// What every version has.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    version: Option<u64>,
}

/// Version 1.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    format: String,
    version: u64,
    pub(crate) kind: Kind,
    pub(crate) account: Option<Account>,
    pub(crate) kdf: Kdf,
    pub(crate) cipher: Cipher,
    #[serde(with = "digits")]
    pub(crate) sealed: Vec<u8>,
    #[serde(with = "digits")]
    pub(crate) checksum: [u8; 32],
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kdf {
    name: KdfName,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    #[serde(with = "digits")]
    pub(crate) salt: [u8; 16],
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cipher {
    name: CipherName,
    #[serde(with = "digits")]
    pub(crate) nonce: [u8; NONCE],
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum KdfName {
    #[serde(rename = "argon2id")]
    Argon2id,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum CipherName {
    #[serde(rename = "xchacha20-poly1305")]
    XChaCha20Poly1305,
}

impl Form {
    /// Of this version, without content and checksum.
    pub(crate) fn new(kind: Kind, account: Option<Account>, kdf: Kdf, cipher: Cipher) -> Self {
        let (format, sealed, checksum) = (FORMAT.to_owned(), Vec::new(), [0; 32]);
        Self { format, version: VERSION, kind, account, kdf, cipher, sealed, checksum }
    }

    /// Whether it is of this version, whatever way it was read.
    pub(crate) fn check_version(&self) -> Result<(), FormError> {
        match (self.format.as_str(), self.version) {
            (FORMAT, VERSION) => Ok(()),
            (FORMAT, found) => Err(FormError::Version { found }),
            _ => Err(FormError::OtherFormat),
        }
    }

    pub(crate) fn from_json(text: &str) -> Result<Self, FormError> {
        let head: Head = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        match (head.format.as_deref(), head.version) {
            (Some(FORMAT), Some(VERSION)) => {
                serde_json::from_str(text).map_err(|error| wrong(&error))
            }
            (Some(FORMAT), Some(found)) => Err(FormError::Version { found }),
            _ => Err(FormError::OtherFormat),
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("texts and numbers have a JSON form");
        text + "\n"
    }
}

impl Kdf {
    pub(crate) fn new(cost: Cost, salt: [u8; 16]) -> Self {
        let (memory_kib, passes, lanes) = (cost.memory_kib(), cost.passes(), cost.lanes());
        Self { name: KdfName::Argon2id, memory_kib, passes, lanes, salt }
    }

    pub(crate) fn cost(&self) -> Result<Cost, CostError> {
        Cost::new(self.memory_kib, self.passes, self.lanes)
    }
}

impl Cipher {
    pub(crate) const fn new(nonce: [u8; NONCE]) -> Self {
        Self { name: CipherName::XChaCha20Poly1305, nonce }
    }
}

fn wrong(error: &serde_json::Error) -> FormError {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Eof => FormError::Cut { line },
        serde_json::error::Category::Data => FormError::Field { line, column },
        _ => FormError::NotJson { line, column },
    }
}

/// Bytes as hexadecimal digits.
mod digits {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        bytes: impl AsRef<[u8]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: TryFrom<Vec<u8>>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(text).map_err(|_| D::Error::custom("wanted hexadecimal digits"))?;
        T::try_from(bytes).map_err(|_| D::Error::custom("another number of bytes"))
    }
}
