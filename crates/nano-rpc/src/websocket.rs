//! Confirmations and new blocks as they happen, over a WebSocket that mends itself.
//!
//! A [`Subscription`] pings its node, notices a dead connection, connects again with growing waits and subscribes
//! again. What happened in between is lost, so each new connection begins with [`Event::Reconnected`], which comes after
//! the node has acknowledged the subscriptions: a consumer that then asks the node for what it waits for misses nothing.
//!
//! ```no_run
//! # async fn watch() -> Result<(), nano_rpc::websocket::SubscribeError> {
//! use nano_rpc::websocket::{Event, Subscription, Topics};
//!
//! let topics = Topics::default().confirmations().new_unconfirmed();
//! let mut events = Subscription::connect("ws://127.0.0.1:7078", topics).await?;
//! while let Some(event) = events.next().await {
//!     match event {
//!         Event::Confirmation { hash, .. } => println!("{hash} is confirmed"),
//!         Event::Reconnected => println!("ask the node what was missed"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod builder;
mod connection;
mod event;
mod keeper;
mod topics;

pub use builder::SubscriptionBuilder;
pub use event::{Event, read_event};
pub use topics::Topics;

use crate::ConfigError;
use futures_util::Stream;
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::mpsc;

/// A subscription that could not be made, or why one was lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The URL, a header or a certificate is malformed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no such server, or it does not speak WebSocket.
    #[error("cannot subscribe at {url}: {reason}")]
    Connect {
        /// The node, without credentials.
        url: String,
        /// The cause.
        reason: String,
    },
    /// The connection was not there in time.
    #[error("cannot subscribe at {url}: no answer within {after:?}")]
    TimedOut {
        /// The node, without credentials.
        url: String,
        /// The limit.
        after: Duration,
    },
    /// The connection broke.
    #[error("connection to {url} broke: {reason}")]
    Broken {
        /// The node, without credentials.
        url: String,
        /// The cause.
        reason: String,
    },
    /// The node was silent and did not answer a ping.
    #[error("connection to {url} is dead: no answer to a ping within {after:?}")]
    Dead {
        /// The node, without credentials.
        url: String,
        /// The limit.
        after: Duration,
    },
}

/// Events of a node. Dropping it closes the connection.
///
/// Events wait in a queue of some hundreds; a consumer that falls behind further slows the connection down, and loses
/// nothing that it is not told of by [`Event::Reconnected`].
#[derive(Debug)]
pub struct Subscription {
    events: mpsc::Receiver<Event>,
}

impl Subscription {
    /// Connects and subscribes. From then on events come, and the connection mends itself.
    ///
    /// # Errors
    /// The URL is not one of `ws` or `wss`, or the first connection could not be made.
    pub async fn connect(url: &str, topics: Topics) -> Result<Self, SubscribeError> {
        Self::builder(url, topics).connect().await
    }

    /// Subscribes as soon as the node can be reached, however long that takes. [`Event::Reconnected`] tells when, and
    /// [`Event::Disconnected`] why it takes longer.
    ///
    /// Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// The URL is not one of `ws` or `wss`.
    pub fn start(url: &str, topics: Topics) -> Result<Self, ConfigError> {
        Self::builder(url, topics).start()
    }

    /// A subscription with more to say about it.
    #[must_use]
    pub fn builder(url: &str, topics: Topics) -> SubscriptionBuilder {
        SubscriptionBuilder::new(url, topics)
    }

    /// The next event. `None` only if the runtime is shutting down.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

impl Stream for Subscription {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.events.poll_recv(context)
    }
}
