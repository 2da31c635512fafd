//! What other servers do with the queue, where several share it: found out by looking at its records again and again.
//!
//! Every server knows every task that is not over, so that whoever waits for one is answered wherever he asks, and so
//! that any of them can go on with the accounts of one that is gone.

use super::Tasks;
use crate::{
    task::{Task, TaskId},
    wallets::WalletError,
};
use nano_primitives::Account;
use p2pow_store::StoreError;
use std::{collections::HashSet, error::Error, sync::Arc, time::Duration};
use tokio::time::Instant;
use tracing::warn;

/// Between two looks, at least.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A look that takes long is followed by a pause so many times as long.
const REST: u32 = 4;
/// Deliveries are looked at each so many looks.
const DELIVERIES: u32 = 8;

impl Tasks {
    /// Looks until the queue is closed.
    pub(super) async fn follow(self: Arc<Self>) {
        for looks in 0_u32.. {
            let begun = Instant::now();
            let looked = async {
                self.wallets.refresh().await?;
                self.look().await?;
                if looks.is_multiple_of(DELIVERIES) {
                    self.outbox.take_over().await?;
                }
                Ok::<_, WalletError>(())
            };
            if let Err(error) = looked.await {
                warn!(error = &error as &dyn Error, "cannot look at the queue");
            }
            self.wake_all();
            if !self.pause(LOOK_EVERY.max(begun.elapsed() * REST)).await {
                return;
            }
        }
    }

    /// Finds out what others have done with the queue, where it is shared.
    pub(crate) async fn catch_up(&self) -> Result<(), StoreError> {
        if self.claims.is_some() { self.look().await } else { Ok(()) }
    }

    /// Takes up what is new, and ends what is over.
    pub(super) async fn look(&self) -> Result<(), StoreError> {
        let before: HashSet<TaskId> = self.lock().open.keys().cloned().collect();
        let mut listed = HashSet::new();
        for task in self.book.open().await? {
            listed.insert(task.id.clone());
            if before.contains(&task.id) {
                continue;
            }
            match self.book.over(&task.id).await? {
                // Whoever has ended it has died in the middle, or is about to be done with it.
                Some(over) => self.book.end(&over).await?,
                None => drop(self.enter(&task, true)),
            }
        }
        for id in before.difference(&listed) {
            if let Some(over) = self.book.over(id).await? {
                self.over_elsewhere(over);
            }
        }
        Ok(())
    }

    /// Has the end of a task known to who waits for it here.
    pub(super) fn over_elsewhere(&self, task: Task) {
        let mut lines = self.lock();
        let Some(open) = lines.open.remove(&task.id) else { return };
        if let Some(line) = lines.of.get_mut(&task.account) {
            line.take_out(std::slice::from_ref(&task.id));
        }
        drop(lines);
        open.state.send_replace(task.state.clone());
        let _ = self.ends.send(task);
    }

    /// Sees to it that every account's tasks are carried out.
    pub(super) fn wake_all(self: &Arc<Self>) {
        let accounts: Vec<Account> = self.lock().of.keys().copied().collect();
        accounts.into_iter().for_each(|account| self.wake(account));
    }
}
