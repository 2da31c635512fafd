//! Whatever is done to a ledger: no money is made or lost, and what is undone is undone.

mod common;

use common::{book::Book, key};
use nano_block::{Epoch, SecretKey, StateBlock};
use nano_primitives::{BlockHash, Link};
use proptest::prelude::{Strategy, prop, prop_oneof, proptest};

const ACCOUNTS: u8 = 4;

#[derive(Debug, Clone)]
enum Step {
    Send { from: u8, to: u8, share: u8 },
    Receive { by: u8, place: prop::sample::Index },
    Change { of: u8, to: u8 },
    Lift { of: u8 },
    LegacySend { from: u8, to: u8, share: u8 },
    Confirm { place: prop::sample::Index },
    RollBack { place: prop::sample::Index },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..ACCOUNTS;
    let place = proptest::arbitrary::any::<prop::sample::Index>();
    let step = prop_oneof![
        4 => (who.clone(), who.clone(), 0u8..=100)
            .prop_map(|(from, to, share)| Step::Send { from, to, share }),
        6 => (who.clone(), place.clone()).prop_map(|(by, place)| Step::Receive { by, place }),
        1 => (who.clone(), who.clone()).prop_map(|(of, to)| Step::Change { of, to }),
        1 => who.clone().prop_map(|of| Step::Lift { of }),
        2 => (who.clone(), who, 0u8..=100)
            .prop_map(|(from, to, share)| Step::LegacySend { from, to, share }),
        1 => place.clone().prop_map(|place| Step::Confirm { place }),
        2 => place.prop_map(|place| Step::RollBack { place }),
    ];
    proptest::collection::vec(step, 1..60)
}

/// The genesis key and three others.
fn owner(book: &Book, number: u8) -> SecretKey {
    if number == 0 { book.genesis.clone() } else { key(number) }
}

fn take(book: &mut Book, step: &Step, applied: &mut Vec<BlockHash>) {
    let block = match step {
        Step::Send { from, to, share } => {
            let (from, to) = (owner(book, *from), owner(book, *to).account());
            let balance = book.balance(&from) / 100 * u128::from(*share);
            Some(book.next(&from, balance, to).sign(&from).into())
        }
        Step::Receive { by, place } => receive(book, &owner(book, *by), *place),
        Step::Change { of, to } => {
            let (of, representative) = (owner(book, *of), owner(book, *to).account());
            let block = book.next(&of, book.balance(&of), Link::ZERO);
            Some(StateBlock { representative, ..block }.sign(&of).into())
        }
        Step::Lift { of } => {
            let account = owner(book, *of).account();
            let now = book.ledger.account(&account).map_or(Epoch::Epoch0, |info| info.epoch);
            Epoch::from_number(now.number() + 1).map(|next| book.epoch_block(&account, next))
        }
        Step::LegacySend { from, to, share } => {
            let (from, to) = (owner(book, *from), owner(book, *to).account());
            let balance = book.balance(&from) / 100 * u128::from(*share);
            let is_opened = book.ledger.account(&from.account()).is_some();
            is_opened.then(|| book.legacy_send(&from, &to, balance))
        }
        Step::Confirm { place } => {
            if !applied.is_empty() {
                let _ = book.ledger.confirm(place.get(applied));
            }
            None
        }
        Step::RollBack { place } => {
            if !applied.is_empty() {
                let _ = book.ledger.rollback(place.get(applied));
            }
            None
        }
    };
    // Many of the blocks break a rule, which must change nothing; soundness is asserted after each.
    let hash = block.and_then(|block| book.apply(&block).ok());
    applied.extend(hash.filter(|hash| !applied.contains(hash)));
}

fn receive(
    book: &Book,
    key: &SecretKey,
    place: prop::sample::Index,
) -> Option<nano_block::SignedBlock> {
    let waiting: Vec<_> = book.ledger.receivable(&key.account()).collect();
    if waiting.is_empty() {
        return None;
    }
    let (hash, entry) = place.get(&waiting);
    let balance = book.balance(key) + entry.amount.to_raw();
    Some(book.next(key, balance, **hash).sign(key).into())
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]

    #[test]
    fn no_money_is_made_or_lost(steps in steps()) {
        let mut book = Book::new();
        let mut applied = Vec::new();
        for step in &steps {
            take(&mut book, step, &mut applied);
            book.assert_sound();
        }
    }

    /// Confirmed blocks rest on confirmed blocks alone, and none of them is ever taken out.
    #[test]
    fn what_is_confirmed_stays(steps in steps()) {
        let mut book = Book::new();
        let mut applied = Vec::new();
        let mut confirmed: Vec<BlockHash> = Vec::new();
        for step in &steps {
            take(&mut book, step, &mut applied);
            assert!(confirmed.iter().all(|hash| book.ledger.is_confirmed(hash)));
            let is_confirmed = |hash: &BlockHash| book.ledger.is_confirmed(hash);
            confirmed = applied.iter().copied().filter(is_confirmed).collect();
        }
        assert_eq!(book.ledger.cemented_count(), 1 + confirmed.len() as u64);
    }

    /// Everything rolled back in any order is as it was at the start.
    #[test]
    fn all_is_undone(steps in steps()) {
        let mut book = Book::new();
        let mut applied = Vec::new();
        for step in steps.iter().filter(|step| !matches!(step, Step::Confirm { .. })) {
            take(&mut book, step, &mut applied);
        }
        for hash in &applied {
            let _ = book.ledger.rollback(hash);
        }
        assert_eq!(book.ledger.block_count(), 1);
        assert_eq!(book.balance(&book.genesis), u128::MAX);
        assert_eq!(book.ledger.receivers_from(nano_primitives::Account::ZERO).count(), 0);
        book.assert_sound();
    }
}
