//! The running network.

use crate::{
    builder::Builder,
    event::Event,
    faults::Faults,
    ledger::{ProcessError, UnknownBlock},
    node::Node,
    rpc,
    seed::SeedError,
    server::{self, Listener, Server},
    view::{AccountView, BlockView},
    websocket,
};
use nano_block::{Network, SecretKey, SignedBlock};
use nano_primitives::{Account, Amount, BlockHash};
use std::{net::SocketAddr, sync::Arc};
use tokio::sync::broadcast;

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

    pub(crate) fn new(node: Arc<Node>, rpc: Listener, websocket: Listener) -> Self {
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
        rpc::receivable_total(&self.node.state().ledger, account, false)
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
        self.rpc.ended().await;
        self.websocket.ended().await;
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        self.node.close();
    }
}
