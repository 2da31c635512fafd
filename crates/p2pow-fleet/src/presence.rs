//! [`Presence`]: a front end among those that share a journal. [`LeaseView`]: their leases, for whoever looks.
//!
//! Each start of a front end holds a lease of its own by a name that nobody has had before: `MEMBER.RANDOM`. Records name
//! it as their owner, so that one lease stands for all that it owns. A front end that has lost its lease takes a new one,
//! by a new name, and ends the old one: what it owned by the old name is anybody's then, its own too.

mod sightings;

use crate::{Lease, Name, lease};
use p2pow_store::{BoxFuture, Entry, Owners, Records, Revision, Store, StoreError};
use serde::Serialize;
use sightings::{Seen, Sightings};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// What the keys of the leases of front ends begin with.
const PREFIX: &str = "front.";
/// The longest time between two looks at the leases of the others.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often a predecessor's lease is tried to be ended that somebody writes.
const TRIES: usize = 5;

/// A front end's place among those that share a journal, by a lease that is renewed until this is dropped.
#[derive(Debug)]
pub struct Presence {
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Debug)]
struct Shared {
    store: Arc<dyn Store>,
    records: Records<lease::Tenure>,
    member: Name,
    time: Duration,
    mine: watch::Sender<Option<Arc<Tenancy>>>,
    sightings: Mutex<Sightings>,
    changes: watch::Sender<u64>,
}

/// What a front end is called, for as long as it holds this lease.
#[derive(Debug)]
struct Tenancy {
    owner: String,
    lease: Lease,
}

/// The lease of a front end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LeaseView {
    /// The front end.
    pub member: Name,
    /// Whether it was given back, or ended by others.
    pub is_over: bool,
}

/// Why there is no place for a front end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another program has the name.
    #[error(
        "another front end has the name {member} and renews its lease: give each another one (--fleet-member), or stop that one first"
    )]
    Taken {
        /// The name.
        member: Name,
    },
}

impl Presence {
    /// Takes a place by the name `member`. Its jobs pass on `time` after it was heard last. If it `succeeds` those who
    /// had the name before, their leases end without their time being waited for: the name is that of one program at a
    /// time then. Who has it is listened to before for a little longer than it takes to be heard once.
    ///
    /// # Errors
    /// The store failed, or one of this name is heard.
    pub async fn join(
        store: Arc<dyn Store>,
        member: Name,
        time: Duration,
        succeeds: bool,
    ) -> Result<Self, JoinError> {
        let shared = Arc::new(Shared {
            records: lease::records(Arc::clone(&store)),
            store,
            member,
            time,
            mine: watch::Sender::new(None),
            sightings: Mutex::default(),
            changes: watch::Sender::new(0),
        });
        if succeeds {
            shared.succeed().await?;
        }
        shared.take_place().await?;
        shared.look().await?;
        let tasks = [
            tokio::spawn(Arc::clone(&shared).keep_place()),
            tokio::spawn(Arc::clone(&shared).keep_looking()),
        ];
        Ok(Self { shared, tasks })
    }

    /// Gives the place back, so that others go on at once with what this one owns.
    pub async fn leave(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        let mine = self.shared.mine.send_replace(None);
        let Some(mine) = mine else { return };
        if let Err(error) = self.shared.end(&mine.owner).await {
            tracing::warn!(%error, "the lease could not be given back, it runs out by itself");
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        // The lease's renewals end with it, though others may wait for its end.
        self.shared.mine.send_replace(None);
    }
}

/// The leases of the front ends in a store, by the names under which they own records.
///
/// # Errors
/// The store failed.
pub async fn leases(store: Arc<dyn Store>) -> Result<BTreeMap<String, LeaseView>, StoreError> {
    let entries = lease::records(store).all(PREFIX).await?;
    let views = entries.into_iter().map(|entry| {
        let owner = entry.key[PREFIX.len()..].to_owned();
        let lease::Tenure { holder, is_over, .. } = entry.value;
        (owner, LeaseView { member: holder, is_over })
    });
    Ok(views.collect())
}

impl Owners for Presence {
    fn me(&self) -> Option<String> {
        let mine = self.shared.mine.borrow();
        mine.as_ref().filter(|mine| mine.lease.is_held()).map(|mine| mine.owner.clone())
    }

    fn is_gone(&self, owner: &str) -> bool {
        self.shared.sightings().is_gone(owner)
    }

