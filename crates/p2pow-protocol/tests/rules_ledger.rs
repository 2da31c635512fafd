//! Rules 10 to 13: what the ledger says to a request, batches included.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, alice, amount, key, request, rich, send, source, terms, view};
use nano_block::{AccountState, Epoch, Network, StateBlock, Subtype};
use nano_primitives::{Amount, BlockHash, Link};
use p2pow_protocol::{
    LedgerView, Plan, Receivable, Refusal, WorkRequest, check_ledger, check_request,
    fees::fee_receive, sources,
};
use std::collections::BTreeMap;

type Receivables = BTreeMap<BlockHash, Receivable>;

fn receivable(number: u8, raw: u128) -> (BlockHash, Receivable) {
    (source(number), Receivable { amount: amount(raw), epoch: Some(Epoch::Epoch2) })
}

/// Both checks, as the worker makes them.
fn check(request: &WorkRequest, view: &LedgerView, known: &Receivables) -> Result<Plan, Refusal> {
    check_request(request, &terms())?;
    check_ledger(request, &terms(), view, known)
}

fn refusal(request: &WorkRequest, view: &LedgerView, known: &Receivables) -> Refusal {
    check(request, view, known).unwrap_err()
}

fn subtypes(plan: &Plan) -> Vec<Subtype> {
    plan.steps.iter().map(|step| step.subtype).collect()
}

fn unopened() -> AccountState {
    AccountState::unopened(alice().account(), key(9).account())
}

#[test]
fn a_send_and_its_reward_are_planned_in_order() {
    let request = request(&[send()], FEE.to_raw());
    let plan = check(&request, &view(&rich()), &Receivables::new()).unwrap();
    assert_eq!(subtypes(&plan), [Subtype::Send, Subtype::Send]);
    let roots: Vec<_> = request.blocks().map(|block| (block.root(), block.hash())).collect();
    let planned: Vec<_> = plan.steps.iter().map(|step| (step.root, step.hash)).collect();
    assert_eq!(planned, roots);
}

#[test]
fn a_receive_is_cheap_and_a_send_or_change_is_not() {
    let cheap = fee_receive(FEE).to_raw();
    let receive = rich().receive(source(1), amount(50)).unwrap();
    let known = Receivables::from([receivable(1, 50)]);
    let plan = check(&request(&[receive], cheap), &view(&rich()), &known).unwrap();
    assert_eq!(subtypes(&plan), [Subtype::Receive, Subtype::Send]);
    let change = rich().change(key(8).account()).unwrap();
    for block in [send(), change] {
        let refusal = refusal(&request(&[block], FEE.to_raw() - 1), &view(&rich()), &known);
        assert_eq!(refusal, Refusal::FeeTooLow);
    }
}

#[test]
fn a_block_on_another_previous_is_refused() {
    let moved = LedgerView { frontier: Some(source(1)), ..view(&rich()) };
    let gone = LedgerView { frontier: None, ..view(&rich()) };
    let request = request(&[send()], FEE.to_raw());
    for view in [moved, gone] {
        assert_eq!(refusal(&request, &view, &Receivables::new()), Refusal::WrongPrevious);
    }
}

#[test]
fn a_second_first_block_is_refused() {
    let open = unopened().receive(source(1), amount(50_000)).unwrap();
    let request = request(&[open], FEE.to_raw());
    let known = Receivables::from([receivable(1, 50_000)]);
    assert_eq!(refusal(&request, &view(&rich()), &known), Refusal::WrongPrevious);
}

#[test]
fn a_receive_of_nothing_or_of_another_amount_is_refused() {
    let receive = rich().receive(source(1), amount(50)).unwrap();
    let request = request(&[receive], FEE.to_raw());
    for known in [Receivables::new(), [receivable(2, 50)].into(), [receivable(1, 51)].into()] {
        assert_eq!(refusal(&request, &view(&rich()), &known), Refusal::InvalidReceive);
    }
}

#[test]
fn a_balance_that_stays_needs_a_zero_link() {
    for link in [Link::from(source(1)), Epoch::Epoch2.link().unwrap()] {
        let odd = StateBlock { link, ..rich().change(key(8).account()).unwrap() };
        let known = Receivables::from([receivable(1, 0)]);
        let request = request(&[odd], FEE.to_raw());
        assert_eq!(refusal(&request, &view(&rich()), &known), Refusal::InvalidReceive);
    }
}

#[test]
fn an_account_without_blocks_can_receive_its_first_money() {
    let open = unopened().receive(source(1), amount(50_000)).unwrap();
    let request = request(&[open], fee_receive(FEE).to_raw());
    let known = Receivables::from([receivable(1, 50_000)]);
    let plan = check(&request, &view(&unopened()), &known).unwrap();
    assert_eq!(subtypes(&plan), [Subtype::Open, Subtype::Send]);
    assert_eq!(plan.steps[0].root, alice().public_key().into());
}

