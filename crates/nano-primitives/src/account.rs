//! Accounts: a public key written as an address with a checksum.
//!
//! The text is a prefix, 52 characters for 4 zero bits and the 256 bits of the key, and 8 characters for a 40-bit
//! Blake2b checksum of the key, all in Nano's base 32 (source: nano-docs, "the basics", account public addresses).

use crate::{
    HexError, Link, PublicKey, Root,
    text::{serde_as_text, shorten},
};
use alloc::{format, string::String, vec::Vec};
use blake2::{Blake2b, Digest, digest::consts::U5};
use core::{fmt, str::FromStr};

const ALPHABET: &[u8; 32] = b"13456789abcdefghijkmnopqrstuwxyz";
const KEY_CHARS: usize = 52;
const CHECKSUM_CHARS: usize = 8;
const BODY_CHARS: usize = KEY_CHARS + CHECKSUM_CHARS;

/// What stands before the key in an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix(&'static str);

impl Prefix {
    /// `nano_`, written by default.
    pub const NANO: Self = Self("nano_");
    /// `xrb_`, the old prefix of Nano, read and never written by default.
    pub const XRB: Self = Self("xrb_");
    /// `ban_`, Banano.
    pub const BANANO: Self = Self("ban_");

    /// A prefix of another network that shares the address format, its underscore included.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The prefix as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// A text that is no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The prefix is none of those that are read.
    #[error("account {found:?} has an unknown prefix, wanted one of {wanted}")]
    Prefix {
        /// The text found, shortened.
        found: String,
        /// The prefixes that are read.
        wanted: String,
    },
    /// The number of characters after the prefix is wrong.
    #[error("account {found:?} has {length} characters after its prefix, wanted 60")]
    Length {
        /// The text found, shortened.
        found: String,
        /// Characters after the prefix.
        length: usize,
    },
    /// A character is not of the alphabet.
    #[error("account {found:?} has a character that addresses do not use: {character:?}")]
    Character {
        /// The text found, shortened.
        found: String,
        /// The first odd character.
        character: char,
    },
    /// The first character stands for more than 256 bits.
    #[error("account {found:?} must have 1 or 3 after its prefix")]
    Overflow {
        /// The text found.
        found: String,
    },
    /// The checksum does not fit the key.
    #[error("account {found:?} has a wrong checksum, wanted it to end in {wanted:?}")]
    Checksum {
        /// The text found.
        found: String,
        /// The checksum of the key that was read.
        wanted: String,
    },
}

/// An account: a public key, written as an address.
///
/// `Display` writes `nano_…`; `FromStr` reads `nano_` and `xrb_`. For other prefixes see
/// [`with_prefix`](Self::with_prefix) and [`parse_with_prefixes`](Self::parse_with_prefixes).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(PublicKey);

impl Account {
    /// The burn account: the key of zeros, which nobody can open.
    pub const ZERO: Self = Self(PublicKey::ZERO);

    /// The account of a key.
    #[must_use]
    pub const fn new(key: PublicKey) -> Self {
        Self(key)
    }

    /// The account's public key.
    #[must_use]
    pub const fn public_key(self) -> PublicKey {
        self.0
    }

    /// The key's 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether this is the burn account.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// The account to be written with another prefix.
    #[must_use]
    pub fn with_prefix(self, prefix: Prefix) -> impl fmt::Display {
        let mut text = String::with_capacity(prefix.0.len() + BODY_CHARS);
        text.push_str(prefix.0);
        text.push_str(&body(&self.0));
        text
    }

    /// Reads an address that starts with one of `prefixes`.
    ///
    /// # Errors
    /// The text has another prefix, a wrong length, a character outside the alphabet, or a wrong checksum.
    pub fn parse_with_prefixes(text: &str, prefixes: &[Prefix]) -> Result<Self, AccountError> {
        let body = prefixes
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix.0))
            .ok_or_else(|| unknown_prefix(text, prefixes))?;
        let digits = parse_digits(text, body)?;
        let key = decode_key(text, &digits)?;
        let wanted = checksum_text(&key);
        if body[KEY_CHARS..] != wanted {
            return Err(AccountError::Checksum { found: shorten(text), wanted });
        }
        Ok(Self(key))
    }
}

