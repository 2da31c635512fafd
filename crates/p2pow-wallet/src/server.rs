//! [`WalletServer`]: started with a configuration, a sender and a store; answers over HTTP; shut down.

use crate::{
    Config,
    access::Access,
    metrics::Metrics,
    payer::Payer,
    receiver,
    refusal::Refusal,
    reply::error,
    rest, rpc,
    secrets::{SecretsError, Vault},
    service::Service,
    task::{State as Course, Task},
    tasks::{Hands, Rules, Tasks},
    wallets::{WalletError, Wallets},
    webhooks::Outbox,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode, header::WWW_AUTHENTICATE},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::any,
};
use nano_http::{CancellationToken, HttpConfig, HttpServer, ListenError, Peer, read_body};
use nano_rpc::Client;
use p2pow_client::{BoxFuture, Sender};
use p2pow_keystore::Password;
use p2pow_store::{Claimed, Owners, Store, StoreError};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, sleep},
};

/// How long a shutdown waits for answers to be written.
const GRACE: Duration = Duration::from_secs(2);

/// How long a server that is ending may keep its store, and how often is looked.
const CLAIM_WITHIN: Duration = Duration::from_secs(2);
const CLAIM_POLL: Duration = Duration::from_millis(20);

/// A server that cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Everybody could spend the wallets' money.
    #[error("{address} is reached by other machines, which takes a token")]
    NoToken {
        /// The address.
        address: SocketAddr,
    },
    /// Another server works with the store, or it is one that cannot be had by one server alone.
    #[error("the store of the wallets must be this server's alone")]
    Claim(#[source] StoreError),
    /// The wallets cannot be opened.
    #[error("cannot open the wallets")]
    Wallets(#[from] WalletError),
    /// The queue cannot be read.
    #[error("cannot read the payments under way")]
    Store(#[from] StoreError),
    /// The system does not give an address.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

impl BindError {
    /// Whether the password of the store was not this one.
    #[must_use]
    pub const fn is_wrong_password(&self) -> bool {
        matches!(self, Self::Wallets(WalletError::Secrets(SecretsError::Wrong)))
    }

    /// Whether another server works with the store.
    #[must_use]
    pub const fn is_in_use(&self) -> bool {
        matches!(self, Self::Claim(StoreError::Claimed { .. }))
    }
}

/// What a server works with.
#[derive(Debug)]
pub struct Parts {
    /// The node behind: what is no wallet's business goes there.
    pub node: Client,
    /// Who pays: it needs a journal, for what it forgets may be paid twice. Its events are listened to by the server.
    pub sender: Sender,
    /// Where wallets and payments are kept. Without `owners` it is claimed: no other server works with it, in this process
    /// or another one.
    pub store: Arc<dyn Store>,
    /// Those who share the store, if this server is not to have it for itself. The sender's journal must be shared by them
    /// too, and hold what each of them has written when a write is answered.
    pub owners: Option<Arc<dyn Owners>>,
    /// What the secrets in the store are sealed with; the first time it is set by this.
    pub password: Password,
}

/// A running server. Dropping it stops it without waiting; what was under way goes on at the next start.
#[derive(Debug)]
pub struct WalletServer {
    service: Arc<Service>,
    http: HttpServer,
}

impl WalletServer {
    /// Opens the wallets, takes up what was under way, and listens on the current tokio runtime.
    ///
    /// # Errors
    /// The configuration would let anybody in, the password is another one, the store failed, or an address cannot be
    /// had.
    pub async fn bind(config: Config, parts: Parts) -> Result<Self, BindError> {
        Self::begin_boxed(config, parts).await
    }

    /// Behind a pointer: without it every program with this server would have all of it compiled into itself.
    fn begin_boxed(config: Config, parts: Parts) -> BoxFuture<'static, Result<Self, BindError>> {
        Box::pin(Self::begin(config, parts))
    }

    async fn begin(config: Config, parts: Parts) -> Result<Self, BindError> {
        let exposed = config.listen.iter().find(|address| !address.ip().is_loopback());
        if let (Some(&address), None) = (exposed, &config.token) {
            return Err(BindError::NoToken { address });
        }
        let Parts { node, sender, store, owners, password } = parts;
        let store = if owners.is_some() { store } else { claim(store).await? };
        let is_shared = owners.is_some();
        let wallets = Arc::new(Wallets::open(&store, password, config.cost, is_shared).await?);
        let closing = CancellationToken::new();
        let rules = Rules {
            most_together: config.most_together,
            most_waiting: config.most_waiting,
            give_up: config.give_up,
        };
        let metrics = Arc::new(Metrics::new());
        let (work, network) = (sender.config().fallback.clone(), sender.config().network);
        // One is enough to hear of what arrives; a look now and then finds what it misses.
        let websocket = sender.config().websocket_urls.first().cloned();
        let outbox = Outbox::new(
            &store,
            &config.webhooks,
            Arc::clone(&metrics),
            (closing.clone(), owners.clone()),
        );
        let hands = Hands {
            wallets: Arc::clone(&wallets),
            payer: Payer::new(sender),
            outbox: outbox.clone(),
            closing: closing.clone(),
            owners,
        };
        let tasks = Tasks::open(&store, hands, rules).await?;
        let ends = tasks.ends();
        let receive_minimum = Mutex::new(config.receive_minimum);
        let service = Arc::new(Service {
            config,
            node,
            work,
            network,
            websocket,
            wallets,
            tasks,
            metrics,
            outbox,
            closing: closing.clone(),
            receive_minimum,
        });
        tokio::spawn(count(Arc::clone(&service), ends));
        if service.config.receive {
            tokio::spawn(receiver::run(Arc::clone(&service)));
        }
        let http =
            HttpServer::bind(http_config(&service.config, closing), router(&service)).await?;
        Ok(Self { service, http })
    }

    /// The addresses that are listened on.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        self.http.local_addrs()
    }

    /// Payments that are not over.
    #[must_use]
    pub fn open_payments(&self) -> usize {
        self.service.tasks.open_count()
    }

    /// Whether a store has wallets, which open with the password that was set with the first of them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn has_password(store: &dyn Store) -> Result<bool, StoreError> {
        Vault::is_made(store).await
    }

    /// Stops: takes no more requests and ends. What is under way goes on at the next start.
    pub async fn shutdown(self) {
        self.service.closing.cancel();
        self.http.shutdown(GRACE).await;
    }
}

