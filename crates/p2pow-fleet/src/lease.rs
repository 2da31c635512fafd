//! [`Lease`]: the right to do something that one alone may do at a time, which passes on when its holder dies.
//!
//! A lease is a record that its holder writes again and again. Who waits for it sees by its own clock that the record
//! has not changed for the lease's time, and replaces exactly that state. No clocks are compared, and the store's
//! compare-and-set decides between those who wait.
//!
//! A holder that was not able to write gives up by itself before that time is over, so that there are never two who
//! think that they hold it, as long as their clocks run at about the same speed. A process that is stopped and goes on
//! later cannot know it for a moment; what it writes then must be compare-and-set too, as every record's write is.

use crate::Name;
use p2pow_store::{Entry, Records, Revision, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};

/// The records of leases.
pub(crate) fn records(store: Arc<dyn Store>) -> Records<Tenure> {
    Records::new(store, "lease")
}

/// A lease that is held. Dropping it leaves the record as it is, so that others wait for its time to be over, as when
/// the process dies.
#[derive(Debug)]
pub struct Lease {
    term: u64,
    /// Until when it is held if it is not renewed; `None` once it is lost.
    until: watch::Receiver<Option<Instant>>,
    renewals: JoinHandle<()>,
    give_back: watch::Sender<bool>,
}

/// The record of a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tenure {
    /// Who has it, or had it last.
    pub(crate) holder: Name,
    /// Grows by one with each holder.
    term: u64,
    /// Whether it was given back.
    pub(crate) is_over: bool,
    /// How long after a write it is over, in milliseconds.
    #[serde(default)]
    pub(crate) lasts_ms: u64,
}

impl Tenure {
    /// How long after a write it is over, by the word of its holder.
    pub(crate) const fn lasts(&self) -> Duration {
        Duration::from_millis(self.lasts_ms)
    }
}

/// Who wants or holds a lease.
#[derive(Debug)]
struct Keeper {
    records: Records<Tenure>,
    key: String,
    holder: Name,
    time: Duration,
}

impl Lease {
    /// Waits until `holder` has the lease `key`. It passes on `time` after a holder was heard last.
    ///
    /// # Errors
    /// The store failed.
    pub async fn acquire(
        store: Arc<dyn Store>,
        key: &str,
        holder: Name,
        time: Duration,
    ) -> Result<Self, StoreError> {
        let keeper = Keeper { records: records(store), key: key.to_owned(), holder, time };
        let (term, held) = keeper.acquire().await?;
        let (told, until) = watch::channel(Some(keeper.end(held)));
        let (give_back, given_back) = watch::channel(false);
        let renewals = tokio::spawn(async move {
            keeper.renew(term, held, (&told, given_back)).await;
            told.send_replace(None);
        });
        Ok(Self { term, until, renewals, give_back })
    }

    /// How many have held the lease before, and this one: a greater number for each later holder.
    #[must_use]
    pub const fn term(&self) -> u64 {
        self.term
    }

    /// Whether the lease is held at this moment, also as far as this process has been stopped meanwhile.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let is_renewed = !self.renewals.is_finished();
        is_renewed && self.until.borrow().is_some_and(|until| Instant::now() < until)
    }

    /// Waits until the lease is lost: the holder must do nothing more then.
    pub async fn lost(&self) {
        // Where the sender is gone the renewals are, and with them the lease.
        let _ = self.until.clone().wait_for(Option::is_none).await;
    }

    /// Gives the lease back, so that nobody has to wait for its time to be over.
    pub async fn release(mut self) {
        self.give_back.send_replace(true);
        // A panic in there has been told.
        let _ = (&mut self.renewals).await;
    }
}

/// Marks a lease as given back that nobody renews, or that somebody must not hold any more. It may be gone already.
///
/// # Errors
/// The store failed, or somebody has just written the lease.
pub(crate) async fn close(records: &Records<Tenure>, key: &str) -> Result<(), StoreError> {
    let Some(entry) = records.get(key).await? else { return Ok(()) };
    if entry.value.is_over {
        return Ok(());
    }
    let over = Tenure { is_over: true, ..entry.value };
    records.update(key, &over, entry.revision).await.map(drop)
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewals.abort();
    }
}

