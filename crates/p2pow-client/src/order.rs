//! [`Order`]: one block that the sender wants on its chain. [`OrderKey`]: which payment is meant, so that asking again is
//! not asking for another one.

use blake2::{Blake2b, Digest, digest::consts::U32};
use nano_block::{AccountState, BuildError, StateBlock};
use nano_primitives::{Account, Amount, BlockHash};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest key, in bytes.
const MAX_KEY: usize = 256;

/// One block that the sender wants on its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Sends `amount` to `destination`.
    Send {
        /// Who gets it.
        destination: Account,
        /// How much.
        amount: Amount,
    },
    /// Pockets the send `source` of `amount`.
    Receive {
        /// The hash of the send.
        source: BlockHash,
        /// What it sent.
        amount: Amount,
    },
    /// Changes the representative.
    Change {
        /// The new one.
        representative: Account,
    },
}

impl Order {
    /// The block that does this on top of `state`.
    pub(crate) fn block(&self, state: &AccountState) -> Result<StateBlock, BuildError> {
        match *self {
            Self::Send { destination, amount } => state.send(destination, amount),
            Self::Receive { source, amount } => state.receive(source, amount),
            Self::Change { representative } => state.change(representative),
        }
    }
}

/// The name of a payment, chosen by whoever orders it: the number of an invoice, the `id` of a node's `send`. The same
/// key of the same account is the same payment, however often it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderKey(String);

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key has 1 to {MAX_KEY} bytes, found {found}")]
pub struct OrderKeyError {
    found: usize,
}

impl OrderKey {
    /// The key of this name: any text of 1 to 256 bytes.
    ///
    /// # Errors
    /// It is empty or longer.
    pub fn new(name: impl Into<String>) -> Result<Self, OrderKeyError> {
        let name = name.into();
        match name.len() {
            1..=MAX_KEY => Ok(Self(name)),
            found => Err(OrderKeyError { found }),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key number `number` for orders that were given none, made from what they are.
    pub(crate) fn implicit(digest: &str, number: usize) -> Self {
        Self(format!("{digest}-{number}"))
    }

    /// The name in letters that every store can name: its hash.
    pub(crate) fn hashed(&self) -> String {
        hash(self.0.as_bytes())
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may be anybody's text, and goes to terminals and logs.
        self.0.escape_debug().fmt(f)
    }
}

/// A fingerprint of the orders: equal ones in the same sequence have the same.
pub(crate) fn digest(orders: &[Order]) -> String {
    hash(&serde_json::to_vec(orders).expect("orders are plain values"))
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Blake2b::<U32>::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::{Order, OrderKey, digest};
    use nano_primitives::{Account, Amount};

    #[test]
    fn a_key_is_any_text_that_is_not_too_long() {
        assert!(OrderKey::new("").is_err());
        assert!(OrderKey::new("x".repeat(256)).is_ok());
        let long = OrderKey::new("x".repeat(257)).unwrap_err();
        assert_eq!(long.to_string(), "a key has 1 to 256 bytes, found 257");
        let odd = OrderKey::new("Rechnung 7/\u{1b}[2J").unwrap();
        assert!(!odd.to_string().contains('\u{1b}'));
        assert!(odd.hashed().bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn other_orders_and_another_sequence_have_another_fingerprint() {
        let send = |raw| Order::Send { destination: Account::ZERO, amount: Amount::from_raw(raw) };
        let change = Order::Change { representative: Account::ZERO };
        let lists: [&[Order]; 5] =
            [&[send(1)], &[send(2)], &[send(1), send(2)], &[send(2), send(1)], &[change]];
        let mut digests: Vec<String> = lists.map(digest).to_vec();
        assert_eq!(digest(&[send(1)]), digests[0]);
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), lists.len());
    }
}