/// The store for this server alone: until nothing of it can write any more. One that is just ending is waited for.
async fn claim(store: Arc<dyn Store>) -> Result<Arc<dyn Store>, BindError> {
    let until = Instant::now() + CLAIM_WITHIN;
    loop {
        match Claimed::new(Arc::clone(&store)) {
            Ok(claimed) => return Ok(Arc::new(claimed)),
            Err(StoreError::Claimed { .. }) if Instant::now() < until => sleep(CLAIM_POLL).await,
            Err(error) => return Err(BindError::Claim(error)),
        }
    }
}

fn http_config(config: &Config, closing: CancellationToken) -> HttpConfig {
    HttpConfig {
        listen: config.listen.clone(),
        limits: config.limits,
        trusted_proxies: config.trusted_proxies.clone(),
        closing,
        ..HttpConfig::default()
    }
}

fn router(service: &Arc<Service>) -> Router {
    let access = Access::new(service.config.token.as_ref());
    Router::new()
        .route("/", any(rpc_door))
        .merge(rest::router())
        .fallback(nowhere)
        .with_state(Arc::clone(service))
        .layer(middleware::from_fn_with_state(access, guard))
}

/// Lets in who may ask.
async fn guard(State(access): State<Access>, peer: Peer, request: Request, next: Next) -> Response {
    match access.check(&peer, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(denied) => {
            let mut answer = error(denied.status(), &denied.to_string());
            if denied.status() == StatusCode::UNAUTHORIZED {
                let scheme = axum::http::HeaderValue::from_static("Bearer");
                answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
            }
            answer
        }
    }
}

async fn nowhere() -> Response {
    error(
        StatusCode::NOT_FOUND,
        "nothing here: the wallet RPC is POST /, the rest is in /openapi.json",
    )
}

/// The wallet RPC, of a request that the guard let in.
async fn rpc_door(State(service): State<Arc<Service>>, request: Request) -> Response {
    if request.method() != Method::POST {
        return rpc::refused(&Refusal::NotPost);
    }
    match read_body(request.into_body(), service.config.limits.body).await {
        Ok(body) => rpc::answer(&service, body).await,
        Err(error) => error.into_response(),
    }
}

/// Counts ends as they come, until the server closes.
async fn count(service: Arc<Service>, mut ends: broadcast::Receiver<Task>) {
    loop {
        let end = tokio::select! {
            end = ends.recv() => end,
            // Whoever counts has the queue, and the queue its store.
            () = service.closing.cancelled() => return,
        };
        match end {
            Ok(task) => match task.state {
                Course::Confirmed { ended_ms, .. } => {
                    let ms = u32::try_from(ended_ms.saturating_sub(task.accepted_ms));
                    service.metrics.confirmed(f64::from(ms.unwrap_or(u32::MAX)) / 1000.0);
                }
                Course::Failed { .. } => service.metrics.not_made("failed"),
                Course::Withdrawn { .. } => service.metrics.not_made("withdrawn"),
                Course::Queued => {}
            },
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}
