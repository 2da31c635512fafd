//! Rules 4 to 9: what a request alone shows.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, alice, amount, chain, key, request, rich, send, source, terms, worker};
use nano_block::StateBlock;
use nano_primitives::{Account, Amount, Signature};
use p2pow_protocol::{Refusal, Terms, WorkRequest, check_request, fees::fee_receive};

fn code(request: &WorkRequest) -> &'static str {
    check_request(request, &terms()).unwrap_err().code()
}

/// A request of one user block and this reward block, both signed by Alice.
fn with_reward(change: fn(&mut StateBlock)) -> WorkRequest {
    let (users, mut reward) = chain(&[send()], FEE.to_raw());
    change(&mut reward.block);
    WorkRequest::single(users[0], reward.block.sign(&alice()))
}

#[test]
fn an_honest_request_passes() {
    assert_eq!(check_request(&request(&[send()], FEE.to_raw()), &terms()), Ok(()));
    let change = rich().change(key(8).account()).unwrap();
    assert_eq!(check_request(&request(&[change], FEE.to_raw()), &terms()), Ok(()));
}

#[test]
fn the_reward_may_have_another_representative() {
    let request = with_reward(|reward| reward.representative = worker());
    assert_eq!(check_request(&request, &terms()), Ok(()));
}

#[test]
fn a_wrong_signature_is_refused_whoever_made_it() {
    let (users, reward) = chain(&[send()], FEE.to_raw());
    let by_other = send().sign(&key(5));
    assert_eq!(code(&WorkRequest::single(by_other, reward)), "invalid_user");
    let garbage = |mut block: nano_block::SignedState| {
        block.signature = Signature::from_bytes([1; 64]);
        block
    };
    assert_eq!(code(&WorkRequest::single(garbage(users[0]), reward)), "invalid_user");
    assert_eq!(code(&WorkRequest::single(users[0], garbage(reward))), "invalid_reward");
    let both = WorkRequest::single(garbage(users[0]), garbage(reward));
    assert_eq!(code(&both), "invalid_user");
}

#[test]
fn the_burn_account_signs_nothing() {
    let block = StateBlock { account: Account::ZERO, ..send() };
    let (_, reward) = chain(&[block], FEE.to_raw());
    let user = block.sign(&alice());
    assert_eq!(code(&WorkRequest::single(user, reward)), "invalid_user");
}

#[test]
fn blocks_of_two_accounts_are_refused() {
    let (users, reward) = chain(&[send()], FEE.to_raw());
    let other = StateBlock { account: key(5).account(), ..reward.block }.sign(&key(5));
    assert_eq!(code(&WorkRequest::single(users[0], other)), "different_accounts");
}

#[test]
fn a_reward_for_somebody_else_is_refused() {
    let request = with_reward(|reward| reward.link = key(6).account().into());
    assert_eq!(code(&request), "wrong_worker");
}

#[test]
fn a_reward_that_does_not_follow_is_refused() {
    let request = with_reward(|reward| reward.previous = source(1));
    assert_eq!(code(&request), "wrong_reward_previous");
}

#[test]
fn a_reward_below_the_cheapest_job_is_refused() {
    let floor = fee_receive(FEE).to_raw();
    assert_eq!(check_request(&request(&[send()], floor), &terms()), Ok(()));
    assert_eq!(code(&request(&[send()], floor - 1)), "fee_too_low");
    let rising = with_reward(|reward| reward.balance = Amount::MAX);
    assert_eq!(code(&rising), "fee_too_low");
}

#[test]
fn a_free_worker_still_wants_a_block_that_is_a_send() {
    let free = Terms { fee: Amount::ZERO, ..terms() };
    assert_eq!(check_request(&request(&[send()], 0), &free), Err(Refusal::FeeTooLow));
    assert_eq!(check_request(&request(&[send()], 1), &free), Ok(()));
}

#[test]
fn a_batch_pays_for_every_block_whose_kind_is_known() {
    let first = send();
    let second = rich().after(&first).send(key(4).account(), amount(10)).unwrap();
    let third = rich().after(&second).receive(source(1), amount(5)).unwrap();
    let floor = FEE.to_raw() / 2 + FEE.to_raw() / 64 + FEE.to_raw() / 2 + FEE.to_raw() / 64;
    let blocks = [first, second, third];
    assert_eq!(check_request(&request(&blocks, floor), &terms()), Ok(()));
    assert_eq!(code(&request(&blocks, floor - 1)), "fee_too_low");
}

#[test]
fn a_broken_chain_names_the_block() {
    let first = send();
    let second = rich().after(&first).send(key(4).account(), amount(10)).unwrap();
    let stray = StateBlock { previous: source(3), ..second };
    let request = request(&[first, second, stray], 5 * FEE.to_raw());
    let refusal = check_request(&request, &terms()).unwrap_err();
    assert_eq!(refusal, Refusal::BrokenChain { place: 3 });
    assert_eq!(refusal.to_string(), "User block 3 does not follow the one before it");
}

#[test]
fn rules_are_checked_in_the_order_of_the_protocol() {
    // Everything about this reward is wrong; each repair uncovers the next rule.
    let (users, good) = chain(&[send()], FEE.to_raw());
    let bad = StateBlock {
        account: key(5).account(),
        previous: source(1),
        link: key(6).account().into(),
        balance: Amount::MAX,
        ..good.block
    };
    let alices = StateBlock { account: alice().account(), ..bad };
    let to_worker = StateBlock { link: worker().into(), ..alices };
    let on_top = StateBlock { previous: users[0].hash(), ..to_worker };
    let with = |reward| WorkRequest::single(users[0], reward);
    assert_eq!(code(&with(bad.sign(&alice()))), "invalid_reward");
    assert_eq!(code(&with(bad.sign(&key(5)))), "different_accounts");
    assert_eq!(code(&with(alices.sign(&alice()))), "wrong_worker");
    assert_eq!(code(&with(to_worker.sign(&alice()))), "wrong_reward_previous");
    assert_eq!(code(&with(on_top.sign(&alice()))), "fee_too_low");
}

#[test]
fn a_batch_that_does_not_add_up_is_not_worth_its_signatures() {
    let first = send();
    let second = rich().after(&first).send(key(4).account(), amount(10)).unwrap();
    let good = request(&[first, second], 1);
    let forged: Vec<_> = good
        .users()
        .iter()
        .map(|user| nano_block::SignedState { signature: Signature::from_bytes([1; 64]), ..*user })
        .collect();
    let cheap = WorkRequest::batch(forged.clone(), *good.reward()).unwrap();
    assert_eq!(code(&cheap), "fee_too_low");
    // The same as a single block: old clients know the order of the protocol.
    let single = with_reward(|reward| reward.balance = Amount::MAX);
    assert_eq!(code(&WorkRequest::single(forged[0], *single.reward())), "invalid_user");
    // A batch that adds up is looked at.
    let paid = request(&[first, second], 3 * FEE.to_raw());
    assert_eq!(code(&WorkRequest::batch(forged, *paid.reward()).unwrap()), "invalid_user");
}
