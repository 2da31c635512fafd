//! [`State`]: what is behind the node's lock: the ledger, the blocks that wait, the file and the listeners.
//!
//! Whatever changes the ledger is written to the file first and told to the listeners afterwards,
//! in the order in which it happened.

use crate::{
    ledger::{BlockRecord, Ledger, ProcessError, RollbackError, UnknownBlock, WorkCheck},
    store::{Entry, Store},
    told::{BlockView, Confirmation, ConfirmationKind, Event},
    unchecked::Unchecked,
};
use nano_block::SignedBlock;
use nano_primitives::BlockHash;
use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::broadcast;

/// How many blocks wait at most for what they rest on.
const UNCHECKED_CAPACITY: usize = 65_536;
/// How many confirmations are remembered for `confirmation_history`.
const HISTORY_LENGTH: usize = 2048;
/// How many events a slow listener may be behind before it loses some.
const EVENT_CAPACITY: usize = 16_384;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ledger: Ledger,
    pub(crate) unchecked: Unchecked,
    pub(crate) history: VecDeque<Arc<Confirmation>>,
    pub(super) events: broadcast::Sender<Event>,
    store: Option<Store>,
    is_closed: bool,
    arrivals: HashMap<BlockHash, Instant>,
}

impl State {
    pub(super) fn new(ledger: Ledger, store: Option<Store>) -> Self {
        Self {
            ledger,
            unchecked: Unchecked::new(UNCHECKED_CAPACITY),
            history: VecDeque::new(),
            events: broadcast::Sender::new(EVENT_CAPACITY),
            store,
            is_closed: false,
            arrivals: HashMap::new(),
        }
    }

    pub(super) fn accept(
        &mut self,
        block: &SignedBlock,
        work: WorkCheck,
    ) -> Result<Vec<BlockHash>, ProcessError> {
        // `applied` grows while it is walked: what was released may release more.
        let mut applied = vec![self.apply(block, work)?];
        let mut next = 0;
        while let Some(hash) = applied.get(next).copied() {
            for waiting in self.released_by(&hash) {
                applied.extend(self.apply(&waiting, WorkCheck::Required));
            }
            next += 1;
        }
        Ok(applied)
    }

    fn apply(&mut self, block: &SignedBlock, work: WorkCheck) -> Result<BlockHash, ProcessError> {
        let change = self
            .ledger
            .check(block, work)
            .inspect_err(|error| self.keep_waiting(block, work, *error))?;
        // On the disk before it is in the ledger, so that nobody hears of what a crash would take back.
        let now = unix_seconds();
        self.write(&Entry::Block { at: now, signed: Box::new(*block) })
            .map_err(|_| ProcessError::NotStored)?;
        let hash = self.ledger.commit(change, now);
        self.arrivals.insert(hash, Instant::now());
        tracing::debug!(%hash, "applied");
        if let Some(view) = BlockView::new(&self.ledger, &hash) {
            self.tell(Event::Applied(Arc::new(view)));
        }
        Ok(hash)
    }

    /// What the network was to be seeded with does not wait: its author hears of the gap.
    fn keep_waiting(&mut self, block: &SignedBlock, work: WorkCheck, error: ProcessError) {
        if work == WorkCheck::Required {
            self.unchecked.keep(*block, error);
        }
    }

    fn released_by(&mut self, hash: &BlockHash) -> Vec<SignedBlock> {
        let mut released = self.unchecked.waiting_for(hash);
        let record = self.ledger.block(hash);
        if let Some(destination) = record.and_then(BlockRecord::destination) {
            released.extend(self.unchecked.waiting_for_send_to(&destination));
        }
        released
    }

    pub(super) fn confirm(
        &mut self,
        hash: &BlockHash,
        kind: ConfirmationKind,
    ) -> Result<Vec<BlockHash>, UnknownBlock> {
        if self.ledger.to_confirm(hash)?.is_empty() {
            return Ok(Vec::new());
        }
        // Unwritten, the confirmation is only forgotten at the next start, and then made again.
        if self.write(&Entry::Confirmed(*hash)).is_err() && self.is_closed {
            return Ok(Vec::new());
        }
        let confirmed = self.ledger.confirm(hash)?;
        for each in &confirmed {
            let by_another = each != hash && kind == ConfirmationKind::Quorum;
            self.announce(each, if by_another { ConfirmationKind::Height } else { kind });
        }
        Ok(confirmed)
    }

    fn announce(&mut self, hash: &BlockHash, kind: ConfirmationKind) {
        let Some(block) = BlockView::new(&self.ledger, hash) else { return };
        let since = self.arrivals.remove(hash);
        let confirmation = Arc::new(Confirmation {
            block,
            kind,
            time_ms: unix_millis(),
            duration_ms: since.map_or(0, |since| clamp(since.elapsed().as_millis())),
            tally: self.ledger.total_weight(),
        });
        tracing::debug!(%hash, "confirmed");
        self.history.push_back(Arc::clone(&confirmation));
        if self.history.len() > HISTORY_LENGTH {
            self.history.pop_front();
        }
        self.tell(Event::Confirmed(confirmation));
    }

    pub(super) fn rollback(&mut self, hash: &BlockHash) -> Result<Vec<BlockHash>, RollbackError> {
        // Checked first: what is in the file is played again at the next start, and must succeed then.
        self.ledger.check_rollback(hash)?;
        self.write(&Entry::RolledBack(*hash)).map_err(|_| RollbackError::NotStored)?;
        let taken = self.ledger.rollback(hash)?;
        for hash in &taken {
            self.arrivals.remove(hash);
            tracing::debug!(%hash, "rolled back");
            self.tell(Event::RolledBack(*hash));
        }
        Ok(taken)
    }

    /// The block of the ledger that has the place which `block` wants.
    pub(super) fn rival(&self, block: &SignedBlock) -> Option<BlockHash> {
        let rival = match block.block.previous() {
            Some(previous) => self.ledger.block(&previous)?.successor?,
            None => self.ledger.account(&block.block.account()?)?.open_block,
        };
        (rival != block.hash()).then_some(rival)
    }

    fn tell(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.events.send(event);
    }

    /// Lets go of the file. Nothing changes from here on, whoever still holds the node.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.store = None;
    }

    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        if self.is_closed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let Some(store) = &mut self.store else { return Ok(()) };
        store.append(entry).inspect_err(|error| {
            tracing::error!(%error, "cannot write the ledger's file");
        })
    }
}

pub(crate) fn unix_seconds() -> u64 {
    since_1970().as_secs()
}

pub(crate) fn unix_millis() -> u64 {
    clamp(since_1970().as_millis())
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn clamp(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
