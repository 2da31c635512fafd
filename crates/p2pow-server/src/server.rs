//! The worker's outside: started with a configuration, asked for its state, shut down.

use crate::{
    Config, Job, JobEvent, JobReport, ServerStatus,
    connections::{self, Door},
    node::Node,
    worker::Worker,
};
use nano_pow::Pool;
use nano_rpc::{Client, ConfigError};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::broadcast, time::timeout};
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
    /// The system does not give the address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address wanted.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The URL of the node's WebSocket is malformed.
    #[error("`websocket_url` is malformed")]
    WebSocket(#[source] ConfigError),
}

/// A running worker. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Server {
    worker: Arc<Worker>,
    addresses: Vec<SocketAddr>,
}

impl Server {
    /// Starts listening and working. The node need not be there yet: until it is, jobs are refused.
    ///
    /// # Errors
    /// The configuration is of no use, or an address cannot be had.
    pub async fn bind(config: Config, node: Client, pool: Pool) -> Result<Self, BindError> {
        check(&config)?;
        let listeners = listen(&config.listen).await?;
        let addresses = listeners.iter().map(|(address, _)| *address).collect();
        let worker = Arc::new(Worker::new(config, Node::new(node), pool));
        start_listening_to_node(&worker)?;
        worker.look_at_network().await;
        let looking = Arc::clone(&worker);
        worker.spawn(async move { looking.keep_looking().await });
        let door = Door::new(worker.config.limits);
        for (_, listener) in listeners {
            worker.spawn(connections::serve(listener, Arc::clone(&worker), door.clone()));
        }
        Ok(Self { worker, addresses })
    }

    /// The first address that is listened on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.addresses[0] // a configuration without addresses is refused
    }

    /// All addresses that are listened on, in the order of the configuration.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// A look at the worker.
    #[must_use]
    pub fn status(&self) -> ServerStatus {
        self.worker.status()
    }

    /// The jobs in flight.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job> {
        self.worker.table.jobs()
    }

    /// A look at every job in flight.
    #[must_use]
    pub fn reports(&self) -> Vec<JobReport> {
        self.jobs().iter().map(Job::report).collect()
    }

    /// Every phase that a job comes to from now on. A listener that falls far behind loses the oldest.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<JobEvent> {
        self.worker.events.subscribe()
    }

    /// Stops: takes no more jobs, gives up the works that are searched, and waits for what is being published.
    pub async fn shutdown(self) {
        self.worker.close();
        let tasks = self.worker.take_tasks();
        if timeout(SHUTDOWN_WITHIN, tasks.join_all()).await.is_err() {
            warn!("some connections or jobs did not end in time");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.worker.close();
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

async fn listen(addresses: &[SocketAddr]) -> Result<Vec<(SocketAddr, TcpListener)>, BindError> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for &address in addresses {
        let refused = |source| BindError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        listeners.push((listener.local_addr().map_err(refused)?, listener));
    }
    Ok(listeners)
}

fn start_listening_to_node(worker: &Arc<Worker>) -> Result<(), BindError> {
    let Some(url) = &worker.config.websocket_url else { return Ok(()) };
    let listening = worker.pulses.listen(url).map_err(BindError::WebSocket)?;
    let until = Arc::clone(worker);
    worker.spawn(async move {
        tokio::select! {
            () = listening => {}
            () = until.closed() => {}
        }
    });
    Ok(())
}
