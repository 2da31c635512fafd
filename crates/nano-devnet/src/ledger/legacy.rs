//! The rules for the four legacy kinds of block. Their work must reach the threshold of epoch 1,
//! and they only follow each other.

use super::{
    error::{ProcessError, WorkCheck},
    record::{AccountInfo, Change, Effect, Receivable},
    tables::Ledger,
};
use nano_block::{
    BlockKind, ChangeBlock, Epoch, OpenBlock, ReceiveBlock, SendBlock, SignedBlock, Subtype,
};
use nano_primitives::{Account, Amount, BlockHash};

pub(super) fn check_send(
    ledger: &Ledger,
    signed: &SignedBlock,
    block: &SendBlock,
    work: WorkCheck,
) -> Result<Change, ProcessError> {
    let (account, before) = check_follows(ledger, signed, &block.previous)?;
    work.check(signed, ledger.thresholds().for_legacy())?;
    let amount = before.balance.checked_sub(block.balance).ok_or(ProcessError::NegativeSpend)?;
    Ok(Change {
        amount,
        balance: block.balance,
        effect: Effect::Sent { destination: block.destination, epoch: Epoch::Epoch0 },
        ..next(signed, (account, before), Subtype::Send)
    })
}

pub(super) fn check_receive(
    ledger: &Ledger,
    signed: &SignedBlock,
    block: &ReceiveBlock,
    work: WorkCheck,
) -> Result<Change, ProcessError> {
    // The order of the checks is nano_node's throughout: of a block that breaks two rules, it decides which is told.
    let (account, before) = check_follows(ledger, signed, &block.previous)?;
    check_source(ledger, &block.source)?;
    let entry = check_receivable(ledger, account, &block.source)?;
    check_epoch_0(entry)?;
    work.check(signed, ledger.thresholds().for_legacy())?;
    let sum = before.balance.checked_add(entry.amount);
    Ok(Change {
        amount: entry.amount,
        balance: sum.expect("all money together is the supply"),
        effect: Effect::Received { source: block.source, entry },
        ..next(signed, (account, before), Subtype::Receive)
    })
}

pub(super) fn check_change(
    ledger: &Ledger,
    signed: &SignedBlock,
    block: &ChangeBlock,
    work: WorkCheck,
) -> Result<Change, ProcessError> {
    let (account, before) = check_follows(ledger, signed, &block.previous)?;
    work.check(signed, ledger.thresholds().for_legacy())?;
    Ok(Change {
        representative: Some(block.representative),
        ..next(signed, (account, before), Subtype::Change)
    })
}

pub(super) fn check_open(
    ledger: &Ledger,
    signed: &SignedBlock,
    block: &OpenBlock,
    work: WorkCheck,
) -> Result<Change, ProcessError> {
    ledger.must_be_new(&signed.hash())?;
    signed.verify_by(&block.account.public_key()).map_err(|_| ProcessError::BadSignature)?;
    check_source(ledger, &block.source)?;
    if ledger.account(&block.account).is_some() {
        return Err(ProcessError::Fork);
    }
    let entry = check_receivable(ledger, block.account, &block.source)?;
    if block.account.is_zero() {
        return Err(ProcessError::BurnAccount);
    }
    check_epoch_0(entry)?;
    work.check(signed, ledger.thresholds().for_legacy())?;
    Ok(Change {
        signed: *signed,
        account: block.account,
        before: None,
        subtype: Subtype::Open,
        amount: entry.amount,
        balance: entry.amount,
        representative: Some(block.representative),
        epoch: Epoch::Epoch0,
        effect: Effect::Received { source: block.source, entry },
    })
}

/// The checks that send, receive and change begin with; a legacy block's account is that of its
/// predecessor.
fn check_follows<'a>(
    ledger: &'a Ledger,
    signed: &SignedBlock,
    previous: &BlockHash,
) -> Result<(Account, &'a AccountInfo), ProcessError> {
    ledger.must_be_new(&signed.hash())?;
    let record = ledger.block(previous).ok_or(ProcessError::GapPrevious)?;
    if record.signed.block.kind() == BlockKind::State {
        return Err(ProcessError::BlockPosition);
    }
    let info = ledger.account(&record.account).expect("a block's account is opened");
    if info.frontier != *previous {
        return Err(ProcessError::Fork);
    }
    signed.verify_by(&record.account.public_key()).map_err(|_| ProcessError::BadSignature)?;
    Ok((record.account, info))
}

fn check_source(ledger: &Ledger, source: &BlockHash) -> Result<(), ProcessError> {
    ledger.block(source).map(|_| ()).ok_or(ProcessError::GapSource)
}

fn check_receivable(
    ledger: &Ledger,
    account: Account,
    source: &BlockHash,
) -> Result<Receivable, ProcessError> {
    ledger.receivable_entry(&account, source).copied().ok_or(ProcessError::Unreceivable)
}

/// What was sent after an epoch block only state blocks can receive.
fn check_epoch_0(entry: Receivable) -> Result<(), ProcessError> {
    if entry.epoch == Epoch::Epoch0 { Ok(()) } else { Err(ProcessError::Unreceivable) }
}

/// A block that follows another and leaves everything as it is.
fn next(
    signed: &SignedBlock,
    (account, before): (Account, &AccountInfo),
    subtype: Subtype,
) -> Change {
    Change {
        signed: *signed,
        account,
        before: Some(before.clone()),
        subtype,
        amount: Amount::ZERO,
        balance: before.balance,
        representative: None,
        epoch: Epoch::Epoch0,
        effect: Effect::None,
    }
}
