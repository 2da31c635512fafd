//! [`Node`]: the questions a worker has for its nodes, and the blocks it hands to them.
//!
//! With several nodes a block goes to all of them at once, questions go to the first that answers, and what is said of
//! a block or a frontier holds if more than half of the nodes say so: one that lags, lies or is away neither stops the
//! worker nor makes it believe, and what one says while the others are away for a moment holds neither. A node that has
//! been away for long does not count.

use super::{
    coalesced::Coalesced,
    health::{Health, NodeStatus, WebSocketStatus},
};
use futures_util::future::{BoxFuture, FutureExt, join_all};
use nano_block::{Epoch, Network, SignedState, Subtype};
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::{ActiveDifficulty, Client, ReceivableQuery, RpcError};
use p2pow_protocol::{LedgerView, Receivable};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How long the node may take for what is asked again and again anyway.
const POLL_WITHIN: Duration = Duration::from_secs(2);
/// How long a node may take for a block, before it is handed to it again.
const PUBLISH_WITHIN: Duration = Duration::from_secs(5);
/// How often each node is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The worker's nodes, at least one.
#[derive(Debug, Clone)]
pub(crate) struct Node(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clients: Vec<Calls>,
    /// The node that answered last.
    first: AtomicUsize,
    standings: Coalesced<Account, Result<Standing, RpcError>>,
}

/// One node.
#[derive(Debug)]
struct Calls {
    client: Client,
    /// For what is asked again and again anyway: no second try, and a short wait.
    poller: Client,
    /// For blocks: handed on again by whoever publishes.
    publisher: Client,
    health: Health,
}

/// An account, and whether what is said of it can still be undone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) view: LedgerView,
    pub(crate) is_confirmed: bool,
    /// How many blocks it has.
    pub(crate) blocks: u64,
}

/// What is known of a published block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Unknown,
    /// It is there, but not for good; of several nodes also that they do not agree.
    Unconfirmed,
    Confirmed,
}

/// How one node took some blocks in their order.
#[derive(Debug)]
pub(crate) struct Taken {
    /// How many it took.
    pub(crate) blocks: usize,
    /// Why it took no more.
    pub(crate) error: Option<RpcError>,
    /// When it had said so.
    pub(crate) at: Instant,
}

impl Node {
    /// These nodes, the one to ask first in front.
    pub(crate) fn new(clients: Vec<Client>) -> Self {
        let calls = |client: Client| Calls {
            poller: client.with_retries(0).with_timeout(POLL_WITHIN),
            publisher: client.with_retries(0).with_timeout(PUBLISH_WITHIN),
            client,
            health: Health::default(),
        };
        let clients = clients.into_iter().map(calls).collect();
        Self(Arc::new(Shared {
            clients,
            first: AtomicUsize::new(0),
            standings: Coalesced::default(),
        }))
    }

    /// The account's frontier and balance, as they were at `since` or later. `trusted` asks for the confirmed
    /// balance where the frontier is not confirmed.
    pub(crate) async fn standing(
        &self,
        account: &Account,
        trusted: bool,
        since: Instant,
    ) -> Result<Standing, RpcError> {
        let account = *account;
        let ask = self.first(|calls| calls.standing(account).boxed());
        let mut standing = self.0.standings.get(account, since, ask).await?;
        if !trusted {
            standing.view.confirmed_balance = None;
        }
        Ok(standing)
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
        let ask = self.first(|calls| calls.receivable(*account, query).boxed());
        let wanted = ask.await?.into_iter().filter(|entry| sources.contains(&entry.hash));
        Ok(wanted.map(|entry| (entry.hash, receivable(&entry))).collect())
    }

    /// The account's last block, confirmed or not, by each node that answers; zero if it has none.
    ///
    /// # Errors
    /// No node answers.
    pub(crate) async fn frontiers(&self, account: &Account) -> Result<Vec<BlockHash>, RpcError> {
        let asked = self.0.clients.iter().map(|calls| calls.frontier(account));
        answered(join_all(asked).await)
    }

    /// The account's last confirmed block, and how many blocks there are up to it, by each node that answers; zero if
    /// there is none.
    ///
    /// # Errors
    /// No node answers.
    pub(crate) async fn confirmed(
        &self,
        account: &Account,
    ) -> Result<Vec<(u64, BlockHash)>, RpcError> {
        let asked = self.0.clients.iter().map(|calls| calls.confirmed(account));
        answered(join_all(asked).await)
    }

    /// What has become of a block.
    ///
    /// # Errors
    /// No node answers.
    pub(crate) async fn fate(&self, hash: &BlockHash) -> Result<Fate, RpcError> {
        let fates = self.fates(hash).await?;
        Ok(self.agreed(&fates).copied().unwrap_or(Fate::Unconfirmed))
    }

