//! [`AdminServer`]: the listener of the operator.

use crate::{
    Sample, Status, Token,
    history::{History, Range},
    metrics, page,
};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri, header::CONTENT_TYPE},
    middleware::{from_fn, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::get,
};
use nano_http::{
    CancellationToken, HttpConfig, HttpLimits, HttpServer, ListenError, Sockets, json,
};
use p2pow_page::{guarded, own_host, routes};
use serde::Serialize;
use serde_json::json;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// How often a look at the worker is kept.
const LOOK: Duration = Duration::from_secs(2);
/// How long a shutdown waits for answers.
const SHUTDOWN_WITHIN: Duration = Duration::from_secs(2);
/// The listener is for one operator and a few programs.
const CONNECTIONS: usize = 64;

/// What tells of the worker.
pub trait Source: Send + Sync + 'static {
    /// A look at the worker now.
    fn status(&self) -> Status;
}

impl<F: Fn() -> Status + Send + Sync + 'static> Source for F {
    fn status(&self) -> Status {
        self()
    }
}

/// A listener that cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address is not loopback, where only this machine reaches it.
    #[error(
        "{address} is not an address of loopback, wanted 127.0.0.1 or [::1]: others reach it by a tunnel (ssh -L)"
    )]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// The system does not give the address.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// What a listener is told before it starts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AdminConfig {
    /// Where to listen, an address of loopback; port 0 takes a free port.
    pub address: SocketAddr,
    /// What must be shown.
    pub token: Token,
    /// Listeners that are there already. One at the address is used in place of a new one.
    pub sockets: Sockets,
    /// The looks from before, and where new ones are kept.
    pub history: History,
}

impl AdminConfig {
    /// Listens at an address for whoever shows the token, and knows of no looks from before.
    #[must_use]
    pub fn new(address: SocketAddr, token: Token) -> Self {
        Self { address, token, sockets: Sockets::default(), history: History::default() }
    }
}

/// A running listener. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct AdminServer {
    http: HttpServer,
}

struct Front {
    source: Box<dyn Source>,
    history: History,
}

impl AdminServer {
    /// Starts to listen, and to keep looks at the worker.
    ///
    /// # Errors
    /// The address is not loopback, or cannot be had.
    pub async fn bind(config: AdminConfig, source: impl Source) -> Result<Self, BindError> {
        let AdminConfig { address, token, sockets, history } = config;
        if !address.ip().is_loopback() {
            return Err(BindError::NotLoopback { address });
        }
        let front = Arc::new(Front { source: Box::new(source), history });
        let limits = HttpLimits {
            connections: CONNECTIONS,
            connections_per_address: CONNECTIONS,
            ..HttpLimits::default()
        };
        let closing = CancellationToken::new();
        let listen = vec![address];
        let config = HttpConfig {
            listen,
            sockets,
            limits,
            closing: closing.clone(),
            ..HttpConfig::default()
        };
        let http = HttpServer::bind(config, router(Arc::clone(&front), token)).await?;
        tokio::spawn(async move { closing.run_until_cancelled(keep_looking(&front)).await });
        Ok(Self { http })
    }

    /// The address that is listened on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.http.local_addrs()[0] // one address is listened on
    }

    /// The page, with the token in the part of the link that browsers keep to themselves.
    #[must_use]
    pub fn link(&self, token: &Token) -> String {
        format!("http://{}/#token={}", self.local_addr(), token.expose())
    }

    /// Stops, and waits a moment for what is being answered.
    pub async fn shutdown(self) {
        self.http.shutdown(SHUTDOWN_WITHIN).await;
    }
}

async fn keep_looking(front: &Front) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        front.history.add(Sample::from(&front.source.status()));
    }
}

fn router(front: Arc<Front>, token: Token) -> Router {
    let secret = Router::new()
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .route("/history", get(history))
        .layer(from_fn_with_state(token, p2pow_page::token));
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .merge(secret)
        .with_state(front)
        .merge(routes(&p2pow_page::SHARED))
        .merge(routes(&page::FILES))
        .fallback(async || error(StatusCode::NOT_FOUND, "no such page"))
        .method_not_allowed_fallback(async || error(StatusCode::METHOD_NOT_ALLOWED, "wanted GET"))
        .layer(from_fn(own_host))
        .layer(map_response(async |response| guarded(response)))
}

async fn readyz(State(front): State<Arc<Front>>) -> Response {
    let status = front.source.status();
    let code = match status.is_ready() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, readiness(&status)).into_response()
}

/// The verdict, and a line for all that is not well. Everybody on this machine may read it.
fn readiness(status: &Status) -> String {
    let verdict = status.refusing.as_deref().unwrap_or("ready");
    let journal = status.journal_error.iter().map(|error| format!("journal: {error}"));
    let nodes = status.nodes.iter().filter(|node| !node.is_well());
    let nodes = nodes.map(|node| format!("node {}: {}", node.name, node.state()));
    let lines = std::iter::once(verdict.to_owned()).chain(journal).chain(nodes);
    lines.map(|line| line + "\n").collect()
}

async fn status(State(front): State<Arc<Front>>) -> Response {
    to_json(&front.source.status())
}

async fn history(State(front): State<Arc<Front>>, uri: Uri) -> Response {
    let named = uri.query().and_then(|query| query.strip_prefix("range="));
    let Some(range) = named.map_or(Some(Range::default()), Range::named) else {
        return error(StatusCode::BAD_REQUEST, "wanted range=hour, day or month");
    };
    let samples = front.history.of(range);
    to_json(&json!({
        "range": range, "step_seconds": range.step_seconds(), "samples": samples,
    }))
}

async fn metrics(State(front): State<Arc<Front>>) -> Response {
    match metrics::text(&front.source.status()) {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written"),
    }
}

fn to_json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => json(StatusCode::OK, bytes),
        Err(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be written"),
    }
}

fn error(status: StatusCode, words: &str) -> Response {
    json(status, json!({ "error": words }).to_string())
}
