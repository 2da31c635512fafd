//! What the sender's own node says of a deal: nothing else counts as success.

use crate::{Config, Event, deal::Deal, event::Events};
use nano_primitives::{Account, BlockHash};
use nano_rpc::{
    Client, RpcError,
    websocket::{Subscription, Topics},
};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How far a deal has come, by the sender's own node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The last user block is not confirmed.
    Open,
    /// It is; no reward is.
    UserConfirmed,
    /// The reward of the worker at this place is confirmed too.
    Rewarded(usize),
    /// The account has gone on with another block, so the deal can never happen.
    Superseded(BlockHash),
}

/// Looks at the ledger now and then, and at once when the node's WebSocket tells of the account.
pub(crate) struct Watch<'a> {
    node: &'a Client,
    deal: &'a Deal,
    events: &'a Events,
    poll: Interval,
    news: Option<Subscription>,
    is_user_confirmed: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        node: &'a Client,
        deal: &'a Deal,
        config: &Config,
        events: &'a Events,
    ) -> Self {
        let news = config.websocket.as_deref().and_then(|url| subscribe(url, deal.account()));
        let mut poll = interval(config.patience.poll);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { node, deal, events, poll, news, is_user_confirmed: false }
    }

    /// Waits until it is worth looking again. Can be dropped and called again.
    pub(crate) async fn news(&mut self) {
        match &mut self.news {
            Some(news) => tokio::select! {
                event = news.next() => if event.is_none() { self.news = None },
                _ = self.poll.tick() => {}
            },
            None => {
                self.poll.tick().await;
            }
        }
    }

    /// Asks the node.
    pub(crate) async fn look(&mut self) -> Result<Standing, RpcError> {
        if !self.is_user_confirmed {
            let hash = self.deal.last();
            match self.node.block_info(&hash).await? {
                None => return self.superseded().await,
                Some(info) if !info.confirmed => return Ok(Standing::Open),
                Some(_) => self.events.tell(|| Event::UserConfirmed { hash }),
            }
            self.is_user_confirmed = true;
        }
        self.rewarded().await
    }

    async fn rewarded(&self) -> Result<Standing, RpcError> {
        for (place, contract) in self.deal.contracts.iter().enumerate() {
            let hash = contract.request.reward().hash();
            if self.node.block_info(&hash).await?.is_some_and(|info| info.confirmed) {
                let address = contract.hire.candidate.worker.address;
                self.events.tell(|| Event::RewardConfirmed { hash, address });
                return Ok(Standing::Rewarded(place));
            }
        }
        Ok(Standing::UserConfirmed)
    }

    /// Whether a confirmed block that is not of this deal stands where its first block should.
    async fn superseded(&self) -> Result<Standing, RpcError> {
        let info = self.node.account_info(&self.deal.account()).await?;
        let frontier = info.and_then(|info| info.confirmed_frontier);
        let known = |hash: &BlockHash| *hash == self.deal.previous() || self.deal.has(hash);
        Ok(match frontier.filter(|hash| !hash.is_zero() && !known(hash)) {
            Some(other) => Standing::Superseded(other),
            None => Standing::Open,
        })
    }
}

/// Without its WebSocket the node is polled, which is slower and no less sure.
fn subscribe(url: &str, account: Account) -> Option<Subscription> {
    let topics = Topics::default().confirmations_of([account]);
    Subscription::start(url, topics)
        .inspect_err(|error| tracing::warn!(%error, "polling in place of the WebSocket"))
        .ok()
}
