//! [`Work`], a nonce bound to a root, and [`Difficulty`]: the 64-bit value of a nonce, or the threshold that such a value
//! must reach.

use crate::{
    Root,
    text::{serde_as_text, shorten},
};
use alloc::{format, string::String};
use blake2::{Blake2b, Digest, digest::consts::U8};
use core::{fmt, str::FromStr};

/// A text that is no 64-bit hexadecimal number of 16 digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not 16 hexadecimal digits without prefix")]
pub struct WorkError {
    /// The text found, shortened.
    pub found: String,
}

/// Reads exactly 16 hexadecimal digits: `from_str_radix` alone would take a sign and fewer digits.
fn parse_u64(text: &str) -> Result<u64, WorkError> {
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

const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;

/// A multiplier that leads to no difficulty.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "multiplier {multiplier} of base {base} gives no 64-bit difficulty, wanted a positive number that does"
)]
pub struct MultiplierError {
    /// The multiplier found.
    pub multiplier: f64,
    /// The difficulty it was relative to.
    pub base: Difficulty,
}

/// A difficulty: the value of a nonce, or the threshold that a value must reach. Higher is harder.
///
/// The text form is 16 hexadecimal digits; `Display` writes lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Difficulty(u64);

impl Difficulty {
    /// Reached by every nonce.
    pub const MIN: Self = Self(0);
    /// Reached by one nonce in 2^64.
    pub const MAX: Self = Self(u64::MAX);

    /// A difficulty by its number.
    #[must_use]
    pub const fn from_u64(value: u64) -> Self {
        Self(value)
    }

    /// The difficulty as a number.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// How many times harder than `base` this is: (2^64 - base) / (2^64 - self) (source: nano-docs, "work
    /// generation", difficulty multiplier).
    #[must_use]
    pub fn multiplier(self, base: Self) -> f64 {
        base.missing() / self.missing()
    }

    /// The difficulty that is `multiplier` times as hard as `base`: 2^64 - (2^64 - base) / multiplier.
    ///
    /// # Errors
    /// The multiplier is not a positive number, or so small that the result is below zero.
    pub fn from_multiplier(multiplier: f64, base: Self) -> Result<Self, MultiplierError> {
        let missing = base.missing() / multiplier;
        if !(multiplier > 0.0 && (0.0..=TWO_TO_64).contains(&missing)) {
            return Err(MultiplierError { multiplier, base });
        }
        Ok(Self(complement(missing)))
    }

    /// The number of hashes that are expected to be tried until one reaches this: 2^64 / (2^64 - self).
    #[must_use]
    pub fn expected_hashes(self) -> f64 {
        TWO_TO_64 / self.missing()
    }

    /// 2^64 - self, as a real number; at least 1.
    #[allow(clippy::cast_precision_loss)] // 53 bits are what a multiplier is worth
    fn missing(self) -> f64 {
        match self.0 {
            0 => TWO_TO_64,
            value => value.wrapping_neg() as f64,
        }
    }
}

/// 2^64 - missing, for a real number of 0 to 2^64.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the range was checked
fn complement(missing: f64) -> u64 {
    if missing >= TWO_TO_64 { 0 } else { (missing.max(1.0) as u64).wrapping_neg() }
}

impl fmt::Display for Difficulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:016x}", self.0))
    }
}

impl fmt::Debug for Difficulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Difficulty({self})")
    }
}

impl FromStr for Difficulty {
    type Err = WorkError;

    fn from_str(text: &str) -> Result<Self, WorkError> {
        parse_u64(text).map(Self)
    }
}

serde_as_text!(Difficulty, "a difficulty as 16 hexadecimal digits");
