//! What the ledger shows before and after, and whether that is what should be.

use super::stage::{Crew, PAYMENT, Stage};
use crate::story::xno;
use nano_primitives::{Account, Amount};
use p2pow_cli::Failure;
use p2pow_client::Receipt;
use serde::Serialize;
use std::net::IpAddr;

/// Everybody's money, by the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Balances {
    alice: Purse,
    bob: Purse,
    workers: Vec<WorkerPurse>,
}

/// The money of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Purse {
    account: Account,
    balance_raw: Amount,
    receivable_raw: Amount,
}

/// The money of one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct WorkerPurse {
    address: IpAddr,
    #[serde(flatten)]
    purse: Purse,
}

impl Balances {
    pub(super) fn of(stage: &Stage, crew: &Crew) -> Self {
        let purse = |account: Account| Purse {
            account,
            balance_raw: stage.net.balance(&account),
            receivable_raw: stage.net.receivable_total(&account),
        };
        let worker = |member: &super::stage::Member| WorkerPurse {
            address: member.address,
            purse: purse(member.account),
        };
        Self {
            alice: purse(stage.alice.account()),
            bob: purse(stage.bob.account()),
            workers: crew.members.iter().map(worker).collect(),
        }
    }

    pub(super) fn describe(&self, when: &str) -> String {
        let mut lines = vec![format!(
            "{when}: Alice has {}; {} wait for Bob",
            xno(self.alice.balance_raw),
            xno(self.bob.receivable_raw)
        )];
        for worker in &self.workers {
            let waiting = xno(worker.purse.receivable_raw);
            lines.push(format!("{when}: {waiting} wait for worker {}", worker.address));
        }
        lines.join("\n")
    }
}

/// Checks that the ledger shows the payment, one reward, and nothing else.
pub(super) fn verify(
    stage: &Stage,
    crew: &Crew,
    receipt: &Receipt,
    before: &Balances,
    after: &Balances,
) -> Result<(), Failure> {
    let wrong =
        |what: String| Failure::new(format!("the ledger does not show what should be: {what}"));
    let paid = receipt.winner().ok_or_else(|| wrong("no reward is confirmed".to_owned()))?;
    for block in receipt.users.iter().chain([&paid.block]) {
        let hash = block.hash();
        if !stage
            .net
            .block(&hash)
            .is_some_and(|view| view.confirmed && view.block == (*block).into())
        {
            return Err(wrong(format!("block {hash} is not confirmed")));
        }
    }
    let wanted = expected(before, crew, paid.account, paid.price)
        .ok_or_else(|| wrong("the sums overflow".to_owned()))?;
    if *after != wanted {
        return Err(wrong(format!("found {after:?}, wanted {wanted:?}")));
    }
    Ok(())
}

/// Alice has less by the payment and the reward; Bob and the winner have it to receive.
fn expected(before: &Balances, crew: &Crew, winner: Account, price: Amount) -> Option<Balances> {
    let mut after = before.clone();
    let alice = &mut after.alice.balance_raw;
    *alice = alice.checked_sub(PAYMENT)?.checked_sub(price)?;
    let bob = &mut after.bob.receivable_raw;
    *bob = bob.checked_add(PAYMENT)?;
    let place = crew.members.iter().position(|member| member.account == winner)?;
    let reward = &mut after.workers.get_mut(place)?.purse.receivable_raw;
    *reward = reward.checked_add(price)?;
    Some(after)
}
