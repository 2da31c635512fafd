//! [`HttpConfig`]: where a server listens, whom it believes, and what its clients may take up.

use crate::{Rate, Sockets};
use axum::http::{
    HeaderName, Method,
    header::{LOCATION, RETRY_AFTER},
};
use ipnet::IpNet;
use std::{net::SocketAddr, time::Duration};
use tokio_util::sync::CancellationToken;
use tower_http::cors::{Any, CorsLayer};

/// What a server is told before it starts.
#[derive(Debug, Clone, Default)]
pub struct HttpConfig {
    /// Where to listen; port 0 takes a free port.
    pub listen: Vec<SocketAddr>,
    /// Listeners that are there already. One at an address of `listen` is used in place of a new one.
    pub sockets: Sockets,
    /// What clients may take up.
    pub limits: HttpLimits,
    /// Proxies whose `X-Forwarded-For` is believed. Their connections count in all, not for one address.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether pages of any origin may ask, by their visitors' browsers, and with what.
    pub cors: Option<Cors>,
    /// Cancelled, it ends the server as [`shutdown`](crate::HttpServer::shutdown) does: requests under way are answered.
    /// The server cancels it when it is shut down or dropped, so that handlers may wait for it.
    pub closing: CancellationToken,
}

/// What clients may take up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HttpLimits {
    /// Connections in all. One more takes the place of whoever has the most, if that is fairer, or of the one that has
    /// waited the longest for a request; or else it is answered with 503 and closed.
    pub connections: usize,
    /// Connections of one [`Source`](crate::Source): an IPv4 address, or an IPv6 network of 64 bits.
    pub connections_per_address: usize,
    /// Requests of one [`Source`](crate::Source) that are answered at once, if there is such a pace: more wait for their
    /// turn, for ten seconds at most, and then get 429.
    pub pace: Option<Rate>,
    /// Headers of a request; more are answered with 431.
    pub headers: usize,
    /// Bytes of a request's head; more are answered with 431.
    pub head_bytes: usize,
    /// How long the head of a request may take from its first byte.
    pub head_within: Duration,
    /// How long a connection may say nothing, before its first request and between two.
    pub idle_within: Duration,
    /// How long a client may take to receive an answer, or each 16 KiB of it, once its connection takes no more.
    pub write_within: Duration,
    /// The body of a request, for handlers that read it by [`read_body`](crate::read_body).
    pub body: BodyLimits,
}

/// What the body of a request may take up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// The largest body in bytes.
    pub bytes: usize,
    /// How long it may take.
    pub within: Duration,
}

/// Pages of any origin may ask with these. Answers are readable with `Access-Control-Allow-Origin: *`; a preflight is
/// answered with 200 and the page's origin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cors {
    /// The methods a page may use.
    pub methods: Vec<Method>,
    /// The headers a page may send.
    pub headers: Vec<HeaderName>,
    /// How long a browser may remember a preflight.
    pub max_age: Option<Duration>,
}

impl Cors {
    pub(crate) fn layer(&self) -> CorsLayer {
        let layer = CorsLayer::new()
            .allow_origin(Any)
            .allow_methods(self.methods.clone())
            .allow_headers(self.headers.clone())
            .expose_headers([RETRY_AFTER, LOCATION]);
        match self.max_age {
            Some(max_age) => layer.max_age(max_age),
            None => layer,
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_address: 64,
            pace: None,
            headers: 64,
            head_bytes: 16 * 1024,
            head_within: Duration::from_secs(30),
            idle_within: Duration::from_secs(30),
            write_within: Duration::from_secs(30),
            body: BodyLimits::default(),
        }
    }
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { bytes: 32 * 1024, within: Duration::from_secs(20) }
    }
}
