//! What a network starts with.

use crate::{
    devnet::Devnet,
    dialect::Dialect,
    faults::FaultState,
    ledger::{Genesis, Ledger, ProcessError},
    node::{Node, Settings},
    server,
    store::{Store, StoreError},
};
use nano_block::{Network, RandomError, SecretKey};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// Why a network cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for {what}")]
    Listen {
        /// RPC or WebSocket.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The ledger's file cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The first blocks were refused.
    #[error("the ledger refuses its first blocks: {0}")]
    Seed(#[from] ProcessError),
    /// The system gives no random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// The settings of a network; every one has a default that suits a test.
#[derive(Debug, Clone)]
pub struct Builder {
    network: Network,
    dialect: Dialect,
    rpc: SocketAddr,
    websocket: SocketAddr,
    confirmation_delay: Duration,
    data_file: Option<PathBuf>,
    work_threads: Option<usize>,
    epoch_2: bool,
}

impl Default for Builder {
    fn default() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            network: Network::Dev,
            dialect: Dialect::default(),
            rpc: any_port,
            websocket: any_port,
            confirmation_delay: Duration::from_millis(100),
            data_file: None,
            work_threads: None,
            epoch_2: true,
        }
    }
}

impl Builder {
    /// Whose work thresholds hold, and whose name `version` answers. Addresses begin with `nano_`
    /// whatever the network. Default: [`Network::Dev`].
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Whose shapes the answers have. Default: the reference node's.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Where RPC is listened for. Default: a free port of the loopback.
    #[must_use]
    pub fn rpc_addr(mut self, address: SocketAddr) -> Self {
        self.rpc = address;
        self
    }

    /// Where WebSockets are listened for. Default: a free port of the loopback.
    #[must_use]
    pub fn websocket_addr(mut self, address: SocketAddr) -> Self {
        self.websocket = address;
        self
    }

    /// How long a block waits for its confirmation. Default: 100 ms, the middle of what was seen on
    /// a real node; zero confirms a block before it is answered.
    #[must_use]
    pub fn confirmation_delay(mut self, delay: Duration) -> Self {
        self.confirmation_delay = delay;
        self
    }

    /// Keeps the ledger in this file between runs. Default: in memory only.
    #[must_use]
    pub fn data_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_file = Some(path.into());
        self
    }

    /// How many threads find the work of `work_generate`. Default: one for each processor.
    #[must_use]
    pub fn work_threads(mut self, threads: usize) -> Self {
        self.work_threads = Some(threads);
        self
    }

    /// Leaves a new ledger at epoch 0, where every block needs the threshold of epoch 1. Default:
    /// the genesis account is at epoch 2, and what it sends to.
    #[must_use]
    pub fn epoch_0(mut self) -> Self {
        self.epoch_2 = false;
        self
    }

    /// Starts the network on the current tokio runtime.
    ///
    /// # Errors
    /// An address is taken, or the file is not a ledger that can be used.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(self) -> Result<Devnet, StartError> {
        let rpc = server::listen("RPC", self.rpc).await?;
        let websocket = server::listen("WebSocket", self.websocket).await?;
        let node = self.node()?;
        if self.epoch_2 && node.state().ledger.block_count() == 1 {
            node.upgrade_genesis()?;
        }
        node.schedule_backlog();
        Ok(Devnet::new(node, rpc, websocket))
    }

    fn node(&self) -> Result<Arc<Node>, StartError> {
        let genesis = Genesis::dev();
        let thresholds = self.network.thresholds();
        let ledger = match &self.data_file {
            None => (Ledger::new(&genesis, thresholds), None),
            Some(path) => {
                let (store, ledger) = Store::open(path, &genesis, thresholds)?;
                (ledger, Some(store))
            }
        };
        let settings = Settings {
            network: self.network,
            dialect: self.dialect,
            work_threads: self.work_threads,
            genesis,
            node_key: SecretKey::generate()?,
        };
        Ok(Node::new(settings, ledger, FaultState::new(self.confirmation_delay)))
    }
}
