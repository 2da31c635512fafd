//! [`Book`]: the queue's records, written in an order that is right at every point where the process may be killed.
//!
//! - Accepting: first the key, then the task. A key without its task belongs to a request that was never answered; the
//!   next one with the key makes the task.
//! - Carrying out: the batch before anything is handed to the sender, under the batch's own name. What is in a batch is
//!   carried out by that batch alone, until the batch is gone.
//! - Ending: first the task's end, then its place among the open ones is given up, and last the batch's.

use crate::{
    clock,
    task::{Batch, KeyRecord, NoRandom, State, Task, TaskId},
    wallets::WalletId,
};
use nano_primitives::Account;
use p2pow_client::Order;
use p2pow_store::{Entry, Page, Records, Revision, Store, StoreError};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) key: Option<String>,
    pub(crate) wallet: WalletId,
    pub(crate) account: Account,
    pub(crate) order: Order,
}

/// A task that the store holds.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) task: Task,
    /// Whether this call has made it. Only who made it puts it into its line: so it gets there once.
    pub(crate) is_new: bool,
}

/// A task that was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAccepted {
    #[error("the key stands for another task")]
    OtherTask,
    #[error(transparent)]
    Random(#[from] NoRandom),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The records, of which there are no batches where the queue is shared: see [`super::claims`].
#[derive(Debug)]
pub(crate) struct Book {
    keys: Records<KeyRecord>,
    open: Records<Task>,
    done: Records<Task>,
    batches: Records<Batch>,
}

/// A task of a page is at most so far away from another one in time.
const MOST_ON_A_PAGE: usize = 1000;

/// Success also where somebody else did it first.
fn once<T>(result: Result<T, StoreError>) -> Result<(), StoreError> {
    match result {
        Err(error) if !error.is_conflict() => Err(error),
        _ => Ok(()),
    }
}

impl Book {
    pub(crate) fn new(store: &Arc<dyn Store>) -> Self {
        Self {
            keys: Records::new(Arc::clone(store), "task-key"),
            open: Records::new(Arc::clone(store), "task-open"),
            done: Records::new(Arc::clone(store), "task-done"),
            batches: Records::new(Arc::clone(store), "task-batch"),
        }
    }

    /// A task by its name.
    pub(crate) async fn task(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        // What is over is looked for first: between the two writes of its end a task is in both places.
        if let Some(entry) = self.done.get(id.as_str()).await? {
            return Ok(Some(entry.value));
        }
        let open = self.open.get(id.as_str()).await?;
        if open.is_some() {
            return Ok(open.map(|entry| entry.value));
        }
        // It may have ended between the two looks.
        Ok(self.done.get(id.as_str()).await?.map(|entry| entry.value))
    }

    /// The task of a key, if it stands for one.
    pub(crate) async fn keyed(&self, key: &str) -> Result<Option<Task>, StoreError> {
        match self.keys.get(&hashed(key)).await? {
            Some(entry) => self.task(&entry.value.task).await,
            None => Ok(None),
        }
    }

    /// Accepts a task, or finds the one that the key stands for already. One that failed is begun anew: nothing came of
    /// it.
    pub(crate) async fn accept(&self, wanted: &Wanted) -> Result<Accepted, NotAccepted> {
        let Some(key) = &wanted.key else {
            loop {
                if let Some(made) = self.create(TaskId::generate()?, wanted).await? {
                    return Ok(made);
                }
            }
        };
        let name = hashed(key);
        loop {
            let known = self.keys.get(&name).await?;
            // Whose key it is: of a task that may have to be made yet, or of one that was asked for before.
            let id = match &known {
                None => self.name(&name, None).await?,
                Some(known) => match self.task(&known.value.task).await? {
                    None => Some(known.value.task.clone()),
                    Some(task) if !task.is_same(&wanted.wallet, &wanted.account, &wanted.order) => {
                        return Err(NotAccepted::OtherTask);
                    }
                    Some(task) if !matches!(task.state, State::Failed { .. }) => {
                        return Ok(Accepted { task, is_new: false });
                    }
                    Some(_) => self.name(&name, Some(known.revision)).await?,
                },
            };
            // Where somebody else was faster it is looked at again: perhaps with other orders.
            if let Some(id) = id
                && let Some(made) = self.create(id, wanted).await?
            {
                return Ok(made);
            }
        }
    }

    /// Has a key stand for a task that is about to be made; `None` if somebody else was faster.
    async fn name(
        &self,
        name: &str,
        before: Option<Revision>,
    ) -> Result<Option<TaskId>, NotAccepted> {
        let id = TaskId::generate()?;
        let record = KeyRecord { task: id.clone() };
        let written = match before {
            None => self.keys.create(name, &record).await,
            Some(revision) => self.keys.update(name, &record, revision).await,
        };
        match written {
            Err(error) if error.is_conflict() => Ok(None),
            written => Ok(written.map(|_| Some(id))?),
        }
    }

    /// Makes a task's record, unless somebody with the same key has made it.
    async fn create(&self, id: TaskId, wanted: &Wanted) -> Result<Option<Accepted>, StoreError> {
        let task = Task {
            id,
            key: wanted.key.clone(),
            wallet: wanted.wallet,
            account: wanted.account,
            order: wanted.order,
            accepted_ms: clock::now_ms(),
            batch: None,
            state: State::Queued,
        };
        match self.open.create(task.id.as_str(), &task).await {
            Ok(_) => {}
            Err(error) if error.is_conflict() => return Ok(None),
            Err(error) => return Err(error),
        }
        // Another server may have made it, and brought it to its end, since the key was written: then the record that was
        // made here is one too many.
        if let Some(over) = self.over(&task.id).await? {
            self.end(&over).await?;
            return Ok(None);
        }
        Ok(Some(Accepted { task, is_new: true }))
    }

    /// Writes how a task ended. Doing it again does no harm.
    pub(crate) async fn end(&self, task: &Task) -> Result<(), StoreError> {
        once(self.done.create(task.id.as_str(), task).await)?;
        while let Some(entry) = self.open.get(task.id.as_str()).await? {
            // Somebody who does not know yet that it is over may have marked it meanwhile.
            match self.open.remove(task.id.as_str(), entry.revision).await {
                Err(error) if error.is_conflict() => {}
                removed => return removed,
            }
        }
        Ok(())
    }

    /// Has each task say that it is in this batch; `false` for those that are over. They are looked at after the write: an
    /// end is written before the open record goes, so that one of the two is seen.
    pub(crate) async fn mark(&self, batch: &Batch) -> Result<Vec<bool>, StoreError> {
        let marks = batch.tasks.iter().map(|id| async move {
            while let Some(entry) = self.open.get(id.as_str()).await? {
                let task = Task { batch: Some(batch.id.clone()), ..entry.value };
                match self.open.update(id.as_str(), &task, entry.revision).await {
                    Err(error) if error.is_conflict() => {}
                    written => {
                        written?;
                        return Ok(self.over(id).await?.is_none());
                    }
                }
            }
            Ok(false)
        });
        futures_util::future::try_join_all(marks).await
    }

    /// The task, if it is over.
    pub(crate) async fn over(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        Ok(self.done.get(id.as_str()).await?.map(|entry| entry.value))
    }

    /// Every task that has an open record, the oldest first. Its end may be written already.
    pub(crate) async fn open(&self) -> Result<Vec<Task>, StoreError> {
        Ok(self.open.all("").await?.into_iter().map(|entry| entry.value).collect())
    }

    /// Writes that these tasks are carried out together.
    pub(crate) async fn begin(&self, batch: &Batch) -> Result<(), StoreError> {
        once(self.batches.create(batch.id.as_str(), batch).await)
    }

    /// Lets go of a batch: all of its tasks are over, or certainly nothing came of them.
    pub(crate) async fn dissolve(&self, id: &TaskId) -> Result<(), StoreError> {
        if let Some(entry) = self.batches.get(id.as_str()).await? {
            once(self.batches.remove(id.as_str(), entry.revision).await)?;
        }
        Ok(())
    }

    /// What is not over, the oldest first, and the batches that are under way.
    pub(crate) async fn unfinished(&self) -> Result<(Vec<Task>, Vec<Batch>), StoreError> {
        let mut tasks = Vec::new();
        for entry in self.open.all("").await? {
            match self.done.get(&entry.key).await? {
                Some(done) => self.end(&done.value).await?,
                None => tasks.push(entry.value),
            }
        }
        let batches = self.batches.all("").await?;
        Ok((tasks, batches.into_iter().map(|entry| entry.value).collect()))
    }

    /// Tasks in the order in which they were accepted, those that are over and those that are not.
    pub(crate) async fn page(
        &self,
        after: Option<&TaskId>,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        let limit = limit.min(MOST_ON_A_PAGE);
        let page = Page { prefix: "", after: after.map(TaskId::as_str), limit };
        let mut open = self.open.page(page).await?;
        let mut all: Vec<Entry<Task>> = self.done.page(page).await?;
        // What ended between the two looks is in both.
        open.retain(|entry| all.iter().all(|done| done.key != entry.key));
        all.append(&mut open);
        all.sort_by(|one, other| one.key.cmp(&other.key));
        all.truncate(limit);
        Ok(all.into_iter().map(|entry| entry.value).collect())
    }
}

/// A key as the name of a record: keys are any text.
fn hashed(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}