    fn lost<'a>(&'a self, owner: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let mine = self.shared.mine.borrow().clone();
            if let Some(mine) = mine.filter(|mine| mine.owner == owner) {
                mine.lease.lost().await;
            }
        })
    }

    fn changed(&self, seen: u64) -> BoxFuture<'_, u64> {
        Box::pin(async move {
            let mut changes = self.shared.changes.subscribe();
            let changed = changes.wait_for(|changes| *changes > seen).await;
            changed.map_or(seen, |changes| *changes)
        })
    }
}

impl Shared {
    /// Ends the leases of those that had this name before, if none of them is written any more: who was killed is told
    /// from who is there by nothing else.
    async fn succeed(&self) -> Result<(), JoinError> {
        let before = self.namesakes().await?;
        let Some(longest) = before.values().map(|(_, lasts)| *lasts).max() else { return Ok(()) };
        sleep(longest * 3 / 10).await;
        let now = self.namesakes().await?;
        if now.iter().any(|(owner, seen)| before.get(owner) != Some(seen)) {
            return Err(JoinError::Taken { member: self.member.clone() });
        }
        for owner in now.keys() {
            self.end(owner).await?;
        }
        Ok(())
    }

    /// The leases by this name that are not over: which write each is of, and how long after one it is over.
    async fn namesakes(&self) -> Result<BTreeMap<String, (Revision, Duration)>, StoreError> {
        let found = self.records.all(PREFIX).await?.into_iter();
        let mine = found
            .filter(|Entry { value: lease, .. }| lease.holder == self.member && !lease.is_over);
        let seen = |entry: Entry<lease::Tenure>| {
            (entry.key[PREFIX.len()..].to_owned(), (entry.revision, entry.value.lasts()))
        };
        Ok(mine.map(seen).collect())
    }

    async fn end(&self, owner: &str) -> Result<(), StoreError> {
        let key = format!("{PREFIX}{owner}");
        let mut tries = 0;
        loop {
            match lease::close(&self.records, &key).await {
                // Its holder has just renewed it.
                Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
                ended => return ended,
            }
        }
    }

    async fn take_place(&self) -> Result<(), StoreError> {
        let number = getrandom::u64().expect("the system has random numbers");
        let owner = format!("{}.{number:016x}", self.member);
        let (store, key) = (Arc::clone(&self.store), format!("{PREFIX}{owner}"));
        let lease = Lease::acquire(store, &key, self.member.clone(), self.time).await?;
        self.mine.send_replace(Some(Arc::new(Tenancy { owner, lease })));
        self.changes.send_modify(|changes| *changes += 1);
        Ok(())
    }

    /// Takes a new place whenever the one that it has is lost.
    async fn keep_place(self: Arc<Self>) {
        loop {
            let Some(mine) = self.mine.borrow().clone() else { return };
            mine.lease.lost().await;
            tracing::warn!("the lease is lost: others may go on with the jobs of this front end");
            self.mine.send_replace(None);
            // Nobody has to wait for the old one's time to be over, this one neither.
            while let Err(error) = self.end(&mine.owner).await {
                tracing::debug!(%error, "the old lease is still there");
                sleep(self.time / 5).await;
            }
            while let Err(error) = self.take_place().await {
                tracing::debug!(%error, "there is no lease yet");
                sleep(self.time / 5).await;
            }
            tracing::info!("there is a lease again");
        }
    }

    async fn keep_looking(self: Arc<Self>) {
        loop {
            sleep(LOOK_EVERY.min(self.time / 5)).await;
            // A store that does not answer has nobody gone: it says nothing.
            if let Ok(Err(error)) = timeout(self.time, self.look()).await {
                tracing::debug!(%error, "the leases cannot be seen");
            }
        }
    }

    async fn look(&self) -> Result<(), StoreError> {
        let began = Instant::now();
        let found = self.records.all(PREFIX).await?;
        let standing = found.iter().map(|entry| {
            let (revision, lease) = (entry.revision, &entry.value);
            let seen = Seen { revision, is_over: lease.is_over, lasts: lease.lasts() };
            (entry.key[PREFIX.len()..].to_owned(), seen)
        });
        let looked = (began, Instant::now());
        let is_news = self.sightings().saw(&standing.collect(), looked, self.time);
        if is_news {
            self.changes.send_modify(|changes| *changes += 1);
        }
        for entry in found {
            let owner = &entry.key[PREFIX.len()..];
            if self.sightings().is_forgotten(owner, self.time) {
                // Another one may be as tidy.
                match self.records.remove(&entry.key, entry.revision).await {
                    Err(error) if !error.is_conflict() => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn sightings(&self) -> MutexGuard<'_, Sightings> {
        self.sightings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
