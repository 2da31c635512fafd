//! Values of a fixed number of bytes: the same 32 bytes mean different things, so each meaning is a type.

use crate::text::{serde_as_text, shorten};
use alloc::string::String;
use core::{fmt, str::FromStr};

/// A hexadecimal text that is not the value it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HexError {
    /// The number of characters is wrong.
    #[error("{what} is {found} characters long, wanted {wanted} hexadecimal digits")]
    Length {
        /// The value that was being read.
        what: &'static str,
        /// Characters found.
        found: usize,
        /// Digits wanted.
        wanted: usize,
    },
    /// A character is no hexadecimal digit.
    #[error("{what} has a character that is no hexadecimal digit: {found:?}")]
    Digit {
        /// The value that was being read.
        what: &'static str,
        /// The text found, shortened.
        found: String,
    },
    /// The number of bytes is wrong.
    #[error("{what} is {found} bytes long, wanted {wanted}")]
    Bytes {
        /// The value that was being read.
        what: &'static str,
        /// Bytes found.
        found: usize,
        /// Bytes wanted.
        wanted: usize,
    },
}

/// Reads exactly `N` bytes of hexadecimal text, in either case.
fn parse_hex<const N: usize>(what: &'static str, text: &str) -> Result<[u8; N], HexError> {
    let found = text.chars().count();
    if found != 2 * N {
        return Err(HexError::Length { what, found, wanted: 2 * N });
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| HexError::Digit { what, found: shorten(text) })?;
    Ok(bytes)
}

pub(crate) const UPPER: &[u8; 16] = b"0123456789ABCDEF";
pub(crate) const LOWER: &[u8; 16] = b"0123456789abcdef";

/// The digits of `bytes`, two each, written to `digits`.
pub(crate) fn hex_digits<'a>(bytes: &[u8], alphabet: &[u8; 16], digits: &'a mut [u8]) -> &'a str {
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair[0] = alphabet[usize::from(byte >> 4)];
        pair[1] = alphabet[usize::from(byte & 15)];
    }
    core::str::from_utf8(digits).expect("digits are ASCII")
}

macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// All bytes zero.
            pub const ZERO: Self = Self([0; $len]);

            /// Wraps the bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// Copies the bytes from a slice.
            ///
            /// # Errors
            /// The slice has another length.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, HexError> {
                let wrong = |_| HexError::Bytes { what: $what, found: bytes.len(), wanted: $len };
                bytes.try_into().map(Self).map_err(wrong)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// The bytes, by value.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; $len] {
                self.0
            }

            /// Whether every byte is zero.
            #[must_use]
            pub fn is_zero(&self) -> bool {
                self.0 == [0; $len]
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(hex_digits(&self.0, UPPER, &mut [0; 2 * $len]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                parse_hex($what, text).map(Self)
            }
        }

        serde_as_text!($name, concat!($what, " in hexadecimal"));
    };
}

fixed_bytes!(
    /// An Ed25519 public key, 32 bytes. Its text form is hexadecimal; [`Account`](crate::Account) is the same key as an address.
    PublicKey, 32, "a public key"
);
fixed_bytes!(
    /// The Blake2b-256 hash of a block, 32 bytes.
    BlockHash, 32, "a block hash"
);
fixed_bytes!(
    /// What proof of work is bound to, 32 bytes: the previous block's hash, or the public key for a first block.
    Root, 32, "a root"
);
fixed_bytes!(
    /// The link of a state block, 32 bytes: a destination, the hash of a send, an epoch's marker, or zero.
    Link, 32, "a link"
);
fixed_bytes!(
    /// An Ed25519 signature over a block hash, 64 bytes (R, then S).
    Signature, 64, "a signature"
);

impl Link {
    /// The link read as the hash of the send that is received.
    #[must_use]
    pub const fn to_block_hash(self) -> BlockHash {
        BlockHash(self.0)
    }
}

impl From<BlockHash> for Link {
    fn from(hash: BlockHash) -> Self {
        Self(hash.0)
    }
}

impl From<BlockHash> for Root {
    fn from(hash: BlockHash) -> Self {
        Self(hash.0)
    }
}

impl From<PublicKey> for Root {
    fn from(key: PublicKey) -> Self {
        Self(key.0)
    }
}
