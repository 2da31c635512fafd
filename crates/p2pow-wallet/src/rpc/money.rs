//! What moves money: sends, receives and changes of representative, each a task of the queue; a call waits for its end.

use super::{call::Call, shape::Answer};
use crate::{
    receivable::is_receivable,
    refusal::Refusal,
    service::Service,
    task::{Standing, State},
    tasks::{NotAccepted, Ticket, Wanted},
    wallets::WalletId,
};
use nano_block::Block;
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::ReceivableQuery;
use p2pow_client::Order;
use p2pow_store::StoreError;
use serde_json::json;

/// The longest `id` of a send, in bytes.
const MOST_ID: usize = 200;
/// Accounts asked about in one call of the node.
const TOGETHER: usize = 500;

pub(super) async fn answer(service: &Service, call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "send" => send(service, call).await,
        "receive" => receive(service, call).await,
        "receive_all" => receive_all(service, call).await,
        "search_receivable" | "search_pending" => search(service, call).await,
        "search_receivable_all" | "search_pending_all" => search_all(service).await,
        "account_representative_set" => change(service, call).await,
        "wallet_representative_set" => set_representative(service, call).await,
        _ => return None,
    })
}

async fn send(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    let amount = call.amount()?;
    let (account, destination) = (call.source()?, call.destination()?);
    service.wallets.check_signs(&wallet, &account)?;
    let id = call.optional("id").map(|id| id.into_owned());
    if let Some(found) = id.as_ref().map(String::len).filter(|found| !(1..=MOST_ID).contains(found))
    {
        return Err(Refusal::BadId { found, most: MOST_ID });
    }
    let order = Order::Send { destination, amount };
    let key = id.as_deref().map(keyed);
    let wanted = Wanted { key, wallet, account, order };
    done(service, submit(service, wanted).await?).await
}

/// The key of a payment that has a name of its own. Payouts have theirs from here too: one name is one payment, by
/// whichever door it comes.
pub(crate) fn keyed(id: &str) -> String {
    format!("id:{id}")
}

async fn receive(service: &Service, call: &Call) -> Answer {
    let (wallet, account, source) = (call.wallet()?, call.account()?, call.hash("block")?);
    service.wallets.check(&wallet)?;
    service.wallets.check_signs(&wallet, &account)?;
    let amount = match known_receive(service, &source).await? {
        Some(amount) => amount,
        None => receivable(service, &account, &source).await?,
    };
    let ticket = submit(service, receiving(wallet, account, source, amount)).await?;
    done(service, ticket).await
}

/// The task that receives a send. A send is received once, so it is the task's key.
pub(crate) fn receiving(
    wallet: WalletId,
    account: Account,
    source: BlockHash,
    amount: Amount,
) -> Wanted {
    let key = Some(format!("receive:{source}"));
    Wanted { key, wallet, account, order: Order::Receive { source, amount } }
}

/// The amount of a receive that was asked for before: it may be done, and then the node has it no more.
async fn known_receive(service: &Service, source: &BlockHash) -> Result<Option<Amount>, Refusal> {
    let task = service.tasks.keyed(&format!("receive:{source}")).await?;
    let task = task.filter(|task| !matches!(task.state, State::Failed { .. }));
    Ok(task.and_then(|task| match task.order {
        Order::Receive { amount, .. } => Some(amount),
        _ => None,
    }))
}

/// What a send to the account sent, if it waits to be received.
async fn receivable(
    service: &Service,
    account: &Account,
    source: &BlockHash,
) -> Result<Amount, Refusal> {
    let info = service.node.block_info(source).await?.ok_or(Refusal::BlockNotFound)?;
    let destination = match info.contents.block {
        Block::State(block) => block.link.to_account(),
        Block::Send(block) => block.destination,
        _ => return Err(Refusal::Unreceivable),
    };
    if destination != *account || !is_receivable(&service.node, source).await? {
        return Err(Refusal::Unreceivable);
    }
    info.amount.ok_or(Refusal::Unreceivable)
}

/// Pippin's: receives all that waits for the wallet, from the least that is received upwards.
async fn receive_all(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    if service.wallets.is_locked(&wallet)? {
        return Err(crate::wallets::WalletError::Locked.into());
    }
    let mut received = 0;
    let mut refused = None;
    for ticket in receive_waiting(service, &wallet).await? {
        match done(service, ticket).await {
            Ok(_) => received += 1,
            Err(refusal) => refused = Some(refusal),
        }
    }
    match refused {
        // What was received is received: it is told unless nothing was.
        Some(refusal) if received == 0 => Err(refusal),
        _ => Ok(json!({ "received": received })),
    }
}

