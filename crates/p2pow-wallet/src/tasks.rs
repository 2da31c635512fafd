//! [`Tasks`]: everything that moves money, one line for each account, carried out once each.
//!
//! A task is in the store before it is accepted, and in a batch before anything is signed for it; the sender's journal
//! knows the batch by its name. So a process that is killed anywhere goes on where it was: see [`book`] for the order of
//! the writes, and [`carry`] for how an account's tasks are carried out.

mod book;
mod carry;
mod claims;
mod follow;
mod hold;
mod line;

pub(crate) use book::{NotAccepted, Wanted};

use crate::{
    payer::Payer,
    task::{Standing, State, Task, TaskId},
    wallets::{WalletId, Wallets},
    webhooks::Outbox,
};
use book::{Accepted, Book};
use claims::Claims;
use line::Line;
use nano_http::CancellationToken;
use nano_primitives::{Account, BlockHash};
use p2pow_store::{Owners, Store, StoreError};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{broadcast, watch};

/// Ends that a slow listener may be behind before it misses some.
const EVENTS: usize = 4096;

/// How tasks are carried out.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// Tasks of one batch, at most.
    pub(crate) most_together: usize,
    /// Tasks that wait, at most.
    pub(crate) most_waiting: usize,
    /// How long a task is tried whose deal is not begun.
    pub(crate) give_up: Duration,
}

/// Whom the queue works with.
#[derive(Debug)]
pub(crate) struct Hands {
    pub(crate) wallets: Arc<Wallets>,
    pub(crate) payer: Payer,
    pub(crate) outbox: Outbox,
    pub(crate) closing: CancellationToken,
    /// Who else is at the same queue, where several servers are.
    pub(crate) owners: Option<Arc<dyn Owners>>,
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Tasks {
    book: Book,
    wallets: Arc<Wallets>,
    payer: Payer,
    outbox: Outbox,
    rules: Rules,
    /// Where several servers share the queue.
    claims: Option<Claims>,
    lines: Mutex<Lines>,
    ends: broadcast::Sender<Task>,
    closing: CancellationToken,
}

#[derive(Debug, Default)]
struct Lines {
    of: HashMap<Account, Line>,
    /// Those that are not over, and who waits for them.
    open: HashMap<TaskId, Open>,
}

#[derive(Debug)]
struct Open {
    task: Task,
    state: watch::Sender<State>,
    /// Why it is not done yet, if something is in the way.
    problem: Option<String>,
    /// The block that is signed for it.
    block: Option<BlockHash>,
}

/// A task, and what becomes of it.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) task: Task,
    state: Option<watch::Receiver<State>>,
}

impl Ticket {
    /// How it ends; `None` if the queue is closed before.
    pub(crate) async fn end(mut self) -> Option<State> {
        let Some(state) = &mut self.state else { return Some(self.task.state) };
        let over = state.wait_for(State::is_over).await;
        over.ok().map(|state| state.clone())
    }
}

impl Tasks {
    /// Takes up what the store holds, and goes on with it.
    pub(crate) async fn open(
        store: &Arc<dyn Store>,
        hands: Hands,
        rules: Rules,
    ) -> Result<Arc<Self>, StoreError> {
        let Hands { wallets, payer, outbox, closing, owners } = hands;
        let queue = Arc::new(Self {
            book: Book::new(store),
            wallets,
            payer,
            outbox,
            rules,
            claims: owners.map(|owners| Claims::new(store, owners)),
            lines: Mutex::default(),
            ends: broadcast::Sender::new(EVENTS),
            closing,
        });
        if queue.claims.is_some() {
            queue.look().await?;
            tokio::spawn(Arc::clone(&queue).follow());
        } else {
            queue.take_up().await?;
        }
        queue.wake_all();
        Ok(queue)
    }

