//! Proof of work: a nonce bound to a root.

use crate::{
    Difficulty, Root,
    text::{serde_as_text, shorten},
};
use blake2::{Blake2b, Digest, digest::consts::U8};
use std::{fmt, str::FromStr};

/// A text that is no 64-bit hexadecimal number of 16 digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not 16 hexadecimal digits without prefix")]
pub struct WorkError {
    /// The text found, shortened.
    pub found: String,
}

/// Reads exactly 16 hexadecimal digits: `from_str_radix` alone would take a sign and fewer digits.
pub(crate) fn parse_u64(text: &str) -> Result<u64, WorkError> {
    let wrong = || WorkError { found: shorten(text) };
    if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    u64::from_str_radix(text, 16).map_err(|_| wrong())
}

/// A nonce offered as proof of work for a root. Whether it is enough is for a threshold to say.
///
/// The text form is 16 hexadecimal digits, the number's most significant first; `Display` writes lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work(u64);

impl Work {
    /// A nonce by its number.
    #[must_use]
    pub const fn from_u64(nonce: u64) -> Self {
        Self(nonce)
    }

    /// The nonce as a number.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// The value of this nonce for `root`: the 8-byte Blake2b hash of the nonce (little endian) and the root, read
    /// little endian (source: nano-docs, "work generation", work equation).
    ///
    /// This is the plain definition; every faster search is checked against it.
    ///
    /// ```
    /// use nano_primitives::{Difficulty, Root, Work};
    ///
    /// let root: Root = "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2".parse()?;
    /// let work: Work = "2b3d689bbcb21dca".parse()?;
    /// assert_eq!(work.value(&root).to_string(), "fffffff93c41ec94");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn value(self, root: &Root) -> Difficulty {
        let hash = Blake2b::<U8>::new()
            .chain_update(self.0.to_le_bytes())
            .chain_update(root.as_bytes())
            .finalize();
        Difficulty::from_u64(u64::from_le_bytes(hash.into()))
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:016x}", self.0))
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Work({self})")
    }
}

impl FromStr for Work {
    type Err = WorkError;

    fn from_str(text: &str) -> Result<Self, WorkError> {
        parse_u64(text).map(Self)
    }
}

serde_as_text!(Work, "work as 16 hexadecimal digits");