/// The state of a held lease: its revision, and when the write began that made it.
#[derive(Debug, Clone, Copy)]
struct Held {
    revision: Revision,
    since: Instant,
}

impl Keeper {
    async fn acquire(&self) -> Result<(u64, Held), StoreError> {
        let mut seen: Option<(Revision, Instant)> = None;
        loop {
            let now = Instant::now();
            let entry = self.records.get(&self.key).await?;
            let is_free = match &entry {
                None => true,
                Some(entry) if entry.value.is_over => true,
                Some(entry) => match seen {
                    Some((revision, since)) if revision == entry.revision => {
                        since.elapsed() >= self.time.max(entry.value.lasts())
                    }
                    _ => {
                        seen = Some((entry.revision, now));
                        false
                    }
                },
            };
            if is_free && let Some(taken) = self.take(entry).await? {
                return Ok(taken);
            }
            if !is_free {
                sleep(self.time / 5).await;
            }
        }
    }

    /// Replaces the state that was seen; `None` if somebody else did.
    async fn take(&self, seen: Option<Entry<Tenure>>) -> Result<Option<(u64, Held)>, StoreError> {
        let term = seen.as_ref().map_or(1, |entry| entry.value.term + 1);
        let (tenure, since) = (self.tenure(term, false), Instant::now());
        let written = match seen {
            None => self.records.create(&self.key, &tenure).await,
            Some(entry) => self.records.update(&self.key, &tenure, entry.revision).await,
        };
        match written {
            Ok(revision) => Ok(Some((term, Held { revision, since }))),
            Err(error) if error.is_conflict() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn tenure(&self, term: u64, is_over: bool) -> Tenure {
        let lasts_ms = u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX);
        Tenure { holder: self.holder.clone(), term, is_over, lasts_ms }
    }

    /// When a holder gives up that has not written again. Others take it when its time is over since they saw the write,
    /// which is after it began.
    fn end(&self, held: Held) -> Instant {
        held.since + self.time * 3 / 5
    }

    /// Writes the record again and again, until it is lost or given back.
    async fn renew(
        &self,
        term: u64,
        mut held: Held,
        (told, mut given_back): (&watch::Sender<Option<Instant>>, watch::Receiver<bool>),
    ) {
        loop {
            let end = self.end(held);
            told.send_replace(Some(end));
            let is_over = tokio::select! {
                () = sleep(self.time / 5) => false,
                is_over = async { given_back.wait_for(|is_given| *is_given).await.is_ok() } => is_over,
            };
            if is_over {
                let over = self.tenure(term, true);
                // If this does not get there, others wait for the time to be over.
                let _ = timeout_at(end, self.records.update(&self.key, &over, held.revision)).await;
                return;
            }
            match timeout_at(end, self.write_again(term, held.revision)).await {
                Ok(Some(renewed)) => held = renewed,
                Ok(None) => {
                    tracing::warn!(key = self.key, "another has taken the lease");
                    return;
                }
                Err(_) => {
                    tracing::warn!(key = self.key, "the lease could not be renewed in time");
                    return;
                }
            }
        }
    }

    /// Writes the record until that is known to have been done; `None` if it is another's.
    async fn write_again(&self, term: u64, mut revision: Revision) -> Option<Held> {
        loop {
            let since = Instant::now();
            let error =
                match self.records.update(&self.key, &self.tenure(term, false), revision).await {
                    Ok(revision) => return Some(Held { revision, since }),
                    Err(error) => error,
                };
            tracing::debug!(%error, key = self.key, "a lease was not renewed, looking");
            // A write that failed may have been done all the same.
            match self.records.get(&self.key).await {
                Ok(Some(entry)) if entry.value == self.tenure(term, false) => {
                    revision = entry.revision
                }
                Ok(_) => return None,
                Err(_) => {}
            }
            sleep(self.time / 20).await;
        }
    }
}

#[cfg(test)]
mod tests;
