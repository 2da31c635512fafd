//! The roots that were signed for, so that no second block is signed on one previous by accident.

use nano_primitives::{Account, BlockHash, Root};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// A second, different block for a root.
///
/// Whoever has the first one can publish it until the account has moved on: were a second one signed, either could
/// end up on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "block {first} was signed for {root} before, and it may still be published; wanted to sign {second} for the same"
)]
pub struct AlreadySigned {
    /// What both are bound to.
    pub root: Root,
    /// The block that was signed first.
    pub first: BlockHash,
    /// The block that is refused.
    pub second: BlockHash,
}

/// What this sender has signed, by account and root.
#[derive(Debug, Default)]
pub(crate) struct SignedRoots(Mutex<HashMap<Account, (Root, BlockHash)>>);

impl SignedRoots {
    /// Notes that `hash` is about to be signed for `root`. The same block may be signed again.
    ///
    /// Only the last root of an account is kept: a new one means that the frontier has moved.
    pub(crate) fn note(
        &self,
        account: Account,
        root: Root,
        hash: BlockHash,
    ) -> Result<(), AlreadySigned> {
        let mut roots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match roots.get(&account) {
            Some(&(known, first)) if known == root && first != hash => {
                Err(AlreadySigned { root, first, second: hash })
            }
            _ => {
                roots.insert(account, (root, hash));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SignedRoots;
    use nano_primitives::{Account, BlockHash, Root};

    #[test]
    fn a_second_block_for_a_root_is_refused_and_the_same_one_is_not() {
        let (roots, account) = (SignedRoots::default(), Account::ZERO);
        let (a, b) = (BlockHash::from_bytes([1; 32]), BlockHash::from_bytes([2; 32]));
        let (root, next) = (Root::from_bytes([3; 32]), Root::from_bytes([4; 32]));
        assert!(roots.note(account, root, a).is_ok());
        assert!(roots.note(account, root, a).is_ok());
        assert_eq!(roots.note(account, root, b).unwrap_err().first, a);
        assert!(roots.note(account, next, b).is_ok());
    }
}
