//! The ledger's rules for legacy blocks.
#![allow(clippy::unwrap_used)] // the helpers are tests too

mod common;

use common::{
    book::{Book, unknown},
    key, raw, work_between,
};
use nano_block::{Block, Epoch, Network, ReceiveBlock, SecretKey, SendBlock, SignedBlock, Subtype};
use nano_devnet::{ProcessError, WorkCheck};
use nano_primitives::{BlockHash, Difficulty, Link};

/// Alice was opened with 100 raw by legacy blocks, and 7 raw wait for her.
struct Scene {
    book: Book,
    alice: SecretKey,
    genesis: SecretKey,
    funding: BlockHash,
    waiting: BlockHash,
}

const SUPPLY: u128 = u128::MAX;

fn scene() -> Scene {
    let mut book = Book::new();
    let (alice, genesis) = (key(1), book.genesis.clone());
    let funding = book.legacy_send(&genesis, &alice.account(), SUPPLY - 100);
    let funding = book.apply(&funding).unwrap();
    let open = book.legacy_open(&alice, funding);
    book.apply(&open).unwrap();
    let waiting = book.legacy_send(&genesis, &alice.account(), SUPPLY - 107);
    let waiting = book.apply(&waiting).unwrap();
    Scene { book, alice, genesis, funding, waiting }
}

#[test]
fn the_four_kinds_are_accepted() {
    let Scene { mut book, alice, waiting, .. } = scene();
    let receive = book.legacy_receive(&alice, waiting);
    let receive = book.apply(&receive).unwrap();
    let change = book.legacy_change(&alice, key(2).account());
    book.apply(&change).unwrap();
    let send = book.legacy_send(&alice, &key(3).account(), 50);
    let send = book.apply(&send).unwrap();
    assert_eq!(book.balance(&alice), 50);
    assert_eq!(book.ledger.weight(&key(2).account()), raw(50));
    assert_eq!(book.ledger.receivable_entry(&key(3).account(), &send).unwrap().amount, raw(57));
    let record = book.ledger.block(&receive).unwrap();
    assert_eq!((record.subtype, record.amount, record.height), (Subtype::Receive, raw(7), 2));
    assert_eq!(record.state_subtype(), None);
    book.assert_sound();
}

#[test]
fn the_representative_is_that_of_the_last_block_that_named_one() {
    let Scene { mut book, alice, waiting, .. } = scene();
    let change = book.legacy_change(&alice, key(2).account());
    let change = book.apply(&change).unwrap();
    let receive = book.legacy_receive(&alice, waiting);
    book.apply(&receive).unwrap();
    let info = book.ledger.account(&alice.account()).unwrap();
    assert_eq!(info.representative, key(2).account());
    assert_eq!(info.representative_block, change);
}

#[test]
fn a_legacy_block_again_is_old() {
    let Scene { mut book, alice, .. } = scene();
    let send = book.legacy_send(&alice, &key(3).account(), 50);
    book.apply(&send).unwrap();
    assert_eq!(book.check(&send), Err(ProcessError::Old));
    let Scene { book, alice, funding, .. } = scene();
    assert_eq!(book.check(&book.legacy_open(&alice, funding)), Err(ProcessError::Old));
}

#[test]
fn an_unknown_predecessor_is_a_gap() {
    let Scene { book, alice, waiting, .. } = scene();
    let send = SendBlock { previous: unknown(), destination: key(3).account(), balance: raw(1) };
    let receive = ReceiveBlock { previous: unknown(), source: waiting };
    for block in [Block::Send(send), Block::Receive(receive)] {
        assert_eq!(book.check(&block.sign(&alice)), Err(ProcessError::GapPrevious));
    }
}

#[test]
fn a_legacy_block_cannot_follow_a_state_block() {
    let Scene { mut book, alice, waiting, .. } = scene();
    let state = book.next(&alice, 100, Link::ZERO).sign(&alice);
    book.apply(&state.into()).unwrap();
    for block in [
        book.legacy_send(&alice, &key(3).account(), 50),
        book.legacy_receive(&alice, waiting),
        book.legacy_change(&alice, key(2).account()),
    ] {
        assert_eq!(book.check(&block), Err(ProcessError::BlockPosition));
    }
}

