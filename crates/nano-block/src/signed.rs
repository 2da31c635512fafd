//! [`Signed`]: a block with its signature and, once it is found, its work.
//!
//! Unsigned and signed blocks are different types, so that no unsigned one can be published by mistake.

use crate::{
    block::{Block, StateBlock},
    keys::{SecretKey, SignatureError, verify},
    kind::BlockKind,
};
use nano_primitives::{BlockHash, Difficulty, PublicKey, Root, Signature, Work};

/// A block with its signature, and its work where that is known.
///
/// Holding one says nothing about whether the signature is right: see [`Signed::verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signed<B> {
    /// The hashed fields.
    pub block: B,
    /// The signature over the block's hash.
    pub signature: Signature,
    /// The proof of work for the block's root. Not covered by hash or signature.
    pub work: Option<Work>,
}

/// A signed block of any kind.
pub type SignedBlock = Signed<Block>;
/// A signed state block.
pub type SignedState = Signed<StateBlock>;

/// A legacy block where a state block is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("block is a legacy {found}, wanted a state block")]
pub struct NotState {
    /// The kind found.
    pub found: BlockKind,
}

impl StateBlock {
    /// The block with the account's signature, without work.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedState {
        let signature = key.sign(&self.hash());
        SignedState { block: self, signature, work: None }
    }
}

impl Block {
    /// The block with `key`'s signature, without work.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedBlock {
        let signature = key.sign(&self.hash());
        SignedBlock { block: self, signature, work: None }
    }
}

impl<B> Signed<B> {
    /// The same block with this work.
    #[must_use]
    pub fn with_work(self, work: Work) -> Self {
        Self { work: Some(work), ..self }
    }
}

impl<B: Copy + Into<Block>> Signed<B> {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        self.block.into().hash()
    }

    /// What the block's work is bound to.
    #[must_use]
    pub fn root(&self) -> Root {
        self.block.into().root()
    }

    /// The value of the block's work, if it has work.
    #[must_use]
    pub fn work_value(&self) -> Option<Difficulty> {
        self.work.map(|work| work.value(&self.root()))
    }

    /// Checks the signature against `key`: the owner of the chain, or the epoch signer for an epoch block.
    ///
    /// # Errors
    /// The signature is not `key`'s over this block's hash.
    pub fn verify_by(&self, key: &PublicKey) -> Result<(), SignatureError> {
        verify(key, &self.hash(), &self.signature)
    }
}

impl SignedState {
    /// Checks the signature against the block's own account.
    ///
    /// # Errors
    /// The signature is not that account's over this block's hash.
    pub fn verify(&self) -> Result<(), SignatureError> {
        self.verify_by(&self.block.account.public_key())
    }
}

impl From<SignedState> for SignedBlock {
    fn from(state: SignedState) -> Self {
        Self { block: state.block.into(), signature: state.signature, work: state.work }
    }
}

impl TryFrom<SignedBlock> for SignedState {
    type Error = NotState;

    fn try_from(signed: SignedBlock) -> Result<Self, NotState> {
        match signed.block {
            Block::State(block) => {
                Ok(Self { block, signature: signed.signature, work: signed.work })
            }
            other => Err(NotState { found: other.kind() }),
        }
    }
}
