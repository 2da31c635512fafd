//! [`Service`]: what all doors share: the node behind, the wallets, the queue.

use crate::{
    Config, metrics::Metrics, refusal::Refusal, tasks::Tasks, wallets::Wallets, webhooks::Outbox,
};
use nano_block::Network;
use nano_http::CancellationToken;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use nano_rpc::{Client, Request, WebSocketUrl, answers};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// What an account has and can receive, confirmed or not.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Funds {
    pub(crate) balance: Amount,
    pub(crate) receivable: Amount,
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) config: Config,
    pub(crate) node: Client,
    /// What finds work that was asked for by itself, if not the node behind.
    pub(crate) work: Option<Pool>,
    pub(crate) network: Network,
    /// The node's WebSocket, which tells of what arrives.
    pub(crate) websocket: Option<WebSocketUrl>,
    pub(crate) wallets: Arc<Wallets>,
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) outbox: Outbox,
    pub(crate) closing: CancellationToken,
    /// The least that is received without being named: the configured one until a call sets another.
    pub(crate) receive_minimum: Mutex<Amount>,
}

impl Service {
    pub(crate) fn receive_minimum(&self) -> Amount {
        *self.receive_minimum.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_receive_minimum(&self, amount: Amount) {
        *self.receive_minimum.lock().unwrap_or_else(PoisonError::into_inner) = amount;
    }

    /// What accounts have and can receive, confirmed or not, as a node tells it of its own wallets.
    pub(crate) async fn balances(
        &self,
        accounts: &[Account],
        together: usize,
    ) -> Result<Vec<(Account, Funds)>, Refusal> {
        let mut all = Vec::with_capacity(accounts.len());
        for some in accounts.chunks(together) {
            let request = Request::new("accounts_balances")
                .list("accounts", some)
                .set("include_only_confirmed", false);
            let answer: Value = self.node.call(request).await?;
            let found = answers::accounts_balances(answer.to_string().as_bytes());
            let mut found = found.map_err(|_| Refusal::AccountNotFound)?;
            all.extend(some.iter().map(|account| {
                let held = found.remove(account).and_then(Result::ok);
                let funds =
                    held.map(|held| Funds { balance: held.balance, receivable: held.receivable });
                (*account, funds.unwrap_or_default())
            }));
        }
        Ok(all)
    }

    /// The greatest index whose account has a block or something to receive.
    pub(crate) async fn last_used(
        &self,
        accounts: &[(u32, Account)],
    ) -> Result<Option<u32>, Refusal> {
        let names: Vec<Account> = accounts.iter().map(|(_, account)| *account).collect();
        let frontiers = self.node.accounts_frontiers(&names).await?;
        let balances = self.balances(&names, names.len().max(1)).await?;
        let is_used = |account: &Account| {
            let is_opened = frontiers.get(account).is_some_and(Result::is_ok);
            let holds = balances.iter().any(|(name, held)| {
                name == account && !(held.balance.is_zero() && held.receivable.is_zero())
            });
            is_opened || holds
        };
        let used = accounts.iter().filter(|(_, account)| is_used(account));
        Ok(used.map(|(index, _)| *index).max())
    }
}
