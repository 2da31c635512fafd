//! The ledger's rules for state blocks, each with the node's own words.
#![allow(clippy::unwrap_used)] // the helpers are tests too

mod common;

use common::{
    book::{Book, unknown},
    key, raw, work_between,
};
use nano_block::{Network, SignedBlock, StateBlock, Subtype};
use nano_devnet::{ProcessError, WorkCheck};
use nano_primitives::{Account, BlockHash, Difficulty, Link, Signature, Work};

/// Alice has 100 raw, and 7 raw wait for her.
struct Scene {
    book: Book,
    alice: nano_block::SecretKey,
    open: BlockHash,
    waiting: BlockHash,
}

fn scene() -> Scene {
    let mut book = Book::at_epoch_2();
    let alice = key(1);
    let open = book.open(&alice, 100);
    let genesis = book.genesis.clone();
    let waiting = book.send(&genesis, &alice.account(), 7);
    Scene { book, alice, open, waiting }
}

impl Scene {
    /// What the ledger says of Alice's next block, once she signed it.
    fn says(&self, block: StateBlock) -> Result<(), ProcessError> {
        self.book.check(&block.sign(&self.alice).into())
    }

    fn says_in_words(&self, block: StateBlock) -> String {
        self.says(block).unwrap_err().to_string()
    }
}

#[test]
fn a_send_a_receive_and_a_change_are_accepted() {
    let scene = scene();
    let bob = key(2).account();
    scene.says(scene.book.next(&scene.alice, 60, bob)).unwrap();
    scene.says(scene.book.next(&scene.alice, 107, scene.waiting)).unwrap();
    let change =
        StateBlock { representative: bob, ..scene.book.next(&scene.alice, 100, Link::ZERO) };
    scene.says(change).unwrap();
}

#[test]
fn what_blocks_do_is_kept_with_them() {
    let mut book = Book::at_epoch_2();
    let (alice, genesis) = (key(1), book.genesis.clone());
    let send = book.send(&genesis, &alice.account(), 7);
    let open = book.receive(&alice, send);
    let sent = book.ledger.block(&send).unwrap();
    assert_eq!((sent.subtype, sent.amount), (Subtype::Send, raw(7)));
    assert_eq!(sent.destination(), Some(alice.account()));
    let opened = book.ledger.block(&open).unwrap();
    assert_eq!((opened.subtype, opened.height), (Subtype::Open, 1));
    assert_eq!(opened.state_subtype(), Some(Subtype::Receive));
    assert_eq!(opened.source(), Some(send));
    assert_eq!(opened.source_account(), Some(genesis.account()));
    assert_eq!(book.ledger.receivable(&alice.account()).count(), 0);
    book.assert_sound();
}

#[test]
fn the_same_block_again_is_old() {
    let mut scene = scene();
    let block: SignedBlock =
        scene.book.next(&scene.alice, 60, key(2).account()).sign(&scene.alice).into();
    scene.book.apply(&block).unwrap();
    assert_eq!(scene.book.check(&block).unwrap_err().to_string(), "Old block");
}

#[test]
fn a_foreign_or_empty_signature_is_bad() {
    let scene = scene();
    let block = scene.book.next(&scene.alice, 60, key(2).account());
    let foreign: SignedBlock = block.sign(&key(2)).into();
    assert_eq!(scene.book.check(&foreign).unwrap_err().to_string(), "Bad signature");
    let empty = SignedBlock { signature: Signature::ZERO, ..foreign };
    assert_eq!(scene.book.check(&empty), Err(ProcessError::BadSignature));
}

#[test]
fn an_unknown_predecessor_is_a_gap() {
    let scene = scene();
    let block = scene.book.next(&scene.alice, 60, key(2).account());
    assert_eq!(
        scene.says_in_words(StateBlock { previous: unknown(), ..block }),
        "Gap previous block"
    );
    let stranger = key(9);
    let first = StateBlock { previous: scene.open, ..scene.book.next(&stranger, 1, unknown()) };
    assert_eq!(scene.book.check(&first.sign(&stranger).into()), Err(ProcessError::GapPrevious));
}

#[test]
fn a_second_block_on_the_same_predecessor_is_a_fork() {
    let mut scene = scene();
    let rival = scene.book.next(&scene.alice, 50, key(3).account());
    scene.book.send(&scene.alice.clone(), &key(2).account(), 40);
    assert_eq!(scene.says_in_words(rival), "Fork");
}

#[test]
fn a_second_open_is_a_fork() {
    let scene = scene();
    let open = scene.book.next(&scene.alice, 7, scene.waiting);
    assert_eq!(
        scene.says(StateBlock { previous: BlockHash::ZERO, ..open }),
        Err(ProcessError::Fork)
    );
}

#[test]
fn a_receive_of_an_unknown_send_is_a_gap() {
    let scene = scene();
    assert_eq!(
        scene.says_in_words(scene.book.next(&scene.alice, 107, unknown())),
        "Gap source block"
    );
    let stranger = key(9);
    let without_link = scene.book.next(&stranger, 0, Link::ZERO).sign(&stranger);
    assert_eq!(scene.book.check(&without_link.into()), Err(ProcessError::GapSource));
}

