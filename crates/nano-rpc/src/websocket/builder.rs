//! What can be said about a subscription.

use super::{SubscribeError, Subscription, Topics, connection::Target, keeper::keep};
use crate::{ConfigError, endpoint::Endpoint, tls};
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// Events that wait for a consumer before the connection is slowed down.
const QUEUE: usize = 512;

/// Makes a [`Subscription`].
#[derive(Clone)]
pub struct SubscriptionBuilder {
    url: String,
    topics: Topics,
    headers: Vec<(String, String)>,
    root_certificates: Vec<Vec<u8>>,
    connect_timeout: Duration,
    ping_every: Duration,
}

impl SubscriptionBuilder {
    pub(super) fn new(url: &str, topics: Topics) -> Self {
        Self {
            url: url.to_owned(),
            topics,
            headers: Vec::new(),
            root_certificates: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            ping_every: Duration::from_secs(15),
        }
    }

    /// Sends a header when connecting, an API key for example. The value is never shown.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Trusts a root certificate (X.509, DER) beside the public ones.
    #[must_use]
    pub fn root_certificate(mut self, der: &[u8]) -> Self {
        self.root_certificates.push(der.to_vec());
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
        let (sender, events) = mpsc::channel(QUEUE);
        tokio::spawn(keep(target, Some(connection), sender));
        Ok(Subscription { events })
    }

    /// Subscribes as soon as the node can be reached, however long that takes; [`Event::Reconnected`] tells when, and
    /// [`Event::Disconnected`] why it takes longer.
    ///
    /// Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// The URL, a header or a certificate is malformed.
    ///
    /// [`Event::Reconnected`]: super::Event::Reconnected
    /// [`Event::Disconnected`]: super::Event::Disconnected
    pub fn start(self) -> Result<Subscription, ConfigError> {
        let target = self.target()?;
        let (sender, events) = mpsc::channel(QUEUE);
        tokio::spawn(keep(target, None, sender));
        Ok(Subscription { events })
    }

    fn target(self) -> Result<Target, ConfigError> {
        let mut endpoint = Endpoint::parse(&self.url, ["ws", "wss"])?;
        for (name, value) in &self.headers {
            endpoint.add_header(name, value)?;
        }
        Ok(Target {
            endpoint,
            tls: Arc::new(tls::config(&self.root_certificates)?),
            topics: self.topics,
            connect_timeout: self.connect_timeout,
            ping_every: self.ping_every,
        })
    }
}

/// Without the URL and the values of the headers: they may be secrets.
impl fmt::Debug for SubscriptionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("SubscriptionBuilder")
            .field("topics", &self.topics)
            .field("headers", &headers)
            .field("connect_timeout", &self.connect_timeout)
            .field("ping_every", &self.ping_every)
            .finish_non_exhaustive()
    }
}
