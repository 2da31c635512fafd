//! State blocks: the whole state of an account after the block.

use crate::{Epoch, SecretKey, SignedState, Subtype};
use blake2::{Blake2b, Digest, digest::consts::U32};
use nano_primitives::{Account, Amount, BlockHash, Link, Root};

/// What stands before a state block's fields when it is hashed: the block type 6 as a 256-bit number.
const PREAMBLE: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[31] = 6;
    bytes
};

/// The hashed fields of a state block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateBlock {
    /// Whose chain the block is on.
    pub account: Account,
    /// The block before it in the chain; zero for the first block.
    pub previous: BlockHash,
    /// Who votes with the account's weight.
    pub representative: Account,
    /// The balance after the block, in raw.
    pub balance: Amount,
    /// A destination, the hash of a received send, an epoch's marker, or zero.
    pub link: Link,
}

impl StateBlock {
    /// The block's hash: Blake2b-256 of the preamble and the fields (source: nano-docs, "blocks").
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        let hash = Blake2b::<U32>::new()
            .chain_update(PREAMBLE)
            .chain_update(self.account.as_bytes())
            .chain_update(self.previous.as_bytes())
            .chain_update(self.representative.as_bytes())
            .chain_update(self.balance.to_raw().to_be_bytes())
            .chain_update(self.link.as_bytes())
            .finalize();
        BlockHash::from_bytes(hash.into())
    }

    /// What the block's work is bound to.
    #[must_use]
    pub fn root(&self) -> Root {
        if self.is_first() { self.account.into() } else { self.previous.into() }
    }

    /// Whether this is the account's first block.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.previous.is_zero()
    }

    /// What the block does, given the balance before it (zero for a first block). `None`: a balance that stays with a
    /// link that is neither zero nor an epoch's, which no ledger accepts.
    #[must_use]
    pub fn subtype(&self, balance_before: Amount) -> Option<Subtype> {
        let is_epoch = Epoch::from_link(&self.link).is_some();
        if self.balance == balance_before && is_epoch {
            Some(Subtype::Epoch)
        } else if self.is_first() {
            Some(Subtype::Open)
        } else if self.balance < balance_before {
            Some(Subtype::Send)
        } else if self.balance > balance_before {
            Some(Subtype::Receive)
        } else {
            self.link.is_zero().then_some(Subtype::Change)
        }
    }

    /// The block with the account's signature, without work.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedState {
        let signature = key.sign(&self.hash());
        SignedState { block: self, signature, work: None }
    }
}
