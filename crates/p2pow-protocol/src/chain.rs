//! The checks that need the ledger: rules 10 to 13 of the protocol, block by block with the balance followed along.

use crate::{Refusal, Terms, WorkRequest, check::check_paid};
use nano_block::{Epoch, SignedState, StateBlock, Subtype, Thresholds};
use nano_primitives::{Amount, BlockHash, Difficulty, Root};
use std::collections::BTreeMap;

/// What a node says about an account. All zero and `None` for an account without blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LedgerView {
    /// The account's last block.
    pub frontier: Option<BlockHash>,
    /// The balance at the frontier.
    pub balance: Amount,
    /// The account's epoch, where it is known.
    pub epoch: Option<Epoch>,
    /// The confirmed balance, where the worker trusts nothing else.
    pub confirmed_balance: Option<Amount>,
}

/// A send that waits to be received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receivable {
    /// How much was sent.
    pub amount: Amount,
    /// The epoch of the send, where it is known.
    pub epoch: Option<Epoch>,
}

/// What a job does, block by block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The user blocks in their order, then the reward block.
    pub steps: Vec<Step>,
}

/// One block of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The block's hash.
    pub hash: BlockHash,
    /// What its work is bound to.
    pub root: Root,
    /// What it does.
    pub subtype: Subtype,
    /// The account's epoch after it; `None` if that is not known.
    pub epoch: Option<Epoch>,
}

impl Step {
    /// The work it needs. Where the epoch is not known, the hardest that it may need: a receive onto an account
    /// below epoch 2 takes more than other receives.
    #[must_use]
    pub fn threshold(&self, thresholds: &Thresholds) -> Difficulty {
        thresholds.most_for(self.subtype, self.epoch)
    }
}

/// The sends that the request's blocks claim to receive, given the account's balance before the first of them.
#[must_use]
pub fn sources(request: &WorkRequest, balance: Amount) -> Vec<BlockHash> {
    let mut before = balance;
    let mut sources = Vec::new();
    for user in request.users() {
        if user.block.balance > before {
            sources.push(user.block.link.to_block_hash());
        }
        before = user.block.balance;
    }
    sources
}

/// Checks the request against the ledger and says what each block does. `receivables` are those among
/// [`sources`] that the account can receive.
///
/// # Errors
/// The first broken rule, in the protocol's order.
pub fn check_ledger(
    request: &WorkRequest,
    terms: &Terms,
    view: &LedgerView,
    receivables: &BTreeMap<BlockHash, Receivable>,
) -> Result<Plan, Refusal> {
    if request.first().block.previous != view.frontier.unwrap_or(BlockHash::ZERO) {
        return Err(Refusal::WrongPrevious);
    }
    let mut walk = Walk { balance: view.balance, epoch: view.epoch, unused: receivables.clone() };
    let mut steps =
        request.users().iter().map(|user| walk.step(user)).collect::<Result<Vec<_>, _>>()?;
    let subtypes: Vec<Subtype> = steps.iter().map(|step| step.subtype).collect();
    check_paid(request, &subtypes, terms)?;
    check_funds(request, view, &subtypes)?;
    steps.push(walk.reward(request.reward()));
    Ok(Plan { steps })
}

/// The account's state between two blocks.
struct Walk {
    balance: Amount,
    epoch: Option<Epoch>,
    unused: BTreeMap<BlockHash, Receivable>,
}

impl Walk {
    fn step(&mut self, user: &SignedState) -> Result<Step, Refusal> {
        let subtype = self.subtype(&user.block)?;
        self.balance = user.block.balance;
        Ok(self.describe(user, subtype))
    }

    fn subtype(&mut self, block: &StateBlock) -> Result<Subtype, Refusal> {
        if block.balance < self.balance {
            Ok(Subtype::Send)
        } else if block.balance > self.balance {
            self.receive(block)
        } else if block.link.is_zero() {
            Ok(Subtype::Change)
        } else {
            // A ledger takes it for the receive of nothing.
            Err(Refusal::InvalidReceive)
        }
    }

    /// Uses up the receivable, so that no second block of the job can claim it.
    fn receive(&mut self, block: &StateBlock) -> Result<Subtype, Refusal> {
        let source = self.unused.remove(&block.link.to_block_hash());
        let rise = block.balance.checked_sub(self.balance);
        let source =
            source.filter(|source| Some(source.amount) == rise).ok_or(Refusal::InvalidReceive)?;
        self.epoch = Epoch::after_receive(self.epoch, source.epoch);
        Ok(if block.is_first() { Subtype::Open } else { Subtype::Receive })
    }

    fn reward(&self, reward: &SignedState) -> Step {
        self.describe(reward, Subtype::Send)
    }

    fn describe(&self, block: &SignedState, subtype: Subtype) -> Step {
        Step { hash: block.hash(), root: block.root(), subtype, epoch: self.epoch }
    }
}

/// Rule 13. Balances are absolute, so a chain that starts at the account's balance cannot overdraw it; but an account
/// without blocks can do nothing before it receives, and unconfirmed money may vanish while the work is done.
fn check_funds(
    request: &WorkRequest,
    view: &LedgerView,
    subtypes: &[Subtype],
) -> Result<(), Refusal> {
    let is_opened = view.frontier.is_some() || subtypes.first() == Some(&Subtype::Open);
    let spent = view.balance.checked_sub(request.reward().block.balance).unwrap_or(Amount::ZERO);
    let is_covered = view.confirmed_balance.is_none_or(|confirmed| spent <= confirmed);
    if is_opened && is_covered { Ok(()) } else { Err(Refusal::InsufficientFunds) }
}
