//! What holds for every input: no bytes panic, and what is accepted pays.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, amount, key, request, rich, source, terms, view};
use nano_block::StateBlock;
use nano_primitives::Link;
use p2pow_protocol::{
    Answer, Info, Receivable, WorkRequest, check_ledger, check_request, fees::price, sources,
};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::collections::BTreeMap;

/// One step of a chain: by how much the balance moves, and where the link points.
#[derive(Debug, Clone, Copy)]
struct Move {
    raw: i64,
    link: u8,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (prop_oneof![-20_000i64..20_000, proptest::prelude::Just(0)], 0u8..4);
    prop::collection::vec(one.prop_map(|(raw, link)| Move { raw, link }), 1..6)
}

fn build(moves: &[Move]) -> Vec<StateBlock> {
    let mut state = rich();
    let mut blocks = Vec::new();
    for step in moves {
        let balance = state.balance.to_raw().saturating_add_signed(step.raw.into());
        let link = if step.link == 0 { Link::ZERO } else { source(step.link).into() };
        let block = StateBlock {
            account: state.account,
            previous: state.frontier.unwrap(),
            representative: key(9).account(),
            balance: amount(balance),
            link,
        };
        state = state.after(&block);
        blocks.push(block);
    }
    blocks
}

proptest! {
    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..300), status in any::<u16>()) {
        let _ = WorkRequest::parse(&body, 3);
        let _ = Answer::read(status, &body);
        let _ = Info::parse(&body);
    }

    #[test]
    fn no_damaged_request_panics_or_passes_as_another(at in 0usize..2000, byte in any::<u8>()) {
        let good = request(&build(&[Move { raw: -5, link: 1 }]), FEE.to_raw());
        let mut body = good.to_json();
        let at = at % body.len();
        body[at] = byte;
        if let Ok(read) = WorkRequest::parse(&body, 1) {
            // Work and unknown keys apart, whatever still passes the signatures is the same job.
            if check_request(&read, &terms()).is_ok() {
                prop_assert_eq!(read.id(), good.id());
                prop_assert_eq!(read.first().hash(), good.first().hash());
            }
        }
    }

    #[test]
    fn an_accepted_request_pays_its_price_and_moves_only_what_is_there(
        moves in moves(),
        paid in 0u128..40_000,
        amounts in prop::collection::vec(0u128..20_000, 3),
        guess in any::<bool>(),
    ) {
        let blocks = build(&moves);
        let request = request(&blocks, paid);
        let mut receivables: BTreeMap<_, _> = (1u8..).zip(&amounts)
            .map(|(number, &raw)| (source(number), Receivable { amount: amount(raw), epoch: None }))
            .collect();
        if guess {
            // Make the receives right, so that many requests are accepted.
            let mut before = rich().balance;
            for block in &blocks {
                if let Some(rise) = block.balance.checked_sub(before) {
                    let right = Receivable { amount: rise, epoch: None };
                    receivables.insert(block.link.to_block_hash(), right);
                }
                before = block.balance;
            }
        }
        if check_request(&request, &terms()).is_err() {
            return Ok(());
        }
        let Ok(plan) = check_ledger(&request, &terms(), &view(&rich()), &receivables) else {
            return Ok(());
        };
        let (_, users) = plan.steps.split_last().unwrap();
        let subtypes: Vec<_> = users.iter().map(|step| step.subtype).collect();
        prop_assert_eq!(users.len(), blocks.len());
        prop_assert!(request.paid() >= price(&subtypes, FEE));
        let used = sources(&request, rich().balance);
        let received: u128 = used.iter().map(|hash| receivables[hash].amount.to_raw()).sum();
        let sent: u128 = moves.iter().filter(|step| step.raw < 0).map(|step| u128::from(step.raw.unsigned_abs())).sum();
        let left = request.reward().block.balance.to_raw();
        prop_assert_eq!(left, rich().balance.to_raw() + received - sent - paid);
    }
}
