//! [`News`]: what the node's WebSocket tells of an account, as a hint that it is worth asking the node.

use crate::{Config, Event, event::Events};
use futures_util::{
    FutureExt,
    future::{BoxFuture, pending},
};
use nano_primitives::Account;
use nano_rpc::websocket::{self, SubscribeError, Subscription, Topics};

/// What the node's WebSocket tells of the account. Without it the node is polled, which is slower and no less sure.
pub(crate) struct News<'a> {
    events: &'a Events,
    url: Option<&'a str>,
    topics: Topics,
    /// The first connection, whose failure is told.
    connecting: Option<BoxFuture<'a, Result<Subscription, SubscribeError>>>,
    subscription: Option<Subscription>,
    is_told: bool,
}

impl<'a> News<'a> {
    pub(crate) fn of(account: Account, config: &'a Config, events: &'a Events) -> Self {
        let (url, topics) =
            (config.websocket.as_deref(), Topics::default().confirmations_of([account]));
        let connecting = url.map(|url| Subscription::connect(url, topics.clone()).boxed());
        Self { events, url, topics, connecting, subscription: None, is_told: false }
    }

    /// Waits for news. Never comes back without a WebSocket; can be dropped and called again.
    pub(crate) async fn next(&mut self) {
        if let Some(connecting) = &mut self.connecting {
            let connected = connecting.await;
            self.connecting = None;
            match connected {
                Ok(subscription) => self.subscription = Some(subscription),
                Err(error) => self.start(&error),
            }
            return;
        }
        let Some(subscription) = &mut self.subscription else { return pending().await };
        match subscription.next().await {
            None => self.subscription = None,
            Some(websocket::Event::Disconnected { reason }) => self.tell(reason),
            Some(_) => {}
        }
    }

    /// After a first failure: as soon as the node can be reached, however long that takes.
    fn start(&mut self, first: &SubscribeError) {
        self.tell(first.to_string());
        self.subscription =
            self.url.and_then(|url| Subscription::start(url, self.topics.clone()).ok());
    }

    fn tell(&mut self, reason: String) {
        if !std::mem::replace(&mut self.is_told, true) {
            self.events.tell(|| Event::NotSubscribed { reason });
        }
    }
}