    /// What more than half of the nodes have answered, those too that did not answer now, but those that do not count.
    pub(crate) fn agreed<'a, T: PartialEq>(&self, answers: &'a [T]) -> Option<&'a T> {
        let nodes = self.0.clients.iter().filter(|calls| calls.health.counts()).count();
        let says = |answer: &T| answers.iter().filter(|other| *other == answer).count();
        answers.iter().find(|answer| 2 * says(answer) > nodes)
    }

    /// Whether any node has a block on its ledger.
    pub(crate) async fn is_seen(&self, hash: &BlockHash) -> bool {
        let fates = self.fates(hash).await.unwrap_or_default();
        fates.iter().any(|fate| *fate != Fate::Unknown)
    }

    async fn fates(&self, hash: &BlockHash) -> Result<Vec<Fate>, RpcError> {
        answered(join_all(self.0.clients.iter().map(|calls| calls.fate(hash))).await)
    }

    /// Hands blocks to every node at once, to each in their order, until it takes one not.
    pub(crate) async fn publish(&self, blocks: &[(SignedState, Subtype)]) -> Vec<Taken> {
        join_all(self.0.clients.iter().map(|calls| calls.publish(blocks))).await
    }

    /// How many nodes there are.
    pub(crate) fn count(&self) -> usize {
        self.0.clients.len()
    }

    pub(crate) async fn active_difficulty(&self) -> Result<ActiveDifficulty, RpcError> {
        self.first(|calls| calls.poller.active_difficulty().boxed()).await
    }

    /// Looks at every node now and then, for ever.
    pub(crate) async fn keep_looking(&self, wanted: Network) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let clients = self.0.clients.iter();
            join_all(clients.map(|calls| calls.health.look(&calls.poller, wanted))).await;
        }
    }

    /// How each node does. The WebSockets are in the order of the nodes.
    pub(crate) fn statuses(&self, websockets: Vec<WebSocketStatus>) -> Vec<NodeStatus> {
        let clients = &self.0.clients;
        let furthest = clients.iter().filter_map(|calls| calls.health.confirmed()).max();
        let mut websockets = websockets.into_iter();
        let status = |calls: &Calls| {
            let websocket = websockets.next().unwrap_or_default();
            calls.health.status(calls.client.url(), furthest.unwrap_or(0), websocket)
        };
        clients.iter().map(status).collect()
    }

    /// Asks the nodes one after the other until one answers, beginning with the one that answered last.
    async fn first<T>(
        &self,
        ask: impl for<'a> Fn(&'a Calls) -> BoxFuture<'a, Result<T, RpcError>>,
    ) -> Result<T, RpcError> {
        let (count, first) = (self.count(), self.0.first.load(Ordering::Relaxed));
        let mut turn = 0;
        loop {
            let index = (first + turn) % count;
            let calls = &self.0.clients[index];
            let answer = calls.heard(ask(calls)).await;
            turn += 1;
            match answer {
                Err(error) if error.node_text().is_none() && turn < count => {}
                answer => {
                    if answer.is_ok() {
                        self.0.first.store(index, Ordering::Relaxed);
                    }
                    return answer;
                }
            }
        }
    }
}

impl Calls {
    /// The result of a call, from which is learned how the node does.
    async fn heard<T>(
        &self,
        call: impl Future<Output = Result<T, RpcError>>,
    ) -> Result<T, RpcError> {
        let result = call.await;
        self.health.hear(&result);
        result
    }

    async fn receivable(
        &self,
        account: Account,
        query: ReceivableQuery,
    ) -> Result<Vec<nano_rpc::Receivable>, RpcError> {
        self.client.receivable(&account, &query).await
    }

    async fn standing(&self, account: Account) -> Result<Standing, RpcError> {
        let Some(info) = self.client.account_info(&account).await? else {
            let view = LedgerView { epoch: Some(Epoch::Epoch0), ..LedgerView::default() };
            return Ok(Standing { view, is_confirmed: true, blocks: 0 });
        };
        let is_confirmed = info.is_confirmed();
        let confirmed = || info.confirmed_balance.unwrap_or(Amount::ZERO);
        let view = LedgerView {
            frontier: Some(info.frontier),
            balance: info.balance,
            epoch: info.account_version,
            confirmed_balance: (!is_confirmed).then(confirmed),
        };
        Ok(Standing { view, is_confirmed, blocks: info.block_count })
    }

    async fn confirmed(&self, account: &Account) -> Result<(u64, BlockHash), RpcError> {
        let info = self.heard(self.poller.account_info(account)).await?;
        let confirmed =
            info.and_then(|info| Some((info.confirmed_height?, info.confirmed_frontier?)));
        Ok(confirmed.unwrap_or((0, BlockHash::ZERO)))
    }

    async fn frontier(&self, account: &Account) -> Result<BlockHash, RpcError> {
        let frontiers = self.heard(self.poller.accounts_frontiers(&[*account])).await?;
        let frontier = frontiers.get(account).and_then(|found| found.as_ref().ok());
        Ok(frontier.copied().unwrap_or(BlockHash::ZERO))
    }

    async fn fate(&self, hash: &BlockHash) -> Result<Fate, RpcError> {
        Ok(match self.heard(self.poller.block_info(hash)).await? {
            Some(info) if info.confirmed => Fate::Confirmed,
            Some(_) => Fate::Unconfirmed,
            None => Fate::Unknown,
        })
    }

    async fn publish(&self, blocks: &[(SignedState, Subtype)]) -> Taken {
        for (place, (block, subtype)) in blocks.iter().enumerate() {
            let block = (*block).into();
            let handed = self.heard(self.publisher.process(&block, Some(*subtype))).await;
            if let Err(error) = handed {
                return Taken { blocks: place, error: Some(error), at: Instant::now() };
            }
        }
        Taken { blocks: blocks.len(), error: None, at: Instant::now() }
    }
}

/// What those said that answered.
fn answered<T>(results: Vec<Result<T, RpcError>>) -> Result<Vec<T>, RpcError> {
    let (mut answers, mut last) = (Vec::with_capacity(results.len()), None);
    for result in results {
        match result {
            Ok(answer) => answers.push(answer),
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) if answers.is_empty() => Err(error),
        _ => Ok(answers),
    }
}

fn receivable(entry: &nano_rpc::Receivable) -> Receivable {
    let epoch = entry.min_version;
    Receivable { amount: entry.amount, epoch }
}
