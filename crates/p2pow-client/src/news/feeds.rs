//! [`News`]: what the nodes' WebSockets tell of an account, as a hint that it is worth asking the nodes.

use crate::{Config, Event, event::Events};
use futures_util::{
    FutureExt,
    future::{BoxFuture, pending, select_all},
};
use nano_primitives::Account;
use nano_rpc::{
    WebSocketUrl,
    websocket::{self, SubscribeError, Subscription, Topics},
};

/// What the nodes' WebSockets tell of the account. Without one the nodes are polled, which is slower and no less sure.
pub(crate) struct News<'a> {
    events: &'a Events,
    feeds: Vec<Feed<'a>>,
}

/// One WebSocket.
struct Feed<'a> {
    url: &'a WebSocketUrl,
    topics: Topics,
    /// The first connection, whose failure is told.
    connecting: Option<BoxFuture<'a, Result<Subscription, SubscribeError>>>,
    subscription: Option<Subscription>,
    is_told: bool,
}

impl<'a> News<'a> {
    pub(crate) fn of(account: Account, config: &'a Config, events: &'a Events) -> Self {
        let topics = Topics::default().confirmations_of([account]);
        let feed = |url: &'a WebSocketUrl| Feed {
            url,
            topics: topics.clone(),
            connecting: Some(Subscription::connect(url.as_str(), topics.clone()).boxed()),
            subscription: None,
            is_told: false,
        };
        Self { events, feeds: config.websocket_urls.iter().map(feed).collect() }
    }

    /// Waits for news. Never comes back without a WebSocket; can be dropped and called again.
    pub(crate) async fn next(&mut self) {
        if self.feeds.is_empty() {
            return pending().await;
        }
        let events = self.events;
        select_all(self.feeds.iter_mut().map(|feed| feed.next(events).boxed())).await;
    }
}

impl Feed<'_> {
    async fn next(&mut self, events: &Events) {
        if let Some(connecting) = &mut self.connecting {
            let connected = connecting.await;
            self.connecting = None;
            match connected {
                Ok(subscription) => self.subscription = Some(subscription),
                Err(error) => self.start(&error, events),
            }
            return;
        }
        let Some(subscription) = &mut self.subscription else { return pending().await };
        match subscription.next().await {
            None => self.subscription = None,
            Some(websocket::Event::Disconnected { reason }) => self.tell(reason, events),
            Some(_) => {}
        }
    }

    /// After a first failure: as soon as the node can be reached, however long that takes.
    fn start(&mut self, first: &SubscribeError, events: &Events) {
        self.tell(first.to_string(), events);
        self.subscription = Some(Subscription::start(self.url, self.topics.clone()));
    }

    fn tell(&mut self, reason: String, events: &Events) {
        if !std::mem::replace(&mut self.is_told, true) {
            events.tell(|| Event::NotSubscribed { reason });
        }
    }
}