    /// Goes on with what a server left that had the store for itself.
    async fn take_up(&self) -> Result<(), StoreError> {
        let (tasks, batches) = self.book.unfinished().await?;
        let tasks_of_batches: HashSet<TaskId> =
            batches.iter().flat_map(|batch| batch.tasks.clone()).collect();
        let open: HashSet<TaskId> = tasks.iter().map(|task| task.id.clone()).collect();
        self.outbox.resume(|id| open.contains(id)).await?;
        for task in tasks {
            let is_waiting = !tasks_of_batches.contains(&task.id);
            self.enter(&task, is_waiting);
        }
        for batch in batches {
            self.lock().of.entry(batch.account).or_default().resume(batch);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts a task, or finds the one of the same key. Who asks may go away: what is accepted is carried out.
    pub(crate) async fn submit(self: &Arc<Self>, wanted: Wanted) -> Result<Ticket, NotAccepted> {
        let queue = Arc::clone(self);
        // A task of its own: dropped between storing and entering, it would wait for the next start.
        let accepting = tokio::spawn(async move { queue.take_in(&wanted).await });
        accepting.await.unwrap_or(Err(NotAccepted::Store(StoreError::Closed)))
    }

    async fn take_in(self: &Arc<Self>, wanted: &Wanted) -> Result<Ticket, NotAccepted> {
        loop {
            let Accepted { task, is_new } = self.book.accept(wanted).await?;
            if task.state.is_over() {
                return Ok(Ticket { task, state: None });
            }
            // Where the queue is shared another server may have accepted it. It does no harm there to have it once too
            // often: it does not get into a batch once it is over.
            if is_new || self.claims.is_some() {
                let state = self.enter(&task, true);
                self.wake(task.account);
                return Ok(Ticket { task, state: Some(state) });
            }
            if let Some(open) = self.lock().open.get(&task.id) {
                let state = open.state.subscribe();
                return Ok(Ticket { task: open.task.clone(), state: Some(state) });
            }
            // Somebody is about to enter it, or it has just ended: never is it entered a second time.
            tokio::task::yield_now().await;
        }
    }

    /// Puts an open task into memory; at the end of its line if it waits.
    fn enter(&self, task: &Task, is_waiting: bool) -> watch::Receiver<State> {
        let mut lines = self.lock();
        if let Some(known) = lines.open.get(&task.id) {
            return known.state.subscribe();
        }
        let (state, receiver) = watch::channel(task.state.clone());
        let open = Open { task: task.clone(), state, problem: None, block: None };
        lines.open.insert(task.id.clone(), open);
        let line = lines.of.entry(task.account).or_default();
        if is_waiting {
            line.push(task.id.clone());
        }
        receiver
    }

    /// Whether there is no room for more.
    pub(crate) fn is_full(&self) -> bool {
        self.lock().open.len() >= self.rules.most_waiting
    }

    pub(crate) const fn most_waiting(&self) -> usize {
        self.rules.most_waiting
    }

    /// Tasks that are not over.
    pub(crate) fn open_count(&self) -> usize {
        self.lock().open.len()
    }

    /// How it stands with a task that is not over.
    pub(crate) fn standing(&self, id: &TaskId) -> Standing {
        let lines = self.lock();
        let standing = |open: &Open| {
            let is_here = || lines.of.get(&open.task.account).is_some_and(Line::is_held);
            let is_elsewhere = self.claims.is_some() && open.block.is_none() && !is_here();
            Standing { problem: open.problem.clone(), block: open.block, is_elsewhere }
        };
        lines.open.get(id).map(standing).unwrap_or_default()
    }

    /// The first task that waits for an account, and its wallet.
    fn first(&self, account: Account) -> Option<(TaskId, WalletId)> {
        let lines = self.lock();
        let mut waiting = lines.of.get(&account)?.waiting();
        waiting.find_map(|id| Some((id.clone(), lines.open.get(id)?.task.wallet)))
    }

    /// Whether an account has tasks that are not over.
    pub(crate) fn is_busy(&self, account: &Account) -> bool {
        self.lock().open.values().any(|open| open.task.account == *account)
    }

    /// Whether a wallet has tasks that are not over.
    pub(crate) fn is_busy_with(&self, wallet: &WalletId) -> bool {
        self.lock().open.values().any(|open| open.task.wallet == *wallet)
    }

    /// A task by its name.
    pub(crate) async fn task(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        self.book.task(id).await
    }

    /// The task of a key.
    pub(crate) async fn keyed(&self, key: &str) -> Result<Option<Task>, StoreError> {
        self.book.keyed(key).await
    }

    /// Tasks in the order in which they were accepted.
    pub(crate) async fn page(
        &self,
        after: Option<&TaskId>,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        self.book.page(after, limit).await
    }

    /// Hears of every end from now on.
    pub(crate) fn ends(&self) -> broadcast::Receiver<Task> {
        self.ends.subscribe()
    }
}
