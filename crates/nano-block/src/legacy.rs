//! The four legacy kinds of block, from before 2018: each holds only what it changes.

use blake2::{Blake2b, Digest, digest::consts::U32};
use nano_primitives::{Account, Amount, BlockHash};

fn hash(parts: &[&[u8]]) -> BlockHash {
    let mut hasher = Blake2b::<U32>::new();
    for part in parts {
        hasher.update(part);
    }
    BlockHash::from_bytes(hasher.finalize().into())
}

/// The hashed fields of a legacy send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SendBlock {
    /// The block before it in the chain.
    pub previous: BlockHash,
    /// Who may receive the difference.
    pub destination: Account,
    /// The balance after the block, in raw.
    pub balance: Amount,
}

impl SendBlock {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        let balance = self.balance.to_raw().to_be_bytes();
        hash(&[self.previous.as_bytes(), self.destination.as_bytes(), &balance])
    }
}

/// The hashed fields of a legacy receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReceiveBlock {
    /// The block before it in the chain.
    pub previous: BlockHash,
    /// The send that is received.
    pub source: BlockHash,
}

impl ReceiveBlock {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        hash(&[self.previous.as_bytes(), self.source.as_bytes()])
    }
}

/// The hashed fields of a legacy open, an account's first block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpenBlock {
    /// The send that is received.
    pub source: BlockHash,
    /// Who votes with the account's weight.
    pub representative: Account,
    /// The account that is opened.
    pub account: Account,
}

impl OpenBlock {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        hash(&[self.source.as_bytes(), self.representative.as_bytes(), self.account.as_bytes()])
    }
}

/// The hashed fields of a legacy change of representative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChangeBlock {
    /// The block before it in the chain.
    pub previous: BlockHash,
    /// Who votes with the account's weight from now on.
    pub representative: Account,
}

impl ChangeBlock {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        hash(&[self.previous.as_bytes(), self.representative.as_bytes()])
    }
}
