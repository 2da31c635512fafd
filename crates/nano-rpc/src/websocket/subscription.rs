//! [`Subscription`]: events of a node from connections that replace each other, made by a [`SubscriptionBuilder`]. A task
//! keeps it up until its consumer is gone.

use super::{
    connection::{Connection, SubscribeError, Target},
    message::{Event, Topics},
};
use crate::{ConfigError, WebSocketUrl, backoff::Backoff, endpoint::Address};
use futures_util::{Stream, future::select};
use std::{
    convert::Infallible,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use tracing::{debug, warn};

/// Events that wait for a consumer before the connection is slowed down.
const QUEUE: usize = 512;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(15);
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A connection that held this long was a good one: the next is tried soon.
const GOOD: Duration = Duration::from_secs(5);

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
    #[must_use]
    pub fn start(url: &WebSocketUrl, topics: Topics) -> Self {
        Target {
            endpoint: url.endpoint().clone(),
            topics,
            connect_timeout: CONNECT_TIMEOUT,
            ping_every: PING_EVERY,
        }
        .subscribe(None)
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

/// Makes a [`Subscription`].
#[derive(Debug, Clone)]
pub struct SubscriptionBuilder {
    address: Address,
    topics: Topics,
    connect_timeout: Duration,
    ping_every: Duration,
}

impl SubscriptionBuilder {
    fn new(url: &str, topics: Topics) -> Self {
        Self {
            address: Address::new(url),
            topics,
            connect_timeout: CONNECT_TIMEOUT,
            ping_every: PING_EVERY,
        }
    }

    /// Sends a header when connecting, an API key for example. The value is never shown.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.address.add_header(name, value);
        self
    }

    /// Trusts a root certificate (X.509, DER) beside the public ones.
    #[must_use]
    pub fn root_certificate(mut self, der: &[u8]) -> Self {
        self.address.trust(der);
        self
    }

    /// How long connecting may take, and then subscribing; 10 s each by default.
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// After how long a silence to ping, and how long to wait for a sign of life then; 15 s each by default.
    #[must_use]
    pub const fn ping_every(mut self, silence: Duration) -> Self {
        self.ping_every = silence;
        self
    }

    /// Connects and subscribes. From then on events come, and the connection mends itself.
    ///
    /// # Errors
    /// The URL, a header or a certificate is malformed, or the first connection could not be made.
    pub async fn connect(self) -> Result<Subscription, SubscribeError> {
        let target = self.target()?;
        let connection = target.connect().await?;
        Ok(target.subscribe(Some(connection)))
    }

    /// Subscribes as soon as the node can be reached, however long that takes; [`Event::Reconnected`] tells when, and
    /// [`Event::Disconnected`] why it takes longer.
    ///
    /// Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// The URL, a header or a certificate is malformed.
    pub fn start(self) -> Result<Subscription, ConfigError> {
        Ok(self.target()?.subscribe(None))
    }

    fn target(self) -> Result<Target, ConfigError> {
        Ok(Target {
            endpoint: self.address.endpoint(["ws", "wss"])?,
            topics: self.topics,
            connect_timeout: self.connect_timeout,
            ping_every: self.ping_every,
        })
    }
}

impl Target {
    fn subscribe(self, first: Option<Connection>) -> Subscription {
        let (sender, events) = mpsc::channel(QUEUE);
        tokio::spawn(keep(self, first, sender));
        Subscription { events }
    }
}

/// The consumer is gone.
struct Gone;

/// Hands events on, and connects again and again, until the consumer is gone.
async fn keep(target: Target, first: Option<Connection>, events: mpsc::Sender<Event>) {
    // Whatever is under way, a long wait as well, ends with the consumer.
    select(pin!(events.closed()), pin!(keep_up(&target, first, &events))).await;
    debug!(url = target.endpoint.shown(), "subscription dropped");
}

async fn keep_up(
    target: &Target,
    first: Option<Connection>,
    events: &mpsc::Sender<Event>,
) -> Result<Infallible, Gone> {
    let mut waits = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    let mut connection = match first {
        Some(connection) => connection,
        None => reconnect(target, &mut waits, events, None).await?,
    };
    loop {
        let begun = Instant::now();
        let error = relay(connection, events).await?;
        let reason = interrupted(&error, events).await?;
        // A node that drops every connection at once is not asked ever more often.
        if begun.elapsed() >= GOOD {
            waits.reset();
        }
        sleep(waits.next()).await;
        connection = reconnect(target, &mut waits, events, Some(reason)).await?;
    }
}

/// Hands on what one connection brings, and gives what ended it.
async fn relay(
    mut connection: Connection,
    events: &mpsc::Sender<Event>,
) -> Result<SubscribeError, Gone> {
    loop {
        match connection.next().await {
            Ok(event) => tell(events, event).await?,
            Err(error) => return Ok(error),
        }
    }
}

/// Tries until there is a connection. `told` is what the consumer knows of why there is none.
async fn reconnect(
    target: &Target,
    waits: &mut Backoff,
    events: &mpsc::Sender<Event>,
    mut told: Option<String>,
) -> Result<Connection, Gone> {
    loop {
        match target.connect().await {
            Ok(connection) => {
                tell(events, Event::Reconnected).await?;
                return Ok(connection);
            }
            Err(error) if told.as_ref() == Some(&error.to_string()) => {
                debug!(%error, "no subscription yet");
            }
            Err(error) => told = Some(interrupted(&error, events).await?),
        }
        sleep(waits.next()).await;
    }
}

/// Tells why there is no subscription; gives the words.
async fn interrupted(error: &SubscribeError, events: &mpsc::Sender<Event>) -> Result<String, Gone> {
    warn!(%error, "no subscription");
    let reason = error.to_string();
    tell(events, Event::Disconnected { reason: reason.clone() }).await?;
    Ok(reason)
}

async fn tell(events: &mpsc::Sender<Event>, event: Event) -> Result<(), Gone> {
    events.send(event).await.map_err(|_| Gone)
}
