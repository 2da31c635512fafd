//! Conversions of the values from and to what they are made of, and their sums.
//!
//! All are exact. What may fail is `TryFrom` or gives an `Option`, and says what was found and what was wanted.

use crate::{
    Account, Amount, BlockHash, Difficulty, HexError, Link, PublicKey, Root, Signature, Work,
    bytes::{LOWER, UPPER, hex_digits},
};
use core::{fmt, iter::Sum};

/// Between a value and its bytes, and the bytes in hexadecimal: `{:X}`, `{:x}`, with `#` after `0x`.
macro_rules! as_bytes {
    ($($type:ident, $len:literal;)*) => {$(
        impl From<[u8; $len]> for $type {
            fn from(bytes: [u8; $len]) -> Self {
                Self::from_bytes(bytes)
            }
        }

        impl From<$type> for [u8; $len] {
            fn from(value: $type) -> Self {
                value.to_bytes()
            }
        }

        impl TryFrom<&[u8]> for $type {
            type Error = HexError;

            fn try_from(bytes: &[u8]) -> Result<Self, HexError> {
                Self::from_slice(bytes)
            }
        }

        impl AsRef<[u8]> for $type {
            fn as_ref(&self) -> &[u8] {
                self.as_bytes()
            }
        }

        impl fmt::UpperHex for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; 2 * $len];
                let digits = hex_digits(self.as_bytes(), UPPER, &mut digits);
                f.pad_integral(true, "0x", digits)
            }
        }

        impl fmt::LowerHex for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; 2 * $len];
                let digits = hex_digits(self.as_bytes(), LOWER, &mut digits);
                f.pad_integral(true, "0x", digits)
            }
        }
    )*};
}

as_bytes! {
    PublicKey, 32;
    BlockHash, 32;
    Root, 32;
    Link, 32;
    Signature, 64;
}

impl From<Account> for PublicKey {
    fn from(account: Account) -> Self {
        account.public_key()
    }
}

impl AsRef<[u8]> for Account {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Between a 64-bit value and its number, which is 16 digits in hexadecimal: `{:016x}`.
macro_rules! as_number {
    ($($type:ident;)*) => {$(
        impl From<u64> for $type {
            fn from(number: u64) -> Self {
                Self::from_u64(number)
            }
        }

        impl From<$type> for u64 {
            fn from(value: $type) -> Self {
                value.to_u64()
            }
        }

        impl fmt::UpperHex for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::UpperHex::fmt(&self.to_u64(), f)
            }
        }

        impl fmt::LowerHex for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::LowerHex::fmt(&self.to_u64(), f)
            }
        }
    )*};
}

as_number! {
    Work;
    Difficulty;
}

/// The sum, unless it is above [`Amount::MAX`]: there is no sum of money that wraps or stops at a limit.
///
/// ```
/// use nano_primitives::Amount;
///
/// let amounts = [Amount::from_raw(1), Amount::from_raw(2)];
/// let sum: Option<Amount> = amounts.iter().sum();
/// assert_eq!(sum, Some(Amount::from_raw(3)));
/// let above: Option<Amount> = [Amount::MAX, Amount::from_raw(1)].into_iter().sum();
/// assert_eq!(above, None);
/// ```
impl Sum<Amount> for Option<Amount> {
    fn sum<I: Iterator<Item = Amount>>(mut amounts: I) -> Self {
        amounts.try_fold(Amount::ZERO, Amount::checked_add)
    }
}

impl<'a> Sum<&'a Amount> for Option<Amount> {
    fn sum<I: Iterator<Item = &'a Amount>>(amounts: I) -> Self {
        amounts.copied().sum()
    }
}
