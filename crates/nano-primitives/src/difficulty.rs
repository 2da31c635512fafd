//! Difficulty: the 64-bit value of a nonce, and the threshold such a value must reach.

use crate::{
    text::serde_as_text,
    work::{WorkError, parse_u64},
};
use std::{fmt, str::FromStr};

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
