//! Wallets: made, locked, opened; and who represents what they will open.

use super::{
    call::Call,
    shape::{Answer, bit},
};
use crate::{refusal::Refusal, service::Service, wallets::WalletId};
use nano_primitives::Account;
use serde_json::json;

/// How many accounts without a block or money are looked at before a restored seed is taken to hold no more.
const LOOK_AHEAD: u32 = 64;

pub(super) async fn answer(service: &Service, call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "wallet_create" => create(service, call).await,
        "wallet_destroy" => destroy(service, call).await,
        "wallet_lock" => lock(service, call),
        "wallet_locked" => locked(service, call),
        "password_valid" | "wallet_key_valid" => valid(service, call),
        "password_enter" | "wallet_unlock" => enter(service, call).await,
        "password_change" => change_password(service, call).await,
        "wallet_representative" => representative(service, call),
        "receive_minimum" => Ok(json!({ "amount": service.receive_minimum() })),
        "receive_minimum_set" => set_minimum(service, call),
        _ => return None,
    })
}

async fn create(service: &Service, call: &Call) -> Answer {
    let seed = call.seed()?;
    let is_restored = seed.is_some();
    let id = service.wallets.create(seed, service.config.representative).await?;
    if !is_restored {
        return Ok(json!({ "wallet": id }));
    }
    let (last, count) = restore(service, &id).await?;
    Ok(json!({ "wallet": id, "last_restored_account": last, "restored_count": count.to_string() }))
}

/// Makes the accounts of a seed that are known to have been used, and the first in any case.
async fn restore(service: &Service, id: &WalletId) -> Result<(Account, usize), Refusal> {
    let mut accounts = service.wallets.create_accounts(id, 1).await?;
    let seed = service.wallets.seed(id)?;
    let (mut used, mut looked_at) = (0, 1);
    while looked_at <= used + LOOK_AHEAD {
        let ahead: Vec<(u32, Account)> = (looked_at..=used + LOOK_AHEAD)
            .map(|index| (index, seed.derive(index).account()))
            .collect();
        looked_at = used + LOOK_AHEAD + 1;
        used = service.last_used(&ahead).await?.unwrap_or(used);
    }
    let more = usize::try_from(used).unwrap_or(0);
    accounts.extend(service.wallets.create_accounts(id, more).await?);
    let last = accounts.last().copied().ok_or(Refusal::AccountNotFound)?;
    Ok((last, accounts.len()))
}

async fn destroy(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    if service.tasks.is_busy_with(&wallet) {
        // A deal that is under way needs its keys until it is over.
        return Ok(json!({ "destroyed": "0" }));
    }
    service.wallets.destroy(&wallet).await?;
    Ok(json!({ "destroyed": "1" }))
}

fn lock(service: &Service, call: &Call) -> Answer {
    service.wallets.lock(&call.wallet()?)?;
    Ok(json!({ "locked": "1" }))
}

fn locked(service: &Service, call: &Call) -> Answer {
    Ok(json!({ "locked": bit(service.wallets.is_locked(&call.wallet()?)?) }))
}

fn valid(service: &Service, call: &Call) -> Answer {
    Ok(json!({ "valid": bit(!service.wallets.is_locked(&call.wallet()?)?) }))
}

async fn enter(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    let is_right = service.wallets.enter_password(&wallet, call.password()?).await?;
    Ok(json!({ "valid": bit(is_right) }))
}

async fn change_password(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    service.wallets.change_password(&wallet, call.password()?).await?;
    Ok(json!({ "changed": "1" }))
}

fn representative(service: &Service, call: &Call) -> Answer {
    Ok(json!({ "representative": service.wallets.representative(&call.wallet()?)? }))
}

fn set_minimum(service: &Service, call: &Call) -> Answer {
    let amount = call.text("amount")?.parse().map_err(|_| Refusal::InvalidAmount)?;
    service.set_receive_minimum(amount);
    Ok(json!({ "success": "" }))
}
