//! The node: the ledger, the blocks that wait, the file and the listeners, behind one lock.
//!
//! Whatever changes the ledger is written to the file first and told to the listeners afterwards, in the order in which
//! it happened.

use crate::{
    dialect::Dialect,
    event::{Confirmation, ConfirmationKind, Event},
    faults::FaultState,
    ledger::{Genesis, Ledger, ProcessError, RollbackError, UnknownBlock, WorkCheck},
    store::{Entry, Store},
    unchecked::Unchecked,
    view::BlockView,
};
use nano_block::{Network, SecretKey, SignedBlock};
use nano_pow::Pool;
use nano_primitives::{Amount, BlockHash, Work};
use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    runtime::Handle,
    sync::{broadcast, watch},
};

/// How many blocks wait at most for what they rest on.
const UNCHECKED_CAPACITY: usize = 65_536;
/// How many confirmations are remembered for `confirmation_history`.
const HISTORY_LENGTH: usize = 2048;
/// How many events a slow listener may be behind before it loses some.
const EVENT_CAPACITY: usize = 16_384;

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
    events: broadcast::Sender<Event>,
    pool: OnceLock<Pool>,
    state: Mutex<State>,
}

/// What is behind the lock.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ledger: Ledger,
    pub(crate) unchecked: Unchecked,
    pub(crate) history: VecDeque<Arc<Confirmation>>,
    store: Option<Store>,
    arrivals: HashMap<BlockHash, Instant>,
}

impl Node {
    pub(crate) fn new(
        settings: Settings,
        (ledger, store): (Ledger, Option<Store>),
        faults: FaultState,
    ) -> Arc<Self> {
        let state = State {
            ledger,
            unchecked: Unchecked::new(UNCHECKED_CAPACITY),
            history: VecDeque::new(),
            store,
            arrivals: HashMap::new(),
        };
        Arc::new(Self {
            settings,
            faults,
            started: Instant::now(),
            runtime: Handle::current(),
            closing: watch::Sender::new(false),
            events: broadcast::Sender::new(EVENT_CAPACITY),
            pool: OnceLock::new(),
            state: Mutex::new(state),
        })
    }

    /// The state; also after a thread panicked with it, since every change of it is whole.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
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
        let applied = self.state().accept(block, WorkCheck::Required, &self.events)?;
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

    /// Accepts blocks without work and confirms them. `make` sees the ledger that the block must fit.
    pub(crate) fn seed<E: From<ProcessError>>(
        self: &Arc<Self>,
        make: impl FnOnce(&Ledger) -> Result<SignedBlock, E>,
    ) -> Result<BlockHash, E> {
        let mut state = self.state();
        let block = make(&state.ledger)?;
        let block = block.with_work(block.work.unwrap_or(Work::from_u64(0)));
        let applied = state.accept(&block, WorkCheck::Waived, &self.events)?;
        for hash in &applied {
            let confirmed = state.confirm(hash, ConfirmationKind::Seeded, &self.events);
            confirmed.map_err(|_| ProcessError::NotStored)?;
        }
        Ok(block.hash())
    }

    /// Confirms a block and all that it rests on; answers what was newly confirmed.
    pub(crate) fn confirm(&self, hash: &BlockHash) -> Result<Vec<BlockHash>, UnknownBlock> {
        self.state().confirm(hash, ConfirmationKind::Quorum, &self.events)
    }

    /// Rolls an unconfirmed block back, and all that rests on it; answers what was taken out.
    pub(crate) fn rollback(&self, hash: &BlockHash) -> Result<Vec<BlockHash>, RollbackError> {
        self.state().rollback(hash, &self.events)
    }
}

impl State {
    fn accept(
        &mut self,
        block: &SignedBlock,
        work: WorkCheck,
        events: &broadcast::Sender<Event>,
    ) -> Result<Vec<BlockHash>, ProcessError> {
        let mut applied = vec![self.apply(block, work, events)?];
        let mut next = 0;
        while let Some(hash) = applied.get(next).copied() {
            for waiting in self.released_by(&hash) {
                applied.extend(self.apply(&waiting, WorkCheck::Required, events));
            }
            next += 1;
        }
        Ok(applied)
    }

