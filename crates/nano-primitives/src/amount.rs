//! Amounts of money in raw, and their exact decimal text in larger units.

use crate::text::{serde_as_text, shorten};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};
use core::{fmt, str::FromStr};

/// A unit that amounts are written in: a number of decimal places above raw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unit(u8);

impl Unit {
    /// The smallest unit.
    pub const RAW: Self = Self(0);
    /// Nano: 1 XNO is 10^30 raw.
    pub const XNO: Self = Self(30);
    /// Banano: 1 BAN is 10^29 raw.
    pub const BANANO: Self = Self(29);

    /// The decimal places of this unit above raw.
    #[must_use]
    pub const fn decimals(self) -> usize {
        self.0 as usize
    }
}

/// A text that is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// Something other than decimal digits, with at most one point in units above raw.
    #[error("amount {found:?} is not a decimal number without sign or exponent")]
    Digits {
        /// The text found, shortened.
        found: String,
    },
    /// More decimal places than the unit has.
    #[error("amount {found:?} has {places} decimal places, wanted at most {wanted}")]
    Places {
        /// The text found, shortened.
        found: String,
        /// Decimal places found.
        places: usize,
        /// Decimal places of the unit.
        wanted: usize,
    },
    /// The number is above 2^128 - 1 raw.
    #[error(
        "amount {found:?} is above the largest amount, 340282366920938463463374607431768211455 raw"
    )]
    TooLarge {
        /// The text found, shortened.
        found: String,
    },
}

/// An amount of raw, the smallest unit: 0 to 2^128 - 1.
///
/// `Display` and `FromStr` are the node's: decimal digits, nothing else. Arithmetic is checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(u128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// 2^128 - 1 raw, the supply of a genesis block.
    pub const MAX: Self = Self(u128::MAX);

    /// An amount of raw.
    #[must_use]
    pub const fn from_raw(raw: u128) -> Self {
        Self(raw)
    }

    /// The amount in raw.
    #[must_use]
    pub const fn to_raw(self) -> u128 {
        self.0
    }

    /// Whether this is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, unless it is above [`Amount::MAX`].
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// The difference, unless it is below zero.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// The product, unless it is above [`Amount::MAX`].
    #[must_use]
    pub const fn checked_mul(self, factor: u128) -> Option<Self> {
        match self.0.checked_mul(factor) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// Reads a decimal number of `unit`: `1`, `0.5`, `.5` and `1.` are understood; signs, exponents and separators
    /// are not.
    ///
    /// # Errors
    /// The text is no such number, has more decimal places than the unit, or is too large.
    pub fn parse_unit(text: &str, unit: Unit) -> Result<Self, AmountError> {
        let not_digits = || AmountError::Digits { found: shorten(text) };
        let (whole, fraction) = split_at_point(text, unit);
        if whole.is_empty() && fraction.is_empty() {
            return Err(not_digits());
        }
        if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(not_digits());
        }
        let (places, wanted) = (fraction.len(), unit.decimals());
        if places > wanted {
            return Err(AmountError::Places { found: shorten(text), places, wanted });
        }
        let zeros = core::iter::repeat_n(b'0', wanted - places);
        sum_digits(whole.bytes().chain(fraction.bytes()).chain(zeros))
            .map(Self)
            .ok_or_else(|| AmountError::TooLarge { found: shorten(text) })
    }

    /// Reads a decimal number of XNO (10^30 raw). See [`Amount::parse_unit`].
    ///
    /// # Errors
    /// As [`Amount::parse_unit`].
    pub fn from_xno(text: &str) -> Result<Self, AmountError> {
        Self::parse_unit(text, Unit::XNO)
    }

    /// The exact decimal number of XNO, without trailing zeros.
    #[must_use]
    pub fn to_xno(self) -> String {
        self.display_in(Unit::XNO).to_string()
    }

    /// The exact decimal number of `unit`, without trailing zeros.
    #[must_use]
    pub fn display_in(self, unit: Unit) -> impl fmt::Display {
        let digits = format!("{:0>width$}", self.0, width = unit.decimals() + 1);
        let (whole, fraction) = digits.split_at(digits.len() - unit.decimals());
        match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        }
    }
}

/// The parts before and after the point. Raw has no decimal places, so a point in it stays an odd character.
fn split_at_point(text: &str, unit: Unit) -> (&str, &str) {
    if unit == Unit::RAW { (text, "") } else { text.split_once('.').unwrap_or((text, "")) }
}

fn sum_digits(mut digits: impl Iterator<Item = u8>) -> Option<u128> {
    digits.try_fold(0u128, |sum, digit| sum.checked_mul(10)?.checked_add(u128::from(digit - b'0')))
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        Self::parse_unit(text, Unit::RAW)
    }
}

serde_as_text!(Amount, "an amount of raw as decimal text");
