//! The price of jobs.

mod common;

use common::{text, vectors};
use nano_block::Subtype::{self, Change, Open, Receive, Send};
use nano_primitives::Amount;
use p2pow_protocol::fees::{fee_receive, price};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

#[test]
fn receive_fees_are_those_of_the_first_worker() {
    for vector in vectors()["fees"].as_array().unwrap() {
        let fee = Amount::from_xno(text(&vector["fee_nano"])).unwrap();
        assert_eq!(fee.to_string(), text(&vector["fee"]));
        assert_eq!(fee_receive(fee).to_string(), text(&vector["fee_receive"]));
    }
}

#[test]
fn a_price_above_every_amount_is_none() {
    assert_eq!(price(&[Send], Amount::MAX), Some(Amount::MAX));
    assert_eq!(price(&[Send, Send], Amount::MAX), None);
    assert_eq!(price(&[Send, Receive], Amount::MAX), None);
}

#[test]
fn a_hundred_payments_cost_a_hundred_and_one_halves() {
    let fee = Amount::from_raw(200);
    assert_eq!(price(&[Send; 100], fee), Some(Amount::from_raw(10_100)));
}

fn subtype() -> impl Strategy<Value = Subtype> {
    prop::sample::select(vec![Send, Change, Receive, Open])
}

proptest! {
    #[test]
    fn one_block_costs_what_was_quoted(raw in any::<u128>()) {
        let fee = Amount::from_raw(raw);
        prop_assert_eq!(price(&[Send], fee), Some(fee));
        prop_assert_eq!(price(&[Change], fee), Some(fee));
        prop_assert_eq!(price(&[Receive], fee), Some(fee_receive(fee)));
        prop_assert_eq!(price(&[Open], fee), Some(fee_receive(fee)));
        prop_assert!(fee_receive(fee) <= fee);
    }

    #[test]
    fn a_batch_costs_the_sum_and_never_more_than_its_blocks_one_by_one(
        raw in 0..u128::MAX / 200,
        blocks in prop::collection::vec(subtype(), 1..100),
    ) {
        let fee = Amount::from_raw(raw);
        let whole = price(&blocks, fee).unwrap().to_raw();
        let reward = price(&[], fee).unwrap().to_raw();
        let alone = |block| price(&[block], fee).unwrap().to_raw();
        let sum: u128 = blocks.iter().map(|&block| alone(block) - reward).sum();
        prop_assert_eq!(whole, reward + sum);
        prop_assert!(whole <= blocks.iter().map(|&block| alone(block)).sum());
    }

    #[test]
    fn a_higher_fee_is_never_a_lower_price(
        low in 0..u128::MAX / 200,
        more in 0..u128::MAX / 200,
        blocks in prop::collection::vec(subtype(), 1..50),
    ) {
        let (low, high) = (Amount::from_raw(low), Amount::from_raw(low + more));
        prop_assert!(price(&blocks, low) <= price(&blocks, high));
    }
}
