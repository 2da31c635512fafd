//! [`Builder`]: what a network starts with; [`Devnet`]: the running network.

use crate::{
    dialect::Dialect,
    faults::Faults,
    ledger::{Genesis, Ledger, ProcessError, UnknownBlock},
    node::{FaultState, Node, SeedError, Settings},
    rpc,
    server::{self, Listener, Server},
    store::{Store, StoreError},
    told::{AccountView, BlockView, Event},
    websocket,
};
use nano_block::{Epoch, Network, RandomError, SecretKey, SignedBlock};
use nano_primitives::{Account, Amount, BlockHash};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::sync::broadcast;

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
    epoch: Epoch,
    leave_unconfirmed: bool,
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
            epoch: Epoch::Epoch2,
            leave_unconfirmed: false,
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

    /// The epoch that the genesis account of a new ledger is lifted to, and what it sends to. Below
    /// epoch 2 every block needs the threshold of epoch 1. Default: [`Epoch::Epoch2`].
    #[must_use]
    pub fn epoch(mut self, epoch: Epoch) -> Self {
        self.epoch = epoch;
        self
    }

    /// [`epoch`](Self::epoch) 0.
    #[must_use]
    pub fn epoch_0(self) -> Self {
        self.epoch(Epoch::Epoch0)
    }

    /// Begins with [`Faults::leave_unconfirmed`]. Default: blocks are confirmed.
    #[must_use]
    pub fn leave_unconfirmed(mut self, leave: bool) -> Self {
        self.leave_unconfirmed = leave;
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
        let rpc = listen("RPC", self.rpc).await?;
        let websocket = listen("WebSocket", self.websocket).await?;
        let node = self.node()?;
        if node.state().ledger.block_count() == 1 {
            node.upgrade_genesis(self.epoch)?;
        }
        node.faults.plan().leave_unconfirmed = self.leave_unconfirmed;
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

async fn listen(what: &'static str, address: SocketAddr) -> Result<Listener, StartError> {
    let failed = |source| StartError::Listen { what, address, source };
    server::listen(address).await.map_err(failed)
}

/// A running network; it stops when dropped.
#[derive(Debug)]
pub struct Devnet {
    node: Arc<Node>,
    faults: Faults,
    rpc: Server,
    websocket: Server,
}

impl Devnet {
    /// The settings of a network that is yet to start.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn new(node: Arc<Node>, rpc: Listener, websocket: Listener) -> Self {
        let rpc = server::serve(&node, rpc, rpc::router(&node));
        let websocket = server::serve(&node, websocket, websocket::router(&node));
        Self { faults: Faults::new(Arc::clone(&node)), node, rpc, websocket }
    }

    /// Where RPC is answered.
    #[must_use]
    pub fn rpc_url(&self) -> String {
        format!("http://{}", self.rpc.address)
    }

    /// Where RPC is answered.
    #[must_use]
    pub fn rpc_addr(&self) -> SocketAddr {
        self.rpc.address
    }

    /// Where WebSockets are answered.
    #[must_use]
    pub fn websocket_url(&self) -> String {
        format!("ws://{}", self.websocket.address)
    }

    /// Where WebSockets are answered.
    #[must_use]
    pub fn websocket_addr(&self) -> SocketAddr {
        self.websocket.address
    }

    /// Whose thresholds hold.
    #[must_use]
    pub fn network(&self) -> Network {
        self.node.settings.network
    }

    /// The key of the account that began with the whole supply.
    #[must_use]
    pub fn genesis_key(&self) -> SecretKey {
        self.node.settings.genesis.key().clone()
    }

    /// The account that began with the whole supply, which is also the representative that all
    /// weight should stay with.
    #[must_use]
    pub fn genesis_account(&self) -> Account {
        self.node.settings.genesis.account()
    }

    /// Sends to an account from the genesis account, without work, confirmed at once. Answers the
    /// send's hash.
    ///
    /// # Errors
    /// The amount is zero, or more than is left.
    pub fn fund(&self, account: &Account, amount: Amount) -> Result<BlockHash, SeedError> {
        self.node.fund(*account, amount)
    }

    /// [`fund`](Self::fund)s the account and receives the money, which opens it if it was unopened.
    /// Answers the hash of the block that receives.
    ///
    /// # Errors
    /// As `fund`.
    pub fn open(&self, key: &SecretKey, amount: Amount) -> Result<BlockHash, SeedError> {
        let send = self.node.fund(key.account(), amount)?;
        self.node.receive(key, send)
    }

    /// Puts any valid block on the ledger, confirmed at once. It needs no work.
    ///
    /// # Errors
    /// The ledger refuses the block.
    pub fn seed(&self, block: &SignedBlock) -> Result<BlockHash, ProcessError> {
        self.node.seed(|_| Ok(*block))
    }

    /// Hands a block to the network as `process` does: it needs its work, and is confirmed after
    /// the delay.
    ///
    /// # Errors
    /// The ledger refuses the block.
    pub fn process(&self, block: &SignedBlock) -> Result<BlockHash, ProcessError> {
        self.node.process(block)
    }

    /// An opened account.
    #[must_use]
    pub fn account(&self, account: &Account) -> Option<AccountView> {
        AccountView::new(&self.node.state().ledger, account)
    }

    /// The balance of an account, zero if it is unopened.
    #[must_use]
    pub fn balance(&self, account: &Account) -> Amount {
        self.node.state().ledger.balance(account)
    }

    /// What the account may receive, confirmed or not, by the sends' hashes.
    #[must_use]
    pub fn receivable(&self, account: &Account) -> Vec<(BlockHash, Amount)> {
        let state = self.node.state();
        state.ledger.receivable(account).map(|(hash, entry)| (*hash, entry.amount)).collect()
    }

    /// All that the account may receive, confirmed or not.
    #[must_use]
    pub fn receivable_total(&self, account: &Account) -> Amount {
        self.node.state().ledger.receivable_total(account, false)
    }

    /// A block of the ledger.
    #[must_use]
    pub fn block(&self, hash: &BlockHash) -> Option<BlockView> {
        BlockView::new(&self.node.state().ledger, hash)
    }

    /// The number of blocks, and how many of them are confirmed.
    #[must_use]
    pub fn block_count(&self) -> (u64, u64) {
        let state = self.node.state();
        (state.ledger.block_count(), state.ledger.cemented_count())
    }

    /// Hears of everything from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.node.subscribe()
    }

    /// Confirms a block now, with all that it rests on. Answers what was newly confirmed, in order.
    ///
    /// # Errors
    /// The block is not in the ledger.
    pub fn confirm_now(&self, hash: &BlockHash) -> Result<Vec<BlockHash>, UnknownBlock> {
        self.node.confirm(hash)
    }

    /// What the node shall do wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Stops answering, closes the connections, and ends when all of it is done. The ledger's file
    /// is free then.
    pub async fn shutdown(mut self) {
        self.node.close();
        self.rpc.end().await;
        self.websocket.end().await;
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        self.node.close();
    }
}
