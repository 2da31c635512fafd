//! [`Node`]: the questions a worker has for its node.

use nano_block::{Epoch, SignedState, Subtype};
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::{ActiveDifficulty, Client, ReceivableQuery, RpcError};
use p2pow_protocol::{LedgerView, Receivable};
use std::{collections::BTreeMap, time::Duration};

/// How long the node may take for what is asked again and again anyway.
const POLL_WITHIN: Duration = Duration::from_secs(2);

/// The worker's node.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    client: Client,
    /// For what is asked again and again anyway: no second try, and a short wait.
    poller: Client,
}

/// An account, and whether what is said of it can still be undone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) view: LedgerView,
    pub(crate) is_confirmed: bool,
}

/// What is known of a published block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Confirmed,
    Unconfirmed,
    Unknown,
}

impl Node {
    pub(crate) fn new(client: Client) -> Self {
        let poller = client.with_retries(0).with_timeout(POLL_WITHIN);
        Self { client, poller }
    }

    /// The account's frontier and balance; `trusted` asks for the confirmed balance where the frontier is not confirmed.
    pub(crate) async fn standing(
        &self,
        account: &Account,
        trusted: bool,
    ) -> Result<Standing, RpcError> {
        let Some(info) = self.client.account_info(account).await? else {
            let view = LedgerView { epoch: Some(Epoch::Epoch0), ..LedgerView::default() };
            return Ok(Standing { view, is_confirmed: true });
        };
        let is_confirmed = info.is_confirmed();
        let confirmed = || info.confirmed_balance.unwrap_or(Amount::ZERO);
        let view = LedgerView {
            frontier: Some(info.frontier),
            balance: info.balance,
            epoch: Epoch::from_number(info.account_version),
            confirmed_balance: (trusted && !is_confirmed).then(confirmed),
        };
        Ok(Standing { view, is_confirmed })
    }

    /// Which of these confirmed sends the account can receive. Sends of less than `least` are not looked at.
    pub(crate) async fn receivables(
        &self,
        account: &Account,
        sources: &[BlockHash],
        least: Amount,
    ) -> Result<BTreeMap<BlockHash, Receivable>, RpcError> {
        if sources.is_empty() {
            return Ok(BTreeMap::new());
        }
        let query = ReceivableQuery { threshold: Some(least), ..ReceivableQuery::default() };
        let found = self.client.receivable(account, &query).await?;
        let wanted = found.into_iter().filter(|entry| sources.contains(&entry.hash));
        Ok(wanted.map(|entry| (entry.hash, receivable(&entry))).collect())
    }

    /// The account's last block, confirmed or not; zero if it has none.
    pub(crate) async fn frontier(&self, account: &Account) -> Result<BlockHash, RpcError> {
        let frontiers = self.poller.accounts_frontiers(&[*account]).await?;
        let frontier = frontiers.get(account).and_then(|found| found.as_ref().ok());
        Ok(frontier.copied().unwrap_or(BlockHash::ZERO))
    }

    /// What has become of a block.
    pub(crate) async fn fate(&self, hash: &BlockHash) -> Result<Fate, RpcError> {
        Ok(match self.poller.block_info(hash).await? {
            Some(info) if info.confirmed => Fate::Confirmed,
            Some(_) => Fate::Unconfirmed,
            None => Fate::Unknown,
        })
    }

    /// Publishes a block; the node's answer is checked to be about this block.
    pub(crate) async fn publish(
        &self,
        block: &SignedState,
        subtype: Subtype,
    ) -> Result<(), RpcError> {
        self.client.process(&(*block).into(), Some(subtype)).await.map(drop)
    }

    pub(crate) async fn active_difficulty(&self) -> Result<ActiveDifficulty, RpcError> {
        self.poller.active_difficulty().await
    }
}

fn receivable(entry: &nano_rpc::Receivable) -> Receivable {
    let epoch = entry.min_version.and_then(Epoch::from_number);
    Receivable { amount: entry.amount, epoch }
}
