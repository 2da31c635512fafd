//! [`Node`]: the state behind one lock, and what acts on it: blocks that come over the network, a clock that confirms
//! them as voting nodes would, and the blocks that a network is seeded with.

mod faults;
mod state;

pub(crate) use {
    faults::{Dropping, Failure, FaultState, Planned, Rate},
    state::{State, unix_millis, unix_seconds},
};

use crate::{
    dialect::Dialect,
    ledger::{Genesis, Ledger, ProcessError, RollbackError, UnknownBlock, WorkCheck},
    store::Store,
    told::{ConfirmationKind, Event},
};
use nano_block::{AccountState, BuildError, Epoch, Network, SecretKey, SignedBlock, StateBlock};
use nano_pow::Pool;
use nano_primitives::{Account, Amount, BlockHash, Work};
use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::broadcast};
use tokio_util::sync::CancellationToken;

/// What the node was started with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) network: Network,
    pub(crate) dialect: Dialect,
    pub(crate) work_threads: Option<usize>,
    pub(crate) genesis: Genesis,
    pub(crate) node_key: SecretKey,
}

/// A node. Two locks, of the state and of the faults, which are never held together.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) settings: Settings,
    pub(crate) faults: FaultState,
    pub(crate) started: Instant,
    pub(crate) runtime: Handle,
    /// Cancelled when the node closes: its servers and sessions end.
    pub(crate) closing: CancellationToken,
    pool: OnceLock<Pool>,
    state: Mutex<State>,
}

impl Node {
    pub(crate) fn new(
        settings: Settings,
        (ledger, store): (Ledger, Option<Store>),
        faults: FaultState,
    ) -> Arc<Self> {
        Arc::new(Self {
            settings,
            faults,
            started: Instant::now(),
            runtime: Handle::current(),
            closing: CancellationToken::new(),
            pool: OnceLock::new(),
            state: Mutex::new(State::new(ledger, store)),
        })
    }

    /// The state; also after a thread panicked with it, since every change of it is whole.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the servers, and lets go of the file.
    pub(crate) fn close(&self) {
        self.closing.cancel();
        self.state().close();
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.state().events.subscribe()
    }

    /// The processor's pool for `work_generate`, made when it is first needed.
    pub(crate) fn pool(&self) -> &Pool {
        self.pool.get_or_init(|| Pool::cpu(self.settings.work_threads))
    }

    /// The pool, if it was ever needed.
    pub(crate) fn started_pool(&self) -> Option<&Pool> {
        self.pool.get()
    }

    /// Accepts a block from the network, and those that waited for it. Their confirmation follows.
    pub(crate) fn process(
        self: &Arc<Self>,
        block: &SignedBlock,
    ) -> Result<BlockHash, ProcessError> {
        // The lock is free again when confirmation, which may be at once, takes it.
        let applied = self.state().accept(block, WorkCheck::Required)?;
        for hash in &applied {
            self.schedule_confirmation(*hash);
        }
        Ok(block.hash())
    }

    /// Accepts a block even if an unconfirmed rival has its place; the rival is rolled back.
    pub(crate) fn process_by_force(
        self: &Arc<Self>,
        block: &SignedBlock,
    ) -> Result<(), ProcessError> {
        let rival = self.state().rival(block);
        if let Some(rival) = rival {
            // A confirmed rival stays, and the block is a fork as before.
            let _ = self.rollback(&rival);
        }
        self.process(block).map(|_| ())
    }

    /// Accepts blocks without work and confirms them. `make` sees the ledger that the block must
    /// fit.
    pub(crate) fn seed<E: From<ProcessError>>(
        self: &Arc<Self>,
        make: impl FnOnce(&Ledger) -> Result<SignedBlock, E>,
    ) -> Result<BlockHash, E> {
        // One hold of the lock from the look to the block, so that no other block takes its place in between.
        let mut state = self.state();
        let block = make(&state.ledger)?;
        let block = block.with_work(block.work.unwrap_or(Work::from_u64(0)));
        let applied = state.accept(&block, WorkCheck::Waived)?;
        for hash in &applied {
            let confirmed = state.confirm(hash, ConfirmationKind::Seeded);
            confirmed.map_err(|_| ProcessError::NotStored)?;
        }
        Ok(block.hash())
    }

    /// Confirms a block and all that it rests on; answers what was newly confirmed.
    pub(crate) fn confirm(&self, hash: &BlockHash) -> Result<Vec<BlockHash>, UnknownBlock> {
        self.state().confirm(hash, ConfirmationKind::Quorum)
    }