#[test]
fn a_balance_that_stays_with_an_accounts_link_receives_nothing() {
    let scene = scene();
    let block = scene.book.next(&scene.alice, 100, key(2).account());
    assert_eq!(scene.says(block), Err(ProcessError::GapSource));
}

#[test]
fn a_send_to_somebody_else_is_unreceivable() {
    let mut scene = scene();
    let genesis = scene.book.genesis.clone();
    let to_bob = scene.book.send(&genesis, &key(2).account(), 5);
    assert_eq!(scene.says_in_words(scene.book.next(&scene.alice, 105, to_bob)), "Unreceivable");
}

#[test]
fn a_send_is_received_once() {
    let mut scene = scene();
    scene.book.receive(&scene.alice.clone(), scene.waiting);
    let again = scene.book.next(&scene.alice, 114, scene.waiting);
    assert_eq!(scene.says(again), Err(ProcessError::Unreceivable));
}

#[test]
fn a_balance_must_change_by_what_is_received() {
    let scene = scene();
    let words = "Balance and amount delta do not match";
    let too_much = scene.book.next(&scene.alice, 108, scene.waiting);
    assert_eq!(scene.says_in_words(too_much), words);
    let for_nothing = scene.book.next(&scene.alice, 101, Link::ZERO);
    assert_eq!(scene.says_in_words(for_nothing), words);
}

#[test]
fn a_falling_balance_is_a_send_even_to_the_burn_account() {
    let mut scene = scene();
    let block = scene.book.next(&scene.alice, 1, Link::ZERO).sign(&scene.alice);
    let hash = scene.book.apply(&block.into()).unwrap();
    assert!(scene.book.ledger.receivable_entry(&Account::ZERO, &hash).is_some());
    scene.book.assert_sound();
}

#[test]
fn the_account_moves_its_weight_with_its_representative() {
    let mut scene = scene();
    let bob = key(2).account();
    let change =
        StateBlock { representative: bob, ..scene.book.next(&scene.alice, 100, Link::ZERO) };
    scene.book.apply(&change.sign(&scene.alice).into()).unwrap();
    assert_eq!(scene.book.ledger.weight(&bob), raw(100));
    scene.book.receive(&scene.alice.clone(), scene.waiting);
    assert_eq!(scene.book.ledger.weight(&bob), raw(107));
    scene.book.assert_sound();
}

/// Every subtype has its threshold: work just below it is refused, work that reaches it accepted.
#[test]
fn work_must_reach_the_threshold_of_what_the_block_does() {
    let scene = scene();
    let thresholds = Network::Dev.thresholds();
    let bob = key(2).account();
    for (block, threshold) in [
        (scene.book.next(&scene.alice, 60, bob), thresholds.epoch_2),
        (scene.book.next(&scene.alice, 100, Link::ZERO), thresholds.epoch_2),
        (scene.book.next(&scene.alice, 107, scene.waiting), thresholds.epoch_2_receive),
    ] {
        let root = block.root();
        let signed: SignedBlock = block.sign(&scene.alice).into();
        let with =
            |work: Work| scene.book.ledger.check(&signed.with_work(work), WorkCheck::Required);
        let below = work_between(&root, Difficulty::MIN, threshold);
        assert_eq!(with(below).unwrap_err().to_string(), "Block work is insufficient");
        with(work_between(&root, threshold, Difficulty::MAX)).unwrap();
        let without = scene.book.ledger.check(&signed, WorkCheck::Required);
        assert_eq!(without.unwrap_err(), ProcessError::InsufficientWork);
    }
}

/// Before epoch 2 every block needs the threshold of epoch 1, on the dev network less than a send
/// needs later.
#[test]
fn before_epoch_2_one_threshold_holds_for_all() {
    let mut book = Book::new();
    let alice = key(1);
    book.open(&alice, 100);
    let thresholds = Network::Dev.thresholds();
    let block = book.next(&alice, 60, key(2).account());
    let work = work_between(&block.root(), thresholds.epoch_1, thresholds.epoch_2);
    let signed: SignedBlock = block.sign(&alice).with_work(work).into();
    book.ledger.check(&signed, WorkCheck::Required).unwrap();
}

/// What a sender at epoch 2 sends lifts the receiver, whose receive is then as easy as any.
#[test]
fn a_receive_lifts_the_account_to_the_senders_epoch() {
    let scene = scene();
    let info = scene.book.ledger.account(&scene.alice.account()).unwrap();
    assert_eq!(info.epoch.number(), 2);
}

#[test]
fn bad_signature_is_told_before_any_gap() {
    let scene = scene();
    let block = StateBlock { previous: unknown(), ..scene.book.next(&scene.alice, 60, unknown()) };
    let foreign: SignedBlock = block.sign(&key(2)).into();
    assert_eq!(scene.book.check(&foreign), Err(ProcessError::BadSignature));
}
