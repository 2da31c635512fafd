//! [`WebServer`]: the listener of the page and of its API.

use crate::{
    Access, Config, api,
    board::Board,
    desk::Desk,
    front::Front,
    history::{History, WRITE_EVERY},
    page,
    payments::Payments,
    told::Crier,
};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use nano_http::{
    Buckets, CancellationToken, HttpConfig, HttpLimits, HttpServer, ListenError, Source,
};
use p2pow_client::{BoxFuture, Config as Hiring, Journal, Market, Nodes, Signer};
use p2pow_page::{SHARED, guarded, own_host, routes};
use p2pow_store::{Store, StoreError};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// How long a shutdown waits for answers.
const SHUTDOWN_WITHIN: Duration = Duration::from_secs(2);
/// A page has a stream and a few requests beside it.
const CONNECTIONS: usize = 64;

/// A server that cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Others reach the address, and there is a key in this process.
    #[error(
        "{address} is reached by other machines, wanted loopback: others reach it by a tunnel (ssh -L)"
    )]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// A public list pays nothing, and holds no key.
    #[error("a public list of workers was given a key")]
    KeyInPublic,
    /// What was asked for before cannot be read.
    #[error("cannot read the payments that were asked for before")]
    Store(#[from] StoreError),
    /// The system does not give the address.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// What a server works with.
pub struct Parts {
    /// The nodes that are believed; the first is the one that shows the ledger.
    pub nodes: Nodes,
    /// Whom to hire, and for how much, unless a page says otherwise.
    pub hiring: Hiring,
    /// Where is kept what is signed.
    pub journal: Journal,
    /// What is known of workers.
    pub market: Market,
    /// Where payments are kept that pages have asked for. No other process may use its records at the same time.
    pub store: Arc<dyn Store>,
    /// Who signs; nobody can pay without.
    pub signer: Option<Arc<dyn Signer>>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("hiring", &self.hiring).finish_non_exhaustive()
    }
}

/// A running server. Dropping it stops it without waiting; what was being paid goes on when it is asked for again.
#[derive(Debug)]
pub struct WebServer {
    http: HttpServer,
    front: Arc<Front>,
}

impl WebServer {
    /// Starts to listen on the current tokio runtime, and to look at the market.
    ///
    /// # Errors
    /// The configuration would show a key's account to others, or the address cannot be had.
    pub async fn bind(config: Config, parts: Parts) -> Result<Self, BindError> {
        Self::begin_boxed(config, parts).await
    }

    /// Behind a pointer: without it every program with this server would have all of it compiled into itself.
    fn begin_boxed(config: Config, parts: Parts) -> BoxFuture<'static, Result<Self, BindError>> {
        Box::pin(Self::begin(config, parts))
    }

    async fn begin(config: Config, parts: Parts) -> Result<Self, BindError> {
        let address = config.listen;
        match config.access {
            Access::Token(_) if !address.ip().is_loopback() => {
                return Err(BindError::NotLoopback { address });
            }
            Access::Public(_) if parts.signer.is_some() => return Err(BindError::KeyInPublic),
            _ => {}
        }
        let closing = CancellationToken::new();
        let Parts { nodes, hiring, journal, market, store, signer } = parts;
        let desk = Desk { nodes, hiring, journal, market, signer };
        let crier = Crier::new();
        let history = Arc::new(History::open(&store, desk.hiring.network.as_str()).await);
        let board = Arc::new(Board::new(crier.clone(), Arc::clone(&history)));
        let payments = Payments::open(
            &store,
            desk.clone(),
            Arc::clone(&board),
            crier.clone(),
            closing.clone(),
        );
        let payments = payments.await?;
        let shared = closing.clone();
        let front = Front { config, desk, board, history, payments, crier, closing: shared };
        let front = Arc::new(front);
        let config = http_config(&front.config, closing.clone());
        let http = HttpServer::bind(config, router(&front)).await?;
        let looking = Arc::clone(&front);
        tokio::spawn(async move {
            let sender = looking.desk.sender();
            let looks = looking.board.look_after(&sender, looking.config.look_every);
            tokio::select! {
                () = looks => {}
                () = keep(&looking.history) => {}
                () = closing.cancelled() => {}
            }
        });
        Ok(Self { http, front })
    }

    /// The address that is listened on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.http.local_addrs()[0] // one address is listened on
    }

    /// The page, with the token in the part of the link that browsers keep to themselves.
    #[must_use]
    pub fn link(&self) -> String {
        match &self.front.config.access {
            Access::Token(token) => {
                format!("http://{}/#token={}", self.local_addr(), token.expose())
            }
            Access::Public(_) => format!("http://{}/", self.local_addr()),
        }
    }

    /// How many workers make an offer now.
    #[must_use]
    pub fn workers_online(&self) -> usize {
        self.front.board.online()
    }

    /// Stops, and waits a moment for what is being answered. Payments under way go on when they are asked for again.
    pub async fn shutdown(self) {
        self.front.closing.cancel();
        self.http.shutdown(SHUTDOWN_WITHIN).await;
        write(&self.front.history).await;
    }
}

