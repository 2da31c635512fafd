//! [`Server`]: a worker that is started with a configuration, asked for its state, and shut down. [`Watcher`]: looks at
//! one without owning it.

use crate::{
    config::Config,
    http,
    job::{Job, JobEvent, JobReport},
    journal::{Journal, JournalIn},
    node::Node,
    status::ServerStatus,
    worker::{StartError, Worker},
};
use futures_util::future::BoxFuture;
use nano_http::{HttpServer, ListenError};
use nano_pow::Pool;
use nano_rpc::{Client, OtherNetwork};
use p2pow_protocol::Refusal;
use p2pow_store::{SqliteStore, StoreError};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{join, sync::broadcast, time::timeout};
use tracing::warn;

/// How long a shutdown waits for what is being published or answered.
const SHUTDOWN_WITHIN: Duration = Duration::from_secs(30);

/// A server that cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// There is nobody to pay.
    #[error("reward account is the burn account, wanted one of the operator's")]
    NoRewardAccount,
    /// There is nowhere to listen.
    #[error("no address to listen on, wanted at least 1")]
    NoAddress,
    /// Not even one block would be taken.
    #[error("`max_user_blocks` is 0, wanted at least 1")]
    NoUserBlocks,
    /// The system does not give an address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The node is of another network: works would not be enough, or far too much.
    #[error(transparent)]
    OtherNetwork(OtherNetwork),
    /// The journal cannot be read or written.
    #[error("the journal cannot be used")]
    Journal(#[source] StoreError),
}

impl From<StartError> for BindError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::OtherNetwork(error) => Self::OtherNetwork(error),
            StartError::Journal(error) => Self::Journal(error),
        }
    }
}

/// The nodes that a worker works with: blocks go to all of them at once, questions to the first that answers.
#[derive(Debug, Clone)]
pub struct Nodes(Vec<Client>);

impl Nodes {
    /// This node, and further ones.
    #[must_use]
    pub fn new(first: Client, others: impl IntoIterator<Item = Client>) -> Self {
        Self(std::iter::once(first).chain(others).collect())
    }
}

impl From<Client> for Nodes {
    fn from(node: Client) -> Self {
        Self(vec![node])
    }
}

/// A running worker. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Server {
    worker: Arc<Worker>,
    http: HttpServer,
}

impl Server {
    /// Starts listening and working, with a journal that ends with the process. The node need not be there yet: until it
    /// is, jobs are refused.
    ///
    /// # Errors
    /// The configuration is of no use, the node is of another network, or an address cannot be had.
    pub async fn bind(config: Config, node: Client, pool: Pool) -> Result<Self, BindError> {
        let store = SqliteStore::in_memory().map_err(BindError::Journal)?.shared();
        Self::bind_with(config, node, pool, store).await
    }

    /// The same with a journal in a store, going on with the jobs that are open in it and nobody else's, and with one node
    /// or several.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind), or the journal cannot be read.
    pub async fn bind_with(
        config: Config,
        nodes: impl Into<Nodes>,
        pool: Pool,
        journal: impl Into<JournalIn>,
    ) -> Result<Self, BindError> {
        let Nodes(nodes) = nodes.into();
        Self::begin_boxed(config, nodes, pool, journal.into()).await
    }

    /// Behind a pointer: without it every program with a worker would have all of it compiled into itself.
    fn begin_boxed(
        config: Config,
        nodes: Vec<Client>,
        pool: Pool,
        journal: JournalIn,
    ) -> BoxFuture<'static, Result<Self, BindError>> {
        Box::pin(Self::begin(config, nodes, pool, journal))
    }

    async fn begin(
        config: Config,
        nodes: Vec<Client>,
        pool: Pool,
        journal: JournalIn,
    ) -> Result<Self, BindError> {
        check(&config)?;
        let journal = Journal::new(journal).await.map_err(BindError::Journal)?;
        let worker = Arc::new(Worker::new(config, Node::new(nodes), pool, journal));
        let closing = worker.closing().clone();
        // Dropped before it is returned, this ends what has begun. A port that is taken is told before a node that is away.
        let http = http::serve(Arc::clone(&worker), worker.config(), closing).await?;
        worker.start().await?;
        Ok(Self { worker, http })
    }

    /// The first address that is listened on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.http.local_addrs()[0] // a configuration without addresses is refused
    }

    /// All addresses that are listened on, in the order of the configuration.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        self.http.local_addrs()
    }

    /// A look at the worker.
    #[must_use]
    pub fn status(&self) -> ServerStatus {
        self.worker.status()
    }

    /// The jobs in flight.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job> {
        self.worker.jobs()
    }

    /// A look at every job in flight.
    #[must_use]
    pub fn reports(&self) -> Vec<JobReport> {
        self.jobs().iter().map(Job::report).collect()
    }

    /// Looks at the worker for somebody else, such as a page.
    #[must_use]
    pub fn watcher(&self) -> Watcher {
        Watcher::new(Arc::clone(&self.worker))
    }

    /// Every phase that a job comes to from now on. A listener that falls far behind loses the oldest.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<JobEvent> {
        self.worker.subscribe()
    }

    /// Stops: takes no more jobs, gives up the works that are searched, and waits for what is being published.
    pub async fn shutdown(self) {
        let Self { worker, http } = self;
        worker.closing().cancel();
        let ended = timeout(SHUTDOWN_WITHIN, worker.ended());
        if let (_, Err(_)) = join!(http.shutdown(SHUTDOWN_WITHIN), ended) {
            warn!("some jobs did not end in time");
        }
    }
}

/// Looks at a worker without owning it: for pages and metrics. It does not keep the worker from being shut down.
#[derive(Debug, Clone)]
pub struct Watcher(Arc<Worker>);

impl Watcher {
    pub(crate) const fn new(worker: Arc<Worker>) -> Self {
        Self(worker)
    }

    /// A look at the worker.
    #[must_use]
    pub fn status(&self) -> ServerStatus {
        self.0.status()
    }

    /// A look at every job in flight.
    #[must_use]
    pub fn reports(&self) -> Vec<JobReport> {
        self.0.jobs().iter().map(Job::report).collect()
    }

    /// Why every new job would be refused now, if that is so.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.0.unavailable()
    }
}

fn check(config: &Config) -> Result<(), BindError> {
    if config.reward_account.is_zero() {
        return Err(BindError::NoRewardAccount);
    }
    if config.max_user_blocks == 0 {
        return Err(BindError::NoUserBlocks);
    }
    if config.listen.is_empty() { Err(BindError::NoAddress) } else { Ok(()) }
}