impl Link {
    /// The link read as the destination of a send.
    #[must_use]
    pub const fn to_account(self) -> Account {
        Account::new(PublicKey::from_bytes(*self.as_bytes()))
    }

    /// Reads a link as blocks in JSON have it: 64 hexadecimal digits, or the account that they are the key of.
    ///
    /// # Errors
    /// It is neither.
    pub fn from_hex_or_account(text: &str) -> Result<Self, HexError> {
        text.parse::<Account>().map_or_else(|_| text.parse(), |account| Ok(account.into()))
    }
}

impl From<Account> for Link {
    fn from(account: Account) -> Self {
        Self::from_bytes(*account.as_bytes())
    }
}

impl From<Account> for Root {
    fn from(account: Account) -> Self {
        Self::from_bytes(*account.as_bytes())
    }
}

impl From<PublicKey> for Account {
    fn from(key: PublicKey) -> Self {
        Self(key)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{}", Prefix::NANO.0, body(&self.0)))
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({self})")
    }
}

impl FromStr for Account {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        Self::parse_with_prefixes(text, &[Prefix::NANO, Prefix::XRB])
    }
}

serde_as_text!(Account, "an account (nano_…)");

fn unknown_prefix(text: &str, prefixes: &[Prefix]) -> AccountError {
    let wanted = prefixes.iter().map(|prefix| prefix.0).collect::<Vec<_>>().join(", ");
    AccountError::Prefix { found: shorten(text), wanted }
}

fn parse_digits(text: &str, body: &str) -> Result<[u8; BODY_CHARS], AccountError> {
    let length = body.chars().count();
    if length != BODY_CHARS {
        return Err(AccountError::Length { found: shorten(text), length });
    }
    let mut digits = [0; BODY_CHARS];
    for (digit, character) in digits.iter_mut().zip(body.chars()) {
        *digit = value_of(character)
            .ok_or_else(|| AccountError::Character { found: shorten(text), character })?;
    }
    Ok(digits)
}

fn value_of(character: char) -> Option<u8> {
    let place = ALPHABET.iter().position(|&known| char::from(known) == character)?;
    u8::try_from(place).ok()
}

/// The 256 low bits of the first 52 digits; the 4 bits above must be zero.
fn decode_key(text: &str, digits: &[u8; BODY_CHARS]) -> Result<PublicKey, AccountError> {
    if digits[0] > 1 {
        return Err(AccountError::Overflow { found: shorten(text) });
    }
    let mut bytes = [0u8; 32];
    let mut filled = bytes.iter_mut();
    // The last bits that were read, of which so many are not in a byte: of the first digit, the lowest one.
    let (mut bits, mut open) = (u32::from(digits[0]), 1);
    for digit in &digits[1..KEY_CHARS] {
        bits = bits << 5 | u32::from(*digit);
        open += 5;
        if open >= 8 {
            open -= 8;
            let byte = filled.next().expect("51 digits and a bit are 256 bits");
            *byte = (bits >> open & 0xff) as u8;
        }
    }
    Ok(PublicKey::from_bytes(bytes))
}

/// The 60 characters after the prefix.
fn body(key: &PublicKey) -> String {
    let mut text = encode(key.as_bytes(), KEY_CHARS);
    text.push_str(&checksum_text(key));
    text
}

fn checksum_text(key: &PublicKey) -> String {
    let mut checksum: [u8; 5] = Blake2b::<U5>::digest(key.as_bytes()).into();
    checksum.reverse();
    encode(&checksum, CHECKSUM_CHARS)
}

/// `bytes` in base 32, `chars` digits, zero bits in front where they do not fill the first digit.
fn encode(bytes: &[u8], chars: usize) -> String {
    let mut text = String::with_capacity(chars);
    // The last bits that were read, of which so many are not written.
    let (mut bits, mut open) = (0_u32, 5 * chars - 8 * bytes.len());
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        open += 8;
        while open >= 5 {
            open -= 5;
            text.push(char::from(ALPHABET[(bits >> open & 31) as usize]));
        }
    }
    text
}
