//! The checks that need nothing but the request: rules 4 to 9 of the protocol.

use crate::{BlockProblem, Refusal, WorkRequest, fees, request::verify_users};
use nano_block::{SignedState, Subtype};
use nano_primitives::{Account, Amount};

/// What a worker asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Who is paid.
    pub reward_account: Account,
    /// The price of a send or change job; the other prices follow from it.
    pub fee: Amount,
}

/// Checks signatures and algebra: that the blocks are one chain of one account, end in a payment to this worker, and
/// pay at least the least that such a job can cost. What it costs exactly is known once the ledger is asked.
///
/// # Errors
/// The first broken rule, in the protocol's order.
pub fn check_request(request: &WorkRequest, terms: &Terms) -> Result<(), Refusal> {
    verify_users(request.users())?;
    request
        .reward()
        .verify()
        .map_err(|error| Refusal::InvalidReward(BlockProblem::Signature(error)))?;
    check_accounts(request)?;
    if request.reward().block.link != terms.reward_account.into() {
        return Err(Refusal::WrongWorker);
    }
    check_order(request)?;
    check_paid(request, &cheapest(request), terms)
}

fn check_accounts(request: &WorkRequest) -> Result<(), Refusal> {
    let account = request.account();
    let same = |block: &SignedState| block.block.account == account;
    if request.blocks().all(same) { Ok(()) } else { Err(Refusal::DifferentAccounts) }
}

fn check_order(request: &WorkRequest) -> Result<(), Refusal> {
    let follows = |pair: &[SignedState]| pair[1].block.previous == pair[0].hash();
    if let Some(broken) = request.users().windows(2).position(|pair| !follows(pair)) {
        return Err(Refusal::BrokenChain { place: broken + 2 });
    }
    if request.reward().block.previous != request.last().hash() {
        return Err(Refusal::WrongRewardPrevious);
    }
    Ok(())
}

/// What the user blocks do at the least: the first may be a receive, as only the ledger knows the balance before it.
fn cheapest(request: &WorkRequest) -> Vec<Subtype> {
    let later = request.users().windows(2).map(|pair| {
        let rises = pair[1].block.balance > pair[0].block.balance;
        if rises { Subtype::Receive } else { Subtype::Send }
    });
    std::iter::once(Subtype::Receive).chain(later).collect()
}

/// Rules 9 and 12: the reward is a send, of at least the price.
pub(crate) fn check_paid(
    request: &WorkRequest,
    users: &[Subtype],
    terms: &Terms,
) -> Result<(), Refusal> {
    let price = fees::price(users, terms.fee).ok_or(Refusal::FeeTooLow)?;
    match request.paid() {
        Some(paid) if paid >= price => Ok(()),
        _ => Err(Refusal::FeeTooLow),
    }
}
