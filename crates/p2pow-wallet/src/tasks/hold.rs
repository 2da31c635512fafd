//! [`Hold`]: the right to carry out an account's tasks, and where it is written what comes of them.

use super::{
    Tasks,
    claims::{HeldAccount, Lost},
};
use crate::task::{Batch, State, TaskId};
use nano_primitives::Account;
use p2pow_client::BoxFuture;
use p2pow_store::StoreError;
use std::{error::Error, future::pending};
use tracing::{debug, warn};

/// The right to carry out an account's tasks.
#[derive(Debug)]
pub(super) enum Hold {
    /// The store is this server's alone: its queue is in its memory.
    Sole,
    /// As long as nobody else has taken the account.
    Shared(Box<HeldAccount>),
}

impl Hold {
    pub(super) const fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }

    /// Waits until it is lost.
    pub(super) fn lost(&self) -> BoxFuture<'static, ()> {
        match self {
            Self::Sole => Box::pin(pending()),
            Self::Shared(held) => Box::pin(held.lost()),
        }
    }

    /// Writes what has become of tasks of the batch, where others would have to know it.
    pub(super) async fn decide(
        &mut self,
        ends: Vec<(TaskId, State)>,
    ) -> Result<Vec<(TaskId, State)>, Lost> {
        let Self::Shared(held) = self else { return Ok(ends) };
        held.decide(&ends).await?;
        Ok(held.begun().map_or(ends, |begun| begun.decided()))
    }
}

impl Tasks {
    /// Takes the right to carry out the account's tasks; `None` if another server has it, or if its wallet is not unlocked
    /// here.
    pub(super) async fn hold(&self, account: Account) -> Option<Hold> {
        let Some(claims) = &self.claims else { return Some(Hold::Sole) };
        let (first, wallet) = self.first(account)?;
        if let Err(error) = self.wallets.secret_key(&wallet, &account) {
            self.tell_problem(&[first], &error.to_string());
            return None;
        }
        let may = |wallet: &_| self.wallets.secret_key(wallet, &account).is_ok();
        let taken = async {
            let Some(held) = claims.take(account, may).await? else { return Ok(None) };
            if let Some(begun) = held.begun() {
                self.resume(&begun.batch).await?;
            }
            self.lock().of.entry(account).or_default().set_held();
            Ok::<_, StoreError>(Some(Hold::Shared(Box::new(held))))
        };
        taken.await.unwrap_or_else(|error| {
            warn!(%account, error = &error as &dyn Error, "cannot take the account");
            None
        })
    }

    /// Has a batch be the next of its account's line that another server has begun.
    async fn resume(&self, batch: &Batch) -> Result<(), StoreError> {
        for id in &batch.tasks {
            if !self.lock().open.contains_key(id)
                && let Some(task) = self.book.task(id).await?.filter(|task| !task.state.is_over())
            {
                self.enter(&task, false);
            }
        }
        let mut lines = self.lock();
        let line = lines.of.entry(batch.account).or_default();
        line.take_out(&batch.tasks);
        line.resume(batch.clone());
        Ok(())
    }

    /// Writes that the batch is carried out; without those of its tasks that are over already.
    pub(super) async fn begin(&self, hold: &mut Hold, batch: Batch) -> Result<Batch, NotBegun> {
        let Hold::Shared(_) = hold else {
            let batch = self.without_received(hold, batch).await?;
            return match self.book.begin(&batch).await {
                Ok(()) => Ok(batch),
                Err(error) => Err(NotBegun::Store(Box::new(batch), error)),
            };
        };
        let batch = self.marked(batch).await?;
        let batch = self.without_received(hold, batch).await?;
        if let (Hold::Shared(held), false) = (hold, batch.tasks.is_empty()) {
            let begun = held.begin(batch.clone(), &[]).await;
            begun.map_err(|lost| not_begun(&batch, &lost))?;
        }
        Ok(batch)
    }

    /// Has each task say in its own record that it is in this batch. The record must be there, as it was read: so a task
    /// that is over gets into no other batch, however late its end is heard of here.
    async fn marked(&self, batch: Batch) -> Result<Batch, NotBegun> {
        let lost = |batch: &Batch, error| not_begun(batch, &Lost::Store(error));
        let marks = self.book.mark(&batch).await.map_err(|error| lost(&batch, error))?;
        let mut kept = Batch { tasks: Vec::new(), orders: Vec::new(), ..batch.clone() };
        for ((id, order), is_marked) in batch.tasks.iter().zip(&batch.orders).zip(marks) {
            if is_marked {
                kept.tasks.push(id.clone());
                kept.orders.push(*order);
                continue;
            }
            match self.book.task(id).await {
                Ok(Some(task)) if task.state.is_over() => self.over_elsewhere(task),
                // Nobody knows it now: it is looked at again.
                Ok(_) => return Err(NotBegun::Lost),
                Err(error) => return Err(lost(&batch, error)),
            }
        }
        Ok(kept)
    }

    /// The batch without receives of what waits no more: their blocks would be signed, and never be valid.
    async fn without_received(&self, hold: &mut Hold, batch: Batch) -> Result<Batch, NotBegun> {
        let empty = Batch { tasks: Vec::new(), orders: Vec::new(), ..batch.clone() };
        let (mut kept, mut gone) = (empty.clone(), empty);
        for (id, order) in batch.tasks.iter().zip(&batch.orders) {
            let to = if self.is_received(order).await { &mut gone } else { &mut kept };
            to.tasks.push(id.clone());
            to.orders.push(*order);
        }
        if gone.tasks.is_empty() {
            return Ok(kept);
        }
        let ends = gone.tasks.iter().map(|id| (id.clone(), State::failed("Unreceivable")));
        let ends: Vec<_> = ends.collect();
        let ended = async {
            // Ends are decided in the record of a batch.
            if let Hold::Shared(held) = hold {
                held.begin(gone, &ends).await?;
            }
            let _ = self.conclude(hold, ends).await?;
            if let Hold::Shared(held) = hold { held.dissolve().await } else { Ok(()) }
        };
        ended.await.map_err(|lost| not_begun(&batch, &lost))?;
        Ok(kept)
    }

    /// Decides ends, and tells of them. `false` if the queue is closed before.
    pub(super) async fn conclude(
        &self,
        hold: &mut Hold,
        ends: Vec<(TaskId, State)>,
    ) -> Result<bool, Lost> {
        for (id, state) in hold.decide(ends).await? {
            if !self.end(&id, state).await {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Leaves the account to others, and to this server when it takes it again: what was under way is in its record.
    pub(super) async fn let_go(&self, account: Account, hold: Option<Hold>) {
        if let Some(Hold::Shared(held)) = hold
            && let Err(lost) = held.release().await
        {
            debug!(%account, %lost, "the account is not given back");
        }
        let mut lines = self.lock();
        let lines = &mut *lines;
        let open = lines.open.values().filter(|open| open.task.account == account);
        let mut open: Vec<TaskId> = open.map(|open| open.task.id.clone()).collect();
        open.sort_unstable();
        match lines.of.get_mut(&account) {
            Some(_) if open.is_empty() => drop(lines.of.remove(&account)),
            Some(line) => line.stop(open),
            None => {}
        }
    }
}

/// A batch that is not begun.
pub(super) enum NotBegun {
    /// It could not be written.
    Store(Box<Batch>, StoreError),
    /// Another server may have the account.
    Lost,
}

fn not_begun(batch: &Batch, lost: &Lost) -> NotBegun {
    debug!(account = %batch.account, %lost, "a batch is not begun");
    NotBegun::Lost
}