#[test]
fn a_second_block_on_the_same_predecessor_is_a_fork() {
    let Scene { mut book, alice, waiting, .. } = scene();
    let rivals = [
        book.legacy_send(&alice, &key(3).account(), 50),
        book.legacy_receive(&alice, waiting),
        book.legacy_change(&alice, key(2).account()),
    ];
    let first = book.legacy_send(&alice, &key(4).account(), 99);
    book.apply(&first).unwrap();
    for rival in rivals {
        assert_eq!(book.check(&rival), Err(ProcessError::Fork));
    }
}

#[test]
fn a_second_open_is_a_fork() {
    let Scene { book, alice, waiting, .. } = scene();
    assert_eq!(book.check(&book.legacy_open(&alice, waiting)), Err(ProcessError::Fork));
}

#[test]
fn a_foreign_signature_is_bad() {
    let Scene { book, alice, waiting, .. } = scene();
    for block in [
        book.legacy_send(&alice, &key(3).account(), 50),
        book.legacy_receive(&alice, waiting),
        book.legacy_change(&alice, key(2).account()),
    ] {
        let foreign = block.block.sign(&key(9));
        assert_eq!(book.check(&foreign), Err(ProcessError::BadSignature));
    }
    let open = book.legacy_open(&key(5), waiting).block.sign(&key(9));
    assert_eq!(book.check(&open), Err(ProcessError::BadSignature));
}

#[test]
fn a_send_of_less_than_nothing_is_negative() {
    let Scene { book, alice, .. } = scene();
    let send = book.legacy_send(&alice, &key(3).account(), 101);
    assert_eq!(book.check(&send).unwrap_err().to_string(), "Negative spend");
}

#[test]
fn only_a_known_send_to_the_account_can_be_received() {
    let Scene { mut book, alice, genesis, .. } = scene();
    let to_bob = book.legacy_send(&genesis, &key(2).account(), SUPPLY - 110);
    let to_bob = book.apply(&to_bob).unwrap();
    let receive = |source| book.check(&book.legacy_receive(&alice, source));
    assert_eq!(receive(unknown()), Err(ProcessError::GapSource));
    assert_eq!(receive(to_bob), Err(ProcessError::Unreceivable));
    let open = |source| book.check(&book.legacy_open(&key(5), source));
    assert_eq!(open(unknown()), Err(ProcessError::GapSource));
    assert_eq!(open(to_bob), Err(ProcessError::Unreceivable));
}

#[test]
fn what_was_sent_after_an_epoch_block_only_a_state_block_receives() {
    let Scene { mut book, alice, genesis, .. } = scene();
    let lift = book.epoch_block(&genesis.account(), Epoch::Epoch1);
    book.apply(&lift).unwrap();
    let to_alice = book.send(&genesis, &alice.account(), 3);
    let to_bob = book.send(&genesis, &key(2).account(), 3);
    assert_eq!(book.check(&book.legacy_receive(&alice, to_alice)), Err(ProcessError::Unreceivable));
    assert_eq!(book.check(&book.legacy_open(&key(2), to_bob)), Err(ProcessError::Unreceivable));
    book.receive(&alice, to_alice);
    assert_eq!(book.balance(&alice), 103);
}

#[test]
fn legacy_blocks_need_the_work_of_epoch_1() {
    let Scene { book, alice, waiting, .. } = scene();
    let threshold = Network::Dev.thresholds().epoch_1;
    for block in [
        book.legacy_send(&alice, &key(3).account(), 50),
        book.legacy_receive(&alice, waiting),
        book.legacy_change(&alice, key(2).account()),
    ] {
        let with = |block: SignedBlock, from, below| {
            let work = work_between(&block.root(), from, below);
            book.ledger.check(&block.with_work(work), WorkCheck::Required).map(|_| ())
        };
        let too_little = with(block, Difficulty::MIN, threshold);
        assert_eq!(too_little, Err(ProcessError::InsufficientWork));
        with(block, threshold, Difficulty::MAX).unwrap();
    }
}