async fn search(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    let is_locked = service.wallets.is_locked(&wallet)?;
    if !is_locked {
        receive_waiting(service, &wallet).await?;
    }
    Ok(json!({ "started": super::shape::bit(!is_locked) }))
}

async fn search_all(service: &Service) -> Answer {
    receive_for(service, &service.wallets.unlocked_accounts()).await?;
    Ok(json!({ "success": "" }))
}

/// Has everything received that waits for a wallet.
async fn receive_waiting(service: &Service, wallet: &WalletId) -> Result<Vec<Ticket>, Refusal> {
    let accounts = service.wallets.signing_accounts(wallet)?;
    let accounts: Vec<_> = accounts.into_iter().map(|account| (*wallet, account)).collect();
    receive_for(service, &accounts).await
}

/// Has everything received that waits for these accounts.
pub(crate) async fn receive_for(
    service: &Service,
    accounts: &[(WalletId, Account)],
) -> Result<Vec<Ticket>, Refusal> {
    let threshold = Some(service.receive_minimum()).filter(|minimum| !minimum.is_zero());
    let query = ReceivableQuery { threshold, ..ReceivableQuery::default() };
    let mut tickets = Vec::new();
    for some in accounts.chunks(TOGETHER) {
        let names: Vec<Account> = some.iter().map(|(_, account)| *account).collect();
        let waiting = service.node.accounts_receivable(&names, &query).await?;
        for (wallet, account) in some {
            for entry in waiting.get(account).into_iter().flatten() {
                let wanted = receiving(*wallet, *account, entry.hash, entry.amount);
                tickets.push(submit(service, wanted).await?);
            }
        }
    }
    Ok(tickets)
}

async fn change(service: &Service, call: &Call) -> Answer {
    let (wallet, account) = (call.wallet()?, call.account()?);
    service.wallets.check(&wallet)?;
    let representative = call.representative()?;
    service.wallets.check_signs(&wallet, &account)?;
    if service.node.account_info(&account).await?.is_none() {
        return Err(Refusal::AccountNotFound);
    }
    let order = Order::Change { representative };
    let wanted = Wanted { key: None, wallet, account, order };
    done(service, submit(service, wanted).await?).await
}

async fn set_representative(service: &Service, call: &Call) -> Answer {
    let wallet = call.wallet()?;
    service.wallets.check(&wallet)?;
    let representative = call.representative()?;
    let update = call.flag("update_existing_accounts", false);
    if update && service.wallets.is_locked(&wallet)? {
        return Err(crate::wallets::WalletError::Locked.into());
    }
    service.wallets.set_representative(&wallet, representative).await?;
    if update {
        for account in service.wallets.signing_accounts(&wallet)? {
            let info = service.node.account_info(&account).await?;
            if info.is_some_and(|info| info.representative != representative) {
                let order = Order::Change { representative };
                submit(service, Wanted { key: None, wallet, account, order }).await?;
            }
        }
    }
    Ok(json!({ "set": "1" }))
}

/// Puts a task into the queue, or finds it there.
pub(crate) async fn submit(service: &Service, wanted: Wanted) -> Result<Ticket, Refusal> {
    if service.closing.is_cancelled() {
        return Err(Refusal::Closing);
    }
    if service.tasks.is_full() {
        return Err(Refusal::TooMany { most: service.tasks.most_waiting() });
    }
    let id = wanted.key.clone().unwrap_or_default();
    match service.tasks.submit(wanted).await {
        Ok(ticket) => Ok(ticket),
        Err(NotAccepted::OtherTask) => {
            let id = id.strip_prefix("id:").unwrap_or(&id).to_owned();
            Err(Refusal::OtherPayment { id })
        }
        Err(NotAccepted::Random(_)) => Err(Refusal::Closing),
        Err(NotAccepted::Store(error)) => Err(match error {
            // What could not be read may come after what was written.
            StoreError::Remote { .. }
            | StoreError::Unread { .. }
            | StoreError::Failed { .. }
            | StoreError::Closed => Refusal::Unsure(error),
            error => error.into(),
        }),
    }
}

/// Waits for the end of a task, but not for ever.
async fn done(service: &Service, ticket: Ticket) -> Answer {
    let task = ticket.task.id.clone();
    match tokio::time::timeout(service.config.wait, ticket.end()).await {
        Ok(Some(State::Confirmed { block, .. })) => Ok(json!({ "block": block })),
        Ok(Some(State::Failed { reason, .. })) => Err(Refusal::Failed { reason }),
        Ok(Some(State::Withdrawn { .. })) => Err(Refusal::Withdrawn),
        Ok(Some(State::Queued) | None) | Err(_) => {
            let Standing { block, is_elsewhere, .. } = service.tasks.standing(&task);
            Err(Refusal::UnderWay { task, block, is_elsewhere })
        }
    }
}
