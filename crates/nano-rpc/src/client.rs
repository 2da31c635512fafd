//! [`Client`]: a client of one node; [`ClientBuilder`] makes it. Its calls are in `calls`.

use crate::{
    AnswerError, ConfigError, Request, RpcError, answers, backoff::Backoff, endpoint::Address,
    transport::Transport,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::{
    borrow::Cow,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tracing::debug;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A client of one node. Cheap to clone; clones share their connections.
///
/// A call that fails by the network, a time-out, a 5xx status or a rate limit is tried again after a wait, unless that
/// could do harm. Every action that the crate knows has a method; [`call`](Self::call) is for the others.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Arc<Transport>,
    timeout: Duration,
    retries: u32,
    /// Whether the node was last seen to read difficulties as decimal numbers. Clones share it.
    pub(crate) reads_decimal: Arc<AtomicBool>,
}

/// The answer to a call and how often it was sent.
pub(crate) struct Reply {
    pub(crate) body: Result<Bytes, RpcError>,
    pub(crate) tries: u32,
}

impl Client {
    /// A client of the node whose RPC is at `url`, with the defaults of [`ClientBuilder`].
    ///
    /// # Errors
    /// The URL is not one of `http` or `https`.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        Self::builder(url).build()
    }

    /// A client with more to say about it.
    #[must_use]
    pub fn builder(url: &str) -> ClientBuilder {
        ClientBuilder::new(url)
    }

    /// The same client with another time-out of one try.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// The same client with another number of tries after the first.
    #[must_use]
    pub fn with_retries(&self, retries: u32) -> Self {
        Self { retries, ..self.clone() }
    }

    /// Scheme, host and port of the node: what may be shown of its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        self.transport.endpoint().shown()
    }

    /// Asks anything, and gives the answer as it is.
    ///
    /// # Errors
    /// The call failed, the node refused, or its answer is not JSON.
    pub async fn call(&self, request: Request) -> Result<Value, RpcError> {
        self.ask(request, answers::body).await
    }

    /// Sends a request that somebody else wrote, once, and gives the answer as it came: for what stands between a node
    /// and its clients.
    ///
    /// # Errors
    /// The call failed, or the node answered with a status that is no success.
    pub async fn pass_on(&self, request: Bytes) -> Result<Bytes, RpcError> {
        self.transport.post(Cow::Borrowed("request"), request, self.timeout).await
    }

    /// Asks, and reads the answer.
    pub(crate) async fn ask<T>(
        &self,
        request: Request,
        read: fn(&[u8]) -> Result<T, AnswerError>,
    ) -> Result<T, RpcError> {
        let body = self.exchange(&request).await.body?;
        read(&body).map_err(|error| RpcError::answer(request.action_name().clone(), error))
    }

    /// Sends a call until it is answered or not worth another try.
    ///
    /// Behind a pointer: without it every crate that asks a node would have all of HTTP compiled into itself.
    pub(crate) fn exchange<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Reply> {
        Box::pin(self.try_again(request))
    }

    async fn try_again(&self, request: &Request) -> Reply {
        let body = request.to_body();
        let mut waits = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut tries = 1;
        loop {
            let result = self
                .transport
                .post(request.action_name().clone(), body.clone(), self.timeout)
                .await;
            let wait = match &result {
                Err(error) if tries <= self.retries => next_wait(request, error, &mut waits),
                _ => None,
            };
            let Some(wait) = wait else { return Reply { body: result, tries } };
            debug!(action = request.action(), tries, ?wait, "trying again");
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }
}

/// How long to wait before sending a failed call again; `None` if it is not to be sent again, or the server asks for
/// a longer wait than a caller would put up with.
fn next_wait(request: &Request, error: &RpcError, waits: &mut Backoff) -> Option<Duration> {
    // What a node would do twice goes again only if it certainly was not done once.
    let worth_it = error.is_retryable() && (error.is_unsent() || !request.is_once());
    // A server that asks for more than our longest wait would hold the caller up: the error is told instead.
    let wait = waits.next().max(error.retry_after().unwrap_or_default());
    (worth_it && wait <= LONGEST_WAIT).then_some(wait)
}

/// Makes a [`Client`].
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    address: Address,
    timeout: Duration,
    retries: u32,
    max_answer: usize,
}

impl ClientBuilder {
    fn new(url: &str) -> Self {
        Self {
            address: Address::new(url),
            timeout: Duration::from_secs(10),
            retries: 2,
            max_answer: 32 << 20,
        }
    }

    /// Sends a header with every call, an API key for example. The value is never shown.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.address.add_header(name, value);
        self
    }

    /// Trusts a root certificate (X.509, DER) beside the public ones: for a node behind one's own authority.
    #[must_use]
    pub fn root_certificate(mut self, der: &[u8]) -> Self {
        self.address.trust(der);
        self
    }

    /// How long one try of a call may take; 10 s by default.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often a call is tried again; 2 by default.
    #[must_use]
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The largest answer that is read, in bytes; 32 MiB by default, the nodes' own limit of a request.
    #[must_use]
    pub const fn max_answer(mut self, bytes: usize) -> Self {
        self.max_answer = bytes;
        self
    }

    /// Makes the client. Connects to nothing yet.
    ///
    /// # Errors
    /// The URL is not one of `http` or `https`, or a header or certificate is malformed.
    pub fn build(self) -> Result<Client, ConfigError> {
        let endpoint = self.address.endpoint(["http", "https"])?;
        let transport = Arc::new(Transport::new(endpoint, self.max_answer));
        let (timeout, retries) = (self.timeout, self.retries);
        Ok(Client { transport, timeout, retries, reads_decimal: Arc::default() })
    }
}
