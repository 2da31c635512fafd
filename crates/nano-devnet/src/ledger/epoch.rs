//! The rules for epoch blocks: state blocks of the epoch signer, which lift an account to the next
//! epoch or open one that has something receivable.

use super::{AccountInfo, Change, Ledger, ProcessError, WorkCheck, change::Effect, check_work};
use nano_block::{Epoch, SignedBlock, StateBlock, Subtype};
use nano_primitives::Amount;

/// Whether a block with an epoch's link is an epoch block: one that leaves the balance alone.
/// (Anybody may send to the account that the link spells.)
pub(super) fn is_upgrade(
    ledger: &Ledger,
    signed: &SignedBlock,
    block: &StateBlock,
) -> Result<bool, ProcessError> {
    if block.is_first() {
        return Ok(block.balance.is_zero());
    }
    match ledger.block(&block.previous) {
        Some(previous) => Ok(block.balance == previous.balance),
        None if is_signed_by_either(ledger, signed, block) => Err(ProcessError::GapPrevious),
        None => Err(ProcessError::BadSignature),
    }
}

fn is_signed_by_either(ledger: &Ledger, signed: &SignedBlock, block: &StateBlock) -> bool {
    [block.account, ledger.epoch_signer]
        .iter()
        .any(|signer| signed.verify_by(&signer.public_key()).is_ok())
}

pub(super) fn check(
    ledger: &Ledger,
    signed: &SignedBlock,
    (block, epoch): (&StateBlock, Epoch),
    work: WorkCheck,
) -> Result<Change, ProcessError> {
    ledger.must_be_new(&signed.hash())?;
    signed.verify_by(&ledger.epoch_signer.public_key()).map_err(|_| ProcessError::BadSignature)?;
    if block.account.is_zero() {
        return Err(ProcessError::BurnAccount);
    }
    let before = ledger.account(&block.account);
    match before {
        Some(info) => check_next(block, epoch, info)?,
        None => check_open(ledger, block)?,
    }
    check_work(signed, ledger.thresholds.for_state(Subtype::Epoch, epoch), work)?;
    Ok(Change {
        signed: *signed,
        account: block.account,
        before: before.cloned(),
        subtype: Subtype::Epoch,
        amount: Amount::ZERO,
        balance: block.balance,
        representative: Some(block.representative),
        epoch,
        effect: Effect::None,
    })
}

fn check_next(block: &StateBlock, epoch: Epoch, info: &AccountInfo) -> Result<(), ProcessError> {
    if block.previous != info.frontier {
        return Err(ProcessError::Fork);
    }
    if block.representative != info.representative {
        return Err(ProcessError::RepresentativeMismatch);
    }
    if epoch.number() != info.epoch.number() + 1 {
        return Err(ProcessError::BlockPosition);
    }
    Ok(())
}

/// An unopened account may be opened in any epoch, without a representative, if somebody sent to
/// it.
fn check_open(ledger: &Ledger, block: &StateBlock) -> Result<(), ProcessError> {
    if !block.representative.is_zero() {
        return Err(ProcessError::RepresentativeMismatch);
    }
    if ledger.receivable(&block.account).next().is_none() {
        return Err(ProcessError::GapEpochOpen);
    }
    // A node overlooks this; only the epoch signer could make use of it.
    if !block.is_first() {
        return Err(ProcessError::BlockPosition);
    }
    Ok(())
}
