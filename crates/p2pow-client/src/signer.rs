//! [`Signer`]: who signs: a key in memory, or whatever else can (a hardware wallet, a signing service).

use futures_util::future::{BoxFuture, ready};
use nano_block::{SecretKey, StateBlock};
use nano_primitives::{Account, Signature};
use std::error::Error;

/// Signs the blocks of one account.
///
/// The block is given as a whole, so that a signer can show what it signs and refuse. What it answers is verified
/// before it is used.
pub trait Signer: Send + Sync {
    /// Whose blocks it signs.
    fn account(&self) -> Account;

    /// Signs the block's hash.
    fn sign<'a>(&'a self, block: &'a StateBlock) -> BoxFuture<'a, Result<Signature, SignerError>>;
}

/// A signer that did not sign.
#[derive(Debug, thiserror::Error)]
#[error("the signer did not sign")]
pub struct SignerError(#[source] Box<dyn Error + Send + Sync>);

impl SignerError {
    /// A refusal for this reason.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

impl Signer for SecretKey {
    fn account(&self) -> Account {
        self.account()
    }

    fn sign<'a>(&'a self, block: &'a StateBlock) -> BoxFuture<'a, Result<Signature, SignerError>> {
        Box::pin(ready(Ok(self.sign(&block.hash()))))
    }
}
