//! A signer that keeps a record of what it signs, across all processes that a test plays.

use futures_util::future::ready;
use nano_block::{SecretKey, StateBlock};
use nano_primitives::{Account, BlockHash, Signature};
use p2pow_client::{BoxFuture, Signer, SignerError, SigningRequest};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

pub(crate) struct Notary {
    pub(crate) key: SecretKey,
    signed: Mutex<Vec<StateBlock>>,
}

impl Notary {
    pub(crate) fn new(key: &SecretKey) -> Self {
        Self { key: key.clone(), signed: Mutex::default() }
    }

    /// How many blocks were signed that send to this account.
    pub(crate) fn count(&self, to: Account) -> usize {
        self.signed.lock().unwrap().iter().filter(|block| block.link.to_account() == to).count()
    }

    /// Nobody has ever been given two different blocks of the user on one previous. Those that pay a worker are no such
    /// blocks.
    #[track_caller]
    pub(crate) fn check(&self, is_worker: impl Fn(Account) -> bool) {
        let mut blocks: BTreeMap<BlockHash, BTreeSet<BlockHash>> = BTreeMap::new();
        for block in self.signed.lock().unwrap().iter() {
            if !is_worker(block.link.to_account()) {
                blocks.entry(block.previous).or_default().insert(block.hash());
            }
        }
        for (previous, blocks) in blocks {
            assert_eq!(blocks.len(), 1, "{blocks:?} on {previous}");
        }
    }
}

impl Signer for Notary {
    fn account(&self) -> Account {
        self.key.account()
    }

    fn sign<'a>(
        &'a self,
        request: &'a SigningRequest,
    ) -> BoxFuture<'a, Result<Signature, SignerError>> {
        self.signed.lock().unwrap().push(request.block);
        Box::pin(ready(Ok(request.block.sign(&self.key).signature)))
    }
}
