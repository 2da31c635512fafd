//! How the tasks of an account are carried out, one batch after the other.
//!
//! A batch goes to the sender until the node's ledger says of each of its blocks that it is confirmed, or that it can
//! never be. Only of what certainly nothing is signed that could still be confirmed is put into another batch. What the
//! operator has replaced by another payment on purpose is over, and is not made again. An account that has nothing to do
//! has no task of the runtime.

use super::Tasks;
use crate::{
    clock,
    payer::{End, Hindrance, Paid},
    task::{Batch, State, Task, TaskId, WITHDRAWN},
    wallets::WalletError,
};
use nano_block::SecretKey;
use nano_primitives::{Account, BlockHash};
use p2pow_client::{Event, Order};
use p2pow_store::StoreError;
use std::{error::Error, future::pending, sync::Arc, time::Duration};
use tokio::sync::mpsc::unbounded_channel;
use tracing::{info, warn};

/// Between two tries of the same, at first and at most.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Doubles from try to try.
struct Waits(Duration);

impl Waits {
    const fn new() -> Self {
        Self(FIRST_WAIT)
    }

    fn next(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (wait * 2).min(LONGEST_WAIT);
        wait
    }
}

impl Tasks {
    /// Sees to it that the account's tasks are carried out.
    pub(super) fn wake(self: &Arc<Self>, account: Account) {
        let mut lines = self.lock();
        let line = lines.of.entry(account).or_default();
        if self.closing.is_cancelled() || !line.set_running() {
            return;
        }
        let queue = Arc::clone(self);
        tokio::spawn(async move { queue.run(account).await });
    }

    async fn run(&self, account: Account) {
        let mut waits = Waits::new();
        while let Some((batch, is_new)) = self.next_batch(account) {
            let batch = if is_new { self.without_received(batch).await } else { batch };
            let course = match self.book.begin(&batch).await {
                Ok(()) => self.carry_out(&batch).await,
                Err(error) => {
                    warn!(%account, error = &error as &dyn Error, "cannot write a batch");
                    self.requeue(&batch, &batch.tasks, None);
                    Course::Hindered
                }
            };
            match course {
                Course::Done => waits = Waits::new(),
                Course::Hindered if self.pause(waits.next()).await => {}
                Course::Hindered | Course::Closing => return,
            }
        }
    }

    /// The batch without receives of what waits no more: their blocks would be signed, and never be valid.
    async fn without_received(&self, batch: Batch) -> Batch {
        let mut kept = Batch { tasks: Vec::new(), orders: Vec::new(), ..batch.clone() };
        for (id, order) in batch.tasks.into_iter().zip(batch.orders) {
            let is_gone = match &order {
                Order::Receive { source, .. } => {
                    matches!(self.payer.is_receivable(source).await, Ok(false))
                }
                _ => false,
            };
            if is_gone {
                self.end(&id, failed("Unreceivable")).await;
            } else {
                kept.tasks.push(id);
                kept.orders.push(order);
            }
        }
        kept
    }

    /// The next tasks of the account, and whether nothing was done for them yet; `None` if there are none, and then nobody
    /// runs for it any more.
    fn next_batch(&self, account: Account) -> Option<(Batch, bool)> {
        let mut lines = self.lock();
        let lines = &mut *lines;
        let most = self.rules.most_together;
        let batch = lines.of.get_mut(&account)?.next_batch(account, most, |id| {
            lines.open.get(id).map(|open| (open.task.wallet, open.task.order))
        });
        if batch.is_none() {
            lines.of.remove(&account);
        }
        batch
    }