#[test]
fn an_account_without_blocks_can_do_nothing_before_it_receives() {
    let change = StateBlock { link: Link::ZERO, ..unopened().receive(source(1), FEE).unwrap() };
    let change = StateBlock { balance: Amount::ZERO, ..change };
    let receive = unopened().after(&change).receive(source(1), amount(50_000)).unwrap();
    let request = request(&[change, receive], 2 * FEE.to_raw());
    let known = Receivables::from([receivable(1, 50_000)]);
    assert_eq!(refusal(&request, &view(&unopened()), &known), Refusal::InsufficientFunds);
}

#[test]
fn only_confirmed_money_can_be_spent_where_the_worker_insists() {
    let request = request(&[send()], FEE.to_raw());
    let spent = 1000 + FEE.to_raw();
    let confirmed = |raw| LedgerView { confirmed_balance: Some(amount(raw)), ..view(&rich()) };
    assert!(check(&request, &confirmed(spent), &Receivables::new()).is_ok());
    let refusal = refusal(&request, &confirmed(spent - 1), &Receivables::new());
    assert_eq!(refusal, Refusal::InsufficientFunds);
}

#[test]
fn a_batch_follows_the_balance_along() {
    let first = rich().receive(source(1), amount(500)).unwrap();
    let second = rich().after(&first).send(key(3).account(), amount(700)).unwrap();
    let third = rich().after(&second).receive(source(2), amount(40)).unwrap();
    let fourth = rich().after(&third).change(key(8).account()).unwrap();
    let fee = FEE.to_raw();
    let price = fee / 2 + 2 * (fee / 2) + 2 * (fee / 64);
    let blocks = [first, second, third, fourth];
    let known = Receivables::from([receivable(1, 500), receivable(2, 40)]);
    let request_of = |paid| request(&blocks, paid);
    assert_eq!(sources(&request_of(price), rich().balance), [source(1), source(2)]);
    let plan = check(&request_of(price), &view(&rich()), &known).unwrap();
    let expected =
        [Subtype::Receive, Subtype::Send, Subtype::Receive, Subtype::Change, Subtype::Send];
    assert_eq!(subtypes(&plan), expected);
    assert_eq!(refusal(&request_of(price - 1), &view(&rich()), &known), Refusal::FeeTooLow);
}

#[test]
fn a_receivable_is_used_once() {
    let first = rich().receive(source(1), amount(500)).unwrap();
    let again = rich().after(&first).receive(source(1), amount(500)).unwrap();
    let request = request(&[first, again], 2 * FEE.to_raw());
    let known = Receivables::from([receivable(1, 500)]);
    assert_eq!(refusal(&request, &view(&rich()), &known), Refusal::InvalidReceive);
}

#[test]
fn sources_are_the_links_of_rising_balances() {
    assert!(sources(&request(&[send()], 1), rich().balance).is_empty());
    let open = unopened().receive(source(4), amount(50)).unwrap();
    assert_eq!(sources(&request(&[open], 1), Amount::ZERO), [source(4)]);
}

#[test]
fn thresholds_follow_the_epoch_of_account_and_send() {
    let live = Network::Live.thresholds();
    let receive = rich().receive(source(1), amount(50)).unwrap();
    let request = request(&[receive], FEE.to_raw());
    let cases = [
        (Some(Epoch::Epoch2), Some(Epoch::Epoch0), live.epoch_2_receive, live.epoch_2),
        (Some(Epoch::Epoch0), Some(Epoch::Epoch2), live.epoch_2_receive, live.epoch_2),
        (Some(Epoch::Epoch1), Some(Epoch::Epoch0), live.epoch_1, live.epoch_1),
        // Not known: the hardest that it may be.
        (Some(Epoch::Epoch1), None, live.epoch_1, live.epoch_2),
        (None, Some(Epoch::Epoch1), live.epoch_1, live.epoch_2),
        (Some(Epoch::Epoch2), None, live.epoch_2_receive, live.epoch_2),
    ];
    for (account, send, user, reward) in cases {
        let view = LedgerView { epoch: account, ..view(&rich()) };
        let known =
            Receivables::from([(source(1), Receivable { amount: amount(50), epoch: send })]);
        let plan = check(&request, &view, &known).unwrap();
        let thresholds: Vec<_> = plan.steps.iter().map(|step| step.threshold(&live)).collect();
        assert_eq!(thresholds, [user, reward], "{account:?} {send:?}");
    }
}
