//! The node: its state behind one lock, and what acts on it.

mod state;

pub(crate) use state::{State, total_weight, unix_millis, unix_seconds};

use crate::{
    dialect::Dialect,
    event::{ConfirmationKind, Event},
    faults::FaultState,
    ledger::{Genesis, Ledger, ProcessError, RollbackError, UnknownBlock, WorkCheck},
    store::Store,
};
use nano_block::{Network, SecretKey, SignedBlock};
use nano_pow::Pool;
use nano_primitives::{BlockHash, Work};
use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};
use tokio::{
    runtime::Handle,
    sync::{broadcast, watch},
};

/// What the node was started with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) network: Network,
    pub(crate) dialect: Dialect,
    pub(crate) work_threads: Option<usize>,
    pub(crate) genesis: Genesis,
    pub(crate) node_key: SecretKey,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) settings: Settings,
    pub(crate) faults: FaultState,
    pub(crate) started: Instant,
    pub(crate) runtime: Handle,
    pub(crate) closing: watch::Sender<bool>,
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
            closing: watch::Sender::new(false),
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
        self.closing.send_replace(true);
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