    fn apply(
        &mut self,
        block: &SignedBlock,
        work: WorkCheck,
        events: &broadcast::Sender<Event>,
    ) -> Result<BlockHash, ProcessError> {
        let change = self
            .ledger
            .check(block, work)
            .inspect_err(|error| self.unchecked.keep(*block, *error))?;
        let now = unix_seconds();
        self.write(&Entry::Block { at: now, signed: Box::new(*block) })
            .map_err(|_| ProcessError::NotStored)?;
        let hash = self.ledger.commit(change, now);
        self.arrivals.insert(hash, Instant::now());
        tracing::debug!(%hash, "applied");
        if let Some(view) = BlockView::new(&self.ledger, &hash) {
            // Nobody may be listening.
            let _ = events.send(Event::Applied(Arc::new(view)));
        }
        Ok(hash)
    }

    fn released_by(&mut self, hash: &BlockHash) -> Vec<SignedBlock> {
        let mut released = self.unchecked.waiting_for(hash);
        let record = self.ledger.block(hash);
        if let Some(destination) = record.and_then(crate::ledger::BlockRecord::destination) {
            released.extend(self.unchecked.waiting_for_send_to(&destination));
        }
        released
    }

    fn confirm(
        &mut self,
        hash: &BlockHash,
        kind: ConfirmationKind,
        events: &broadcast::Sender<Event>,
    ) -> Result<Vec<BlockHash>, UnknownBlock> {
        if self.ledger.to_confirm(hash)?.is_empty() {
            return Ok(Vec::new());
        }
        // Unwritten, the confirmation is only forgotten at the next start, and then made again.
        let _ = self.write(&Entry::Confirmed(*hash));
        let confirmed = self.ledger.confirm(hash)?;
        for each in &confirmed {
            let by_another = each != hash && kind == ConfirmationKind::Quorum;
            self.announce(each, if by_another { ConfirmationKind::Height } else { kind }, events);
        }
        Ok(confirmed)
    }

    fn announce(
        &mut self,
        hash: &BlockHash,
        kind: ConfirmationKind,
        events: &broadcast::Sender<Event>,
    ) {
        let Some(block) = BlockView::new(&self.ledger, hash) else { return };
        let since = self.arrivals.remove(hash);
        let confirmation = Arc::new(Confirmation {
            block,
            kind,
            time_ms: unix_millis(),
            duration_ms: since.map_or(0, |since| clamp(since.elapsed().as_millis())),
            tally: total_weight(&self.ledger),
        });
        tracing::debug!(%hash, "confirmed");
        self.history.push_back(Arc::clone(&confirmation));
        if self.history.len() > HISTORY_LENGTH {
            self.history.pop_front();
        }
        let _ = events.send(Event::Confirmed(confirmation));
    }

    fn rollback(
        &mut self,
        hash: &BlockHash,
        events: &broadcast::Sender<Event>,
    ) -> Result<Vec<BlockHash>, RollbackError> {
        self.ledger.check_rollback(hash)?;
        self.write(&Entry::RolledBack(*hash)).map_err(|_| RollbackError::NotStored)?;
        let taken = self.ledger.rollback(hash)?;
        for hash in &taken {
            self.arrivals.remove(hash);
            tracing::debug!(%hash, "rolled back");
            let _ = events.send(Event::RolledBack(*hash));
        }
        Ok(taken)
    }

    /// The block of the ledger that has the place which `block` wants.
    fn rival(&self, block: &SignedBlock) -> Option<BlockHash> {
        let rival = match block.block.previous() {
            Some(previous) => self.ledger.block(&previous)?.successor?,
            None => self.ledger.account(&block.block.account()?)?.open_block,
        };
        (rival != block.hash()).then_some(rival)
    }

    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let Some(store) = &mut self.store else { return Ok(()) };
        store.append(entry).inspect_err(|error| {
            tracing::error!(%error, "cannot write the ledger's file");
        })
    }
}

/// All weight that may vote.
pub(crate) fn total_weight(ledger: &Ledger) -> Amount {
    ledger.weights().fold(Amount::ZERO, |sum, (_, weight)| {
        sum.checked_add(*weight).expect("all weights together are at most the supply")
    })
}

pub(crate) fn unix_seconds() -> u64 {
    since_1970().as_secs()
}

pub(crate) fn unix_millis() -> u64 {
    clamp(since_1970().as_millis())
}

fn since_1970() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn clamp(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
