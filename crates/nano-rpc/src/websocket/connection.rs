//! [`Connection`]: one connection whose subscriptions are acknowledged, from its first byte to its end; [`Target`]:
//! where to connect and what to ask for.

use super::message::{Event, Incoming, Topics};
use crate::{ConfigError, Reason, endpoint::Endpoint, tls};
use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        Error, Message, client::IntoClientRequest, handshake::client::Request,
        protocol::WebSocketConfig,
    },
};
use tracing::warn;

/// The largest message that is read, in bytes. Those that are asked for have a few thousand.
const MAX_MESSAGE: usize = 1 << 20;

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
        #[source]
        reason: Reason,
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
        #[source]
        reason: Reason,
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

/// Where to connect and what to ask for there.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    pub(super) topics: Topics,
    pub(super) connect_timeout: Duration,
    pub(super) ping_every: Duration,
}

impl Target {
    /// Connects and subscribes.
    pub(super) fn connect(&self) -> BoxFuture<'_, Result<Connection, SubscribeError>> {
        Box::pin(self.connect_once())
    }

    async fn connect_once(&self) -> Result<Connection, SubscribeError> {
        let mut connection = Connection {
            socket: self.within(self.connect_timeout, self.open()).await?,
            target: self.clone(),
        };
        self.within(self.connect_timeout, connection.subscribe()).await?;
        Ok(connection)
    }

    async fn within<T>(
        &self,
        after: Duration,
        work: impl Future<Output = Result<T, SubscribeError>>,
    ) -> Result<T, SubscribeError> {
        let late = |_| SubscribeError::TimedOut { url: self.url(), after };
        timeout(after, work).await.map_err(late)?
    }

    async fn open(&self) -> Result<Socket, SubscribeError> {
        let secure = self.endpoint.uri().scheme_str() == Some("wss");
        let address = self.endpoint.host_and_port(if secure { 443 } else { 80 });
        let tcp = TcpStream::connect(address).await.map_err(|error| self.refused(error.into()))?;
        // Subscriptions and pings are small, and each is waited for.
        tcp.set_nodelay(true).map_err(|error| self.refused(error.into()))?;
        let request = self.handshake().map_err(|error| self.refused(error))?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let opened = self.endpoint.tls().websocket(request, tcp, config).await;
        opened.map_err(|error| self.refused(error))
    }

    fn handshake(&self) -> Result<Request, Error> {
        let mut request = self.endpoint.uri().into_client_request()?;
        request.headers_mut().extend(self.endpoint.headers().clone());
        Ok(request)
    }

    fn url(&self) -> String {
        self.endpoint.shown().to_owned()
    }

    fn refused(&self, error: Error) -> SubscribeError {
        SubscribeError::Connect { url: self.url(), reason: reason(error) }
    }

    fn broken(&self, error: Error) -> SubscribeError {
        SubscribeError::Broken { url: self.url(), reason: reason(error) }
    }
}

fn reason(error: Error) -> Reason {
    match (tls::problem(&error), error) {
        (Some(words), error) => Reason::said(&words, error),
        (None, Error::Io(error)) => Reason::of(error),
        (None, error) => Reason::said(&error.to_string(), error),
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection whose subscriptions are active.
pub(super) struct Connection {
    socket: Socket,
    target: Target,
}

impl Connection {
    /// The next event, or why there will be none.
    pub(super) async fn next(&mut self) -> Result<Event, SubscribeError> {
        loop {
            if let Incoming::Event(event) = self.receive().await? {
                return Ok(*event);
            }
        }
    }

    /// Subscribes to every topic and waits until the node has acknowledged all. Events before that are as good as
    /// events before the connection: the consumer asks for them after it.
    async fn subscribe(&mut self) -> Result<(), SubscribeError> {
        let (mut waiting, requests): (Vec<_>, Vec<_>) =
            self.target.topics.requests().into_iter().unzip();
        // All at once, then all acknowledgements: one round trip, in whatever order they come.
        for request in requests {
            self.send(Message::text(request.to_string())).await?;
        }
        while !waiting.is_empty() {
            if let Incoming::Subscribed(id) = self.receive().await? {
                waiting.retain(|topic| *topic != id);
            }
        }
        Ok(())
    }

    /// The next message. Pings after a silence, and gives up if it goes on.
    async fn receive(&mut self) -> Result<Incoming, SubscribeError> {
        let mut pinged = false;
        loop {
            match timeout(self.target.ping_every, self.socket.next()).await {
                Ok(Some(Ok(message))) => {
                    // Any frame is a sign of life, also one that is not understood.
                    pinged = false;
                    if let Some(incoming) = understand(&message) {
                        return Ok(incoming);
                    }
                }
                Ok(Some(Err(error))) => return Err(self.target.broken(error)),
                Ok(None) => return Err(self.target.broken(Error::ConnectionClosed)),
                Err(_) if pinged => return Err(self.dead()),
                Err(_) => {
                    self.ping().await?;
                    pinged = true;
                }
            }
        }
    }

    /// Pings in two ways: any server answers the WebSocket's own ping, and only the node behind it the other.
    async fn ping(&mut self) -> Result<(), SubscribeError> {
        self.send(Message::text(r#"{"action":"ping"}"#)).await?;
        self.send(Message::Ping(Vec::new().into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), SubscribeError> {
        match timeout(self.target.ping_every, self.socket.send(message)).await {
            Ok(sent) => sent.map_err(|error| self.target.broken(error)),
            Err(_) => Err(self.dead()),
        }
    }

    fn dead(&self) -> SubscribeError {
        SubscribeError::Dead { url: self.target.url(), after: self.target.ping_every }
    }
}

/// What a frame says; `None` for a control frame or nonsense, which is no reason to lose what follows.
fn understand(message: &Message) -> Option<Incoming> {
    match message {
        Message::Text(text) => read(text.as_bytes()),
        Message::Binary(bytes) => read(bytes),
        _ => None,
    }
}

fn read(message: &[u8]) -> Option<Incoming> {
    Incoming::read(message).inspect_err(|error| warn!(%error, "unreadable message")).ok()
}