    /// Rolls an unconfirmed block back, and all that rests on it; answers what was taken out.
    pub(crate) fn rollback(&self, hash: &BlockHash) -> Result<Vec<BlockHash>, RollbackError> {
        self.state().rollback(hash)
    }
}

/// Confirmation: what a network of voting nodes would do, played by a clock.
impl Node {
    /// Has the block confirmed after the delay, unless blocks are to be left unconfirmed.
    pub(crate) fn schedule_confirmation(self: &Arc<Self>, hash: BlockHash) {
        if self.faults.leaves_unconfirmed() {
            return;
        }
        match self.faults.confirmation_delay() {
            Duration::ZERO => self.confirm_if_there(&hash),
            delay => {
                self.runtime.spawn(confirm_later(Arc::downgrade(self), hash, delay));
            }
        }
    }

    /// Has everything confirmed that is not: what an earlier run left, or what was left on purpose.
    pub(crate) fn schedule_backlog(self: &Arc<Self>) {
        let backlog: Vec<_> = self.state().ledger.unconfirmed().copied().collect();
        for hash in backlog {
            self.schedule_confirmation(hash);
        }
    }

    fn confirm_if_there(&self, hash: &BlockHash) {
        if self.confirm(hash).is_err() {
            tracing::debug!(%hash, "gone before it was confirmed");
        }
    }
}

/// Holds the node weakly, so that a long delay does not keep it alive.
async fn confirm_later(node: Weak<Node>, hash: BlockHash, delay: Duration) {
    tokio::time::sleep(delay).await;
    if let Some(node) = node.upgrade()
        && !node.faults.leaves_unconfirmed()
    {
        node.confirm_if_there(&hash);
    }
}

/// Why the ledger cannot be seeded so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The block cannot be built, as when the genesis account has too little left.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The ledger refuses the block.
    #[error("the ledger refuses the block: {0}")]
    Refused(#[from] ProcessError),
}

/// Blocks without work, confirmed at once: what a network starts with.
impl Node {
    /// Sends from the genesis account.
    pub(crate) fn fund(
        self: &Arc<Self>,
        account: Account,
        amount: Amount,
    ) -> Result<BlockHash, SeedError> {
        let key = self.settings.genesis.key();
        self.seed(|ledger| {
            let state = state_of(ledger, key.account(), key.account());
            Ok(state.send(account, amount)?.sign(key).into())
        })
    }

    /// Receives a send.
    pub(crate) fn receive(
        self: &Arc<Self>,
        key: &SecretKey,
        send: BlockHash,
    ) -> Result<BlockHash, SeedError> {
        let representative = self.settings.genesis.account();
        self.seed(|ledger| {
            let account = key.account();
            let entry =
                ledger.receivable_entry(&account, &send).ok_or(ProcessError::Unreceivable)?;
            let state = state_of(ledger, account, representative);
            Ok(state.receive(send, entry.amount)?.sign(key).into())
        })
    }

    /// Lifts the genesis account of a new ledger to the epoch, step by step. Every real network was lifted to epoch 2 long
    /// ago.
    pub(crate) fn upgrade_genesis(self: &Arc<Self>, to: Epoch) -> Result<(), ProcessError> {
        for epoch in [Epoch::Epoch1, Epoch::Epoch2].into_iter().filter(|epoch| *epoch <= to) {
            self.seed(|ledger| {
                Ok::<_, ProcessError>(epoch_block(ledger, &self.settings.genesis, epoch))
            })?;
        }
        Ok(())
    }
}

fn epoch_block(ledger: &Ledger, genesis: &Genesis, epoch: Epoch) -> SignedBlock {
    let state = state_of(ledger, genesis.account(), genesis.account());
    let block = StateBlock {
        account: state.account,
        previous: state.frontier.unwrap_or(BlockHash::ZERO),
        representative: state.representative,
        balance: state.balance,
        link: epoch.link().expect("epochs 1 and 2 have a link"),
    };
    block.sign(genesis.key()).into()
}

/// What the account's next block is built from.
fn state_of(ledger: &Ledger, account: Account, representative: Account) -> AccountState {
    match ledger.account(&account) {
        None => AccountState::unopened(account, representative),
        Some(info) => AccountState {
            account,
            frontier: Some(info.frontier),
            balance: info.balance,
            representative: info.representative,
        },
    }
}
