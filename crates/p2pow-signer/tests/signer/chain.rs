//! An account's blocks, made as a sender makes them.

use nano_block::{AccountState, SecretKey, Seed, StateBlock};
use nano_primitives::{Account, Amount, BlockHash, Link};
use p2pow_client::Role;
use p2pow_signer::{Policy, Refusal, Signatory};
use p2pow_store::{SqliteStore, Store};
use std::sync::Arc;

pub(crate) fn key(index: u32) -> SecretKey {
    Seed::from_bytes([7; 32]).derive(index)
}

pub(crate) fn account(index: u32) -> Account {
    key(index).account()
}

pub(crate) fn xno(text: &str) -> Amount {
    Amount::from_xno(text).unwrap()
}

/// A block of account 0 that leaves it with 100 XNO; another number, another block.
pub(crate) fn frontier(number: u8) -> StateBlock {
    StateBlock {
        account: account(0),
        previous: BlockHash::from_bytes([number; 32]),
        representative: account(9),
        balance: xno("100"),
        link: Link::ZERO,
    }
}

pub(crate) fn after(block: &StateBlock) -> AccountState {
    AccountState {
        account: block.account,
        frontier: Some(block.hash()),
        balance: block.balance,
        representative: block.representative,
    }
}

pub(crate) fn send(below: &StateBlock, to: u32, amount: &str) -> StateBlock {
    after(below).send(account(to), xno(amount)).unwrap()
}

pub(crate) fn memory() -> Arc<dyn Store> {
    SqliteStore::in_memory().unwrap().shared()
}

/// A signer with the key of account 0.
pub(crate) fn signatory(policy: Policy, store: &Arc<dyn Store>) -> Signatory {
    Signatory::new([key(0)], policy, Arc::clone(store))
}

/// Asks for a block of the user on top of another; the code of a refusal. A signature is verified.
pub(crate) async fn user(
    signer: &Signatory,
    block: StateBlock,
    below: &StateBlock,
) -> Result<nano_primitives::Signature, String> {
    ask(signer, Role::User, block, Some(*below)).await
}

/// The same for a reward.
pub(crate) async fn reward(
    signer: &Signatory,
    block: StateBlock,
    below: &StateBlock,
) -> Result<nano_primitives::Signature, String> {
    ask(signer, Role::Reward, block, Some(*below)).await
}

pub(crate) async fn ask(
    signer: &Signatory,
    role: Role,
    block: StateBlock,
    below: Option<StateBlock>,
) -> Result<nano_primitives::Signature, String> {
    let signed = signer.sign(role, block, below).await;
    if let Ok(signature) = signed {
        nano_block::verify(&block.account.public_key(), &block.hash(), &signature).unwrap();
    }
    signed.map_err(|refusal: Refusal| refusal.code().to_owned())
}

pub(crate) fn refused(code: &str) -> Result<nano_primitives::Signature, String> {
    Err(code.to_owned())
}
