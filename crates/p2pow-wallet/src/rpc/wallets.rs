//! Wallets: made, locked, opened; and who represents what they will open.

use super::{
    accounts::MOST_AT_ONCE,
    call::Call,
    shape::{Answer, bit},
};
use crate::{
    refusal::Refusal,
    service::Service,
    wallets::{WalletError, WalletId},
};
use nano_block::Seed;
use nano_primitives::Account;
use serde_json::json;

/// How many accounts without a block or money are looked at before a restored seed is taken to hold no more.
const LOOK_AHEAD: u32 = 64;

pub(super) async fn answer(service: &Service, call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "wallet_create" => create(service, call).await,
        "wallet_change_seed" => change_seed(service, call).await,
        "wallet_destroy" => destroy(service, call).await,
        "wallet_lock" => lock(service, call).await,
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
    let representative = service.config.representative;
    let Some(seed) = call.seed()? else {
        let id = service.wallets.create(None, representative).await?;
        return Ok(json!({ "wallet": id }));
    };
    // What has to be asked of the node comes first: if it does not answer, nothing is done.
    let more = used_after_first(service, &seed).await?;
    let id = service.wallets.create(Some(seed), representative).await?;
    let (last, count) = restore(service, &id, more).await?;
    Ok(json!({ "wallet": id, "last_restored_account": last, "restored_count": count }))
}

/// So many more accounts as are wanted, or as are known to have been used.
async fn change_seed(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    let seed = call.seed()?.ok_or(Refusal::Json)?;
    let count = call.count_if_there()?.unwrap_or(0);
    if count > MOST_AT_ONCE {
        return Err(Refusal::InvalidCount);
    }
    if service.wallets.is_locked(&wallet)? {
        return Err(WalletError::Locked.into());
    }
    service.tasks.catch_up().await?;
    if service.tasks.is_busy_with(&wallet) {
        return Err(Refusal::Busy);
    }
    let more = match usize::try_from(count) {
        Ok(0) | Err(_) => used_after_first(service, &seed).await?,
        Ok(more) => more,
    };
    service.wallets.change_seed(&wallet, &seed).await?;
    let (last, count) = restore(service, &wallet, more).await?;
    Ok(json!({ "success": "", "last_restored_account": last, "restored_count": count }))
}

/// The greatest index of a seed's account that is known to have been used, or 0.
async fn used_after_first(service: &Service, seed: &Seed) -> Result<usize, Refusal> {
    let (mut used, mut looked_at) = (0, 1);
    while looked_at <= used + LOOK_AHEAD {
        let ahead: Vec<(u32, Account)> = (looked_at..=used + LOOK_AHEAD)
            .map(|index| (index, seed.derive(index).account()))
            .collect();
        looked_at = used + LOOK_AHEAD + 1;
        used = service.last_used(&ahead).await?.unwrap_or(used);
    }
    Ok(usize::try_from(used).unwrap_or(0))
}

/// Makes the first account of a wallet's seed, and so many more: the last of them, and how many there are, as a node
/// counts them.
async fn restore(
    service: &Service,
    id: &WalletId,
    more: usize,
) -> Result<(Account, String), Refusal> {
    let accounts = service.wallets.create_accounts(id, more + 1).await?;
    let last = accounts.last().copied().ok_or(Refusal::AccountNotFound)?;
    Ok((last, service.wallets.counts(id)?.next_index.to_string()))
}

async fn destroy(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    service.tasks.catch_up().await?;
    if service.tasks.is_busy_with(&wallet) {
        // A deal that is under way needs its keys until it is over.
        return Ok(json!({ "destroyed": "0" }));
    }
    service.wallets.destroy(&wallet).await?;
    Ok(json!({ "destroyed": "1" }))
}

async fn lock(service: &Service, call: &Call) -> Answer {
    service.wallets.lock(&call.wallet()?).await?;
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
