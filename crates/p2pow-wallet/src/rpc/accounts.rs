//! Accounts of a wallet: from its seed, or of a private key that comes from elsewhere.

use super::{
    call::Call,
    shape::{Answer, bit, list},
};
use crate::{refusal::Refusal, service::Service, wallets::WalletError};
use serde_json::{Value, json};

/// Accounts made by one call, at most.
pub(super) const MOST_AT_ONCE: u64 = 10_000;

pub(super) async fn answer(service: &Service, call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "account_create" => create(service, call).await,
        "accounts_create" => create_many(service, call).await,
        "account_list" => all(service, call),
        "account_remove" => remove(service, call).await,
        "account_move" => move_to(service, call).await,
        "wallet_add" => add(service, call).await,
        "wallet_add_watch" => watch(service, call).await,
        "wallet_contains" => contains(service, call),
        _ => return None,
    })
}

async fn create(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    let account = match call.index()? {
        Some(index) => Some(service.wallets.create_account_at(&wallet, index).await?),
        None => service.wallets.create_accounts(&wallet, 1).await?.pop(),
    };
    Ok(json!({ "account": account }))
}

async fn create_many(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    let count = call.count()?;
    if count > MOST_AT_ONCE {
        return Err(Refusal::InvalidCount);
    }
    let count = usize::try_from(count).map_err(|_| Refusal::InvalidCount)?;
    let accounts = service.wallets.create_accounts(&wallet, count).await?;
    Ok(json!({ "accounts": accounts }))
}

/// All of them, as in a node; with Pippin's `count`, so many.
fn all(service: &Service, call: &Call) -> Answer {
    let accounts = service.wallets.accounts(&call.wallet()?)?;
    let count = call.count_if_there()?.and_then(|count| usize::try_from(count).ok());
    let shown = accounts.iter().take(count.unwrap_or(usize::MAX));
    Ok(json!({ "accounts": list(shown.map(|account| json!(account)).collect::<Vec<Value>>()) }))
}

async fn remove(service: &Service, call: &Call) -> Answer {
    let (wallet, account) = (call.wallet()?, call.account()?);
    service.wallets.check(&wallet)?;
    service.tasks.catch_up().await?;
    if service.tasks.is_busy(&account) {
        // A deal that is under way needs its key until it is over.
        return Ok(json!({ "removed": "0" }));
    }
    service.wallets.remove_account(&wallet, &account).await?;
    Ok(json!({ "removed": "1" }))
}

/// All of them, or none.
async fn move_to(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    let source = call.source_wallet()?;
    service.wallets.check(&source).map_err(|_| Refusal::NoSource)?;
    let accounts = call.accounts()?;
    service.tasks.catch_up().await?;
    if accounts.iter().any(|account| service.tasks.is_busy(account)) {
        return Ok(json!({ "moved": "0" }));
    }
    match service.wallets.move_accounts(&source, &wallet, &accounts).await {
        Ok(()) => Ok(json!({ "moved": "1" })),
        Err(WalletError::NoAccount | WalletError::OnlyWatched) => Ok(json!({ "moved": "0" })),
        Err(error) => Err(error.into()),
    }
}

async fn watch(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    service.wallets.watch(&wallet, &call.accounts()?).await?;
    Ok(json!({ "success": "" }))
}

async fn add(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    let key = call.key()?;
    Ok(json!({ "account": service.wallets.add_key(&wallet, &key).await? }))
}

fn contains(service: &Service, call: &Call) -> Answer {
    let (account, wallet) = (call.account()?, call.wallet()?);
    Ok(json!({ "exists": bit(service.wallets.contains(&wallet, &account)?) }))
}