    /// Waits, unless the queue is closed meanwhile: then `false`.
    async fn pause(&self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.closing.cancelled() => false,
        }
    }

    /// Hands a batch to the sender, under its name, until it is over.
    async fn carry_out(&self, batch: &Batch) -> Course {
        let mut waits = Waits::new();
        if batch.tasks.is_empty() {
            return self.dissolve(batch).await;
        }
        loop {
            let Some(key) = self.key(batch).await else { return Course::Closing };
            let Some(paid) = self.pay(&key, batch).await else { return Course::Closing };
            match paid {
                Paid::Ends { ends, why, problem } => {
                    if !self.take_ends(batch, &ends).await {
                        return Course::Closing;
                    }
                    if ends.iter().all(End::is_final) {
                        return self.dissolve(batch).await;
                    }
                    let is_open = ends.iter().any(|end| matches!(end, End::Open(_)));
                    if let Some(why) = why.filter(|_| !is_open) {
                        return self.hindered(batch, &why).await;
                    }
                    self.tell_problem(&batch.tasks, &problem.unwrap_or_default());
                }
                Paid::Nothing(why) if why.is_final || self.is_late(batch) => {
                    return self.hindered(batch, &why).await;
                }
                Paid::Nothing(Hindrance { reason, .. }) | Paid::Unknown(reason) => {
                    warn!(account = %batch.account, batch = %batch.id, reason, "not done yet");
                    self.tell_problem(&batch.tasks, &reason);
                }
            }
            if !self.pause(waits.next()).await {
                return Course::Closing;
            }
        }
    }

    /// Hands it to the sender once; `None` if the queue is closed before it comes back.
    async fn pay(&self, key: &SecretKey, batch: &Batch) -> Option<Paid> {
        let representative = match self.wallets.representative(&batch.wallet) {
            Ok(representative) => representative,
            Err(error) => return Some(Paid::Unknown(error.to_string())),
        };
        let (listener, mut events) = unbounded_channel();
        let listen = async {
            while let Some(event) = events.recv().await {
                if let Event::Progress { items, .. } = event {
                    self.note_blocks(batch, items.iter().map(|item| item.signed.and(item.block)));
                }
            }
            pending().await
        };
        tokio::select! {
            paid = self.payer.pay(key, batch, representative, listener) => Some(paid),
            () = listen => None,
            () = self.closing.cancelled() => None,
        }
    }

    /// Remembers by which block each order is about to be carried out.
    fn note_blocks(&self, batch: &Batch, blocks: impl Iterator<Item = Option<BlockHash>>) {
        let mut lines = self.lock();
        for (id, block) in batch.tasks.iter().zip(blocks) {
            if let Some(open) = lines.open.get_mut(id) {
                open.block = block;
            }
        }
    }

    async fn dissolve(&self, batch: &Batch) -> Course {
        match self.insist(|| self.book.dissolve(&batch.id)).await {
            Some(()) => Course::Done,
            None => Course::Closing,
        }
    }

    /// Whether a task was tried for long enough.
    fn is_late(&self, batch: &Batch) -> bool {
        let lines = self.lock();
        batch.tasks.iter().any(|id| lines.open.get(id).is_some_and(|open| self.is_over(&open.task)))
    }

    fn is_over(&self, task: &Task) -> bool {
        let give_up = u64::try_from(self.rules.give_up.as_millis()).unwrap_or(u64::MAX);
        clock::now_ms().saturating_sub(task.accepted_ms) >= give_up
    }

    /// The account's private key, as soon as its wallet is unlocked.
    async fn key(&self, batch: &Batch) -> Option<SecretKey> {
        let mut news = self.wallets.news();
        loop {
            news.mark_unchanged();
            match self.wallets.secret_key(&batch.wallet, &batch.account) {
                Ok(key) => return Some(key),
                Err(WalletError::Locked) => self.tell_problem(&batch.tasks, "the wallet is locked"),
                Err(error) => self.tell_problem(&batch.tasks, &error.to_string()),
            }
            tokio::select! {
                changed = news.changed() => changed.ok()?,
                () = self.closing.cancelled() => return None,
            }
        }
    }

    /// Ends the tasks whose blocks are confirmed, and those that are withdrawn.
    async fn take_ends(&self, batch: &Batch, ends: &[End]) -> bool {
        let open = ends.iter().map(|end| if let End::Open(block) = end { *block } else { None });
        self.note_blocks(batch, open);
        for ((id, order), end) in batch.tasks.iter().zip(&batch.orders).zip(ends) {
            let state = match end {
                End::Confirmed(block) => confirmed(*block),
                End::Withdrawn => withdrawn(order),
                End::Open(_) | End::Not => continue,
            };
            if !self.end(id, state).await {
                return false;
            }
        }
        true
    }

    /// A batch of which nothing is signed that could still be confirmed: what cannot be done at all fails, and so does
    /// what was tried for long enough. The others become another batch.
    async fn hindered(&self, batch: &Batch, why: &Hindrance) -> Course {
        warn!(account = %batch.account, tasks = batch.tasks.len(), reason = %why.reason, "not begun");
        let open = |id: &TaskId| self.lock().open.get(id).map(|open| open.task.clone());
        let alone = batch.tasks.iter().filter(|id| open(id).is_some()).count() == 1;
        let mut left = Vec::new();
        for (place, id) in batch.tasks.iter().enumerate() {
            // Those that are confirmed are over already.
            let Some(task) = open(id) else { continue };
            let is_culprit = why.place == Some(place) || (alone && why.is_final);
            if !is_culprit && (why.is_final || !self.is_over(&task)) {
                left.push(id.clone());
            } else if !self.end(id, failed(&why.reason)).await {
                return Course::Closing;
            }
        }
        if let Course::Closing = self.dissolve(batch).await {
            return Course::Closing;
        }
        self.tell_problem(&left, &why.reason);
        // Where it is not known which order is too much, half of them show it.
        let together = (why.is_final && why.place.is_none()).then_some(left.len() / 2);
        self.requeue(batch, &left, together);
        // Without the one that could not be done the others need not wait.
        if why.is_final { Course::Done } else { Course::Hindered }
    }

    /// Puts tasks back to the front of their line.
    fn requeue(&self, batch: &Batch, tasks: &[TaskId], together: Option<usize>) {
        self.lock().of.entry(batch.account).or_default().put_back(tasks, together);
    }

    fn tell_problem(&self, tasks: &[TaskId], problem: &str) {
        let mut lines = self.lock();
        for id in tasks {
            if let Some(open) = lines.open.get_mut(id) {
                open.problem = Some(problem.to_owned());
            }
        }
    }

    /// Ends a task: first in the store, then for those who wait. `false` if the queue is closed before.
    async fn end(&self, id: &TaskId, state: State) -> bool {
        let Some(task) = self.lock().open.get(id).map(|open| open.task.clone()) else {
            return true;
        };
        let task = Task { state: state.clone(), ..task };
        // What is to be told of it is written before: so it cannot be over and never told.
        let Some(deliveries) = self.insist(|| self.outbox.write(&task)).await else { return false };
        if self.insist(|| self.book.end(&task)).await.is_none() {
            return false;
        }
        if let Some(open) = self.lock().open.remove(id) {
            open.state.send_replace(state);
        }
        info!(task = %task.id, account = %task.account, state = ?task.state, "over");
        // Nobody listening is no fault.
        let _ = self.ends.send(task);
        deliveries.into_iter().for_each(|delivery| self.outbox.send(delivery));
        true
    }

    /// Writes until the store takes it: what happened has happened. `None` if the queue is closed before.
    async fn insist<T, F>(&self, write: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut waits = Waits::new();
        loop {
            match write().await {
                Ok(written) => return Some(written),
                Err(error) => {
                    warn!(error = &error as &dyn Error, "cannot write what was done");
                }
            }
            if !self.pause(waits.next()).await {
                return None;
            }
        }
    }
}

/// How it went on with a batch.
enum Course {
    Done,
    /// Something is in the way, and may not be soon.
    Hindered,
    Closing,
}

fn failed(reason: &str) -> State {
    State::Failed { reason: reason.to_owned(), ended_ms: clock::now_ms() }
}

/// Only what is paid can be paid twice: what is received, or represented by somebody, may be asked for again.
fn withdrawn(order: &Order) -> State {
    match order {
        Order::Send { .. } => State::Withdrawn { ended_ms: clock::now_ms() },
        Order::Receive { .. } | Order::Change { .. } => failed(WITHDRAWN),
    }
}

fn confirmed(block: BlockHash) -> State {
    State::Confirmed { block, ended_ms: clock::now_ms() }
}
