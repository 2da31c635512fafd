//! What the tests share: a sender with money, a worker, and the vectors.
#![allow(clippy::unwrap_used)]
#![allow(dead_code)] // each test file uses its own part

use nano_block::{AccountState, SecretKey, Seed, SignedState, StateBlock};
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_protocol::{LedgerView, Terms, WorkRequest};
use serde_json::Value;

/// The worker's fee in these tests, a multiple of 64 so that every share is exact.
pub(crate) const FEE: Amount = Amount::from_raw(6400);

pub(crate) fn vectors() -> Value {
    serde_json::from_str(include_str!("../data/vectors.json")).unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn key(number: u8) -> SecretKey {
    Seed::from_bytes([number; 32]).derive(0)
}

pub(crate) fn alice() -> SecretKey {
    key(1)
}

pub(crate) fn worker() -> Account {
    key(2).account()
}

pub(crate) fn terms() -> Terms {
    Terms { reward_account: worker(), fee: FEE }
}

pub(crate) fn amount(raw: u128) -> Amount {
    Amount::from_raw(raw)
}

/// Alice with 1,000,000 raw.
pub(crate) fn rich() -> AccountState {
    AccountState {
        account: alice().account(),
        frontier: Some(BlockHash::from_bytes([7; 32])),
        balance: amount(1_000_000),
        representative: key(9).account(),
    }
}

pub(crate) fn view(state: &AccountState) -> LedgerView {
    LedgerView { frontier: state.frontier, balance: state.balance, ..LedgerView::default() }
}

pub(crate) fn source(number: u8) -> BlockHash {
    BlockHash::from_bytes([number; 32])
}

/// The user's blocks and a reward of `paid` on top, signed by Alice.
pub(crate) fn request(users: &[StateBlock], paid: u128) -> WorkRequest {
    let (user, reward) = chain(users, paid);
    match user.as_slice() {
        [user] => WorkRequest::single(*user, reward),
        _ => WorkRequest::batch(user, reward).unwrap(),
    }
}

pub(crate) fn chain(users: &[StateBlock], paid: u128) -> (Vec<SignedState>, SignedState) {
    let last = users.last().unwrap();
    let reward = StateBlock {
        previous: last.hash(),
        balance: last.balance.checked_sub(amount(paid)).unwrap(),
        link: worker().into(),
        ..*last
    };
    (users.iter().map(|user| user.sign(&alice())).collect(), reward.sign(&alice()))
}

pub(crate) fn send() -> StateBlock {
    rich().send(key(3).account(), amount(1000)).unwrap()
}
