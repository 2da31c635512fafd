//! [`Pulses`]: when to look at an account again: as soon as the node's WebSocket tells of it, and now and then anyway.
//!
//! What happened is always read from the ledger; an event only says that a look is worth it. So nothing depends on an
//! event arriving, and an event that comes twice does no harm.

use super::health::WebSocketStatus;
use nano_block::SignedState;
use nano_primitives::Account;
use nano_rpc::{
    WebSocketUrl,
    websocket::{Event, Subscription, Topics},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::timeout,
};
use tracing::{info, warn};

/// How many events a follower may fall behind; it then looks at once.
const EVENTS: usize = 256;
/// How much more rarely is asked what the WebSocket would tell.
const PATIENCE: u32 = 20;

/// The source of pulses. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Pulses {
    events: broadcast::Sender<Whom>,
    /// Of each that is listened to, in their order.
    websockets: Arc<Mutex<Vec<WebSocketStatus>>>,
    poll: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whom {
    One(Account),
    All,
}

/// The pulses of one account.
#[derive(Debug)]
pub(crate) struct Pulse {
    account: Account,
    events: broadcast::Receiver<Whom>,
    pulses: Pulses,
}

impl Pulses {
    /// Pulses every `poll`, or rarer while a WebSocket tells.
    pub(crate) fn new(poll: Duration) -> Self {
        let events = broadcast::Sender::new(EVENTS);
        Self { events, websockets: Arc::default(), poll }
    }

    pub(crate) fn of(&self, account: Account) -> Pulse {
        Pulse { account, events: self.events.subscribe(), pulses: self.clone() }
    }

    /// Listens to a node for ever, beside others that are listened to.
    pub(crate) fn listen(&self, url: &WebSocketUrl) -> impl Future<Output = ()> + use<> {
        let topics = Topics::default().confirmations().new_unconfirmed();
        let mut subscription = Subscription::start(url, topics);
        let place = {
            let mut websockets = self.websockets();
            websockets.push(WebSocketStatus::Silent("it is not connected yet".to_owned()));
            websockets.len() - 1
        };
        let (pulses, url) = (self.clone(), url.clone());
        async move {
            while let Some(event) = subscription.next().await {
                if let Some(status) = status(&event, &url) {
                    pulses.websockets()[place] = status;
                }
                pulses.hear(event);
            }
        }
    }

    fn hear(&self, event: Event) {
        let whom = match event {
            Event::Confirmation { account, .. } => Whom::One(account),
            Event::NewUnconfirmed { block, .. } => match SignedState::try_from(block) {
                Ok(state) => Whom::One(state.block.account),
                Err(_) => return, // legacy blocks are history
            },
            Event::Reconnected | Event::Disconnected { .. } => Whom::All,
            _ => return,
        };
        // Nobody has to follow.
        let _ = self.events.send(whom);
    }

    fn wait(&self) -> Duration {
        let is_live = self.websockets().contains(&WebSocketStatus::Live);
        if is_live { self.poll * PATIENCE } else { self.poll }
    }

    /// Which WebSockets tell of new blocks, in the order in which they are listened to.
    pub(crate) fn statuses(&self) -> Vec<WebSocketStatus> {
        self.websockets().clone()
    }

    fn websockets(&self) -> MutexGuard<'_, Vec<WebSocketStatus>> {
        self.websockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an event says of the WebSocket itself.
fn status(event: &Event, url: &WebSocketUrl) -> Option<WebSocketStatus> {
    match event {
        Event::Reconnected => {
            info!(%url, "the node's WebSocket tells of new blocks");
            Some(WebSocketStatus::Live)
        }
        Event::Disconnected { reason } => {
            warn!(%url, reason, "the node's WebSocket is silent");
            Some(WebSocketStatus::Silent(reason.clone()))
        }
        _ => None,
    }
}

impl Pulse {
    /// Waits until a look is worth it.
    pub(crate) async fn next(&mut self) {
        self.next_within(Duration::ZERO).await;
    }

    /// As [`next`](Self::next), but without an event not before `least`.
    pub(crate) async fn next_within(&mut self, least: Duration) {
        let wait = self.pulses.wait().max(least);
        // Time running out is a pulse too.
        let _ = timeout(wait, self.heard()).await;
    }

    async fn heard(&mut self) {
        loop {
            match self.events.recv().await {
                Ok(Whom::One(account)) if account != self.account => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
