//! Receives what arrives for unlocked wallets, without being asked for: as soon as the node's WebSocket tells of it, and
//! at the next look in any case.

use crate::{ear::Ear, ear::Heard, rpc::receive_for, service::Service, wallets::WalletId};
use nano_primitives::Account;
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::Arc,
};
use tokio::sync::watch;
use tracing::warn;

/// Looks again and again, and at once when a wallet was unlocked or has another account, until the server closes.
pub(crate) async fn run(service: Arc<Service>) {
    let mut news = service.wallets.news();
    let mut ear = Ear::new(service.websocket.clone());
    loop {
        news.mark_unchanged();
        let accounts = service.wallets.unlocked_accounts();
        ear.listen(accounts.iter().map(|(_, account)| *account).collect());
        look(&service, &accounts).await;
        let of = accounts.into_iter().map(|(wallet, account)| (account, wallet)).collect();
        if !wait(&service, &of, &mut ear, &mut news).await {
            return;
        }
    }
}

/// Receives what is heard of until it is time to look for everything; `false` if the server closes.
async fn wait(
    service: &Service,
    of: &BTreeMap<Account, WalletId>,
    ear: &mut Ear,
    news: &mut watch::Receiver<u64>,
) -> bool {
    let mut next = pin!(tokio::time::sleep(service.config.receive_every));
    loop {
        let heard = tokio::select! {
            () = &mut next => return true,
            _ = news.changed() => return true,
            heard = ear.next() => heard,
            () = service.closing.cancelled() => return false,
        };
        match heard {
            Heard::SentTo(accounts) => look(service, &known(of, &accounts)).await,
            Heard::Missed => return true,
        }
    }
}

fn known(
    of: &BTreeMap<Account, WalletId>,
    accounts: &BTreeSet<Account>,
) -> Vec<(WalletId, Account)> {
    accounts.iter().filter_map(|account| Some((*of.get(account)?, *account))).collect()
}

/// Nobody waits for these: the queue carries them out.
async fn look(service: &Service, accounts: &[(WalletId, Account)]) {
    if let Err(refusal) = receive_for(service, accounts).await {
        warn!("cannot look for what has arrived: {refusal}");
    }
}
