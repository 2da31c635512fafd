//! The rules for state blocks. Those of the epoch signer lift an account to the next epoch, or open one that has something
//! receivable.

use super::{
    error::{ProcessError, WorkCheck},
    record::{AccountInfo, Change, Effect},
    tables::Ledger,
};
use nano_block::{Epoch, SignedBlock, StateBlock, Subtype};
use nano_primitives::Amount;

pub(super) fn check(
    ledger: &Ledger,
    signed: &SignedBlock,
    block: &StateBlock,
    work: WorkCheck,
) -> Result<Change, ProcessError> {
    match Epoch::from_link(&block.link) {
        Some(epoch) if is_upgrade(ledger, signed, block)? => {
            check_epoch(ledger, signed, (block, epoch), work)
        }
        _ => check_ordinary(ledger, signed, block, work),
    }
}

fn check_ordinary(
    ledger: &Ledger,
    signed: &SignedBlock,
    block: &StateBlock,
    work: WorkCheck,
) -> Result<Change, ProcessError> {
    // In nano_node's order: of a block that breaks two rules, it decides which is told.
    ledger.must_be_new(&signed.hash())?;
    signed.verify_by(&block.account.public_key()).map_err(|_| ProcessError::BadSignature)?;
    if block.account.is_zero() {
        return Err(ProcessError::BurnAccount);
    }
    let before = ledger.account(&block.account);
    let (subtype, amount) = match before {
        Some(info) => check_next(ledger, block, info)?,
        None => check_first(block)?,
    };
    let epoch = before.map_or(Epoch::Epoch0, |info| info.epoch);
    // What is received may lift the account's epoch, and the block's threshold is that of the epoch after it.
    let (effect, epoch) = check_effect(ledger, block, (subtype, amount, epoch))?;
    work.check(signed, ledger.thresholds().for_state(subtype, epoch))?;
    Ok(Change {
        signed: *signed,
        account: block.account,
        before: before.cloned(),
        subtype,
        amount,
        balance: block.balance,
        representative: Some(block.representative),
        epoch,
        effect,
    })
}

fn check_next(
    ledger: &Ledger,
    block: &StateBlock,
    info: &AccountInfo,
) -> Result<(Subtype, Amount), ProcessError> {
    if block.is_first() {
        return Err(ProcessError::Fork);
    }
    if ledger.block(&block.previous).is_none() {
        return Err(ProcessError::GapPrevious);
    }
    if block.previous != info.frontier {
        return Err(ProcessError::Fork);
    }
    if let Some(sent) = info.balance.checked_sub(block.balance).filter(|sent| !sent.is_zero()) {
        return Ok((Subtype::Send, sent));
    }
    let grown = block.balance.checked_sub(info.balance).expect("the balance does not fall");
    let subtype = if block.link.is_zero() { Subtype::Change } else { Subtype::Receive };
    Ok((subtype, grown))
}

fn check_first(block: &StateBlock) -> Result<(Subtype, Amount), ProcessError> {
    if !block.is_first() {
        return Err(ProcessError::GapPrevious);
    }
    if block.link.is_zero() {
        return Err(ProcessError::GapSource);
    }
    Ok((Subtype::Open, block.balance))
}

/// What happens to receivable money, and the account's epoch after the block.
fn check_effect(
    ledger: &Ledger,
    block: &StateBlock,
    (subtype, amount, epoch): (Subtype, Amount, Epoch),
) -> Result<(Effect, Epoch), ProcessError> {
    match subtype {
        Subtype::Send => Ok((Effect::Sent { destination: block.link.to_account(), epoch }, epoch)),
        Subtype::Receive | Subtype::Open => {
            let source = block.link.to_block_hash();
            if ledger.block(&source).is_none() {
                return Err(ProcessError::GapSource);
            }
            let entry = *ledger
                .receivable_entry(&block.account, &source)
                .ok_or(ProcessError::Unreceivable)?;
            if entry.amount != amount {
                return Err(ProcessError::BalanceMismatch);
            }
            Ok((Effect::Received { source, entry }, epoch.max(entry.epoch)))
        }
        Subtype::Change | Subtype::Epoch if amount.is_zero() => Ok((Effect::None, epoch)),
        Subtype::Change | Subtype::Epoch => Err(ProcessError::BalanceMismatch),
    }
}

/// Whether a block with an epoch's link is an epoch block: one that leaves the balance alone.
/// (Anybody may send to the account that the link spells.)
fn is_upgrade(
    ledger: &Ledger,
    signed: &SignedBlock,
    block: &StateBlock,
) -> Result<bool, ProcessError> {
    if block.is_first() {
        return Ok(block.balance.is_zero());
    }
    match ledger.block(&block.previous) {
        Some(previous) => Ok(block.balance == previous.balance),
        // Whether it is an epoch block cannot be told without the predecessor, so either signer may have signed it.
        None if is_signed_by_either(ledger, signed, block) => Err(ProcessError::GapPrevious),
        None => Err(ProcessError::BadSignature),
    }
}

fn is_signed_by_either(ledger: &Ledger, signed: &SignedBlock, block: &StateBlock) -> bool {
    [block.account, ledger.epoch_signer()]
        .iter()
        .any(|signer| signed.verify_by(&signer.public_key()).is_ok())
}

fn check_epoch(
    ledger: &Ledger,
    signed: &SignedBlock,
    (block, epoch): (&StateBlock, Epoch),
    work: WorkCheck,
) -> Result<Change, ProcessError> {
    ledger.must_be_new(&signed.hash())?;
    signed
        .verify_by(&ledger.epoch_signer().public_key())
        .map_err(|_| ProcessError::BadSignature)?;
    if block.account.is_zero() {
        return Err(ProcessError::BurnAccount);
    }
    let before = ledger.account(&block.account);
    match before {
        Some(info) => check_next_epoch(block, epoch, info)?,
        None => check_epoch_open(ledger, block)?,
    }
    work.check(signed, ledger.thresholds().for_state(Subtype::Epoch, epoch))?;
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

fn check_next_epoch(
    block: &StateBlock,
    epoch: Epoch,
    info: &AccountInfo,
) -> Result<(), ProcessError> {
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
fn check_epoch_open(ledger: &Ledger, block: &StateBlock) -> Result<(), ProcessError> {
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
