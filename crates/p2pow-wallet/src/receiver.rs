//! Receives what arrives for unlocked wallets, without being asked for.

use crate::{rpc::receive_for, service::Service};
use std::sync::Arc;
use tracing::warn;

/// Looks again and again, and at once when a wallet was unlocked or has another account, until the server closes.
pub(crate) async fn run(service: Arc<Service>) {
    let mut news = service.wallets.news();
    loop {
        news.mark_unchanged();
        let accounts = service.wallets.unlocked_accounts();
        // Nobody waits for these: the queue carries them out.
        if let Err(refusal) = receive_for(&service, &accounts).await {
            warn!("cannot look for what has arrived: {refusal}");
        }
        tokio::select! {
            () = tokio::time::sleep(service.config.receive_every) => {}
            _ = news.changed() => {}
            () = service.closing.cancelled() => return,
        }
    }
}