/// Writes the history now and then.
async fn keep(history: &History) {
    loop {
        tokio::time::sleep(WRITE_EVERY).await;
        write(history).await;
    }
}

async fn write(history: &History) {
    if let Err(error) = history.write().await {
        tracing::debug!(%error, "the history of workers cannot be written");
    }
}

fn http_config(config: &Config, closing: CancellationToken) -> HttpConfig {
    let own = HttpLimits {
        connections: CONNECTIONS,
        connections_per_address: CONNECTIONS,
        ..HttpLimits::default()
    };
    let limits = match config.access {
        Access::Token(_) => own,
        Access::Public(_) => HttpLimits::default(),
    };
    HttpConfig { listen: vec![config.listen], limits, closing, ..HttpConfig::default() }
}

fn router(front: &Arc<Front>) -> Router {
    let market = Router::new()
        .route("/api/history", get(api::workers::history))
        .route("/api/workers", get(api::workers::list))
        .route("/api/workers/{address}", get(api::workers::one));
    let api = match &front.config.access {
        Access::Token(token) => market
            .merge(money())
            .layer(from_fn_with_state(token.clone(), p2pow_page::token))
            .with_state(Arc::clone(front)),
        Access::Public(rate) => market
            .layer(from_fn_with_state(Arc::new(Buckets::new(*rate)), limited))
            .with_state(Arc::clone(front)),
    };
    let router = Router::new()
        .route("/api/about", get(api::about))
        .with_state(Arc::clone(front))
        .merge(api)
        .merge(routes(&SHARED))
        .merge(routes(&page::FILES))
        .fallback(async || crate::refusal::Refusal::Nowhere)
        .method_not_allowed_fallback(async || crate::refusal::Refusal::Method);
    let router = match front.config.access {
        // Nothing to be had by a name of a stranger's that leads here: everybody may see it.
        Access::Public(_) => router,
        Access::Token(_) => router.layer(from_fn(own_host)),
    };
    router.layer(map_response(async |response| guarded(response)))
}

/// What only the one who has the token may see and do.
fn money() -> Router<Arc<Front>> {
    Router::new()
        .route("/api/events", get(api::events))
        .route("/api/account", get(api::money::account))
        .route("/api/deals", get(api::money::deals))
        .route("/api/quote", post(api::money::quote))
        .route("/api/payments", get(api::payments::list).post(api::payments::begin))
        .route("/api/payments/{key}", get(api::payments::one))
        .route("/api/payments/{key}/messages", get(api::payments::messages))
        .route("/api/payments/{key}/resume", post(api::payments::resume))
}

/// Lets each address ask so often.
async fn limited(
    State(buckets): State<Arc<Buckets>>,
    source: Source,
    request: Request,
    next: Next,
) -> Response {
    match buckets.take(&source) {
        Ok(()) => next.run(request).await,
        Err(many) => many.into_response(),
    }
}
