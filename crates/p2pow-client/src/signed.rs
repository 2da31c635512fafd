//! [`SignedRoots`]: the roots that this sender has signed for, so that it signs no second block on one previous.
//!
//! A root is reserved before the signer is asked. It stays reserved once a signature may exist, and is given back only
//! if there is none over the very first block. All of it is in memory: another process knows nothing of it.

use nano_primitives::{Account, BlockHash, Root};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
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
    /// The block that was signed first; the last one of a batch.
    pub first: BlockHash,
    /// The block that is refused; the last one of a batch.
    pub second: BlockHash,
}

/// What this sender has signed or is about to sign, by account.
#[derive(Debug, Default)]
pub(crate) struct SignedRoots(Mutex<HashMap<Account, Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    root: Root,
    /// The last block of the chain that begins at the root: it fixes all of them.
    last: BlockHash,
    /// Reservations that are still held.
    holders: usize,
    /// A signature may exist.
    is_signed: bool,
}

impl SignedRoots {
    /// Reserves `root` for the chain that ends with `last`, which may be reserved many times.
    pub(crate) fn reserve(
        &self,
        account: Account,
        root: Root,
        last: BlockHash,
    ) -> Result<Reservation<'_>, AlreadySigned> {
        let mut roots = self.lock();
        let entries = roots.entry(account).or_default();
        match entries.iter_mut().find(|entry| entry.root == root) {
            Some(entry) if entry.last != last => {
                return Err(AlreadySigned { root, first: entry.last, second: last });
            }
            Some(entry) => entry.holders += 1,
            None => entries.push(Entry { root, last, holders: 1, is_signed: false }),
        }
        Ok(Reservation { roots: self, account, root, is_signed: false })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Account, Vec<Entry>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to have one chain of blocks signed. Dropped without a signature, it gives the root back.
#[derive(Debug)]
pub(crate) struct Reservation<'a> {
    roots: &'a SignedRoots,
    account: Account,
    root: Root,
    is_signed: bool,
}

impl Reservation<'_> {
    /// Notes that the signer is about to be asked: from here on a signature may exist, whatever comes back.
    pub(crate) const fn asking(&mut self) {
        self.is_signed = true;
    }

    /// Notes that there is no signature over the first block, so that nothing is signed.
    pub(crate) const fn refused(&mut self) {
        self.is_signed = false;
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut roots = self.roots.lock();
        let Some(entries) = roots.get_mut(&self.account) else { return };
        let Some(own) = entries.iter_mut().find(|entry| entry.root == self.root) else { return };
        own.holders -= 1;
        own.is_signed |= self.is_signed;
        // A root is signed for only when it is the confirmed frontier: those before it are over.
        let is_news = self.is_signed;
        entries.retain(|entry| {
            let is_own = entry.root == self.root;
            entry.holders > 0 || (entry.is_signed && (is_own || !is_news))
        });
        if entries.is_empty() {
            roots.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SignedRoots;
    use nano_primitives::{Account, BlockHash, Root};

    const ALICE: Account = Account::ZERO;

    fn block(name: u8) -> BlockHash {
        BlockHash::from_bytes([name; 32])
    }

    fn root(name: u8) -> Root {
        Root::from_bytes([name; 32])
    }

    #[test]
    fn a_second_block_for_a_root_is_refused_and_the_same_one_is_not() {
        let roots = SignedRoots::default();
        roots.reserve(ALICE, root(1), block(1)).unwrap().asking();
        roots.reserve(ALICE, root(1), block(1)).unwrap().asking();
        assert_eq!(roots.reserve(ALICE, root(1), block(2)).unwrap_err().first, block(1));
        roots.reserve(ALICE, root(2), block(2)).unwrap().asking();
    }

    #[test]
    fn a_root_is_reserved_before_anything_is_signed_and_given_back_if_nothing_is() {
        let roots = SignedRoots::default();
        let first = roots.reserve(ALICE, root(1), block(1)).unwrap();
        assert!(roots.reserve(ALICE, root(1), block(2)).is_err(), "the first is being signed");
        drop(first);
        let mut second = roots.reserve(ALICE, root(1), block(2)).unwrap();
        second.asking();
        second.refused();
        drop(second);
        roots.reserve(ALICE, root(1), block(3)).unwrap().asking();
        assert!(roots.reserve(ALICE, root(1), block(1)).is_err());
    }

    #[test]
    fn a_refusal_to_one_does_not_release_what_another_has_signed_or_is_signing() {
        let roots = SignedRoots::default();
        let (one, mut other) = (
            roots.reserve(ALICE, root(1), block(1)).unwrap(),
            roots.reserve(ALICE, root(1), block(1)).unwrap(),
        );
        drop(one);
        assert!(roots.reserve(ALICE, root(1), block(2)).is_err());
        other.asking();
        drop(other);
        let mut late = roots.reserve(ALICE, root(1), block(1)).unwrap();
        late.asking();
        late.refused();
        drop(late);
        assert!(roots.reserve(ALICE, root(1), block(2)).is_err());
    }

    #[test]
    fn a_signer_that_is_given_up_may_have_signed() {
        let roots = SignedRoots::default();
        let mut given_up = roots.reserve(ALICE, root(1), block(1)).unwrap();
        given_up.asking();
        drop(given_up);
        assert!(roots.reserve(ALICE, root(1), block(2)).is_err());
    }
}
