//! [`Board`]: who is registered, and what each offered last. It is looked after by one task.

use crate::{
    clock::unix_ms,
    history::History,
    refusal::chain,
    row::{Presence, Row},
    told::Crier,
};
use p2pow_client::{Listings, SendError, Sender};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// The event of a change.
const CHANGES: &str = "workers";

/// Who is there. What is told of it to pages is what has changed.
#[derive(Debug)]
pub(crate) struct Board {
    known: Mutex<Known>,
    crier: Crier,
    history: Arc<History>,
    /// Something happened after which it is worth asking again.
    pub(crate) again: Notify,
}

#[derive(Debug, Default)]
struct Known {
    rows: BTreeMap<IpAddr, Arc<Row>>,
    counts: Counts,
    /// The list as it is told, until the next change.
    written: Option<Arc<str>>,
}

/// What is known beside the rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Counts {
    /// When workers were asked last, in milliseconds since 1970; 0 for never.
    at_ms: u64,
    registered: usize,
    not_dialable: usize,
    /// Why the registry cannot be read, if it cannot.
    error: Option<String>,
}

#[derive(Serialize)]
struct List<'a> {
    #[serde(flatten)]
    counts: &'a Counts,
    workers: &'a [&'a Row],
    #[serde(skip_serializing_if = "<[IpAddr]>::is_empty")]
    gone: &'a [IpAddr],
}

impl Board {
    pub(crate) fn new(crier: Crier, history: Arc<History>) -> Self {
        Self { known: Mutex::default(), crier, history, again: Notify::new() }
    }

    /// Looks for ever.
    pub(crate) async fn look_after(&self, sender: &Sender, every: Duration) {
        loop {
            self.look(sender).await;
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = self.again.notified() => {}
            }
        }
    }

    async fn look(&self, sender: &Sender) {
        match ask(sender).await {
            Ok((registered, listings)) => self.learn(&registered, &listings),
            Err(error) => {
                let counts = Counts { error: Some(chain(&error)), ..self.lock().counts.clone() };
                self.change(Vec::new(), Vec::new(), counts);
            }
        }
    }

    fn learn(&self, registered: &[Row], listings: &Listings) {
        let now = unix_ms();
        let asked: Vec<Row> = {
            let known = self.lock();
            let row = |listing: &p2pow_client::Listing| {
                let address = listing.0.address;
                let before = known.rows.get(&address).map(Arc::as_ref);
                Row::asked(listing, listings.told.get(&address), before, now)
            };
            listings.workers.iter().map(row).collect()
        };
        let (changed, gone) = self.compare(registered, asked);
        let counts = Counts {
            at_ms: now,
            registered: registered.len(),
            not_dialable: listings.not_dialable,
            error: None,
        };
        self.change(changed, gone, counts);
        let rows: Vec<Arc<Row>> = self.lock().rows.values().cloned().collect();
        self.history.look(&rows, now / 1000);
    }

    /// What is another row than before, and who is registered no more.
    fn compare(&self, registered: &[Row], asked: Vec<Row>) -> (Vec<Row>, Vec<IpAddr>) {
        let known = self.lock();
        let here: BTreeSet<IpAddr> = registered.iter().map(|row| row.address).collect();
        let gone = known.rows.keys().filter(|address| !here.contains(address)).copied().collect();
        let asked: Vec<Row> = asked.into_iter().filter(|row| here.contains(&row.address)).collect();
        let names: BTreeSet<IpAddr> = asked.iter().map(|row| row.address).collect();
        let new = registered
            .iter()
            .filter(|row| !known.rows.contains_key(&row.address) && !names.contains(&row.address));
        let is_news = |row: &Row| known.rows.get(&row.address).is_none_or(|old| **old != *row);
        let changed = new.cloned().chain(asked.into_iter().filter(|row| is_news(row))).collect();
        (changed, gone)
    }

    fn change(&self, changed: Vec<Row>, gone: Vec<IpAddr>, counts: Counts) {
        let mut known = self.lock();
        known.counts = counts;
        known.written = None;
        // Told under the lock, so that who listens and then reads the list misses nothing.
        let rows: Vec<&Row> = changed.iter().collect();
        self.crier.tell(CHANGES, &List { counts: &known.counts, workers: &rows, gone: &gone });
        for address in &gone {
            known.rows.remove(address);
        }
        for row in changed {
            known.rows.insert(row.address, Arc::new(row));
        }
    }

    /// All of it in JSON.
    pub(crate) fn list(&self) -> Arc<str> {
        let mut known = self.lock();
        if let Some(written) = &known.written {
            return Arc::clone(written);
        }
        let rows: Vec<&Row> = known.rows.values().map(Arc::as_ref).collect();
        let list = List { counts: &known.counts, workers: &rows, gone: &[] };
        let list = serde_json::to_string(&list).expect("plain values have a JSON form");
        let written: Arc<str> = list.into();
        known.written = Some(Arc::clone(&written));
        written
    }

    /// One worker.
    pub(crate) fn row(&self, address: IpAddr) -> Option<Arc<Row>> {
        self.lock().rows.get(&address).cloned()
    }

    /// Whether a worker tells how jobs stand.
    pub(crate) fn tells_of_jobs(&self, address: IpAddr) -> bool {
        let row = self.row(address);
        let offer = row.as_ref().and_then(|row| row.offer.as_ref());
        offer.is_some_and(|offer| {
            offer.features.iter().any(|feature| feature == p2pow_protocol::feature::JOBS)
        })
    }

    /// How many make an offer.
    pub(crate) fn online(&self) -> usize {
        self.lock().rows.values().filter(|row| row.state == Presence::Online).count()
    }

    /// Held for a moment only, never across an await.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(sender: &Sender) -> Result<(Vec<Row>, Listings), SendError> {
    let listings = sender.workers().await?;
    let registered = sender.registered().await?;
    Ok((registered.iter().map(Row::unasked).collect(), listings))
}
