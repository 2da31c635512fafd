//! The rules that a job must pass: [`check_request`] before anything is asked of a node, [`check_ledger`] after.
//!
//! The order is the protocol's, cheapest first. [`check_request`] has rules 4 to 9, which need nothing but the request;
//! [`check_ledger`] has rules 10 to 13, block by block with the balance followed along, and says what work the job needs.

use crate::{BlockProblem, Refusal, WorkRequest, fees, request::verify_users};
use alloc::{collections::BTreeMap, vec::Vec};
use nano_block::{Epoch, SignedState, StateBlock, Subtype, Thresholds};
use nano_primitives::{Account, Amount, BlockHash, Difficulty, Root};

/// What a worker asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Who is paid.
    pub reward_account: Account,
    /// The price of a send or change job; the other prices follow from it.
    pub fee: Amount,
}

/// Checks algebra and signatures: that the blocks are one chain of one account, end in a payment to this worker, and
/// pay at least the least that such a job can cost. What it costs exactly is known once the ledger is asked.
///
/// A batch whose algebra is wrong is refused for that, without a look at its signatures: they cost a thousand times as
/// much, and whoever signs well could ask for 129 of them for nothing. A single block is refused in the order that old
/// clients know, signatures first.
///
/// # Errors
/// The first broken rule that was found, in the protocol's order.
pub fn check_request(request: &WorkRequest, terms: &Terms) -> Result<(), Refusal> {
    let algebra = check_algebra(request, terms);
    if algebra.is_ok() || !request.is_batch() {
        check_signatures(request)?;
    }
    algebra
}

/// The signature parts of rules 4 and 5.
fn check_signatures(request: &WorkRequest) -> Result<(), Refusal> {
    verify_users(request.users())?;
    let reward = request.reward().verify().map_err(BlockProblem::Signature);
    reward.map_err(Refusal::InvalidReward)
}

/// Rules 6 to 9.
fn check_algebra(request: &WorkRequest, terms: &Terms) -> Result<(), Refusal> {
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
    core::iter::once(Subtype::Receive).chain(later).collect()
}

/// Rules 9 and 12: the reward is a send, of at least the price.
fn check_paid(request: &WorkRequest, users: &[Subtype], terms: &Terms) -> Result<(), Refusal> {
    let price = fees::price(users, terms.fee).ok_or(Refusal::FeeTooLow)?;
    match request.paid() {
        Some(paid) if paid >= price => Ok(()),
        _ => Err(Refusal::FeeTooLow),
    }
}

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
