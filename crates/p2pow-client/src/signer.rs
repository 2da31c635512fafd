//! [`Signer`]: who signs: a key in memory, or whatever else can (a hardware wallet, a signing service).

use crate::SigningRequest;
use futures_util::future::{BoxFuture, ready};
use nano_block::SecretKey;
use nano_primitives::{Account, Signature};
use std::error::Error;

/// Signs the blocks of one account.
///
/// A block is given with what it does and what proves it, so that a signer can show it, limit it, and refuse. What a
/// signer answers is verified before it is used. The same block may be asked for again, after a restart of the sender
/// too, and should get the same signature then: another one would do, no signature would not.
pub trait Signer: Send + Sync {
    /// Whose blocks it signs.
    fn account(&self) -> Account;

    /// Signs the hash of the request's block.
    fn sign<'a>(
        &'a self,
        request: &'a SigningRequest,
    ) -> BoxFuture<'a, Result<Signature, SignerError>>;
}

/// A signature that was not had.
///
/// Which of the two it is decides whether the block's place may be given to another block.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The block was not signed, and this request will not have it signed later.
    #[error("the signer did not sign")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// It is not known whether the block was signed: the answer did not come, or is none.
    #[error(
        "the signer did not answer, and may have signed; the same payment again goes on with it"
    )]
    Unanswered(#[source] Box<dyn Error + Send + Sync>),
}

impl SignerError {
    /// A refusal for this reason: nothing was signed.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Refused(reason.into())
    }

    /// No answer, for this reason: the block may have been signed.
    pub fn unanswered(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unanswered(reason.into())
    }
}

impl Signer for SecretKey {
    fn account(&self) -> Account {
        self.account()
    }

    fn sign<'a>(
        &'a self,
        request: &'a SigningRequest,
    ) -> BoxFuture<'a, Result<Signature, SignerError>> {
        Box::pin(ready(Ok(self.sign(&request.block.hash()))))
    }
}
