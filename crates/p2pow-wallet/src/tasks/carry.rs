//! How the tasks of an account are carried out, one batch after the other.
//!
//! A batch goes to the sender until the node's ledger says of each of its blocks that it is confirmed, or that it can
//! never be. Only of what certainly nothing is signed that could still be confirmed is put into another batch. What the
//! operator has replaced by another payment on purpose is over, and is not made again. An account that has nothing to do
//! has no task of the runtime.

use super::{
    Tasks,
    claims::Lost,
    hold::{Hold, NotBegun},
};
use crate::{
    clock,
    payer::{End, Hindrance, Paid, Pen},
    task::{Batch, State, Task, TaskId, WITHDRAWN},
    wallets::WalletError,
};
use nano_block::SecretKey;
use nano_primitives::{Account, BlockHash};
use p2pow_client::{Event, Order};
use p2pow_store::StoreError;
use std::{error::Error, future::pending, sync::Arc, time::Duration};
use tokio::sync::mpsc::unbounded_channel;
use tracing::{debug, info, warn};

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
        let Some(mut hold) = self.hold(account).await else {
            return self.let_go(account, None).await;
        };
        let mut waits = Waits::new();
        while let Some((batch, is_new)) = self.next_batch(account) {
            match self.carry_out(&mut hold, batch, is_new).await {
                Course::Done => waits = Waits::new(),
                Course::Hindered if self.pause(waits.next()).await => {}
                Course::Hindered | Course::Closing => return,
                Course::Lost => return self.let_go(account, Some(hold)).await,
            }
        }
        // The line is gone: who has something more for the account makes another.
        if let Hold::Shared(held) = hold
            && let Err(lost) = held.release().await
        {
            debug!(%account, %lost, "the account is not given back");
        }
    }

    async fn carry_out(&self, hold: &mut Hold, batch: Batch, is_new: bool) -> Course {
        let batch = match is_new {
            true => match self.begin(hold, batch).await {
                Ok(batch) => batch,
                Err(NotBegun::Lost) => return Course::Lost,
                Err(NotBegun::Store(batch, error)) => {
                    warn!(account = %batch.account, error = &error as &dyn Error, "cannot write a batch");
                    self.requeue(&batch, &batch.tasks, None);
                    return Course::Hindered;
                }
            },
            false => batch,
        };
        let done = self.pay_out(hold, &batch).await;
        done.unwrap_or_else(|lost| {
            warn!(account = %batch.account, batch = %batch.id, %lost, "left to others");
            Course::Lost
        })
    }

    /// Whether it receives what waits no more.
    pub(super) async fn is_received(&self, order: &Order) -> bool {
        match order {
            Order::Receive { source, .. } => {
                matches!(self.payer.is_receivable(source).await, Ok(false))
            }
            _ => false,
        }
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
    pub(super) async fn pause(&self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.closing.cancelled() => false,
        }
    }

    /// Hands a batch to the sender, under its name, until it is over.
    async fn pay_out(&self, hold: &mut Hold, batch: &Batch) -> Result<Course, Lost> {
        let mut waits = Waits::new();
        // What another server had decided.
        if !self.conclude(hold, Vec::new()).await? {
            return Ok(Course::Closing);
        }
        if batch.tasks.is_empty() {
            return self.dissolve(hold, batch).await;
        }
        loop {
            let Some(key) = self.key(hold, batch).await? else { return Ok(Course::Closing) };
            let Some(paid) = self.pay(hold, &key, batch).await? else { return Ok(Course::Closing) };
            match paid {
                Paid::Ends { ends, why, problem } => {
                    if !self.take_ends(hold, batch, &ends).await? {
                        return Ok(Course::Closing);
                    }
                    if ends.iter().all(End::is_final) {
                        return self.dissolve(hold, batch).await;
                    }
                    let is_open = ends.iter().any(|end| matches!(end, End::Open(_)));
                    if let Some(why) = why.filter(|_| !is_open) {
                        return self.hindered(hold, batch, &why).await;
                    }
                    self.tell_problem(&batch.tasks, &problem.unwrap_or_default());
                }
                Paid::Nothing(why) if why.is_final || self.is_late(batch) => {
                    return self.hindered(hold, batch, &why).await;
                }
                Paid::Nothing(Hindrance { reason, .. }) | Paid::Unknown(reason) => {
                    warn!(account = %batch.account, batch = %batch.id, reason, "not done yet");
                    self.tell_problem(&batch.tasks, &reason);
                }
            }
            if !self.pause(waits.next()).await {
                return Ok(Course::Closing);
            }
        }
    }

    /// Hands it to the sender once; `None` if the queue is closed before it comes back.
    async fn pay(&self, hold: &Hold, key: &SecretKey, batch: &Batch) -> Result<Option<Paid>, Lost> {
        let representative = match self.wallets.representative(&batch.wallet) {
            Ok(representative) => representative,
            Err(error) => return Ok(Some(Paid::Unknown(error.to_string()))),
        };
        let (listener, mut events) = unbounded_channel();
        let listen = async {
            while let Some(event) = events.recv().await {
                if let Event::Progress { items, .. } = event {
                    self.note_blocks(batch, items.iter().map(|item| item.signed.and(item.block)));
                }
            }
            pending::<()>().await;
        };
        let pen = match hold {
            Hold::Sole => Pen::new(key),
            Hold::Shared(held) => Pen::new(key).under(held.term(), held.lease()),
        };
        tokio::select! {
            paid = self.payer.pay(&pen, batch, representative, listener) => Ok(Some(paid)),
            () = listen => Ok(None),
            () = hold.lost() => Err(Lost::Lease),
            () = self.closing.cancelled() => Ok(None),
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

    async fn dissolve(&self, hold: &mut Hold, batch: &Batch) -> Result<Course, Lost> {
        if let Hold::Shared(held) = hold {
            return held.dissolve().await.map(|()| Course::Done);
        }
        Ok(match self.insist(|| self.book.dissolve(&batch.id)).await {
            Some(()) => Course::Done,
            None => Course::Closing,
        })
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

    /// The account's private key, as soon as its wallet is unlocked. Where the queue is shared, another server may have
    /// it unlocked, and this one does not wait.
    async fn key(&self, hold: &Hold, batch: &Batch) -> Result<Option<SecretKey>, Lost> {
        let mut news = self.wallets.news();
        loop {
            news.mark_unchanged();
            match self.wallets.secret_key(&batch.wallet, &batch.account) {
                Ok(key) => return Ok(Some(key)),
                Err(WalletError::Locked) => self.tell_problem(&batch.tasks, "the wallet is locked"),
                Err(error) => self.tell_problem(&batch.tasks, &error.to_string()),
            }
            if hold.is_shared() {
                return Err(Lost::Locked);
            }
            tokio::select! {
                changed = news.changed() => if changed.is_err() { return Ok(None) },
                () = self.closing.cancelled() => return Ok(None),
            }
        }
    }

    /// Ends the tasks whose blocks are confirmed, and those that are withdrawn.
    async fn take_ends(&self, hold: &mut Hold, batch: &Batch, ends: &[End]) -> Result<bool, Lost> {
        let open = ends.iter().map(|end| if let End::Open(block) = end { *block } else { None });
        self.note_blocks(batch, open);
        let mut over = Vec::new();
        for ((id, order), end) in batch.tasks.iter().zip(&batch.orders).zip(ends) {
            let state = match end {
                End::Confirmed(block) => confirmed(*block),
                End::Withdrawn => withdrawn(order),
                End::Open(_) | End::Not => continue,
            };
            if self.is_open(id) {
                over.push((id.clone(), state));
            }
        }
        self.conclude(hold, over).await
    }

    /// A batch of which nothing is signed that could still be confirmed: what cannot be done at all fails, and so does
    /// what was tried for long enough. The others become another batch.
    async fn hindered(
        &self,
        hold: &mut Hold,
        batch: &Batch,
        why: &Hindrance,
    ) -> Result<Course, Lost> {
        warn!(account = %batch.account, tasks = batch.tasks.len(), reason = %why.reason, "not begun");
        let open = |id: &TaskId| self.lock().open.get(id).map(|open| open.task.clone());
        let alone = batch.tasks.iter().filter(|id| open(id).is_some()).count() == 1;
        let (mut left, mut over) = (Vec::new(), Vec::new());
        for (place, id) in batch.tasks.iter().enumerate() {
            // Those that are confirmed are over already.
            let Some(task) = open(id) else { continue };
            let is_culprit = why.place == Some(place) || (alone && why.is_final);
            if !is_culprit && (why.is_final || !self.is_over(&task)) {
                left.push(id.clone());
            } else {
                over.push((id.clone(), State::failed(&why.reason)));
            }
        }
        if !self.conclude(hold, over).await? {
            return Ok(Course::Closing);
        }
        if let Course::Closing = self.dissolve(hold, batch).await? {
            return Ok(Course::Closing);
        }
        self.tell_problem(&left, &why.reason);
        // Where it is not known which order is too much, half of them show it.
        let together = (why.is_final && why.place.is_none()).then_some(left.len() / 2);
        self.requeue(batch, &left, together);
        // Without the one that could not be done the others need not wait.
        Ok(if why.is_final { Course::Done } else { Course::Hindered })
    }

    fn is_open(&self, id: &TaskId) -> bool {
        self.lock().open.contains_key(id)
    }

    /// Puts tasks back to the front of their line.
    fn requeue(&self, batch: &Batch, tasks: &[TaskId], together: Option<usize>) {
        self.lock().of.entry(batch.account).or_default().put_back(tasks, together);
    }

    pub(super) fn tell_problem(&self, tasks: &[TaskId], problem: &str) {
        let mut lines = self.lock();
        for id in tasks {
            if let Some(open) = lines.open.get_mut(id) {
                open.problem = Some(problem.to_owned());
            }
        }
    }

    /// Ends a task: first in the store, then for those who wait. `false` if the queue is closed before.
    pub(super) async fn end(&self, id: &TaskId, state: State) -> bool {
        let Some(task) = self.lock().open.get(id).map(|open| open.task.clone()) else {
            return true;
        };
        let task = Task { state: state.clone(), ..task };
        // What is to be told of it is written before: so it cannot be over and never told.
        let Some(deliveries) = self.insist(|| self.outbox.write(&task)).await else { return false };
        if self.insist(|| self.book.end(&task)).await.is_none() {
            return false;
        }
        let waited_for = self.lock().open.remove(id);
        info!(task = %task.id, account = %task.account, state = ?task.state, "over");
        // Otherwise its end was heard of as that of another server.
        if let Some(open) = waited_for {
            open.state.send_replace(state);
            // Nobody listening is no fault.
            let _ = self.ends.send(task);
        }
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
    /// Another server may have the account.
    Lost,
    Closing,
}

/// Only what is paid can be paid twice: what is received, or represented by somebody, may be asked for again.
fn withdrawn(order: &Order) -> State {
    match order {
        Order::Send { .. } => State::Withdrawn { ended_ms: clock::now_ms() },
        Order::Receive { .. } | Order::Change { .. } => State::failed(WITHDRAWN),
    }
}

fn confirmed(block: BlockHash) -> State {
    State::Confirmed { block, ended_ms: clock::now_ms() }
}
