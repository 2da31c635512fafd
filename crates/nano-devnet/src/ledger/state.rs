//! The rules for state blocks.

use super::{
    AccountInfo, Change, Ledger, ProcessError, WorkCheck, change::Effect, check_work, epoch,
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
        Some(epoch) if epoch::is_upgrade(ledger, signed, block)? => {
            epoch::check(ledger, signed, (block, epoch), work)
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
    let (effect, epoch) = check_effect(ledger, block, (subtype, amount, epoch))?;
    check_work(signed, ledger.thresholds.for_state(subtype, epoch), work)?;
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
