//! The ledger's rules for epoch blocks.

#![allow(clippy::unwrap_used)] // the helpers are tests too

mod common;

use common::{
    book::{Book, unknown},
    key, raw, work_between,
};
use nano_block::{Epoch, Network, SignedBlock, SignedState, StateBlock};
use nano_devnet::{ProcessError, WorkCheck};
use nano_primitives::{Account, BlockHash, Difficulty};

fn state_of(signed: &SignedBlock) -> StateBlock {
    SignedState::try_from(*signed).unwrap().block
}

#[test]
fn accounts_are_lifted_one_epoch_at_a_time() {
    let mut book = Book::new();
    let alice = key(1);
    book.open(&alice, 100);
    let account = alice.account();
    let too_early = book.epoch_block(&account, Epoch::Epoch2);
    let words = "This block cannot follow the previous block";
    assert_eq!(book.check(&too_early).unwrap_err().to_string(), words);
    for epoch in [Epoch::Epoch1, Epoch::Epoch2] {
        let block = book.epoch_block(&account, epoch);
        book.apply(&block).unwrap();
        assert_eq!(book.ledger.account(&account).unwrap().epoch, epoch);
    }
    let again = book.epoch_block(&account, Epoch::Epoch2);
    assert_eq!(book.check(&again), Err(ProcessError::BlockPosition));
    book.assert_sound();
}

#[test]
fn only_the_epoch_signer_lifts_accounts() {
    let mut book = Book::new();
    let alice = key(1);
    book.open(&alice, 100);
    let block = state_of(&book.epoch_block(&alice.account(), Epoch::Epoch1));
    assert_eq!(book.check(&block.sign(&alice).into()), Err(ProcessError::BadSignature));
    let on_nothing = StateBlock { previous: unknown(), ..block };
    assert_eq!(book.check(&on_nothing.sign(&key(3)).into()), Err(ProcessError::BadSignature));
    assert_eq!(book.check(&on_nothing.sign(&alice).into()), Err(ProcessError::GapPrevious));
}

#[test]
fn an_epoch_block_keeps_the_representative() {
    let mut book = Book::new();
    let alice = key(1);
    book.open(&alice, 100);
    let block = state_of(&book.epoch_block(&alice.account(), Epoch::Epoch1));
    let changed = StateBlock { representative: alice.account(), ..block }.sign(&book.genesis);
    assert_eq!(book.check(&changed.into()).unwrap_err().to_string(), "Representative mismatch");
}

#[test]
fn an_epoch_block_goes_on_top() {
    let mut book = Book::new();
    let alice = key(1);
    book.open(&alice, 100);
    let late = book.epoch_block(&alice.account(), Epoch::Epoch1);
    let again = StateBlock { previous: BlockHash::ZERO, balance: raw(0), ..state_of(&late) };
    book.send(&alice, &key(2).account(), 0x10);
    assert_eq!(book.check(&late), Err(ProcessError::Fork));
    assert_eq!(book.check(&again.sign(&book.genesis).into()), Err(ProcessError::Fork));
}

#[test]
fn an_account_with_something_receivable_can_be_opened() {
    let mut book = Book::new();
    let (bob, genesis) = (key(2), book.genesis.clone());
    let open = book.epoch_block(&bob.account(), Epoch::Epoch2);
    let words = "Gap pending for open epoch block";
    assert_eq!(book.check(&open).unwrap_err().to_string(), words);
    let send = book.send(&genesis, &bob.account(), 5);
    let with_representative =
        StateBlock { representative: genesis.account(), ..state_of(&open) }.sign(&genesis);
    assert_eq!(book.check(&with_representative.into()), Err(ProcessError::RepresentativeMismatch));
    let on_another_chain =
        StateBlock { previous: book.frontier(&genesis), ..state_of(&open) }.sign(&genesis);
    assert_eq!(book.check(&on_another_chain.into()), Err(ProcessError::BadSignature));
    book.apply(&open).unwrap();
    let info = book.ledger.account(&bob.account()).unwrap();
    assert_eq!((info.epoch, info.block_count), (Epoch::Epoch2, 1));
    book.receive(&bob, send);
    assert_eq!(book.balance(&bob), 5);
    book.assert_sound();
}

/// A node overlooks this one; it would give an account a first block with a foreign predecessor.
#[test]
fn an_epoch_open_has_no_predecessor() {
    let mut book = Book::new();
    let (bob, carol) = (key(2), key(3));
    book.open(&carol, 5);
    book.send(&carol, &bob.account(), 5);
    let open = state_of(&book.epoch_block(&bob.account(), Epoch::Epoch1));
    let misplaced = StateBlock { previous: book.frontier(&carol), ..open }.sign(&book.genesis);
    assert_eq!(book.check(&misplaced.into()), Err(ProcessError::BlockPosition));
}

#[test]
fn the_burn_account_cannot_be_opened() {
    let mut book = Book::new();
    let genesis = book.genesis.clone();
    book.send(&genesis, &Account::ZERO, 5);
    let open = book.epoch_block(&Account::ZERO, Epoch::Epoch1);
    let words = "Block attempts to open the burn account";
    assert_eq!(book.check(&open).unwrap_err().to_string(), words);
}

#[test]
fn an_epoch_block_needs_the_work_of_a_receive() {
    let mut book = Book::new();
    let alice = key(1);
    book.open(&alice, 100);
    let lift = book.epoch_block(&alice.account(), Epoch::Epoch1);
    book.apply(&lift).unwrap();
    let thresholds = Network::Dev.thresholds();
    let block = book.epoch_block(&alice.account(), Epoch::Epoch2);
    let with = |from, below| {
        let work = work_between(&block.root(), from, below);
        book.ledger.check(&block.with_work(work), WorkCheck::Required).map(|_| ())
    };
    let too_little = with(Difficulty::MIN, thresholds.epoch_2_receive);
    assert_eq!(too_little, Err(ProcessError::InsufficientWork));
    with(thresholds.epoch_2_receive, thresholds.epoch_1).unwrap();
}

/// An epoch's link is also somebody's account, to which anybody may send.
#[test]
fn a_send_to_the_account_that_the_link_spells_is_a_send() {
    let mut book = Book::at_epoch_2();
    let alice = key(1);
    book.open(&alice, 100);
    let spelled = Epoch::Epoch1.link().unwrap().to_account();
    let send = book.send(&alice, &spelled, 30);
    assert!(book.ledger.receivable_entry(&spelled, &send).is_some());
    book.assert_sound();
}
