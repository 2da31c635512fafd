//! Rolling back, and confirmation.
#![allow(clippy::unwrap_used)] // the helpers are tests too

mod common;

use common::{book::Book, key, raw};
use nano_block::{Epoch, SecretKey, StateBlock};
use nano_devnet::{RollbackError, UnknownBlock};
use nano_primitives::{BlockHash, Link};

/// Everything about the ledger that can be asked.
fn shown(book: &Book) -> String {
    let mut blocks: Vec<_> = format!("{:#?}", book.ledger).lines().map(str::to_owned).collect();
    blocks.sort();
    blocks.join("\n")
}

fn opened(book: &mut Book, number: u8) -> SecretKey {
    let key = key(number);
    book.open(&key, 100);
    key
}

#[test]
fn a_block_is_undone_without_a_trace() {
    let mut book = Book::at_epoch_2();
    let alice = opened(&mut book, 1);
    let genesis = book.genesis.clone();
    let waiting = book.send(&genesis, &alice.account(), 7);
    let bob = key(2).account();
    let change = StateBlock { representative: bob, ..book.next(&alice, 100, Link::ZERO) };
    for block in [book.next(&alice, 60, bob), book.next(&alice, 107, waiting), change] {
        let before = shown(&book);
        let hash = book.apply(&block.sign(&alice).into()).unwrap();
        assert_ne!(shown(&book), before);
        assert_eq!(book.ledger.rollback(&hash), Ok(vec![hash]));
        assert_eq!(shown(&book), before);
    }
}

#[test]
fn legacy_and_epoch_blocks_are_undone_too() {
    let mut book = Book::new();
    let (alice, genesis) = (key(1), book.genesis.clone());
    let send = book.legacy_send(&genesis, &alice.account(), u128::MAX - 5);
    let fresh = shown(&book);
    let send = book.apply(&send).unwrap();
    for block in [
        book.legacy_open(&alice, send),
        book.legacy_change(&genesis, alice.account()),
        book.epoch_block(&genesis.account(), Epoch::Epoch1),
        book.epoch_block(&alice.account(), Epoch::Epoch2),
    ] {
        let before = shown(&book);
        let hash = book.apply(&block).unwrap();
        book.ledger.rollback(&hash).unwrap();
        assert_eq!(shown(&book), before);
    }
    book.ledger.rollback(&send).unwrap();
    assert_eq!(shown(&book), fresh);
}

#[test]
fn successors_go_first() {
    let mut book = Book::at_epoch_2();
    let alice = opened(&mut book, 1);
    let sends: Vec<_> = (0..4).map(|_| book.send(&alice, &key(2).account(), 1)).collect();
    let taken = book.ledger.rollback(&sends[1]).unwrap();
    assert_eq!(taken, [sends[3], sends[2], sends[1]]);
    assert_eq!(book.frontier(&alice), sends[0]);
    book.assert_sound();
}

/// Alice sent to Bob, who received and sent on to Carol, who received: all of it rests on Alice's
/// send.
#[test]
fn receivers_go_before_the_send() {
    let mut book = Book::at_epoch_2();
    let (alice, bob, carol) = (opened(&mut book, 1), key(2), key(3));
    let to_bob = book.send(&alice, &bob.account(), 10);
    let by_bob = book.receive(&bob, to_bob);
    let to_carol = book.send(&bob, &carol.account(), 4);
    let by_carol = book.receive(&carol, to_carol);
    let taken = book.ledger.rollback(&to_bob).unwrap();
    assert_eq!(taken, [by_carol, to_carol, by_bob, to_bob]);
    assert_eq!(book.balance(&alice), 100);
    assert!(book.ledger.account(&bob.account()).is_none());
    book.assert_sound();
}

/// Money that went in a circle, and a send to oneself.
#[test]
fn circles_are_undone() {
    let mut book = Book::at_epoch_2();
    let (alice, bob) = (opened(&mut book, 1), opened(&mut book, 2));
    let before = shown(&book);
    let first = book.send(&alice, &bob.account(), 10);
    book.receive(&bob, first);
    let back = book.send(&bob, &alice.account(), 60);
    book.receive(&alice, back);
    let own = book.send(&alice, &alice.account(), 5);
    book.receive(&alice, own);
    let last = book.send(&alice, &bob.account(), 1);
    book.receive(&bob, last);
    assert_eq!(book.ledger.rollback(&first).unwrap().len(), 8);
    assert_eq!(shown(&book), before);
}

#[test]
fn what_is_confirmed_stays() {
    let mut book = Book::at_epoch_2();
    let alice = opened(&mut book, 1);
    let first = book.send(&alice, &key(2).account(), 1);
    let second = book.send(&alice, &key(2).account(), 1);
    book.ledger.confirm(&first).unwrap();
    assert_eq!(book.ledger.rollback(&first), Err(RollbackError::Confirmed { hash: first }));
    assert_eq!(book.ledger.rollback(&second), Ok(vec![second]));
    let hash = BlockHash::from_bytes([9; 32]);
    assert_eq!(book.ledger.rollback(&hash), Err(UnknownBlock { hash }.into()));
}

#[test]
fn a_block_is_confirmed_after_all_that_it_rests_on() {
    let mut book = Book::at_epoch_2();
    let genesis = book.genesis.clone();
    let lifted = book.frontier(&genesis);
    let (alice, bob) = (key(1), key(2));
    let to_alice = book.send(&genesis, &alice.account(), 10);
    let by_alice = book.receive(&alice, to_alice);
    let to_bob = book.send(&alice, &bob.account(), 10);
    let unrelated = book.send(&genesis, &bob.account(), 1);
    let by_bob = book.receive(&bob, to_bob);
    let confirmed = book.ledger.confirm(&by_bob).unwrap();
    assert_eq!(confirmed.len(), 6);
    let place = |hash| confirmed.iter().position(|each| *each == hash).unwrap();
    let order = [lifted, to_alice, by_alice, to_bob, by_bob].map(place);
    assert!(order.is_sorted(), "{order:?}");
    assert!(!book.ledger.is_confirmed(&unrelated));
    assert_eq!(book.ledger.confirm(&by_bob), Ok(vec![]));
    assert_eq!(book.ledger.cemented_count(), 7);
    assert_eq!(book.ledger.confirmed(&alice.account()).unwrap().height, 2);
}

#[test]
fn the_state_after_a_block_can_be_asked() {
    let mut book = Book::at_epoch_2();
    let alice = opened(&mut book, 1);
    let first = book.send(&alice, &key(2).account(), 30);
    let second = book.send(&alice, &key(2).account(), 20);
    assert_eq!(book.ledger.account_at(&first).unwrap().balance, raw(70));
    assert_eq!(book.ledger.account_at(&second).unwrap().balance, raw(50));
}
